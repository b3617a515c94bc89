//! A client's opening handshake: we send the request, the answer comes.

use alloc::{sync::Arc, vec::Vec};

use wsproto_extensions::{conclude, offers};
use wsproto_frame::Role;
use wsproto_handshake::{AcceptConnection, Answer, ClientHandshake, ClientState, Request, ResponseError};

use super::{Agreed, negotiation_error};
use crate::{
    Config, ConnectionState, Event, LocalProtocolError, RemoteProtocolError, Transport, agreement::Agreement,
    entropy::Source,
};

/// A client's handshake, from the request to the end of the answer.
pub(crate) struct ClientOpening {
    config: Arc<Config>,
    handshake: ClientHandshake,
    /// The result of the negotiation, once the server has consented.
    agreed: Option<Agreed>,
    failure: Option<RemoteProtocolError>,
    /// Whether any byte has come.
    received_any: bool,
}

impl ClientOpening {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        let handshake = ClientHandshake::new(config.handshake);
        Self {
            handshake: if config.require_subprotocol { handshake.require_subprotocol() } else { handshake },
            config,
            agreed: None,
            failure: None,
            received_any: false,
        }
    }

    pub(crate) const fn state(&self) -> ConnectionState {
        match (&self.failure, self.handshake.state()) {
            (Some(_), _) | (None, ClientState::Rejected | ClientState::Failed) => ConnectionState::Closed,
            (None, ClientState::ReceivingBody) => ConnectionState::Rejecting,
            (None, _) => ConnectionState::Connecting,
        }
    }

    pub(crate) const fn transport(&self) -> Transport {
        match (self.state(), self.handshake.state()) {
            //= rfc6455#7.2.1-1
            (ConnectionState::Closed, _) => Transport::Close,
            // The program must send the request.
            (_, ClientState::Idle) => Transport::PauseRead,
            _ => Transport::KeepOpen,
        }
    }

    pub(crate) const fn failure(&self) -> Option<&RemoteProtocolError> {
        self.failure.as_ref()
    }

    /// Takes the next part of the answer. After a consent, [`take_agreed`](Self::take_agreed) returns the agreement.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        input: &mut &[u8],
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if self.state() == ConnectionState::Closed {
            *input = &[];
            return self.failure.clone().map_or(Ok(None), Err);
        }
        self.received_any |= !input.is_empty();
        match self.handshake.receive(input) {
            Ok(None) => Ok(None),
            outcome => self.received(outcome),
        }
    }

    pub(crate) fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if self.state() == ConnectionState::Closed {
            return Ok(None);
        }
        match self.handshake.receive_eof() {
            // A rejection's body that lasts until the end of the stream.
            Ok(Some(last)) => self.received(Ok(Some(last))),
            Ok(None) | Err(_) => {
                Err(self.fail(RemoteProtocolError::EndOfStream { received_any: self.received_any }))
            }
        }
    }

    /// A function of its own, so that a piece of an answer costs little.
    #[inline(never)]
    fn received(
        &mut self,
        outcome: Result<Option<Answer<'_>>, ResponseError>,
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        match outcome {
            Ok(Some(Answer::Accept(accept))) => self.accepted(accept).map(Some),
            Ok(Some(Answer::Reject(reject))) => Ok(Some(reject.into())),
            Ok(Some(Answer::RejectData(data))) => Ok(Some(data.into_owned().into())),
            Ok(_) => Ok(None),
            Err(error) => Err(self.fail(error.into())),
        }
    }

    fn accepted(&mut self, accept: AcceptConnection) -> Result<Event<'static>, RemoteProtocolError> {
        let pipeline = conclude(&self.config.extensions, &accept.extensions)
            .map_err(|error| self.fail(negotiation_error(Role::Client, error)))?;
        self.agreed = Some(Agreed { agreement: Agreement::of(&accept), pipeline });
        Ok(accept.into())
    }

    /// Returns the agreement, once, if the server has consented.
    pub(crate) const fn take_agreed(&mut self) -> Option<Agreed> {
        self.agreed.take()
    }

    fn fail(&mut self, error: RemoteProtocolError) -> RemoteProtocolError {
        self.failure = Some(error.clone());
        error
    }

    pub(crate) fn send(
        &mut self,
        event: Event<'_>,
        entropy: &mut Source,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        match event {
            Event::Request(_) if self.failure.is_some() || self.handshake.state() != ClientState::Idle => {
                Err(LocalProtocolError::WrongState(self.state()))
            }
            Event::Request(request) => self.request(*request, entropy, out),
            Event::AcceptConnection(_) | Event::RejectConnection(_) | Event::RejectData(_) => {
                Err(LocalProtocolError::WrongEvent)
            }
            // The connection's state forbids these events before it calls this function.
            Event::TextMessage(_)
            | Event::BytesMessage(_)
            | Event::CloseConnection(_)
            | Event::Ping(_)
            | Event::Pong(_) => Err(LocalProtocolError::WrongState(self.state())),
        }
    }

    fn request(
        &mut self,
        request: Request,
        entropy: &mut Source,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        let request = with_offers(request, &self.config)?;
        let nonce = entropy.nonce().map_err(|_| LocalProtocolError::Entropy)?;
        Ok(self.handshake.send_request(&request, nonce, out)?)
    }
}

/// Adds the configuration's extensions to a request. The request itself must offer none.
pub(crate) fn with_offers(mut request: Request, config: &Config) -> Result<Request, LocalProtocolError> {
    if request.extensions().next().is_some() {
        return Err(LocalProtocolError::ExtensionsInEvent);
    }
    for offer in offers(&config.extensions).map_err(LocalProtocolError::Negotiation)? {
        request = request.with_extension(offer);
    }
    Ok(request)
}
