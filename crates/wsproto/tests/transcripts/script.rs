//! Reads the text of a transcript into steps. README.md in this folder explains the lines.

use std::iter::Peekable;
use std::str::Chars;
use std::vec::IntoIter;

/// A conversation with one connection.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    /// File and line of its `@`.
    pub(crate) place: String,
    pub(crate) setting: Setting,
    pub(crate) steps: Vec<Step>,
}

/// How the connection is made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting {
    /// Whether the opening handshake is done.
    pub(crate) open: bool,
    pub(crate) server: bool,
    pub(crate) deflate: bool,
    /// Limits by name.
    pub(crate) limits: Vec<(String, u64)>,
}

/// A line and its meaning.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// `<-`
    Receive(Vec<u8>),
    /// `<- eof`
    ReceiveEof,
    /// `==` and `!!`
    Happens(Outcome),
    /// `>>`, and whether it is refused.
    Send(Command, Verdict),
    /// `->`
    Writes(Vec<u8>),
    /// `..`: state and transport.
    Is(String, String),
}

/// A result of the peer's bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Event(Said),
    /// The rule that the peer broke: close code, status or `fail`, and the section.
    Broken(String, String),
}

/// An action of our program.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Reply,
    Say(Said),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Accepted,
    Refused,
}

/// An event, with the fields that transcripts have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Said {
    Request { target: String, host: String, subprotocols: Vec<String>, extensions: Vec<String> },
    Accept { subprotocol: Option<String>, extensions: Vec<String> },
    Reject { status: u16, body: bool, headers: Vec<(String, String)> },
    RejectData { data: Vec<u8>, end: End },
    Text { data: String, end: End },
    Binary { data: Vec<u8>, end: End },
    Close { code: Option<u16>, reason: String },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

/// What continues after a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// The frame.
    Part,
    /// The message.
    More,
    /// Nothing: the message ends.
    Last,
}

/// Reads all conversations of a file.
///
/// # Errors
///
/// The file, the line, and the mistake in it.
pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<Conversation>, String> {
    let mut conversations: Vec<Conversation> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let place = format!("{file}:{number}");
        let told = |what: String| format!("{place}: {what}");
        let mut tokens = tokens(line).map_err(told)?.into_iter().peekable();
        let Some(mark) = tokens.next() else { continue };
        if mark == Token::Word("@".into()) {
            let setting = setting(tokens).map_err(told)?;
            conversations.push(Conversation { place, setting, steps: Vec::new() });
            continue;
        }
        let current = conversations.last_mut().ok_or_else(|| told("a line before the first @".into()))?;
        let what = step(mark, &mut tokens).map_err(told)?;
        if let Some(rest) = tokens.next() {
            return Err(told(format!("{rest:?} was not expected")));
        }
        match (current.steps.last_mut().map(|step| &mut step.what), what) {
            (Some(What::Writes(before)), What::Writes(bytes)) => before.extend(bytes),
            (_, what) => current.steps.push(Step { line: number, what }),
        }
    }
    Ok(conversations)
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Token {
    Word(String),
    /// A text in quotes, and its number of repetitions.
    Text(Vec<u8>, usize),
}

/// Splits a line into words and texts, without the remark.
fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut letters = line.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(&letter) = letters.peek() {
        match letter {
            ' ' => drop(letters.next()),
            '#' => break,
            '"' => {
                letters.next();
                let text = quoted(&mut letters)?;
                let times = word(&mut letters);
                tokens.push(Token::Text(text, repeated(times.strip_prefix('*'))?));
            }
            _ => tokens.push(Token::Word(word(&mut letters))),
        }
    }
    Ok(tokens)
}

fn word(letters: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(letter) = letters.next_if(|letter| ![' ', '"', '#'].contains(letter)) {
        word.push(letter);
    }
    word
}

fn quoted(letters: &mut Peekable<Chars<'_>>) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    loop {
        match letters.next().ok_or("a quote is left open")? {
            '"' => return Ok(text),
            '\\' => text.push(escaped(letters)?),
            letter => text.extend(letter.to_string().bytes()),
        }
    }
}

fn escaped(letters: &mut Peekable<Chars<'_>>) -> Result<u8, String> {
    Ok(match letters.next() {
        Some('r') => b'\r',
        Some('n') => b'\n',
        Some('t') => b'\t',
        Some('"') => b'"',
        Some('\\') => b'\\',
        Some('x') => {
            let digits: String = letters.by_ref().take(2).collect();
            u8::from_str_radix(&digits, 16).map_err(|error| format!("\\x{digits}: {error}"))?
        }
        other => return Err(format!("{other:?} after a backslash")),
    })
}

fn repeated(times: Option<&str>) -> Result<usize, String> {
    times.map_or(Ok(1), |times| times.parse().map_err(|error| format!("*{times}: {error}")))
}

fn setting(tokens: Peekable<IntoIter<Token>>) -> Result<Setting, String> {
    let mut setting = Setting::default();
    for token in tokens {
        let Token::Word(word) = token else { return Err("a text among the settings".into()) };
        match (word.as_str(), word.split_once('=')) {
            ("open", _) => setting.open = true,
            ("server", _) => setting.server = true,
            ("deflate", _) => setting.deflate = true,
            ("connecting" | "client", _) => {}
            (_, Some((name, value))) => {
                let value = value.parse().map_err(|error| format!("{word}: {error}"))?;
                setting.limits.push((name.to_owned(), value));
            }
            _ => return Err(format!("{word} is no setting")),
        }
    }
    Ok(setting)
}

fn step(mark: Token, tokens: &mut Peekable<IntoIter<Token>>) -> Result<What, String> {
    let Token::Word(mark) = mark else { return Err("a text where a mark is due".into()) };
    Ok(match mark.as_str() {
        "<-" if tokens.peek() == Some(&Token::Word("eof".into())) => {
            tokens.next();
            What::ReceiveEof
        }
        "<-" => What::Receive(bytes(tokens)?),
        "->" => What::Writes(bytes(tokens)?),
        "==" => What::Happens(Outcome::Event(said(tokens)?)),
        "!!" => What::Happens(Outcome::Broken(a_word(tokens)?, a_word(tokens)?)),
        ">>" if tokens.peek() == Some(&Token::Word("reply".into())) => {
            tokens.next();
            What::Send(Command::Reply, verdict(tokens)?)
        }
        ">>" => What::Send(Command::Say(said(tokens)?), verdict(tokens)?),
        ".." => What::Is(a_word(tokens)?, a_word(tokens)?),
        other => return Err(format!("{other} is no mark")),
    })
}

/// Reads bytes up to another word. Those after `^` are masked with the four bytes before it.
fn bytes(tokens: &mut Peekable<IntoIter<Token>>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let is_part = |token: &Token| match token {
        Token::Text(..) => true,
        Token::Word(word) => word == "^" || is_hexadecimal(word),
    };
    let mut masked = None;
    while let Some(token) = tokens.next_if(is_part) {
        match token {
            Token::Text(text, times) => bytes.extend(text.repeat(times)),
            Token::Word(word) if word == "^" => masked = Some(bytes.len()),
            Token::Word(word) => {
                let (digits, times) =
                    word.split_once('*').map_or((&*word, None), |(left, n)| (left, Some(n)));
                bytes.extend(hexadecimal(digits)?.repeat(repeated(times)?));
            }
        }
    }
    if let Some(start) = masked {
        let (front, payload) = bytes.split_at_mut(start);
        let key = front.last_chunk::<4>().ok_or("four bytes of key are due before ^")?;
        payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    }
    Ok(bytes)
}

fn is_hexadecimal(word: &str) -> bool {
    let digits = word.split('*').next().unwrap_or_default();
    digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn hexadecimal(digits: &str) -> Result<Vec<u8>, String> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned());
    pairs.map(|pair| u8::from_str_radix(&pair, 16).map_err(|error| format!("{pair}: {error}"))).collect()
}

fn said(tokens: &mut Peekable<IntoIter<Token>>) -> Result<Said, String> {
    Ok(match a_word(tokens)?.as_str() {
        "request" => Said::Request {
            target: a_text(tokens)?,
            host: texts(tokens, "host")?.pop().ok_or("a request without a host")?,
            subprotocols: texts(tokens, "subprotocols")?,
            extensions: texts(tokens, "extensions")?,
        },
        "accept" => Said::Accept {
            subprotocol: texts(tokens, "subprotocol")?.pop(),
            extensions: texts(tokens, "extensions")?,
        },
        "reject" => {
            let status = a_number(tokens)?;
            let body = tokens.next_if_eq(&Token::Word("body".into())).is_some();
            Said::Reject { status, body, headers: headers(tokens)? }
        }
        "reject-data" => Said::RejectData { data: a_text(tokens)?.into_bytes(), end: end(tokens)? },
        "text" => Said::Text { data: a_text(tokens)?, end: end(tokens)? },
        "binary" => Said::Binary { data: bytes(tokens)?, end: end(tokens)? },
        "close" => close(tokens)?,
        "ping" => Said::Ping(bytes(tokens)?),
        "pong" => Said::Pong(bytes(tokens)?),
        other => return Err(format!("{other} is no event")),
    })
}

fn close(tokens: &mut Peekable<IntoIter<Token>>) -> Result<Said, String> {
    if !matches!(tokens.peek(), Some(Token::Word(word)) if word.parse::<u16>().is_ok()) {
        return Ok(Said::Close { code: None, reason: String::new() });
    }
    Ok(Said::Close { code: Some(a_number(tokens)?), reason: a_text(tokens)? })
}

fn end(tokens: &mut Peekable<IntoIter<Token>>) -> Result<End, String> {
    match a_word(tokens)?.as_str() {
        "part" => Ok(End::Part),
        "more" => Ok(End::More),
        "last" => Ok(End::Last),
        other => Err(format!("{other} is none of part, more, last")),
    }
}

fn verdict(tokens: &mut Peekable<IntoIter<Token>>) -> Result<Verdict, String> {
    if tokens.next_if_eq(&Token::Word("!!".into())).is_none() {
        return Ok(Verdict::Accepted);
    }
    match a_word(tokens)?.as_str() {
        "local" => Ok(Verdict::Refused),
        other => Err(format!("{other} is not local")),
    }
}

/// Returns the texts after `name`, if that comes next.
fn texts(tokens: &mut Peekable<IntoIter<Token>>, name: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    if tokens.next_if_eq(&Token::Word(name.to_owned())).is_some() {
        while matches!(tokens.peek(), Some(Token::Text(..))) {
            found.push(a_text(tokens)?);
        }
    }
    Ok(found)
}

fn headers(tokens: &mut Peekable<IntoIter<Token>>) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    while tokens.next_if_eq(&Token::Word("header".into())).is_some() {
        found.push((a_text(tokens)?, a_text(tokens)?));
    }
    Ok(found)
}

fn a_word(tokens: &mut Peekable<IntoIter<Token>>) -> Result<String, String> {
    match tokens.next() {
        Some(Token::Word(word)) => Ok(word),
        other => Err(format!("{other:?} where a word is due")),
    }
}

fn a_text(tokens: &mut Peekable<IntoIter<Token>>) -> Result<String, String> {
    match tokens.next() {
        Some(Token::Text(text, times)) => {
            String::from_utf8(text.repeat(times)).map_err(|error| error.to_string())
        }
        other => Err(format!("{other:?} where a text is due")),
    }
}

fn a_number(tokens: &mut Peekable<IntoIter<Token>>) -> Result<u16, String> {
    let word = a_word(tokens)?;
    word.parse().map_err(|error| format!("{word}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<What> {
        let conversations =
            parse("example", &format!("@ open server\n{text}")).expect("the example is sound");
        conversations.into_iter().flat_map(|one| one.steps).map(|step| step.what).collect()
    }

    #[test]
    fn bytes_are_digits_and_texts() {
        #[rustfmt::skip]
        let table = [
            ("digits",           "82 7e0100",             &b"\x82\x7e\x01\x00"[..]),
            ("text",             "\"a b\" 00",            b"a b\0"),
            ("escapes",          r#""\r\n\"\\\x7f""#,     b"\r\n\"\\\x7f"),
            ("repeated",         "00*3 \"ab\"*2",         b"\0\0\0abab"),
            ("a remark",         "00 # 11",               b"\0"),
            ("# within a text",  "\"#\"",                 b"#"),
            ("masked",           "01020304 ^ 01*5",       b"\x01\x02\x03\x04\x00\x03\x02\x05\x00"),
        ];
        for (name, text, bytes) in table {
            let steps = steps(&format!("<- {text}"));
            assert!(matches!(&steps[..], [What::Receive(found)] if found == bytes), "{name}: {steps:?}");
        }
    }

    #[test]
    fn several_lines_of_writing_are_one() {
        let steps = steps("-> 01\n-> 02\n<- 03\n<- 04");
        assert!(
            matches!(&steps[..], [What::Writes(all), What::Receive(_), What::Receive(_)] if all == &[1, 2]),
            "{steps:?}"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        #[rustfmt::skip]
        let table = [
            ("no start",     "<- 00",                       "x:1: a line before the first @"),
            ("open quote",   "@ open server\n<- \"a",       "x:2: a quote is left open"),
            ("no mark",      "@ open server\n<< 00",        "x:2: << is no mark"),
            ("no event",     "@ open server\n== hello",     "x:2: hello is no event"),
            ("an odd digit", "@ open server\n<- 0",         "x:2: Word(\"0\") was not expected"),
            ("no end",       "@ open server\n== text \"a\"","x:2: None where a word is due"),
        ];
        for (name, text, told) in table {
            assert_eq!(parse("x", text).expect_err(name), told, "{name}");
        }
    }
}
