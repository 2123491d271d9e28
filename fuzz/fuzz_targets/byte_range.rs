//! The Range header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zipreel_fuzz::model::hls::range::{self, Selection};

fuzz_target!(|input: (&str, u64)| {
    let (header, length) = input;
    if let Selection::Part(range) = range::select(Some(header), length) {
        assert!(range.bytes() > 0 && range.bytes() <= length);
        let _ = range.content_range(length);
    }
});
