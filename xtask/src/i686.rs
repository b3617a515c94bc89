//! `cargo xtask i686`: the crates' tests as a program of 32 bits, which this machine runs as it is. What takes a
//! length of 64 bits for one of the machine shows there.

use std::time::Duration;

use crate::process;

const TARGET: &str = "i686-unknown-linux-gnu";

/// How long an installation may take.
const INSTALLING: Duration = Duration::from_secs(240);

/// Makes sure of the target and of a C compiler that links for it.
///
/// # Errors
///
/// Why they can't be had.
pub(crate) fn available() -> Result<(), String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("only x86_64 Linux runs programs of 32 bits as they are".to_owned());
    }
    process::run_within(&format!("rustup target add {TARGET}"), INSTALLING)?;
    if links() {
        return Ok(());
    }
    let (_, user) = process::output("id -u")?;
    if user.trim() != "0" {
        return Err("cc -m32 does not link: gcc-multilib is missing".to_owned());
    }
    process::run_within("apt-get install --yes --quiet gcc-multilib", INSTALLING)
}

/// Runs the job.
///
/// # Errors
///
/// The command that failed.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    available()?;
    test()
}

/// Runs the tests.
///
/// # Errors
///
/// The command, when one of them failed.
pub(crate) fn test() -> Result<(), String> {
    process::run(&format!("cargo test --all-features --lib --tests --target {TARGET}"))
}

/// Whether the C compiler links a library of 32 bits, with nothing of its own in it.
fn links() -> bool {
    process::succeeds("cc -m32 -shared -o /dev/null -x c /dev/null")
}
