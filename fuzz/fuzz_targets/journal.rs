//! The journal's lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use zipreel_fuzz::model::checked_lines::{self, Damage};

fuzz_target!(|bytes: &[u8]| {
    let (records, whole, damage) = checked_lines::read::<Value>(bytes);
    assert!(whole <= bytes.len() && (damage == Damage::None) == (whole == bytes.len()));
    assert!(checked_lines::good::<Value>(bytes).len() >= records.len());
    // after the cut, one more record stands behind the whole ones
    let mut mended = bytes[..whole].to_vec();
    mended.extend(checked_lines::line(&Value::Null).into_bytes());
    let (more, _, damage) = checked_lines::read::<Value>(&mended);
    assert_eq!((more.len(), damage), (records.len() + 1, Damage::None));
});
