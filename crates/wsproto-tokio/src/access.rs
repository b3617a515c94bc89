//! Access to a connection: by its one owner, or by several.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use wsproto::Bytes;

use crate::{parties::Party, pump::Pump};

/// A connection that several have access to: two halves, or a program and what shuts it down.
///
/// The lock is never held while anybody waits.
pub(crate) struct Shared<S> {
    pump: Mutex<Pump<S>>,
    /// What doesn't change once it is open.
    subprotocol: Option<Box<str>>,
}

impl<S> Shared<S> {
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut Pump<S>) -> T) -> T {
        action(&mut self.pump.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A connection as its owner holds it, or one of its owners.
pub(crate) enum Access<S> {
    /// One task at a time polls it: its wakers are all that is needed.
    Own(Box<Pump<S>>),
    Shared(Arc<Shared<S>>),
}

impl<S> Access<S> {
    pub(crate) fn with<T>(&mut self, action: impl FnOnce(&mut Pump<S>) -> T) -> T {
        match self {
            Self::Own(pump) => pump.act(action),
            Self::Shared(shared) => shared.with(|pump| pump.act(action)),
        }
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Pump<S>) -> T) -> T {
        match self {
            Self::Own(pump) => look(pump),
            Self::Shared(shared) => shared.with(|pump| look(pump)),
        }
    }

    #[inline]
    pub(crate) fn poll<T>(
        &mut self,
        party: Party,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Pump<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match self {
            Self::Own(pump) => poll(pump, cx),
            Self::Shared(shared) => shared.with(|pump| pump.poll_for(party, cx, poll)),
        }
    }

    /// Polls for one of two tasks, also where there is one owner: a lock of the program's may give each its turns.
    pub(crate) fn poll_apart<T>(
        &mut self,
        party: Party,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Pump<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match self {
            Self::Own(pump) => pump.poll_for(party, cx, poll),
            Self::Shared(shared) => shared.with(|pump| pump.poll_for(party, cx, poll)),
        }
    }

    pub(crate) fn subprotocol(&self) -> Option<&str> {
        match self {
            Self::Own(pump) => pump.driver.connection().subprotocol(),
            Self::Shared(shared) => shared.subprotocol.as_deref(),
        }
    }

    /// Makes it one that can be shared.
    pub(crate) fn into_shared(self) -> Arc<Shared<S>> {
        match self {
            Self::Own(pump) => {
                let subprotocol = pump.driver.connection().subprotocol().map(Box::from);
                Arc::new(Shared { pump: Mutex::new(*pump), subprotocol })
            }
            Self::Shared(shared) => shared,
        }
    }

    /// Makes it one of a single owner again, if nobody else has access.
    pub(crate) fn into_own(self) -> Self {
        match self {
            Self::Own(_) => self,
            Self::Shared(shared) => match Arc::try_unwrap(shared) {
                Ok(shared) => {
                    Self::Own(Box::new(shared.pump.into_inner().unwrap_or_else(PoisonError::into_inner)))
                }
                Err(shared) => Self::Shared(shared),
            },
        }
    }

    /// Takes the connection apart, if nobody else has access.
    pub(crate) fn into_parts(self) -> Result<(S, Bytes), Self> {
        match self.into_own() {
            Self::Own(pump) => Ok(pump.into_parts()),
            shared @ Self::Shared(_) => Err(shared),
        }
    }

    /// Tells whether both are access to the same connection.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Shared(one), Self::Shared(other)) if Arc::ptr_eq(one, other))
    }
}
