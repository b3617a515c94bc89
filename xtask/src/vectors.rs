//! Runs the scripts of the committed vectors on Python wsproto again, and writes what it does. The facade's tests replay
//! them. `--excused` renews the list of steps at which we differ, as differences.toml permits: read each new line.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{self, quoted};
use crate::tools;

const RECORDER: &str = "xtask/vectors/record.py";
const VECTORS: &str = "crates/wsproto/tests/vectors";
/// Says which versions wrote the vectors.
const MADE_WITH: &str = "made-with.txt";
/// The one file that another zlib may write differently.
const COMPRESSED: &str = "compressed.json";

/// Runs the job.
///
/// # Errors
///
/// The command that failed, or the files that `--check` found to be others.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| arg == "--excused") {
        return write_excused();
    }
    let python = tools::folder("vectors-python").join("venv/bin/python");
    let written = process::target_dir().join("vectors");
    let line = format!("{} {RECORDER} {} {}", quoted(&python), quoted(&committed()), quoted(&written));
    process::run(&line)?;
    if args.iter().any(|arg| arg == "--check") {
        return check(&written);
    }
    for name in names(&written)? {
        let to = committed().join(&name);
        fs::copy(written.join(&name), &to).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    Ok(())
}

/// Has the test list where we differ. Both runs add to the list: some steps differ only without a feature.
fn write_excused() -> Result<(), String> {
    ["", "--all-features"].iter().try_for_each(|features| {
        let test = "--test vectors as_python_wsproto_does -- --exact";
        let line = format!("cargo test --quiet --locked -p wsproto {features} {test}");
        process::run_with(&line, &[("WSPROTO_WRITE_EXCUSED", "1")])
    })
}

/// Compares what was written with what is committed.
fn check(written: &Path) -> Result<(), String> {
    let same = |name: &str| {
        let read = |folder: &Path| fs::read(folder.join(name)).ok();
        read(written) == read(&committed())
    };
    let same_zlib = same(MADE_WITH);
    if !same_zlib {
        println!("SKIP {COMPRESSED}: written with other versions, see {MADE_WITH}");
    }
    let others = names(written)?;
    let others = others.iter().filter(|name| same_zlib || ![COMPRESSED, MADE_WITH].contains(&name.as_str()));
    let others: Vec<&str> = others.filter(|name| !same(name)).map(String::as_str).collect();
    match others.as_slice() {
        [] => Ok(()),
        others => Err(format!("not as {RECORDER} writes them: {}", others.join(", "))),
    }
}

fn committed() -> PathBuf {
    process::root().join(VECTORS)
}

/// The names of the files in a folder.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    entries
        .map(|entry| {
            let entry = entry.map_err(|error| format!("{}: {error}", folder.display()))?;
            Ok(entry.file_name().to_string_lossy().into_owned())
        })
        .collect()
}
