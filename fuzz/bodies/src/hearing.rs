//! The received events of a connection, independent of the reads: the parts of a frame are joined.

use wsproto::{AcceptConnection, CloseCode, Event, RejectConnection, Request};

/// A data frame, up to the last byte that came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Frame {
    /// Whether it belongs to a text message, or to a binary one.
    pub(crate) text: bool,
    /// The payload; UTF-8 in a text message.
    pub(crate) data: Vec<u8>,
    /// Whether all of the frame came.
    pub(crate) finished: bool,
    /// Whether it is the last one of its message, and all of it came.
    pub(crate) last: bool,
}

/// A received event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Heard {
    Request(Box<Request>),
    Accept(Box<AcceptConnection>),
    Reject(Box<RejectConnection>),
    /// The body of a rejection, and whether all of it came.
    Body(Vec<u8>, bool),
    Frame(Frame),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(CloseCode, String),
}

/// Joins the parts of frames and bodies.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Hearing {
    pub(crate) heard: Vec<Heard>,
    /// How many bytes of data the events had.
    pub(crate) data_len: usize,
    /// How many events there were.
    pub(crate) events: usize,
}

impl Hearing {
    pub(crate) fn hear(&mut self, event: &Event<'_>) {
        self.events += 1;
        let heard = match event {
            Event::Request(request) => Heard::Request(request.clone()),
            Event::AcceptConnection(accept) => Heard::Accept(accept.clone()),
            Event::RejectConnection(reject) => Heard::Reject(reject.clone()),
            Event::RejectData(part) => return self.body(&part.data, part.body_finished),
            Event::TextMessage(part) => {
                std::str::from_utf8(part.data.as_bytes()).expect("text is UTF-8");
                return self.data(true, part.data.as_bytes(), part.frame_finished, part.message_finished);
            }
            Event::BytesMessage(part) => {
                return self.data(false, &part.data, part.frame_finished, part.message_finished);
            }
            Event::CloseConnection(close) => Heard::Close(close.code, close.reason.as_str().to_owned()),
            Event::Ping(ping) => Heard::Ping(ping.payload.to_vec()),
            Event::Pong(pong) => Heard::Pong(pong.payload.to_vec()),
            other => panic!("an event of a new kind: {other:?}"),
        };
        self.heard.push(heard);
    }

    fn body(&mut self, part: &[u8], last: bool) {
        self.data_len += part.len();
        if let Some(Heard::Body(data, finished)) = self.heard.last_mut() {
            assert!(!*finished, "a part of a body that is over");
            data.extend_from_slice(part);
            *finished = last;
        } else {
            self.heard.push(Heard::Body(part.to_vec(), last));
        }
    }

    fn data(&mut self, text: bool, part: &[u8], finished: bool, last: bool) {
        assert!(finished || !last, "a message ends with a frame");
        self.data_len += part.len();
        if let Some(Heard::Frame(frame)) = self.heard.last_mut()
            && !frame.finished
        {
            assert_eq!(frame.text, text, "another kind within a frame");
            frame.data.extend_from_slice(part);
            (frame.finished, frame.last) = (finished, last);
        } else {
            self.heard.push(Heard::Frame(Frame { text, data: part.to_vec(), finished, last }));
        }
    }

    /// Drops the parts of a frame or body that breaks a rule: their number depends on the reads.
    pub(crate) fn drop_unfinished(&mut self) {
        if let Some(Heard::Frame(Frame { finished: false, .. }) | Heard::Body(_, false)) = self.heard.last() {
            self.heard.pop();
        }
        (self.events, self.data_len) = (0, 0);
    }
}

/// Returns the events as they are with whole messages: an unfinished message is not among them.
pub(crate) fn in_messages(heard: &[Heard]) -> Vec<Heard> {
    let (mut all, mut under_way) = (Vec::new(), None::<Frame>);
    for heard in heard {
        match heard {
            Heard::Frame(next) => {
                let frame = under_way.get_or_insert_with(|| Frame { data: Vec::new(), ..next.clone() });
                frame.data.extend_from_slice(&next.data);
                (frame.finished, frame.last) = (next.finished, next.last);
                all.extend(under_way.take_if(|frame| frame.last).map(Heard::Frame));
            }
            other => all.push(other.clone()),
        }
    }
    all
}
