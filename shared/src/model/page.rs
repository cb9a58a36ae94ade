//! Pages of a list: a limit, and the position after which a page starts.

use super::disclosure::Disclosure;
use super::id::PatientId;

/// The page that a request asks for.
#[derive(Debug, Clone)]
pub struct Paging<P> {
    /// 1 to 100 rows.
    pub limit: i32,
    /// The position after which the page starts; `None` for the first page.
    pub after: Option<P>,
}

/// Some rows of a list. A page may be short, even empty: only `next: None` means the end.
#[derive(Debug, Clone)]
pub struct Page<T, P> {
    pub results: Vec<T>,
    pub next: Option<P>,
}

impl<T: Disclosure, P> Disclosure for Page<T, P> {
    fn patients(&self) -> Vec<PatientId> {
        self.results.iter().flat_map(Disclosure::patients).collect()
    }
}
