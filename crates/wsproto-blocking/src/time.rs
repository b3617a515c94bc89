//! Time: a clock, and the time-outs of a stream.

use std::{
    io,
    time::{Duration, Instant},
};

/// The shortest limit of a call. A check for available bytes takes this long if there are none.
pub(crate) const LEAST_LIMIT: Duration = Duration::from_millis(1);

/// The time since a WebSocket began; without deadlines no clock is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Option<Instant>);

impl Clock {
    /// Starts the clock, if it is needed.
    pub(crate) fn new(is_needed: bool) -> Self {
        Self(is_needed.then(Instant::now))
    }

    pub(crate) fn now(self) -> Duration {
        self.0.map_or(Duration::ZERO, |start| start.elapsed())
    }
}

/// The time-out of one direction of a stream. A time-out that the program has set stays until there is a deadline.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    set: Option<Duration>,
}

impl Limit {
    /// Makes calls block at most for `wanted`. Unless the limit must be exact, a slightly shorter one may stay, so that
    /// it isn't set for each call.
    pub(crate) fn set(
        &mut self,
        wanted: Option<Duration>,
        is_exact: bool,
        set: impl FnOnce(Option<Duration>) -> io::Result<()>,
    ) -> io::Result<()> {
        let wanted = wanted.map(|wanted| wanted.max(LEAST_LIMIT));
        let margin = |of: Duration| if is_exact { Duration::ZERO } else { part(of, 8) };
        let may_stay = match (self.set, wanted) {
            (Some(set), Some(wanted)) => set <= wanted && set >= wanted.saturating_sub(margin(wanted)),
            (None, None) => true,
            _ => false,
        };
        if !may_stay {
            let wanted = wanted.map(|wanted| wanted.saturating_sub(part(margin(wanted), 2)).max(LEAST_LIMIT));
            set(wanted)?;
            self.set = wanted;
        }
        Ok(())
    }

    /// Returns whether a call that gave up after `waited` didn't wait at all: then the stream doesn't block, or it has
    /// a time-out of the program.
    pub(crate) fn was_ignored(&self, waited: Duration) -> bool {
        self.set.is_none_or(|limit| waited < part(limit, 2))
    }
}

/// Divides a time.
pub(crate) fn part(of: Duration, count: u32) -> Duration {
    of.checked_div(count).unwrap_or(of)
}

/// Returns whether an error means that nothing can be read or written now.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_set_where_it_would_be_too_long_or_much_too_short() {
        let ms = Duration::from_millis;
        #[rustfmt::skip]
        let table = [
            // name                    is set           wanted           exact   set anew
            ("none, as before",        None,            None,            false,  None),
            ("first",                  None,            Some(ms(1600)),  false,  Some(Some(ms(1500)))),
            ("first, exact",           None,            Some(ms(1600)),  true,   Some(Some(ms(1600)))),
            ("shorter by little",      Some(ms(1500)),  Some(ms(1599)),  false,  None),
            ("shorter by an eighth",   Some(ms(1400)),  Some(ms(1600)),  false,  None),
            ("shorter by more",        Some(ms(1399)),  Some(ms(1600)),  false,  Some(Some(ms(1500)))),
            ("shorter, exact",         Some(ms(1599)),  Some(ms(1600)),  true,   Some(Some(ms(1600)))),
            ("the same",               Some(ms(1600)),  Some(ms(1600)),  true,   None),
            ("longer",                 Some(ms(1601)),  Some(ms(1600)),  false,  Some(Some(ms(1500)))),
            ("no more",                Some(ms(1600)),  None,            false,  Some(None)),
            ("passed",                 None,            Some(ms(0)),     true,   Some(Some(ms(1)))),
        ];
        for (name, is_set, wanted, is_exact, expected) in table {
            let (mut limit, mut anew) = (Limit { set: is_set }, None);
            limit
                .set(wanted, is_exact, |wanted| {
                    anew = Some(wanted);
                    Ok(())
                })
                .unwrap();
            assert_eq!(anew, expected, "{name}");
            assert_eq!(limit.set, expected.unwrap_or(is_set), "{name}");
        }
    }
}
