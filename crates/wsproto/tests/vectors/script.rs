//! The scripts in the files.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A file of scripts.
pub(crate) struct Suite {
    json: Value,
}

/// One connection, its steps, and the outcomes of Python wsproto.
pub(crate) struct Vector<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind<'a>,
    pub(crate) steps: Vec<Step>,
}

/// The kind of a script's connection.
#[derive(Clone, Copy)]
pub(crate) struct Kind<'a> {
    pub(crate) server: bool,
    /// Whether it begins with the opening handshake.
    pub(crate) whole: bool,
    /// The configuration of permessage-deflate.
    pub(crate) deflate: Option<&'a Value>,
    /// The parameters that were agreed elsewhere.
    pub(crate) agreed: Option<&'a str>,
}

pub(crate) struct Step {
    pub(crate) what: What,
    /// The outcome of Python wsproto, then the letter of its state.
    pub(crate) theirs: Vec<String>,
    pub(crate) state: char,
}

pub(crate) enum What {
    Receive(Vec<u8>),
    End,
    Send(Value),
    AnswerError,
    /// A request that an HTTP server has parsed: its target and its fields.
    Parsed(String, Value),
}

impl Suite {
    pub(crate) fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/{name}.json"));
        let text = fs::read_to_string(&path).expect(name);
        Self { json: serde_json::from_str(&text).expect(name) }
    }

    pub(crate) fn vectors(&self) -> impl Iterator<Item = Vector<'_>> {
        list(&self.json["vectors"]).iter().flat_map(move |group| {
            list(&group["then"]).iter().map(move |then| {
                let (name, rest) = list(then).split_first().expect("a name");
                let common = group["steps"].as_array().map_or(&[][..], Vec::as_slice);
                let steps = common.iter().chain(rest).map(|step| self.step(step)).collect();
                Vector { name: text(name), kind: kind(group), steps }
            })
        })
    }

    fn step(&self, step: &Value) -> Step {
        let fields = list(step);
        let what = match text(&fields[0]) {
            "<" => What::Receive(bytes(&self.expand(text(&fields[1])))),
            "$" => What::End,
            ">" => What::Send(fields[1].clone()),
            "!" => What::AnswerError,
            "#" => What::Parsed(text(&fields[1]).to_owned(), fields[2].clone()),
            other => panic!("{other} is no step"),
        };
        let [.., outcome, state] = fields else { panic!("{step} has no outcome") };
        let theirs = list(outcome).iter().map(|line| self.expand(text(line))).collect();
        Step { what, theirs, state: text(state).chars().next().expect("a letter") }
    }

    /// Replaces the marks of frequent strings by the strings.
    fn expand(&self, text: &str) -> String {
        let mut parts = text.split(self.json["mark"].as_str().expect("a mark"));
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (letter, rest) = part.split_at(1);
            whole += self.json["short"][letter].as_str().expect(letter);
            whole += rest;
        }
        whole
    }
}

fn kind(group: &Value) -> Kind<'_> {
    Kind {
        server: group["side"] == "server",
        whole: group["whole"] == true,
        deflate: group.get("deflate"),
        agreed: group["agreed"].as_str(),
    }
}

/// Reads a head after an apostrophe, or else hexadecimal, in which `*9` repeats the word before it.
fn bytes(text: &str) -> Vec<u8> {
    if let Some(head) = text.strip_prefix('\'') {
        return head.as_bytes().to_vec();
    }
    let mut bytes = Vec::new();
    for word in text.split_whitespace() {
        let (digits, count) = word.split_once('*').unwrap_or((word, "1"));
        bytes.extend(hex(digits).repeat(count.parse().expect("a number")));
    }
    bytes
}

pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}
