//! The result, for people and for machines.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::atomic::Ordering,
    time::Duration,
};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{plan::Plan, tally::Tally};
use crate::{
    exit::{Failure, Status},
    visible::escape_json,
};

/// How many lines the histogram has at most, and how long its longest bar is.
const ROWS: u32 = 16;
const BAR: u64 = 40;

/// What became of the connections.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) asked: u32,
    pub(super) opened: u32,
    pub(super) failed: u32,
    pub(super) lost: u32,
    /// Connections that got a wrong answer.
    pub(super) wrong: u32,
    /// Those that were open and have ended, whatever the reason.
    pub(super) ended: u32,
    /// Messages without an answer.
    pub(super) unanswered: u64,
    /// Messages that were due and not sent.
    pub(super) unsent: u64,
    /// Why connections failed or were lost, and how often.
    pub(super) reasons: BTreeMap<String, u32>,
    pub(super) extensions: Vec<String>,
    /// How long it ran, where it was told to end.
    pub(super) interrupted: Option<Duration>,
}

impl Counts {
    /// Returns the status to exit with: what is worst.
    pub(super) const fn status(&self) -> Status {
        if self.wrong > 0 {
            Status::Broken
        } else if self.interrupted.is_some() {
            Status::Interrupted
        } else if self.failed > 0 {
            Status::Unreachable
        } else if self.lost > 0 {
            Status::Abnormal
        } else if self.unanswered > 0 || self.ended < self.opened {
            Status::TimedOut
        } else {
            Status::Clean
        }
    }
}

/// The result.
#[derive(Serialize)]
pub(super) struct Report {
    url: String,
    connections: Connections,
    extensions: Vec<String>,
    kind: &'static str,
    size: usize,
    window: usize,
    /// Messages a second that were asked for; none in a closed loop.
    rate: Option<u32>,
    seconds: f64,
    messages: Messages,
    messages_per_second: f64,
    /// Payload in one direction, 1 000 000 bytes.
    megabytes_per_second: f64,
    /// Microseconds. None where nothing came.
    latency_us: Option<Latency>,
    /// Whether latencies hide stalls.
    closed_loop: bool,
    interrupted: bool,
    reasons: BTreeMap<String, u32>,
    #[serde(skip)]
    times: Histogram<u64>,
}

#[derive(Serialize)]
struct Connections {
    asked: u32,
    opened: u32,
    failed: u32,
    lost: u32,
    wrong: u32,
    /// Had not ended when the last of their time was over.
    unended: u32,
}

#[derive(Serialize)]
struct Messages {
    sent: u64,
    /// Within the time.
    answered: u64,
    unanswered: u64,
    unsent: u64,
}

#[derive(Serialize)]
struct Latency {
    min: f64,
    mean: f64,
    p50: f64,
    p90: f64,
    p99: f64,
    #[serde(rename = "p99.9")]
    p999: f64,
    max: f64,
}

impl Report {
    pub(super) fn new(plan: &Plan, counts: &Counts, tally: &Tally) -> Result<Self, Failure> {
        let times = tally.times().ok_or_else(|| Failure::new(Status::Local, "there is no histogram"))?;
        let (sent, answered) = (tally.sent.load(Ordering::Relaxed), tally.answers.load(Ordering::Relaxed));
        let seconds = counts.interrupted.unwrap_or(plan.time).as_secs_f64();
        let a_second = |count: f64| if seconds > 0.0 { count / seconds } else { 0.0 };
        let messages_per_second = a_second(float(answered));
        let size = plan.echo.size();
        let Counts { asked, opened, failed, lost, wrong, ended, .. } = *counts;
        Ok(Self {
            url: plan.url.to_string(),
            connections: Connections {
                asked,
                opened,
                failed,
                lost,
                wrong,
                unended: opened.saturating_sub(ended),
            },
            extensions: counts.extensions.clone(),
            kind: if plan.echo.is_binary() { "binary" } else { "text" },
            size,
            window: plan.window,
            rate: plan.rate,
            seconds,
            messages: Messages { sent, answered, unanswered: counts.unanswered, unsent: counts.unsent },
            messages_per_second,
            megabytes_per_second: messages_per_second * float(u64::try_from(size).unwrap_or(u64::MAX)) / 1e6,
            latency_us: (!times.is_empty()).then(|| Latency::of(&times)),
            closed_loop: plan.rate.is_none(),
            interrupted: counts.interrupted.is_some(),
            reasons: counts.reasons.clone(),
            times,
        })
    }

    /// Writes it for machines: one line.
    pub(super) fn json(&self) -> Result<String, Failure> {
        let text = serde_json::to_string(self)
            .map_err(|error| Failure::new(Status::Local, format_args!("can't write JSON: {error}")))?;
        Ok(escape_json(&text) + "\n")
    }
}

impl Latency {
    fn of(times: &Histogram<u64>) -> Self {
        let micros = |nanos: u64| float(nanos) / 1e3;
        let at = |quantile| micros(times.value_at_quantile(quantile));
        Self {
            min: micros(times.min()),
            mean: times.mean() / 1e3,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: micros(times.max()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, kind, size, window, seconds, connections, messages, .. } = self;
        write!(f, "{url}: {kind} messages of {size} bytes, at most {window} under way on a connection, ")?;
        match self.rate {
            Some(rate) => writeln!(f, "{rate} a second, {seconds:.1} s")?,
            None => writeln!(f, "{seconds:.1} s")?,
        }
        let extensions = crate::visible::escape(&self.extensions.join(", "), 200);
        writeln!(f, "extensions   {}", if extensions.is_empty() { "none" } else { &extensions })?;
        let Connections { asked, opened, failed, lost, wrong, unended } = connections;
        write!(f, "connections  {asked} asked, {opened} opened, {failed} failed, {lost} lost")?;
        if *wrong > 0 {
            write!(f, ", {wrong} with a WRONG ANSWER")?;
        }
        if *unended > 0 {
            write!(f, ", {unended} not closed in time")?;
        }
        writeln!(f)?;
        for (reason, count) in &self.reasons {
            writeln!(f, "             {count} x {}", reason.replace('\n', "\n               "))?;
        }
        let Messages { sent, answered, unanswered, unsent } = messages;
        write!(f, "messages     {sent} sent, {answered} answered in time")?;
        if *unanswered > 0 {
            write!(f, ", {unanswered} not answered")?;
        }
        if *unsent > 0 {
            write!(f, ", {unsent} due but not sent")?;
        }
        writeln!(f)?;
        let (messages, megabytes) = (self.messages_per_second, self.megabytes_per_second);
        writeln!(f, "throughput   {messages:.0} messages/s, {megabytes:.2} MB/s in each direction")?;
        self.latencies(f)
    }
}

impl Report {
    fn latencies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(latency) = &self.latency_us else { return Ok(()) };
        let Latency { min, mean, p50, p90, p99, p999, max } = *latency;
        writeln!(f, "latency      min {}, mean {}, max {}", Time(min), Time(mean), Time(max))?;
        writeln!(
            f,
            "             50 % {}, 90 % {}, 99 % {}, 99.9 % {}",
            Time(p50),
            Time(p90),
            Time(p99),
            Time(p999)
        )?;
        if self.closed_loop {
            writeln!(
                f,
                "             A closed loop hides stalls: while the server stalls, nothing is sent that would be late."
            )?;
            writeln!(f, "             --rate sends when messages are due, and counts from that moment.")?;
        } else {
            writeln!(f, "             from the moment at which each message was due")?;
        }
        f.write_str(&bars(&self.times))
    }
}

/// Draws the histogram: each line for times up to a multiple of those of the line before.
fn bars(times: &Histogram<u64>) -> String {
    let (lowest, highest) = (times.min().max(1).ilog2(), times.max().max(1).ilog2());
    let doublings = highest.saturating_sub(lowest).saturating_add(1);
    let step = doublings.div_ceil(ROWS);
    let rows = (lowest..=highest).step_by(usize::try_from(step).unwrap_or(1)).map(|bits| {
        let below = 1_u64.checked_shl(bits.saturating_add(step)).unwrap_or(u64::MAX);
        let from = if bits == lowest { 0 } else { 1_u64.checked_shl(bits).unwrap_or(u64::MAX) };
        (below, times.count_between(from, below.saturating_sub(1)))
    });
    let rows: Vec<(u64, u64)> = rows.collect();
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let mut text = String::new();
    for (below, count) in rows {
        let bar = usize::try_from(count.saturating_mul(BAR).div_ceil(most)).unwrap_or(0);
        let part = float(count) * 100.0 / float(times.len().max(1));
        let below = Time(float(below) / 1e3).to_string();
        let line = format!("   < {below:>8} {part:>6.2} % {}", "#".repeat(bar));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// A time in microseconds, with three digits.
struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            micros if micros < 1e3 => (micros, "µs"),
            micros if micros < 1e6 => (micros / 1e3, "ms"),
            micros => (micros / 1e6, "s"),
        };
        let digits = match value {
            value if value < 10.0 => 2,
            value if value < 100.0 => 1,
            _ => 0,
        };
        write!(f, "{value:.digits$} {unit}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is for people")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_digits() {
        let table = [
            (0.5, "0.50 µs"),
            (12.34, "12.3 µs"),
            (999.0, "999 µs"),
            (1000.0, "1.00 ms"),
            (123_456.0, "123 ms"),
            (2.5e6, "2.50 s"),
        ];
        for (micros, expected) in table {
            assert_eq!(Time(micros).to_string(), expected);
        }
    }

    #[test]
    fn the_histogram_has_all_times_and_few_lines() {
        let table: [(&str, &[u64]); 4] = [
            ("one", &[1500]),
            ("two", &[1023, 1024]),
            ("far apart", &[1, 86_000_000_000_000]),
            ("powers", &[1 << 10, 1 << 11, 1 << 12, 1 << 20]),
        ];
        for (name, values) in table {
            let mut times = Histogram::new_with_bounds(1, 86_400_000_000_000, 3).unwrap();
            for value in values {
                times.record(*value).unwrap();
            }
            let text = bars(&times);
            assert!(text.lines().count() <= 16, "{name}: {text}");
            let parts =
                text.lines().map(|line| line.split_whitespace().nth(3).unwrap().parse::<f64>().unwrap());
            let sum: f64 = parts.sum();
            assert!((sum - 100.0).abs() < 0.1, "{name}: {sum}: {text}");
        }
    }

    #[test]
    fn the_status_tells_what_is_worst() {
        let clean = || Counts { asked: 2, opened: 2, ended: 2, ..Counts::default() };
        let table = [
            ("clean", clean(), Status::Clean),
            ("failed", Counts { failed: 1, lost: 1, ..clean() }, Status::Unreachable),
            ("lost", Counts { lost: 1, unanswered: 1, ..clean() }, Status::Abnormal),
            ("unanswered", Counts { unanswered: 1, ..clean() }, Status::TimedOut),
            ("not ended", Counts { ended: 1, ..clean() }, Status::TimedOut),
            ("wrong", Counts { wrong: 1, failed: 1, ..clean() }, Status::Broken),
            (
                "interrupted",
                Counts { interrupted: Some(Duration::ZERO), unanswered: 1, ..clean() },
                Status::Interrupted,
            ),
        ];
        for (name, counts, expected) in table {
            assert_eq!(counts.status(), expected, "{name}");
        }
    }
}
