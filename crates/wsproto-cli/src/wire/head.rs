//! Heads of HTTP/1.1 as records, and the places of fields in them.

use std::borrow::Cow;

use super::{Field, Handshake, Record, Sender};

const END: &[u8] = b"\r\n\r\n";

/// Makes a record of each head in `text`: interim responses may come before an answer.
pub(super) fn records(at: u64, from: Sender, mut text: &[u8], out: &mut Vec<Record>) {
    while !text.is_empty() {
        let end = text.windows(END.len()).position(|window| window == END);
        let len = end.map_or(text.len(), |end| end.saturating_add(END.len()));
        let (head, rest) = text.split_at_checked(len).unwrap_or((text, &[]));
        text = rest;
        let fields = fields(head).map(|(name, value)| Field { name: lossy(name), value: lossy(value) });
        out.push(Record::Handshake(Handshake {
            at,
            from,
            version: "HTTP/1.1",
            text: lossy(head),
            fields: fields.collect(),
        }));
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the name and value of each field of a head.
pub(crate) fn fields(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.split(|byte| *byte == b'\n').skip(1).filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        Some((name, value.get(1..)?.trim_ascii()))
    })
}

/// Returns the values of all fields of a name, as one list.
pub(crate) fn list(head: &[u8], name: &str) -> Option<String> {
    let of_name = fields(head).filter(|field| field.0.eq_ignore_ascii_case(name.as_bytes()));
    let values: Vec<Cow<'_, str>> = of_name.map(|field| String::from_utf8_lossy(field.1)).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Returns the place of the value of the last field of a name. If a field is wrongly repeated, the first is valid.
pub(super) fn place(head: &[u8], name: &str) -> Option<usize> {
    let value = fields(head).filter(|field| field.0.eq_ignore_ascii_case(name.as_bytes())).last()?.1;
    // Only the address of the value shows its place.
    let start = head.as_ptr().addr();
    value.as_ptr().addr().checked_sub(start)
}
