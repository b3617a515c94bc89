//! An application without I/O, and its tests with `wsproto::testing`: every cut of the bytes, every violation, time set
//! by the test.
#![cfg_attr(not(test), allow(dead_code, reason = "only the tests use it here"))]
use std::time::Duration;

use wsproto::{AdapterError, Config, Connection, Driver, Event, ReadBuffer, TextMessage, Timeouts};

/// An application that keeps a sum: a client sends numbers, and gets the sum after each.
struct Session(Driver, i64);

impl Session {
    fn new(now: Duration) -> Self {
        let timeouts = Timeouts::default().with_idle(Duration::from_secs(60));
        Self(Driver::new(Connection::open_server(Config::default())).with_timeouts(timeouts, now), 0)
    }

    /// Takes the bytes that were read. The driver's output has the bytes to write.
    fn read(&mut self, buffer: &mut ReadBuffer, now: Duration) -> Result<(), AdapterError> {
        while let Some(event) = self.0.receive_from(buffer, now)? {
            let Event::TextMessage(message) = event else { continue };
            self.1 = self.1.saturating_add(message.data.as_str().parse().unwrap_or(0));
            self.0.send(TextMessage::new(self.1.to_string()), now)?;
        }
        Ok(())
    }
}

fn main() {} // cargo test -p wsproto --features testing --example testing_an_application

#[cfg(test)]
mod tests {
    use super::*;
    use wsproto::testing::{Cuts, End, ManualClock, Needs, Violation};
    use wsproto::{CloseCode, CloseConnection, Role};

    fn ends() -> (Session, End) {
        (Session::new(Duration::ZERO), End::new(Connection::open_client(Config::default())))
    }

    /// Delivers the client's bytes to a session, in pieces, and the session's answers to the client.
    fn talk(to: &mut Session, client: &mut End, cuts: &Cuts) -> Vec<Event<'static>> {
        let (mut buffer, now) = (ReadBuffer::messages(), Duration::ZERO);
        for piece in cuts.pieces(&client.take_written()) {
            to.0.filled_from(&mut buffer, piece, now);
            let _ = to.read(&mut buffer, now); // the driver tells a peer that broke a rule
        }
        client.receive(&to.0.take_output(now).unwrap_or_default(), &Cuts::Whole).unwrap()
    }

    #[test]
    fn sums_do_not_depend_on_how_the_bytes_are_cut() {
        for cuts in Cuts::every_split(15) {
            let (mut session, mut client) = ends();
            client.send(TextMessage::new("1")).unwrap();
            client.send(TextMessage::new("-5")).unwrap();
            let answers = talk(&mut session, &mut client, &cuts);
            assert_eq!(answers, [TextMessage::new("1").into(), TextMessage::new("-4").into()], "{cuts:?}");
        }
    }

    #[test]
    fn who_breaks_a_rule_is_told_which() {
        let all = Violation::ALL.iter().filter(|v| v.needs() != Needs::Compression && !v.ends_stream());
        for violation in all.filter(|v| v.violator() != Some(Role::Server)) {
            let (mut session, mut client) = ends();
            client.write(&violation.bytes(Role::Client));
            let answers = talk(&mut session, &mut client, &Cuts::EachByte);
            let Some(Event::CloseConnection(close)) = answers.last() else { panic!("{violation}") };
            assert_eq!(close.code, violation.close_code(), "{violation}");
        }
    }

    #[test]
    fn a_client_that_says_nothing_for_a_minute_is_sent_away() {
        let ((mut session, mut client), mut clock) = (ends(), ManualClock::default());
        clock.advance_to(session.0.poll_timeout().unwrap());
        assert_eq!((clock.now().as_secs(), session.0.handle_timeout(clock.now())), (60, None));
        let answers = talk(&mut session, &mut client, &Cuts::Whole);
        assert_eq!(answers, [CloseConnection::new(CloseCode::GOING_AWAY).with_reason("idle").into()]);
    }
}
