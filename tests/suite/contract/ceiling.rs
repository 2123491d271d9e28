//! A monthly ceiling for what browsers cost: what gate and relay answer below it and beyond it, and that the deployed relay
//! counts where the stand-in's CloudWatch finds it.

use aws_sdk_cloudwatch::{
    Client,
    types::{Dimension, MetricDatum, StandardUnit},
};
use time::{OffsetDateTime, UtcOffset};
use tokio::process::Command;
use zipreel::{
    local::Endpoint,
    model::gate::ceiling::{NAMESPACE, RELAYED_BYTES},
};

use super::{
    answers::published,
    http::{get, send},
    nginx::{self, Edge},
    requests::{chunks, not_found, other_methods, pages, playlists, segments, tracks},
    row::{Body, Row, To, row},
    runtime::{node, repository},
    sides::{Account, Options, Side, set_ceiling, switch_cdn_on},
};
use crate::stand_in::clients::sdk;

const SEGMENT: &str = "/reel/0123abcd/src/0.ts";
const WORDS: &[u8] = b"the monthly ceiling is reached\n";

/// Every implementation with a ceiling of 1 GB; those in Node.js begin anew.
async fn sides(account: &Account) -> Vec<Side> {
    set_ceiling(&account.cloud).await;
    let mut sides = vec![account.own(), account.behind_an_api().await];
    sides.extend(account.nodes(Options { ceiling: true, ..Options::default() }).await);
    sides
}

/// What other instances of the relay sent this month.
pub(crate) async fn sent_by_others(endpoint: &Endpoint, bytes: f64) {
    let client = Client::new(&sdk(&endpoint.api, &endpoint.access_key, &endpoint.secret_key));
    let relay = Dimension::builder().name("FunctionName").value("zipreel-relay").build();
    let datum = MetricDatum::builder().metric_name(RELAYED_BYTES).value(bytes).unit(StandardUnit::Bytes);
    let data = datum.dimensions(relay).build();
    client.put_metric_data().namespace(NAMESPACE).metric_data(data).send().await.unwrap();
}

fn beyond(to: To, path: &str) -> Row {
    row(to, path, 429)
        .header("content-type", "text/plain")
        .header("cache-control", "public, max-age=10")
        .header("access-control-expose-headers", "retry-after")
        .without("etag")
        .body(Body::Is(WORDS.to_vec()))
}

fn below(path: &str) -> Row {
    row(To::Relay, path, 204).header("cache-control", "public, max-age=10").without("retry-after").body(Body::Empty)
}

#[tokio::test]
async fn below_the_ceiling_every_answer_is_as_without_one_and_the_relay_says_so() {
    let account = published().await;
    sent_by_others(account.stand_in.endpoint(), 900_000_000.0).await;
    for side in sides(&account).await {
        let known = below("/ceiling").sending("If-None-Match: *");
        let asked = [below("/ceiling"), below("/_relay/ceiling"), below("/ceiling").method("HEAD"), known];
        for row in playlists().into_iter().chain(segments()).chain(asked) {
            row.check(&side).await;
        }
    }
    // the stand-in's own relay has one in any case by now
    for side in account.nodes(Options::default()).await {
        not_found(To::Relay, "/ceiling").check(&side).await;
    }
}

#[tokio::test]
async fn beyond_the_ceiling_browsers_are_told_when_it_begins_anew_and_players_go_on() {
    let account = published().await;
    sent_by_others(account.stand_in.endpoint(), 600_000_000.0).await;
    sent_by_others(account.stand_in.endpoint(), 400_000_000.0).await;
    for side in sides(&account).await {
        let of_gate = ["index.relay.m3u8", "0123abcd/src.relay.m3u8", "0123abcd/src.pieces.m3u8"];
        for path in of_gate.map(|path| format!("/reel/{path}")) {
            beyond(To::Gate, &path).check(&side).await;
            beyond(To::Gate, &path).sending("If-None-Match: *").check(&side).await;
            beyond(To::Gate, &path).method("HEAD").body(Body::Empty).check(&side).await;
        }
        for path in
            ["/ceiling", "/_relay/ceiling", SEGMENT, "/reel/0123abcd/src/pieces/3.ts", "/reel/0123abcd/360p/1.mp4"]
        {
            beyond(To::Relay, path).check(&side).await;
            beyond(To::Relay, path).method("HEAD").body(Body::Empty).check(&side).await;
        }
        let known = send(&side.relay, "GET", SEGMENT, &["If-None-Match: \"0123abcd-src-0\""]).await;
        assert_eq!((known.status, known.body.len()), (304, 0), "{}: {known:?}", side.name);
        for path in ["/reel/0123abcd/src/6.ts", "/reel/0123abcd/nope/0.ts"] {
            not_found(To::Relay, path).check(&side).await;
        }
        not_found(To::Gate, "/reel/0123abcd/nope.relay.m3u8").check(&side).await;
        let of_players = playlists().into_iter().filter(|row| !row.leads_to_the_relay());
        let served = of_players.chain(chunks()).chain(pages()).chain(other_methods());
        for row in served.chain(tracks().into_iter().filter(|row| !row.leads_to_the_relay())) {
            row.check(&side).await;
        }
        let told = get(&side.relay, SEGMENT).await.header("retry-after").unwrap().parse::<i64>().unwrap();
        assert!((told - until_next_month()).abs() < 60, "{}: {told}", side.name);
    }
}

fn until_next_month() -> i64 {
    let now = OffsetDateTime::now_utc().to_offset(UtcOffset::UTC);
    let days = i64::from(now.month().length(now.year()) - now.day() + 1);
    days * 86_400 - (now - now.replace_time(time::Time::MIDNIGHT)).whole_seconds()
}

/// A CDN that holds every segment serves nobody anew, since nobody is led to it.
#[tokio::test]
async fn behind_an_edge_the_ceiling_is_told_by_the_edge() {
    let account = published().await;
    sent_by_others(account.stand_in.endpoint(), 1e9).await;
    set_ceiling(&account.cloud).await;
    let port = nginx::free_port();
    switch_cdn_on(&account.cloud, &nginx::url(port)).await;
    let own = account.own();
    let edge = Edge::start(port, &own.gate, &own.relay).await;
    let other = nginx::free_port();
    let options = Options { edge: Some(other), ceiling: true, at_once: 8, ..Options::default() };
    let deployed = account.node(options).await;
    let others = Edge::start(other, &deployed.gate, &deployed.relay).await;
    for (side, edge) in [(own, edge), (deployed, others)] {
        let on_edge = Side::on(&edge);
        for row in
            [beyond(To::Relay, "/ceiling"), beyond(To::Relay, SEGMENT), beyond(To::Gate, "/reel/index.relay.m3u8")]
        {
            row.check(&on_edge).await;
        }
        for path in ["/ceiling", "/_relay/ceiling"] {
            let sent_on = get(&side.relay, path).await;
            let location = format!("{}/_relay/ceiling", edge.origin());
            assert_eq!((sent_on.status, sent_on.header("location")), (302, Some(location.as_str())), "{}", side.name);
        }
        beyond(To::Gate, "/reel/0123abcd/src.pieces.m3u8").check(&side).await;
    }
}

#[tokio::test]
async fn what_the_stand_ins_relay_sends_is_counted_to_the_byte() {
    let account = published().await;
    set_ceiling(&account.cloud).await;
    let side = account.own();
    let bytes = get(&side.relay, SEGMENT).await.body.len();
    below("/ceiling").check(&side).await;
    sent_by_others(account.stand_in.endpoint(), 1e9 - bytes as f64 - 1.0).await;
    below("/ceiling").check(&side).await;
    sent_by_others(account.stand_in.endpoint(), 1.0).await;
    beyond(To::Relay, "/ceiling").check(&side).await;
}

/// As an instance does it once a minute.
#[tokio::test]
async fn what_the_deployed_relay_puts_is_what_it_reads() {
    let account = published().await;
    let endpoint = account.stand_in.endpoint();
    sent_by_others(account.stand_in.endpoint(), 5.0).await;
    let script = "const { cloudWatchOverHttp } = await import(process.argv[1]), now = Date.now();\n\
                  const watch = cloudWatchOverHttp(process.env);\n\
                  await watch.put(1234567890123);\n\
                  console.log(JSON.stringify(await watch.sums(now - 3600000, now + 60000)));";
    let ran = Command::new(node())
        .args(["--input-type=module", "-e", script])
        .arg(repository().join("assets/gate/ceiling.mjs"))
        .env_clear()
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", &endpoint.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &endpoint.secret_key)
        .env("AWS_ENDPOINT_URL", &endpoint.api)
        .env("ZIPREEL_CDN_ID", "E0NOTHINGYET")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(said.trim(), "[1234567890128,0]", "{}", String::from_utf8_lossy(&ran.stderr));
}
