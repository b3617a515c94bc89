//! The pages of `docs/` with examples that run as tests of this crate. None of it is built into the library.

#[doc = include_str!("../../../docs/guide.md")]
pub struct Guide;

#[doc = include_str!("../../../docs/from-wsproto.md")]
pub struct FromWsproto;
