//! A copy of the project in which rules are turned off, and the tests that run there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::edits::Edit;
use crate::CRATES;
use crate::process;
use crate::spec::NamedTest;

/// How long the named tests of one rule may run, in seconds: with the rule off they may never end.
const LIMIT: &str = "240";

/// Nobody debugs what is built here, and without what a debugger needs it is built faster.
const VARIABLES: [(&str, &str); 2] = [("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_LTO", "off")];

/// The copy, below cargo's own folder: what was built for one rule serves the next.
pub(super) struct Copy {
    folder: PathBuf,
    target: PathBuf,
}

/// What became of some tests.
#[derive(Default)]
pub(super) struct TestRun {
    /// What the compiler said, where it refused the edit; or why the edit could not be made.
    refused: Option<String>,
    passed: BTreeSet<NamedTest>,
    failed: BTreeSet<NamedTest>,
    /// Those that began, at most, and did not end.
    endless: BTreeSet<NamedTest>,
}

impl TestRun {
    /// Tells why nothing can be said about the tests.
    pub(super) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// Returns the first of `tests` that failed or didn't end.
    pub(super) fn noticed_by(&self, tests: &BTreeSet<NamedTest>) -> Option<String> {
        let told = |test: &NamedTest| format!("{}: {}", test.package, test.name);
        let failed = tests.intersection(&self.failed).next().map(told);
        let endless = || tests.intersection(&self.endless).next();
        failed.or_else(|| endless().map(|test| format!("{} (did not end)", told(test))))
    }

    /// Returns whether one of `tests` ran to its end.
    pub(super) fn has_run(&self, tests: &BTreeSet<NamedTest>) -> bool {
        tests.iter().any(|test| self.passed.contains(test) || self.failed.contains(test))
    }
}

impl Copy {
    /// Makes the copy, or brings it up to date: only what changed is written, so that cargo builds only that.
    ///
    /// # Errors
    ///
    /// The file that could not be copied.
    pub(super) fn make() -> Result<Self, String> {
        let parent = process::target_dir().join("rules");
        let copy = Self { folder: parent.join("tree"), target: parent.join("target") };
        fs::create_dir_all(&copy.folder).map_err(|error| format!("{}: {error}", copy.folder.display()))?;
        let listed = process::stdout("git ls-files --cached --others --exclude-standard")?;
        let root = process::root();
        let names: BTreeSet<&Path> =
            listed.lines().map(Path::new).filter(|name| root.join(name).is_file()).collect();
        for name in &names {
            let content =
                fs::read(root.join(name)).map_err(|error| format!("{}: {error}", name.display()))?;
            copy.write(name, &content)?;
        }
        for old in files(&copy.folder)? {
            if old.strip_prefix(&copy.folder).is_ok_and(|name| !names.contains(name)) {
                fs::remove_file(&old).map_err(|error| format!("{}: {error}", old.display()))?;
            }
        }
        Ok(copy)
    }

    /// Writes a file of the copy, unless that is what it holds.
    fn write(&self, name: &Path, content: &[u8]) -> Result<(), String> {
        let path = self.folder.join(name);
        let told = |error| format!("{}: {error}", path.display());
        if fs::read(&path).is_ok_and(|old| old == content) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().unwrap_or(&self.folder)).map_err(told)?;
        fs::write(&path, content).map_err(told)
    }

    /// Does something while edits are made, and takes them back.
    ///
    /// # Errors
    ///
    /// As `work`; a file that could not be written.
    pub(super) fn edited(
        &self,
        edits: &[Edit],
        work: impl FnOnce() -> Result<TestRun, String>,
    ) -> Result<TestRun, String> {
        let mut before: BTreeMap<&str, String> = BTreeMap::new();
        let mut after: BTreeMap<&str, String> = BTreeMap::new();
        for edit in edits {
            let file = edit.file.as_str();
            let Ok(text) = fs::read_to_string(self.folder.join(file)) else {
                return Ok(TestRun { refused: Some(format!("{edit}: no such file")), ..TestRun::default() });
            };
            let edited = match edit.apply(after.get(file).unwrap_or(&text)) {
                Ok(edited) => edited,
                Err(why) => return Ok(TestRun { refused: Some(why), ..TestRun::default() }),
            };
            before.entry(file).or_insert(text);
            after.insert(file, edited);
        }
        for (file, text) in &after {
            self.write(Path::new(file), text.as_bytes())?;
        }
        let done = work();
        for (file, text) in &before {
            self.write(Path::new(file), text.as_bytes())?;
        }
        done
    }

    /// Builds and runs tests, those of one test program together, the lowest crate first, until that is `enough`.
    ///
    /// # Errors
    ///
    /// Why cargo could not be started.
    pub(super) fn run(
        &self,
        tests: &BTreeSet<NamedTest>,
        enough: impl Fn(&TestRun) -> bool,
    ) -> Result<TestRun, String> {
        let mut run = TestRun::default();
        let height = |test: &NamedTest| CRATES.iter().position(|name| *name == test.package);
        let programs: BTreeSet<_> =
            tests.iter().map(|test| (height(test), &test.package, &test.target)).collect();
        for (_, package, target) in programs {
            let tests = tests.iter().filter(|test| test.package == *package && test.target == *target);
            let program = format!("-p {package} --all-features {target}");
            self.run_program(&program, tests, &mut run)?;
            if run.refused.is_some() || enough(&run) {
                break;
            }
        }
        Ok(run)
    }

    /// Builds one test program and runs tests of it.
    fn run_program<'t>(
        &self,
        program: &str,
        tests: impl Iterator<Item = &'t NamedTest> + Clone,
        run: &mut TestRun,
    ) -> Result<(), String> {
        let (status, text) = self.cargo("cargo", &format!("test --no-run {program}"))?;
        if status != Some(0) {
            let error = text.lines().find(|line| line.starts_with("error")).unwrap_or_default();
            run.refused = Some(format!("does not build: {error}"));
            return Ok(());
        }
        let names: BTreeSet<&str> = tests.clone().map(NamedTest::filter).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let line = format!("-k 5 {LIMIT} cargo test {program} -- {}", names.join(" "));
        let (status, text) = self.cargo("timeout", &line)?;
        for test in tests {
            match test.outcome(&text) {
                Some(true) => run.passed.insert(test.clone()),
                Some(false) => run.failed.insert(test.clone()),
                // Its time was up, or it took its whole program down.
                None => status != Some(0) && run.endless.insert(test.clone()),
            };
        }
        Ok(())
    }

    /// Runs a command in the copy; returns its status, and what it printed.
    fn cargo(&self, program: &str, line: &str) -> Result<(Option<i32>, String), String> {
        let mut command = Command::new(program);
        command.args(line.split_whitespace()).current_dir(&self.folder);
        command.env("CARGO_TARGET_DIR", &self.target).envs(VARIABLES).env("RUST_BACKTRACE", "0");
        let output = command.output().map_err(|error| format!("{program} {line}: {error}"))?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8_lossy(&text).into_owned()))
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |error| format!("{}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}
