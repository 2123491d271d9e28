//! Captions in the pictures themselves, by CEA-608: players offer them only if the playlist tells of them.

use std::path::{Path, PathBuf};

use super::sandbox::{Reel, Sandbox, tool};
use crate::{
    clips::scratch,
    corpus::make::{V, X, ffmpeg, patched},
};

const X265: &str =
    "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50:scenecut=0:bframes=0:open-gop=0";
/// Bytes without their parity: a caption is loaded, put into the last row, and shown.
const PAIRS: [[u8; 2]; 9] =
    [[0x14, 0x20], [0x14, 0x20], [0x14, 0x70], [0x14, 0x70], *b"CA", *b"PT", *b"ED", [0x14, 0x2f], [0x14, 0x2f]];
/// A keyframe, 2 s after the beginning.
const MIDDLE: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn captions_in_the_pictures_are_told_wherever_they_begin() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    let at = folder.path();
    for (codec, from) in
        [("h264", Some(0)), ("h264", Some(MIDDLE)), ("h264", None), ("hevc", Some(0)), ("hevc", Some(MIDDLE))]
    {
        let video = film(at, codec, from);
        let run = sandbox.publish(&video, &["--segment-seconds", "2", "--replace"]).await;
        let multivariant = Reel::of(&run).await.multivariant;
        if from.is_none() {
            assert!(!multivariant.contains("CLOSED-CAPTIONS"), "{multivariant}");
            continue;
        }
        let lines = |start: &str| multivariant.lines().filter(|line| line.starts_with(start)).collect::<Vec<_>>();
        let (told, variants) = (lines("#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,"), lines("#EXT-X-STREAM-INF:"));
        assert!(told.len() == 1 && told[0].contains("INSTREAM-ID=\"CC1\""), "{codec} {from:?}: {multivariant}");
        assert!(!variants.is_empty(), "{multivariant}");
        assert!(
            variants.iter().all(|line| line.contains("CLOSED-CAPTIONS=\"cc\"")),
            "{codec} {from:?}: {multivariant}"
        );
        let entries = ["-v", "error", "-strict", "-2", "-show_entries", "frame_side_data=side_data_type", "-of", "csv"];
        let playlist = run.playlist();
        let carried = tool("ffprobe", &[&entries[..], &[playlist.as_str()]].concat());
        assert!(carried.contains("A53"), "{codec} {from:?}: {carried}");
    }
}

/// `film.mp4`: 4 s of pictures, those from this one on with captions.
fn film(folder: &Path, codec: &str, from: Option<usize>) -> PathBuf {
    let coder = if codec == "hevc" { X265 } else { X };
    let plain = ffmpeg(folder, &format!("{V} -t 4 {coder} -bf 0 -pix_fmt yuv420p plain.{codec}"));
    let name = format!("captioned.{codec}");
    let from = from.unwrap_or(usize::MAX);
    patched(folder, &plain, &name, |bytes| *bytes = captioned(bytes, codec == "hevc", from));
    ffmpeg(folder, &format!("-framerate 25 -i {{in}}/{name} -c copy film.mp4"))
}

/// An Annex B stream with an SEI message before the first slice of each picture from this one on.
fn captioned(stream: &[u8], is_hevc: bool, from: usize) -> Vec<u8> {
    let starts = stream.windows(3).enumerate().filter(|(_, bytes)| **bytes == [0, 0, 1]);
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    let header: &[u8] = if is_hevc { &[0x4e, 1] } else { &[6] };
    let mut output = stream[..starts[0]].to_vec();
    let mut picture = 0;
    for (number, &start) in starts.iter().enumerate() {
        let unit = &stream[start..starts.get(number + 1).copied().unwrap_or(stream.len())];
        let is_slice = if is_hevc { unit[3] >> 1 < 32 } else { [1, 5].contains(&(unit[3] & 31)) };
        if is_slice && unit[3 + header.len()] & 0x80 != 0 {
            if picture >= from {
                output.extend([&[0, 0, 1][..], header, &escaped(&message(picture - from))].concat());
            }
            picture += 1;
        }
        output.extend(unit);
    }
    output
}

/// `user_data_registered_itu_t_t35` with one pair, and the end of its SEI message.
fn message(number: usize) -> Vec<u8> {
    let odd = |byte: u8| byte | (u8::from(byte.count_ones() & 1 == 0) << 7);
    let [first, second] = PAIRS.get(number).copied().unwrap_or_default().map(odd);
    let data = [&b"\xb5\x00\x31GA94\x03\x41\xff\xfc"[..], &[first, second, 0xff]].concat();
    [&[4, data.len() as u8][..], &data, &[0x80]].concat()
}

/// Nothing in it looks like the start of another unit.
fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut output: Vec<u8> = Vec::new();
    for &byte in bytes {
        if byte <= 3 && output.ends_with(&[0, 0]) {
            output.push(3);
        }
        output.push(byte);
    }
    output
}
