//! Requests to gate and relay, a row each, and what their answers must be.

use zipreel::model::gate::players::{PLAYER, player_name};

use super::{
    reel::{CHAPTERS, FIRST_PIECE, GENERATION, INIT, POSTER, SUBTITLES, cues, payload},
    row::{Body, Quirk, Row, To, row},
};

const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const SHORT: &str = "public, max-age=10";

fn gate(path: impl Into<String>, status: u16) -> Row {
    row(To::Gate, path, status)
}

fn relay(path: impl Into<String>, status: u16) -> Row {
    row(To::Relay, path, status)
}

pub(super) fn not_found(to: To, path: impl Into<String>) -> Row {
    row(to, path, 404)
        .header("cache-control", "no-store")
        .header("content-type", "text/plain")
        .without("location")
        .body(Body::Is(b"not found\n".to_vec()))
}

pub(super) fn playlists() -> Vec<Row> {
    let file = |path: &str, cache: &str| {
        gate(path, 200).header("content-type", PLAYLIST).header("cache-control", cache).without("location")
    };
    vec![
        file("/reel/index.m3u8", SHORT).body(Body::Has("\n0123abcd/src.m3u8\n")),
        file("/reel/index.m3u8?t=90", SHORT).body(Body::Has("\n0123abcd/360p.m3u8\n")),
        file("/reel/index.relay.m3u8", SHORT).body(Body::Has("\n0123abcd/src.pieces.m3u8\n")),
        file("/reel/index.seek.m3u8", SHORT).body(Body::Has("\n0123abcd/src.seek.m3u8\n")),
        file("/reel/index.seek.m3u8", SHORT).body(Body::Has("TYPE=AUDIO,URI=\"0123abcd/t01.seek.m3u8\",")),
        file("/reel/index.m3u8", SHORT).body(Body::Has("TYPE=AUDIO,URI=\"0123abcd/t01.m3u8\",")),
        file("/reel/index.relay.m3u8", SHORT).body(Body::Has("TYPE=AUDIO,URI=\"0123abcd/t01.pieces.m3u8\",")),
        file("/reel/index.abs.m3u8", SHORT).body(Body::Has("/reel/0123abcd/t01.abs.m3u8\",GROUP-ID=\"aac\"")),
        file("/reel/0123abcd/t01.m3u8", IMMUTABLE).body(Body::Has("\nt01/0003.ts\n")),
        file("/reel/0123abcd/src.m3u8", IMMUTABLE).body(Body::Has("\nsrc/0003.ts\n")),
        file("/reel/0123abcd/360p.m3u8", IMMUTABLE).body(Body::Has("\n360p/0001.mp4\n")),
        file("/reel/0123abcd/src.relay.m3u8", SHORT).body(Body::Has("/reel/0123abcd/src/5.ts\n")),
        file("/reel/0123abcd/src.seek.m3u8", IMMUTABLE).body(Body::Has("\n#EXT-X-BYTERANGE:1000@")),
        file("/reel/0123abcd/t01.seek.m3u8", IMMUTABLE).body(Body::Has("\nt01/0003.ts\n")),
        file("/reel/0123abcd/src.pieces.m3u8", SHORT).body(Body::Has("/reel/0123abcd/src/pieces/11.ts\n")),
        file("/reel/0123abcd/360p.pieces.m3u8", SHORT).body(Body::Has("/reel/0123abcd/360p/pieces/5.mp4\n")),
        file("/reel/index.seek.m3u8", SHORT).method("HEAD").body(Body::Empty),
        file("/reel/index.abs.m3u8", SHORT).body(Body::Has("/reel/0123abcd/src.abs.m3u8\n")),
        file("/reel/0123abcd/src.abs.m3u8", SHORT).body(Body::Has("/reel/0123abcd/src/0003.ts\n")),
        file("/reel/0123abcd/360p.abs.m3u8", SHORT).body(Body::Has("/reel/0123abcd/360p/0001.mp4\n")),
        file("/reel/index.m3u8", SHORT).sending("Origin: https://example.com"),
        file("/reel/index.m3u8", SHORT).sending("If-None-Match: \"another\""),
        file("/reel/index.m3u8", SHORT).method("HEAD").body(Body::Empty),
        gate("/reel/0123abcd/360p-init.mp4", 200)
            .header("content-type", "video/mp4")
            .header("cache-control", IMMUTABLE)
            .header("content-length", &INIT.len().to_string())
            .body(Body::Is(INIT.to_vec())),
        gate("/reel/poster.jpg", 200)
            .header("content-type", "image/jpeg")
            .header("cache-control", "public, max-age=300")
            .body(Body::Is(POSTER.to_vec())),
    ]
}

/// What lies in the index beside the playlists of renditions.
pub(super) fn tracks() -> Vec<Row> {
    let of = |ending: &str| format!("/reel/{GENERATION}/{SUBTITLES}{ending}");
    let chapters = |ending: &str| format!("/reel/{GENERATION}/{CHAPTERS}{ending}");
    let file = |path: String, kind: &str, cache: &str| {
        gate(path, 200).header("content-type", kind).header("cache-control", cache).without("location")
    };
    const CUES: &str = "text/vtt; charset=utf-8";
    let segment =
        |number: usize| file(of(&format!("/{number}.vtt")), CUES, IMMUTABLE).body(Body::Is(cues(number).into_bytes()));
    let named = |path: &str, text| file(path.to_owned(), PLAYLIST, SHORT).body(Body::Has(text));
    let other = |path: String| not_found(To::Gate, path);
    vec![
        named("/reel/index.m3u8", ",URI=\"0123abcd/s1-89abcdef.m3u8\""),
        named("/reel/index.relay.m3u8", ",URI=\"0123abcd/s1-89abcdef.m3u8\""),
        named("/reel/index.seek.m3u8", ",URI=\"0123abcd/s1-89abcdef.m3u8\""),
        named("/reel/index.abs.m3u8", "/reel/0123abcd/s1-89abcdef.abs.m3u8\""),
        named("/reel/index.m3u8", "DATA-ID=\"com.apple.hls.chapters\",URI=\"0123abcd/ch-456789ab.json\""),
        named("/reel/index.abs.m3u8", "/reel/0123abcd/ch-456789ab.json\""),
        file(of(".m3u8"), PLAYLIST, IMMUTABLE).body(Body::Has("\ns1-89abcdef/1.vtt\n")),
        file(of(".relay.m3u8"), PLAYLIST, IMMUTABLE).body(Body::Has("\ns1-89abcdef/1.vtt\n")),
        file(of(".abs.m3u8"), PLAYLIST, SHORT).body(Body::Has("/reel/0123abcd/s1-89abcdef/1.vtt\n")),
        segment(0),
        segment(1).sending("Origin: https://example.com"),
        segment(1).method("HEAD").body(Body::Empty),
        file(chapters(".vtt"), CUES, IMMUTABLE).body(Body::Is(cues(0).into_bytes())),
        file(chapters(".json"), "application/json", IMMUTABLE).body(Body::Is(b"[]".to_vec())),
        other(of("/2.vtt")),
        other(of("/00.vtt")),
        other(of("/0.ts")),
        other(of(".vtt")),
        other(of(".json")),
        other(of("")),
        other(chapters(".m3u8")),
        other(format!("/reel/{GENERATION}/s1-00000000.m3u8")),
        other(format!("/reel/{GENERATION}/s1-89ABCDEF.m3u8")),
    ]
}

pub(super) fn pages() -> Vec<Row> {
    let page = gate("/reel/", 200)
        .header("content-type", "text/html; charset=utf-8")
        .header("cache-control", SHORT)
        .header("referrer-policy", "no-referrer");
    let bare = |path: &str, location: &str| {
        gate(path, 301)
            .header("location", location)
            .header("cache-control", "public, max-age=300")
            .without("etag")
            .body(Body::Empty)
    };
    let embedding =
        |path: &str| gate(path, 200).header("content-type", "application/json").header("cache-control", SHORT);
    let title = "<title>Été &#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62; &#38; &#34;{{reel}}&#34;</title>";
    vec![
        page.clone().body(Body::Has(title)),
        page.clone().method("HEAD").body(Body::Empty),
        gate("/reel/?t=90", 200),
        embedding("/reel/oembed.json")
            .body(Body::Has("{\"version\":\"1.0\",\"type\":\"video\",\"title\":\"Été <script>")),
        embedding("/reel/oembed.json?format=json&maxwidth=64")
            .body(Body::Has("/reel/\\\" width=\\\"64\\\" height=\\\"36\\\" title=\\\"Été &#60;script&#62;")),
        embedding("/reel/oembed.json").method("HEAD").body(Body::Empty),
        gate("/reel/oembed.json?format=xml", 501).body(Body::Empty),
        bare("/reel", "/reel/"),
        bare("/reel?t=90", "/reel/?t=90"),
        bare("/reel?t=%0d%0aX-Bad:%20", "/reel/"),
        bare("/reel?next=//example.com", "/reel/"),
        bare("/never-published", "/never-published/"),
        bare("/reel", "/reel/").method("HEAD"),
    ]
}

/// The player, for pages elsewhere, by the name that its hash gives it.
pub(super) fn players() -> Vec<Row> {
    let player = gate(format!("/{}", player_name()), 200)
        .header("content-type", "text/javascript; charset=utf-8")
        .header("cache-control", IMMUTABLE)
        .body(Body::Is(PLAYER.as_bytes().to_vec()));
    let other = |path| not_found(To::Gate, path);
    vec![
        player.clone(),
        player.method("HEAD").body(Body::Empty),
        other("/player-00000000.js"),
        other("/player.js"),
        other("/watch.html"),
        other("/reel/player-00000000.js"),
        other("/library-00000000.js"),
    ]
}

pub(super) fn chunks() -> Vec<Row> {
    let redirect = |path: &str| gate(path, 302).header("cache-control", "public, max-age=300").body(Body::Empty);
    vec![
        redirect("/reel/0123abcd/src/0001.ts").without("etag"),
        redirect("/reel/0123abcd/src/0003.ts?x=.zip"),
        redirect("/reel/0123abcd/360p/0002.mp4"),
        redirect("/reel/0123abcd/t01/0002.ts"),
        redirect("/reel/0123abcd/src/0001.ts").method("HEAD"),
        redirect("/reel/0123abcd/src/0001.ts").sending("Range: bytes=0-99"),
        redirect("/reel/0123abcd/src/0001.ts").sending("If-None-Match: *"),
        redirect("/reel/0123abcd/src/0001.ts").sending("Cache-Control: no-cache"),
    ]
}

pub(super) fn segments() -> Vec<Row> {
    let whole = |rendition: &str, number: usize, extension: &str, bytes: Vec<u8>| {
        relay(format!("/reel/0123abcd/{rendition}/{number}.{extension}"), 200)
            .header("cache-control", IMMUTABLE)
            .header("content-length", &bytes.len().to_string())
            .header("content-type", if extension == "ts" { "video/mp2t" } else { "video/mp4" })
            .without("location")
            .body(Body::Is(bytes))
    };
    let segment = |rendition: &str, number: usize, extension: &str| {
        whole(rendition, number, extension, payload(GENERATION, rendition, number))
    };
    let piece = |number: usize| {
        let mut bytes = payload(GENERATION, "src", number / 2);
        let second = bytes.split_off(FIRST_PIECE);
        whole("src/pieces", number, "ts", if number.is_multiple_of(2) { bytes } else { second })
    };
    vec![
        piece(0),
        piece(1),
        piece(11),
        piece(4).sending("Range: bytes=0-9"),
        piece(5).method("HEAD").body(Body::Empty),
        whole("360p/pieces", 5, "mp4", payload(GENERATION, "360p", 5)),
        segment("src", 0, "ts"),
        segment("src", 1, "ts"),
        segment("src", 5, "ts"),
        segment("360p", 3, "mp4"),
        segment("src", 2, "ts").sending("Range: bytes=0-9"),
        segment("src", 2, "ts").sending("Origin: https://example.com"),
        segment("src", 2, "ts").method("HEAD").body(Body::Empty),
    ]
}

/// Paths of the gate that mean nothing. First those that it has to look up, which each instance does a few times a client.
const NOT_OF_THE_GATE: &[&str] = &[
    "/absent/",
    "/absent/index.m3u8",
    "/absent/index.relay.m3u8",
    "/absent/poster.jpg",
    "/absent/index.abs.m3u8",
    "/absent/0123abcd/src/0001.ts",
    "/absent/index.seek.m3u8",
    "/reel/feedbeef/src.m3u8",
    "/reel/feedbeef/src.seek.m3u8",
    "/reel/feedbeef/src/0001.ts",
    "/",
    "//",
    "/favicon.ico",
    "/robots.txt",
    "/reel/0123abcd/nope.abs.m3u8",
    "/reel/index.json",
    "/reel/index.m3u8/",
    "/reel/index.m3u",
    "/reel//index.m3u8",
    "/reel/./index.m3u8",
    "/reel/../reel/index.m3u8",
    "/Reel/index.m3u8",
    "/-reel/",
    "/reel-/",
    "/re_el/",
    "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",
    "/reel/0123ABCD/src.m3u8",
    "/reel/0123abc/src.m3u8",
    "/reel/0123abcd/nope.m3u8",
    "/reel/0123abcd/source.m3u8",
    "/reel/0123abcd/src-init.mp4",
    "/reel/0123abcd/nope.relay.m3u8",
    "/reel/0123abcd/nope.seek.m3u8",
    "/reel/0123abcd/nope.pieces.m3u8",
    "/reel/0123abcd/src/pieces/0.ts",
    "/reel/0123abcd/src/0000.ts",
    "/reel/0123abcd/src/0004.ts",
    "/reel/0123abcd/src/9999.ts",
    "/reel/0123abcd/src/1.ts",
    "/reel/0123abcd/src/00001.ts",
    "/reel/0123abcd/src/0001.mp4",
    "/reel/0123abcd/src/0001.zip",
    "/reel/0123abcd/src/0001",
    "/reel/0123abcd/360p/0001.ts",
    "/reel/0123abcd/nope/0001.ts",
    "/reel/0123abcd/src/0001.ts/",
    "/reel/0123abcd/src/..%2f0001.ts",
    "/reel/0123abcd/src/0001.ts%0d%0aX-Bad:%20yes",
    "/reel/0123abcd/../../zipreel-gate",
];

/// Paths of the relay that mean nothing.
const NOT_OF_THE_RELAY: &[&str] = &[
    "/",
    "/reel/",
    "/reel/index.m3u8",
    "/reel/0123abcd/src.m3u8",
    "/reel/0123abcd/src/6.ts",
    "/reel/0123abcd/src/pieces/12.ts",
    "/reel/0123abcd/src/pieces/00.ts",
    "/reel/0123abcd/src/pieces/",
    "/reel/0123abcd/src/pieces/0.mp4",
    "/reel/0123abcd/nope/pieces/0.ts",
    "/reel/0123abcd/src/00.ts",
    "/reel/0123abcd/src/01.ts",
    "/reel/0123abcd/src/-1.ts",
    "/reel/0123abcd/src/1000000.ts",
    "/reel/0123abcd/src/0001.ts",
    "/reel/0123abcd/src/0.mp4",
    "/reel/0123abcd/360p/0.ts",
    "/reel/0123abcd/nope/0.ts",
    "/reel/feedbeef/src/0.ts",
    "/absent/0123abcd/src/0.ts",
    "/reel/0123abcd/../0123abcd/src/0.ts",
];

/// Neither gate nor relay decodes a path.
fn escaped() -> Vec<Row> {
    let playlist = |path: &str| {
        not_found(To::Gate, path).unless(Quirk::ApiDecodesPaths, |row| {
            row.status(200)
                .header("cache-control", SHORT)
                .header("content-type", PLAYLIST)
                .body(Body::Has("\n0123abcd/src.m3u8\n"))
        })
    };
    let segment = not_found(To::Relay, "/reel/0123abcd/src/%30.ts").unless(Quirk::UrlDecodesPaths, |row| {
        row.status(200)
            .header("cache-control", IMMUTABLE)
            .header("content-type", "video/mp2t")
            .body(Body::Is(payload(GENERATION, "src", 0)))
    });
    vec![playlist("/reel/%69ndex.m3u8"), playlist("/%72eel/index.m3u8"), segment]
}

/// Paths that lead nowhere as they are, and decoded neither: what they would do to a header, a name or a query.
const HOSTILE: &[&str] = &[
    "/reel%0d%0aX-Bad:%20yes",
    "/reel%0D%0ALocation:%20%2F%2Fexample.com",
    "/reel%0a",
    "/reel%0d",
    "/reel/%0a",
    "/reel/index.m3u8%0a",
    "/reel/index.m3u8%0d%0aX-Bad:%20yes",
    "/reel/0123abcd/src/0001.ts%0a",
    "/reel%0a/0123abcd/src/0001.ts",
    "/reel%00",
    "/reel%00/",
    "/reel/index.m3u8%00",
    "/reel/0123abcd/src/0001.ts%00.zip",
    "/reel%3Ft=90",
    "/reel/%3Fbusy=1",
    "/reel/index.m3u8%3Fbusy=1",
    "/reel/0123abcd/src/0001.ts%3Fx=.zip",
    "/reel%23",
    "/%2Fexample.com",
    "/%2Fexample.com/",
    "/%5Cexample.com",
    "//example.com%2f%2e%2e",
    "/reel%2F%2F",
    "/reel/%2e%2e/",
    "/reel/%2e%2e/reel/index.m3u8",
    "/%2e%2e/reel",
    "/reel/0123abcd/%2e%2e%2f%2e%2e%2fzipreel-gate",
    "/reel/0123abcd/src/%2e%2e%2F0001.ts",
    "/reel/0123abcd%2Fsrc/%2e/0001.ts",
    "/reel/%2569ndex.m3u8",
    "/reel/index%252em3u8",
    "/reel/%zzindex.m3u8",
    "/reel/index.m3u8%",
    "/reel/index.m3u8%6",
    "/reel/%ffindex.m3u8",
    "/reel%c0%afindex.m3u8",
    "/reel/%ef%bc%8f",
];

/// What is not there, whether or not a path comes decoded. A server between may refuse some of these itself.
pub(super) fn hostile() -> Vec<Row> {
    let leads_nowhere = |path: &&'static str| not_found(To::Gate, *path).without("x-bad");
    let mut rows: Vec<_> = HOSTILE.iter().map(leads_nowhere).collect();
    // decoded, a slash is one: what that names is what it names otherwise, and a redirect leads to the same
    let named = |path: &str, status, location: &str| {
        let location = Some(location).filter(|location| !location.is_empty());
        not_found(To::Gate, path).unless(Quirk::ApiDecodesPaths, |_| match location {
            Some(location) => gate(path, status).header("location", location).body(Body::Empty),
            None => gate(path, status).without("location"),
        })
    };
    rows.extend([
        named("/%72eel?t=90", 301, "/reel/?t=90"),
        named("/%72eel?t=%0d%0aX-Bad:%20", 301, "/reel/"),
        named("/reel%2F", 200, ""),
        named("/reel%2findex.m3u8", 200, ""),
    ]);
    rows.push(
        not_found(To::Gate, "/reel%2F0123abcd/src%2f0001.ts")
            .unless(Quirk::ApiDecodesPaths, |_| gate("/reel%2F0123abcd/src%2f0001.ts", 302).body(Body::Empty)),
    );
    rows
}

/// What is not there, is not a name, or is none of a stranger's business.
pub(super) fn refusals() -> Vec<Row> {
    let of_gate = NOT_OF_THE_GATE.iter().map(|path| not_found(To::Gate, *path));
    let of_relay = NOT_OF_THE_RELAY.iter().map(|path| not_found(To::Relay, *path));
    of_gate.chain(of_relay).chain(escaped()).collect()
}

/// What people see who come with a browser; everything else gets the text.
pub(super) fn people() -> Vec<Row> {
    let page = |path: &str| {
        gate(path, 404)
            .sending("Accept: text/html,application/xhtml+xml,*/*;q=0.8")
            .header("content-type", "text/html; charset=utf-8")
            .header("cache-control", "no-store")
            .header("vary", "accept")
            .header("referrer-policy", "no-referrer")
    };
    vec![
        page("/absent/").body(Body::Has("There is nothing here")),
        page("/reel/nothing.html").body(Body::Has("There is nothing here")),
        page("/reel/0123abcd/src/0009.ts").method("HEAD").body(Body::Empty),
        not_found(To::Gate, "/absent/").sending("Accept: */*").header("vary", "accept"),
        not_found(To::Gate, "/absent/").sending("Accept: text/htmlx, text/plain"),
        not_found(To::Gate, "/absent/").sending("Path: /absent/").header("vary", "accept"),
        gate("/reel/index.m3u8", 200).sending("Accept: text/html").header("content-type", PLAYLIST),
    ]
}

/// Names of reels that are not there, each the guess of another client.
pub(super) fn guesses() -> Vec<Row> {
    let paths = ["/gate/", "/relay/", "/reel-0123abcd-src-0001/", "/zipreel-reel-index/"];
    paths.into_iter().map(|path| not_found(To::Gate, path)).collect()
}

pub(super) fn other_methods() -> Vec<Row> {
    let methods = "GET, HEAD, OPTIONS";
    let mut rows = Vec::new();
    for (to, path) in [
        (To::Gate, "/reel/index.m3u8"),
        (To::Gate, "/reel/0123abcd/src/0001.ts"),
        (To::Gate, "/absent/"),
        (To::Relay, "/reel/0123abcd/src/0.ts"),
        (To::Relay, "/"),
    ] {
        let preflight = row(to, path, 204)
            .method("OPTIONS")
            .sending("Origin: https://example.com")
            .sending("Access-Control-Request-Method: GET")
            .sending("Access-Control-Request-Headers: range")
            .header("access-control-allow-methods", methods)
            .header("access-control-allow-headers", "*")
            .header("access-control-max-age", "86400")
            .header("allow", methods)
            .body(Body::Empty);
        rows.push(match to {
            To::Gate => preflight.unless(Quirk::ApiRefusesOptions, |row| {
                let names = row.names();
                names.into_iter().fold(row, Row::without).status(403).body(Body::Has("CORS not configured"))
            }),
            To::Relay => preflight,
        });
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            rows.push(row(to, path, 405).method(method).header("allow", methods).body(Body::Empty));
        }
    }
    let absent = |to, path| row(to, path, 404).method("HEAD").header("cache-control", "no-store").body(Body::Empty);
    rows.extend([absent(To::Gate, "/absent/"), absent(To::Relay, "/absent/0123abcd/src/0.ts")]);
    rows
}
