//! Both keep the contract, and so does permessage-deflate.

use std::sync::Arc;

use third_party::{Checksum, Tally};
use wsproto_extensions::{conformance, deflate::DeflateConfig};

#[test]
fn all_three_conform() {
    assert_eq!(conformance::check(|| Arc::new(Checksum { key: 7, max_len: 1 << 20 })), Ok(()));
    assert_eq!(conformance::check(|| Arc::new(Tally::default())), Ok(()));
    assert_eq!(conformance::check(|| Arc::new(DeflateConfig::default())), Ok(()));
}
