//! What ffmpeg writes to its two pipes, however it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zipreel_fuzz::model::media::ffmpeg_output::{Announcements, Lines, said};

fuzz_target!(|pieces: Vec<&[u8]>| {
    let (mut lines, mut announcements) = (Lines::default(), Announcements::default());
    let mut take = |line: &str| {
        let _ = said(line);
        let _ = announcements.line(line);
    };
    for piece in pieces {
        lines.push(piece, &mut take);
    }
    lines.end(&mut take);
});
