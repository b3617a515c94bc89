#![doc = include_str!("../README.md")]
#![no_std]
// No byte of a peer may cause a panic; tests may panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

extern crate alloc;

mod body;
mod client;
mod credentials;
mod error;
mod extension;
mod head;
mod headers;
mod host;
mod http_request;
mod known;
mod limits;
mod list;
mod origin;
mod proxy;
mod request;
mod response;
mod server;
mod syntax;
mod target;
mod token;
mod upgrade;
mod url;
mod wire;

pub use client::{Answer, ClientHandshake, ClientState};
pub use credentials::basic_credentials;
pub use error::{HeadError, LocalError, OriginError, RequestError, ResponseError, UrlError};
pub use headers::{Headers, IntoIter, Iter};
pub use http_request::HttpRequest;
pub use limits::HandshakeLimits;
pub use list::split_list;
pub use origin::{check_origin, check_same_host};
pub use proxy::{Proxy, ProxyError, ProxyHandshake};
pub use request::Request;
pub use response::{AcceptConnection, RejectConnection, RejectData};
pub use server::{ServerHandshake, ServerState};
pub use token::{AcceptToken, accept_token, generate_key};
#[cfg(feature = "http")]
pub use upgrade::HttpHead;
pub use upgrade::{
    ClientUpgrade, HttpVersion, RequestHead, Upgrade, UpgradeError, UpgradeRequest, UpgradeResponse,
};
pub use url::WebSocketUrl;
