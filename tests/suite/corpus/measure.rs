//! What a media playlist says of its segments, and what the timestamps of their packets say. Every reel is held to it.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use tokio::process::Command;

use super::inside::Inside;
use crate::publish::sandbox::{Reel, get_range};

/// Timestamps of MPEG-TS: 33 bits at 90 kHz.
const WRAP: i64 = 1 << 33;
const CLOCK: f64 = 90_000.0;

/// A segment as the playlist has it, and its packets.
pub(super) struct Entry {
    pub(super) extinf: f64,
    pub(super) discontinuity: bool,
    pub(super) inside: Inside,
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
    /// By how much the sound begins later than the picture.
    pub(super) offset: f64,
    /// How far two measurements may differ: a frame of the stream that has the longest, at its fastest.
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
            let (inside, packets) = (Inside::of(&path).await, packets(&path).await?);
            entries.push(Entry { extinf, discontinuity, inside, packets });
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

/// One stream of one segment, ticks since the stretch's base.
#[derive(Clone, Copy)]
struct Extent {
    start: i64,
    end: i64,
    /// From one frame to the next, in the middle of all.
    frame: i64,
}

fn extent(entry: &Entry, video: bool, base: i64) -> Option<Extent> {
    let of_kind = entry.packets.iter().filter(|packet| packet.video == video);
    let mut times: Vec<(i64, Option<i64>)> = of_kind.map(|packet| (since(base, packet.pts), packet.duration)).collect();
    times.sort_unstable();
    let (&(start, _), &(last, duration)) = (times.first()?, times.last()?);
    let mut spacings = times.windows(2).map(|two| two[1].0 - two[0].0);
    let mut frames: Vec<i64> = spacings.clone().chain(duration).filter(|ticks| *ticks > 0).collect();
    frames.sort_unstable();
    let frame = frames.get(frames.len() / 2).copied().unwrap_or(0);
    // ffprobe takes a picture's duration from the average rate
    let last_frame = if video { spacings.next_back().or(duration) } else { duration }.unwrap_or(0);
    Some(Extent { start: base + start, end: base + last + last_frame, frame })
}

/// The picture's and the sound's.
type Extents = [Option<Extent>; 2];

/// When a segment begins to those who cut by it.
fn begins([video, sound]: &Extents) -> Option<i64> {
    video.or(*sound).map(|extent| extent.start)
}

/// EXTINF and EXT-X-TARGETDURATION against the timestamps. What players play lasts from the first timestamp of any
/// stream to the end of the last; each stretch of time that a discontinuity parts from the one before counts by itself.
pub(super) fn playlist_is_true(reel: &Reel, entries: &[Entry]) -> Result<Span, String> {
    let target = reel.media.lines().find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"));
    let target: f64 = target.and_then(|text| text.parse().ok()).ok_or("no EXT-X-TARGETDURATION")?;
    if let Some(long) = entries.iter().find(|entry| entry.extinf.round() > target) {
        return Err(format!("EXTINF {} is over the target duration {target}", long.extinf));
    }
    let frame = frame(entries);
    let stretches = stretches(entries, (frame * CLOCK) as i64);
    let all = || stretches.iter().flatten();
    let has_pictures = all().any(|[video, _]| video.is_some());
    if let Some(place) = all().position(|[video, _]| has_pictures && video.is_none()) {
        return Err(format!("segment {place} has no picture"));
    }
    let mut stated = entries.iter().map(|entry| entry.extinf).enumerate();
    let mut seconds = 0.0;
    for stretch in &stretches {
        let bounds = bounds(stretch);
        for (truth, (place, stated)) in bounds.windows(2).map(|two| (two[1] - two[0]) as f64 / CLOCK).zip(&mut stated) {
            if (truth - stated).abs() > frame {
                return Err(format!("segment {place} says {stated:.3} s, its timestamps say {truth:.3} s"));
            }
        }
        seconds += bounds.first().zip(bounds.last()).map_or(0, |(start, end)| end - start) as f64 / CLOCK;
    }
    let sum: f64 = entries.iter().map(|entry| entry.extinf).sum();
    if (sum - seconds).abs() > frame {
        return Err(format!("the playlist adds up to {sum:.3} s, its streams to {seconds:.3} s"));
    }
    let first = |kind: usize| stretches[0].iter().find_map(|extents| extents[kind]).map(|extent| extent.start);
    let offset = first(0).zip(first(1)).map_or(0, |(video, sound)| sound - video) as f64 / CLOCK;
    Ok(Span { offset, frame })
}

/// Of the stream whose frames are longer, where they are shortest: still pictures for sound alone are slow ones.
fn frame(entries: &[Entry]) -> f64 {
    let shortest = |video| {
        let extents = entries.iter().filter_map(|entry| extent(entry, video, entry.packets[0].pts));
        extents.map(|extent| extent.frame).filter(|ticks| *ticks > 0).min()
    };
    shortest(true).max(shortest(false)).unwrap_or(0) as f64 / CLOCK + 0.001
}

/// Segments whose times go on from one to the next within so many ticks, over a discontinuity or not.
fn stretches(entries: &[Entry], near: i64) -> Vec<Vec<Extents>> {
    let mut stretches: Vec<Vec<Extents>> = Vec::new();
    let mut base = entries[0].packets[0].pts;
    for entry in entries {
        // from segment to segment, since all of them may span more than what the timestamps can count
        let next = base + since(base, entry.packets[0].pts);
        let extents = [true, false].map(|video| extent(entry, video, next));
        let before = stretches.last().and_then(|stretch: &Vec<Extents>| stretch.last());
        // the picture's, or the last
        let mut ended =
            before.into_iter().flat_map(|before| [before[0].map(|video| video.end), ends(before)]).flatten();
        let goes_on = begins(&extents).is_some_and(|start| ended.any(|end| (start - end).abs() <= near));
        match stretches.last_mut().filter(|_| goes_on || !entry.discontinuity) {
            Some(stretch) => stretch.push(extents),
            None => stretches.push(vec![extents]),
        }
        base = next;
    }
    stretches
}

fn ends(extents: &Extents) -> Option<i64> {
    extents.iter().flatten().map(|extent| extent.end).max()
}

/// When each segment begins, the first with whatever is first in it, and when all of them are over.
fn bounds(stretch: &[Extents]) -> Vec<i64> {
    let first = stretch.iter().flatten().flatten().map(|extent| extent.start).min();
    let rest = stretch.iter().skip(1).map(begins);
    let end = stretch.iter().filter_map(ends).max();
    [first].into_iter().chain(rest).chain([end]).flatten().collect()
}
