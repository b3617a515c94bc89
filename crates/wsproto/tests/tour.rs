//! The tour's output is a snapshot. `UPDATE_SNAPSHOT=1 cargo test --test tour` writes it anew.
#![cfg(all(feature = "std", feature = "deflate"))]

#[allow(dead_code, reason = "the example's own main")]
#[path = "../examples/tour.rs"]
mod tour;

#[test]
fn the_tour_is_what_it_was() {
    let snapshot = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tour.txt");
    let now = tour::tour().expect("the tour runs to its end");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        std::fs::write(snapshot, &now).expect("the snapshot can be written");
    }
    let before = std::fs::read_to_string(snapshot).expect("the snapshot is there");
    assert!(now == before, "the tour has changed; see the diff of tests/tour.txt after UPDATE_SNAPSHOT=1");
}
