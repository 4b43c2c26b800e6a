//! The rotation of both secrets: what each step asks of AWS. What it does is in `tests/rotation/`.

use crate::rotation::{Begun, STEPS};
use crate::world::World;

#[tokio::test]
async fn a_rotation_takes_this_many_requests_and_units() {
    let world = World::new().await;
    let mut units = 0.0;
    for (begun, expected) in [
        (
            Begun::keys(&world).await,
            [
                "DescribeSecret GetSecretValue GetSecretValue GetItem PutSecretValue",
                "DescribeSecret GetSecretValue GetItem PutItem",
                "DescribeSecret GetSecretValue GetItem",
                "DescribeSecret GetSecretValue GetItem UpdateSecretVersionStage PutItem GetItem",
            ],
        ),
        (
            Begun::passwords(&world).await,
            [
                "DescribeSecret GetSecretValue GetSecretValue PutSecretValue",
                "DescribeSecret GetSecretValue",
                "DescribeSecret GetSecretValue",
                "DescribeSecret GetSecretValue UpdateSecretVersionStage PutItem",
            ],
        ),
    ] {
        for (step, expected) in STEPS.iter().zip(expected) {
            begun.step(step).await.expect(step);
            let calls = world.wire.take();
            let made: Vec<_> = calls.iter().map(|done| &*done.call.operation).collect();
            assert_eq!(made.join(" "), expected, "{step}");
            units += calls.iter().map(|done| done.units).sum::<f64>();
        }
    }
    // Of a row with three keys, which is above 1 KB.
    assert!(units <= 12.0, "{units}");
}
