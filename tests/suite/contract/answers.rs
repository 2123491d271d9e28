//! One list of requests and what they must get, whoever answers.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use zipreel::{local::Clock, model::reel::name::ReelName};

use super::{
    http::{Answer, client, get, send, send_from},
    reel::{self, INIT, POSTER, payload},
    sides::{Account, Options, Side},
};

pub(crate) const GENERATION: &str = "0123abcd";
const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const SHORT: &str = "public, max-age=10";
const TITLE: &str = "Été <script>alert('1')</script> & \"{{reel}}\"";

/// Whose port a request goes to.
#[derive(Debug, Clone, Copy)]
enum To {
    Gate,
    Relay,
}

/// What the body must be.
#[derive(Debug, Clone)]
enum Body {
    Any,
    Empty,
    Is(Vec<u8>),
    Has(&'static str),
}

/// A request and its answer.
#[derive(Debug, Clone)]
struct Row {
    to: To,
    method: &'static str,
    path: String,
    sent: Vec<&'static str>,
    status: u16,
    /// `None`: must not be there.
    headers: Vec<(&'static str, Option<String>)>,
    body: Body,
}

fn row(to: To, path: impl Into<String>, status: u16) -> Row {
    Row { to, method: "GET", path: path.into(), sent: Vec::new(), status, headers: Vec::new(), body: Body::Any }
}

impl Row {
    fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    fn sending(mut self, line: &'static str) -> Self {
        self.sent.push(line);
        self
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, Some(value.to_owned())));
        self
    }

    fn without(mut self, name: &'static str) -> Self {
        self.headers.push((name, None));
        self
    }

    fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    async fn check(&self, side: &Side) {
        self.check_from(Ipv4Addr::LOCALHOST.into(), side).await;
    }

    async fn check_from(&self, client: IpAddr, side: &Side) {
        let base = match self.to {
            To::Gate => &side.gate,
            To::Relay => &side.relay,
        };
        let ask = async || send_from(client, base, self.method, &self.path, &self.sent).await;
        let mut answer = ask().await;
        // an instance guesses one at a time: whoever is told to come back later does
        for _ in 0..30 {
            if answer.status == self.status || answer.status != 503 {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            answer = ask().await;
        }
        let what = format!("{}: {} {} {:?} got {answer:?}", side.name, self.method, self.path, self.sent);
        assert_eq!(answer.status, self.status, "{what}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{what}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        for (name, value) in &self.headers {
            assert_eq!(answer.header(name), value.as_deref(), "`{name}` of {what}");
        }
        match &self.body {
            Body::Any => {}
            Body::Empty => assert!(answer.body.is_empty(), "{what}"),
            Body::Is(body) => assert!(answer.body == *body, "{what}"),
            Body::Has(text) => assert!(answer.text().contains(text), "`{text}` in {what}"),
        }
    }
}

fn gate(path: impl Into<String>, status: u16) -> Row {
    row(To::Gate, path, status)
}

fn relay(path: impl Into<String>, status: u16) -> Row {
    row(To::Relay, path, status)
}

fn not_found(to: To, path: impl Into<String>) -> Row {
    row(to, path, 404)
        .header("cache-control", "no-store")
        .header("content-type", "text/plain")
        .without("location")
        .body(Body::Is(b"not found\n".to_vec()))
}

fn playlists() -> Vec<Row> {
    let file = |path: &str, cache: &str| {
        gate(path, 200).header("content-type", PLAYLIST).header("cache-control", cache).without("location")
    };
    vec![
        file("/reel/index.m3u8", SHORT).body(Body::Has("\n0123abcd/src.m3u8\n")),
        file("/reel/index.m3u8?t=90", SHORT).body(Body::Has("\n0123abcd/360p.m3u8\n")),
        file("/reel/index.relay.m3u8", SHORT).body(Body::Has("\n0123abcd/src.relay.m3u8\n")),
        file("/reel/0123abcd/src.m3u8", IMMUTABLE).body(Body::Has("\nsrc/0003.ts\n")),
        file("/reel/0123abcd/360p.m3u8", IMMUTABLE).body(Body::Has("\n360p/0001.mp4\n")),
        file("/reel/0123abcd/src.relay.m3u8", SHORT).body(Body::Has("/reel/0123abcd/src/5.ts\n")),
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

fn pages() -> Vec<Row> {
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
    let title = "<title>Été &#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62; &#38; &#34;{{reel}}&#34;</title>";
    vec![
        page.clone().body(Body::Has(title)),
        page.clone().method("HEAD").body(Body::Empty),
        gate("/reel/?t=90", 200),
        bare("/reel", "/reel/"),
        bare("/reel?t=90", "/reel/?t=90"),
        bare("/reel?t=%0d%0aX-Bad:%20", "/reel/"),
        bare("/reel?next=//example.com", "/reel/"),
        bare("/never-published", "/never-published/"),
        bare("/reel", "/reel/").method("HEAD"),
    ]
}

fn chunks() -> Vec<Row> {
    let redirect = |path: &str| gate(path, 302).header("cache-control", "public, max-age=300").body(Body::Empty);
    vec![
        redirect("/reel/0123abcd/src/0001.ts").without("etag"),
        redirect("/reel/0123abcd/src/0003.ts?x=.zip"),
        redirect("/reel/0123abcd/360p/0002.mp4"),
        redirect("/reel/0123abcd/src/0001.ts").method("HEAD"),
        redirect("/reel/0123abcd/src/0001.ts").sending("Range: bytes=0-99"),
        redirect("/reel/0123abcd/src/0001.ts").sending("If-None-Match: *"),
        redirect("/reel/0123abcd/src/0001.ts").sending("Cache-Control: no-cache"),
    ]
}

fn segments() -> Vec<Row> {
    let segment = |rendition: &str, number: usize, extension: &str| {
        let bytes = payload(GENERATION, rendition, number);
        relay(format!("/reel/0123abcd/{rendition}/{number}.{extension}"), 200)
            .header("cache-control", IMMUTABLE)
            .header("content-length", &bytes.len().to_string())
            .header("content-type", if extension == "ts" { "video/mp2t" } else { "video/mp4" })
            .without("location")
            .body(Body::Is(bytes))
    };
    vec![
        segment("src", 0, "ts"),
        segment("src", 1, "ts"),
        segment("src", 5, "ts"),
        segment("360p", 3, "mp4"),
        segment("src", 2, "ts").sending("Range: bytes=0-9"),
        segment("src", 2, "ts").sending("Origin: https://example.com"),
        segment("src", 2, "ts").method("HEAD").body(Body::Empty),
    ]
}

/// What is not there, is not a name, or is none of a stranger's business.
fn refusals() -> Vec<Row> {
    let gate_paths = [
        "/",
        "//",
        "/favicon.ico",
        "/robots.txt",
        "/absent/",
        "/absent/index.m3u8",
        "/absent/index.relay.m3u8",
        "/absent/poster.jpg",
        "/absent/0123abcd/src/0001.ts",
        "/reel/index.json",
        "/reel/index.m3u8/",
        "/reel/index.m3u",
        "/reel//index.m3u8",
        "/reel/./index.m3u8",
        "/reel/../reel/index.m3u8",
        "/reel/%69ndex.m3u8",
        "/%72eel/index.m3u8",
        "/Reel/index.m3u8",
        "/-reel/",
        "/reel-/",
        "/re_el/",
        "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",
        "/reel/feedbeef/src.m3u8",
        "/reel/0123ABCD/src.m3u8",
        "/reel/0123abc/src.m3u8",
        "/reel/0123abcd/nope.m3u8",
        "/reel/0123abcd/source.m3u8",
        "/reel/0123abcd/src-init.mp4",
        "/reel/0123abcd/nope.relay.m3u8",
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
        "/reel/feedbeef/src/0001.ts",
        "/reel/0123abcd/src/0001.ts/",
        "/reel/0123abcd/src/..%2f0001.ts",
        "/reel/0123abcd/src/0001.ts%0d%0aX-Bad:%20yes",
        "/reel/0123abcd/../../zipreel-gate",
    ];
    let relay_paths = [
        "/",
        "/reel/",
        "/reel/index.m3u8",
        "/reel/0123abcd/src.m3u8",
        "/reel/0123abcd/src/6.ts",
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
        "/reel/0123abcd/src/%30.ts",
    ];
    let of_gate = gate_paths.into_iter().map(|path| not_found(To::Gate, path));
    of_gate.chain(relay_paths.into_iter().map(|path| not_found(To::Relay, path))).collect()
}

/// Names of reels that are not there, each the guess of another client.
fn guesses() -> Vec<Row> {
    let paths = ["/gate/", "/relay/", "/reel-0123abcd-src-0001/", "/zipreel-reel-index/"];
    paths.into_iter().map(|path| not_found(To::Gate, path)).collect()
}

fn other_methods() -> Vec<Row> {
    let methods = "GET, HEAD, OPTIONS";
    let mut rows = Vec::new();
    for (to, path) in [
        (To::Gate, "/reel/index.m3u8"),
        (To::Gate, "/reel/0123abcd/src/0001.ts"),
        (To::Gate, "/absent/"),
        (To::Relay, "/reel/0123abcd/src/0.ts"),
        (To::Relay, "/"),
    ] {
        rows.push(
            row(to, path, 204)
                .method("OPTIONS")
                .sending("Origin: https://example.com")
                .sending("Access-Control-Request-Method: GET")
                .sending("Access-Control-Request-Headers: range")
                .header("access-control-allow-methods", methods)
                .header("access-control-allow-headers", "*")
                .header("access-control-max-age", "86400")
                .header("allow", methods)
                .body(Body::Empty),
        );
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            rows.push(row(to, path, 405).method(method).header("allow", methods).body(Body::Empty));
        }
    }
    let absent = |to, path| row(to, path, 404).method("HEAD").header("cache-control", "no-store").body(Body::Empty);
    rows.extend([absent(To::Gate, "/absent/"), absent(To::Relay, "/absent/0123abcd/src/0.ts")]);
    rows
}

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
        for rows in [playlists(), pages(), chunks(), segments(), refusals(), other_methods()] {
            for row in rows {
                row.check(&side).await;
            }
        }
        if cfg!(target_os = "linux") {
            for (number, row) in (1..).zip(guesses()) {
                row.check_from(client(number), &side).await;
            }
        }
    }
}

#[tokio::test]
async fn what_a_client_has_already_is_answered_304_with_an_empty_body() {
    let account = published().await;
    for side in account.sides().await {
        let paths = ["/reel/", "/reel/index.m3u8", "/reel/index.relay.m3u8", "/reel/poster.jpg"];
        let below = ["/reel/0123abcd/src.m3u8", "/reel/0123abcd/src.relay.m3u8", "/reel/0123abcd/360p-init.mp4"];
        let of_gate = paths.iter().chain(&below).map(|path| (&side.gate, *path));
        for (base, path) in of_gate.chain([(&side.relay, "/reel/0123abcd/src/1.ts")]) {
            let whole = get(base, path).await;
            let etag = whole.header("etag").unwrap_or_else(|| panic!("{}: {path} has no ETag", side.name)).to_owned();
            assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 10, "{}: {path}: {etag}", side.name);
            let known = [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".into()];
            for (method, tag) in
                ["GET", "HEAD"].into_iter().flat_map(|method| known.iter().map(move |tag| (method, tag)))
            {
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
}

#[tokio::test]
async fn a_redirect_leads_to_the_byte_ranges_that_the_playlist_names() {
    let account = published().await;
    for side in account.sides().await {
        for (rendition, extension) in [("src", "ts"), ("360p", "mp4")] {
            let playlist = get(&side.gate, &format!("/reel/0123abcd/{rendition}.m3u8")).await.text();
            let mut segment = 0;
            let mut range = String::new();
            for line in playlist.lines() {
                if let Some(found) = line.strip_prefix("#EXT-X-BYTERANGE:") {
                    let (length, offset) = found.split_once('@').unwrap();
                    let (length, offset): (u64, u64) = (length.parse().unwrap(), offset.parse().unwrap());
                    range = format!("Range: bytes={offset}-{}", offset + length - 1);
                } else if line.ends_with(&format!(".{extension}")) {
                    let redirect = get(&side.gate, &format!("/reel/0123abcd/{line}")).await;
                    let (bucket, path) = split(redirect.header("location").unwrap());
                    let part = send(&bucket, "GET", &path, &[&range]).await;
                    assert_eq!(part.status, 206, "{}: {line} {range}", side.name);
                    assert_eq!(part.header("access-control-allow-origin"), None, "the bucket has no CORS");
                    assert!(part.body == payload(GENERATION, rendition, segment), "{}: {line} {range}", side.name);
                    segment += 1;
                }
            }
            assert_eq!(segment, 6, "{}: {playlist}", side.name);
        }
    }
}

/// A URL's origin and the rest.
fn split(url: &str) -> (String, String) {
    let at = url[8..].find('/').unwrap() + 8;
    (url[..at].to_owned(), url[at..].to_owned())
}

#[tokio::test]
async fn the_relay_playlist_leads_to_every_segment_whole() {
    let account = published().await;
    for side in account.sides().await {
        for rendition in ["src", "360p"] {
            let playlist = get(&side.gate, &format!("/reel/0123abcd/{rendition}.relay.m3u8")).await.text();
            let links: Vec<_> = playlist.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
            assert_eq!(links.len(), 6, "{}: {playlist}", side.name);
            assert!(!playlist.contains("BYTERANGE"), "{}: {playlist}", side.name);
            for (segment, link) in links.into_iter().enumerate() {
                let (origin, path) = split(link);
                assert_eq!(origin, side.relay, "{}", side.name);
                let answer = get(&origin, &path).await;
                assert!(answer.body == payload(GENERATION, rendition, segment), "{}: {link}", side.name);
            }
        }
    }
}

#[tokio::test]
async fn the_page_shows_its_reel_and_its_policy_lets_only_its_own_script_run() {
    use sha2::{Digest, Sha256};
    let account = published().await;
    for side in account.sides().await {
        let page = get(&side.gate, "/reel/").await;
        let policy = page.header("content-security-policy").unwrap().to_owned();
        let html = page.text();
        for tag in ["script", "style"] {
            let inline: Vec<_> = html.split(&format!("<{tag}>")).skip(1).collect();
            assert_eq!(inline.len(), 1, "one inline {tag}");
            let (text, _) = inline[0].split_once(&format!("</{tag}>")).unwrap();
            let expected = format!("{tag}-src 'sha256-{}'", reel::base64(&Sha256::digest(text)));
            assert!(policy.contains(&expected), "{}: {expected} in {policy}", side.name);
        }
        for part in [
            "default-src 'none'; ".to_owned(),
            format!("; connect-src 'self' {}; ", side.relay),
            "; base-uri 'none'; form-action 'none'; frame-ancestors *".to_owned(),
        ] {
            assert!(policy.contains(&part), "{}: {part} in {policy}", side.name);
        }
        let cdn = html.split("const HLS_JS = '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
        assert!(policy.contains(&format!("' {cdn}; ")), "{}: {cdn} in {policy}", side.name);
        assert!(html.contains(&format!("data-relay=\"{}/\" data-duration=\"36\"", side.relay)), "{}", side.name);
        for property in ["og:image", "og:url"] {
            assert!(html.contains(&format!("\"{property}\" content=\"{}/reel/", side.gate)), "{}", side.name);
        }
        assert_eq!(html.matches("{{").count(), html.matches("{{reel}}").count(), "only the title's own braces stay");
    }
}

#[tokio::test]
async fn with_the_relay_off_its_playlists_are_not_there_and_the_page_says_so() {
    let account = published().await;
    let without = Options { relay: false, ..Options::default() };
    let node = account.node(without).await;
    assert!(account.cloud.delete_function("zipreel-relay").await.unwrap());
    for side in [account.own(), node] {
        for path in ["/reel/index.relay.m3u8", "/reel/0123abcd/src.relay.m3u8"] {
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
