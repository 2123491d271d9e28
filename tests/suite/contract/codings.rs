//! Which files are sent compressed, to whom, and how caches and clients keep the two forms apart.

use std::io::Read as _;

use zipreel::model::{gate::players::player_name, reel::name::ReelName};

use super::{
    answers::published,
    http::{Answer, get, send},
    reel::{self, CHAPTERS, GENERATION, SUBTITLES},
    row::Quirk,
    sides::{Account, Side},
};

/// What a client sends, and whether it gets gzip.
const CLIENTS: [(&[&str], bool); 20] = [
    (&[], false),
    (&["Accept-Encoding:"], false),
    (&["Accept-Encoding: gzip"], true),
    (&["Accept-Encoding: x-gzip"], true),
    (&["Accept-Encoding: GZIP;Q=0.1"], true),
    (&["Accept-Encoding: gzip, deflate, br, zstd"], true),
    (&["Accept-Encoding: deflate", "Accept-Encoding: gzip"], true),
    (&["Accept-Encoding: br;q=1.0, gzip;q=0.8, *;q=0.1"], true),
    (&["Accept-Encoding: deflate , gzip ; q=1.000"], true),
    (&["Accept-Encoding: *"], true),
    (&["Accept-Encoding: identity, gzip"], true),
    (&["Accept-Encoding: identity;q=0.5, gzip;q=0.4"], false),
    (&["Accept-Encoding: gzip;q=0"], false),
    (&["Accept-Encoding: gzip;q=0.000, *"], false),
    (&["Accept-Encoding: *;q=0"], false),
    (&["Accept-Encoding: br, deflate"], false),
    (&["Accept-Encoding: identity"], false),
    (&["Accept-Encoding: gzipped, notgzip"], false),
    (&["Accept-Encoding: gzip;q=2"], false),
    (&["Accept-Encoding: gzip;level=9"], false),
];

fn compressed() -> Vec<String> {
    let below = |ending: &str| format!("/reel/{GENERATION}/{ending}");
    vec![
        "/reel/".into(),
        format!("/{}", player_name()),
        "/reel/index.m3u8".into(),
        "/reel/index.seek.m3u8".into(),
        "/reel/index.relay.m3u8".into(),
        "/reel/index.abs.m3u8".into(),
        below("src.m3u8"),
        below("src.seek.m3u8"),
        below("src.relay.m3u8"),
        below("src.pieces.m3u8"),
        below("src.abs.m3u8"),
        below("360p.m3u8"),
        below(&format!("{SUBTITLES}.m3u8")),
        below(&format!("{SUBTITLES}.relay.m3u8")),
        below(&format!("{SUBTITLES}/1.vtt")),
        below(&format!("{CHAPTERS}.vtt")),
    ]
}

/// Of pictures and video, and of what is no smaller compressed, there is one form.
fn plain() -> Vec<String> {
    let below = |ending: &str| format!("/reel/{GENERATION}/{ending}");
    vec![
        "/reel/poster.jpg".into(),
        "/reel/oembed.json".into(),
        below("360p-init.mp4"),
        below(&format!("{CHAPTERS}.json")),
        below("src/0001.ts"),
    ]
}

pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    // of one member: not every client reads on
    let mut decoder = flate2::bufread::GzDecoder::new(bytes);
    decoder.read_to_end(&mut read).unwrap();
    assert!(decoder.into_inner().is_empty(), "nothing comes after it");
    read
}

/// The answer in that form: its headers agree with it.
fn is_in_form(answer: &Answer, gzip: bool, plain: &Answer, what: &str) {
    assert_eq!(answer.status, 200, "{what}");
    assert_eq!(answer.header("vary"), Some("accept-encoding"), "{what}");
    assert_eq!(answer.header("content-encoding"), gzip.then_some("gzip"), "{what}");
    assert_eq!(answer.header("accept-ranges"), None, "{what}");
    for same in ["content-type", "cache-control", "content-security-policy", "access-control-allow-origin"] {
        assert_eq!(answer.header(same), plain.header(same), "`{same}` of {what}");
    }
    assert_eq!(answer.header("etag") == plain.header("etag"), !gzip, "each form has a tag of its own: {what}");
}

pub(crate) async fn comes_in_each_form(side: &Side, path: &str) {
    let identity = get(&side.gate, path).await;
    for (sent, gzip) in CLIENTS {
        let what = format!("{}: {path} {sent:?}", side.name);
        let whole = send(&side.gate, "GET", path, sent).await;
        is_in_form(&whole, gzip, &identity, &what);
        assert_eq!(whole.header("content-length").unwrap(), whole.body.len().to_string(), "{what}");
        let read = if gzip { gunzip(&whole.body) } else { whole.body.clone() };
        assert!(read == identity.body, "{what}");
        assert_eq!(whole.body.len() < identity.body.len(), gzip, "{what}");
    }
    let gzip = "Accept-Encoding: gzip";
    let whole = send(&side.gate, "GET", path, &[gzip]).await;
    let head = send(&side.gate, "HEAD", path, &[gzip]).await;
    is_in_form(&head, true, &identity, path);
    assert_eq!((head.body.len(), head.header("etag")), (0, whole.header("etag")), "{}: {path}", side.name);
    assert_eq!(head.header("content-length"), whole.header("content-length"), "{}: {path}", side.name);
    let part = send(&side.gate, "GET", path, &[gzip, "Range: bytes=0-9"]).await;
    assert_eq!((part.status, part.body), (200, whole.body.clone()), "{}: {path}", side.name);
    for (form, accept, other) in [(&whole, gzip, &identity), (&identity, "Accept-Encoding: identity", &whole)] {
        let tag = |answer: &Answer| format!("If-None-Match: {}", answer.header("etag").unwrap());
        for method in ["GET", "HEAD"] {
            let known = send(&side.gate, method, path, &[accept, &tag(form)]).await;
            let what = format!("{}: {method} {path} {accept} got {known:?}", side.name);
            assert_eq!((known.status, known.body.len()), (304, 0), "{what}");
            assert_eq!(known.header("etag"), form.header("etag"), "{what}");
            assert_eq!(known.header("vary"), Some("accept-encoding"), "{what}");
            assert_eq!(known.header("cache-control"), form.header("cache-control"), "{what}");
            assert_eq!(known.header("content-encoding"), None, "{what}");
            let added = side.quirks.contains(&Quirk::ApiAddsTypes).then_some("application/json");
            assert_eq!(known.header("content-type"), added, "{what}");
            let has_other = send(&side.gate, method, path, &[accept, &tag(other)]).await;
            assert_eq!(has_other.status, 200, "{}: {method} {path} {accept}", side.name);
        }
    }
}

#[tokio::test]
async fn who_takes_gzip_gets_it_and_each_form_has_its_own_tag() {
    let account = published().await;
    for side in account.sides().await {
        for path in compressed() {
            comes_in_each_form(&side, &path).await;
        }
        for path in plain() {
            let (one, other) =
                (get(&side.gate, &path).await, send(&side.gate, "GET", &path, &["Accept-Encoding: gzip"]).await);
            assert!([200, 302].contains(&one.status), "{}: {path}: {one:?}", side.name);
            assert_eq!(
                (one.body, other.header("content-encoding"), other.header("vary")),
                (other.body.clone(), None, None),
                "{path}"
            );
        }
        let absent = send(&side.gate, "GET", "/reel/index.m3u8.gz", &["Accept-Encoding: gzip"]).await;
        assert_eq!((absent.status, absent.header("content-encoding")), (404, None), "{}", side.name);
    }
}

#[tokio::test]
async fn an_index_without_anything_compressed_is_served_as_it_is() {
    let account = Account::new(zipreel::local::Clock::system()).await;
    let name: ReelName = "old".parse().unwrap();
    let made = reel::make(&name, GENERATION);
    let zip = reel::old_index_zip(&reel::index_of(&name, "Old", &made, &[]));
    reel::create(&account.cloud, "zipreel-old-index", zip).await;
    for side in account.sides().await {
        for path in ["/old/index.m3u8".to_owned(), format!("/old/{GENERATION}/src.m3u8")] {
            let answer = send(&side.gate, "GET", &path, &["Accept-Encoding: gzip"]).await;
            let what = format!("{}: {path}: {answer:?}", side.name);
            assert_eq!(
                (answer.status, answer.header("content-encoding"), answer.header("vary")),
                (200, None, None),
                "{what}"
            );
            assert!(answer.text().starts_with("#EXTM3U"), "{what}");
        }
        // one playlist for both grains, and whole segments through the relay
        let [plain, seek, relayed] = ["index", "index.seek", "index.relay"].map(|name| format!("/old/{name}.m3u8"));
        assert_eq!(get(&side.gate, &seek).await.body, get(&side.gate, &plain).await.body, "{}", side.name);
        let relayed = get(&side.gate, &relayed).await.text();
        assert!(relayed.contains("\n0123abcd/src.relay.m3u8\n"), "{}: {relayed}", side.name);
        for (base, path) in
            [(&side.gate, "src.seek.m3u8"), (&side.gate, "src.pieces.m3u8"), (&side.relay, "src/pieces/0.ts")]
        {
            assert_eq!(get(base, &format!("/old/{GENERATION}/{path}")).await.status, 404, "{}: {path}", side.name);
        }
    }
}

#[tokio::test]
async fn a_retired_generation_is_compressed_as_well() {
    let account = Account::new(zipreel::local::Clock::system()).await;
    let name: ReelName = "reel".parse().unwrap();
    let (old, new) = (reel::make(&name, "89abcdef"), reel::make(&name, GENERATION));
    let until = time::OffsetDateTime::now_utc() + time::Duration::days(1);
    reel::publish(&account.cloud, &name, "Twice", &new, &[(old, until)]).await;
    for side in account.sides().await {
        comes_in_each_form(&side, "/reel/89abcdef/src.m3u8").await;
    }
}
