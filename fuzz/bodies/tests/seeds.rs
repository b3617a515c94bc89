//! Replays the committed seeds, whole and cut short, through the bodies of the fuzz targets.

use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

use wsproto_fuzz_bodies::{TARGETS, Target};

/// Returns the folder of a target's seeds.
fn seeds(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../seeds").join(target)
}

/// Returns lengths at which a seed is cut short: all lengths of a short seed.
fn lengths(whole: usize) -> impl Iterator<Item = usize> {
    let step = whole / 64 + 1;
    (0..whole).step_by(step).chain([whole])
}

#[test]
fn every_seed_of_every_target() {
    for Target { name, body } in TARGETS {
        let mut count = 0;
        for entry in fs::read_dir(seeds(name)).unwrap_or_else(|error| panic!("{name}: {error}")) {
            let path = entry.expect("a file").path();
            let data = fs::read(&path).expect("a seed");
            for len in lengths(data.len()) {
                let outcome = catch_unwind(|| body(&data[..len]));
                assert!(outcome.is_ok(), "{name}: {} cut to {len}", path.display());
            }
            count += 1;
        }
        assert!(count >= 3, "{name} has {count} seeds");
    }
}

#[test]
fn no_bytes_are_a_run_too() {
    for Target { body, .. } in TARGETS {
        body(&[]);
    }
}

#[test]
fn a_long_message_and_what_follows() {
    let mut run = vec![0b0000_0001, 1];
    for len in [2000u16, 20_000, 4000] {
        run.extend([0x82, 0xfe]);
        run.extend(len.to_be_bytes());
        run.extend(vec![0; 4 + usize::from(len)]);
    }
    wsproto_fuzz_bodies::server(&run);
}
