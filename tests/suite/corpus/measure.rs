//! What a media playlist says of its segments, and what the timestamps of their packets say. Every reel is held to it.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use tokio::process::Command;

use crate::publish::sandbox::{Reel, get_range};

/// Timestamps of MPEG-TS: 33 bits at 90 kHz.
const WRAP: i64 = 1 << 33;
const CLOCK: f64 = 90_000.0;

/// A segment as the playlist has it, and its packets.
pub(super) struct Entry {
    pub(super) extinf: f64,
    pub(super) discontinuity: bool,
    packets: Vec<Packet>,
}

struct Packet {
    video: bool,
    /// At 90 kHz, not unwrapped.
    pts: i64,
    duration: Option<i64>,
}

/// Of a whole reel, seconds.
pub(super) struct Span {
    /// The longest stream, and from the first timestamp of any stream to the end of the last: sound that begins a little
    /// before the picture may count or not. Added up over the discontinuities.
    pub(super) seconds: [f64; 2],
    /// By how much the sound begins later than the picture.
    pub(super) offset: f64,
    /// The longest frame of any stream.
    pub(super) frame: f64,
}

pub(super) async fn entries(reel: &Reel, folder: &Path) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    let (mut extinf, mut discontinuity, mut ranges) = (None, false, reel.ranges().into_iter());
    for line in reel.media.lines() {
        if let Some(text) = line.strip_prefix("#EXTINF:") {
            extinf = text.trim_end_matches(',').parse::<f64>().ok();
        } else if line == "#EXT-X-DISCONTINUITY" {
            discontinuity = true;
        } else if !line.starts_with('#') {
            let (url, offset, length) = ranges.next().ok_or("a segment without a range")?;
            let path = folder.join("segment.ts");
            std::fs::write(&path, get_range(&url, offset, length).await).unwrap();
            let extinf = extinf.take().ok_or("a segment without EXTINF")?;
            entries.push(Entry { extinf, discontinuity, packets: packets(&path).await? });
            discontinuity = false;
        }
    }
    Ok(entries)
}

async fn packets(segment: &Path) -> Result<Vec<Packet>, String> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-show_entries", "packet=codec_type,pts,duration", "-of", "compact=p=0"]);
    let output = command.arg(segment).stdin(Stdio::null()).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let packet = |line: &str| {
        let fields: BTreeMap<&str, &str> = line.split('|').filter_map(|field| field.split_once('=')).collect();
        let number = |key| fields.get(key)?.parse::<i64>().ok();
        let video = *fields.get("codec_type")? == "video";
        Some(Packet { video, pts: number("pts")?, duration: number("duration").filter(|ticks| *ticks > 0) })
    };
    let packets: Vec<Packet> = text.lines().filter_map(packet).collect();
    if packets.is_empty() { Err(format!("a segment without packets: {segment:?}")) } else { Ok(packets) }
}

/// Ticks from `base` to `pts`, the short way around.
fn since(base: i64, pts: i64) -> i64 {
    (pts - base + WRAP / 2).rem_euclid(WRAP) - WRAP / 2
}

/// One stream of one segment, ticks since the run's base.
#[derive(Clone, Copy)]
struct Extent {
    start: i64,
    end: i64,
    frame: i64,
}

fn extent(entry: &Entry, video: bool, base: i64) -> Option<Extent> {
    let of_kind = entry.packets.iter().filter(|packet| packet.video == video);
    let mut times: Vec<(i64, Option<i64>)> = of_kind.map(|packet| (since(base, packet.pts), packet.duration)).collect();
    times.sort_unstable();
    let (&(start, _), &(last, duration)) = (times.first()?, times.last()?);
    let before = times.len().checked_sub(2).map(|place| last - times[place].0);
    let frame = duration.or(before).unwrap_or(0);
    Some(Extent { start: base + start, end: base + last + frame, frame })
}

/// EXTINF and EXT-X-TARGETDURATION against the timestamps.
pub(super) fn playlist_is_true(reel: &Reel, entries: &[Entry]) -> Result<Span, String> {
    let target = reel.media.lines().find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"));
    let target: f64 = target.and_then(|text| text.parse().ok()).ok_or("no EXT-X-TARGETDURATION")?;
    if let Some(long) = entries.iter().find(|entry| entry.extinf.round() > target) {
        return Err(format!("EXTINF {} is over the target duration {target}", long.extinf));
    }
    let mut span = Span { seconds: [0.0; 2], offset: 0.0, frame: 0.0 };
    let runs = entries.chunk_by(|_, next| !next.discontinuity);
    let mut place = 0;
    for (number, run) in runs.enumerate() {
        let (seconds, offset, frame) = run_is_true(run, place)?;
        span.seconds = [span.seconds[0] + seconds[0], span.seconds[1] + seconds[1]];
        span.frame = span.frame.max(frame);
        if number == 0 {
            span.offset = offset;
        }
        place += run.len();
    }
    let sum: f64 = entries.iter().map(|entry| entry.extinf).sum();
    if sum < span.seconds[0] - span.frame - 0.001 || sum > span.seconds[1] + span.frame + 0.001 {
        return Err(format!("the playlist adds up to {sum:.3} s, its streams last {:.3?} s", span.seconds));
    }
    Ok(span)
}

/// Segments between two discontinuities: length of the longest stream and of all, offset of the sound, longest frame.
fn run_is_true(run: &[Entry], place: usize) -> Result<([f64; 2], f64, f64), String> {
    let mut base = run[0].packets[0].pts;
    let extents = run.iter().map(|entry| {
        // from segment to segment, since all of them may span more than what the timestamps can count
        base += since(base, entry.packets[0].pts);
        [true, false].map(|video| extent(entry, video, base))
    });
    let extents: Vec<[Option<Extent>; 2]> = extents.collect();
    let all = extents.iter().flatten().flatten();
    let frame = all.clone().map(|extent| extent.frame).max().unwrap_or(0);
    let pictures = extents.iter().any(|[video, _]| video.is_some());
    for (number, [video, sound]) in extents.iter().enumerate() {
        if pictures && video.is_none() {
            return Err(format!("segment {} has no picture", place + number));
        }
        let Some(start) = video.or(*sound).map(|extent| extent.start) else { continue };
        let first = [video, sound].into_iter().flatten().map(|extent| extent.start).min().filter(|_| number == 0);
        let next = extents.get(number + 1).and_then(|[video, sound]| video.or(*sound)).map(|next| next.start);
        let end = next.or([video, sound].into_iter().flatten().map(|extent| extent.end).max()).unwrap_or(start);
        let truths = [Some(start), first].into_iter().flatten().map(|start| (end - start) as f64 / CLOCK);
        let stated = run[number].extinf;
        if !truths.clone().any(|truth| (truth - stated).abs() <= frame as f64 / CLOCK + 0.001) {
            let (place, truths) = (place + number, truths.collect::<Vec<_>>());
            return Err(format!("segment {place} says {stated:.3} s, its timestamps say {truths:.3?} s"));
        }
    }
    let of_kind = |kind: usize| {
        let kind = extents.iter().filter_map(move |extents| extents[kind]);
        Some((kind.clone().map(|extent| extent.start).min()?, kind.map(|extent| extent.end).max()?))
    };
    let (video, sound) = (of_kind(0), of_kind(1));
    let ends = [video, sound].into_iter().flatten();
    let longest = ends.clone().map(|(start, end)| end - start).max().unwrap_or(0);
    let (start, end) = (ends.clone().map(|(start, _)| start).min(), ends.map(|(_, end)| end).max());
    let all = end.zip(start).map_or(0, |(end, start)| end - start);
    let offset = video.zip(sound).map_or(0, |(video, sound)| sound.0 - video.0);
    Ok(([longest, all].map(|ticks| ticks as f64 / CLOCK), offset as f64 / CLOCK, frame as f64 / CLOCK))
}
