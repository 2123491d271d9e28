//! What ffprobe says of a file, and what is decided from it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zipreel_fuzz::model::media::{decide::decide, facts::Transcode, ffprobe};

fuzz_target!(|json: &str| {
    let _ = ffprobe::PacketSample::default().window(json);
    let Ok(media) = ffprobe::media(json, json.len() as u64) else { return };
    for transcode in [Transcode::Auto, Transcode::Never] {
        if let Ok(plan) = decide(&media, transcode) {
            let _ = (plan.sentences(), plan.expected_segments(std::time::Duration::from_secs(6)));
        }
    }
});
