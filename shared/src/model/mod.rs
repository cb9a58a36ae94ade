//! The types of the domain. Every value of a type is valid. These modules do no I/O and import no other module of the
//! crate.

pub mod address;
pub mod assignment;
mod characters;
pub mod date;
pub mod deceased;
mod digit;
pub mod disclosure;
pub mod doctor;
pub mod draft;
pub mod duplicate;
pub mod email;
pub mod field;
pub mod id;
pub mod idempotency;
pub mod identifier;
pub mod intake;
pub mod invitation;
mod latin;
pub mod look_alikes;
pub mod page;
pub mod partial_date;
pub mod password;
pub mod patient;
pub mod phone;
pub mod precondition;
pub mod record;
pub mod search;
pub mod search_key;
pub mod session;
pub mod text;
pub mod text_id;
pub mod timestamp;
pub mod unique_form;
pub mod user;
pub mod username;
pub mod version;
