//! Tests the page of `wsproto serve` in Chromium, which Node drives; `--images` takes the screenshots of the
//! documentation, too.

use std::fs;
use std::time::Duration;

use crate::process::{self, quoted};
use crate::tools;

/// How long the checks may take.
const CHECKING: Duration = Duration::from_secs(600);
/// Where the screenshots are.
const IMAGES: &str = "docs/images";
/// The longest screenshot, in bytes.
const MOST_OF_AN_IMAGE: u64 = 150 << 10;

/// Runs the job.
///
/// # Errors
///
/// The checks that failed, or why they can't be run.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (images, rest) = match args {
        [first, rest @ ..] if first == "--images" => {
            (format!("--images {}", quoted(&process::root().join(IMAGES))), rest)
        }
        _ => (String::new(), args),
    };
    tools::copy_scripts("xtask/page", "page")?;
    process::run("cargo build --quiet --locked --package wsproto-cli --all-features")?;
    let out = tools::folder("page").join("out");
    fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let binary = process::target_dir().join("debug/wsproto");
    let chromium = process::find("chromium").ok_or("chromium is not in PATH")?;
    process::run_within(
        &format!(
            "node {} --binary {} --chromium {} --folder {} {images} {}",
            quoted(&tools::folder("page").join("run.mjs")),
            quoted(&binary),
            quoted(&chromium),
            quoted(&out),
            rest.join(" "),
        ),
        CHECKING,
    )?;
    images_are_small()
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
