//! All keep the contract, and so does permessage-deflate.

use std::sync::Arc;

use third_party::{Checksum, Once, Tally};
use wsproto_extensions::{conformance, deflate::DeflateConfig};

#[test]
fn all_conform() {
    assert_eq!(conformance::check(|| Arc::new(Checksum { key: 7, max_len: 1 << 20 })), Ok(()));
    assert_eq!(conformance::check(|| Arc::new(Tally::default())), Ok(()));
    for sends_repeated in [false, true] {
        assert_eq!(conformance::check(|| Arc::new(Once { sends_repeated })), Ok(()));
    }
    assert_eq!(conformance::check(|| Arc::new(DeflateConfig::default())), Ok(()));
}
