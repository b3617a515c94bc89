//! The four parameters: in an offer or an answer, and as agreed.

use alloc::string::ToString;
use core::mem;

use super::{DeflateError, NAME, WindowBits};
use crate::Params;

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The parameters that both sides agreed on, or that one of them wants.
///
/// By default both sides keep their context between messages and use a window of 32 KiB. There are no other parameters:
/// the RFC requires that unknown ones are declined.
///
/// RFC 7692 [§7.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1)
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct DeflateParams {
    /// Whether the server begins each message with an empty window.
    pub server_no_context_takeover: bool,
    /// Whether the client begins each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server's window.
    pub server_max_window_bits: WindowBits,
    /// The client's window.
    pub client_max_window_bits: WindowBits,
}

impl DeflateParams {
    /// Writes a client's offer; `told` decides whether the server may tell it to use a smaller window.
    pub(super) fn to_offer(self, told: Told) -> Params<'static> {
        let mut terms = Terms::from_flags(self);
        if self.server_max_window_bits < WindowBits::MAX {
            terms.server_bits = Some(self.server_max_window_bits);
        }
        terms.client_bits = match (told, self.client_max_window_bits) {
            (Told::No, _) => ClientBits::Absent,
            (Told::Yes, WindowBits::MAX) => ClientBits::Any,
            (Told::Yes, limit) => ClientBits::AtMost(limit),
        };
        terms.write()
    }

    /// Checks a server's answer to this offer, and returns the agreement.
    pub(super) fn after_answer(self, told: Told, answer: &Params<'_>) -> Result<Self, DeflateError> {
        let answer = Terms::read(answer)?;
        //= rfc7692#5.1-8
        if self.server_no_context_takeover && !answer.server_no_context_takeover {
            return Err(DeflateError::ServerContextTakeover);
        }
        //= rfc7692#7.1-1, rfc7692#7.1.2.1-5
        let server_max_window_bits = answer.server_bits.unwrap_or_default();
        //= rfc7692#7.1.2.1-4
        if server_max_window_bits > self.server_max_window_bits {
            return Err(DeflateError::ServerWindowTooLarge);
        }
        let client_max_window_bits = match answer.client_bits {
            ClientBits::Absent => self.client_max_window_bits,
            //= rfc7692#7.1.2.2-4
            _ if told == Told::No => return Err(DeflateError::ClientWindowNotOffered),
            //= rfc7692#7.1.2.2-3
            ClientBits::Any => return Err(DeflateError::MissingValue),
            //= rfc7692#7.1.2.2-4
            ClientBits::AtMost(bits) if bits > self.client_max_window_bits => {
                return Err(DeflateError::ClientWindowTooLarge);
            }
            ClientBits::AtMost(bits) => bits,
        };
        Ok(Self {
            //= rfc7692#7.1.1.1-4, rfc7692#7.1.1.2-3
            server_no_context_takeover: answer.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover || answer.client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        })
    }

    /// Answers a client's offer, or returns the reason why it is declined.
    pub(super) fn answer(self, offer: &Params<'_>) -> Result<(Params<'static>, Self), DeflateError> {
        let offer = Terms::read(offer)?;
        //= rfc7692#7.1.2.1-2, rfc7692#5.1-7
        let server = self.server_max_window_bits.min(offer.server_bits.unwrap_or_default());
        let client = match offer.client_bits {
            ClientBits::AtMost(limit) => self.client_max_window_bits.min(limit),
            //= rfc7692#7.1.2.2-1
            ClientBits::Any => self.client_max_window_bits,
            // The client can't be told, so it may use the whole window.
            //= rfc7692#7.1.2.2-2
            ClientBits::Absent => WindowBits::MAX,
        };
        let agreed = Self {
            //= rfc7692#7.1.1.1-2
            server_no_context_takeover: self.server_no_context_takeover || offer.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover || offer.client_no_context_takeover,
            server_max_window_bits: server,
            client_max_window_bits: client,
        };
        let mut answer = Terms::from_flags(agreed);
        if offer.server_bits.is_some() || server < WindowBits::MAX {
            answer.server_bits = Some(server);
        }
        if matches!(offer.client_bits, ClientBits::AtMost(_)) || client < WindowBits::MAX {
            answer.client_bits = ClientBits::AtMost(client);
        }
        Ok((answer.write(), agreed))
    }
}

/// Whether a client's offer has `client_max_window_bits`. Without it no server may tell the client which window to use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Told {
    Yes,
    No,
}

/// The parameters of one offer or answer.
#[derive(Default)]
struct Terms {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_bits: Option<WindowBits>,
    client_bits: ClientBits,
}

/// The only parameter that may come with or without a value.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum ClientBits {
    /// Absent.
    #[default]
    Absent,
    /// Without a value.
    Any,
    AtMost(WindowBits),
}

impl Terms {
    fn from_flags(params: DeflateParams) -> Self {
        Self {
            server_no_context_takeover: params.server_no_context_takeover,
            client_no_context_takeover: params.client_no_context_takeover,
            ..Self::default()
        }
    }

    fn read(params: &Params<'_>) -> Result<Self, DeflateError> {
        let mut terms = Self::default();
        for (name, value) in params.iter() {
            let repeated = match name {
                SERVER_NO_CONTEXT_TAKEOVER => {
                    mem::replace(&mut terms.server_no_context_takeover, flag(value)?)
                }
                CLIENT_NO_CONTEXT_TAKEOVER => {
                    mem::replace(&mut terms.client_no_context_takeover, flag(value)?)
                }
                SERVER_MAX_WINDOW_BITS => {
                    //= rfc7692#7.1.2.1-1
                    let bits = bits(value.ok_or(DeflateError::MissingValue)?)?;
                    terms.server_bits.replace(bits).is_some()
                }
                CLIENT_MAX_WINDOW_BITS => {
                    let bits = match value {
                        None => ClientBits::Any,
                        Some(value) => ClientBits::AtMost(bits(value)?),
                    };
                    mem::replace(&mut terms.client_bits, bits) != ClientBits::Absent
                }
                //= rfc7692#5.1-1, rfc7692#5.1-2
                _ => return Err(DeflateError::UnknownParameter),
            };
            if repeated {
                //= rfc7692#5.1-5, rfc7692#5.1-6
                return Err(DeflateError::RepeatedParameter);
            }
        }
        Ok(terms)
    }

    fn write(&self) -> Params<'static> {
        let mut params = Params::new(NAME);
        if self.server_no_context_takeover {
            params = params.with_flag(SERVER_NO_CONTEXT_TAKEOVER);
        }
        if self.client_no_context_takeover {
            params = params.with_flag(CLIENT_NO_CONTEXT_TAKEOVER);
        }
        if let Some(bits) = self.server_bits {
            params = params.with_value(SERVER_MAX_WINDOW_BITS, bits.to_string());
        }
        match self.client_bits {
            ClientBits::Absent => params,
            ClientBits::Any => params.with_flag(CLIENT_MAX_WINDOW_BITS),
            ClientBits::AtMost(bits) => params.with_value(CLIENT_MAX_WINDOW_BITS, bits.to_string()),
        }
    }
}

/// Reads a parameter without a value.
fn flag(value: Option<&str>) -> Result<bool, DeflateError> {
    match value {
        None => Ok(true),
        //= rfc7692#7.1.1.1-1, rfc7692#7.1.1.2-1
        Some(_) => Err(DeflateError::UnexpectedValue),
    }
}

fn bits(value: &str) -> Result<WindowBits, DeflateError> {
    //= rfc7692#5.1-3, rfc7692#5.1-4
    WindowBits::parse(value).ok_or(DeflateError::BadWindowBits)
}
