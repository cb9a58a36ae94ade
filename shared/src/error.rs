//! Every failure of a handler, and the one match that makes a status and a problem of it.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::access::Denied;
use crate::dynamo::DynamoError;
use crate::media_types::MediaTypes;
use crate::model::conflict::Conflict;
use crate::model::field::FieldErrors;
use crate::store::StoreError;
use crate::system::NoRandomness;

/// The failures of the API. Clients see a status, a stable `code` and a `detail`; the cause of a 5xx
/// goes to the log alone.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    #[error("the body is not valid: {0}")]
    MalformedBody(String),
    #[error("fields of the body are not valid")]
    InvalidBody(FieldErrors),
    #[error("parameters of the query are not valid")]
    InvalidQuery(FieldErrors),
    #[error("headers are not valid")]
    InvalidHeader(FieldErrors),
    #[error("the body is too large")]
    PayloadTooLarge,
    #[error("the body is not JSON")]
    UnsupportedMediaType { accepted: MediaTypes },
    #[error("no credentials were sent")]
    NotAuthenticated,
    #[error("the token is not valid")]
    TokenNotValid,
    #[error("name or password is wrong")]
    InvalidCredentials,
    #[error("registration is closed")]
    RegistrationClosed,
    #[error("the account's address is not verified")]
    EmailNotVerified,
    #[error("the role does not permit it")]
    PermissionDenied,
    /// For a patient or a doctor who is not related to the caller, and for one who does not exist.
    #[error("not assigned")]
    NotAssigned,
    #[error("the patient is restricted")]
    Restricted,
    #[error("the account may not change these fields")]
    FieldsDenied(FieldErrors),
    #[error("not found: {0}")]
    NotFound(String),
    #[error("the method is not allowed")]
    MethodNotAllowed { allow: &'static [&'static str] },
    #[error("the request conflicts with existing data")]
    Conflict(FieldErrors),
    #[error("the request conflicts with a rule of care")]
    Care(Conflict),
    #[error("the version does not meet the preconditions")]
    PreconditionFailed,
    #[error("the request has no If-Match")]
    PreconditionRequired,
    /// The pipeline loads and decides again; this leaves it only when that fails too often.
    #[error("another request changed the same data at the same time")]
    Contended,
    #[error("the idempotency key belongs to another request")]
    IdempotencyKeyReused,
    /// `retry_after` is in seconds.
    #[error("too many attempts")]
    TooManyAttempts { retry_after: u32 },
    /// `retry_after` is in seconds.
    #[error("unavailable: {cause}")]
    Unavailable { cause: String, retry_after: u32 },
    #[error("internal error: {0}")]
    Internal(String),
}

impl ApiError {
    pub fn internal(cause: impl ToString) -> Self {
        Self::Internal(cause.to_string())
    }

    pub fn unavailable(cause: impl ToString) -> Self {
        Self::Unavailable { cause: cause.to_string(), retry_after: 1 }
    }

    /// `thing` does not exist: `doctor 7`.
    pub fn not_found(thing: impl ToString) -> Self {
        Self::NotFound(thing.to_string())
    }

    pub fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The stable, machine-readable name of the failure.
    pub fn code(&self) -> &'static str {
        self.kind().1
    }

    /// Whether it refuses a caller, and not what the caller asks for.
    pub(crate) fn refuses_the_caller(&self) -> bool {
        matches!(
            self,
            Self::TokenNotValid | Self::PermissionDenied | Self::NotAssigned | Self::Restricted
        )
    }

    /// Whether a login was refused after its password was checked.
    pub(crate) fn is_refused_login(&self) -> bool {
        matches!(self, Self::InvalidCredentials | Self::EmailNotVerified)
    }

    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::MalformedBody(_) | Self::InvalidBody(_) => {
                (StatusCode::BAD_REQUEST, "invalid_body")
            }
            Self::InvalidQuery(_) => (StatusCode::BAD_REQUEST, "invalid_query"),
            Self::InvalidHeader(_) => (StatusCode::BAD_REQUEST, "invalid_header"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
            Self::UnsupportedMediaType { .. } => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::NotAuthenticated => (StatusCode::UNAUTHORIZED, "not_authenticated"),
            Self::TokenNotValid => (StatusCode::UNAUTHORIZED, "token_not_valid"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "invalid_credentials"),
            Self::PermissionDenied | Self::FieldsDenied(_) => {
                (StatusCode::FORBIDDEN, "permission_denied")
            }
            Self::NotAssigned => (StatusCode::FORBIDDEN, "not_assigned"),
            Self::Restricted => (StatusCode::FORBIDDEN, "restricted"),
            Self::RegistrationClosed => (StatusCode::FORBIDDEN, "registration_closed"),
            Self::EmailNotVerified => (StatusCode::FORBIDDEN, "email_not_verified"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::Care(conflict) => (StatusCode::CONFLICT, conflict.code()),
            Self::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "precondition_failed"),
            Self::PreconditionRequired => {
                (StatusCode::PRECONDITION_REQUIRED, "precondition_required")
            }
            Self::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
            }
            Self::TooManyAttempts { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"),
            Self::Contended | Self::Unavailable { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        }
    }

    pub(crate) fn detail(&self) -> String {
        match self {
            Self::MalformedBody(problem) => problem.clone(),
            Self::InvalidBody(_) => {
                "Some fields of the request are not valid; see errors.".to_owned()
            }
            Self::InvalidQuery(_) => "Some query parameters are not valid; see errors.".to_owned(),
            Self::InvalidHeader(_) => "Some headers are not valid; see errors.".to_owned(),
            Self::PayloadTooLarge => "A request body may have at most 64 KiB.".to_owned(),
            Self::UnsupportedMediaType { accepted } => {
                format!("The request body must be {}.", accepted.names().join(" or "))
            }
            Self::NotAuthenticated => {
                "This needs an access token: Authorization: Bearer <token>.".to_owned()
            }
            Self::TokenNotValid => "The token is not valid or has expired.".to_owned(),
            Self::InvalidCredentials => {
                "No active account with these credentials was found.".to_owned()
            }
            Self::PermissionDenied => "Your account's role does not permit this.".to_owned(),
            Self::NotAssigned => {
                "Your account has access only to people who are assigned to it.".to_owned()
            }
            Self::Restricted => {
                "Access to this patient is restricted to the patient's doctors.".to_owned()
            }
            Self::RegistrationClosed => {
                "Only people with an invitation can create an account.".to_owned()
            }
            Self::EmailNotVerified => {
                "Verify your email address first: by the mail after the registration, or by a new \
                 password."
                    .to_owned()
            }
            Self::NotFound(thing) => format!("There is no {thing}."),
            Self::MethodNotAllowed { allow } => format!("This path allows {}.", allow.join(", ")),
            Self::FieldsDenied(_) => {
                "Your account may not change some of these fields; see errors.".to_owned()
            }
            Self::Conflict(_) => "The request conflicts with existing data; see errors.".to_owned(),
            Self::Care(conflict) => conflict.detail().to_owned(),
            Self::PreconditionFailed => {
                "The resource's version does not match If-Match or If-None-Match.".to_owned()
            }
            Self::PreconditionRequired => {
                "This change needs If-Match with the ETag of the version to change.".to_owned()
            }
            Self::IdempotencyKeyReused => {
                "This Idempotency-Key was used for a request with another body.".to_owned()
            }
            Self::TooManyAttempts { retry_after } => {
                format!("Too many attempts; try again in {retry_after} seconds.")
            }
            Self::Contended | Self::Unavailable { .. } => {
                "The service is busy; try again shortly.".to_owned()
            }
            Self::Internal(_) => "Something went wrong on our side.".to_owned(),
        }
    }

    pub(crate) fn field_errors(&self) -> Option<FieldErrors> {
        match self {
            Self::InvalidBody(errors)
            | Self::InvalidQuery(errors)
            | Self::InvalidHeader(errors)
            | Self::FieldsDenied(errors)
            | Self::Conflict(errors) => Some(errors.clone()),
            Self::Care(conflict) => conflict.errors(),
            _ => None,
        }
    }

    /// Returns the header that belongs to the status (RFC 6750, 3; RFC 9110, 10.2.1, 10.2.3 and 15.5.16).
    fn header(&self) -> Option<(HeaderName, String)> {
        match self {
            Self::NotAuthenticated | Self::InvalidCredentials => {
                Some((header::WWW_AUTHENTICATE, "Bearer realm=\"api\"".to_owned()))
            }
            Self::TokenNotValid => Some((
                header::WWW_AUTHENTICATE,
                "Bearer realm=\"api\", error=\"invalid_token\"".to_owned(),
            )),
            Self::MethodNotAllowed { allow } => Some((header::ALLOW, allow.join(", "))),
            Self::UnsupportedMediaType { accepted } => Some(accepted.header()),
            Self::TooManyAttempts { retry_after } | Self::Unavailable { retry_after, .. } => {
                Some((header::RETRY_AFTER, retry_after.to_string()))
            }
            Self::Contended => Some((header::RETRY_AFTER, "1".to_owned())),
            _ => None,
        }
    }

    /// Returns the answer as a problem (RFC 9457). `type` is `about:blank`: the `code` says more than a link would.
    pub fn into_response(self, request_id: &str) -> Response<Body> {
        let status = self.status();
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.detail(),
            code: self.code(),
            request_id,
            errors: self.field_errors(),
        };
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut response = Response::new(Body::Text(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, media_type);
        if let Some((name, value)) = self.header()
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            headers.insert(name, value);
        }
        response
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<FieldErrors>,
}

impl From<DynamoError> for ApiError {
    fn from(error: DynamoError) -> Self {
        match error {
            DynamoError::Unavailable(_) => Self::unavailable(error),
            DynamoError::Unexpected(_) => Self::internal(error),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Dynamo(error) => error.into(),
            StoreError::Contended => Self::Contended,
            StoreError::NotFound(thing) => Self::NotFound(thing),
            StoreError::VersionMismatch => Self::PreconditionFailed,
            StoreError::NoIfMatch => Self::PreconditionRequired,
            StoreError::Conflict(errors) => Self::Conflict(errors),
            StoreError::Care(conflict) => Self::Care(conflict),
            StoreError::Invalid(errors) => Self::InvalidBody(errors),
            StoreError::FieldsDenied(errors) => Self::FieldsDenied(errors),
            StoreError::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            StoreError::SessionEnded => Self::TokenNotValid,
            StoreError::TokenEnded => {
                let errors = FieldErrors::one("token", "is not valid or has expired");
                Self::InvalidBody(errors)
            }
            StoreError::DeletionUnfinished => Self::unavailable(
                "assignments are left; repeating the request continues the deletion",
            ),
        }
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Role => Self::PermissionDenied,
            Denied::NotAssigned => Self::NotAssigned,
            Denied::Restricted => Self::Restricted,
        }
    }
}

impl From<NoRandomness> for ApiError {
    fn from(error: NoRandomness) -> Self {
        Self::internal(error)
    }
}
