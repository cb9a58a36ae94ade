//! The audit trail: who did what to whom, when, on what basis. Rows hold ids and codes only.
//!
//! Nobody can change or remove a row unnoticed: each names the hash of the row before it in its chain. A change and its
//! row are stored in one transaction, and data leaves only when its row is stored. ADR 14 has the reasons.

mod chains;
mod entry;
mod row;
mod trail;
#[cfg(feature = "operator")]
pub mod verify;
mod views;

pub use entry::{Disclosed, Entry, Witness};
pub use row::{Code, Corrected, DONE, Facts, Head, Place, Row, Subjects};
pub use trail::Trail;
pub(crate) use views::in_item;
pub use views::{StoredRow, TrailView};
