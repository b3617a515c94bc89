//! Checks how an extension negotiates.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::{Rule, Violation, catching_panics};
use crate::{Extension, ExtensionConfig, NegotiationError, Params, Pipeline, conclude, offers, respond};

/// Values that an extension may not expect.
const STRANGE: [&str; 8] = ["0", "-1", "+1", "007", "99999999999999999999", "true", "~", "1_0"];

pub(super) fn check(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    let config = make();
    let offers = grammar(&*config)?;
    pair(make)?;
    for offer in &offers {
        foreign_parameters(&*config, offer)?;
    }
    foreign_parameters(&*config, &Params::new(config.name().to_string()))
}

/// A parameter that no extension has.
const UNKNOWN: &str = "x-unknown";

/// Negotiates a client and a server of the configuration.
pub(super) fn pair(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(Pipeline, Pipeline), Violation> {
    pair_of(&[make()])
}

/// Negotiates a client and a server that share configurations.
pub(super) fn pair_of(configs: &[Arc<dyn ExtensionConfig>]) -> Result<(Pipeline, Pipeline), Violation> {
    let blame = |found: &str| Violation::new(Rule::AgreesWithItself, found);
    let offered = offers(configs).map_err(|error| refused(&error))?;
    let (answer, server) = respond(configs, &offered).map_err(|error| refused(&error))?;
    if server.is_empty() {
        return Err(blame("the server declined every offer of the client"));
    }
    let client = conclude(configs, &answer).map_err(|error| refused(&error))?;
    for pipeline in [&client, &server] {
        let owned = configs.iter().fold(crate::Rsv::NONE, |all, config| all | config.rsv());
        if !pipeline.rsv().difference(owned).is_empty() {
            return Err(Violation::new(Rule::OwnBits, format!("it owns {:?}", pipeline.rsv())));
        }
    }
    Ok((client, server))
}

fn refused(error: &NegotiationError) -> Violation {
    let rule = match error {
        NegotiationError::InvalidParams(_) | NegotiationError::Grammar(_) => Rule::Grammar,
        _ => Rule::AgreesWithItself,
    };
    Violation::new(rule, error.to_string())
}

/// Checks the configuration's name and offers.
fn grammar(config: &dyn ExtensionConfig) -> Result<Vec<Params<'static>>, Violation> {
    let offers = config.offers();
    if !Params::new(config.name().to_string()).is_valid() {
        return Err(Violation::new(Rule::Grammar, format!("the name is {:?}", config.name())));
    }
    for offer in &offers {
        if !offer.is_valid() || offer.name() != config.name() {
            return Err(Violation::new(Rule::Grammar, format!("an offer is {:?}", offer.to_string())));
        }
    }
    if offers.is_empty() {
        return Err(Violation::new(Rule::AgreesWithItself, "a client offers nothing"));
    }
    Ok(offers)
}

/// Passes an offer with unknown or repeated parameters to both sides, and the answer to it.
fn foreign_parameters(config: &dyn ExtensionConfig, offer: &Params<'static>) -> Result<(), Violation> {
    let mut names: Vec<_> = offer.iter().map(|(name, _)| name.to_string()).collect();
    names.push(UNKNOWN.to_string());
    let plain = Params::new(config.name().to_string());
    for name in names {
        let mut strange = vec![
            offer.clone().with_flag(name.clone()),
            plain.clone().with_flag(name.clone()),
            plain.clone().with_flag(name.clone()).with_flag(name.clone()),
        ];
        for value in STRANGE {
            strange.push(offer.clone().with_value(name.clone(), value));
            strange.push(plain.clone().with_value(name.clone(), value));
        }
        for params in strange {
            shown(config, &params)?;
        }
    }
    let Some((answer, _)) = shown(config, offer)? else { return Ok(()) };
    for (name, value) in answer.iter() {
        let (name, value) = (name.to_string(), value.map(ToString::to_string));
        let again = match value {
            Some(value) => answer.clone().with_value(name, value),
            None => answer.clone().with_flag(name),
        };
        shown(config, &again)?;
    }
    for params in [answer.clone().with_flag(UNKNOWN), answer.with_value(UNKNOWN, "1")] {
        shown(config, &params)?;
    }
    Ok(())
}

/// Passes an element to a server, as an offer, and to a client, as an answer. Returns the server's answer.
///
/// Parameters that no specification can have defined must not be agreed to.
fn shown(
    config: &dyn ExtensionConfig,
    params: &Params<'static>,
) -> Result<Option<(Params<'static>, Box<dyn Extension>)>, Violation> {
    let text = params.to_string();
    let answer = catching_panics(Rule::JudgesStrangers, &text, || config.answer(params))?;
    if let Some((answer, _)) = answer.as_ref().filter(|(answer, _)| !answer.is_valid()) {
        return Err(Violation::new(Rule::Grammar, format!("{text} was answered with {answer}")));
    }
    let agreed = catching_panics(Rule::JudgesStrangers, &text, || config.agree(params))?.is_ok();
    let names: Vec<_> = params.iter().map(|(name, _)| name).collect();
    let is_repeated = |name: &&str| names.iter().filter(|other| other == &name).count() > 1;
    let is_wrong = names.contains(&UNKNOWN) || names.iter().any(is_repeated);
    match (is_wrong, &answer, agreed) {
        (true, Some(_), _) => {
            Err(Violation::new(Rule::JudgesStrangers, format!("a server accepts the offer {text}")))
        }
        (true, _, true) => {
            Err(Violation::new(Rule::JudgesStrangers, format!("a client accepts the answer {text}")))
        }
        _ => Ok(answer),
    }
}
