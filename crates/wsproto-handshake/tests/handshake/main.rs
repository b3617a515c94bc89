//! The opening handshake as callers see it: valid and invalid heads, in every split, and the answers to them.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod client_answers;
#[cfg(test)]
mod client_requests;
#[cfg(test)]
mod client_upgrade;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod proxies;
#[cfg(test)]
mod server_answers;
#[cfg(test)]
mod server_requests;
#[cfg(test)]
mod states;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod urls;
