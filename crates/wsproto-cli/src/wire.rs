//! Explains a connection: bytes of both directions go in as [`Chunk`]s, [`Record`]s come out.
//!
//! Only this module looks at a connection from outside. `connect --wire` and the page of `serve` feed it with the bytes
//! of a tapped stream, `explain` with a recording. It judges as an endpoint would: a
//! [`Connection`](wsproto::Connection) in the role of the receiver receives each direction.

mod agreement;
mod chunk;
mod ends;
mod explainer;
mod frames;
mod head;
mod judge;
mod line;
mod numbered;
mod opening;
mod preview;
mod recent;
mod record;
mod rule;
pub(crate) mod session;
mod shape;
mod tap;

pub(crate) use self::{
    agreement::check_extensions,
    chunk::{Chunk, Sender, Tapped},
    explainer::{Explainer, Start},
    head::{fields as head_fields, list as head_list},
    line::{Line, Placed},
    numbered::{Begun, Numbered},
    preview::{hex, unhex},
    record::{
        Agreed, Answer, Broken, CloseBody, Context, Cut, End, Field, Frame, Gap, Handshake, Message, Preview,
        Record, State,
    },
    tap::Tap,
};
