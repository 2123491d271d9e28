//! What a decoder makes of segments, or of the same stretch of their source: how many pictures and how much sound come
//! out, and what it complains of.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{
    ffmpeg::Tools,
    probe::input_argument,
    run::{Bounds, Ended, to_end},
};
use crate::model::media::{arguments::input_guard, decide::MediaPlan};

/// Longer than this no decoder is waited for.
const LIMIT: Duration = Duration::from_secs(300);
/// Bytes that are read of what it reports, and of its complaints.
const OUTPUT_MAX: usize = 256 * 1024;
/// Decoders of what is in a segment.
const OF_SEGMENTS: [&str; 2] = ["h264", "aac"];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    pub frames: u64,
    /// How far the output reaches, of pictures or sound.
    pub reached: Duration,
    /// Each line in which a decoder of these streams called something an error.
    pub complaints: Vec<String>,
}

impl Decoded {
    /// Something came out, and more of it is right than wrong.
    pub fn is_usable(&self) -> bool {
        let made = if self.frames > 0 { self.frames } else { u64::from(!self.reached.is_zero()) };
        made > 0 && (self.complaints.len() as u64) <= made
    }

    /// The first complaint, without the address that stands in it.
    pub fn first_words(&self) -> Option<String> {
        let line = self.complaints.first()?;
        Some(match line.split_once("] ") {
            Some((_, words)) => words.to_owned(),
            None => line.clone(),
        })
    }
}

/// Segments, one after the other as the decoder of a player has them. `None` if it was cancelled or took too long.
pub async fn segments(tools: &Tools, files: &[PathBuf], cancel: &CancellationToken) -> io::Result<Option<Decoded>> {
    let Some(folder) = files.first().and_then(|file| file.parent()) else { return Ok(Some(Decoded::default())) };
    // each begins anew: they need not be neighbours
    let mut text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:60\n".to_owned();
    for name in files.iter().filter_map(|file| file.file_name()) {
        text.push_str(&format!("#EXT-X-DISCONTINUITY\n#EXTINF:6,\n{}\n", name.to_string_lossy()));
    }
    text.push_str("#EXT-X-ENDLIST\n");
    let playlist = folder.join("decode.m3u8");
    tokio::fs::write(&playlist, text).await?;
    let mut input: Vec<OsString> = ["-protocol_whitelist", "file", "-f", "hls", "-i"].map(OsString::from).to_vec();
    input.push(input_argument(&playlist)?);
    let maps = ["-map", "0:v?", "-map", "0:a?"].map(OsString::from);
    run(tools, [&input[..], &maps[..]].concat(), &OF_SEGMENTS, cancel).await
}

/// The streams of the plan, from `start` on.
pub async fn source(
    tools: &Tools,
    video: &Path,
    plan: &MediaPlan,
    start: Duration,
    length: Duration,
    cancel: &CancellationToken,
) -> io::Result<Option<Decoded>> {
    let mut arguments: Vec<OsString> = input_guard().map(OsString::from).to_vec();
    for (option, time) in [("-ss", start), ("-t", length)] {
        arguments.extend([option.into(), format!("{:.3}", time.as_secs_f64()).into()]);
    }
    arguments.extend(["-i".into(), input_argument(video)?]);
    let mut decoders = Vec::new();
    for published in plan.published() {
        arguments.extend(["-map".into(), format!("0:{}", published.stream.index).into()]);
        decoders.push(published.stream.codec.as_str());
    }
    run(tools, arguments, &decoders, cancel).await
}

async fn run(
    tools: &Tools,
    arguments: Vec<OsString>,
    decoders: &[&str],
    cancel: &CancellationToken,
) -> io::Result<Option<Decoded>> {
    let mut command = Command::new(&tools.ffmpeg);
    command.args(["-nostdin", "-hide_banner", "-v", "repeat+error", "-progress", "pipe:1"]);
    command.args(arguments).args(["-f", "null", "-"]);
    let bounds = Bounds { time: LIMIT, answer: OUTPUT_MAX, complaints: OUTPUT_MAX };
    let Ended::Itself(output) = to_end(command, bounds, cancel).await? else { return Ok(None) };
    Ok(Some(decoded(&String::from_utf8_lossy(&output.answer), &output.complaints, decoders)))
}

/// What muxers, filters and ffmpeg itself have to say is no fault of what was decoded.
fn decoded(progress: &str, said: &str, decoders: &[&str]) -> Decoded {
    let last = |key: &str| {
        let values = progress.lines().filter_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok());
        values.max().unwrap_or(0)
    };
    let is_of_decoder = |line: &&str| {
        let part = line.strip_prefix('[').and_then(|rest| rest.split_once(" @ "));
        part.is_some_and(|(part, _)| decoders.contains(&part))
    };
    let complaints = said.lines().filter(is_of_decoder);
    Decoded {
        frames: last("frame="),
        reached: Duration::from_micros(last("out_time_us=")),
        complaints: complaints.map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decoders_complain() {
        let progress = "frame=10\nout_time_us=400000\nprogress=continue\nframe=25\nout_time_us=1000000\nprogress=end\n";
        let said = "[h264 @ 0x55d0] error while decoding MB 3 4, bytestream -7\n[null @ 0x5] Application provided \
                    invalid, non monotonically increasing dts to muxer in stream 0: 3 >= 3\n\nValue inf for \
                    parameter 'time_base' out of range\n";
        let found = decoded(progress, said, &OF_SEGMENTS);
        assert_eq!((found.frames, found.reached, found.complaints.len()), (25, Duration::from_secs(1), 1));
        assert_eq!(found.first_words().unwrap(), "error while decoding MB 3 4, bytestream -7");
        assert!(found.is_usable());
    }

    #[test]
    fn more_complaints_than_pictures_are_garbage_and_sound_alone_is_something() {
        let lines = |count: usize| "[h264 @ 0x1] no frame!\n".repeat(count);
        assert!(!decoded("frame=2\nout_time_us=80000\n", &lines(3), &OF_SEGMENTS).is_usable());
        assert!(!decoded("frame=0\nout_time_us=N/A\n", "", &OF_SEGMENTS).is_usable());
        assert!(decoded("out_time_us=21333\nprogress=end\n", "", &OF_SEGMENTS).is_usable());
    }
}
