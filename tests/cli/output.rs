//! What is printed: for people, for programs, and for whoever stops reading.

use super::{Ran, demonstration};

#[tokio::test]
async fn whoever_stops_reading_is_not_complained_to() {
    let (_stores, gatehouse) = demonstration().await;
    for arguments in [
        &["users", "list", "acme"][..],
        &["tenants", "list", "--json"],
    ] {
        let mut running = gatehouse.command(arguments).spawn().unwrap();
        // As `| head -1` does when it has its line.
        drop(running.stdout.take());
        let ran = Ran::of(running.wait_with_output().await.unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (141, ""), "{arguments:?}");
    }
}

#[tokio::test]
async fn json_is_one_document_and_nothing_else() {
    let (_stores, gatehouse) = demonstration().await;
    for arguments in [
        &["tenants", "list"][..],
        &["tenants", "show", "acme"],
        &["tenants", "create", "new", "--name", "New"],
        &["tenants", "set", "new", "--rate-limit", "5"],
        &["tenants", "suspend", "new"],
        &["users", "list", "acme"],
        &["users", "show", "acme", "john"],
        &["users", "invite", "acme", "--email", "a@b"],
        &["users", "update", "acme", "a@b", "--name", "A"],
        &["clients", "create", "acme", "--name", "C"],
        &["clients", "list", "acme"],
        &["credentials", "show", "acme"],
    ] {
        let document = gatehouse.json(arguments).await;
        assert!(document.is_object(), "{arguments:?}");
    }
}
