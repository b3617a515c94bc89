use super::*;
use crate::wire::Start;

fn bytes(at: u64, from: Sender, bytes: &[u8]) -> Tapped {
    Tapped::Bytes(Chunk { at: Duration::from_micros(at), from, bytes: bytes::Bytes::copy_from_slice(bytes) })
}

fn file(recorder: &Recorder) -> String {
    let mut file = Vec::new();
    recorder.write(&mut file).unwrap();
    String::from_utf8(file).unwrap()
}

fn replayed(file: &str) -> Vec<Record> {
    let (mut explainer, mut records) = (Explainer::new(Start::Handshake), Vec::new());
    for line in file.lines() {
        assert!(line.len() <= LINE_LEN);
        replay(line.as_bytes(), &mut explainer, &mut records).unwrap();
    }
    records
}

#[test]
fn what_was_recorded_is_explained_as_it_was_seen() {
    let head = Handshake {
        at: 5,
        from: Sender::Client,
        version: "HTTP/2",
        text: String::new(),
        fields: vec![Field { name: ":method".into(), value: "CONNECT \"\u{202e}".into() }],
    };
    let at = Duration::from_micros(7);
    let mut recorder = Recorder::new(1 << 20);
    let (mut live, mut expected) = (Explainer::new(Start::Handshake), Vec::new());
    recorder.handshake(&head);
    live.handshake(head, &mut expected);
    recorder.open(at, "permessage-deflate", Some("chat"));
    live.open(at, "permessage-deflate", Some("chat"), &mut expected);
    let steps = [
        bytes(8, Sender::Server, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
        bytes(9, Sender::Client, &[b"\x82\xff\0\0\0\0\0\x01\0\0abcd", &vec![7; 65_536][..]].concat()),
        Tapped::End { at: Duration::from_micros(10), from: Sender::Server },
    ];
    for tapped in &steps {
        recorder.record(tapped);
        live.see(tapped, &mut expected);
    }
    let told = |records: &[Record]| serde_json::to_string_pretty(records).unwrap();
    assert_eq!(told(&replayed(&file(&recorder))), told(&expected));
}

#[test]
fn a_recording_that_was_cut_says_so() {
    let mut recorder = Recorder::new(1000);
    let frame = [&b"\x82\x64"[..], &[1; 100]].concat();
    for _ in 0..100 {
        recorder.record(&bytes(3, Sender::Server, &frame));
        // A short entry after a long one that didn't fit is left out, too.
        recorder.record(&bytes(4, Sender::Client, b"\x8a\x80abcd"));
    }
    recorder.record(&Tapped::End { at: Duration::from_micros(9), from: Sender::Server });
    recorder.open(Duration::ZERO, "", None);
    let file = file(&recorder);
    assert!(file.len() < 1400, "{}", file.len());
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], r#"{"kind":"session","version":1}"#);
    let kept = |from: &str| lines.iter().filter(|line| line.contains(from) && line.contains("bytes")).count();
    let (client, server) = (kept("client"), kept("server"));
    assert!(server >= 3);
    let expected = [
        format!(r#"{{"kind":"gap","at":3,"from":"client","missing":{}}}"#, (100 - client) * 6),
        format!(r#"{{"kind":"gap","at":3,"from":"server","missing":{}}}"#, (100 - server) * 102),
        r#"{"kind":"end","at":9,"from":"server"}"#.into(),
    ];
    assert_eq!(lines[lines.len() - 3..], expected);
}

#[test]
fn lines_that_are_none_say_why() {
    let table = [
        (r#"{"kind":"session","version":2}"#, "a session of version 2; this program reads version 1"),
        (r#"{"kind":"bytes","at":0,"from":"client","hex":"8"}"#, "the bytes of a session aren't hex"),
        (r#"{"kind":"bytes","at":0,"from":"client","hex":"8g"}"#, "the bytes of a session aren't hex"),
        (r#"{"kind":"bytes","at":0,"from":"client","hex":"+8"}"#, "the bytes of a session aren't hex"),
        ("{}", "no line of a session: missing field `kind` at line 1 column 2"),
        ("", "no line of a session: EOF while parsing a value at line 1 column 0"),
    ];
    for (line, expected) in table {
        let error =
            replay(line.as_bytes(), &mut Explainer::new(Start::Handshake), &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{line}");
    }
}
