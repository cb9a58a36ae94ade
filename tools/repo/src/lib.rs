//! The repository's own files: what template.yaml and openapi.yaml say, what is generated from them, and how to run
//! cargo on the workspace. It depends on no other crate of the workspace.

pub mod cargo;
mod collection;
pub mod generated;
mod members;
pub mod openapi;
pub mod routes;
pub mod template;
pub mod tools;
