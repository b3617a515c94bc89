//! Every transcript of the facade: `explain` finds the events that the transcript lists.

use std::{fmt::Write, fs, path::Path};

use serde_json::Value;

use super::{
    hex, of_kind, records,
    script::{self, Conversation, End, Outcome, Said, What},
};

fn conversations() -> Vec<Conversation> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wsproto/tests/transcripts");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_name().unwrap().to_str().unwrap();
            found.extend(script::parse(name, &fs::read_to_string(&path).unwrap()).unwrap());
        }
    }
    assert!(found.len() > 50, "{} conversations are too few to be all", found.len());
    found
}

/// The conversation as a session's file.
fn session(conversation: &Conversation) -> String {
    let (us, peer) = if conversation.setting.server { ("server", "client") } else { ("client", "server") };
    let mut file = String::from("{\"kind\":\"session\",\"version\":1}\n");
    if conversation.setting.open {
        let extensions = if conversation.setting.deflate { "permessage-deflate" } else { "" };
        writeln!(file, r#"{{"kind":"open","at":0,"extensions":"{extensions}","subprotocol":null}}"#).unwrap();
    }
    for step in &conversation.steps {
        let (from, bytes) = match &step.what {
            What::Receive(bytes) => (peer, bytes),
            What::Writes(bytes) => (us, bytes),
            What::ReceiveEof => {
                writeln!(file, r#"{{"kind":"end","at":0,"from":"{peer}"}}"#).unwrap();
                continue;
            }
            _ => continue,
        };
        for bytes in bytes.chunks(30_000) {
            writeln!(file, r#"{{"kind":"bytes","at":0,"from":"{from}","hex":"{}"}}"#, hex(bytes)).unwrap();
        }
    }
    file
}

fn limits(conversation: &Conversation) -> Vec<String> {
    let limits = conversation.setting.limits.iter();
    limits.map(|(name, number)| format!("--limit={}={number}", name.trim_start_matches("max-"))).collect()
}

/// The broken rule of the transcript, as `answer section`.
fn broken(conversation: &Conversation) -> Option<(String, String)> {
    conversation.steps.iter().find_map(|step| match &step.what {
        What::Happens(Outcome::Broken(blame, section)) => {
            Some((if blame == "fail" { "null".into() } else { blame.clone() }, section.clone()))
        }
        _ => None,
    })
}

/// The messages and closes of the transcript, as `name payload`.
fn heard(conversation: &Conversation) -> Vec<String> {
    let (mut heard, mut under_way) = (Vec::new(), Vec::new());
    for step in &conversation.steps {
        let What::Happens(Outcome::Event(event)) = &step.what else { continue };
        let (name, data, end) = match event {
            Said::Text { data, end } => ("text", data.as_bytes(), *end),
            Said::Binary { data, end } => ("binary", &data[..], *end),
            Said::Close { code: Some(code @ (0..=1005 | 1007..)), reason } => {
                heard.push(format!("close {code} {reason}"));
                continue;
            }
            Said::Ping(payload) => {
                heard.push(format!("ping {}", hex(payload)));
                continue;
            }
            Said::Pong(payload) => {
                heard.push(format!("pong {}", hex(payload)));
                continue;
            }
            _ => continue,
        };
        under_way.extend_from_slice(data);
        if end == End::Last {
            heard.push(format!("{name} {} {}", under_way.len(), hex(&under_way[..under_way.len().min(256)])));
            under_way.clear();
        }
    }
    heard
}

/// The messages and closes of records, in the same form.
fn found(records: &[Value], peer: &str) -> Vec<String> {
    let of_peer = records.iter().filter(|record| record["from"] == peer);
    of_peer
        .filter_map(|record| {
            let payload = record["payload"]["hex"].as_str();
            match (record["kind"].as_str()?, record["name"].as_str()?) {
                ("message", name) => Some(format!("{name} {} {}", record["length"], payload?)),
                ("frame", name @ ("ping" | "pong")) if record["cut"].is_null() => {
                    Some(format!("{name} {}", payload?))
                }
                ("frame", "close") if record["cut"].is_null() => Some(match &record["close"] {
                    Value::Null => "close 1005 ".into(),
                    close => format!("close {} {}", close["code"], close["reason"].as_str()?),
                }),
                _ => None,
            }
        })
        .collect()
}

/// Returns whether a section is the transcript's. For extensions, the transcript names the RFC's section only roughly.
fn is_section(section: &str, transcript: &str) -> bool {
    match transcript {
        "9" => section.starts_with("RFC 7692 §"),
        "9.1" => {
            section == "RFC 6455 §9.1" || section.starts_with("RFC 7692 §7.1") || section == "RFC 6455 §4.1"
        }
        other if other.contains('§') => section == format!("RFC {}", other.replace('§', " §")),
        other => section == format!("RFC 6455 §{other}"),
    }
}

#[test]
fn each_is_explained_as_it_says() {
    let mut problems = Vec::new();
    for conversation in conversations() {
        let place = &conversation.place;
        let peer = if conversation.setting.server { "client" } else { "server" };
        let limits = limits(&conversation);
        let arguments: Vec<&str> = limits.iter().map(String::as_str).collect();
        let (records, status) = records(&arguments, session(&conversation).as_bytes());
        // An endpoint ignores data after a Close, but `explain` reports it.
        let faults: Vec<&Value> = of_kind(&records, "broken")
            .filter(|broken| broken["from"] == peer)
            .filter(|broken| !broken["rule"].as_str().unwrap().starts_with("data after a Close"))
            .collect();
        let fault =
            faults.first().map(|fault| (fault["answer"].to_string(), fault["section"].as_str().unwrap()));
        // A peer that connects and leaves without a byte is a probe.
        let spoke = conversation.steps.iter().any(|step| matches!(step.what, What::Receive(_)));
        let expected = broken(&conversation).filter(|_| spoke);
        let is_right = match (&expected, &fault) {
            (None, None) => true,
            (Some((answer, section)), Some((found, at))) => answer == found && is_section(at, section),
            _ => false,
        };
        if !is_right {
            problems.push(format!("{place}: {expected:?} is due, {fault:?} was found"));
        }
        let any = of_kind(&records, "broken").next().is_some();
        if status != i32::from(any) {
            problems.push(format!("{place}: status {status}, {any}"));
        }
        let (heard, found) = (heard(&conversation), found(&records, peer));
        // A frame that breaks a rule makes no event, and neither does data after a Close.
        let found = found.get(..heard.len()).unwrap_or(&found);
        if heard != found {
            problems.push(format!("{place}: heard {heard:?}, found {found:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
