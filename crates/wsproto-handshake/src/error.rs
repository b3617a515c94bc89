//! What can go wrong, split by whose fault it is; one variant for each broken rule.

mod head;
mod local;
mod request;
mod response;

pub use self::{head::HeadError, local::LocalError, request::RequestError, response::ResponseError};
pub use crate::origin::OriginError;
