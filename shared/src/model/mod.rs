//! The words of the domain as types: once a value exists it is valid. No I/O, and nothing of ours is imported.

pub mod address;
pub mod date;
pub mod doctor;
pub mod email;
pub mod field;
pub mod id;
pub mod idempotency;
pub mod mapping;
pub mod page;
pub mod password;
pub mod patient;
pub mod phone;
pub mod record;
pub mod session;
pub mod text;
pub mod timestamp;
pub mod user;
pub mod username;
pub mod version;
