//! Subtitles and chapters as they lie in the index. Pure.

use super::clock::Clock;
use crate::model::{
    hls::playlist::{chapters_path, subtitles_path},
    media::{
        facts,
        streams::{
            language,
            names::{apart, quotable},
        },
    },
    reel::{
        index::GenerationIndex,
        name::RenditionId,
        tracks::{Chapter, ChaptersIndex, SubtitlesIndex, TrackName},
    },
    subtitles::{
        cue::Cue,
        webvtt::{self, clock},
    },
};

/// The part of an index that subtitles may fill.
pub(super) const SHARE: u64 = 4;
/// What an entry takes of a zip beside its content and twice its name.
const ENTRY_BYTES: usize = 80;
/// As `s999`.
const SUBTITLES_MAX: usize = 999;

/// Entries of a zip: names and content.
type Files = Vec<(String, Vec<u8>)>;

/// Cues, and what is known of them.
pub(super) struct Source {
    /// For a person: the stream or the file.
    pub label: String,
    /// BCP 47.
    pub language: Option<String>,
    pub title: Option<String>,
    pub forced: bool,
    pub hearing_impaired: bool,
    pub default: bool,
    /// By the source's times.
    pub cues: Vec<Cue>,
}

/// What an index has beside its renditions.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub subtitles: Vec<SubtitlesIndex>,
    pub chapters: Option<ChaptersIndex>,
    /// Entries of the index's zip.
    pub files: Files,
    /// Captions in the pictures themselves.
    pub captions: bool,
    /// A sentence for each that is not in it.
    pub left_out: Vec<String>,
}

impl Text {
    /// In their order. What takes more than `most` bytes together is left out, the largest first.
    pub(super) fn add_subtitles(
        &mut self,
        sources: Vec<Source>,
        clock: Clock,
        generation: &GenerationIndex,
        most: u64,
    ) {
        let names = names(&sources);
        let too_much = |label: &str| match most / 1024 {
            0 => format!("{label} is left out: the reel's index has no room for subtitles"),
            most => format!("{label} is left out: all subtitles of this reel together may have {most} KiB"),
        };
        let mut made = Vec::new();
        for ((number, source), name) in (1..).zip(sources).zip(names).take(SUBTITLES_MAX) {
            let id: RenditionId = format!("s{number}").parse().expect("a letter and three digits");
            match one(id, &source, name, clock, generation, most) {
                Some(one) => made.push((source.label, one)),
                None => self.left_out.push(too_much(&source.label)),
            }
        }
        while made.iter().map(|(_, (index, _))| index.bytes).sum::<u64>() > most {
            let largest = (0..made.len()).max_by_key(|at| made[*at].1.0.bytes).unwrap_or(0);
            let (label, _) = made.remove(largest);
            self.left_out.push(too_much(&label));
        }
        let mut has_default = false;
        for (_, (mut index, files)) in made {
            index.default &= !has_default;
            has_default |= index.default;
            self.subtitles.push(index);
            self.files.extend(files);
        }
    }

    pub(super) fn add_chapters(&mut self, chapters: &[facts::Chapter], clock: Clock, generation: &GenerationIndex) {
        let starts = starts(chapters, clock, generation.duration_ms);
        if starts.is_empty() {
            return;
        }
        let (cues, json) = (cues(&starts, generation.duration_ms), json(&starts, generation.duration_ms));
        let id = "ch".parse().expect("two letters");
        let track = TrackName::of(id, [cues.as_str(), json.as_str()]);
        for (ending, text) in [("vtt", cues), ("json", json)] {
            self.files.push((chapters_path(generation.generation, &track, ending), text.into_bytes()));
        }
        self.chapters = Some(ChaptersIndex { track, starts });
    }
}

fn one(
    id: RenditionId,
    source: &Source,
    name: String,
    clock: Clock,
    generation: &GenerationIndex,
    most: u64,
) -> Option<(SubtitlesIndex, Files)> {
    let segments = webvtt::segments(&source.cues, clock.anchor, clock.begins, generation.duration_ms, most)?;
    let length = generation.duration_ms.to_string();
    let track = TrackName::of(id, segments.iter().map(String::as_str).chain([length.as_str()]));
    let folder = track.to_string();
    let playlist = webvtt::playlist(&folder, segments.len(), generation.duration_ms);
    let count = segments.len() as u32;
    let mut files = vec![(subtitles_path(generation.generation, &track), playlist.into_bytes())];
    let named = |number: usize| format!("{}/{folder}/{number}.vtt", generation.generation);
    files.extend(segments.into_iter().enumerate().map(|(number, text)| (named(number), text.into_bytes())));
    let bytes = files.iter().map(|(name, content)| (content.len() + 2 * name.len() + ENTRY_BYTES) as u64).sum();
    let Source { language, forced, hearing_impaired, default, .. } = source;
    let (language, forced, hearing_impaired, default) = (language.clone(), *forced, *hearing_impaired, *default);
    let index = SubtitlesIndex { track, name, language, default, forced, hearing_impaired, segments: count, bytes };
    Some((index, files))
}

/// By their languages, and never twice the same.
fn names(sources: &[Source]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for source in sources {
        let title = source.title.as_deref().map(quotable).filter(|title| !title.is_empty());
        let mut name = match (&source.language, &title) {
            (Some(tag), _) => language::name(tag),
            (None, Some(title)) => title.clone(),
            (None, None) => "Subtitles".to_owned(),
        };
        for (is_so, mark) in [(source.forced, "forced"), (source.hearing_impaired, "SDH")] {
            if is_so && !name.contains(mark) {
                name.push_str(&format!(" ({mark})"));
            }
        }
        if let Some(title) = title.filter(|title| names.contains(&name) && !name.contains(title.as_str())) {
            name = format!("{name} {title}");
        }
        names.push(apart(name, &names));
    }
    names
}

/// In the reel's time, in order, none beyond its end and no two at once.
fn starts(chapters: &[facts::Chapter], clock: Clock, duration_ms: u64) -> Vec<Chapter> {
    let begins_ms = (clock.begins as f64 / 90.0).round() as i64;
    let mut starts: Vec<Chapter> = Vec::new();
    for (number, chapter) in (1..).zip(chapters) {
        let shown = clock.anchor.shown_ms((chapter.start * 1000.0).round() as i64) - begins_ms;
        let start_ms = u64::try_from(shown).unwrap_or(0);
        let title = chapter.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
        let title = title.map_or_else(|| format!("Chapter {number}"), str::to_owned);
        if start_ms < duration_ms {
            starts.push(Chapter { start_ms, title });
        }
    }
    starts.sort_by_key(|chapter| chapter.start_ms);
    starts.dedup_by_key(|chapter| chapter.start_ms);
    starts
}

fn ends(starts: &[Chapter], duration_ms: u64) -> impl Iterator<Item = (&Chapter, u64)> {
    let ends = starts.iter().skip(1).map(|next| next.start_ms).chain([duration_ms]);
    starts.iter().zip(ends)
}

fn cues(starts: &[Chapter], duration_ms: u64) -> String {
    let mut text = "WEBVTT\n".to_owned();
    for (Chapter { start_ms, title }, end) in ends(starts, duration_ms) {
        let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.push_str(&format!("\n{} --> {}\n{title}\n", clock(*start_ms as i64), clock(end as i64)));
    }
    text
}

/// As Apple's players read it.
fn json(starts: &[Chapter], duration_ms: u64) -> String {
    let list: Vec<serde_json::Value> = (1..)
        .zip(ends(starts, duration_ms))
        .map(|(number, (Chapter { start_ms, title }, end))| {
            let seconds = |ms: u64| ms as f64 / 1000.0;
            serde_json::json!({
                "chapter": number,
                "start-time": seconds(*start_ms),
                "duration": seconds(end - start_ms),
                "titles": [{ "language": "und", "title": title }],
            })
        })
        .collect();
    serde_json::Value::from(list).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::subtitles::webvtt::Anchor;

    const CLOCK: Clock = Clock { anchor: Anchor { ticks: 126_000, seconds: 0.0 }, begins: 126_000 };

    fn generation(duration_ms: u64) -> GenerationIndex {
        let json = format!(
            r#"{{"generation":"0123abcd","duration_ms":{duration_ms},"segment_seconds":6.0,"chunk_limit_bytes":1,"renditions":{{}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn source(language: Option<&str>, text: &str) -> Source {
        Source {
            label: text.to_owned(),
            language: language.map(str::to_owned),
            title: None,
            forced: false,
            hearing_impaired: false,
            default: false,
            cues: vec![Cue::new(1000, 2000, "", text).unwrap()],
        }
    }

    #[test]
    fn no_two_have_the_same_name_and_one_at_most_is_shown_unasked() {
        let sources = vec![
            Source { default: true, ..source(Some("en"), "a") },
            Source { default: true, forced: true, ..source(Some("en"), "b") },
            Source { title: Some("Director\u{7}'s \"cut\"".into()), ..source(Some("en"), "c") },
            source(Some("en"), "d"),
            Source { hearing_impaired: true, ..source(Some("pt-BR"), "e") },
            source(None, "f"),
            source(None, "g"),
        ];
        let mut text = Text::default();
        text.add_subtitles(sources, CLOCK, &generation(10_000), u64::MAX);
        let names: Vec<&str> = text.subtitles.iter().map(|subtitles| subtitles.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "English",
                "English (forced)",
                "English Director's 'cut'",
                "English 2",
                "Português (BR) (SDH)",
                "Subtitles",
                "Subtitles 2"
            ]
        );
        assert_eq!(text.subtitles.iter().filter(|subtitles| subtitles.default).count(), 1);
        assert_eq!(text.files.len(), 2 * text.subtitles.len());
        assert_eq!(text.left_out, [""; 0]);
    }

    #[test]
    fn what_does_not_fit_is_left_out_by_name_the_largest_first() {
        let sources =
            vec![source(Some("en"), "short"), source(Some("de"), &"long ".repeat(500)), source(Some("fr"), "court")];
        let mut text = Text::default();
        text.add_subtitles(sources, CLOCK, &generation(10_000), 2000);
        let tags: Vec<_> = text.subtitles.iter().filter_map(|subtitles| subtitles.language.as_deref()).collect();
        assert_eq!(tags, ["en", "fr"]);
        assert!(text.left_out[0].starts_with("long ") && text.left_out[0].contains("left out"), "{:?}", text.left_out);
    }

    #[test]
    fn other_words_have_another_address_and_the_same_keep_theirs() {
        let track = |words: &str| {
            let mut text = Text::default();
            text.add_subtitles(vec![source(None, words)], CLOCK, &generation(10_000), u64::MAX);
            text.subtitles[0].track.clone()
        };
        assert_eq!(track("one"), track("one"));
        assert_ne!(track("one"), track("two"));
    }

    #[test]
    fn chapters_begin_in_the_reels_time_and_their_titles_are_text() {
        let chapter = |start, title: Option<&str>| facts::Chapter { start, title: title.map(str::to_owned) };
        let chapters = [
            chapter(0.0, Some("One & <two>")),
            chapter(4.5, None),
            chapter(4.5, Some("again")),
            chapter(11.0, Some("beyond")),
        ];
        let mut text = Text::default();
        text.add_chapters(&chapters, CLOCK, &generation(10_000));
        let [(_, vtt), (_, json)] = &text.files[..] else { panic!("{:?}", text.files) };
        assert_eq!(
            String::from_utf8_lossy(vtt),
            "WEBVTT\n\n00:00:00.000 --> 00:00:04.500\nOne &amp; &lt;two&gt;\n\n00:00:04.500 --> 00:00:10.000\nChapter 2\n"
        );
        assert_eq!(
            String::from_utf8_lossy(json),
            r#"[{"chapter":1,"duration":4.5,"start-time":0.0,"titles":[{"language":"und","title":"One & <two>"}]},{"chapter":2,"duration":5.5,"start-time":4.5,"titles":[{"language":"und","title":"Chapter 2"}]}]"#
        );
    }
}
