//! Sessions and accounts are looked at on every request, as they are at that moment.

use aws_sdk_dynamodb::types::AttributeValue;
use repo::template::TABLE_NAME;
use shared::model::user::Role;
use shared::runtime::signed_in;
use shared::testing::{Event, World, run};
use shared::{ApiResult, App, Caller, Permission, Request, response};

async fn staff_only(_app: App, caller: Caller, _request: Request) -> ApiResult {
    caller.must(Permission::ManageMappings)?;
    response::no_content()
}

/// Writes one attribute of the first account behind the API's back.
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
fn role_epoch_and_deactivation_count_from_the_next_request() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let call = async || {
            world.call(signed_in(staff_only), Event::of("auth-me").by(&staff)).await.status
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
fn a_token_without_its_session_is_no_token() {
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
        let answer = world.call(signed_in(staff_only), Event::of("auth-me").by(&staff)).await;
        answer.expect_problem(401, "token_not_valid");
    });
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
