//! permessage-deflate: messages compressed with DEFLATE.
//!
//! [`DeflateConfig`] negotiates, as an [`ExtensionConfig`](crate::ExtensionConfig). [`PermessageDeflate`] is the agreed
//! [`Extension`](crate::Extension), and can compress and decompress whole messages by itself. Nothing is allocated
//! before the first compressed message, and inflated messages come out in pieces.
//!
//! [RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)

mod backend;
mod config;
mod error;
mod extension;
mod inflate;
mod parameters;
mod pool;
mod receiver;
mod sender;
mod window;

pub use backend::Backend;
pub use config::DeflateConfig;
pub use error::DeflateError;
pub use extension::PermessageDeflate;
pub use parameters::DeflateParams;
pub use pool::Pool;
pub use window::WindowBits;

/// The extension's registered name.
pub const NAME: &str = "permessage-deflate";

#[cfg(test)]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "the fuzz targets use the rest of it")]
#[path = "../tests/deflate_streams/mod.rs"]
mod streams;
#[cfg(test)]
mod tests;
