//! `zipreel info`: all that is known of one reel, laid out for people.

use std::time::Duration;

use super::{
    out::{self, Said},
    reels::{minute, with_reels},
};
use crate::{
    cli::WhereArgs,
    json,
    model::{
        reel::{
            index::{Alternative, GenerationIndex, RenditionIndex},
            name::{ReelName, RenditionId},
        },
        report::fault::Stopped,
        wording::{bit_rate, bytes, clock, codecs, count, dollars, span},
    },
    settings::FaceSettings,
    use_cases::reels::info::{self, Info, chunks, segments},
};

/// Chunks that have a line each; of more, the ends.
const CHUNKS_SHOWN: usize = 20;
const ENDS: usize = 3;

pub async fn info(name: &ReelName, reels: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let (info, is_local) = with_reels(reels, face, async |engine, place, follow| {
        Ok((info::info(engine, place, name, follow).await?, place.is_local()))
    })
    .await?;
    out::ended(face, json::info(&info), || lines(&info, is_local).iter().for_each(|line| out::line(line)))
}

/// A heading a part, and its facts in two columns.
fn lines(info: &Info, is_local: bool) -> Vec<String> {
    let mut lines = vec![info.index.title.clone()];
    lines.extend(columns(&facts(info, is_local)));
    let parts = [
        ("Links", links(info)),
        ("Streams", streams(info)),
        ("Chunks", chunk_rows(&info.index.current)),
        ("Versions", generations(info)),
        ("Damaged in the video itself", damaged(&info.index.current)),
        ("Watching it costs about", costs(info)),
    ];
    for (heading, rows) in parts.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        lines.extend([String::new(), heading.to_owned()]);
        lines.extend(columns(&rows));
    }
    lines
}

type Row = (String, String);

fn row(name: &str, value: impl Into<String>) -> Row {
    (name.to_owned(), value.into())
}

fn columns(rows: &[Row]) -> impl Iterator<Item = String> {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(10);
    rows.iter().map(move |(name, value)| format!("  {name:width$}  {value}").trim_end().to_owned())
}

fn facts(info: &Info, is_local: bool) -> Vec<Row> {
    let (index, current) = (&info.index, &info.index.current);
    let place = match is_local {
        true => "the stand-in on this computer".to_owned(),
        false => format!("account {}, {}", info.at.account, info.at.region),
    };
    let by = index.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let published = info.published.map_or("-".to_owned(), |time| format!("{} UTC{by}", minute(time)));
    let cut = format!("{}, each of about {} s", count(info.own_segments() as u64, "segment"), current.segment_seconds);
    let (chunks, size) = (count(info.chunks() as u64, "chunk"), bytes(current.bytes()));
    let mut facts = vec![
        row("reel", index.reel.to_string()),
        row("where", place),
        row("published", published),
        row("length", format!("{}, in {cut}", clock(info.duration()))),
        row("size", format!("{size} in {chunks}, and an index of {}", bytes(info.index_bytes))),
        row("made of", current.source_sha256.map_or("-".to_owned(), |hash| format!("a file with SHA-256 {hash}"))),
    ];
    if index.robots.may_index() {
        facts.push(row("search", "engines may list the watch page"));
    }
    facts
}

fn links(info: &Info) -> Vec<Row> {
    let links = &info.links;
    let mut rows = vec![
        row("watch", links.watch.clone()),
        row("playlist", links.playlist()),
        row("seek", links.seek_playlist()),
        row("absolute", links.absolute_playlist()),
    ];
    rows.push(match info.relay {
        true => row("relay", links.relay_playlist()),
        false => row("relay", "off: browsers other than Safari and Firefox for Android can't play it"),
    });
    let of_rendition = |id: &RenditionId| row(id.as_str(), links.media_playlist(info.index.current.generation, id));
    rows.extend(info.index.current.renditions.keys().map(of_rendition));
    rows.extend([row("poster", links.poster()), row("oembed", links.oembed())]);
    rows.push(row("embed", format!("`zipreel embed {}` prints HTML that shows it on a web page", info.index.reel)));
    rows
}

fn streams(info: &Info) -> Vec<Row> {
    let language = info.language().map(|language| format!(", in {language}")).unwrap_or_default();
    let renditions = info.index.current.renditions.iter();
    let words = |(id, rendition): (&RenditionId, &RenditionIndex)| match &rendition.beside {
        Some(told) => row(id.as_str(), format!("{}: {}", track(told), stream(rendition))),
        None => row(id.as_str(), format!("{}{language}", stream(rendition))),
    };
    renditions.map(words).collect()
}

/// `German (de), 6 channels, players begin with it`
fn track(told: &Alternative) -> String {
    let language = told.language.as_ref().map(|language| format!(" ({language})")).unwrap_or_default();
    let channels = told.channels.filter(|channels| *channels > 2).map(|channels| format!(", {channels} channels"));
    let begins = if told.default { ", players begin with it" } else { "" };
    format!("{}{language}{}{begins}", told.name, channels.unwrap_or_default())
}

/// `H.264 High 4.0, AAC, 1920x1080, 59.94 pictures a second, 14.8 Mbit/s, at most 16.0 Mbit/s`.
fn stream(rendition: &RenditionIndex) -> String {
    let mut words = vec![codecs(&rendition.codecs)];
    words.extend(rendition.resolution.map(|(width, height)| format!("{width}x{height}")));
    words.extend(rendition.frame_rate.map(|rate| format!("{} pictures a second", (rate * 1000.0).round() / 1000.0)));
    words.push(bit_rate(rendition.average_bandwidth));
    words.push(format!("at most {}", bit_rate(rendition.bandwidth)));
    if let Some(longest) = segments(rendition).map(|segment| segment.duration_us).max() {
        words.push(format!("the longest segment {:.1} s", longest as f64 / 1e6));
    }
    words.join(", ")
}

fn chunk_rows(generation: &GenerationIndex) -> Vec<Row> {
    let mut rows = Vec::new();
    for (id, rendition) in &generation.renditions {
        let mut from = Duration::ZERO;
        for chunk in &rendition.chunks {
            let length: u64 = chunk.segments.iter().map(|segment| segment.duration_us).sum();
            let to = from + Duration::from_micros(length);
            let (size, segments) = (bytes(chunk.bytes), count(chunk.segments.len() as u64, "segment"));
            let stretch = format!("{} to {}", clock(from), clock(to));
            rows.push(row(&chunk.number.of(id), format!("{size:>8}  {segments}, {stretch}")));
            from = to;
        }
    }
    if rows.len() > CHUNKS_SHOWN {
        let hidden = rows.len() - 2 * ENDS;
        let between = row("…", format!("{hidden} more: `zipreel info --json` has each"));
        rows.splice(ENDS..ENDS + hidden, [between]);
    }
    rows
}

fn generations(info: &Info) -> Vec<Row> {
    let mut rows = vec![row(&info.index.current.generation.to_string(), "served now")];
    for retired in &info.index.retired {
        let generation = &retired.generation;
        let (chunks, size) = (count(chunks(generation).count() as u64, "chunk"), bytes(generation.bytes()));
        let until = match retired.until.known() {
            Some(time) => format!("until {} UTC", minute(time)),
            None => "no longer".to_owned(),
        };
        rows.push(row(&generation.generation.to_string(), format!("replaced; served {until}: {chunks}, {size}")));
    }
    rows
}

fn damaged(generation: &GenerationIndex) -> Vec<Row> {
    let stretch = |&(from, to): &(u64, u64)| {
        let [from, to] = [from, to].map(Duration::from_millis);
        row(&format!("from {}", clock(from)), format!("to {} ({})", clock(to), span(to.saturating_sub(from))))
    };
    generation.damaged.iter().map(stretch).collect()
}

fn costs(info: &Info) -> Vec<Row> {
    let Some(costs) = info.costs else { return Vec::new() };
    vec![
        row(&dollars(costs.million_in_players / 1e3), "a thousand full views in VLC, mpv and other players"),
        row(&dollars(costs.million_by_pieces / 1e3), "the same by pieces, by the playlist for quick jumps"),
        row(&dollars(costs.thousand_by_relay), "a thousand full views in browsers, through the relay"),
        row(&dollars(costs.thousand_by_cdn.free), "the same by a CDN, within its free terabyte a month"),
        row(&dollars(costs.thousand_by_cdn.by_gb), "the same by a CDN, beyond that"),
    ]
}
