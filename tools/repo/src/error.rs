//! Why a file cannot be generated.

use std::io;

use crate::openapi::ContractError;

/// Why a file cannot be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error("cannot read openapi.yaml")]
    Read(#[from] io::Error),
    #[error("openapi.yaml is not YAML")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    #[error("openapi.yaml cannot be converted to JSON")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Contract(#[from] ContractError),
}
