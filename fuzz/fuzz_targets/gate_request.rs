//! Paths of requests to the gate and the relay.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zipreel_fuzz::reel::{gate_path, name::FunctionName};

fuzz_target!(|path: &str| {
    let _ = gate_path::gate(path);
    if let Some(segment) = gate_path::relay(path) {
        let _ = format!("{segment:?}");
    }
    if let Some(name) = FunctionName::parse(path) {
        assert_eq!(name.to_string(), path, "a name that is read is written the same");
    }
});
