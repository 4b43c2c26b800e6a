//! Least privilege, of every call in every test: what a function asks of AWS is put to its role, and to
//! the table's policy, as IAM would put it. A test in which a function asks for more than that fails.
//!
//! Calls that a function makes in a test's hands count, also those that the test breaks on their way.
//! What an instance reads while it starts, before a handler is known, counts where the tour begins with
//! cold instances. The running stack's binaries are not looked at: they are the same handlers, and their
//! calls do not say which of them made it.

pub mod ask;
mod evaluator;
mod matrix;
pub mod policy;
mod proof;
mod roles;
mod template;

use std::cell::RefCell;
use std::sync::LazyLock;

use serde_json::Value;

pub use roles::{Role, Roles};

/// The roles of the template, with and without operators named.
pub static ROLES: LazyLock<[Roles; 2]> = LazyLock::new(|| {
    let template = crate::agreement::template::read();
    [false, true].map(|operators| Roles::of(&template, operators))
});

tokio::task_local! {
    /// Whose handler runs, and what it has asked for in vain.
    static RUNNING: Running;
}

struct Running {
    role: Vec<&'static Role>,
    refused: RefCell<Vec<String>>,
}

/// Runs a handler's future, `login::handle` say, under its function's role.
///
/// # Panics
///
/// When it is over, if it has asked for what the role does not allow.
pub async fn under_role_of<F: Future>(handler: &str, handled: F) -> F::Output {
    let Some(function) = function_of(handler) else {
        return handled.await;
    };
    let role = ROLES.iter().filter_map(|roles| roles.role(&function));
    let role: Vec<&Role> = role.collect();
    let running = Running {
        role,
        refused: RefCell::default(),
    };
    let (answer, refused) = RUNNING
        .scope(running, async {
            let answer = handled.await;
            (answer, RUNNING.with(|running| running.refused.take()))
        })
        .await;
    assert!(refused.is_empty(), "{function} may not {refused:?}");
    answer
}

/// The function whose crate has this handler; none of a test's own.
fn function_of(handler: &str) -> Option<String> {
    let (name, rest) = handler.split_once("::")?;
    let name = name.replace('_', "-");
    (rest == "handle" && ROLES[0].role(&name).is_some()).then_some(name)
}

/// Looks whether the function that is running may make this call; where none is, nothing is looked at.
pub fn check(operation: &str, body: &Value) {
    let _ = RUNNING.try_with(|running| {
        for asked in ask::of_call(operation, body) {
            for role in &running.role {
                if !role.allows(&asked) {
                    running.refused.borrow_mut().push(asked.to_string());
                }
            }
        }
    });
}

/// The name of a handler's type, as [`under_role_of`] takes it.
pub fn name_of<H>(_: &H) -> &'static str {
    std::any::type_name::<H>()
}

#[test]
fn a_handler_is_known_by_its_crate() {
    let of = |name: &str| function_of(name);
    assert_eq!(of(name_of(&me::handle)), Some("me".to_owned()));
    assert_eq!(of(name_of(&audit::handle)), Some("audit".to_owned()));
    let hyphened = Some("change-password".to_owned());
    assert_eq!(of(name_of(&change_password::handle)), hyphened);
    // A test's own.
    assert_eq!(of(name_of(&|| ())), None);
    assert_eq!(of("other::handle"), None);
}

#[tokio::test]
async fn a_function_may_read_the_public_keys_in_a_test() {
    let key = serde_json::json!({"Key": {"pk": {"S": "KEYS"}, "sk": {"S": "JWKS"}}});
    under_role_of("me::handle", async { check("GetItem", &key) }).await;
    // Where no function runs, nothing is looked at.
    check("UpdateItem", &key);
    under_role_of("other::handle", async { check("UpdateItem", &key) }).await;
}

#[tokio::test]
#[should_panic(expected = "me may not [\"dynamodb:UpdateItem on [\\\"KEYS\\\"]")]
async fn a_function_that_writes_the_public_keys_fails_its_test() {
    let key = serde_json::json!({"Key": {"pk": {"S": "KEYS"}, "sk": {"S": "JWKS"}}});
    under_role_of("me::handle", async { check("UpdateItem", &key) }).await;
}
