//! The edge of a function: what its caller gets when a handler panics, hangs, or fails.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_http::{Body, Context, RequestExt};
use shared::endpoint::Endpoint;
use shared::runtime::public;
use shared::testing::{Event, World, run};
use shared::{ApiError, ApiResult, App, Request};

const SECRET: &str = "hunter2hunter2";

async fn panicking(_app: App, _request: Request) -> ApiResult {
    panic!("{SECRET}");
}

async fn failing(_app: App, _request: Request) -> ApiResult {
    Err(ApiError::internal(SECRET))
}

async fn hanging(_app: App, _request: Request) -> ApiResult {
    std::future::pending().await
}

#[test]
fn a_panic_is_an_opaque_500_and_the_next_request_is_answered() {
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
fn an_internal_error_keeps_its_cause_to_itself() {
    run(async |world: World| {
        let answer = world.call(public(failing), Event::of("health")).await;
        let problem = answer.expect_problem(500, "internal_error");
        assert!(!problem.to_string().contains(SECRET));
    });
}

async fn impatient(_app: App, _request: Request) -> ApiResult {
    Err(ApiError::TooManyAttempts { retry_after: 7 })
}

#[test]
fn a_refusal_says_in_words_what_its_header_says() {
    run(async |world: World| {
        let answer = world.call(public(impatient), Event::of("health")).await;
        assert_eq!(answer.header("retry-after"), Some("7"));
        let problem = answer.expect_problem(429, "too_many_attempts");
        assert_eq!(problem["detail"], "Too many attempts; try again in 7 seconds.");
    });
}

#[test]
#[allow(clippy::disallowed_methods, reason = "Lambda's deadline is a moment of the system's clock")]
fn a_request_ends_before_its_deadline_does() {
    run(async |world: World| {
        let deadline = SystemTime::now() + Duration::from_millis(700);
        let mut context = Context::default();
        let since_1970 = deadline.duration_since(UNIX_EPOCH).unwrap();
        context.deadline = u64::try_from(since_1970.as_millis()).unwrap();
        let event = lambda_http::Request::new(Body::Empty).with_lambda_context(context);
        let response = Endpoint::new(world.app.clone(), public(hanging)).answer(event).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    });
}
