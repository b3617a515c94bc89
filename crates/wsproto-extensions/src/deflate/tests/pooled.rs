//! RFC 7692 §7.1.1: connections that share their compressors, as the receivers see it.

use alloc::vec::Vec;

use proptest::prelude::*;
use wsproto_frame::{Opcode, Role};

use super::BACKEND;
use crate::deflate::tests::{json, noise, receive, send};
use crate::deflate::{DeflateConfig, DeflateParams, PermessageDeflate, Pool};
use crate::{Extension, Handling, OutboundFrame, Output};

/// Makes servers that share a pool, each with its client.
fn pairs(places: usize, count: usize, params: DeflateParams) -> Vec<(PermessageDeflate, PermessageDeflate)> {
    let config =
        DeflateConfig::default().with_threshold(0).with_backend(BACKEND).with_pool(Pool::new(places));
    let pair = || {
        let end = |role| PermessageDeflate::new(role, params, &config);
        (end(Role::Server), end(Role::Client))
    };
    core::iter::repeat_with(pair).take(count).collect()
}

/// One connection's messages have no effect on another's output, not even on its length.
#[test]
fn d16_a_compressor_that_changes_its_connection_has_forgotten_all() {
    let secret = json(3000);
    let after = |victims: &[u8]| {
        let mut two = pairs(1, 2, DeflateParams::default());
        let (first, second) = two.split_at_mut(1);
        let ((victim, _), (other, client)) = (&mut first[0], &mut second[0]);
        send(victim, victims).unwrap();
        let sent: Vec<Vec<u8>> = (0..6).map(|_| send(other, &secret).unwrap()).collect();
        for payload in &sent {
            assert_eq!(receive(client, payload).as_deref(), Ok(&secret[..]));
        }
        let (first, last) = (sent[0].len(), sent[5].len());
        assert!(last < first / 4, "in the end it has the place, and its own context: {first}, {last}");
        assert!(send(victim, &secret).unwrap().len() > first / 2, "the victim begins afresh");
        sent
    };
    assert!(after(&secret) == after(&noise(3000)));
}

/// A message that doesn't shrink is sent uncompressed if no context is kept.
#[test]
fn what_does_not_shrink_is_sent_as_it_is_without_a_place() {
    let mut one = pairs(0, 1, DeflateParams::default());
    let (server, client) = &mut one[0];
    assert_eq!(send(server, &noise(300)), None);
    let payload = send(server, &json(500)).unwrap();
    assert_eq!(receive(client, &payload).as_deref(), Ok(&json(500)[..]));
}

/// Connections on several threads share a pool, and all their messages are read.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn threads_share_a_pool() {
    let mut all = pairs(2, 6, DeflateParams::default());
    std::thread::scope(|scope| {
        for chunk in all.chunks_mut(2) {
            scope.spawn(move || {
                for round in 0..100 {
                    for (number, (server, client)) in chunk.iter_mut().enumerate() {
                        let message = json(200 + round * 3 + number);
                        let payload = send(server, &message).unwrap();
                        assert_eq!(receive(client, &payload).as_deref(), Ok(&message[..]), "{round}");
                    }
                }
            });
        }
    });
}

proptest! {
    /// Messages of several connections, in any order, whole and in parts that alternate, with fewer places than
    /// connections: each is read by its own receiver.
    #[test]
    #[cfg_attr(miri, ignore = "much to compress")]
    fn any_order_is_read(
        places in 0usize..3,
        no_context_takeover in any::<bool>(),
        steps in prop::collection::vec((0usize..4, 0usize..1500, any::<bool>()), 1..40),
    ) {
        let params = DeflateParams { server_no_context_takeover: no_context_takeover, ..DeflateParams::default() };
        let mut all = pairs(places, 4, params);
        // The message under way of each connection, and its payload.
        let mut under_way: Vec<Option<(Vec<u8>, Vec<u8>)>> = alloc::vec![None; 4];
        for (number, len, fin) in steps {
            let (server, client) = &mut all[number];
            let part = json(len);
            let first = under_way[number].is_none();
            let mut frame = OutboundFrame::new(if first { Opcode::Text } else { Opcode::Continuation }, &part);
            frame.fin = fin;
            let mut payload = Vec::new();
            let sent = server.outbound(&frame, &mut Output::new(&mut payload, usize::MAX)).unwrap();
            if sent.handling == Handling::Pass {
                prop_assert!(first && fin);
                continue;
            }
            let (mut message, mut whole) = under_way[number].take().unwrap_or_default();
            message.extend_from_slice(&part);
            whole.extend_from_slice(&payload);
            if fin {
                let received = receive(client, &whole);
                prop_assert_eq!(received.as_deref(), Ok(&message[..]));
            } else {
                under_way[number] = Some((message, whole));
            }
        }
    }
}
