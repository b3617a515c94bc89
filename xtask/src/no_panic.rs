//! Proves by linking that no panic can be reached from what reads a peer's bytes, and none of it needs a heap: the
//! library in xtask/no-panic calls undefined symbols where one could. A panic put in must keep it from linking.

use crate::process::{self, quoted};

/// The symbol that the library's panic handler calls.
const SYMBOL: &str = "a_panic_can_be_reached";

/// Runs the job.
///
/// # Errors
///
/// What the linker said, or that a panic has gone unnoticed.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let (linked, said) = process::output(&command(""))?;
    if !linked {
        println!("{said}");
        return Err(
            if said.contains(SYMBOL) { "a panic can be reached" } else { "no-panic: see above" }.into()
        );
    }
    let (linked, said) = process::output(&command("--features panics"))?;
    if linked || !said.contains(SYMBOL) {
        println!("{said}");
        return Err("a panic that was put in has gone unnoticed".to_owned());
    }
    println!("links as it is, and not with a panic put in");
    Ok(())
}

fn command(features: &str) -> String {
    let target = process::target_dir().join("no-panic");
    let package = "--quiet --locked --release --manifest-path xtask/no-panic/Cargo.toml";
    let linking = "-C link-arg=-nostartfiles -C link-arg=-Wl,-z,defs";
    format!("cargo rustc {package} {features} --target-dir {} -- {linking}", quoted(&target))
}
