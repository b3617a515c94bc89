//! `cargo xtask mutants [NAME…]`: changes one thing after the other in the code, and sees whether a test fails, by
//! cargo-mutants. At least 97 of a hundred changes must be noticed; tests that never end have noticed, too. It takes
//! some hours, most of which the compiler needs.

use std::fs;

use crate::process::{self, quoted};

/// The least share of changes that tests must notice, in percent.
const LEAST: usize = 97;

/// What isn't changed: `|` joins parts of a word that don't overlap, and there `^` is the same.
const EQUAL: &str = r"replace.[|].with.\^";

/// Nobody debugs what is built here, and without what a debugger needs it is built faster. Without optimisation across
/// the parts of a crate a change is built in half the time, and the tests take as long.
const VARIABLES: [(&str, &str); 2] = [("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_LTO", "off")];

/// What is changed, and the tests that have to notice: those of the crate itself, not the recorded vectors.
struct Set {
    name: &'static str,
    package: &'static str,
    /// The modules right below the crate's root; none stands for all of them.
    modules: &'static [&'static str],
    tests: &'static str,
}

const SETS: [Set; 7] = [
    Set { name: "frame", package: "wsproto-frame", modules: &[], tests: "--lib" },
    Set { name: "handshake", package: "wsproto-handshake", modules: &[], tests: "--lib --test handshake" },
    Set {
        name: "negotiation",
        package: "wsproto-extensions",
        modules: &["error", "grammar", "negotiation", "params", "reason"],
        tests: "--lib",
    },
    Set {
        name: "pipeline",
        package: "wsproto-extensions",
        modules: &["extension", "output", "pipeline", "write_buffer"],
        tests: "--lib",
    },
    Set {
        name: "deflate",
        package: "wsproto-extensions",
        modules: &["deflate"],
        tests: "--lib --test rfc7692",
    },
    Set {
        name: "conformance",
        package: "wsproto-extensions",
        modules: &["conformance"],
        tests: "--lib --test kept_memory",
    },
    Set { name: "facade", package: "wsproto", modules: &[], tests: "--lib --tests" },
];

impl Set {
    /// Writes what cargo-mutants is told about files.
    fn files(&self) -> String {
        let root = format!("crates/{}/src", self.package);
        if self.modules.is_empty() {
            return format!("-f {root}/**/*.rs");
        }
        let of_module = |module: &&str| format!("-f {root}/{module}.rs -f {root}/{module}/**/*.rs");
        self.modules.iter().map(of_module).collect::<Vec<_>>().join(" ")
    }
}

/// Runs the job.
///
/// # Errors
///
/// The sets of which too few changes were noticed, one a line; a set that isn't known.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let names = SETS.map(|set| set.name);
    if let Some(other) = args.iter().find(|arg| !names.contains(&arg.as_str())) {
        return Err(format!("mutants does not know {other}: {}", names.join(", ")));
    }
    let chosen = SETS.iter().filter(|set| args.is_empty() || args.iter().any(|arg| arg == set.name));
    let problems: Vec<String> = chosen.filter_map(|set| judge(set).err()).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Changes the code of one set, and counts what was noticed.
fn judge(set: &Set) -> Result<(), String> {
    let Set { name, package, tests, .. } = set;
    let folder = process::target_dir().join("mutants").join(name);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    // How long tests may take follows from how long they take without a change: five times that, or 20 s.
    let options = format!("--jobs 1 --no-shuffle --all-features --output {}", quoted(&folder));
    // It fails when one change goes unnoticed; what counts is how many do.
    let line = format!("cargo mutants {options} -p {package} -E {EQUAL} {} -- {tests}", set.files());
    let outcome = process::run_with(&line, &VARIABLES);
    let lines = |file: &str| -> Result<Vec<String>, String> {
        let path = folder.join("mutants.out").join(file);
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}; {outcome:?}", path.display()))?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    let (caught, missed) = (lines("caught.txt")?.len() + lines("timeout.txt")?.len(), lines("missed.txt")?);
    let all = caught + missed.len();
    println!("{name}: {caught} of {all} changes noticed; not these:\n{}", missed.join("\n"));
    if all > 0 && caught * 100 >= all * LEAST {
        return Ok(());
    }
    Err(format!("{name}: fewer than {LEAST} % of the changes were noticed: {caught} of {all}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in no set would never be changed, and nobody would see that no test notices.
    #[test]
    fn each_module_is_in_one_set() {
        for package in ["wsproto-frame", "wsproto-handshake", "wsproto-extensions", "wsproto"] {
            let folder = process::root().join("crates").join(package).join("src");
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let module = path.file_stem().unwrap().to_str().unwrap();
                if ["lib", "mock", "tests"].contains(&module) {
                    continue;
                }
                let holds = |set: &&Set| {
                    set.package == package && (set.modules.is_empty() || set.modules.contains(&module))
                };
                assert_eq!(SETS.iter().filter(holds).count(), 1, "{package}: {module}");
            }
        }
    }
}
