//! The archive of the audit trail: its rows, and digests of them, in a bucket with Object Lock. It outlives the table's
//! rows, and nobody can change it.

mod digest;
mod objects;
mod rows;
mod signature;

pub use digest::{Digest, PreviousDigest};
pub use objects::{Archive, ArchiveError, Object, sha256};
pub use rows::rows_in;
pub use signature::{SIGNATURE, Signer};
