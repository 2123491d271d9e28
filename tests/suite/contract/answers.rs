//! One list of requests gets the same answers from whichever side serves them.

use zipreel::{
    local::Clock,
    model::{
        gate::{libraries::libraries, players::player_name},
        reel::name::ReelName,
    },
};

use super::{
    http::{Answer, client, get, send},
    reel::{self, GENERATION, payload},
    requests::{
        chunks, guesses, hostile, not_found, other_methods, pages, people, players, playlists, refusals, segments,
        tracks,
    },
    row::To,
    sides::{Account, Options, Side},
};
use crate::publish::sandbox::segments_of;

pub(crate) const TITLE: &str = "Été <script>alert('1')</script> & \"{{reel}}\"";

pub(crate) async fn published() -> Account {
    published_at(Clock::system()).await
}

pub(crate) async fn published_at(clock: Clock) -> Account {
    let account = Account::new(clock).await;
    let name: ReelName = "reel".parse().unwrap();
    let made = reel::make(&name, GENERATION);
    reel::publish(&account.cloud, &name, TITLE, &made, &[]).await;
    account
}

#[tokio::test]
async fn every_request_gets_the_answer_of_the_contract() {
    let account = published().await;
    for side in account.sides().await {
        every_row_holds(&side, async || ()).await;
        if cfg!(target_os = "linux") {
            for (number, row) in (1..).zip(guesses()) {
                row.check_from(client(number), &side).await;
            }
        }
    }
}

/// But for [`guesses`], for which each must be another client's. Before each kind of requests comes `fresh`.
pub(crate) async fn every_row_holds(side: &Side, fresh: impl AsyncFn()) {
    let files = [playlists(), tracks(), pages(), players(), chunks(), segments()];
    for rows in files.into_iter().chain([people(), refusals(), other_methods(), hostile()]) {
        fresh().await;
        for row in rows {
            row.check(side).await;
        }
    }
    for library in libraries() {
        // without a CDN browsers take it where it is published
        not_found(To::Gate, format!("/{}", library.name())).check(side).await;
    }
}

/// All by one client: `fresh` comes before each.
pub(crate) async fn every_guess_holds(side: &Side, fresh: impl AsyncFn()) {
    for row in guesses() {
        fresh().await;
        row.check(side).await;
    }
}

#[tokio::test]
async fn what_a_client_has_already_is_answered_304_with_an_empty_body() {
    let account = published().await;
    for side in account.sides().await {
        nothing_is_sent_twice(&side).await;
    }
}

pub(crate) async fn nothing_is_sent_twice(side: &Side) {
    let player = format!("/{}", player_name());
    let paths = [&player, "/reel/", "/reel/index.m3u8", "/reel/index.relay.m3u8", "/reel/poster.jpg"];
    let below = [
        "/reel/index.seek.m3u8",
        "/reel/0123abcd/src.m3u8",
        "/reel/0123abcd/src.relay.m3u8",
        "/reel/0123abcd/src.pieces.m3u8",
        "/reel/0123abcd/360p-init.mp4",
    ];
    let of_gate = paths.iter().chain(&below).map(|path| (&side.gate, *path));
    let segments = ["/reel/0123abcd/src/1.ts", "/reel/0123abcd/src/pieces/1.ts"];
    for (base, path) in of_gate.chain(segments.map(|path| (&side.relay, path))) {
        let whole = get(base, path).await;
        let etag = whole.header("etag").unwrap_or_else(|| panic!("{}: {path} has no ETag", side.name)).to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 10, "{}: {path}: {etag}", side.name);
        let known = [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".into()];
        for (method, tag) in ["GET", "HEAD"].into_iter().flat_map(|method| known.iter().map(move |tag| (method, tag))) {
            let answer = send(base, method, path, &[&format!("If-None-Match: {tag}")]).await;
            let what = format!("{}: {method} {path} {tag} got {answer:?}", side.name);
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{what}");
            assert_eq!(answer.header("etag"), Some(etag.as_str()), "{what}");
            for kept in ["cache-control", "access-control-allow-origin"] {
                assert_eq!(answer.header(kept), whole.header(kept), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_leads_to_the_byte_ranges_that_the_playlist_names() {
    let account = published().await;
    for side in account.sides().await {
        redirects_lead_to_ranges(&side).await;
    }
}

pub(crate) async fn redirects_lead_to_ranges(side: &Side) {
    for (name, extension, pieces) in [("src", "ts", 1), ("360p", "mp4", 1), ("src.seek", "ts", 2)] {
        let playlist = get(&side.gate, &format!("/reel/0123abcd/{name}.m3u8")).await.text();
        let rendition = name.trim_end_matches(".seek");
        let (mut segment, mut bytes) = (0, Vec::new());
        for (line, range) in segments_of(&playlist) {
            assert!(line.ends_with(&format!(".{extension}")), "{}: {line}", side.name);
            let (offset, length) = range.expect("each segment has its range");
            let range = format!("Range: bytes={offset}-{}", offset + length - 1);
            let redirect = get(&side.gate, &format!("/reel/0123abcd/{line}")).await;
            let (bucket, path) = split(redirect.header("location").unwrap());
            let part = send(&bucket, "GET", &path, &[&range]).await;
            assert_eq!(part.status, 206, "{}: {line} {range}", side.name);
            assert_eq!(part.header("access-control-allow-origin"), None, "the bucket has no CORS");
            bytes.extend(part.body);
            segment += 1;
            if segment % pieces == 0 {
                let whole = payload(GENERATION, rendition, segment / pieces - 1);
                assert!(std::mem::take(&mut bytes) == whole, "{}: {line} {range}", side.name);
            }
        }
        assert_eq!(segment, 6 * pieces, "{}: {playlist}", side.name);
    }
}

/// A URL's origin and the rest.
pub(super) fn split(url: &str) -> (String, String) {
    let at = url[8..].find('/').unwrap() + 8;
    (url[..at].to_owned(), url[at..].to_owned())
}

#[tokio::test]
async fn the_relay_playlist_leads_to_every_segment_whole() {
    let account = published().await;
    for side in account.sides().await {
        the_relay_has_every_segment(&side).await;
    }
}

pub(crate) async fn the_relay_has_every_segment(side: &Side) {
    for rendition in ["src", "360p"] {
        let playlist = get(&side.gate, &format!("/reel/0123abcd/{rendition}.relay.m3u8")).await.text();
        let links: Vec<_> = playlist.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        assert_eq!(links.len(), 6, "{}: {playlist}", side.name);
        assert!(!playlist.contains("BYTERANGE"), "{}: {playlist}", side.name);
        for (segment, link) in links.into_iter().enumerate() {
            let path = link.strip_prefix(&side.relay).unwrap_or_else(|| panic!("{}: {link}", side.name));
            let answer = get(&side.relay, path).await;
            assert!(answer.body == payload(GENERATION, rendition, segment), "{}: {link}", side.name);
        }
    }
}

#[tokio::test]
async fn the_page_shows_its_reel_and_its_policy_lets_only_its_own_script_run() {
    let account = published().await;
    for side in account.sides().await {
        shows_its_reel(&side).await;
    }
    shows_its_reel(&account.moved_behind_an_api().await).await;
}

pub(crate) async fn shows_its_reel(side: &Side) {
    use sha2::{Digest, Sha256};
    let page = get(&side.gate, "/reel/").await;
    let policy = page.header("content-security-policy").unwrap().to_owned();
    let html = page.text();
    let inline: Vec<_> = html.split("<script>").skip(1).collect();
    assert_eq!(inline.len(), 1, "one inline script");
    let (text, _) = inline[0].split_once("</script>").unwrap();
    let expected = format!("script-src 'sha256-{}'", reel::base64(&Sha256::digest(text)));
    assert!(policy.contains(&expected), "{}: {expected} in {policy}", side.name);
    let (origin_of_relay, _) = split(&format!("{}/", side.relay));
    for part in [
        "default-src 'none'; ".to_owned(),
        format!("; connect-src 'self' {origin_of_relay}; "),
        "; base-uri 'none'; form-action 'none'; frame-ancestors *".to_owned(),
    ] {
        assert!(policy.contains(&part), "{}: {part} in {policy}", side.name);
    }
    let cdn = html.split("const HLS_JS = '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    assert!(policy.contains(&format!("' {cdn}")), "{}: {cdn} in {policy}", side.name);
    assert!(policy.contains(" 'self'; style-src 'unsafe-inline'; "), "{}: {policy}", side.name);
    assert!(html.contains(&format!("data-relay=\"{}/\" data-duration=\"36\"", side.relay)), "{}", side.name);
    for property in ["og:image", "og:url"] {
        assert!(html.contains(&format!("\"{property}\" content=\"{}/reel/", side.named)), "{}", side.name);
    }
    assert_eq!(html.matches("{{").count(), html.matches("{{reel}}").count(), "only the title's own braces stay");
}

#[tokio::test]
async fn a_refusal_is_the_same_page_from_every_side() {
    let account = published().await;
    let mut pages = Vec::new();
    for side in account.sides().await {
        let page = send(&side.gate, "GET", "/nothing.html", &["Accept: text/html"]).await;
        pages.push(format!("{}\n{}", page.header("content-security-policy").unwrap(), page.text()));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
}

/// What differs between two sides is where they are.
#[tokio::test]
async fn the_page_is_the_same_from_every_side() {
    let account = published().await;
    let mut pages = Vec::new();
    for side in account.sides().await {
        pages.push(page_without_addresses(&side).await);
    }
    pages.push(page_without_addresses(&account.moved_behind_an_api().await).await);
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
}

/// Its policy and the page.
async fn page_without_addresses(side: &Side) -> String {
    let page = get(&side.gate, "/reel/").await;
    let all = format!("{}\n{}", page.header("content-security-policy").unwrap(), page.text());
    all.replace(&side.named, "GATE").replace(&side.relay, "RELAY")
}

#[tokio::test]
async fn with_the_relay_off_its_playlists_are_not_there_and_the_page_says_so() {
    let account = published().await;
    let without = Options { relay: false, ..Options::default() };
    let node = account.node(without).await;
    assert!(account.cloud.delete_function("zipreel-relay").await.unwrap());
    for side in [account.own(), node] {
        for path in ["/reel/index.relay.m3u8", "/reel/0123abcd/src.relay.m3u8", "/reel/0123abcd/src.pieces.m3u8"] {
            not_found(To::Gate, path).check(&side).await;
        }
        let page = get(&side.gate, "/reel/").await;
        assert!(page.text().contains("data-relay=\"\""), "{}", side.name);
        assert!(page.header("content-security-policy").unwrap().contains("; connect-src 'self'; "), "{}", side.name);
        chunks()[0].check(&side).await;
    }
}

#[tokio::test]
async fn no_answer_depends_on_the_host_header() {
    let account = published().await;
    let side = account.node(Options::default()).await;
    let spoofed: Answer =
        send(&side.gate, "GET", "/reel/", &["X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"]).await;
    assert_eq!(spoofed.body, get(&side.gate, "/reel/").await.body);
    assert!(!spoofed.text().contains("evil.example"));
}
