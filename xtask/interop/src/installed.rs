//! Finds what the peers need: `cargo xtask setup` has installed it, in the versions that the folder peers names.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What runs a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Runtime {
    /// Python in a virtual environment.
    Python,
    /// Node with packages.
    Node,
    /// A browser that Node drives.
    Browser,
}

/// A runtime that is there.
#[derive(Clone, Debug)]
pub(crate) struct Installed {
    program: PathBuf,
    folder: PathBuf,
    /// What a browser's script is told besides.
    browser: Option<PathBuf>,
}

impl Installed {
    /// The command that runs a file of the folder peers.
    pub(crate) fn command(&self, file: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).arg(file).env("PYTHONDONTWRITEBYTECODE", "1");
        if let Some(browser) = &self.browser {
            let profile = self.folder.join("profile");
            let _ = fs::remove_dir_all(&profile);
            command.arg("--executable").arg(browser).arg("--profile").arg(profile);
        }
        command
    }
}

/// Finds a runtime and its packages.
///
/// # Errors
///
/// What is missing.
pub(crate) fn find(runtime: Runtime) -> Result<Installed, String> {
    let folder = copy_scripts().map_err(|error| format!("can't copy the scripts: {error}"))?;
    let (program, list) = match runtime {
        Runtime::Python => (Ok(folder.join("venv/bin/python")), "requirements.txt"),
        Runtime::Node | Runtime::Browser => (program("node"), "package-lock.json"),
    };
    let read = |file: &str| fs::read(folder.join(file)).ok();
    if read(list) != read(&format!("{list}.installed")) {
        return Err(format!("the packages of {list} are not installed: cargo xtask setup interop"));
    }
    let browser = if runtime == Runtime::Browser { Some(self::program("chromium")?) } else { None };
    Ok(Installed { program: program?, folder, browser })
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Copies the folder peers to where packages are installed beside its files.
fn copy_scripts() -> std::io::Result<PathBuf> {
    let folder = root().join("target/interop/peers");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers"))? {
        let entry = entry?;
        fs::write(folder.join(entry.file_name()), fs::read(entry.path())?)?;
    }
    folder.canonicalize()
}

/// Finds a program in PATH, or where servers are kept, which isn't in the PATH of every user.
///
/// # Errors
///
/// That it isn't there.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&paths).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| format!("{name} is not in PATH: cargo xtask setup interop"))
}
