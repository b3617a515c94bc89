//! `cargo xtask miri [CRATE…]`: the tests of the three lower crates in Miri, which stops at undefined behaviour, on a
//! machine like this one and on one whose words are big-endian. Few random cases: Miri is some thousand times slower.
//! It installs nothing; without a nightly Rust and Miri it says what is missing.

use crate::process;

/// What each crate is built with; those who wrote the other features' libraries run them in Miri themselves.
const CRATES: [(&str, &str); 3] =
    [("wsproto-frame", ""), ("wsproto-handshake", ""), ("wsproto-extensions", "--features deflate")];

/// Little-endian and big-endian.
const TARGETS: [&str; 2] = ["x86_64-unknown-linux-gnu", "s390x-unknown-linux-gnu"];

/// Few cases; the files that tests read are there.
const VARIABLES: [(&str, &str); 2] = [("PROPTEST_CASES", "4"), ("MIRIFLAGS", "-Zmiri-disable-isolation")];

/// Runs the job.
///
/// # Errors
///
/// The crates and targets that failed, one a line; a crate that isn't known.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let names = CRATES.map(|(name, _)| name);
    if let Some(other) = args.iter().find(|arg| !names.contains(&arg.as_str())) {
        return Err(format!("miri does not know {other}: {}", names.join(", ")));
    }
    if !process::succeeds("cargo +nightly miri --version") {
        println!("SKIP: no Miri: rustup component add miri rust-src --toolchain nightly");
        return Ok(());
    }
    let folder = process::target_dir().join("miri");
    let mut problems = Vec::new();
    for target in TARGETS {
        for (name, features) in CRATES {
            if args.is_empty() || args.iter().any(|arg| arg == name) {
                let tests = "--no-default-features --lib --tests --target-dir";
                let line = format!(
                    "cargo +nightly miri test -p {name} {features} --target {target} {tests} {}",
                    folder.display()
                );
                problems.extend(process::run_with(&line, &VARIABLES).err());
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}
