//! Installs what the peers need under target/interop, in the versions that the folder peers names.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long one command of an installation may take.
const PATIENCE: Duration = Duration::from_secs(300);

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

/// Installs a runtime and its packages, unless they are there already.
///
/// # Errors
///
/// Why that can't be.
pub(crate) fn install(runtime: Runtime) -> Result<Installed, String> {
    let folder = copy_scripts().map_err(|error| format!("can't copy the scripts: {error}"))?;
    match runtime {
        Runtime::Python => Ok(Installed { program: install_python(&folder)?, folder, browser: None }),
        Runtime::Node => Ok(Installed { program: install_node(&folder)?, folder, browser: None }),
        Runtime::Browser => {
            let browser = program("chromium", &["chromium"])?;
            Ok(Installed { program: install_node(&folder)?, folder, browser: Some(browser) })
        }
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Copies the folder peers to where packages may be installed beside its files.
fn copy_scripts() -> std::io::Result<PathBuf> {
    let folder = root().join("target/interop/peers");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers"))? {
        let entry = entry?;
        fs::write(folder.join(entry.file_name()), fs::read(entry.path())?)?;
    }
    folder.canonicalize()
}

fn install_python(folder: &Path) -> Result<PathBuf, String> {
    let system = program("python3", &["python3", "python3-venv"])?;
    let environment = folder.join("venv");
    let python = environment.join("bin/python");
    once(folder, "requirements.txt", || {
        let make =
            |python: &Path| run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&environment));
        if make(&system).is_err() {
            // Debian keeps what venv needs in a package of its own.
            apt_get(&["python3-venv"])?;
            make(&system)?;
        }
        run(Command::new(&python).args(["-m", "pip", "install", "-q", "-r", "requirements.txt"]))
    })?;
    Ok(python)
}

fn install_node(folder: &Path) -> Result<PathBuf, String> {
    let node = program("node", &["nodejs"])?;
    once(folder, "package-lock.json", || {
        let npm = program("npm", &["npm"])?;
        run(Command::new(npm).args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]))
    })?;
    Ok(node)
}

/// Does the work unless it was done for the same content of a file.
fn once(folder: &Path, file: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let done = folder.join(format!("{file}.installed"));
    let wanted = fs::read(folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
    if fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing {file} under target/interop");
    work()?;
    fs::write(done, wanted).map_err(|error| format!("{file}: {error}"))
}

/// Finds a program, or installs Debian packages that bring it, where that is possible.
pub(crate) fn program(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    find(name).map_or_else(
        || {
            apt_get(packages).map_err(|why| format!("{name} is not in PATH, and {why}"))?;
            find(name).ok_or_else(|| format!("{name} is not in PATH"))
        },
        Ok,
    )
}

/// Finds a program in PATH, or where servers are kept, which isn't in the PATH of every user.
fn find(name: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    let folders = env::split_paths(&paths).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn apt_get(packages: &[&str]) -> Result<(), String> {
    let apt = find("apt-get").ok_or("there is no apt-get")?;
    println!("installing {} by apt-get", packages.join(", "));
    // The packages of servers would start them as services.
    let variables = [("DEBIAN_FRONTEND", "noninteractive"), ("SYSTEMD_OFFLINE", "1")];
    let apt_get = |arguments: &[&str]| run(Command::new(&apt).envs(variables).args(arguments));
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

/// Runs a command in the folder of the scripts, for a limited time; its last line of error is the reason of a failure.
fn run(command: &mut Command) -> Result<(), String> {
    let shown = command.get_program().to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned();
    let folder = root().join("target/interop/peers");
    let log = folder.join("install.log");
    let errors = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
    let mut child = command.spawn().map_err(|error| format!("{shown} can't be started: {error}"))?;
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(None) => thread::sleep(Duration::from_millis(20)),
            Ok(Some(_)) | Err(_) => {
                let said = fs::read_to_string(&log).unwrap_or_default();
                return Err(format!("{shown} failed: {}", said.lines().last().unwrap_or("it says nothing")));
            }
        }
    }
    // Nothing more can be done about one that can't be ended.
    let _ = child.kill().and_then(|()| child.wait());
    Err(format!("{shown} was not done after {} s", PATIENCE.as_secs()))
}
