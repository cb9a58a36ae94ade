//! Pages of a list: a limit, and where the last page ended.

/// What a request wants to see of a list.
#[derive(Debug, Clone)]
pub struct Paging<P> {
    /// 1 to 100 rows.
    pub limit: i32,
    /// The position after which the page starts; the list's beginning if there is none.
    pub after: Option<P>,
}

/// Some rows of a list. A page may be short, even empty: only `next: None` means the end.
#[derive(Debug, Clone)]
pub struct Page<T, P> {
    pub results: Vec<T>,
    pub next: Option<P>,
}
