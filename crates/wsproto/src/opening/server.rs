//! A server's opening: the request comes, we answer.

use alloc::{string::String, vec::Vec};

use wsproto_extensions::{NegotiationError, Pipeline, respond};
use wsproto_frame::Role;
use wsproto_handshake::{AcceptConnection, Headers, Request, RequestError, ServerHandshake, ServerState};

use super::negotiation_error;
use crate::{Config, Connection, ConnectionState, Event, LocalProtocolError, RemoteProtocolError, Transport};

/// A server's handshake, from the first byte to the answer.
pub(crate) struct ServerOpening {
    config: Config,
    handshake: ServerHandshake,
    /// What extensions are answered with, once the request is there.
    agreed: Option<(Vec<String>, Pipeline)>,
    /// Bytes behind the request that came before the answer: they belong to the open connection.
    early: Vec<u8>,
    failure: Option<RemoteProtocolError>,
    peer_ended: bool,
}

impl ServerOpening {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            handshake: ServerHandshake::new(config.handshake),
            config,
            agreed: None,
            early: Vec::new(),
            failure: None,
            peer_ended: false,
        }
    }

    pub(crate) const fn state(&self) -> ConnectionState {
        match self.handshake.state() {
            _ if matches!(self.failure, Some(RemoteProtocolError::EndOfStream)) => ConnectionState::Closed,
            ServerState::Rejecting => ConnectionState::Rejecting,
            ServerState::Rejected => ConnectionState::Closed,
            _ => ConnectionState::Connecting,
        }
    }

    pub(crate) const fn transport(&self) -> Transport {
        match (self.state(), self.peer_ended) {
            (ConnectionState::Connecting | ConnectionState::Closed, true) => Transport::Close,
            //= rfc6455#7.2.2-1
            (ConnectionState::Closed, false) => Transport::ShutdownWrite,
            _ => Transport::KeepOpen,
        }
    }

    /// Takes the head of the request, and keeps what comes behind it until the answer.
    pub(crate) fn receive(
        &mut self,
        input: &mut &[u8],
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if let Some(failure) = self.failure {
            *input = &[];
            return Err(failure);
        }
        if matches!(self.handshake.state(), ServerState::AwaitingRequest) {
            return match self.handshake.receive(input) {
                Ok(None) => Ok(None),
                outcome => self.received_last(outcome),
            };
        }
        let bytes = core::mem::take(input);
        if self.state() == ConnectionState::Connecting {
            let limit = self.config.handshake.max_head_len;
            if self.early.len().saturating_add(bytes.len()) > limit {
                return Err(self.fail(RemoteProtocolError::EarlyBytes { limit }));
            }
            self.early.extend_from_slice(bytes);
        }
        Ok(None)
    }

    /// Apart, so that a piece of a request costs little.
    #[inline(never)]
    fn received_last(
        &mut self,
        outcome: Result<Option<Request>, RequestError>,
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        match outcome {
            Ok(Some(request)) => {
                self.settle(&request)?;
                Ok(Some(request.into()))
            }
            Ok(None) => Ok(None),
            Err(error) => Err(self.fail(error.into())),
        }
    }

    /// Takes a request that somebody else's HTTP server has parsed.
    pub(crate) fn receive_parsed(
        &mut self,
        method: &str,
        target: &str,
        headers: &Headers,
    ) -> Result<Request, RemoteProtocolError> {
        match self.handshake.receive_parsed(method, target, headers) {
            Ok(request) => self.settle(&request).map(|()| request),
            Err(error) => Err(self.fail(error.into())),
        }
    }

    /// Settles what extensions are answered with.
    fn settle(&mut self, request: &Request) -> Result<(), RemoteProtocolError> {
        let agreed = respond_to(request, &self.config)
            .map_err(|error| self.fail(negotiation_error(Role::Server, error)))?;
        self.agreed = Some(agreed);
        Ok(())
    }

    fn fail(&mut self, error: RemoteProtocolError) -> RemoteProtocolError {
        self.failure = Some(error);
        self.early = Vec::new();
        error
    }

    pub(crate) fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        self.peer_ended = true;
        match (self.failure, self.state()) {
            (None, ConnectionState::Connecting) => Err(self.fail(RemoteProtocolError::EndOfStream)),
            _ => Ok(None),
        }
    }

    /// Sends the answer. After an acceptance, [`open`](Self::open) gives the connection.
    pub(crate) fn send(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        if self.state() == ConnectionState::Closed {
            return Err(LocalProtocolError::WrongState(ConnectionState::Closed));
        }
        match (event, self.handshake.state()) {
            (Event::AcceptConnection(accept), ServerState::AwaitingAnswer) if self.failure.is_none() => {
                self.accept(*accept, out)?;
            }
            (
                Event::RejectConnection(reject),
                ServerState::AwaitingRequest | ServerState::AwaitingAnswer | ServerState::Failed,
            ) => {
                self.handshake.reject(&reject, out)?;
                self.early = Vec::new();
            }
            (Event::RejectData(data), ServerState::Rejecting) => self.handshake.reject_data(&data, out)?,
            (Event::Request(_), _) => return Err(LocalProtocolError::WrongEvent),
            _ => return Err(LocalProtocolError::WrongState(self.state())),
        }
        Ok(())
    }

    fn accept(&mut self, mut accept: AcceptConnection, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        if !accept.extensions.is_empty() {
            return Err(LocalProtocolError::ExtensionsInEvent);
        }
        if let Some((answer, _)) = &self.agreed {
            accept.extensions.clone_from(answer);
        }
        Ok(self.handshake.accept(&accept, out)?)
    }

    /// Whether the connection is open.
    pub(crate) const fn is_accepted(&self) -> bool {
        matches!(self.handshake.state(), ServerState::Accepted)
    }

    /// Makes the open connection.
    #[inline]
    pub(crate) fn open(&mut self) -> Connection {
        let connection = Connection::new(Role::Server, &self.config, None);
        match self.agreed.take() {
            Some((_, pipeline)) if !pipeline.is_empty() => connection.with_extensions(pipeline),
            _ => connection,
        }
    }

    /// Gives away the bytes that were sent to the open connection already.
    pub(crate) fn take_early(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.early)
    }
}

/// Answers the offers of a request; for a single one no list is made.
fn respond_to(request: &Request, config: &Config) -> Result<(Vec<String>, Pipeline), NegotiationError> {
    let mut offers = request.extensions();
    match (offers.next(), offers.next()) {
        (one, None) => respond(&config.extensions, one.as_slice()),
        (one, two) => {
            let offers: Vec<&str> = one.into_iter().chain(two).chain(offers).collect();
            respond(&config.extensions, &offers)
        }
    }
}
