//! What the rules ask of a playlist's text, and how it is read for that: line by line, by the grammar of RFC 8216.

use std::collections::BTreeMap;

use super::playlists::{Segment, Served};

pub(super) const OF_SEGMENTS: [&str; 7] = [
    "EXTINF",
    "EXT-X-BYTERANGE",
    "EXT-X-DISCONTINUITY",
    "EXT-X-KEY",
    "EXT-X-MAP",
    "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-DATERANGE",
];
pub(super) const OF_MEDIA: [&str; 6] = [
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-I-FRAMES-ONLY",
];
pub(super) const OF_MULTIVARIANT: [&str; 5] =
    ["EXT-X-MEDIA", "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-SESSION-DATA", "EXT-X-SESSION-KEY"];

pub(super) fn lines(playlist: &Served) -> impl Iterator<Item = &str> {
    playlist.text().lines().filter(|line| !line.is_empty())
}

pub(super) fn first_line(playlist: &Served) -> &str {
    playlist.text().lines().next().unwrap_or_default()
}

/// Name and value of a tag.
pub(super) fn tag(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix('#').filter(|line| line.starts_with("EXT"))?;
    Some(line.split_once(':').unwrap_or((line, "")))
}

pub(super) fn values<'a>(playlist: &'a Served, name: &'a str) -> impl Iterator<Item = &'a str> {
    lines(playlist).filter_map(tag).filter(move |(found, _)| *found == name).map(|(_, value)| value)
}

pub(super) fn count(playlist: &Served, name: &str) -> usize {
    values(playlist, name).count()
}

pub(super) fn has_any(playlist: &Served, names: &[&str]) -> bool {
    names.iter().any(|name| count(playlist, name) > 0)
}

pub(super) fn integer(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

pub(super) fn decimal(text: &str) -> Option<f64> {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then(|| text.parse().ok()).flatten()
}

/// An attribute list, or `None` if it is none.
pub(super) fn attributes(mut list: &str) -> Option<BTreeMap<&str, &str>> {
    let mut found = BTreeMap::new();
    loop {
        let (name, rest) = list.split_once('=')?;
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        let end = match rest.strip_prefix('"') {
            Some(quoted) => quoted.find('"')? + 2,
            None => rest.find(',').unwrap_or(rest.len()),
        };
        let (value, rest) = rest.split_at(end);
        let is_bare = !value.is_empty() && !value.contains(|c: char| c == '"' || c.is_whitespace());
        if name.is_empty() || !name.chars().all(is_name) || !(value.starts_with('"') || is_bare) {
            return None;
        }
        if found.insert(name, value).is_some() {
            return None;
        }
        match rest.strip_prefix(',') {
            Some(more) => list = more,
            None => return rest.is_empty().then_some(found),
        }
    }
}

/// An attribute of the first variant.
pub(super) fn attribute<'a>(playlist: &'a Served, name: &str) -> Option<&'a str> {
    let list = lines(playlist).find_map(|line| line.strip_prefix("#EXT-X-STREAM-INF:"))?;
    attributes(list)?.get(name).copied()
}

pub(super) fn number_of(playlist: &Served, name: &str) -> Option<f64> {
    Some(integer(attribute(playlist, name)?)? as f64)
}

/// `None` where a duration has not its form.
pub(super) fn durations(playlist: &Served) -> Option<Vec<f64>> {
    values(playlist, "EXTINF").map(|value| decimal(value.split_once(',')?.0)).collect()
}

pub(super) fn target(playlist: &Served) -> Option<u64> {
    integer(values(playlist, "EXT-X-TARGETDURATION").next()?)
}

pub(super) fn is_known(playlist: &Served) -> bool {
    let known = ["application/vnd.apple.mpegurl", "audio/mpegurl"];
    playlist.url.ends_with(".m3u8") || playlist.url.ends_with(".m3u") || known.contains(&&*playlist.content_type)
}

pub(super) fn no_controls(playlist: &Served) -> bool {
    !playlist.text().chars().any(|c| c.is_control() && c != '\n' && c != '\r')
}

pub(super) fn lines_end_well(playlist: &Served) -> bool {
    let text = playlist.text().replace("\r\n", "\n");
    !text.contains('\r') && text.ends_with('\n')
}

/// Outside of quoted strings and titles, which may have it.
pub(super) fn no_white_space(playlist: &Served) -> bool {
    lines(playlist).all(|line| {
        let bare = match tag(line) {
            Some(("EXTINF", value)) => value.split(',').next().unwrap_or_default().to_owned(),
            Some(_) => line.split('"').step_by(2).collect(),
            None if line.starts_with('#') => String::new(),
            None => line.to_owned(),
        };
        !bare.contains(char::is_whitespace)
    })
}

/// By the characters of RFC 3986.
pub(super) fn uris_are_uris(playlist: &Served) -> bool {
    let is_of_a_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let uris = playlist.uris();
    !uris.is_empty() && uris.iter().all(|uri| uri.bytes().all(is_of_a_uri))
}

pub(super) fn attributes_are_well_formed(playlist: &Served) -> bool {
    let with_lists = ["EXT-X-STREAM-INF", "EXT-X-MEDIA", "EXT-X-MAP", "EXT-X-KEY", "EXT-X-START"];
    with_lists.iter().all(|name| values(playlist, name).all(|list| attributes(list).is_some()))
}

pub(super) fn every_segment_has_extinf(playlist: &Served) -> bool {
    let mut has = false;
    let kept = lines(playlist).all(|line| match tag(line) {
        Some(("EXTINF", _)) => !std::mem::replace(&mut has, true),
        _ if line.starts_with('#') => true,
        _ => std::mem::replace(&mut has, false),
    });
    kept && !has
}

pub(super) fn extinf_is_well_formed(playlist: &Served) -> bool {
    durations(playlist).is_some()
}

pub(super) fn ranges_are_well_formed(playlist: &Served) -> bool {
    values(playlist, "EXT-X-BYTERANGE").all(|value| {
        let (length, offset) = value.split_once('@').unwrap_or((value, "0"));
        integer(length).is_some() && integer(offset).is_some()
    })
}

pub(super) fn offsets_are_known(playlist: &Served) -> bool {
    let (mut range, mut before) = (None, None);
    lines(playlist).all(|line| {
        if let Some(("EXT-X-BYTERANGE", value)) = tag(line) {
            range = Some(value);
        } else if !line.starts_with('#') {
            let follows = range.take().map(|value| value.contains('@') || before == Some(line));
            before = follows.map(|_| line);
            return follows.unwrap_or(true);
        }
        true
    })
}

pub(super) fn each_once(playlist: &Served) -> bool {
    OF_MEDIA.iter().all(|name| count(playlist, name) < 2)
}

pub(super) fn target_is_kept(playlist: &Served) -> bool {
    let longest = durations(playlist).and_then(|all| all.into_iter().map(f64::round).reduce(f64::max));
    longest.zip(target(playlist)).is_some_and(|(longest, target)| longest <= target as f64)
}

pub(super) fn type_is_known(playlist: &Served) -> bool {
    values(playlist, "EXT-X-PLAYLIST-TYPE").all(|value| matches!(value, "EVENT" | "VOD"))
}

pub(super) fn uri_follows(playlist: &Served) -> bool {
    let mut lines = lines(playlist);
    let mut found = false;
    while let Some(line) = lines.next() {
        if line.starts_with("#EXT-X-STREAM-INF") {
            found = true;
            if lines.next().is_none_or(|next| next.starts_with('#')) {
                return false;
            }
        }
    }
    found
}

pub(super) fn bit_rate(segments: &[Segment]) -> (f64, f64) {
    let bytes: usize = segments.iter().map(|segment| segment.bytes.len()).sum();
    let seconds: f64 = segments.iter().map(|segment| segment.seconds).sum();
    (8.0 * bytes as f64 / seconds, seconds)
}

/// Over all runs of segments that last between 0.5 and 1.5 target durations.
pub(super) fn bandwidth_is_the_peak(playlist: &Served) -> bool {
    let segments = &playlist.segments;
    let target = segments.iter().map(|segment| segment.seconds.round()).fold(1.0, f64::max);
    let runs = (0..segments.len()).flat_map(|from| (from + 1..=segments.len()).map(move |to| &segments[from..to]));
    let rates = runs.map(bit_rate).filter(|(_, seconds)| (0.5 * target..=1.5 * target).contains(seconds));
    let peak = rates.map(|(rate, _)| rate).fold(0.0, f64::max);
    number_of(playlist, "BANDWIDTH").is_some_and(|told| is_about(told, peak))
}

pub(super) fn average_is_the_average(playlist: &Served) -> bool {
    let told = attribute(playlist, "AVERAGE-BANDWIDTH").map(|value| integer(value).unwrap_or(0) as f64);
    told.is_none_or(|told| is_about(told, bit_rate(&playlist.segments).0))
}

/// A bit a second is the rounding's.
pub(super) fn is_about(told: f64, found: f64) -> bool {
    (told - found).abs() <= 1.0 + 1e-6 * found
}

pub(super) fn is_quoted(playlist: &Served, name: &str) -> bool {
    attribute(playlist, name).is_some_and(|value| value.starts_with('"'))
}

pub(super) fn resolution_is_well_formed(playlist: &Served) -> bool {
    attribute(playlist, "RESOLUTION").is_none_or(|value| {
        value.split_once('x').is_some_and(|(width, height)| integer(width).is_some() && integer(height).is_some())
    })
}

pub(super) fn frame_rate_has_three_decimals(playlist: &Served) -> bool {
    attribute(playlist, "FRAME-RATE").is_none_or(|value| {
        decimal(value).is_some() && value.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3)
    })
}

pub(super) fn version_is_enough(playlist: &Served) -> bool {
    let version = values(playlist, "EXT-X-VERSION").next().map_or(Some(1), integer);
    let used = |name| count(playlist, name) > 0;
    let needed = if used("EXT-X-MAP") {
        6
    } else if used("EXT-X-BYTERANGE") {
        4
    } else if values(playlist, "EXTINF").any(|value| value.contains('.')) {
        3
    } else {
        1
    };
    version >= Some(needed)
}

pub(super) fn mapped(playlist: &Served) -> bool {
    let fragmented = playlist.uris().iter().any(|uri| uri.ends_with(".mp4") || uri.ends_with(".m4s"));
    !fragmented || count(playlist, "EXT-X-MAP") > 0
}
