//! Every playlist that a reel is served by, as a client gets it: multivariant and media, of segments and of pieces, by
//! redirects and by the relay, and the copy with absolute links. Parsers of others read them alike, and they keep the rules of RFC 8216.

use std::process::Stdio;

use serde::Deserialize;
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, process::Command};

use super::{
    rules::{RULES, broken},
    stage::packages,
};
use crate::{
    clips::{Clip, clip},
    contract::runtime::{node, python, repository},
    publish::sandbox::{Run, Sandbox, client, get_range, segments_of},
};

/// With the length of segments and the size of chunks: open GOPs, a last segment of a tenth of a second, no sound, many
/// bytes, and many segments.
const SOURCES: [(Clip, &str, &str); 6] = [
    MANY_CHUNKS,
    (Clip::OpenGop, "2", "1"),
    (Clip::ShortEnd, "6", "32"),
    (Clip::Silent, "6", "32"),
    (Clip::Grain, "1", "16"),
    (Clip::OpenGopLong, "2", "32"),
];
const MANY_CHUNKS: (Clip, &str, &str) = (Clip::Mp4, "2", "1");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Multivariant,
    Media,
}

/// A playlist as it was served, with what it leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Served {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
    /// Of a multivariant playlist, those of its one rendition.
    pub(crate) segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    /// As ffmpeg announced it; of a piece, as the playlist says.
    pub(crate) seconds: f64,
    pub(crate) bytes: Vec<u8>,
}

impl Served {
    /// Empty if it is no text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.text().lines().filter(|line| !line.is_empty())
    }

    pub(crate) fn uris(&self) -> Vec<&str> {
        self.lines().filter(|line| !line.starts_with('#')).collect()
    }

    fn absolute(&self, uri: &str) -> String {
        reqwest::Url::parse(&self.url).unwrap().join(uri).unwrap().into()
    }

    async fn get(kind: Kind, url: &str) -> Self {
        let response = client().get(url).send().await.unwrap();
        assert_eq!(response.status(), 200, "{url}");
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let bytes = response.bytes().await.unwrap().to_vec();
        Self { kind, url: url.to_owned(), content_type, bytes, segments: Vec::new() }
    }

    /// Offset and length of each segment, read line by line; `None` where the whole resource is the segment.
    fn ranges(&self) -> Vec<Option<(u64, u64)>> {
        segments_of(self.text()).into_iter().map(|(_, range)| range).collect()
    }

    /// What the playlist says, read line by line.
    fn durations(&self) -> Vec<f64> {
        let lines = self.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
        lines.map(|seconds| seconds.trim_end_matches(',').parse().unwrap()).collect()
    }

    /// Whether it cuts finer than the segments, of which there are so many.
    fn is_fine(&self, segments: usize) -> bool {
        self.segments.len() > segments
    }

    async fn fetch(&mut self, announced: &[f64]) {
        let mut segments = Vec::new();
        let own = self.durations();
        let durations = if own.len() == announced.len() { announced } else { &own };
        for ((uri, range), seconds) in self.uris().into_iter().zip(self.ranges()).zip(durations.to_vec()) {
            let url = self.absolute(uri);
            let bytes = match range {
                Some((offset, length)) => get_range(&url, offset, length).await,
                None => client().get(&url).send().await.unwrap().bytes().await.unwrap().to_vec(),
            };
            segments.push(Segment { seconds, bytes });
        }
        self.segments = segments;
    }
}

/// The seven playlists of a reel and all that they lead to.
async fn served(run: &Run) -> Vec<Served> {
    let durations: Vec<f64> = run.events("segment-closed").map(|line| line["seconds"].as_f64().unwrap()).collect();
    let mut all = Vec::new();
    for name in ["index.m3u8", "index.relay.m3u8", "index.seek.m3u8"] {
        let url = run.playlist().replace("index.m3u8", name);
        let mut multivariant = Served::get(Kind::Multivariant, &url).await;
        let media = multivariant.absolute(multivariant.uris()[0]);
        let mut media = Served::get(Kind::Media, &media).await;
        media.fetch(&durations).await;
        multivariant.segments = media.segments.clone();
        all.extend([multivariant, media]);
    }
    let copy = run.published()["playlist_copy"].as_str().unwrap();
    let mut copy = Served {
        kind: Kind::Media,
        url: format!("file://{copy}"),
        content_type: String::new(),
        bytes: std::fs::read(copy).unwrap(),
        segments: Vec::new(),
    };
    copy.fetch(&durations).await;
    all.push(copy);
    all
}

async fn publish(sandbox: &Sandbox, (kind, seconds, mib): (Clip, &str, &str)) -> Run {
    let name = format!("{kind:?}").to_lowercase();
    sandbox.publish(&clip(kind), &["--name", &name, "--segment-seconds", seconds, "--chunk-mib", mib]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pictures_in_one_playlist_keep_the_rules() {
    let sandbox = Sandbox::start().await;
    let args = ["--name", "two", "--segment-seconds", "4", "--compatible"];
    let run = sandbox.publish(&crate::publish::compatible::hevc(), &args).await;
    let mut multivariant = Served::get(Kind::Multivariant, &run.playlist()).await;
    let mut all = Vec::new();
    for (uri, id) in multivariant.uris().into_iter().zip(["h264", "src"]) {
        let own = run.events("segment-closed").filter(|line| line["rendition"] == id);
        let durations: Vec<f64> = own.map(|line| line["seconds"].as_f64().unwrap()).collect();
        let mut media = Served::get(Kind::Media, &multivariant.absolute(uri)).await;
        media.fetch(&durations).await;
        all.push(media);
    }
    multivariant.segments = all[0].segments.clone();
    all.push(multivariant);
    for playlist in &all {
        let mut broken = broken(playlist);
        // those of transport streams
        broken.retain(|rule| !rule.starts_with("3: ") && !rule.starts_with("3.2: "));
        assert_eq!(broken, [""; 0], "{}: {}", playlist.url, playlist.text());
    }
}

/// What a parser made of a playlist.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Read {
    Error { error: String },
    Multivariant { variants: Vec<Variant> },
    Media { segments: Vec<Listed>, target: f64, ended: bool },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Variant {
    url: String,
    bandwidth: u64,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Listed {
    url: String,
    seconds: f64,
    /// Offset and length.
    range: Option<(u64, u64)>,
}

fn parsers() -> [Command; 2] {
    let mut hls_js = Command::new(node());
    hls_js.arg(repository().join("tests/players/parse.mjs")).arg(packages());
    let mut m3u8 = Command::new(python());
    m3u8.arg(repository().join("tests/players/parse.py"));
    [hls_js, m3u8]
}

async fn read(mut parser: Command, playlists: &[Served]) -> Vec<Read> {
    let asked: Vec<_> = playlists.iter().map(|one| json!({ "url": one.url, "text": one.text() })).collect();
    parser.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = parser.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let write = async move { input.write_all(serde_json::to_string(&asked).unwrap().as_bytes()).await.unwrap() };
    let (output, ()) = tokio::join!(child.wait_with_output(), write);
    let output = output.unwrap();
    assert!(output.status.success(), "{parser:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn is_read_as_written(playlist: &Served, read: &Read) {
    let url = &playlist.url;
    match (playlist.kind, read) {
        (Kind::Multivariant, Read::Multivariant { variants }) => {
            let links: Vec<_> = playlist.uris().iter().map(|uri| playlist.absolute(uri)).collect();
            assert_eq!(variants.iter().map(|variant| variant.url.clone()).collect::<Vec<_>>(), links);
            assert!(variants.iter().all(|variant| variant.bandwidth > 1000), "{url}: {variants:?}");
        }
        (Kind::Media, Read::Media { segments, target, ended }) => {
            assert!(*ended && *target >= 1.0, "{url}");
            assert_eq!(segments.len(), playlist.segments.len(), "{url}");
            let ranges = playlist.ranges();
            for (at, (listed, segment)) in segments.iter().zip(&playlist.segments).enumerate() {
                assert_eq!(listed.url, playlist.absolute(playlist.uris()[at]), "{url}");
                assert!((listed.seconds - segment.seconds).abs() < 2e-6, "{url}: {listed:?} {}", segment.seconds);
                assert_eq!(listed.range, ranges[at], "{url}: {listed:?}");
                let length = listed.range.map_or(segment.bytes.len() as u64, |(_, length)| length);
                assert_eq!(length, segment.bytes.len() as u64, "{url}: {listed:?}");
            }
        }
        _ => panic!("{url}: {read:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_playlist_keeps_the_rfc_and_is_read_as_written_by_the_parsers_of_others() {
    let sandbox = Sandbox::start().await;
    let (mut playlists, mut in_pieces) = (Vec::new(), 0);
    for source in SOURCES {
        let run = publish(&sandbox, source).await;
        let of_reel = served(&run).await;
        let closed: Vec<_> = run.events("segment-closed").map(|line| line["bytes"].as_u64().unwrap()).collect();
        let whole = |playlist: &Served| playlist.segments.iter().flat_map(|one| one.bytes.clone()).collect::<Vec<u8>>();
        let seconds = |playlist: &Served| playlist.segments.iter().map(|one| one.seconds).sum::<f64>();
        for playlist in &of_reel {
            let bytes: Vec<_> = playlist.segments.iter().map(|segment| segment.bytes.len() as u64).collect();
            if playlist.is_fine(closed.len()) {
                in_pieces += 1;
                assert!(whole(playlist) == whole(&of_reel[0]), "{}", playlist.url);
                assert!((seconds(playlist) - seconds(&of_reel[0])).abs() < 1e-3, "{}", playlist.url);
            } else {
                assert_eq!(bytes, closed, "{}", playlist.url);
            }
            let unkept = broken(playlist);
            assert!(unkept.is_empty(), "{}: {unkept:?}\n{}", playlist.url, playlist.text());
        }
        playlists.extend(of_reel);
    }
    // two of each of the two whose segments are longer than a piece
    assert_eq!((playlists.len(), in_pieces), (7 * SOURCES.len(), 2 * 4));
    for parser in parsers() {
        let results = read(parser, &playlists).await;
        assert_eq!(results.len(), playlists.len());
        for (playlist, result) in playlists.iter().zip(&results) {
            is_read_as_written(playlist, result);
        }
    }
}

/// Neither the rules nor the parsers let everything pass.
#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_that_breaks_a_rule_is_found_out_by_that_rule() {
    let sandbox = Sandbox::start().await;
    let good = served(&publish(&sandbox, MANY_CHUNKS).await).await;
    for rule in RULES {
        let mut tried = 0;
        for playlist in good.iter().filter(|playlist| rule.of.is_none_or(|kind| kind == playlist.kind)) {
            let mut bad = playlist.clone();
            (rule.breaks)(&mut bad);
            // where there is nothing to break, as a byte range in a playlist of whole segments
            if bad == *playlist {
                continue;
            }
            tried += 1;
            assert!(!rule.holds(&bad), "{} {}: {}", rule.section, rule.demands, bad.text());
        }
        assert!(tried > 0, "{} {}: nothing was broken", rule.section, rule.demands);
    }
    let media = &good[1];
    for (parser, (from, to)) in parsers()
        .into_iter()
        .zip([("#EXT-X-TARGETDURATION", "#EXT-X-TARGET"), ("#EXT-X-VERSION:4", "#EXT-X-VERSION:2")])
    {
        let bytes = media.text().replace(from, to).into_bytes();
        let refused = read(parser, &[Served { bytes, ..media.clone() }]).await;
        assert!(matches!(refused[..], [Read::Error { .. }]), "{refused:?}");
    }
}
