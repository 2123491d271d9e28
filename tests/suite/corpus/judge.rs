//! Holds what came of a row against what is right: what every reel must be, then what the row says.

use std::{collections::BTreeSet, path::Path, process::Stdio};

use serde_json::Value;
use tokio::process::Command;

use super::{
    Refusal, Right,
    measure::{self, Entry, Span},
};
use crate::publish::{
    frames::framemd5,
    sandbox::{Reel, Run},
};

type Judged = Result<(), String>;

pub(super) async fn judge(run: &Run, video: &Path, folder: &Path, right: &[Right]) -> Judged {
    if let Some(refusal) = right.iter().find_map(|right| match right {
        Right::Refused(refusal) => Some(refusal),
        _ => None,
    }) {
        return refused(run, video, refusal);
    }
    if run.code != Some(0) {
        return Err(format!("was not published: {:?} {} {}", run.code, last(run), run.stderr));
    }
    let reel = Reel::of(run).await;
    let entries = measure::entries(&reel, folder).await?;
    let span = measure::playlist_is_true(&reel, &entries)?;
    let streams = right.iter().find_map(|right| match right {
        Right::Frames(streams) => Some(streams.clone()),
        _ => None,
    });
    let source = decoded(video.to_str().unwrap(), streams.unwrap_or_default()).await;
    segments_stand_alone(&reel, &entries, &source)?;
    if right.iter().any(|right| matches!(right, Right::Heard)) {
        let (found, wanted): (usize, _) = (entries.iter().map(|entry| entry.inside.sounds).sum(), sounds(video).await);
        if found != wanted {
            return Err(format!("{found} frames of sound, {wanted} in the source"));
        }
    }
    let played = decoded(&run.playlist(), Vec::new()).await;
    let new: Vec<_> = played.errors.difference(&source.errors).cloned().collect();
    if !new.is_empty() {
        return Err(format!("the reel decodes with errors that the source has not: {new:?}"));
    }
    right.iter().try_for_each(|right| one(right, run, &entries, &span, &source, &played))
}

/// Each is one stream of pictures and one of sound, and a discontinuity stands where the next is another.
fn segments_stand_alone(reel: &Reel, entries: &[Entry], source: &Decoded) -> Judged {
    let independent = [&reel.media, &reel.multivariant].iter().any(|text| text.contains("#EXT-X-INDEPENDENT-SEGMENTS"));
    for (place, entry) in entries.iter().enumerate() {
        let why = entry.inside.is_one(independent, &source.errors);
        why.map_err(|why| format!("segment {place} {why}"))?;
    }
    let joins = entries.windows(2).enumerate().filter(|(_, two)| !two[1].discontinuity);
    match joins.into_iter().find(|(_, two)| !two[0].inside.goes_on(&two[1].inside)) {
        Some((place, _)) => Err(format!("segment {} is another stream without EXT-X-DISCONTINUITY", place + 1)),
        None => Ok(()),
    }
}

fn one(right: &Right, run: &Run, entries: &[Entry], span: &Span, source: &Decoded, played: &Decoded) -> Judged {
    match right {
        Right::Frames(_) => same_frames(source, played),
        Right::Count(frames) => match played.streams.first().map_or(0, Vec::len) {
            count if count == *frames => Ok(()),
            count => Err(format!("{count} frames, not {frames}")),
        },
        Right::Seconds(seconds) => {
            within(entries.iter().map(|entry| entry.extinf).sum(), *seconds, span.frame, "the playlist adds up to")
        }
        Right::Offset(seconds) => within(span.offset, *seconds, 0.040, "the sound begins after the picture by"),
        Right::Discontinuities(places) => {
            let found = entries.iter().enumerate().filter(|(_, entry)| entry.discontinuity).map(|(place, _)| place);
            let found: Vec<usize> = found.collect();
            if found == *places { Ok(()) } else { Err(format!("EXT-X-DISCONTINUITY at {found:?}, not {places:?}")) }
        }
        Right::Said(words) => match run.lines.iter().any(|line| line.to_string().contains(words.as_str())) {
            true => Ok(()),
            false => Err(format!("`{words}` is not said in {:#?}", run.lines)),
        },
        Right::Heard | Right::Refused(_) => Ok(()),
    }
}

fn within(found: f64, wanted: f64, tolerance: f64, what: &str) -> Judged {
    match (found - wanted).abs() <= tolerance {
        true => Ok(()),
        false => Err(format!("{what} {found:.3} s, not {wanted:.3} s ± {tolerance:.3}")),
    }
}

fn last(run: &Run) -> &Value {
    run.lines.last().unwrap_or(&Value::Null)
}

fn refused(run: &Run, video: &Path, refusal: &Refusal) -> Judged {
    let line = last(run);
    let filled = |text: &str| text.replace("{file}", video.to_str().unwrap());
    let cause = refusal.cause.as_deref().map_or(Value::Null, |cause| filled(cause).into());
    let wanted = (Some(refusal.status), filled(&refusal.what).into(), cause, refusal.class.into());
    let found = (run.code, line["what"].clone(), line["cause"].clone(), line["class"].clone());
    if line["hint"].is_null() {
        return Err(format!("nothing to do is said: {line}"));
    }
    if found == wanted { Ok(()) } else { Err(format!("was answered with\n{found:?}\nand not\n{wanted:?}")) }
}

/// Frames of the first sound of a file.
async fn sounds(video: &Path) -> usize {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error"]);
    if video.extension().is_some_and(|ending| ending == "mp4") {
        command.args(["-ignore_editlist", "1"]);
    }
    command.args(["-select_streams", "a:0", "-show_entries", "packet=codec_type", "-of", "csv=p=0"]).arg(video);
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with("audio")).count()
}

/// What ffmpeg makes of an input: a hash for each frame of each stream, and its complaints.
struct Decoded {
    streams: Vec<Vec<String>>,
    errors: BTreeSet<String>,
}

/// Of these streams, or of the video and the sound that are there.
async fn decoded(input: &str, streams: Vec<String>) -> Decoded {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-v", "error"]);
    // an edit list hides priming samples that are part of what is published
    if [".mp4", ".mov", ".m4a"].iter().any(|ending| input.ends_with(ending)) {
        command.args(["-ignore_editlist", "1"]);
    }
    command.args(["-i", input]);
    if streams.is_empty() {
        command.args(["-map", "0:v:0?", "-map", "0:a:0?"]);
    }
    streams.iter().for_each(|stream| {
        command.args(["-map", stream]);
    });
    // the older name of the option, which every version so far takes
    command.args(["-vsync", "passthrough", "-f", "framemd5", "-"]);
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let hashes = |stream: usize| {
        let lines = text.lines().filter(|line| line.starts_with(&format!("{stream},")));
        framemd5(&lines.collect::<Vec<_>>().join("\n"))
    };
    let streams = (0..).map(hashes).take_while(|hashes| !hashes.is_empty()).collect();
    Decoded { streams, errors: complaints(&output.stderr) }
}

/// What ffmpeg says of media, each once.
pub(super) fn complaints(stderr: &[u8]) -> BTreeSet<String> {
    // `[h264 @ 0x55…] words`: who says it and where it lies in memory is no part of what is said
    let said = |line: &str| line.rsplit_once("] ").map_or(line, |(_, words)| words).trim().to_owned();
    // the gate redirects to another host; and what is decoded has times of its own, which are looked at elsewhere
    let others = [
        "Cannot reuse HTTP connection",
        "Application provided invalid, non monotonically increasing dts",
        "Last message repeated",
    ];
    let of_media = |line: &String| !line.is_empty() && !others.iter().any(|other| line.starts_with(other));
    String::from_utf8_lossy(stderr).lines().map(said).filter(of_media).collect()
}

fn same_frames(source: &Decoded, played: &Decoded) -> Judged {
    if source.streams.len() != played.streams.len() {
        return Err(format!("{} streams, {} in the source", played.streams.len(), source.streams.len()));
    }
    for (stream, (played, source)) in played.streams.iter().zip(&source.streams).enumerate() {
        if played.len() != source.len() {
            return Err(format!("stream {stream}: {} frames, {} in the source", played.len(), source.len()));
        }
        if let Some(place) = played.iter().zip(source).position(|(played, source)| played != source) {
            return Err(format!("stream {stream}: frame {place} of {} differs", source.len()));
        }
    }
    Ok(())
}
