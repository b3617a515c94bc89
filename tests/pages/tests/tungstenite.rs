//! docs/from-tungstenite.md is complete.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../docs/from-tungstenite.md");
const NAMES: &str = include_str!("../tungstenite.txt");

/// Returns the names in code of the left cells.
fn left_names() -> BTreeSet<&'static str> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix('|'));
    let cells = rows.filter_map(|row| row.split_once(" | ").map(|(left, _)| left));
    let code = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    code.flat_map(|code| code.split(|char: char| !(char.is_alphanumeric() || char == '_'))).collect()
}

#[test]
fn every_public_name_of_tungstenite_stands_on_the_left() {
    let (title, names) = NAMES.split_once('\n').unwrap_or_default();
    let version = title.split(' ').find_map(|word| word.strip_suffix(".0")).unwrap_or_default();
    assert!(
        PAGE.contains(&format!("from tungstenite {version} or tokio-tungstenite {version}:")),
        "{version}"
    );
    let left = left_names();
    assert!(names.lines().count() > 200);
    let missing: Vec<_> = names.lines().filter(|name| !left.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
