//! Paths of requests to the gate and the relay.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zipreel_fuzz::model::{gate::path, reel::name::FunctionName};

fuzz_target!(|text: &str| {
    let _ = path::gate(text);
    if let Some(segment) = path::relay(text) {
        let _ = format!("{segment:?}");
    }
    if let Some(name) = FunctionName::parse(text) {
        assert_eq!(name.to_string(), text, "a name that is read is written the same");
    }
});
