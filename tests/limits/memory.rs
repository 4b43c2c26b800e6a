//! What an instance remembers has an end.

use serde_json::json;
use shared::app::Verifying;
use shared::auth::limit::admit_address;

use super::call_from;
use crate::wire::Act;
use crate::world::{ADDRESS, World};

/// As many as an instance remembers.
const MOST: u32 = 4096;

#[tokio::test]
async fn an_instance_remembers_so_many_addresses_and_counts_the_others_call_by_call() {
    let world = World::with(|config| config.address_rate_limit = 1).await;
    let app: &Verifying = world.instance().await;
    let (known, further) = (ADDRESS, "203.0.113.8");
    for address in [known, known] {
        let _ = admit_address(app, &call_from(&world, address)).await;
    }
    world.wire.rule(|_| {
        let row = json!({"count": {"N": "1"}, "began": {"N": "0"}, "taker": {"S": "it"}});
        Act::Answer(json!({"Attributes": row}))
    });
    for number in 1..MOST {
        let address = format!("10.1.{}.{}", number / 256, number % 256);
        admit_address(app, &call_from(&world, &address))
            .await
            .expect("its first");
    }
    world.wire.heal();
    admit_address(app, &call_from(&world, further))
        .await
        .expect("its first");
    world.wire.take();
    for _ in 0..3 {
        assert!(admit_address(app, &call_from(&world, known)).await.is_err());
        assert_eq!(world.wire.take().len(), 0, "remembered");
    }
    // The refusal of one beyond takes the place of one that has called once.
    for asked in [true, false, false] {
        assert!(
            admit_address(app, &call_from(&world, further))
                .await
                .is_err()
        );
        assert_eq!(!world.wire.take().is_empty(), asked);
    }
    // The next window forgets them all.
    world.wait(60);
    for _ in 0..2 {
        let _ = admit_address(app, &call_from(&world, further)).await;
    }
    world.wire.take();
    assert!(
        admit_address(app, &call_from(&world, further))
            .await
            .is_err()
    );
    assert_eq!(world.wire.take().len(), 0);
}
