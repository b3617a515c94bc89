//! Packs the crates as they would be published, and has each prove itself without this repository: unpacked, with its
//! neighbours in place of the registry's, it is documented and tested. `--check` only compiles the tests.

use std::fs;
use std::path::Path;

use toml::Table;

use crate::process::{self, quoted, root};
use crate::{ADAPTERS, CRATES, TOOL};

/// What each package must have beside its sources.
const FILES: [&str; 4] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "Cargo.toml"];

/// What else each manifest must say.
const FIELDS: [&str; 7] =
    ["categories", "description", "documentation", "keywords", "license", "readme", "rust-version"];

/// The longest package, in bytes.
const MOST: u64 = 400 << 10;

/// Runs the job.
///
/// # Errors
///
/// What can't be packed, what a package lacks, or the command that failed among the unpacked packages.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    // Nothing is uploaded; what isn't committed yet is looked at, too.
    process::run("cargo publish --workspace --dry-run --no-verify --allow-dirty --locked")?;
    let names = CRATES.into_iter().chain(ADAPTERS).chain([TOOL]);
    let chosen = names.clone().map(|name| format!("-p {name}")).collect::<Vec<_>>().join(" ");
    process::run(&format!("cargo package {chosen} --no-verify --allow-dirty --locked"))?;

    let folder = process::target_dir().join("packed");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut problems = Vec::new();
    for name in names.clone() {
        problems.extend(unpack(name, &folder)?);
    }
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    write(&folder.join("Cargo.toml"), &workspace(names)?)?;
    write(&folder.join("Cargo.lock"), &read(&root().join("Cargo.lock"))?)?;
    let run = |job: &str| {
        let manifest = quoted(&folder.join("Cargo.toml"));
        // What is others' was built for the workspace already.
        let target = quoted(&process::target_dir());
        let line = format!(
            "cargo {job} --workspace --all-features --manifest-path {manifest} --target-dir {target}"
        );
        process::run_with(&line, &[("RUSTDOCFLAGS", "-D warnings")])
    };
    run("doc --quiet --no-deps")?;
    run(if args == ["--check"] { "check --quiet --all-targets" } else { "test --quiet" })
}

/// Unpacks a package, and returns what it lacks.
fn unpack(name: &str, folder: &Path) -> Result<Vec<String>, String> {
    let package = process::target_dir().join(format!("package/{name}-{}.crate", env!("CARGO_PKG_VERSION")));
    // With the time of now: packages have an old one, by which cargo would take what it built of an earlier one.
    process::run(&format!("tar -xmzf {} -C {}", quoted(&package), quoted(folder)))?;
    let folder = folder.join(format!("{name}-{}", env!("CARGO_PKG_VERSION")));
    let table: Table =
        read(&folder.join("Cargo.toml"))?.parse().map_err(|error| format!("{name}: {error}"))?;
    let has = |field: &&str| table.get("package").and_then(|package| package.get(field)).is_some();
    let files = FILES.into_iter().filter(|file| !folder.join(file).is_file());
    let fields = FIELDS.into_iter().filter(|field| !has(field));
    let mut problems: Vec<String> = files.chain(fields).map(|what| format!("{name} lacks {what}")).collect();
    let length = fs::metadata(&package).map_err(|error| format!("{}: {error}", package.display()))?.len();
    if length > MOST {
        problems.push(format!("{name} has {length} bytes, more than {MOST}: see exclude in its Cargo.toml"));
    }
    Ok(problems)
}

/// The manifest of a workspace of the unpacked packages, which stand in for those of the registry.
fn workspace<'a>(names: impl Iterator<Item = &'a str>) -> Result<String, String> {
    let ours = read(&root().join("Cargo.toml"))?;
    // The same profiles, last in the file, so that what was built serves here, too.
    let profiles =
        ours.find("[profile.").and_then(|start| ours.get(start..)).ok_or("Cargo.toml has no profile")?;
    let patches = names.map(|name| format!("{name} = {{ path = \"{name}-{}\" }}", env!("CARGO_PKG_VERSION")));
    let patches = patches.collect::<Vec<_>>().join("\n");
    Ok(format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"wsproto*\"]\n\n[patch.crates-io]\n{patches}\n\n{profiles}"
    ))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
