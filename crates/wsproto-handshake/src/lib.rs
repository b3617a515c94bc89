#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod body;
mod client;
mod error;
mod head;
mod headers;
mod host;
mod known;
mod limits;
mod list;
mod origin;
mod request;
mod response;
mod server;
mod syntax;
mod token;
mod wire;

pub use client::{Answer, ClientHandshake, ClientState};
pub use error::{HeadError, LocalError, OriginError, RequestError, ResponseError};
pub use headers::{Headers, Iter};
pub use limits::HandshakeLimits;
pub use list::split_list;
pub use origin::check_origin;
pub use request::Request;
pub use response::{AcceptConnection, RejectConnection, RejectData};
pub use server::{ServerHandshake, ServerState};
pub use token::{AcceptToken, accept_token, generate_key};
