//! Events in the form of the scripts.

use serde_json::Value;
use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Event, Headers, Ping, Pong, RejectConnection,
    RejectData, Request, TextMessage,
};

use crate::script::{hex, list, text};

/// Makes an event; `None` where our types can't express it.
pub(crate) fn event(event: &Value) -> Option<Event<'static>> {
    let count = usize::try_from(event["n"].as_u64().unwrap_or(1)).expect("a small number");
    let data = || hex(text(&event["d"])).repeat(count);
    let last = event["last"] == true;
    Some(match text(&event["t"]) {
        "text" => {
            let message = TextMessage::new(text(&event["d"]).repeat(count));
            if last { message } else { message.unfinished() }.into()
        }
        "bytes" => {
            let message = BytesMessage::new(data());
            if last { message } else { message.unfinished() }.into()
        }
        "ping" => Ping::new(data()).into(),
        "pong" => Pong::new(data()).into(),
        "close" => {
            let code = CloseCode::new(code(event)?)?;
            CloseConnection::new(code).with_reason(text(&event["r"]).repeat(count)).into()
        }
        "request" => {
            let request = Request::new(text(&event["host"]), text(&event["target"]));
            let request = list(&event["p"])
                .iter()
                .fold(request, |request, protocol| request.with_subprotocol(text(protocol)));
            let headers = headers(&event["h"]);
            headers.iter().fold(request, |request, (name, value)| request.with_header(name, value)).into()
        }
        "accept" => {
            let mut accept = AcceptConnection::new();
            accept.subprotocol = event["p"].as_str().map(String::from);
            accept.headers = headers(&event["h"]);
            accept.into()
        }
        "reject" => {
            let mut reject = RejectConnection::new(code(event)?);
            reject.headers = headers(&event["h"]);
            if event["body"] == true { reject.with_body() } else { reject }.into()
        }
        "data" => {
            let data = data();
            let data = RejectData::new(&data);
            if last { data } else { data.unfinished() }.into_owned().into()
        }
        other => panic!("{other} is no event"),
    })
}

fn code(event: &Value) -> Option<u16> {
    event["c"].as_i64().and_then(|code| u16::try_from(code).ok())
}

pub(crate) fn headers(fields: &Value) -> Headers {
    let latin_1 =
        |text: &str| -> Vec<u8> { text.chars().map(|c| u8::try_from(c).expect("Latin-1")).collect() };
    list(fields).iter().map(|field| (text(&field[0]), latin_1(text(&field[1])))).collect()
}
