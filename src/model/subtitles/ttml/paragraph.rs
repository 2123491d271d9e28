//! Paragraphs of TTML as cues: their pieces may have times and styles of their own.

use super::xml::is_space;
use crate::model::subtitles::cue::Cue;

/// Bytes of one paragraph, with what makes them WebVTT.
const TEXT_MAX: usize = 16 << 10;

/// A piece of a paragraph.
pub struct Run {
    pub text: String,
    pub begin: i64,
    pub end: Option<i64>,
    pub tags: [bool; 3],
    pub is_above: bool,
    pub preserves: bool,
}

impl Run {
    fn is_shown(&self, at: i64) -> bool {
        self.begin <= at && self.end.is_none_or(|end| at < end)
    }

    fn is_blank(&self) -> bool {
        self.text.chars().all(is_space)
    }
}

/// The cues of a paragraph: one for each time in which it shows the same.
pub fn cues_of(runs: &[Run]) -> Vec<Cue> {
    let spoken = || runs.iter().filter(|run| !run.is_blank());
    let mut edges: Vec<i64> = spoken().flat_map(|run| [Some(run.begin), run.end]).flatten().collect();
    edges.sort_unstable();
    edges.dedup();
    let cue = |edges: &[i64]| {
        let is_above = spoken().any(|run| run.is_above && run.is_shown(edges[0]));
        Cue::new(edges[0], edges[1], if is_above { "line:0" } else { "" }, &shown(runs, edges[0]))
    };
    edges.windows(2).filter_map(cue).collect()
}

/// What is shown at a time, as WebVTT.
fn shown(runs: &[Run], at: i64) -> String {
    let (mut text, mut tags, mut is_after_space) = (String::new(), [false; 3], true);
    for run in runs.iter().filter(|run| run.is_shown(at)) {
        if run.tags != tags && !run.is_blank() {
            mark(&mut text, tags, true);
            tags = run.tags;
            mark(&mut text, tags, false);
        }
        for character in run.text.chars() {
            let is_space = is_space(character);
            match character {
                _ if is_space && !run.preserves && is_after_space => {}
                _ if is_space && !run.preserves => text.push(' '),
                '<' => text.push_str("&lt;"),
                '&' => text.push_str("&amp;"),
                character => text.push(character),
            }
            is_after_space = is_space;
        }
        if text.len() > TEXT_MAX {
            break;
        }
    }
    mark(&mut text, tags, true);
    text
}

/// Opens these tags, or closes them.
fn mark(text: &mut String, tags: [bool; 3], closes: bool) {
    let mut named: Vec<&str> =
        ["i", "b", "u"].into_iter().zip(tags).filter(|(_, is)| *is).map(|(name, _)| name).collect();
    if closes {
        named.reverse();
    }
    for name in named {
        text.push_str(if closes { "</" } else { "<" });
        text.push_str(name);
        text.push('>');
    }
}
