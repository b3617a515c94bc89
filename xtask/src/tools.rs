//! What the checks need besides Rust. A check only looks whether it is there. `cargo xtask setup` installs it; what is
//! half installed is installed again.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crate::bench::instructions;
use crate::checks::{CHECKS, Tier};
use crate::manifest::rust_version;
use crate::process::{self, quoted};

/// How long one command of an installation may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Something that a check can't do without.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Need {
    /// A toolchain with its standard library: a version, `nightly`, or `oldest` for the oldest that is promised.
    Toolchain(&'static str),
    /// A component of a toolchain, and a command that shows that it is there.
    Component(&'static str, &'static str, &'static str),
    /// The standard library, or `core` alone, for another target.
    Target(&'static str),
    /// A tool that pip has as a program, under the name that the command has; xtask/requirements.txt has its version.
    Pip(&'static str),
    /// A tool that npm has: the package with its version, and its program.
    Npm(&'static str, &'static str),
    /// A tool that cargo builds, in a minute or more: the package with its options, and a command that shows it.
    Cargo(&'static str, &'static str),
    /// A program, and the package of Debian that brings it.
    Apt(&'static str, &'static str),
    /// A program that lets a check do more, and the package of Debian that has it. Without it the check does the rest.
    Wish(&'static str, &'static str),
    /// A C compiler that links for 32 bits.
    Links32,
    /// Packages of Python and Node. A folder of scripts lists them in `requirements.txt` and `package-lock.json`. They are
    /// installed beside a copy of the scripts, in this folder under `target`.
    Packages(&'static str, &'static str),
    /// A kind of machine: what is asked for, and whether this is one.
    Machine(&'static str, bool),
    /// The commit before this one, which a shallow clone lacks; where the committed counts of instructions are of this
    /// compiler and processor, it is not asked for.
    History,
}

use Need::{Apt, Cargo, Component, History, Links32, Machine, Npm, Packages, Pip, Target, Toolchain, Wish};

impl Need {
    /// Whether it is there.
    ///
    /// # Errors
    ///
    /// What is missing.
    pub(crate) fn look(self) -> Result<(), String> {
        let there = match self {
            Toolchain(name) => compiles(&toolchain(name)?, None),
            Component(toolchain, _, probe) => compiles(toolchain, None) && process::succeeds(probe),
            Target(target) => compiles("", Some(target)),
            Cargo(_, probe) => process::succeeds(probe),
            Pip(program) | Npm(_, program) | Apt(program, _) => process::find(program).is_some(),
            Links32 => process::succeeds("cc -m32 -shared -o /dev/null -x c /dev/null"),
            Packages(scripts, folder) => lists(scripts).all(|list| is_installed(scripts, folder, list)),
            Machine(_, fits) => fits,
            Wish(..) => true,
            History => {
                process::succeeds("git rev-parse --verify --quiet HEAD~1")
                    || instructions::comparable().is_ok()
            }
        };
        let what = match self {
            Toolchain(name) => format!("Rust {} is not here, or not whole", toolchain(name)?),
            Component(toolchain, component, _) => format!("no {component} of Rust {toolchain}"),
            Target(target) => format!("no standard library for {target}"),
            Pip(name) | Npm(name, _) | Cargo(name, _) | Apt(name, _) | Wish(name, _) => {
                format!("no {name}")
            }
            Packages(scripts, _) => format!("no packages for {scripts}"),
            Links32 => "cc -m32 does not link".to_owned(),
            Machine(what, _) => {
                return there.then_some(()).ok_or_else(|| format!("this machine is not {what}"));
            }
            History => {
                return there
                    .then_some(())
                    .ok_or_else(|| "a shallow clone: the commits before are missing".to_owned());
            }
        };
        there.then_some(()).ok_or_else(|| format!("{what}: cargo xtask setup"))
    }

    /// What `setup` looks for: there a wish counts, too.
    fn for_setup(self) -> Self {
        if let Wish(program, package) = self { Apt(program, package) } else { self }
    }

    /// Installs it.
    ///
    /// # Errors
    ///
    /// The command that failed, or took too long.
    fn install(self) -> Result<(), String> {
        let run = |line: &str| process::run_within(line, PATIENCE);
        match self {
            Toolchain(name) => {
                let name = toolchain(name)?;
                // One that is half there, as a download that was cut off leaves it, is not mended by `install`.
                drop(process::output(&format!("rustup toolchain uninstall {name}")));
                run(&format!("rustup toolchain install {name} --profile minimal --no-self-update"))
            }
            Component(name, components, _) => {
                if !compiles(name, None) {
                    Toolchain(name).install()?;
                }
                run(&format!("rustup component add {components} --toolchain {name}"))
            }
            Target(target) => {
                drop(process::output(&format!("rustup target remove {target}")));
                run(&format!("rustup target add {target}"))
            }
            Pip(_) => {
                let folder = process::tools_dir().join("python");
                run(&format!("python3 -m venv {}", quoted(&folder)))?;
                let pip = quoted(&folder.join("bin/python"));
                run(&format!(
                    "{pip} -m pip install --quiet --only-binary :all: --requirement xtask/requirements.txt"
                ))
            }
            Npm(package, _) => {
                let folder = quoted(&process::tools_dir());
                run(&format!(
                    "npm install --prefix {folder} --no-save --ignore-scripts --no-audit --no-fund {package}"
                ))
            }
            Cargo(package, _) => {
                run(&format!("cargo install --locked --root {} {package}", quoted(&process::tools_dir())))
            }
            Apt(_, package) | Wish(_, package) => apt(package),
            Links32 => apt("gcc-multilib"),
            Packages(scripts, folder) => install_packages(scripts, folder),
            Machine(..) | History => Ok(()),
        }
    }
}

/// The lists of packages that a folder of scripts has.
fn lists(scripts: &'static str) -> impl Iterator<Item = &'static str> {
    let there = move |list: &&str| process::root().join(scripts).join(list).is_file();
    ["requirements.txt", "package-lock.json"].into_iter().filter(there)
}

/// Where the scripts with their packages are.
pub(crate) fn folder(name: &str) -> PathBuf {
    process::target_dir().join(name)
}

/// Whether the packages of a list are those that are installed.
fn is_installed(scripts: &str, name: &str, list: &str) -> bool {
    let wanted = fs::read(process::root().join(scripts).join(list)).ok();
    wanted.is_some() && fs::read(folder(name).join(format!("{list}.installed"))).ok() == wanted
}

/// Copies scripts to where packages may be installed beside them.
///
/// # Errors
///
/// The file that can't be copied.
pub(crate) fn copy_scripts(scripts: &str, name: &str) -> Result<(), String> {
    let (from, to) = (process::root().join(scripts), folder(name));
    let copy = || {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    };
    copy().map_err(|error: std::io::Error| format!("{scripts} to {}: {error}", to.display()))
}

fn install_packages(scripts: &'static str, name: &str) -> Result<(), String> {
    copy_scripts(scripts, name)?;
    let folder = folder(name);
    for list in lists(scripts).filter(|list| !is_installed(scripts, name, list)) {
        if list == "requirements.txt" {
            let environment = folder.join("venv");
            process::run_within(&format!("python3 -m venv --clear {}", quoted(&environment)), PATIENCE)?;
            let (python, wanted) = (quoted(&environment.join("bin/python")), quoted(&folder.join(list)));
            process::run_within(
                &format!("{python} -m pip install --quiet --requirement {wanted}"),
                PATIENCE,
            )?;
        } else {
            let options = "--omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error";
            process::run_within(&format!("npm ci --prefix {} {options}", quoted(&folder)), PATIENCE)?;
        }
        let done = folder.join(format!("{list}.installed"));
        fs::copy(folder.join(list), &done).map_err(|error| format!("{}: {error}", done.display()))?;
    }
    Ok(())
}

/// `cargo xtask setup [CHECK…]`: installs what the named checks need. Without names it installs what `cargo xtask ci`
/// needs, except tools that take minutes to build.
///
/// # Errors
///
/// A check that isn't known. What can't be installed is printed: the checks that need it are skipped then.
pub(crate) fn setup(args: &[String]) -> Result<(), String> {
    if let Some(name) = args.iter().find(|name| !CHECKS.iter().any(|check| check.name == **name)) {
        return Err(format!("no check {name}"));
    }
    let chosen = CHECKS.iter().filter(|check| {
        if args.is_empty() { check.tier == Tier::Ci } else { args.iter().any(|name| name == check.name) }
    });
    let mut done: Vec<Need> = Vec::new();
    for need in chosen.flat_map(|check| check.needs) {
        if done.iter().any(|done| format!("{done:?}") == format!("{need:?}"))
            || need.for_setup().look().is_ok()
        {
            continue;
        }
        done.push(*need);
        let installed = need.install();
        if let Err(missing) = need.for_setup().look() {
            println!(
                "SKIP: {missing} ({})",
                installed.err().unwrap_or_else(|| "it was installed, but is not seen".into())
            );
        }
    }
    Ok(())
}

/// Resolves `oldest`.
fn toolchain(name: &str) -> Result<String, String> {
    if name == "oldest" { rust_version() } else { Ok(name.to_owned()) }
}

/// Whether a toolchain (none: this one) compiles a library that uses `core`; without a target, `std`.
fn compiles(toolchain: &str, target: Option<&str>) -> bool {
    let source = if target.is_some() { "#![no_std]" } else { "pub fn f() -> String { String::new() }" };
    let toolchain = if toolchain.is_empty() { String::new() } else { format!("+{toolchain}") };
    let target = target.map_or(String::new(), |target| format!("--target {target}"));
    let folder = process::target_dir().join("probe");
    if fs::create_dir_all(&folder).is_err() {
        return false;
    }
    let line = format!(
        "rustc {toolchain} {target} --edition 2021 --crate-type lib --emit metadata --out-dir {} -",
        quoted(&folder)
    );
    let mut command = process::command(&line);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let written = child.stdin.take().is_some_and(|mut input| input.write_all(source.as_bytes()).is_ok());
    child.wait().is_ok_and(|status| status.success()) && written
}

fn apt(package: &str) -> Result<(), String> {
    let is_root = process::output("id -u").is_ok_and(|(_, user)| user.trim() == "0");
    let sudo = if is_root { "" } else { "sudo -n" };
    if process::find("apt-get").is_none() || !is_root && !process::succeeds("sudo -n true") {
        return Err(format!("{package} of Debian needs apt-get and root"));
    }
    let apt = format!("{sudo} env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 apt-get --quiet=2");
    // What is there already is known by its list; a fresh machine has none.
    let install = format!("{apt} install --yes --no-install-recommends {package}");
    process::run_within(&install, PATIENCE).or_else(|_| {
        process::run_within(&format!("{apt} update"), PATIENCE)?;
        process::run_within(&install, PATIENCE)
    })
}
