//! Counts instructions: the same from run to run whatever else the machine does; time is never measured.
//!
//! The program of xtask/linear prints a line for each call of one of its functions, and callgrind counts what happens
//! within each of these calls.

use std::fs;
use std::path::Path;

use crate::process::{self, quoted};

/// The package of the program, and the function of it whose instructions are counted.
const PACKAGE: &str = "wsproto-linear";
const MEASURED: &str = "wsproto_linear::measured";

/// What callgrind counted within a call of the function.
#[derive(Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) instructions: u64,
    /// How many functions were called, those of the C library included: 0, or up to twice as many as there were.
    pub(crate) calls: u64,
}

/// Builds the program, runs it with these arguments, and joins each line that it printed with its count.
///
/// # Errors
///
/// What went wrong with building, running or reading.
pub(crate) fn count(args: &str) -> Result<Vec<(String, Counted)>, String> {
    count_of(&process::root(), &process::target_dir(), args)
}

/// The same with the sources in a folder, and what is built of them in another.
pub(crate) fn count_of(sources: &Path, target: &Path, args: &str) -> Result<Vec<(String, Counted)>, String> {
    let (manifest, folder) = (quoted(&sources.join("Cargo.toml")), quoted(target));
    let build = "cargo build --release --quiet --locked --package";
    process::run(&format!("{build} {PACKAGE} --manifest-path {manifest} --target-dir {folder}"))?;
    let folder = target.join("callgrind");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let counts = folder.join("counts");
    let options = format!("--toggle-collect={MEASURED} --dump-after={MEASURED}");
    let program = target.join("release").join(PACKAGE);
    let tool = format!("valgrind -q --tool=callgrind --callgrind-out-file={}", quoted(&counts));
    let (name, value) = process::COPIES;
    let line = format!("env {name}={value} {tool} {options} {} {args}", quoted(&program));
    let (succeeded, said) = process::output(&line)?;
    if !succeeded {
        return Err(said);
    }
    said.lines().zip(1..).map(|(line, nth)| Ok((line.to_owned(), Counted::read(&counts, nth)?))).collect()
}

impl Counted {
    /// Reads what was counted within the nth call: it is in the file `counts`.n.
    fn read(counts: &Path, nth: usize) -> Result<Self, String> {
        let path = counts.with_extension(nth.to_string());
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
        let instructions =
            total.and_then(|total| total.parse().ok()).ok_or_else(|| "callgrind gave no total".to_owned())?;
        let calls = text
            .lines()
            .filter_map(|line| line.strip_prefix("calls=")?.split(' ').next()?.parse::<u64>().ok());
        Ok(Self { instructions, calls: calls.sum() })
    }
}

/// A quotient in hundredths, rounded up.
pub(crate) fn hundredths(dividend: u64, divisor: u64) -> u64 {
    dividend.saturating_mul(100).div_ceil(divisor.max(1))
}

/// Writes hundredths as a decimal number.
pub(crate) fn shown(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
