//! The pool without `std`: there is no lock to share by, so each connection keeps its own compressor.

use super::super::backend::{Compressor, Kind};
use super::Loan;

/// The shared part, which is empty.
pub(in super::super) struct Contexts;

/// The compressor of a connection.
#[derive(Default)]
pub(in super::super) struct Claim {
    compressor: Option<Compressor>,
    /// Whether the connection keeps it, even while it is lent.
    has_place: bool,
}

impl Claim {
    pub(in super::super) const fn has_place(&self) -> bool {
        self.has_place
    }

    fn keep(&mut self, compressor: Compressor) {
        self.compressor = Some(compressor);
    }
}

#[expect(clippy::unused_self, reason = "what is shared needs it")]
impl Contexts {
    pub(super) const fn new(_: usize) -> Self {
        Self
    }

    pub(super) fn lend(&self, claim: &mut Claim, kind: Kind, _: bool) -> Loan {
        claim.has_place = true;
        let compressor = claim.compressor.take().unwrap_or_else(|| Compressor::new(kind));
        Loan { compressor, keeps_context: true }
    }

    pub(super) fn lend_spare(&self, kind: Kind) -> Compressor {
        Compressor::new(kind)
    }

    pub(super) fn put(&self, claim: &mut Claim, compressor: Compressor) {
        claim.keep(compressor);
    }

    pub(super) fn put_spare(&self, _: Compressor) {}

    pub(super) fn release(&self, claim: &mut Claim) {
        *claim = Claim::default();
    }
}
