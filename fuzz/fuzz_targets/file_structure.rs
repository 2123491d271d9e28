//! What a video file's own structure says, whatever its bytes are.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use zipreel_fuzz::model::media::structure::{look, ts::Walk};

fuzz_target!(|bytes: &[u8]| {
    // more than there is may be promised, as of a file that shrinks
    for length in [bytes.len() as u64, bytes.len() as u64 * 2, u64::MAX] {
        let structure = look(&mut Cursor::new(bytes), length).expect("memory can be read");
        let _ = (structure.lock(), structure.damage_of(&[]).sentences());
    }
    if let Some(mut walk) = Walk::begin(bytes) {
        bytes.chunks(211).for_each(|part| walk.feed(part));
        let _ = walk.finish();
    }
});
