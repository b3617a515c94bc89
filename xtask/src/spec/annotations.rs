//! Finds the annotations `//= rfc6455#5.2-3` in the crates' code, and the test that each belongs to.
//!
//! An annotation belongs to the test that it stands in or directly above; one in a table or a helper belongs to the
//! tests of the same file that use that table or helper; anywhere else it marks the code that keeps the rule.
//! A transcript carries `# rfc6455#5.2-3`. Code is read line by line, which holds because it is formatted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What was found in all crates.
#[derive(Default)]
pub(super) struct Collection {
    pub(super) annotations: Vec<Annotation>,
    /// Every test, and the files in which one of its name stands, from the folder of the crates.
    tests: BTreeMap<Test, BTreeSet<String>>,
}

/// One id at one place.
pub(super) struct Annotation {
    /// `rfc6455#5.2-3`
    pub(super) id: String,
    /// The file, from the folder of the crates.
    pub(super) file: String,
    /// Counted from 1.
    pub(super) line: usize,
    /// The tests that prove it; none where it marks code.
    pub(super) tests: Vec<Test>,
    /// It stands among tests but belongs to none.
    pub(super) idle: bool,
}

/// A test by its crate and name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Test {
    pub(super) package: String,
    pub(super) name: String,
}

impl Collection {
    /// The tests that prove the requirement `id`, each once, sorted.
    pub(super) fn tests_of(&self, id: &str) -> BTreeSet<&Test> {
        self.annotations.iter().filter(|one| one.id == id).flat_map(|one| &one.tests).collect()
    }

    /// The files whose code is marked with the requirement `id`.
    pub(super) fn code_of(&self, id: &str) -> BTreeSet<&str> {
        let marks = self.annotations.iter().filter(|one| one.id == id && one.tests.is_empty() && !one.idle);
        marks.map(|one| one.file.as_str()).collect()
    }

    /// The tests named after the threat `id`: `f7_…`, or `f5_f7_…`, or `f1_to_f9_…`.
    pub(super) fn tests_of_threat(&self, id: &str) -> BTreeSet<&Test> {
        self.tests.keys().filter(|test| is_named_after(&test.name, id)).collect()
    }

    /// The files in which the test stands.
    pub(super) fn files_of(&self, test: &Test) -> impl Iterator<Item = &str> {
        self.tests.get(test).into_iter().flatten().map(String::as_str)
    }

    fn add_code(&mut self, package: &str, path: &Path, code: &str) {
        let among_tests =
            path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs");
        let source = Source::read(code);
        let test = |name: &str| Test { package: package.to_owned(), name: name.to_owned() };
        for item in source.items.iter().filter(|item| item.is_test) {
            self.tests.entry(test(item.name)).or_default().insert(path.display().to_string());
        }
        for (line, id) in source.annotations() {
            let among_tests = among_tests || source.in_test_module(line);
            let owners = if among_tests { source.owners(line) } else { Vec::new() };
            let tests: Vec<Test> = owners.into_iter().map(test).collect();
            let idle = among_tests && tests.is_empty();
            let (file, line) = (path.display().to_string(), line.saturating_add(1));
            self.annotations.push(Annotation { id: id.to_owned(), file, line, tests, idle });
        }
    }

    fn add_transcript(&mut self, package: &str, path: &Path, script: &str) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let test = Test { package: package.to_owned(), name: format!("transcripts/{stem}") };
        self.tests.entry(test.clone()).or_default().insert(path.display().to_string());
        for (number, line) in script.lines().enumerate() {
            for id in line.strip_prefix("# ").into_iter().flat_map(ids) {
                let (id, file, line) = (id.to_owned(), path.display().to_string(), number.saturating_add(1));
                self.annotations.push(Annotation { id, file, line, tests: vec![test.clone()], idle: false });
            }
        }
    }
}

/// Reads all crates below `folder`.
pub(super) fn collect(folder: &Path) -> Result<Collection, String> {
    let mut collection = Collection::default();
    for package in entries(folder)? {
        let name = package.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        for file in files(&package)? {
            let read = || fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()));
            let path = file.strip_prefix(folder).unwrap_or(&file);
            let transcript = file.parent().is_some_and(|parent| parent.ends_with("tests/transcripts"));
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => collection.add_code(&name, path, &read()?),
                Some("txt") if transcript => collection.add_transcript(&name, path, &read()?),
                _ => {}
            }
        }
    }
    Ok(collection)
}

/// Returns whether a test's name begins with ids of threats of which `id` is one.
fn is_named_after(name: &str, id: &str) -> bool {
    let Some(wanted) = threat(&id.to_lowercase()) else { return false };
    let mut before = None;
    let mut range = false;
    for word in name.rsplit('/').next().unwrap_or_default().split('_') {
        if word == "to" && before.is_some() {
            range = true;
            continue;
        }
        let Some((kind, number)) = threat(word) else { return false };
        let first = before.filter(|(known, _)| range && *known == kind).map_or(number, |(_, first)| first);
        if kind == wanted.0 && (first..=number).contains(&wanted.1) {
            return true;
        }
        (before, range) = (Some((kind, number)), false);
    }
    false
}

/// Letter and number of a threat's id.
fn threat(id: &str) -> Option<(char, u8)> {
    let kind = id.chars().next().filter(char::is_ascii_lowercase)?;
    Some((kind, id.get(1..)?.parse().ok()?))
}

/// All files below `folder`, sorted, build output left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if !path.is_dir() {
            found.push(path);
        } else if !path.ends_with("target") {
            found.extend(files(&path)?);
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |error| format!("{}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        paths.push(entry.map_err(told)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// A file of code, cut into lines and named items.
struct Source<'t> {
    lines: Vec<&'t str>,
    items: Vec<Item<'t>>,
}

/// A function, constant, static or module, from the first line of its comments and attributes to its last.
struct Item<'t> {
    name: &'t str,
    is_test: bool,
    is_test_module: bool,
    first: usize,
    last: usize,
}

impl Item<'_> {
    fn contains(&self, line: usize) -> bool {
        (self.first..=self.last).contains(&line)
    }
}

impl<'t> Source<'t> {
    fn read(text: &'t str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let items = (0..lines.len()).filter_map(|number| item(&lines, number)).collect();
        Self { lines, items }
    }

    fn annotations(&self) -> impl Iterator<Item = (usize, &'t str)> + '_ {
        self.lines.iter().enumerate().flat_map(|(number, line)| {
            let marked = line.split_once("//= ").map_or("", |(_, marked)| marked);
            ids(marked).map(move |id| (number, id))
        })
    }

    /// The tests that an annotation at `line` belongs to.
    fn owners(&self, line: usize) -> Vec<&'t str> {
        let around = self.items.iter().filter(|item| item.contains(line) && !item.is_test_module);
        let Some(owner) = around.max_by_key(|item| item.first) else { return Vec::new() };
        let mut used = vec![owner];
        let mut next = 0;
        while let Some(item) = used.get(next) {
            let name = item.name;
            if !item.is_test {
                for user in self.items.iter().filter(|user| !user.is_test_module && self.mentions(user, name))
                {
                    if !used.iter().any(|known| known.name == user.name) {
                        used.push(user);
                    }
                }
            }
            next = next.saturating_add(1);
        }
        used.into_iter().filter(|item| item.is_test).map(|item| item.name).collect()
    }

    fn mentions(&self, item: &Item<'_>, name: &str) -> bool {
        let body = self.lines.get(item.first..=item.last).unwrap_or_default();
        body.iter().any(|line| words(line).any(|word| word == name))
    }

    fn in_test_module(&self, line: usize) -> bool {
        self.items.iter().any(|item| item.is_test_module && item.contains(line))
    }
}

/// The item whose head is the line `number`, if one is.
fn item<'t>(lines: &[&'t str], number: usize) -> Option<Item<'t>> {
    let line = lines.get(number)?;
    let (keyword, name) = head(line)?;
    let indent = indentation(line);
    let above = |line: &str| {
        let text = line.trim_start();
        indentation(line) == indent
            && (text.starts_with("//") || text.starts_with("#["))
            && !text.starts_with("//!")
    };
    let before = lines.get(..number)?;
    let height = before.iter().rev().take_while(|line| above(line)).count();
    let first = number.saturating_sub(height);
    let attributes = lines.get(first..number)?;
    let has = |text: &str| attributes.iter().any(|line| line.trim() == text);
    let closes = |line: &&str| indentation(line) == indent && ["}", "};", "];", ");"].contains(&line.trim());
    let one_line = line.trim_end().ends_with([';', '}']);
    let length = if one_line { 0 } else { lines.get(number..)?.iter().position(closes)? };
    Some(Item {
        name,
        is_test: keyword == "fn" && has("#[test]"),
        is_test_module: keyword == "mod" && attributes.iter().any(|line| is_for_tests(line)),
        first,
        last: number.saturating_add(length),
    })
}

/// Returns whether an attribute limits what follows to tests.
fn is_for_tests(attribute: &str) -> bool {
    attribute.trim_start().starts_with("#[cfg(") && words(attribute).any(|word| word == "test")
}

/// The keyword and the name that an item's first line gives.
fn head(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    let keyword = words.find(|word| !["pub", "pub(crate)", "pub(super)", "async"].contains(word))?;
    let mut name = words.next()?;
    let mut keyword = keyword;
    if keyword == "const" && name == "fn" {
        (keyword, name) = ("fn", words.next()?);
    }
    let known = ["fn", "const", "static", "mod"].contains(&keyword);
    let name = name.split(|letter: char| !is_word(letter)).next()?;
    (known && !name.is_empty()).then_some((keyword, name))
}

/// The ids that a marked line lists: `rfc6455#5.2-3, rfc6455#5.2-4`.
fn ids(marked: &str) -> impl Iterator<Item = &str> {
    let is_id = |word: &str| word.starts_with("rfc") && word.contains('#');
    let listed = marked.split(',').map(str::trim).all(is_id);
    marked.split(',').map(str::trim).filter(move |_| listed)
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !is_word(letter))
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn indentation(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "\
//= rfc6455#5.2-1
fn work() {
    //= rfc6455#5.2-5
    go();
}

#[cfg(test)]
mod tests {
    /// A table.
    const ROWS: [&str; 2] = [
        \"one\", //= rfc6455#5.2-2
        \"two\", //= rfc6455#5.2-3, rfc6455#5.2-4
    ];

    //= rfc6455#5.3-1
    #[test]
    fn above() {
        work();
    }

    #[test]
    fn f7_inside() {
        for row in ROWS {
            check(row); //= rfc6455#5.3-2
        }
    }

    fn check(row: &str) {
        //= rfc6455#5.3-3
        assert!(!row.is_empty());
    }

    proptest! {
        #[test]
        fn any(
            bytes in vec(any::<u8>(), 0..9),
        ) {
            //= rfc6455#5.3-4
            work();
        }
    }

    //= rfc6455#5.3-5
    const UNUSED: u8 = 1;
}
";

    #[test]
    fn an_annotation_belongs_to_its_test() {
        let mut collection = Collection::default();
        collection.add_code("frame", Path::new("frame/src/lib.rs"), CODE);
        #[rustfmt::skip]
        let table = [
            // id               tests             idle
            ("rfc6455#5.2-1",   &[][..],          false), // marks code
            ("rfc6455#5.2-5",   &[],              false), // so does this, though tests call the function
            ("rfc6455#5.2-2",   &["f7_inside"],   false),
            ("rfc6455#5.2-3",   &["f7_inside"],   false),
            ("rfc6455#5.2-4",   &["f7_inside"],   false),
            ("rfc6455#5.3-1",   &["above"],       false),
            ("rfc6455#5.3-2",   &["f7_inside"],   false),
            ("rfc6455#5.3-3",   &["f7_inside"],   false),
            ("rfc6455#5.3-4",   &["any"],         false),
            ("rfc6455#5.3-5",   &[],              true),
        ];
        let found: Vec<&str> = collection.annotations.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(found.len(), table.len(), "{found:?}");
        for (id, tests, idle) in table {
            let annotation = collection.annotations.iter().find(|one| one.id == id).expect(id);
            let names: Vec<&str> = annotation.tests.iter().map(|test| test.name.as_str()).collect();
            assert_eq!((names.as_slice(), annotation.idle), (tests, idle), "{id}");
        }
    }

    #[test]
    fn the_place_is_file_and_line() {
        let mut collection = Collection::default();
        collection.add_code("frame", Path::new("frame/src/lib.rs"), CODE);
        let places: Vec<_> = collection.annotations.iter().map(|one| (one.file.as_str(), one.line)).collect();
        assert_eq!(places[..2], [("frame/src/lib.rs", 1), ("frame/src/lib.rs", 3)]);
        assert_eq!(collection.code_of("rfc6455#5.2-1"), BTreeSet::from(["frame/src/lib.rs"]));
        assert_eq!(collection.code_of("rfc6455#5.2-2"), BTreeSet::new(), "a test is no code");
        assert_eq!(collection.code_of("rfc6455#5.3-5"), BTreeSet::new(), "nor is what belongs to no test");
    }

    #[test]
    fn a_threat_is_proved_by_name() {
        let mut collection = Collection::default();
        collection.add_code("frame", Path::new("frame/src/lib.rs"), CODE);
        collection.add_transcript(
            "ws",
            Path::new("ws/tests/transcripts/c3_cut.txt"),
            "# rfc6455#8.1-1\n<- 00\n",
        );
        #[rustfmt::skip]
        let table = [
            ("F7",  &["f7_inside"][..]),
            ("F",   &[]),
            ("F77", &[]),
            ("C3",  &["transcripts/c3_cut"]),
        ];
        for (id, names) in table {
            let found: Vec<&str> =
                collection.tests_of_threat(id).iter().map(|test| test.name.as_str()).collect();
            assert_eq!(found, names, "{id}");
        }
    }

    #[test]
    fn a_name_may_hold_several_threats() {
        #[rustfmt::skip]
        let table = [
            // name                    id     named after it
            ("f7_control",             "F7",  true),
            ("f7",                     "F7",  true),
            ("f70_control",            "F7",  false),
            ("c5_c6_codes",            "C6",  true),
            ("c5_c6_codes",            "C7",  false),
            ("f1_to_f11_rules",        "F1",  true),
            ("f1_to_f11_rules",        "F9",  true),
            ("f1_to_f11_rules",        "F11", true),
            ("f1_to_f11_rules",        "F12", false),
            ("f1_to_f11_rules",        "C9",  false),
            ("every_f7",               "F7",  false),
        ];
        for (name, id, expected) in table {
            assert_eq!(is_named_after(name, id), expected, "{name} {id}");
        }
    }

    #[test]
    fn a_transcript_carries_ids() {
        let text = "# An explanation with rfc6455#1.1-1 in it.\n# rfc6455#5.2-1, rfc6455#5.2-2\nserver\n";
        let mut collection = Collection::default();
        collection.add_transcript("ws", Path::new("ws/tests/transcripts/ping.txt"), text);
        let found: Vec<&str> = collection.annotations.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(found, ["rfc6455#5.2-1", "rfc6455#5.2-2"]);
        let tests = collection.tests_of("rfc6455#5.2-1");
        assert_eq!(tests.iter().map(|test| test.name.as_str()).collect::<Vec<_>>(), ["transcripts/ping"]);
    }
}
