//! The extensions in use, and their effects on frames.

use std::sync::Arc;

use wsproto::{
    DeflateConfig, Role, WindowBits,
    extensions::{
        ExtensionConfig, NegotiationError, Params, Pipeline, conclude,
        deflate::{DeflateParams, PermessageDeflate},
        parse,
    },
};

const DEFLATE: &str = "permessage-deflate";

/// The extensions by which the frames of both directions are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreement {
    /// The parameters of permessage-deflate, if it is in use.
    deflate: Option<DeflateParams>,
    /// The name of an unknown extension in use: frames can't be judged.
    pub(super) unknown: Option<String>,
}

impl Agreement {
    /// Returns an agreement with an unknown extension.
    pub(super) fn unknown(name: &str) -> Self {
        Self { deflate: None, unknown: Some(name.into()) }
    }

    /// Reads the value of an answer's `Sec-WebSocket-Extensions`; an empty text stands for no field.
    pub(super) fn of_answer(answer: &str) -> Result<Self, NegotiationError> {
        if answer.is_empty() {
            return Ok(Self::default());
        }
        let elements = parse(answer)?;
        if let Some(unknown) = elements.iter().find(|element| element.name() != DEFLATE) {
            return Ok(Self::unknown(unknown.name()));
        }
        // A client that offers everything takes any answer.
        let deflate = DeflateConfig::default().conclude(answer)?;
        Ok(Self { deflate: deflate.map(|deflate| deflate.params()), unknown: None })
    }

    /// Reads an answer as `of_answer` does, and checks it against the offer.
    pub(super) fn of_answer_to(offers: &[String], answer: &str) -> Result<Self, NegotiationError> {
        let agreement = Self::of_answer(answer);
        if answer.is_empty() || matches!(agreement, Ok(Self { unknown: Some(_), .. })) {
            return agreement;
        }
        let configs: Vec<Arc<dyn ExtensionConfig>> = offers
            .iter()
            .flat_map(|offer| parse(offer).unwrap_or_default())
            .filter(|offer| offer.name() == DEFLATE)
            .map(|offer| Arc::new(offered(&offer)) as _)
            .collect();
        conclude(&configs, &[answer]).and(agreement)
    }

    /// Assumes the most lenient answer to these offers, because the real one is unknown.
    pub(super) fn assumed(offers: &[String]) -> Self {
        let offered = offers.iter().flat_map(|offer| parse(offer).unwrap_or_default());
        let mut deflates = offered.filter(|offer| offer.name() == DEFLATE);
        Self { deflate: deflates.next().map(|_| DeflateParams::default()), unknown: None }
    }

    pub(super) const fn deflates(&self) -> bool {
        self.deflate.is_some()
    }

    /// Makes the receiver's extensions.
    pub(super) fn pipeline(&self, receiver: Role) -> Pipeline {
        let Some(params) = self.deflate else { return Pipeline::default() };
        let config = DeflateConfig::default();
        let deflate = PermessageDeflate::new(receiver, params, &config);
        Pipeline::agreed([(Arc::new(config) as _, Box::new(deflate) as _)]).unwrap_or_default()
    }
}

/// Checks a value of `Sec-WebSocket-Extensions` from the command line.
pub(crate) fn check_extensions(value: &str) -> Result<(), String> {
    Agreement::of_answer(value).map(drop).map_err(|error| error.to_string())
}

/// Returns a client's configuration that makes this offer, as far as the offer restricts the answer.
fn offered(offer: &Params<'_>) -> DeflateConfig {
    let mut config = DeflateConfig::default().without_client_window_in_offer();
    for (name, value) in offer.iter() {
        let bits = || value.and_then(|value| value.parse().ok()).and_then(WindowBits::new);
        match name {
            "server_no_context_takeover" => config = config.with_server_no_context_takeover(),
            "server_max_window_bits" => {
                config = config.with_server_max_window_bits(bits().unwrap_or_default());
            }
            "client_max_window_bits" => {
                config.offers_client_window = true;
                config = config.with_client_max_window_bits(bits().unwrap_or_default());
            }
            _ => {}
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_held_to_the_offer() {
        let table = [
            // offer, answer, whether it may be answered so
            ("permessage-deflate", "permessage-deflate", true),
            ("permessage-deflate", "permessage-deflate; server_max_window_bits=10", true),
            ("permessage-deflate", "permessage-deflate; client_max_window_bits=10", false),
            (
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate; client_max_window_bits=10",
                true,
            ),
            (
                "permessage-deflate; client_max_window_bits=9",
                "permessage-deflate; client_max_window_bits=10",
                false,
            ),
            (
                "permessage-deflate; server_max_window_bits=9",
                "permessage-deflate; server_max_window_bits=10",
                false,
            ),
            ("permessage-deflate; server_no_context_takeover", "permessage-deflate", false),
            ("permessage-deflate; server_max_window_bits=9, permessage-deflate", "permessage-deflate", true),
            ("permessage-deflate", "permessage-deflate; foo", false),
            ("permessage-deflate", "permessage-deflate, permessage-deflate", false),
            ("permessage-deflate", "", true),
            ("x-foo", "x-foo", true),
        ];
        for (offer, answer, expected) in table {
            let agreement = Agreement::of_answer_to(&[offer.into()], answer);
            assert_eq!(agreement.is_ok(), expected, "{offer:?}, {answer:?}: {agreement:?}");
        }
    }
}
