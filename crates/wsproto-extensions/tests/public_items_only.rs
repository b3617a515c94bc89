//! permessage-deflate uses only what a third party can use: this crate's public items and wsproto-frame.
#![cfg(feature = "deflate")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
#[cfg_attr(miri, ignore = "reads our sources alone")]
fn deflate_uses_public_items_only() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let public = public_items(&read(&source.join("lib.rs")));
    assert!(public.iter().any(|item| item == "Extension"), "{public:?}");
    let mut files = vec![source.join("deflate.rs")];
    collect(&source.join("deflate"), &mut files);
    assert!(files.len() > 8, "{files:?}");
    for file in files {
        let code = read(&file);
        for item in named(&code) {
            let own = item == "deflate" || public.contains(&item);
            assert!(own, "{} uses crate::{item}, which is not public", file.display());
        }
    }
}

#[test]
fn names_are_found() {
    let code = "use crate::{A, B};\n// crate::comment\nlet c = crate::d::e(crate::F);";
    assert_eq!(named(code), ["A", "B", "d", "F"]);
}

/// Collects the files of a folder, without the module's own tests.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the module has a folder") {
        let path = entry.expect("it can be read").path();
        if path.ends_with("tests") || path.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the names in `pub use` statements.
fn public_items(source: &str) -> Vec<String> {
    let statements = source.split(';').map(|text| text.trim().lines().last().unwrap_or_default());
    let uses = statements.filter_map(|text| text.trim().strip_prefix("pub use "));
    uses.flat_map(flatten).filter_map(|path| path.split("::").last().map(str::to_string)).collect()
}

/// Returns the first name after each `crate::`, or all names in the braces there.
fn named(code: &str) -> Vec<String> {
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap_or_default();
                found.extend(
                    group.split(',').map(str::trim).filter(|name| !name.is_empty()).map(String::from),
                );
            }
            None => {
                found.extend(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(String::from));
            }
        }
    }
    found
}

/// Expands the braces of an import, one level deep.
fn flatten(path: &str) -> Vec<String> {
    let path = path.split_whitespace().collect::<Vec<_>>().join(" ");
    match path.split_once('{') {
        None => vec![path],
        Some((prefix, items)) => {
            let items = items.trim_end_matches('}').split(',').map(str::trim);
            items.filter(|item| !item.is_empty()).map(|item| format!("{prefix}{item}")).collect()
        }
    }
}
