//! What can go wrong, split by whose fault it is; one variant for each broken rule.

mod head;
mod local;
mod request;
mod response;
mod url;

pub use self::{
    head::HeadError, local::LocalError, request::RequestError, response::ResponseError, url::UrlError,
};
pub use crate::origin::OriginError;
