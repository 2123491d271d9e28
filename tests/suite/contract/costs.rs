//! What requests may cost the account, and how the deployed functions stand its bad days: counted and provoked on the
//! stand-in that they ask.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use time::OffsetDateTime;
use tokio::task::JoinSet;
use zipreel::{
    local::{Clock, Faults},
    model::reel::name::ReelName,
};

use super::{
    answers::{published, published_at},
    http::{Answer, client, get, get_from, send, send_from},
    reel::GENERATION,
    reel::{self, payload},
    runtime::{Front, Reserved, Spec},
    sides::{Account, Options, Side},
};

const CHUNK: &str = "/reel/0123abcd/src/0001.ts";

/// GetFunction calls that one client's guesses may cost an instance: three at once, one every two minutes, and with
/// these one for each look at a known reel's index that is due, every ten seconds, while the test runs.
const GUESSES_COST: usize = 15;

#[tokio::test]
async fn thousands_of_guesses_cost_a_handful_and_ask_for_no_other_function() {
    let account = published().await;
    for decoy in ["payroll", "zipreel-gate-index-2", "zipreel-other-0123abcd-src-0001"] {
        let made = reel::make(&"decoy".parse().unwrap(), GENERATION);
        reel::create(&account.cloud, decoy, made.chunks.into_values().next().unwrap()).await;
    }
    let node = account.node(Options { at_once: 8, ..Options::default() }).await;
    // ten thousand are guessed of the deployed gate in gate.test.mjs, on a clock that stands still
    for (side, guesses) in [(account.own(), 10_000), (node, 2000)] {
        assert_eq!(get(&side.gate, CHUNK).await.status, 302);
        let before = account.asked_for().len();
        guess(&side.gate, guesses).await;
        let asked = account.asked_for().split_off(before);
        assert!(asked.len() <= GUESSES_COST, "{}: {} calls: {asked:?}", side.name, asked.len());
        let ours = |name: &String| name.starts_with("zipreel-") && name.ends_with("-index");
        assert!(asked.iter().all(ours), "{}: {asked:?}", side.name);
        assert_eq!(get(&side.gate, CHUNK).await.status, 302, "{}: a known reel plays on", side.name);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_clients_guesses_keep_nobody_else_from_a_reel_and_many_clients_guesses_not_from_a_known_one() {
    let account = published().await;
    for name in ["met", "new"] {
        let name: ReelName = name.parse().unwrap();
        reel::publish(&account.cloud, &name, "Another", &reel::make(&name, "feedbeef"), &[]).await;
    }
    for side in [account.own(), account.node(Options::default()).await] {
        let statuses = async |clients: u16| {
            let mut told = BTreeSet::new();
            for guess in 0..60 {
                let path = format!("/guess-{clients}-{guess}/");
                told.insert(get_from(client(guess % clients), &side.gate, &path).await.status);
            }
            told
        };
        assert_eq!(get(&side.gate, CHUNK).await.status, 302, "{}", side.name);
        assert_eq!(statuses(1).await, BTreeSet::from([404, 503]), "{}", side.name);
        assert_eq!(get(&side.gate, "/met/").await.status, 200, "{}: met for the first time", side.name);
        assert_eq!(statuses(20).await, BTreeSet::from([404, 503]), "{}", side.name);
        let forged = ["X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7", "X-Real-IP: 203.0.113.7"];
        for _ in 0..3 {
            let guess = format!("/guess-{}/", fastrand::u32(..));
            let answer = send_from(client(0), &side.gate, "GET", &guess, &forged).await;
            assert_eq!(answer.status, 503, "{}: no header makes another client", side.name);
        }
        for path in ["/reel/", "/reel/index.m3u8", "/met/feedbeef/src.m3u8", CHUNK, "/reel/0123abcd/src/0003.ts"] {
            let status = get(&side.gate, path).await.status;
            assert!(status == 200 || status == 302, "{}: {path}: {status}", side.name);
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn guesses_that_find_the_slot_taken_wait_for_it_and_those_for_one_reel_share_it() {
    let account = published().await;
    for side in [account.own(), account.node(Options { at_once: 8, ..Options::default() }).await] {
        let before = account.asked_for().len();
        assert_eq!(get_from(client(1), &side.gate, "/first/").await.status, 404, "{}", side.name);
        let mut asking = JoinSet::new();
        for number in 2..7 {
            let gate = side.gate.clone();
            asking.spawn(async move { get_from(client(number), &gate, "/second/").await.status });
        }
        assert_eq!(asking.join_all().await, [404; 5], "{}", side.name);
        let asked = account.asked_for().split_off(before);
        assert_eq!(asked, ["zipreel-first-index", "zipreel-second-index"], "{}", side.name);
    }
    // whoever goes away while waiting leaves the slot to the next; Lambda goes on for a client that has gone
    let gate = account.own().gate;
    let third = get_from(client(7), &gate, "/third/");
    let _ = tokio::time::timeout(Duration::from_millis(200), third).await;
    assert_eq!(get_from(client(8), &gate, "/reel/").await.status, 200);
}

/// Random reels, generations and numbers, and names of functions that are there.
async fn guess(gate: &str, guesses: usize) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut guessing = JoinSet::new();
    for worker in 0..8 {
        let (client, gate) = (client.clone(), gate.to_owned());
        guessing.spawn(async move {
            let mut random = fastrand::Rng::with_seed(worker);
            for guess in 0..guesses / 8 {
                let (word, number) = (format!("{:08x}", random.u32(..)), random.u16(4..=9999));
                let path = match guess % 5 {
                    0 => format!("/{word}/index.m3u8"),
                    1 => format!("/{word}/{word}/src/{number:04}.ts"),
                    2 => format!("/reel/{word}/src.m3u8"),
                    3 => format!("/reel/{GENERATION}/src/{number:04}.ts"),
                    _ => ["/payroll/", "/gate/", "/other/", "/gate-index-2/", "/zipreel-gate/"][guess % 25 / 5]
                        .to_owned(),
                };
                let status = client.get(format!("{gate}{path}")).send().await.unwrap().status().as_u16();
                assert!(status == 404 || status == 503, "{path}: {status}");
            }
        });
    }
    guessing.join_all().await;
}

#[tokio::test]
async fn a_chunk_costs_one_call_however_many_ask_and_whenever() {
    let account = published().await;
    for side in [account.own(), account.node(Options { at_once: 8, ..Options::default() }).await] {
        let before = account.asked_for().len();
        let mut asking = JoinSet::new();
        for _ in 0..40 {
            let gate = side.gate.clone();
            asking.spawn(async move { get(&gate, CHUNK).await.status });
        }
        assert!(asking.join_all().await.into_iter().all(|status| status == 302), "{}", side.name);
        for _ in 0..40 {
            assert_eq!(get(&side.gate, CHUNK).await.status, 302, "{}", side.name);
        }
        let asked = account.asked_for().split_off(before);
        assert_eq!(asked, ["zipreel-reel-index", "zipreel-reel-0123abcd-src-0001"], "{}", side.name);
    }
}

/// The same of the deployed gate is in gate.test.mjs.
#[tokio::test]
async fn the_stand_ins_links_are_renewed_two_minutes_before_their_end() {
    let account = published_at(Clock::stopped()).await;
    let side = account.own();
    let before = account.asked_for().len();
    let mut links = Vec::new();
    for minute in 0..60_u64 {
        let answer = get(&side.gate, CHUNK).await;
        let link = answer.header("location").unwrap().to_owned();
        let age = answer.header("cache-control").unwrap().strip_prefix("public, max-age=").unwrap();
        // made at every eighth minute; what is left of ten, less three, and five at most; links carry whole seconds
        let most = (10 - minute % 8).saturating_sub(3).min(5) * 60;
        let age = age.parse::<u64>().unwrap();
        assert!(age <= most && age + 1 >= most, "minute {minute}: {age}");
        links.push(link);
        account.clock.advance(Duration::from_secs(60));
    }
    links.dedup();
    assert_eq!(links.len(), 8);
    // and the index once: links alone are no reason to ask for it
    assert_eq!(account.asked_for().split_off(before).len(), 8 + 1);
}

/// The same of the deployed gate is in gate.test.mjs.
#[tokio::test]
async fn of_a_reel_that_was_deleted_the_stand_in_serves_nothing_after_some_minutes() {
    let account = published_at(Clock::stopped()).await;
    let side = account.own();
    let paths = ["/reel/0123abcd/src.m3u8", "/reel/0123abcd/src.relay.m3u8", "/reel/0123abcd/src-init.mp4", CHUNK];
    let statuses = async || {
        let mut all = Vec::new();
        for path in paths {
            all.push(get(&side.gate, path).await.status);
        }
        all
    };
    assert_eq!(statuses().await, [200, 200, 404, 302]);
    let found = account.cloud.functions_from("zipreel-", None).await.unwrap().0;
    for function in found.iter().filter(|function| function.name.starts_with("zipreel-reel-")) {
        account.cloud.delete_function(&function.name).await.unwrap();
        // AWS grants so many calls a second
        account.clock.advance(Duration::from_secs(1));
    }
    account.clock.advance(Duration::from_secs(240));
    assert_eq!(statuses().await[..2], [200, 200]);
    account.clock.advance(Duration::from_secs(300));
    assert_eq!(statuses().await, [404; 4]);
}

#[tokio::test]
async fn a_redirect_is_kept_for_as_long_as_the_link_itself_says() {
    let account = published().await;
    let side = account.node(Options::default()).await;
    // links are made four minutes ago: six minutes are left, of which clients may use three
    account.clock.rewind(Duration::from_secs(240));
    let answer = get(&side.gate, CHUNK).await;
    let age = answer.header("cache-control").unwrap().strip_prefix("public, max-age=").unwrap().parse::<u64>().unwrap();
    assert!((150..=180).contains(&age), "{age}");
}

#[tokio::test]
async fn a_new_generation_plays_at_once_and_the_retired_one_until_its_time() {
    let account = published().await;
    let name: ReelName = "reel".parse().unwrap();
    for side in account.sides().await {
        assert_eq!(get(&side.gate, CHUNK).await.status, 302, "{}", side.name);
    }
    let sides = account.sides().await;
    let [old, second, new] = [GENERATION, "00c0ffee", "feedbeef"].map(|generation| reel::make(&name, generation));
    reel::publish(&account.cloud, &name, "Second", &second, &[]).await;
    let until = (OffsetDateTime::now_utc() + Duration::from_secs(7)).replace_nanosecond(0).unwrap();
    let later = until + Duration::from_secs(600);
    reel::publish(&account.cloud, &name, "Again", &new, &[(old, until), (second, later)]).await;
    for side in &sides {
        assert_eq!(get(&side.gate, "/reel/feedbeef/src/0001.ts").await.status, 302, "{}", side.name);
        let multivariant = get(&side.gate, "/reel/index.m3u8").await.text();
        assert!(multivariant.contains("\nfeedbeef/src.m3u8\n"), "{}: {multivariant}", side.name);
        for path in [CHUNK, "/reel/0123abcd/src.m3u8"] {
            let status = get(&side.gate, path).await.status;
            let now = OffsetDateTime::now_utc();
            assert!(now > until || status < 400, "{}: {path}: {status}", side.name);
        }
        assert_eq!(get(&side.gate, "/reel/00c0ffee/src/0003.ts").await.status, 302, "{}", side.name);
        assert!(get(&side.gate, "/reel/00c0ffee/src.m3u8").await.text().contains("src/0003.ts"), "{}", side.name);
        let segment = get(&side.relay, "/reel/00c0ffee/src/5.ts").await;
        assert!(segment.body == payload("00c0ffee", "src", 5), "{}: {segment:?}", side.name);
    }
    let begun = Instant::now();
    for side in &sides {
        while get(&side.gate, CHUNK).await.status != 404 {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} still serves it", side.name);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(get(&side.gate, "/reel/0123abcd/src.m3u8").await.status, 404, "{}", side.name);
        assert!(OffsetDateTime::now_utc() >= until, "{}: not before its time", side.name);
    }
}

#[tokio::test]
async fn a_bucket_that_refuses_a_link_in_the_middle_costs_one_new_link() {
    let account = published().await;
    for side in account.sides().await {
        assert_eq!(get(&side.relay, "/reel/0123abcd/src/0.ts").await.status, 200, "{}", side.name);
        account.stand_in.faults().set("403@Download=1x".parse().unwrap());
        let answer = get(&side.relay, "/reel/0123abcd/src/1.ts").await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", side.name);
        assert!(answer.body == payload(GENERATION, "src", 1), "{}", side.name);
        account.stand_in.faults().clear();
    }
}

#[tokio::test]
async fn while_aws_is_busy_known_links_are_served_and_others_are_told_to_come_again() {
    let account = published().await;
    for side in [account.own(), account.node(Options { at_once: 4, ..Options::default() }).await] {
        assert_eq!(get(&side.gate, CHUNK).await.status, 302);
        assert_eq!(get(&side.relay, "/reel/0123abcd/src/0.ts").await.status, 200);
        shortage(&account, &side).await;
    }
}

async fn shortage(account: &Account, side: &Side) {
    account.stand_in.faults().set("429@GetFunction=1.0".parse().unwrap());
    let (chunk, segment, known, playlist) = tokio::join!(
        followed(&side.gate, "/reel/0123abcd/src/0002.ts"),
        get(&side.relay, "/reel/0123abcd/src/5.ts"),
        get(&side.gate, CHUNK),
        get(&side.gate, "/reel/index.m3u8"),
    );
    assert_eq!((known.status, playlist.status), (302, 200));
    let (sent_on, chunk) = chunk;
    assert_eq!(sent_on, ["/reel/0123abcd/src/0002.ts?busy=1"], "{}", side.name);
    for answer in [chunk, segment] {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.header("access-control-expose-headers"), Some("retry-after"));
        assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 2, "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    account.stand_in.faults().set("429@GetFunction=2x".parse::<Faults>().unwrap());
    let (_, short) = followed(&side.gate, "/reel/0123abcd/src/0003.ts").await;
    assert!(short.header("location").is_some_and(|location| location.contains("X-Amz-Signature")), "{short:?}");
}

/// As a player goes where the gate sends it: the places of its own that it named, and the answer that named none. How long it
/// is held each time is for the tests of the gate on a clock of their own (`gate.test.mjs`): an instance of Node.js that starts
/// on a busy machine takes seconds.
async fn followed(gate: &str, path: &str) -> (Vec<String>, Answer) {
    let (mut places, mut at) = (Vec::new(), path.to_owned());
    loop {
        let answer = get(gate, &at).await;
        let again = answer.header("location").filter(|location| location.starts_with(path));
        let Some(again) = again.map(str::to_owned) else { return (places, answer) };
        assert_eq!((answer.status, answer.header("cache-control")), (302, Some("no-store")), "{answer:?}");
        places.push(again.clone());
        at = again;
    }
}

#[tokio::test]
async fn a_playlist_of_a_busy_gate_is_sent_to_itself_twice_and_a_page_never() {
    let account = published().await;
    for side in [account.own(), account.node(Options { at_once: 4, ..Options::default() }).await] {
        account.stand_in.faults().set("429@GetFunction=1.0".parse().unwrap());
        let people = ["Accept: text/html,*/*;q=0.8"];
        let ((sent_on, playlist), page) = tokio::join!(
            followed(&side.gate, "/reel/index.m3u8"),
            send_from(client(2), &side.gate, "GET", "/reel/", &people)
        );
        let expected = ["/reel/index.m3u8?busy=1", "/reel/index.m3u8?busy=2"];
        assert_eq!((sent_on.as_slice(), playlist.status), (&expected.map(str::to_owned)[..], 503), "{}", side.name);
        let refresh = format!("<meta http-equiv=\"refresh\" content=\"{}\">", page.header("retry-after").unwrap());
        assert!(page.status == 503 && page.text().contains(&refresh), "{}: {page:?}", side.name);
        account.stand_in.faults().clear();
    }
}

#[tokio::test]
async fn logs_tell_what_went_wrong_without_a_key_or_a_link() {
    let account = published().await;
    let side = account.node(Options::default()).await;
    get(&side.relay, "/reel/0123abcd/src/0.ts").await;
    account.stand_in.faults().set("403@Download=1.0".parse().unwrap());
    assert_eq!(get(&side.relay, "/reel/0123abcd/src/1.ts").await.status, 502);
    account.stand_in.faults().set("403@GetFunction=1.0".parse().unwrap());
    assert_eq!(get(&side.gate, "/reel/0123abcd/src/0002.ts").await.status, 503);
    account.stand_in.faults().clear();
    assert!(account.cloud.delete_function("zipreel-reel-0123abcd-src-0003").await.unwrap());
    assert_eq!(get(&side.gate, "/reel/0123abcd/src/0003.ts").await.status, 404);
    let log = side.log();
    for told in ["the bucket answered 403", "refused with 403", "src-0003 is listed, but does not exist"] {
        assert!(log.contains(told), "`{told}` in {log}");
    }
    let endpoint = account.stand_in.endpoint();
    for secret in [endpoint.secret_key.as_str(), endpoint.access_key.as_str(), "X-Amz", "Signature", "http://"] {
        assert!(!log.contains(secret), "`{secret}` in {log}");
    }
}

#[tokio::test]
async fn the_harness_loses_what_aws_loses() {
    let url = Reserved::new().await;
    let spec =
        Spec { files: &["tests/gate/silent.mjs"], environment: Default::default(), at_once: 1, front: Front::Url };
    let function = url.start(&spec).await;
    let written = get(&function.url, "/written").await;
    assert_eq!((written.status, written.header("location")), (302, Some("/elsewhere")));
    let silent = send(&function.url, "GET", "/silent", &[]).await;
    assert_eq!((silent.status, silent.header("location"), silent.body.len()), (200, None, 0));
}

#[tokio::test]
async fn an_account_without_the_reel_answers_404_until_it_is_published() {
    let account = Account::new(Clock::system()).await;
    let sides = account.sides().await;
    for side in &sides {
        assert_eq!(get(&side.gate, "/reel/index.m3u8").await.status, 404, "{}", side.name);
    }
    let name: ReelName = "reel".parse().unwrap();
    reel::publish(&account.cloud, &name, "New", &reel::make(&name, GENERATION), &[]).await;
    let begun = Instant::now();
    for side in &sides {
        while get(&side.gate, "/reel/index.m3u8").await.status != 200 {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} does not see it", side.name);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
