//! The answer when a handler panics, hangs or fails.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_http::{Body, RequestExt};
use shared::endpoint::Endpoint;
use shared::testing::{Event, World, public, run};
use shared::{ApiError, ApiResult, Context};

const SECRET: &str = "hunter2hunter2";

async fn panicking(_context: Context) -> ApiResult {
    panic!("{SECRET}");
}

async fn failing(_context: Context) -> ApiResult {
    Err(ApiError::internal(SECRET))
}

async fn hanging(_context: Context) -> ApiResult {
    std::future::pending().await
}

async fn throttled(_context: Context) -> ApiResult {
    Err(ApiError::TooManyAttempts { retry_after: 7 })
}

#[test]
fn panic_is_an_opaque_500_and_the_next_request_is_answered() {
    run(async |world: World| {
        for _ in 0..2 {
            let answer = world.call(public(panicking), Event::of("health")).await;
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let problem = answer.expect_problem(500, "internal_error");
            assert!(!problem.to_string().contains(SECRET));
        }
    });
}

#[test]
fn internal_error_does_not_reveal_its_cause() {
    run(async |world: World| {
        let answer = world.call(public(failing), Event::of("health")).await;
        let problem = answer.expect_problem(500, "internal_error");
        assert!(!problem.to_string().contains(SECRET));
    });
}

#[test]
fn throttled_answer_has_the_same_wait_in_header_and_detail() {
    run(async |world: World| {
        let answer = world.call(public(throttled), Event::of("health")).await;
        assert_eq!(answer.header("retry-after"), Some("7"));
        let problem = answer.expect_problem(429, "too_many_attempts");
        assert_eq!(problem["detail"], "Too many attempts; try again in 7 seconds.");
    });
}

#[test]
#[allow(clippy::disallowed_methods, reason = "Lambda's deadline is a moment of the system's clock")]
fn request_is_answered_before_its_deadline() {
    run(async |world: World| {
        let deadline = SystemTime::now() + Duration::from_millis(700);
        let mut context = lambda_http::Context::default();
        let since_1970 = deadline.duration_since(UNIX_EPOCH).unwrap();
        context.deadline = u64::try_from(since_1970.as_millis()).unwrap();
        let event = lambda_http::Request::new(Body::Empty).with_lambda_context(context);
        let response = Endpoint::new(world.app.clone(), public(hanging)).answer(event).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    });
}
