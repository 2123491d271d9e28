//! The journal's lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use zipreel_fuzz::reel::ledger::{self, Damage};

fuzz_target!(|bytes: &[u8]| {
    let (records, whole, damage) = ledger::read::<Value>(bytes);
    assert!(whole <= bytes.len() && (damage == Damage::None) == (whole == bytes.len()));
    assert!(ledger::good::<Value>(bytes).len() >= records.len());
    // after the cut, one more record stands behind the whole ones
    let mut mended = bytes[..whole].to_vec();
    mended.extend(ledger::line(&Value::Null).into_bytes());
    let (more, _, damage) = ledger::read::<Value>(&mended);
    assert_eq!((more.len(), damage), (records.len() + 1, Damage::None));
});
