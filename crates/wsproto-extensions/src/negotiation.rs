//! Negotiation: a client's offers, a server's answer, and the client's conclusion from it.
//!
//! RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use wsproto_frame::Rsv;

use crate::error::excerpt;
use crate::grammar::{self, parse_all, parse_each};
use crate::{Extension, ExtensionConfig, NegotiationError, Params, Pipeline};

/// Returns a client's offers in order of preference, each as one element of Sec-WebSocket-Extensions.
///
/// # Errors
///
/// [`NegotiationError::InvalidParams`] where an offer has text that a header field can't hold.
pub fn offers(configs: &[Arc<dyn ExtensionConfig>]) -> Result<Vec<String>, NegotiationError> {
    configs.iter().flat_map(|config| config.offers()).map(|offer| element(&offer)).collect()
}

/// Concludes, as a client, the agreement from the server's Sec-WebSocket-Extensions fields.
///
/// The pipeline keeps the order of the answer.
///
/// # Errors
///
/// A negotiation error fails the connection: the answer has an extension that was not offered, or can't be accepted.
pub fn conclude<S: AsRef<str>>(
    configs: &[Arc<dyn ExtensionConfig>],
    answer: &[S],
) -> Result<Pipeline, NegotiationError> {
    let mut agreed = Agreed::default();
    for answer in parse_all(answer)? {
        if agreed.contains(answer.name()) {
            return Err(NegotiationError::Repeated(excerpt(answer.name())));
        }
        let (config, extension) = agree_to(configs, answer)?;
        agreed.push(config, extension)?;
    }
    //= rfc6455#5.2-7, rfc6455#5.8-1, rfc6455#9.1-5
    Ok(Pipeline::new(agreed.extensions))
}

/// Responds, as a server, to the client's Sec-WebSocket-Extensions fields.
///
/// Returns the elements of the answer's field (for none, omit the field) and the pipeline. For each extension the first
/// acceptable offer wins, in the client's order. Of two extensions with the same bit the later is declined.
///
/// # Errors
///
/// [`NegotiationError::Grammar`] where the fields break the grammar: answer with status 400.
pub fn respond<S: AsRef<str>>(
    configs: &[Arc<dyn ExtensionConfig>],
    offers: &[S],
) -> Result<(Vec<String>, Pipeline), NegotiationError> {
    respond_to_some(configs, offers, |_| true)
}

/// Responds as [`respond`] does, but declines each offer for which `wanted` returns false.
///
/// # Errors
///
/// As for [`respond`]. Unwanted offers must keep the grammar, too.
///
/// ```
/// # #[cfg(feature = "deflate")] {
/// use std::sync::Arc;
/// use wsproto_extensions::{ExtensionConfig, deflate::DeflateConfig, respond_to_some};
///
/// let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(DeflateConfig::default())];
/// let offers = ["permessage-deflate; server_max_window_bits=10, permessage-deflate"];
/// let (answer, _) = respond_to_some(&configs, &offers, |offer| offer.iter().len() == 0).unwrap();
/// assert_eq!(answer, ["permessage-deflate"]);
/// # }
/// ```
pub fn respond_to_some<S: AsRef<str>>(
    configs: &[Arc<dyn ExtensionConfig>],
    offers: &[S],
    mut wanted: impl FnMut(&Params<'_>) -> bool,
) -> Result<(Vec<String>, Pipeline), NegotiationError> {
    if configs.is_empty() {
        grammar::check(offers)?;
        return Ok((Vec::new(), Pipeline::new(Vec::new())));
    }
    let mut agreed = Agreed::default();
    let mut answers = Vec::new();
    //= rfc6455#9.1-8
    parse_each(offers, |offer| {
        if configs.iter().all(|config| config.name() != offer.name()) {
            return Ok(());
        }
        let offer = offer.checked()?;
        if agreed.contains(offer.name()) || !wanted(&offer) {
            return Ok(());
        }
        let free = configs.iter().filter(|config| !config.rsv().intersects(agreed.rsv));
        let mut same_name = free.filter(|config| config.name() == offer.name());
        //= rfc7692#5-2, rfc7692#5-3
        let found = same_name.find_map(|config| config.answer(&offer).map(|found| (config, found)));
        //= rfc6455#4.2.2-8, rfc6455#4.2.2-9, rfc6455#9-1
        let Some((config, (answer, extension))) = found else { return Ok(()) };
        let Ok(answer) = element(&answer) else { return Ok(()) };
        if agreed.push(config, extension).is_ok() {
            answers.push(answer);
        }
        Ok(())
    })?;
    Ok((answers, Pipeline::new(agreed.extensions)))
}

impl Pipeline {
    /// Makes a pipeline of extensions that were agreed elsewhere, in this order: by a proxy, or by another HTTP server.
    ///
    /// # Errors
    ///
    /// [`NegotiationError::Repeated`] and [`NegotiationError::RsvTaken`]: no valid negotiation agrees to such
    /// extensions.
    ///
    /// ```
    /// # #[cfg(feature = "deflate")] {
    /// use std::sync::Arc;
    /// use wsproto_extensions::deflate::{DeflateConfig, DeflateParams, PermessageDeflate};
    /// use wsproto_extensions::{Pipeline, Role};
    ///
    /// let config = DeflateConfig::default();
    /// let extension = PermessageDeflate::new(Role::Server, DeflateParams::default(), &config);
    /// let pipeline = Pipeline::agreed([(Arc::new(config) as _, Box::new(extension) as _)]).unwrap();
    /// assert!(pipeline.names().eq(["permessage-deflate"]));
    /// # }
    /// ```
    pub fn agreed(
        extensions: impl IntoIterator<Item = (Arc<dyn ExtensionConfig>, Box<dyn Extension>)>,
    ) -> Result<Self, NegotiationError> {
        let mut agreed = Agreed::default();
        for (config, extension) in extensions {
            if agreed.contains(config.name()) {
                return Err(NegotiationError::Repeated(excerpt(config.name())));
            }
            agreed.push(&config, extension)?;
        }
        Ok(Self::new(agreed.extensions))
    }
}

/// Writes an element of ours, after a check that it can be read again.
fn element(params: &Params<'_>) -> Result<String, NegotiationError> {
    if params.is_valid() {
        Ok(params.to_string())
    } else {
        Err(NegotiationError::InvalidParams(excerpt(params.name())))
    }
}

/// Finds the extension that made the offer and accepts the answer to it.
fn agree_to<'a>(
    configs: &'a [Arc<dyn ExtensionConfig>],
    answer: Params<'_>,
) -> Result<(&'a Arc<dyn ExtensionConfig>, Box<dyn Extension>), NegotiationError> {
    //= rfc6455#4.1-40
    let mut outcome = Err(NegotiationError::not_offered(answer.name()));
    if configs.iter().all(|config| config.name() != answer.name()) {
        return outcome;
    }
    let answer = answer.checked()?;
    for config in configs.iter().filter(|config| config.name() == answer.name()) {
        if config.offers().is_empty() {
            continue;
        }
        //= rfc6455#9-2, rfc6455#9.1-4, rfc7692#5-1
        outcome = match config.agree(&answer) {
            Ok(extension) => Ok((config, extension)),
            Err(reason) => Err(NegotiationError::unacceptable(answer.name(), reason)),
        };
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// The agreed extensions so far, and the bits that they own.
#[derive(Default)]
struct Agreed {
    extensions: Vec<(Arc<dyn ExtensionConfig>, Box<dyn Extension>)>,
    rsv: Rsv,
}

impl Agreed {
    fn contains(&self, name: &str) -> bool {
        self.extensions.iter().any(|(config, _)| config.name() == name)
    }

    fn push(
        &mut self,
        config: &Arc<dyn ExtensionConfig>,
        extension: Box<dyn Extension>,
    ) -> Result<(), NegotiationError> {
        let rsv = extension.rsv();
        if rsv.intersects(self.rsv) {
            return Err(NegotiationError::RsvTaken(rsv));
        }
        self.rsv |= rsv;
        self.extensions.push((Arc::clone(config), extension));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
