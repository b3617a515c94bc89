//! Records of one of several connections.

use serde::Serialize;

use super::Record;

/// The beginning of a connection in JSON: `{"kind":"connection","connection":1, …}`.
#[derive(Serialize)]
pub(crate) struct Begun<A> {
    kind: &'static str,
    connection: u64,
    #[serde(flatten)]
    about: A,
}

impl<A> Begun<A> {
    pub(crate) const fn new(connection: u64, about: A) -> Self {
        Self { kind: "connection", connection, about }
    }
}

/// A record, and the number of its connection if there are several.
#[derive(Serialize)]
pub(crate) struct Numbered<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<u64>,
    #[serde(flatten)]
    pub(crate) record: &'a Record,
}
