//! Tests the page of `wsproto serve` in Chromium, which Node drives; `--images` takes the screenshots of the
//! documentation, too.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use crate::process;

/// How long the installation of the packages may take.
const INSTALLING: Duration = Duration::from_secs(180);
/// How long the checks may take.
const CHECKING: Duration = Duration::from_secs(600);
/// Where the screenshots are.
const IMAGES: &str = "docs/images";
/// The longest screenshot, in bytes.
const MOST_OF_AN_IMAGE: u64 = 150 << 10;

/// Finds Node and Chromium, and installs the packages in a folder under target.
///
/// # Errors
///
/// Why they can't be had.
pub(crate) fn available() -> Result<(), String> {
    for program in ["node", "npm", "chromium"] {
        find(program).ok_or_else(|| format!("{program} is not in PATH"))?;
    }
    install()
}

/// Runs the job.
///
/// # Errors
///
/// The checks that failed, or why they can't be run.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (images, rest) = match args {
        [first, rest @ ..] if first == "--images" => {
            (format!("--images {}", process::root().join(IMAGES).display()), rest)
        }
        _ => (String::new(), args),
    };
    available()?;
    process::run("cargo build --quiet --package wsproto-cli --all-features")?;
    let out = folder().join("out");
    fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let binary = process::target_dir().join("debug/wsproto");
    let chromium = find("chromium").ok_or("chromium is not in PATH")?;
    process::run_within(
        &format!(
            "node {} --binary {} --chromium {} --folder {} {images} {}",
            folder().join("run.mjs").display(),
            binary.display(),
            chromium.display(),
            out.display(),
            rest.join(" "),
        ),
        CHECKING,
    )?;
    images_are_small()
}

/// Copies the scripts to where packages may be installed beside them, and installs these unless they are there.
fn install() -> Result<(), String> {
    let folder = folder();
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
    let scripts = process::root().join("xtask/page");
    for entry in fs::read_dir(&scripts).map_err(|error| failed(&scripts, error))? {
        let from = entry.map_err(|error| failed(&scripts, error))?;
        fs::copy(from.path(), folder.join(from.file_name())).map_err(|error| failed(&from.path(), error))?;
    }
    let (lock, done) = (folder.join("package-lock.json"), folder.join("installed"));
    let wanted = fs::read(&lock).map_err(|error| failed(&lock, error))?;
    if fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let line = format!(
        "npm ci --prefix {} --ignore-scripts --no-audit --no-fund --loglevel=error",
        folder.display()
    );
    process::run_within(&line, INSTALLING)?;
    fs::write(&done, wanted).map_err(|error| failed(&done, error))
}

fn folder() -> PathBuf {
    process::target_dir().join("page")
}

fn find(program: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn images_are_small() -> Result<(), String> {
    let folder = process::root().join(IMAGES);
    let Ok(images) = fs::read_dir(&folder) else { return Ok(()) };
    for image in images.flatten() {
        let len = image.metadata().map_or(0, |metadata| metadata.len());
        if len > MOST_OF_AN_IMAGE {
            return Err(format!(
                "{} has {len} bytes, and may have {MOST_OF_AN_IMAGE}",
                image.path().display()
            ));
        }
    }
    Ok(())
}
