//! Access to a connection, by one owner or by several.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use wsproto::Bytes;

use crate::{
    parties::{Parties, Party},
    pump::Pump,
};

/// A connection with several owners: two halves, or a program and a [`Shutdown`](crate::Shutdown).
///
/// The lock is never held while a task waits or is woken.
pub(crate) struct Shared<S> {
    pump: Mutex<Pump<S>>,
    parties: Parties,
    /// Fixed once the connection is open.
    subprotocol: Option<Box<str>>,
}

impl<S> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, Pump<S>> {
        self.pump.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Pump<S>) -> T) -> T {
        look(&self.lock())
    }

    /// Does something at once, and wakes the waiting tasks for which it made progress.
    pub(crate) fn act<T>(&self, action: impl FnOnce(&mut Pump<S>) -> T) -> T {
        self.parties.act(|| self.lock(), action)
    }

    /// Polls for one of the waiting tasks, and wakes the others if it made progress for them.
    #[inline]
    pub(crate) fn poll<T>(
        &self,
        party: Party,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Pump<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.parties.poll(party, cx, || self.lock(), poll)
    }
}

/// An owner's access to a connection.
pub(crate) enum Access<S> {
    /// One task at a time polls it, so the wakers of stream and timer are enough.
    Own(Box<Pump<S>>),
    Shared(Arc<Shared<S>>),
}

impl<S> Access<S> {
    pub(crate) fn with<T>(&mut self, action: impl FnOnce(&mut Pump<S>) -> T) -> T {
        match self {
            Self::Own(pump) => match pump.parties().cloned() {
                Some(parties) => parties.act(|| &mut **pump, action),
                None => action(pump),
            },
            Self::Shared(shared) => shared.act(action),
        }
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Pump<S>) -> T) -> T {
        match self {
            Self::Own(pump) => look(pump),
            Self::Shared(shared) => shared.look(look),
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
            Self::Shared(shared) => shared.poll(party, cx, poll),
        }
    }

    /// Polls for one of two tasks, even if there is one owner: a lock of the program may let two tasks take turns.
    pub(crate) fn poll_apart<T>(
        &mut self,
        party: Party,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Pump<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match self {
            Self::Own(pump) => {
                let parties = Arc::clone(pump.parties_mut());
                parties.poll(party, cx, || &mut **pump, poll)
            }
            Self::Shared(shared) => shared.poll(party, cx, poll),
        }
    }

    pub(crate) fn subprotocol(&self) -> Option<&str> {
        match self {
            Self::Own(pump) => pump.driver.connection().subprotocol(),
            Self::Shared(shared) => shared.subprotocol.as_deref(),
        }
    }

    /// Turns the access into one that can be shared.
    pub(crate) fn into_shared(self) -> Arc<Shared<S>> {
        match self {
            Self::Own(pump) => {
                let subprotocol = pump.driver.connection().subprotocol().map(Box::from);
                Arc::new(Shared { pump: Mutex::new(*pump), parties: Parties::default(), subprotocol })
            }
            Self::Shared(shared) => shared,
        }
    }

    /// Turns the access into that of a single owner, if there is no other owner.
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

    /// Returns the stream and the unread bytes, if there is no other owner.
    pub(crate) fn into_parts(self) -> Result<(S, Bytes), Self> {
        match self.into_own() {
            Self::Own(pump) => Ok(pump.into_parts()),
            shared @ Self::Shared(_) => Err(shared),
        }
    }

    /// Returns whether both belong to the same connection.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Shared(one), Self::Shared(other)) if Arc::ptr_eq(one, other))
    }
}
