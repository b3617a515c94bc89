//! The target of a request: a path and, after the first `?`, a query (RFC 3986 §3.4).

/// Splits a target into its path and its query; the query is `None` where there is no `?`.
pub(crate) fn split(target: &str) -> (&str, Option<&str>) {
    target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
}
