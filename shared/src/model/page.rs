//! Pages of a list: a limit, and the position after which a page starts.

use super::disclosure::Disclosure;
use super::id::{PatientId, UserId};

/// The page that a request asks for.
#[derive(Debug, Clone)]
pub struct Paging<P> {
    /// The maximum number of rows, from 1 to 100.
    pub limit: i32,
    /// The position after which the page starts; `None` for the first page.
    pub after: Option<P>,
}

/// A page of a list. It may have fewer rows than the limit, or none; only `next: None` marks the end of the list.
#[derive(Debug, Clone)]
pub struct Page<T, P> {
    pub results: Vec<T>,
    pub next: Option<P>,
}

impl<T: Disclosure, P> Disclosure for Page<T, P> {
    fn patients(&self) -> Vec<PatientId> {
        self.results.iter().flat_map(Disclosure::patients).collect()
    }

    fn accounts(&self) -> Vec<UserId> {
        self.results.iter().flat_map(Disclosure::accounts).collect()
    }
}
