//! Each request reads its caller's account and session as they are at that moment.

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::TABLE_NAME;
use shared::model::doctor::DoctorDetails;
use shared::model::user::Role;
use shared::store::Create;
use shared::testing::{Event, World, protected, run};
use shared::{ApiResult, Context, Granted, response};

/// Answers 204, for members of staff only.
async fn staff_only(_context: Context, _by: Granted<Create<DoctorDetails>>) -> ApiResult {
    response::no_content()
}

/// Writes one attribute of the first account directly to the table.
async fn set(world: &World, attribute: &str, value: AttributeValue) {
    world
        .dynamodb
        .update_item()
        .table_name(TABLE_NAME)
        .key("pk", text("USER#0000000000000001"))
        .key("sk", text("#"))
        .update_expression("SET #a = :v")
        .expression_attribute_names("#a", attribute)
        .expression_attribute_values(":v", value)
        .send()
        .await
        .unwrap();
}

#[test]
fn role_epoch_and_deactivation_take_effect_on_the_next_request() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let call = async || {
            world.call(protected(staff_only), Event::of("auth-me").by(&staff)).await.status
        };
        assert_eq!(call().await, 204);
        set(&world, "role", text("pending")).await;
        assert_eq!(call().await, 403);
        set(&world, "role", text("admin")).await;
        assert_eq!(call().await, 204);
        set(&world, "active", AttributeValue::Bool(false)).await;
        assert_eq!(call().await, 401);
        set(&world, "active", AttributeValue::Bool(true)).await;
        assert_eq!(call().await, 204);
        set(&world, "epoch", AttributeValue::N("1".to_owned())).await;
        assert_eq!(call().await, 401);
    });
}

#[test]
fn token_of_a_missing_session_is_not_valid() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let rows = world.dynamodb.scan().table_name(TABLE_NAME).send().await.unwrap();
        for row in rows.items() {
            if row["sk"].as_s().unwrap().starts_with("SESSION#") {
                let delete = world.dynamodb.delete_item().table_name(TABLE_NAME);
                let delete = delete.key("pk", row["pk"].clone()).key("sk", row["sk"].clone());
                delete.send().await.unwrap();
            }
        }
        let answer = world.call(protected(staff_only), Event::of("auth-me").by(&staff)).await;
        answer.expect_problem(401, "token_not_valid");
    });
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
