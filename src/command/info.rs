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
            tracks::{Chapter, SubtitlesIndex},
        },
        report::fault::Stopped,
        wording::{FREE_HERE, bit_rate, bytes, clock, codecs, count, dollars, span},
    },
    settings::FaceSettings,
    use_cases::reels::info::{self, Info, chunks, segments},
};

/// Chunks or chapters that have a line each; of more, the ends.
const ROWS_SHOWN: usize = 20;
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
        ("Chapters", chapters(&info.index.current)),
        ("Chunks", chunk_rows(&info.index.current)),
        ("Versions", generations(info)),
        ("Damaged in the video itself", damaged(&info.index.current)),
        ("Watching it costs about", costs(info)),
    ];
    for (heading, rows) in parts.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        lines.extend([String::new(), heading.to_owned()]);
        lines.extend(columns(&rows));
    }
    if info.costs.is_none() {
        lines.extend([String::new(), format!("Watching costs {}", FREE_HERE)]);
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
    let (chunks, size) = (count(info.chunks() as u64, "chunk"), bytes(current.bytes()));
    let mut facts = vec![
        row("reel", index.reel.to_string()),
        row("where", place),
        row("published", published),
        row("length", format!("{}, in {}", clock(info.duration()), cut(info))),
        row("size", format!("{size} in {chunks}, and an index of {}", bytes(info.index_bytes))),
        row("made of", current.source_sha256.map_or("-".to_owned(), |hash| format!("a file with SHA-256 {hash}"))),
    ];
    facts.extend(current.chapters.iter().map(|chapters| row("chapters", chapters.starts.len().to_string())));
    if index.robots.may_index() {
        facts.push(row("search", "engines may list the watch page"));
    }
    facts
}

/// `2 segments of up to 4.0 s`: as they are, not as they were asked for.
fn cut(info: &Info) -> String {
    let (number, longest) = (info.own_segments() as u64, info.longest_segment());
    let longest = longest.filter(|_| number > 1).map(|longest| format!(" of up to {:.1} s", longest.as_secs_f64()));
    format!("{}{}", count(number, "segment"), longest.unwrap_or_default())
}

fn links(info: &Info) -> Vec<Row> {
    let links = &info.links;
    let mut rows = vec![row("watch", links.watch.clone()), row("playlist", links.playlist())];
    rows.extend(info.has_seek_link().then(|| row("seek", links.seek_playlist())));
    rows.push(row("absolute", links.absolute_playlist()));
    rows.push(match info.relay {
        true => row("relay", links.relay_playlist()),
        false => row("relay", "off: browsers other than Safari and Firefox for Android can't play it"),
    });
    let of_rendition = |id: &RenditionId| row(id.as_str(), links.media_playlist(info.index.current.generation, id));
    rows.extend(info.index.current.renditions.keys().map(of_rendition));
    let of_subtitles = |told: &SubtitlesIndex| row(&told.track.to_string(), info.subtitles_playlist(told));
    rows.extend(info.index.current.subtitles.iter().map(of_subtitles));
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
    renditions.map(words).chain(texts(&info.index.current)).collect()
}

/// What there is to read beside the picture, or in it.
fn texts(generation: &GenerationIndex) -> impl Iterator<Item = Row> {
    let beside = generation.subtitles.iter().map(|told| row(&told.track.to_string(), subtitles(told)));
    let inside = generation.captions.then(|| row("captions", "CEA-608 or CEA-708, in the picture itself"));
    beside.chain(inside)
}

/// `subtitles: English (SDH) (en), for the hard of hearing, players begin with them`
fn subtitles(told: &SubtitlesIndex) -> String {
    let marks = [
        (told.forced, ", forced"),
        (told.hearing_impaired, ", for the hard of hearing"),
        (told.default, ", players begin with them"),
    ];
    let marks: String = marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect();
    format!("subtitles: {}{marks}", in_language(&told.name, told.language.as_deref()))
}

fn in_language(name: &str, language: Option<&str>) -> String {
    language.map_or_else(|| name.to_owned(), |language| format!("{name} ({language})"))
}

/// `German (de), 6 channels, players begin with it`
fn track(told: &Alternative) -> String {
    let name = in_language(&told.name, told.language.as_deref());
    let channels = told.channels.filter(|channels| *channels > 2).map(|channels| format!(", {channels} channels"));
    let begins = if told.default { ", players begin with it" } else { "" };
    format!("{name}{}{begins}", channels.unwrap_or_default())
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

/// When each begins, and what it is called.
fn chapters(generation: &GenerationIndex) -> Vec<Row> {
    let starts = generation.chapters.iter().flat_map(|chapters| &chapters.starts);
    let begin = |chapter: &Chapter| row(&clock(Duration::from_millis(chapter.start_ms)), chapter.title.as_str());
    shortened(starts.map(begin).collect())
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
    shortened(rows)
}

fn shortened(mut rows: Vec<Row>) -> Vec<Row> {
    if rows.len() > ROWS_SHOWN {
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
        row(&dollars(costs.thousand_by_cdn.pro), "the same where all of CloudFront's Pro plan ($15 a month) is used"),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::reel::tracks::{ChaptersIndex, TrackName};

    #[test]
    fn text_is_told_by_what_it_is_for() {
        let told = |id: &str, name: &str, language: Option<&str>| SubtitlesIndex {
            track: TrackName::of(id.parse().unwrap(), [name]),
            name: name.to_owned(),
            language: language.map(str::to_owned),
            default: false,
            forced: false,
            hearing_impaired: false,
            segments: 1,
            bytes: 1,
        };
        let english = SubtitlesIndex { default: true, hearing_impaired: true, ..told("s1", "English", Some("en")) };
        let german = SubtitlesIndex { forced: true, ..told("s2", "Deutsch", Some("de")) };
        let subtitles = vec![english, german, told("s3", "Subtitles", None)];
        let names: Vec<String> = subtitles.iter().map(|told| told.track.to_string()).collect();
        let generation = GenerationIndex { subtitles, captions: true, ..GenerationIndex::example(BTreeMap::new()) };
        let wanted = [
            row(&names[0], "subtitles: English (en), for the hard of hearing, players begin with them"),
            row(&names[1], "subtitles: Deutsch (de), forced"),
            row(&names[2], "subtitles: Subtitles"),
            row("captions", "CEA-608 or CEA-708, in the picture itself"),
        ];
        assert_eq!(texts(&generation).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn of_many_chapters_the_ends_are_told() {
        let of = |count: u64| {
            let starts = (0..count).map(|number| Chapter { start_ms: number * 61_000, title: format!("No. {number}") });
            let (track, starts) = (TrackName::of("ch".parse().unwrap(), [""]), starts.collect());
            let chapters = Some(ChaptersIndex { track, starts });
            chapters_of(GenerationIndex { chapters, ..GenerationIndex::example(BTreeMap::new()) })
        };
        assert_eq!(of(2), ["  0:00        No. 0", "  1:01        No. 1"]);
        assert_eq!(of(20).len(), 20);
        let many = of(100);
        assert_eq!((many.len(), many[2].as_str()), (7, "  2:02        No. 2"));
        assert_eq!(many[3], "  …           94 more: `zipreel info --json` has each");
        assert_eq!(many[6], "  1:40:39     No. 99");
    }

    fn chapters_of(generation: GenerationIndex) -> Vec<String> {
        columns(&chapters(&generation)).collect()
    }
}
