//! Lists in header fields, spread over any number of fields, and extensions that are offered in any order.

use crate::adapter::{Opened, conclude, open_with, order_of_headers};

const FIELDS: [&str; 5] = [
    "Host: example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// Returns a request with these fields in place of those of the same name.
fn request(fields: &[&str]) -> Vec<u8> {
    let name = |field: &str| field.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let kept = FIELDS.iter().filter(|kept| !fields.iter().any(|field| name(field) == name(kept)));
    let lines: Vec<&str> = kept.copied().chain(fields.iter().copied()).collect();
    format!("GET / HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

fn opened(proposed: &[&str], extensions: &[&str]) -> Opened {
    let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
    Opened { status: 101, proposed: owned(proposed), extensions: owned(extensions) }
}

fn refused(status: u16) -> Opened {
    Opened { status, proposed: vec![], extensions: vec![] }
}

/// Three extensions that own no bits, and two that own the same.
const CONFIGURED: [(&str, u8); 4] = [("one", 0), ("two", 0), ("bit", 0x10), ("same-bit", 0x10)];

//= rfc6455#9.1-6, rfc6455#9.1-8, rfc7692#5-3, rfc6455#4.2.1-5, rfc6455#4.2.1-6
#[test]
fn d5_h14_h15_a_list_in_any_number_of_fields() {
    const P: &str = "Sec-WebSocket-Protocol";
    const E: &str = "Sec-WebSocket-Extensions";
    #[rustfmt::skip]
    let table: [(&str, Vec<String>, Opened); 21] = [
        ("nothing more",                vec![],                                                        opened(&[], &[])),
        ("Connection, second of two",   vec!["Connection: keep-alive".into(), "Connection: Upgrade".into()], opened(&[], &[])),
        ("Connection, third of three",  vec!["Connection: a".into(), "Connection: b".into(), "Connection: upgrade".into()], opened(&[], &[])),
        ("Connection, first of three",  vec!["Connection: upgrade".into(), "Connection: b".into(), "Connection: c".into()], opened(&[], &[])),
        ("Connection, in none",         vec!["Connection: a".into(), "Connection: b".into(), "Connection: c".into()], refused(426)),
        ("Upgrade, third of three",     vec!["Upgrade: a".into(), "Upgrade: b".into(), "Upgrade: WebSocket".into()], opened(&[], &[])),
        ("Upgrade, in none",            vec!["Upgrade: a".into(), "Upgrade: b".into(), "Upgrade: c".into()], refused(400)),
        ("Host, three",                 vec!["Host: a".into(), "Host: a".into(), "Host: a".into()],   refused(400)),
        ("key, three",                  vec![FIELDS[3].into(), FIELDS[3].into(), FIELDS[3].into()],   refused(400)),
        ("version, three",              vec![FIELDS[4].into(), FIELDS[4].into(), FIELDS[4].into()],   refused(400)),
        ("subprotocols, one",           vec![format!("{P}: a, b, c")],                                 opened(&["a", "b", "c"], &[])),
        ("subprotocols, three",         vec![format!("{P}: a"), format!("{P}: b"), format!("{P}: c")], opened(&["a", "b", "c"], &[])),
        ("a subprotocol twice, third",  vec![format!("{P}: a"), format!("{P}: b"), format!("{P}: a")], refused(400)),
        ("extensions, one field",       vec![format!("{E}: two, one")],                                opened(&[], &["two", "one"])),
        ("extensions, three fields",    vec![format!("{E}: two"), format!("{E}: none"), format!("{E}: one")], opened(&[], &["two", "one"])),
        ("one without bits, twice",     vec![format!("{E}: one, one")],                                opened(&[], &["one"])),
        ("twice, in two fields",        vec![format!("{E}: one; a=1"), format!("{E}: two"), format!("{E}: one")], opened(&[], &["one", "two"])),
        ("one with a bit, twice",       vec![format!("{E}: bit, bit")],                                opened(&[], &["bit"])),
        ("two with the same bit",       vec![format!("{E}: same-bit, bit")],                           opened(&[], &["same-bit"])),
        ("the third field is broken",   vec![format!("{E}: one"), format!("{E}: two"), format!("{E}: =")], refused(400)),
        ("nobody's",                    vec![format!("{E}: none")],                                    opened(&[], &[])),
    ];
    for (name, fields, expected) in table {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        assert_eq!(open_with(&CONFIGURED, &request(&fields)), expected, "{name}");
    }
}

//= rfc6455#4.1-40, rfc6455#9.1-8
#[test]
fn k7_what_an_answer_may_name() {
    #[rustfmt::skip]
    let table: [(&str, &str, Result<&[&str], ()>); 9] = [
        ("nothing",                  "",             Ok(&[])),
        ("an empty list",            ",",            Err(())),
        ("one",                      "two",          Ok(&["two"])),
        ("two, in another order",    "two, one",     Ok(&["two", "one"])),
        ("one without bits, twice",  "one, one",     Err(())),
        ("twice, not in a row",      "one, two, one", Err(())),
        ("one with a bit, twice",    "bit, bit",     Err(())),
        ("two with the same bit",    "bit, same-bit", Err(())),
        ("nobody's",                 "none",         Err(())),
    ];
    for (name, answer, expected) in table {
        let agreed = conclude(&CONFIGURED, answer);
        match expected {
            Ok(names) => assert_eq!(
                agreed.as_deref(),
                Ok(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()[..]),
                "{name}"
            ),
            Err(()) => assert!(agreed.is_err(), "{name}: {agreed:?}"),
        }
    }
}

//= rfc6455#9.1-7
#[test]
fn a_header_is_shown_to_the_extension_that_was_agreed_last_first() {
    assert_eq!(order_of_headers(), ["second", "first"]);
}
