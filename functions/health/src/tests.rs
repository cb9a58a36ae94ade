use shared::runtime::public;
use shared::testing::{Event, World, json, run};

use super::health;

#[test]
fn tells_that_the_table_answers_and_the_version() {
    run(async |world: World| {
        let body = world.call(public(health), Event::of("health")).await.expect(200);
        assert_eq!(body, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    });
}
