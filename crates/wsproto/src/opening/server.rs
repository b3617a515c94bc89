//! A server's opening handshake: the request comes, we answer.

use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};

use wsproto_extensions::Pipeline;
use wsproto_frame::Role;
use wsproto_handshake::{AcceptConnection, HttpRequest, Request, RequestError, ServerHandshake, ServerState};

use super::{Agreed, negotiation_error, respond_to, respond_to_chosen};
use crate::{
    Config, ConnectionState, Event, LocalProtocolError, RemoteProtocolError, Transport, agreement::Agreement,
};

/// A server's handshake, from the first byte to the answer.
pub(crate) struct ServerOpening {
    config: Arc<Config>,
    handshake: ServerHandshake,
    /// The answer to the offered extensions, once the request is complete.
    agreed: Option<(Vec<String>, Pipeline)>,
    /// The client's offers, if any of them is accepted: the program may choose among them.
    offers: Vec<String>,
    failure: Option<RemoteProtocolError>,
    /// A request with offers of extensions that were refused. `handshake` has requests that were refused for other
    /// reasons.
    refused: Option<Box<HttpRequest>>,
    /// Whether any byte has come.
    received_any: bool,
    /// Whether the client's stream has ended. After a complete request, the end counts once the bytes before it are
    /// received.
    pub(crate) peer_ended: bool,
}

impl ServerOpening {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self {
            handshake: ServerHandshake::new(config.handshake),
            config,
            agreed: None,
            offers: Vec::new(),
            failure: None,
            refused: None,
            received_any: false,
            peer_ended: false,
        }
    }

    pub(crate) const fn state(&self) -> ConnectionState {
        match self.handshake.state() {
            _ if matches!(self.failure, Some(RemoteProtocolError::EndOfStream { .. })) => {
                ConnectionState::Closed
            }
            ServerState::Rejecting => ConnectionState::Rejecting,
            ServerState::Rejected => ConnectionState::Closed,
            _ => ConnectionState::Connecting,
        }
    }

    pub(crate) const fn transport(&self) -> Transport {
        match (self.state(), self.handshake.state()) {
            (ConnectionState::Closed, _) if self.peer_ended => Transport::Close,
            //= rfc6455#7.2.2-1
            (ConnectionState::Closed, _) => Transport::ShutdownWrite,
            (_, ServerState::AwaitingRequest) if self.failure.is_none() => Transport::KeepOpen,
            // The program must send an answer, or the rest of one.
            _ => Transport::PauseRead,
        }
    }

    pub(crate) const fn failure(&self) -> Option<&RemoteProtocolError> {
        self.failure.as_ref()
    }

    /// Takes the head of the request, and nothing after it.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        input: &mut &[u8],
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if let Some(failure) = self.failure.clone() {
            *input = &[];
            return Err(failure);
        }
        match self.handshake.state() {
            ServerState::AwaitingRequest => {
                self.received_any |= !input.is_empty();
                match self.handshake.receive(input) {
                    Ok(None) => Ok(None),
                    outcome => self.received_last(outcome),
                }
            }
            // The following bytes belong to the open connection. They stay with the caller until it is open.
            ServerState::AwaitingAnswer => Ok(None),
            _ => {
                *input = &[];
                Ok(None)
            }
        }
    }

    /// A function of its own, so that a piece of a request costs little.
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

    /// Prepares the answer to the offered extensions.
    fn settle(&mut self, request: &Request) -> Result<(), RemoteProtocolError> {
        match respond_to(request.extensions(), &self.config) {
            Ok(agreed) => {
                if !agreed.0.is_empty() {
                    self.offers = request.extensions().map(String::from).collect();
                }
                self.agreed = Some(agreed);
                Ok(())
            }
            Err(error) => {
                self.refused = Some(Box::new(HttpRequest::from(request)));
                Err(self.fail(negotiation_error(Role::Server, error)))
            }
        }
    }

    /// Returns the request that was refused.
    pub(crate) fn refused_request(&self) -> Option<&HttpRequest> {
        self.refused.as_deref().or_else(|| self.handshake.refused_request())
    }

    fn fail(&mut self, error: RemoteProtocolError) -> RemoteProtocolError {
        self.failure = Some(error.clone());
        self.agreed = None;
        self.offers = Vec::new();
        error
    }

    /// Takes the end of the client's stream. A client that has sent its request can still be answered.
    pub(crate) fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        self.peer_ended = true;
        match self.handshake.state() {
            ServerState::AwaitingRequest if self.failure.is_none() => {
                // The call frees the kept part of the head. Its error is dropped: ours says the same.
                let _ended = self.handshake.receive_eof();
                Err(self.fail(RemoteProtocolError::EndOfStream { received_any: self.received_any }))
            }
            _ => Ok(None),
        }
    }

    /// Sends the answer. After an acceptance, it returns the agreement.
    pub(crate) fn send(
        &mut self,
        event: Event<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Agreed>, LocalProtocolError> {
        if self.state() == ConnectionState::Closed {
            return Err(LocalProtocolError::WrongState(ConnectionState::Closed));
        }
        match (event, self.handshake.state()) {
            (Event::AcceptConnection(accept), ServerState::AwaitingAnswer) if self.failure.is_none() => {
                return self.accept(*accept, out).map(Some);
            }
            (
                Event::RejectConnection(reject),
                ServerState::AwaitingRequest | ServerState::AwaitingAnswer | ServerState::Failed,
            ) => {
                self.handshake.reject(&reject, out)?;
                self.agreed = None;
                self.offers = Vec::new();
            }
            (Event::RejectData(data), ServerState::Rejecting) => self.handshake.reject_data(&data, out)?,
            (Event::Request(_), _) => return Err(LocalProtocolError::WrongEvent),
            _ => return Err(LocalProtocolError::WrongState(self.state())),
        }
        Ok(None)
    }

    /// Sends the rejection for an error, with the broken rule as its text if the configuration says so.
    pub(crate) fn reply_to_error(
        &mut self,
        error: &RemoteProtocolError,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        match error.event_hint() {
            Some(Event::RejectConnection(reject)) if self.state() == ConnectionState::Connecting => {
                let reject = if self.config.explain_rejections {
                    reject.with_text(broken_rule(error))
                } else {
                    *reject
                };
                self.send(reject.into(), out).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    fn accept(
        &mut self,
        mut accept: AcceptConnection,
        out: &mut Vec<u8>,
    ) -> Result<Agreed, LocalProtocolError> {
        if !accept.extensions.is_empty() {
            return Err(LocalProtocolError::ExtensionsInEvent);
        }
        let chosen = match accept.extension_choice.as_deref() {
            Some(choice) => Some(
                respond_to_chosen(&self.offers, choice, &self.config)
                    .map_err(LocalProtocolError::Negotiation)?,
            ),
            None => None,
        };
        if let Some((answer, _)) = chosen.as_ref().or(self.agreed.as_ref()) {
            accept.extensions.clone_from(answer);
        }
        self.handshake.accept(&accept, out)?;
        let pipeline = chosen.or(self.agreed.take()).map(|(_, pipeline)| pipeline).unwrap_or_default();
        Ok(Agreed { agreement: Agreement::of(&accept), pipeline })
    }
}

/// Returns a line that says what is wrong with a request, and which section of the RFC says so.
pub(crate) fn broken_rule(error: &RemoteProtocolError) -> String {
    match error {
        RemoteProtocolError::Request(rule) => format!("{error} ({})\n", rule.section()),
        _ => format!("{error}\n"),
    }
}
