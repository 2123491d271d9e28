//! What a path of the gate or the relay asks for. Pure and strict: paths are compared as sent, nothing is decoded, and
//! every name in the result has passed its own rule, so that it is safe in a function's name and in a header.

use std::str::FromStr;

use super::cdn::RELAY_PREFIX;
use crate::model::reel::{
    index::{Container, Grain},
    name::{ChunkNumber, Generation, ReelName, RenditionId},
    tracks::TrackName,
};

/// Segments a rendition may have, by the relay's paths: six digits.
const SEGMENT_DIGITS: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A player by its name, `player-<hash>.js`.
    Player(String),
    /// A library of the page by its name, `library-<hash>.js`.
    Library(String),
    Reel(ReelName, What),
}

/// What is asked for of a reel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Without its slash.
    Bare,
    Page,
    Multivariant,
    RelayMultivariant,
    AbsMultivariant,
    /// Of pieces.
    SeekMultivariant,
    Poster,
    /// How pages elsewhere embed it.
    Embedding,
    Inside(Generation, RenditionId, Inside),
    /// Subtitles or chapters.
    Track(Generation, TrackName, Text),
}

impl What {
    /// How often a player may be sent to where it is while AWS is busy: VLC follows one such redirect for a chunk, and
    /// every player two for a playlist. Pages and pictures are a browser's, which can wait for itself.
    pub fn again(&self) -> u8 {
        match self {
            Self::Inside(_, _, Inside::Chunk(..)) => 1,
            Self::Multivariant | Self::RelayMultivariant | Self::AbsMultivariant | Self::SeekMultivariant => 2,
            Self::Inside(_, _, Inside::Init) => 0,
            Self::Inside(..) => 2,
            Self::Track(_, _, Text::Playlist | Text::AbsPlaylist) => 2,
            Self::Track(_, _, Text::Segment(_) | Text::Cues | Text::Json) => 0,
            Self::Bare | Self::Page | Self::Poster | Self::Embedding => 0,
        }
    }
}

/// What is below a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    Media,
    RelayMedia,
    AbsMedia,
    /// Pieces.
    SeekMedia,
    /// Pieces, by the relay.
    PiecesMedia,
    Init,
    Chunk(ChunkNumber, Container),
}

/// What there is of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// The same through the relay: its segments come from the gate in any case.
    Playlist,
    AbsPlaylist,
    /// Counted from 0.
    Segment(u32),
    /// All of it in WebVTT.
    Cues,
    Json,
}

/// Of the gate; `None` for everything that its contract does not name.
pub fn gate(path: &str) -> Option<Asked> {
    let rest = path.strip_prefix('/')?;
    let (reel, rest) = match rest.split_once('/') {
        None if is_script("player", rest) => return Some(Asked::Player(rest.to_owned())),
        None if is_script("library", rest) => return Some(Asked::Library(rest.to_owned())),
        None => return Some(Asked::Reel(rest.parse().ok()?, What::Bare)),
        Some(parts) => parts,
    };
    let what = match rest {
        "" => What::Page,
        "index.m3u8" => What::Multivariant,
        "index.relay.m3u8" => What::RelayMultivariant,
        "index.abs.m3u8" => What::AbsMultivariant,
        "index.seek.m3u8" => What::SeekMultivariant,
        "poster.jpg" => What::Poster,
        "oembed.json" => What::Embedding,
        _ => inside(rest)?,
    };
    Some(Asked::Reel(reel.parse().ok()?, what))
}

/// `<kind>-<eight hexadecimal digits>.js`
fn is_script(kind: &str, name: &str) -> bool {
    let hash = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".js"));
    hash.is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
}

fn inside(path: &str) -> Option<What> {
    let (generation, rest) = path.split_once('/')?;
    if let Some((track, text)) = text(rest) {
        return Some(What::Track(generation.parse().ok()?, track, text));
    }
    let (rendition, inside) = if let Some((rendition, file)) = rest.split_once('/') {
        let (number, container) = with_container(file)?;
        (rendition, Inside::Chunk(number.parse().ok()?, container))
    } else if let Some(rendition) = rest.strip_suffix(".relay.m3u8") {
        (rendition, Inside::RelayMedia)
    } else if let Some(rendition) = rest.strip_suffix(".abs.m3u8") {
        (rendition, Inside::AbsMedia)
    } else if let Some(rendition) = rest.strip_suffix(".seek.m3u8") {
        (rendition, Inside::SeekMedia)
    } else if let Some(rendition) = rest.strip_suffix(".pieces.m3u8") {
        (rendition, Inside::PiecesMedia)
    } else if let Some(rendition) = rest.strip_suffix(".m3u8") {
        (rendition, Inside::Media)
    } else {
        (rest.strip_suffix("-init.mp4")?, Inside::Init)
    };
    Some(What::Inside(generation.parse().ok()?, rendition.parse().ok()?, inside))
}

fn text(rest: &str) -> Option<(TrackName, Text)> {
    if let Some((track, file)) = rest.split_once('/') {
        return Some((track.parse().ok()?, Text::Segment(segment_number(file.strip_suffix(".vtt")?)?)));
    }
    let (track, ending) = rest.split_once('.')?;
    let text = match ending {
        "m3u8" | "relay.m3u8" => Text::Playlist,
        "abs.m3u8" => Text::AbsPlaylist,
        "vtt" => Text::Cues,
        "json" => Text::Json,
        _ => return None,
    };
    Some((track.parse().ok()?, text))
}

/// Digits without a zero before them.
fn segment_number<N: FromStr>(digits: &str) -> Option<N> {
    let canonical = digits == "0" || !digits.starts_with('0');
    let is_number = (1..=SEGMENT_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && is_number).then(|| digits.parse().ok())?
}

/// One whole segment or piece, counted from 0 over its rendition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub reel: ReelName,
    pub generation: Generation,
    pub rendition: RenditionId,
    pub grain: Grain,
    pub number: usize,
    pub container: Container,
}

/// Of the relay, on a host of its own or behind a CDN.
pub fn relay(path: &str) -> Option<Segment> {
    let mut parts = of_relay(path)?.splitn(4, '/');
    let (reel, generation) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let rendition = parts.next()?.parse().ok()?;
    let file = parts.next()?;
    let piece = file.strip_prefix("pieces/");
    let grain = if piece.is_some() { Grain::Pieces } else { Grain::Segments };
    let (number, container) = with_container(piece.unwrap_or(file))?;
    Some(Segment { reel, generation, rendition, grain, number: segment_number(number)?, container })
}

/// A path of the relay, without the slash and without what stands before it behind a CDN.
pub fn of_relay(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    Some(path.strip_prefix(RELAY_PREFIX).unwrap_or(path))
}

fn with_container(file: &str) -> Option<(&str, Container)> {
    let ts = file.strip_suffix(".ts").map(|number| (number, Container::Ts));
    ts.or_else(|| file.strip_suffix(".mp4").map(|number| (number, Container::Mp4)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_path_of_the_contract_is_known() {
        let what = |path: &str| match gate(path) {
            Some(Asked::Reel(_, what)) => Some(what),
            _ => None,
        };
        let inside = |inside| Some(What::Inside("0123abcd".parse().unwrap(), "src".parse().unwrap(), inside));
        assert_eq!(what("/clip"), Some(What::Bare));
        assert_eq!(what("/clip/"), Some(What::Page));
        assert_eq!(what("/clip/index.m3u8"), Some(What::Multivariant));
        assert_eq!(what("/clip/index.relay.m3u8"), Some(What::RelayMultivariant));
        assert_eq!(what("/clip/index.abs.m3u8"), Some(What::AbsMultivariant));
        assert_eq!(what("/clip/0123abcd/src.abs.m3u8"), inside(Inside::AbsMedia));
        assert_eq!(what("/clip/poster.jpg"), Some(What::Poster));
        assert_eq!(what("/clip/oembed.json"), Some(What::Embedding));
        assert_eq!(what("/clip/0123abcd/src.m3u8"), inside(Inside::Media));
        assert_eq!(what("/clip/0123abcd/src.relay.m3u8"), inside(Inside::RelayMedia));
        assert_eq!(what("/clip/index.seek.m3u8"), Some(What::SeekMultivariant));
        assert_eq!(what("/clip/0123abcd/src.seek.m3u8"), inside(Inside::SeekMedia));
        assert_eq!(what("/clip/0123abcd/src.pieces.m3u8"), inside(Inside::PiecesMedia));
        assert_eq!(what("/clip/0123abcd/src-init.mp4"), inside(Inside::Init));
        assert_eq!(what("/clip/0123abcd/src/0001.ts"), inside(Inside::Chunk(ChunkNumber::FIRST, Container::Ts)));
        assert_eq!(what("/clip/0123abcd/src/9999.mp4"), inside(Inside::Chunk(ChunkNumber::LAST, Container::Mp4)));
        assert_eq!(gate("/player-0123abcd.js"), Some(Asked::Player("player-0123abcd.js".into())));
        assert_eq!(gate("/library-0123abcd.js"), Some(Asked::Library("library-0123abcd.js".into())));
        let relayed = |path| relay(path).map(|segment| (segment.grain, segment.number));
        assert_eq!(relayed("/clip/0123abcd/src/120.ts"), Some((Grain::Segments, 120)));
        assert_eq!(relayed("/clip/0123abcd/src/pieces/120.ts"), Some((Grain::Pieces, 120)));
        assert_eq!(relayed("/_relay/clip/0123abcd/src/120.ts"), Some((Grain::Segments, 120)));
        assert_eq!(relayed("/_relay/clip/0123abcd/src/pieces/120.ts"), Some((Grain::Pieces, 120)));
    }

    #[test]
    fn what_begins_a_path_of_the_relay_behind_a_cdn_is_no_reel() {
        assert!("_relay".parse::<ReelName>().is_err());
        for path in ["/_relay", "/_relay/", "/_relay/index.m3u8", "/_relay/clip/index.m3u8"] {
            assert_eq!(gate(path), None, "{path}");
        }
        let twice_or_without_a_reel = ["/_relay/_relay/clip", "//_relay/clip", "/_relay", "/_relay//clip"];
        for path in twice_or_without_a_reel.map(|path| format!("{path}/0123abcd/src/0")) {
            assert_eq!(relay(&format!("{path}.ts")), None, "{path}");
            assert_eq!(gate(&format!("{path}001.ts")), None, "{path}");
        }
        assert_eq!(relay("/relay/0123abcd/src/0.ts").unwrap().reel.as_str(), "relay");
    }

    #[test]
    fn subtitles_and_chapters_have_paths_of_their_own() {
        let what = |path: &str| match gate(path) {
            Some(Asked::Reel(_, what)) => Some(what),
            _ => None,
        };
        let track = |text| Some(What::Track("0123abcd".parse().unwrap(), "s1-89abcdef".parse().unwrap(), text));
        assert_eq!(what("/clip/0123abcd/s1-89abcdef.m3u8"), track(Text::Playlist));
        assert_eq!(what("/clip/0123abcd/s1-89abcdef.relay.m3u8"), track(Text::Playlist));
        assert_eq!(what("/clip/0123abcd/s1-89abcdef.abs.m3u8"), track(Text::AbsPlaylist));
        assert_eq!(what("/clip/0123abcd/s1-89abcdef/120.vtt"), track(Text::Segment(120)));
        assert_eq!(what("/clip/0123abcd/s1-89abcdef.vtt"), track(Text::Cues));
        assert_eq!(what("/clip/0123abcd/s1-89abcdef.json"), track(Text::Json));
        let below = [
            "s1-89abcdef",
            "s1-89abcde.m3u8",
            "s1-89ABCDEF.m3u8",
            "subs1-89abcdef.m3u8",
            "s1-89abcdef.other.m3u8",
            "s1-89abcdef-init.mp4",
            "s1-89abcdef/00.vtt",
            "s1-89abcdef/1234567.vtt",
            "s1-89abcdef/.vtt",
            "s1-89abcdef/0.ts",
            "s1-89abcdef/0.vtt/",
            "src/0.vtt",
            "src.vtt",
            "index.json",
        ];
        for path in below {
            assert_eq!(gate(&format!("/clip/0123abcd/{path}")), None, "{path}");
        }
    }

    #[test]
    fn whatever_is_not_exactly_of_the_contract_is_unknown() {
        let long = format!("/{}", "a".repeat(10_000));
        let paths = [
            "",
            "/",
            "//",
            "clip/",
            "/clip//",
            "/clip/index.m3u8/",
            "/Clip/",
            "/-clip/",
            "/clip/..",
            "/../clip/",
            "/clip/.",
            "/clip/%2e%2e/",
            "/clip%2findex.m3u8",
            "/clip/index%2em3u8",
            "/%63lip/",
            "/clip%00/",
            "/clip\0/",
            "/clip/\r\nX: y",
            "/clip/%0d%0aX:y",
            "/clip/0123ABCD/src.m3u8",
            "/clip/0123abcd/",
            "/clip/0123abcd/src",
            "/clip/0123abcd/srces.m3u8",
            "/clip/0123abcd/../index.m3u8",
            "/clip/0123abcd/src/0000.ts",
            "/clip/0123abcd/src/1.ts",
            "/clip/0123abcd/src/+001.ts",
            "/clip/0123abcd/src/0001.zip",
            "/clip/0123abcd/src/0001.ts/",
            "/clip/0123abcd/src/x/0001.ts",
            "/clip/index.json",
            "/oembed.json",
            "/clip/é/",
            "/zipreel-gate/index.m3u8?",
            "/clip\\..\\x/",
            "/player-0123ABCD.js",
            "/player-0123abc.js",
            "/player-0123abcd.js/",
            "/clip/player-0123abcd.js",
            "/library-0123ABCD.js",
            "/library0123abcd.js",
            &long,
        ];
        for path in paths {
            assert_eq!(gate(path), None, "{path:?}");
        }
        for path in ["pieces/pieces/0", "piece/0", "pieces//0", "pieces/"] {
            assert_eq!(relay(&format!("/clip/0123abcd/src/{path}.ts")), None, "{path}");
        }
        for number in ["00", "01", "-1", "+1", "1234567", "", "0x1", "%30"] {
            assert_eq!(relay(&format!("/clip/0123abcd/src/{number}.ts")), None, "{number}");
        }
    }

    proptest! {
        #[test]
        fn no_path_panics_and_what_passes_is_spelled_the_one_way(path in "(/[a-z0-9.%-]{0,12}){0,5}|\\PC{0,60}") {
            let _ = relay(&path);
            if let Some(asked) = gate(&path) {
                let start = match asked {
                    Asked::Player(name) | Asked::Library(name) => format!("/{name}"),
                    Asked::Reel(reel, _) => format!("/{reel}"),
                };
                prop_assert!(path.starts_with(&start));
                prop_assert!(path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-".contains(&byte)));
                prop_assert!(!path.contains(".."));
            }
        }
    }
}
