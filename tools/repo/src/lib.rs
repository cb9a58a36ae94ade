//! The repository's own files: the contents of template.yaml and openapi.yaml, the files that are generated from them,
//! and how to run cargo on the workspace. This crate depends on no other crate of the workspace.

pub mod cargo;
mod collection;
pub mod error;
pub mod generated;
mod members;
pub mod openapi;
pub mod root;
pub mod routes;
pub mod template;
pub mod tools;
