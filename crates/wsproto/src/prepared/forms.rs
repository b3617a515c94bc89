//! The forms of a message for several sets of extensions. Each form is made once.

use alloc::{boxed::Box, vec::Vec};

use wsproto_extensions::{ExtensionError, Pipeline};

use super::Transformed;

pub(super) use self::list::Forms;

/// The names and [keys](wsproto_extensions::Extension::outbound_key) of a set of extensions.
#[derive(Clone)]
struct Keys(Vec<(Box<str>, u128)>);

impl Keys {
    /// Returns the keys; `None` where the output of an extension depends on earlier messages.
    fn of(extensions: &Pipeline) -> Option<Self> {
        let with_key = |(name, key): (&str, Option<u128>)| key.map(|key| (Box::from(name), key));
        extensions.outbound_keys().map(with_key).collect::<Option<_>>().map(Self)
    }

    fn are_of(&self, extensions: &Pipeline) -> bool {
        self.0.iter().map(|(name, key)| (&**name, Some(*key))).eq(extensions.outbound_keys())
    }
}

#[cfg(feature = "std")]
mod list {
    extern crate std;

    use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

    use super::{ExtensionError, Keys, Pipeline, Transformed, Vec};

    /// A list that grows under a lock. The lock is free while a form is made.
    #[derive(Default)]
    pub(in super::super) struct Forms(Mutex<Vec<Arc<Form>>>);

    struct Form {
        extensions: Keys,
        transformed: OnceLock<Transformed>,
        /// Locked while the form is made: threads that need the same form wait here.
        making: Mutex<()>,
    }

    impl Forms {
        pub(in super::super) fn find_or_make(
            &self,
            extensions: &mut Pipeline,
            make: impl FnOnce(&mut Pipeline) -> Result<Transformed, ExtensionError>,
        ) -> Result<Transformed, ExtensionError> {
            if let Some(transformed) = self.ready(extensions) {
                return Ok(transformed);
            }
            let Some(form) = self.form_of(extensions) else { return make(extensions) };
            let _making = lock(&form.making);
            match form.transformed.get() {
                Some(transformed) => Ok(transformed.clone()),
                None => {
                    make(extensions).map(|transformed| form.transformed.get_or_init(|| transformed).clone())
                }
            }
        }

        pub(in super::super) fn make_ahead(
            &mut self,
            extensions: &mut Pipeline,
            make: impl FnOnce(&mut Pipeline) -> Result<Transformed, ExtensionError>,
        ) -> Result<(), ExtensionError> {
            match self.form_of(extensions) {
                Some(_) => self.find_or_make(extensions, make).map(|_| ()),
                None => Ok(()),
            }
        }

        /// Returns the form for these extensions, if it is made already.
        #[inline]
        fn ready(&self, extensions: &Pipeline) -> Option<Transformed> {
            let forms = lock(&self.0);
            let form = forms.iter().find(|form| form.extensions.are_of(extensions))?;
            form.transformed.get().cloned()
        }

        /// Returns the place of a form, made or not, or `None` where others can't use the form.
        fn form_of(&self, extensions: &Pipeline) -> Option<Arc<Form>> {
            let mut forms = lock(&self.0);
            if let Some(form) = forms.iter().find(|form| form.extensions.are_of(extensions)) {
                return Some(Arc::clone(form));
            }
            let extensions = Keys::of(extensions)?;
            let form = Form { extensions, transformed: OnceLock::new(), making: Mutex::default() };
            let form = Arc::new(form);
            forms.push(Arc::clone(&form));
            Some(form)
        }

        pub(in super::super) fn len(&self) -> usize {
            lock(&self.0).len()
        }
    }

    impl Clone for Forms {
        fn clone(&self) -> Self {
            Self(Mutex::new(lock(&self.0).clone()))
        }
    }

    /// A panic of a third-party extension leaves a form that isn't made yet, and a consistent list.
    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(not(feature = "std"))]
mod list {
    use super::{ExtensionError, Keys, Pipeline, Transformed, Vec};

    /// The forms that were made in advance.
    #[derive(Clone, Default)]
    pub(in super::super) struct Forms(Vec<(Keys, Transformed)>);

    impl Forms {
        pub(in super::super) fn find_or_make(
            &self,
            extensions: &mut Pipeline,
            make: impl FnOnce(&mut Pipeline) -> Result<Transformed, ExtensionError>,
        ) -> Result<Transformed, ExtensionError> {
            match self.0.iter().find(|(keys, _)| keys.are_of(extensions)) {
                Some((_, transformed)) => Ok(transformed.clone()),
                None => make(extensions),
            }
        }

        pub(in super::super) fn make_ahead(
            &mut self,
            extensions: &mut Pipeline,
            make: impl FnOnce(&mut Pipeline) -> Result<Transformed, ExtensionError>,
        ) -> Result<(), ExtensionError> {
            if self.0.iter().all(|(keys, _)| !keys.are_of(extensions))
                && let Some(keys) = Keys::of(extensions)
            {
                self.0.push((keys, make(extensions)?));
            }
            Ok(())
        }

        pub(in super::super) const fn len(&self) -> usize {
            self.0.len()
        }
    }
}
