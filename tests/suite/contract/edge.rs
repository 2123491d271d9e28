//! Gate and relay behind a CDN, whose edge keeps answers by their path alone: what it may keep, what it must not, and
//! that nobody goes past it to the relay.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode},
};
use tokio::task::JoinSet;
use zipreel::{
    local::{Clock, Operation},
    model::{
        gate::{
            cdn::EDGE_HEADER,
            libraries::{Library, libraries},
        },
        reel::name::ReelName,
    },
};

use super::{
    answers::published,
    codings::gunzip,
    http::{Answer, get, send},
    nginx::{Edge, SECRET},
    reel::{self, GENERATION, payload},
    requests::{chunks, pages, players, playlists, segments, tracks},
    runtime::serve,
    sides::{Account, Side},
};

const SEGMENT: &str = "/reel/0123abcd/src/0.ts";
const HERD: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(60);

fn cache(answer: &Answer) -> &str {
    answer.header("x-cache").unwrap_or_default()
}

/// Once from behind it, once from what it keeps.
#[tokio::test]
async fn the_contract_holds_behind_an_edge_on_misses_and_on_hits() {
    let account = published().await;
    for (side, edge) in account.behind_edges().await {
        let of_edge = Side::on(&edge);
        for _ in ["misses", "hits"] {
            for rows in [playlists(), tracks(), players(), pages(), chunks(), segments()] {
                for row in rows.iter().filter(|row| row.is_of_the_path_alone()) {
                    row.check(&of_edge).await;
                }
            }
        }
        let answered = edge.answered();
        let count = |cache: &str| answered.iter().filter(|answer| answer.cache == cache).count();
        assert!(count("HIT") > count("MISS") && count("MISS") > 30, "{}: {answered:?}", side.name);
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_all_in_each_of_its_forms() {
    let account = published().await;
    for (side, edge) in account.behind_edges().await {
        let edge = edge.origin();
        for path in ["/reel/", "/reel/index.m3u8", "/reel/0123abcd/src.m3u8"] {
            let clients =
                [&[][..], &["Accept-Encoding: gzip, br"], &["Accept-Encoding: br"], &["Accept-Encoding: gzip"]];
            let mut answers = Vec::new();
            for sent in clients {
                answers.push(send(&edge, "GET", path, sent).await);
            }
            let what = format!("{}: {path}: {answers:?}", side.name);
            let caches: Vec<_> = answers.iter().map(cache).collect();
            assert_eq!(caches, ["MISS", "MISS", "HIT", "HIT"], "{what}");
            let codings: Vec<_> = answers.iter().map(|answer| answer.header("content-encoding")).collect();
            assert_eq!(codings, [None, Some("gzip"), None, Some("gzip")], "{what}");
            assert_eq!(gunzip(&answers[3].body), answers[0].body, "{what}");
            for answer in &answers {
                assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{what}");
            }
        }
        // of a query nothing counts, even if an edge should pass it on: whatever comes first is kept for all
        let known = format!("{EDGE_HEADER}: anything");
        let asked = send(&side.gate, "GET", "/reel?t=90", &[&known]).await;
        assert_eq!(asked.header("location"), Some("/reel/"), "{}", side.name);
        let small = send(&side.gate, "GET", "/reel/oembed.json?maxwidth=64&format=xml", &[&known]).await;
        assert_eq!((small.status, small.body), (200, get(&edge, "/reel/oembed.json").await.body), "{}", side.name);
    }
}

/// How a host of libraries can't be relied on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unreliable {
    HasAnother,
    LeadsElsewhere,
    IsEndless,
    IsSilent,
}

impl Unreliable {
    async fn answer(self) -> (StatusCode, HeaderMap, Body) {
        let (mut status, mut headers, mut body) = (StatusCode::OK, HeaderMap::new(), Body::from("window.other = 1;"));
        match self {
            Self::HasAnother => {}
            Self::LeadsElsewhere => {
                status = StatusCode::FOUND;
                headers.insert("location", "/".parse().unwrap());
            }
            Self::IsEndless => {
                body = Body::from_stream(futures_util::stream::repeat(Ok::<_, Infallible>("x".repeat(1 << 16))))
            }
            Self::IsSilent => std::future::pending().await,
        }
        (status, headers, body)
    }
}

#[tokio::test]
async fn a_library_that_can_not_be_had_is_served_to_nobody_and_not_asked_for_again_at_once() {
    let names: Vec<_> = libraries().iter().map(Library::name).collect();
    for host in [Unreliable::HasAnother, Unreliable::LeadsElsewhere, Unreliable::IsEndless, Unreliable::IsSilent] {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let answer = async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            host.answer().await
        };
        let (elsewhere, _) = serve(axum::Router::new().fallback(answer)).await;
        let account = Account::taking_libraries_from(elsewhere).await;
        for (side, edge) in account.behind_edges().await {
            let before = asked.load(Ordering::SeqCst);
            let began = Instant::now();
            for name in &names {
                let answer = get(&edge.origin(), &format!("/{name}")).await;
                let what = format!("{}, {host:?}: {answer:?}", side.name);
                assert_eq!((answer.status, answer.body.len(), cache(&answer)), (503, 0, "MISS"), "{what}");
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
                let after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!((1..=10).contains(&after), "{what}");
            }
            let what = format!("{}, {host:?}", side.name);
            // all three within what is waited for one, and for less than the time for which nothing is asked again
            assert!(began.elapsed() < Duration::from_secs(9), "{what}: {:?}", began.elapsed());
            assert_eq!(asked.load(Ordering::SeqCst) - before, 1, "{what}");
        }
    }
}

/// Who is not behind the CDN takes libraries where they are published.
#[tokio::test]
async fn a_gate_has_libraries_for_its_cdn_alone() {
    let account = Account::taking_libraries_from("http://127.0.0.1:9/".to_owned()).await;
    for (side, _edge) in account.behind_edges().await {
        for library in libraries() {
            assert_eq!(get(&side.gate, &format!("/{}", library.name())).await.status, 404, "{}", side.name);
        }
    }
}

#[tokio::test]
async fn a_segment_is_kept_whole_and_the_edge_cuts_ranges_out_of_it() {
    let account = published().await;
    for (side, edge) in account.behind_edges().await {
        let (edge, path, whole) = (edge.origin(), format!("/_relay{SEGMENT}"), payload(GENERATION, "src", 0));
        let relayed = || {
            account.stand_in.counts().answers(Operation::Download, 206)
                + account.stand_in.counts().answers(Operation::Relay, 200)
        };
        let before = relayed();
        let part = send(&edge, "GET", &path, &["Range: bytes=10-19"]).await;
        assert_eq!((part.status, cache(&part), part.body.as_slice()), (206, "MISS", &whole[10..20]), "{}", side.name);
        let all = get(&edge, &path).await;
        assert_eq!((all.status, cache(&all)), (200, "HIT"), "{}", side.name);
        assert!(all.body == whole, "{}", side.name);
        let head = send(&edge, "HEAD", &path, &[]).await;
        let length = Some(whole.len().to_string());
        assert_eq!((head.status, head.header("content-length").map(str::to_owned)), (200, length), "{}", side.name);
        let beyond = send(&edge, "GET", &path, &["Range: bytes=99999999-"]).await;
        assert_eq!(beyond.status, 416, "{}", side.name);
        let tag = format!("If-None-Match: {}", all.header("etag").unwrap());
        let known = send(&edge, "GET", &path, &[&tag]).await;
        assert_eq!((known.status, known.body.len()), (304, 0), "{}", side.name);
        assert_eq!(get(&edge, &path).await.status, 200, "{}: neither of the two is kept", side.name);
        assert_eq!(relayed() - before, 1, "{}", side.name);
    }
}

#[tokio::test]
async fn what_is_older_than_it_may_be_is_asked_about_and_kept_on() {
    let account = published().await;
    let edges = account.behind_edges().await;
    let path = "/reel/index.relay.m3u8";
    for (_, edge) in &edges {
        assert_eq!(cache(&get(&edge.origin(), path).await), "MISS");
    }
    for (side, edge) in &edges {
        let begun = Instant::now();
        loop {
            let answer = get(&edge.origin(), path).await;
            assert_eq!(answer.status, 200, "{}", side.name);
            match cache(&answer) {
                // the origin said 304
                "REVALIDATED" => break,
                "HIT" => tokio::time::sleep(Duration::from_millis(200)).await,
                other => panic!("{}: {other}", side.name),
            }
            assert!(begun.elapsed() < PATIENCE, "{}: kept for ever", side.name);
        }
    }
}

/// A CDN keeps a redirect for a second even if it may not: whoever was sent to where it is would find that redirect.
#[tokio::test]
async fn while_aws_is_busy_nobody_is_sent_in_a_circle_and_no_error_is_kept() {
    let account = published().await;
    for (side, edge) in account.behind_edges().await {
        let edge = edge.origin();
        let (chunk, segment) = ("/reel/0123abcd/src/0001.ts", format!("/_relay{SEGMENT}"));
        account.stand_in.faults().set("429@GetFunction=1.0".parse().unwrap());
        let begun = Instant::now();
        let paths = ["/reel/index.m3u8", chunk, &segment, "/reel/index.m3u8?busy=1"];
        let [playlist, link, bytes, again] = paths.map(|path| get(&edge, path));
        let (playlist, link, bytes, again) = tokio::join!(playlist, link, bytes, again);
        for answer in [&playlist, &link, &bytes, &again] {
            assert_eq!((answer.status, answer.header("location")), (503, None), "{}: {answer:?}", side.name);
            assert!(answer.header("retry-after").is_some(), "{}: {answer:?}", side.name);
            assert_eq!(answer.header("vary"), None, "{}: {answer:?}", side.name);
        }
        assert!(begun.elapsed() > Duration::from_secs(6), "{}: it was patient", side.name);
        account.stand_in.faults().clear();
        for (path, status) in [("/reel/index.m3u8", 200), (chunk, 302), (&segment, 200)] {
            let answer = get(&edge, path).await;
            assert_eq!((answer.status, cache(&answer)), (status, "MISS"), "{}: {path}", side.name);
        }
    }
}

/// Whether it is a person who asks, no header tells: the path does.
#[tokio::test]
async fn what_is_not_there_is_told_by_the_path_and_not_kept() {
    let account = Account::new(Clock::system()).await;
    let edges = account.behind_edges().await;
    for (side, edge) in &edges {
        let edge = edge.origin();
        for (path, kind) in [("/reel/", "text/html; charset=utf-8"), ("/reel/index.m3u8", "text/plain")] {
            for accept in ["Accept: text/html", "Accept: */*"] {
                let answer = send(&edge, "GET", path, &[accept]).await;
                let what = format!("{}: {path} {accept}: {answer:?}", side.name);
                assert_eq!((answer.status, answer.header("content-type")), (404, Some(kind)), "{what}");
                assert_eq!((answer.header("vary"), answer.header("cache-control")), (None, Some("no-store")), "{what}");
                assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{what}");
            }
        }
    }
    let name: ReelName = "reel".parse().unwrap();
    reel::publish(&account.cloud, &name, "New", &reel::make(&name, GENERATION), &[]).await;
    for (side, edge) in &edges {
        let begun = Instant::now();
        while get(&edge.origin(), "/reel/").await.status != 200 {
            assert!(begun.elapsed() < PATIENCE, "{} does not see it", side.name);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test]
async fn the_relay_serves_the_edge_alone_and_sends_others_there_for_nothing() {
    let account = published().await;
    for (side, edge) in account.behind_edges().await {
        let before = account.asked_for().len();
        let wrong = [format!("{EDGE_HEADER}: {SECRET}x"), format!("{EDGE_HEADER}:")];
        let strangers =
            [&[][..], &[wrong[0].as_str()], &[wrong[1].as_str()], &["If-None-Match: *", "Range: bytes=0-9"]];
        let pieces = "/reel/0123abcd/src/pieces/3.ts";
        for path in [SEGMENT, pieces, "/absent/00000000/src/7.mp4"] {
            let location = format!("{}/_relay{path}", edge.origin());
            for sent in strangers {
                for method in ["GET", "HEAD"] {
                    for asked in [path.to_owned(), format!("/_relay{path}"), format!("{path}?x=1")] {
                        let answer = send(&side.relay, method, &asked, sent).await;
                        let what = format!("{}: {method} {asked} {sent:?}: {answer:?}", side.name);
                        assert_eq!((answer.status, answer.body.len()), (302, 0), "{what}");
                        assert_eq!(answer.header("location"), Some(location.as_str()), "{what}");
                        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{what}");
                        assert_eq!(answer.header("cache-control"), Some("public, max-age=10"), "{what}");
                    }
                }
            }
        }
        for path in ["/", "/reel/", "/reel/0123abcd/src/01.ts", "/_relay/", "/_relay/_relay/reel/0123abcd/src/0.ts"] {
            assert_eq!(get(&side.relay, path).await.status, 404, "{}: {path}", side.name);
        }
        assert_eq!(send(&side.relay, "OPTIONS", SEGMENT, &[]).await.status, 204, "{}", side.name);
        assert_eq!(send(&side.relay, "POST", SEGMENT, &[]).await.status, 405, "{}", side.name);
        assert_eq!(account.asked_for().len(), before, "{}: nobody was asked", side.name);
        let known = format!("{EDGE_HEADER}: {SECRET}");
        for path in [SEGMENT.to_owned(), format!("/_relay{SEGMENT}")] {
            let answer = send(&side.relay, "GET", &path, &[&known]).await;
            assert!(answer.status == 200 && answer.body == payload(GENERATION, "src", 0), "{}: {path}", side.name);
        }
        assert!(!side.log().contains(SECRET), "{}", side.log());
    }
}

#[tokio::test]
async fn people_are_sent_to_the_edge_and_players_to_the_gate() {
    let account = published().await;
    let mut pages = Vec::new();
    for (side, edge) in account.behind_edges().await {
        let (gate, edge) = (&side.gate, edge.origin());
        let page = get(&edge, "/reel/").await;
        assert_eq!(get(gate, "/reel/").await.body, page.body, "{}: the same on either host", side.name);
        let (policy, html) = (page.header("content-security-policy").unwrap().to_owned(), page.text());
        assert!(policy.contains(&format!("; connect-src 'self' {edge}; ")), "{}: {policy}", side.name);
        for told in [
            format!("rel=\"canonical\" href=\"{edge}/reel/\""),
            format!("\"og:url\" content=\"{edge}/reel/\""),
            format!("\"og:image\" content=\"{edge}/reel/poster.jpg\""),
            format!("\"og:video\" content=\"{gate}/reel/index.m3u8\""),
            format!("\"embedUrl\":\"{edge}/reel/\""),
            format!("\"contentUrl\":\"{gate}/reel/index.m3u8\""),
            // behind the edge no query counts, and so no size
            format!("application/json+oembed\" href=\"{gate}/reel/oembed.json\""),
            format!("data-relay=\"{edge}/_relay/\""),
            format!("data-cdn=\"{edge}/\" data-gate=\"{gate}/\""),
        ] {
            assert!(html.contains(&told), "{}: {told} in {html}", side.name);
        }
        let embedding = get(gate, "/reel/oembed.json").await.text();
        assert!(embedding.contains(&format!("<iframe src=\\\"{edge}/reel/\\\"")), "{}: {embedding}", side.name);
        for asked in [gate, &edge] {
            let absolute = get(asked, "/reel/0123abcd/src.abs.m3u8").await.text();
            assert!(absolute.contains(&format!("\n{gate}/reel/0123abcd/src/0001.ts\n")), "{}: {absolute}", side.name);
            let pieces = get(asked, "/reel/0123abcd/src.pieces.m3u8").await.text();
            let piece = format!("\n{edge}/_relay/reel/0123abcd/src/pieces/11.ts\n");
            assert!(pieces.contains(&piece), "{}: {pieces}", side.name);
        }
        pages.push(format!("{policy}\n{html}").replace(gate, "GATE").replace(&edge, "EDGE"));
    }
    assert!(pages[0] == pages[1], "{pages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_herd_asks_the_origin_once_for_a_segment() {
    let account = published().await;
    for (side, edge) in account.behind_edges().await {
        let counts = account.stand_in.counts();
        let of_relay = || counts.answers(Operation::Relay, 200) + counts.answers(Operation::Download, 206);
        let (links, relayed) = (account.asked_for().len(), of_relay());
        herd(&edge).await;
        assert_eq!(of_relay() - relayed, 1, "{}", side.name);
        let asked = account.asked_for().split_off(links);
        assert_eq!(asked, ["zipreel-reel-index", "zipreel-reel-0123abcd-src-0001"], "{}", side.name);
        let missed: Vec<_> = edge.answered().into_iter().filter(|answer| answer.cache == "MISS").collect();
        assert!(missed.len() == 1 && missed[0].status == 200, "{}: {missed:?}", side.name);
    }
}

async fn herd(edge: &Edge) {
    let mut asking = JoinSet::new();
    for _ in 0..HERD {
        let edge = edge.origin();
        asking.spawn(async move { get(&edge, &format!("/_relay{SEGMENT}")).await });
    }
    let expected = payload(GENERATION, "src", 0);
    for answer in asking.join_all().await {
        assert!(answer.status == 200 && answer.body == expected, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer:?}");
    }
}
