//! What is too large for those who serve it: refused before anything is sent, or as soon as it shows, and never deployed.

use std::{
    fs,
    path::PathBuf,
    process::Stdio,
    time::{Duration, SystemTime},
};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{LastUpdateStatus, State},
};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use zipreel::{
    account::{self, Roles},
    local::Clock,
    model::{
        chunk::{limits::INDEX_BYTES_MAX, zip},
        reel::{
            index::{INDEX_ENTRY, Index, Retired, SegmentIndex},
            moment::Timestamp,
            name::Generation,
        },
    },
    remote::deployed::{self, Existing},
};

use super::sandbox::{Reel, Sandbox, client_that_stays, get};
use crate::{
    clips::{Clip, clip},
    contract::{
        codings::gunzip,
        sides::{Options, Side, deployed},
    },
    events,
    mishap::account::{bodies, chunks, client, connect, functions, is_whole, set_faults, zipreel},
    split::until,
};

const OLD: &str = "0000000d";

async fn existing(sandbox: &Sandbox, reel: &str) -> Existing {
    deployed::existing(&connect(sandbox.stand_in.endpoint()).await, &reel.parse().unwrap()).await.unwrap().unwrap()
}

/// No change of it is under way any more.
async fn is_active(client: &aws_sdk_lambda::Client, name: &str) {
    for _ in 0..500 {
        let now = client.get_function_configuration().function_name(name).send().await.unwrap();
        let settled = now.last_update_status().is_none_or(|update| *update != LastUpdateStatus::InProgress);
        if settled && now.state() == Some(&State::Active) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{name} is never active");
}

/// Deploys another index: `change` has the one that is there, and the entries beside it.
async fn reindex(sandbox: &Sandbox, reel: &str, change: impl FnOnce(&mut Existing)) -> u64 {
    let mut existing = existing(sandbox, reel).await;
    change(&mut existing);
    let Existing { facts, index, mut entries } = existing;
    entries.insert(INDEX_ENTRY.to_owned(), serde_json::to_vec(&index).unwrap());
    let zip = zip::whole(entries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    let (bytes, code) = (zip.len() as u64, Blob::new(zip));
    let client = client(sandbox);
    is_active(&client, &facts.name).await;
    client.update_function_code().function_name(facts.name).zip_file(code).send().await.unwrap();
    bytes
}

fn retire(index: &mut Index, until: OffsetDateTime) -> &mut Retired {
    let mut generation = index.current.clone();
    generation.generation = OLD.parse::<Generation>().unwrap();
    index.retired.push(Retired { until: SystemTime::from(until).into(), generation });
    index.retired.last_mut().unwrap()
}

/// Everything in the account, the lease and the gate too.
async fn everything(sandbox: &Sandbox) -> Vec<String> {
    let answer = client(sandbox).list_functions().send().await.unwrap();
    answer.functions().iter().map(|function| function.function_name().unwrap().to_owned()).collect()
}

async fn status(base: &str, path: &str) -> u16 {
    client_that_stays().get(format!("{}/{path}", base.trim_end_matches('/'))).send().await.unwrap().status().as_u16()
}

/// Gate and relay of the stand-in, and those that are deployed.
async fn sides(sandbox: &Sandbox) -> [Side; 2] {
    let endpoint = sandbox.stand_in.endpoint();
    [Side::of(endpoint), deployed(&sandbox.stand_in, Options::default()).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_segments_of_one_second_is_refused_with_nothing_in_the_account() {
    let sandbox = Sandbox::start().await;
    account::teardown(&connect(sandbox.stand_in.endpoint()).await, Roles::Remove, &|_| ()).await.unwrap();
    let refused = sandbox.publish(&clip(Clip::DayOfSeconds), &["--name", "day", "--segment-seconds", "1"]).await;
    let failed = refused.failed();
    assert_eq!(failed["what"], "could not publish `day`", "{failed}");
    assert_eq!(failed["cause"], "its playlist would be longer than the 4 MiB that the relay reads", "{failed}");
    assert_eq!(failed["hint"], "Use --segment-seconds 2 or more, or publish the video in parts.", "{failed}");
    assert_eq!(everything(&sandbox).await, [""; 0], "not even a gate is set up for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_segments_of_two_seconds_plays() {
    let sandbox = Sandbox::start().await;
    let run = sandbox.publish(&clip(Clip::Day), &["--name", "day", "--segment-seconds", "2"]).await;
    assert_eq!(run.published()["segments"], 43_200);
    let generation = run.published()["generation"].as_str().unwrap();
    let media = Reel::of(&run).await.media;
    for side in sides(&sandbox).await {
        let playlist = get(&format!("{}/day/{generation}/src.m3u8", side.gate.trim_end_matches('/'))).await;
        assert_eq!(playlist, media, "{}", side.name);
        let last = playlist.lines().rfind(|line| line.starts_with("src/")).unwrap();
        assert_eq!(status(&side.gate, &format!("day/{generation}/{last}")).await, 302, "{}", side.name);
        assert_eq!(status(&side.relay, &format!("day/{generation}/src/43199.ts")).await, 200, "{}", side.name);
    }
    zipreel(&sandbox, &["check", "day"]).await.ended(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_reel_that_is_replaced_five_times_plays_in_all_its_generations() {
    let sandbox = Sandbox::start().await;
    let mut generations = Vec::new();
    for mib in ["1", "2", "3", "4", "5", "6"] {
        let args = ["--name", "shift", "--segment-seconds", "6", "--chunk-mib", mib, "--replace"];
        let run = sandbox.publish(&clip(Clip::Shift), &args).await;
        assert_eq!(run.published()["segments"], 4800);
        generations.push(run.published()["generation"].as_str().unwrap().to_owned());
    }
    let Existing { facts, index, entries } = existing(&sandbox, "shift").await;
    assert!(index.current.has_segments());
    for generation in &generations {
        let of = |ending: &str| &entries[&format!("{generation}/src.m3u8{ending}")];
        assert!(gunzip(of(".gz")) == *of(""), "{generation}");
        assert!(!entries.contains_key(&format!("{generation}/src.relay.m3u8.gz")), "{generation}");
    }
    for (retired, generation) in index.retired.iter().zip(&generations) {
        assert_eq!(retired.generation.generation.to_string(), *generation);
        let rendition = retired.generation.renditions.values().next().unwrap();
        assert!(rendition.chunks.iter().all(|chunk| chunk.segments.is_empty() && !chunk.sha256.is_empty()));
    }
    assert_eq!(index.retired.len(), 5);
    assert!(facts.code_bytes < 3 << 20, "{} bytes, of which segments were more than half", facts.code_bytes);
    for side in sides(&sandbox).await {
        for generation in &generations {
            let playlist = get(&format!("{}/shift/{generation}/src.m3u8", side.gate.trim_end_matches('/'))).await;
            assert_eq!(playlist.matches("#EXTINF").count(), 4800, "{}: {generation}", side.name);
            let last = playlist.lines().rfind(|line| line.starts_with("src/")).unwrap();
            assert_eq!(status(&side.gate, &format!("shift/{generation}/{last}")).await, 302, "{}", side.name);
            assert_eq!(status(&side.relay, &format!("shift/{generation}/src/4799.ts")).await, 200, "{}", side.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_replaced_can_come_back() {
    let sandbox = Sandbox::start().await;
    let publish = async |state: &str, mib: &str| {
        let args = ["--name", "back", "--replace", "--segment-seconds", "2", "--chunk-mib", mib];
        sandbox.publish_in(state, &clip(Clip::Mp4), &args).await
    };
    let first = publish("state", "1").await;
    let media = Reel::of(&first).await.media;
    publish("state", "2").await.published();
    // on a machine that knows nothing of it
    let again = publish("state-of-another", "1").await;
    assert_eq!(again.published()["generation"], first.published()["generation"]);
    assert_eq!(again.published()["sent"], 0);
    assert_eq!(Reel::of(&again).await.media, media);
    is_whole(&sandbox, "back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_index_refuses_another_generation_until_it_has_room() {
    let clock = Clock::system();
    let sandbox = Sandbox::start_at(clock.clone()).await;
    sandbox.publish(&clip(Clip::Tiny), &["--name", "full"]).await.published();
    let until = OffsetDateTime::now_utc() + Duration::from_secs(3600);
    reindex(&sandbox, "full", |Existing { index, entries, .. }| {
        retire(index, until);
        entries.insert(format!("{OLD}/src.m3u8"), vec![b'#'; INDEX_BYTES_MAX as usize - 4096]);
    })
    .await;
    let before = functions(&sandbox).await;
    let replace =
        async || sandbox.publish(&clip(Clip::Tiny), &["--name", "full", "--chunk-mib", "2", "--replace"]).await;
    let refused = replace().await;
    let failed = refused.failed();
    assert!(failed["cause"].as_str().unwrap().contains("has no room for another version"), "{failed}");
    let when = format!("There is room after {}.", Timestamp::from(SystemTime::from(until)));
    assert!(failed["hint"].as_str().unwrap().starts_with(&when), "{failed}");
    assert_eq!(functions(&sandbox).await, before);
    assert!(!everything(&sandbox).await.iter().any(|name| name.contains("-lock-")), "no lease was taken");
    clock.advance(Duration::from_secs(3601));
    replace().await.published();
    is_whole(&sandbox, "full").await;
}

/// Subtitles that have no room beside what is served on are left out by name; the film is published.
#[tokio::test(flavor = "multi_thread")]
async fn subtitles_go_where_an_index_has_no_room_for_them() {
    let sandbox = Sandbox::start().await;
    let video = sandbox.path("film.mp4");
    fs::copy(clip(Clip::Tiny), &video).unwrap();
    sandbox.publish(&video, &["--name", "full"]).await.published();
    reindex(&sandbox, "full", |Existing { index, entries, .. }| {
        retire(index, OffsetDateTime::now_utc() + Duration::from_secs(3600));
        entries.insert(format!("{OLD}/src.m3u8"), vec![b'#'; INDEX_BYTES_MAX as usize - (1 << 20)]);
    })
    .await;
    let line = "w".repeat(600);
    let cues = (1..2500).map(|number| format!("{number}\n00:00:00,100 --> 00:00:00,900\n{number} {line}\n\n"));
    fs::write(sandbox.path("film.en.srt"), cues.collect::<String>()).unwrap();
    fs::write(sandbox.path("film.de.srt"), "1\n00:00:00,100 --> 00:00:00,900\nKurz\n").unwrap();
    let run = sandbox.publish(&video, &["--name", "full", "--chunk-mib", "2", "--replace"]).await;
    run.published();
    let said = run.events("log").map(|line| line["line"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert!(
        said.iter().any(|line| line.starts_with("film.en.srt is left out: all subtitles of this reel")),
        "{said:?}"
    );
    let multivariant = get(&run.playlist()).await;
    assert!(multivariant.contains("NAME=\"Deutsch\"") && !multivariant.contains("NAME=\"English\""), "{multivariant}");
    is_whole(&sandbox, "full").await;
}

/// What this program can't know of is changed by nobody but a newer one.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_a_newer_version_is_left_alone() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Tiny), &["--name", "newer"]).await.published();
    reindex(&sandbox, "newer", |Existing { index, .. }| index.format = 9).await;
    let before = functions(&sandbox).await;
    for arguments in [&["retitle", "newer", "Other"][..], &["check", "newer"], &["info", "newer"]] {
        let said = zipreel(&sandbox, arguments).await;
        assert!(said.err.contains("was published by a newer zipreel: its index has format 9"), "{}", said.err);
    }
    let refused = sandbox.publish(&clip(Clip::Tiny), &["--name", "newer", "--chunk-mib", "2", "--replace"]).await;
    assert!(refused.failed().to_string().contains("by a newer zipreel"), "{}", refused.failed());
    assert_eq!(functions(&sandbox).await, before);
}

/// What an older program deployed, whose retired generations had their segments.
#[tokio::test(flavor = "multi_thread")]
async fn a_reel_that_the_gate_does_not_serve_is_not_all_right_and_is_mended() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Tiny), &["--name", "dark"]).await.published();
    zipreel(&sandbox, &["check", "dark"]).await.ended(0);
    let bytes = reindex(&sandbox, "dark", |Existing { index, .. }| {
        let retired = retire(index, OffsetDateTime::now_utc() + Duration::from_secs(3600));
        let chunk = &mut retired.generation.renditions.values_mut().next().unwrap().chunks[0];
        let segment = SegmentIndex { offset: 1, bytes: 1, duration_us: 1, crc32: 1, discontinuity: false };
        chunk.segments = vec![segment; 280_000];
    })
    .await;
    assert!(bytes > INDEX_BYTES_MAX, "{bytes}");
    // the gate starts anew, as an instance does
    let sandbox = sandbox.cut_off().await;
    let said = zipreel(&sandbox, &["check", "dark"]).await.ended(1);
    let why = "the reel `dark` is whole and nobody can watch it: the gate does not serve it: it answers 503";
    assert!(said.err.contains(why), "{}", said.err);
    let said = zipreel(&sandbox, &["check", "dark", "--json"]).await.ended(1);
    let checked = events::lines(&said.out);
    let checked = checked.into_iter().find(|line| line["event"] == "checked").unwrap();
    assert_eq!((&checked["served"], &checked["whole"], &checked["missing"]), (&false.into(), &false.into(), &0.into()));
    let video: PathBuf = clip(Clip::Tiny);
    zipreel(&sandbox, &["check", "dark", "--repair", video.to_str().unwrap()]).await.ended(0);
    assert_eq!(existing(&sandbox, "dark").await.index.retired.len(), 1, "it is still due");
    zipreel(&sandbox, &["check", "dark"]).await.ended(0);
}

/// The first upload is held: what comes after it in the queue is known all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_fits_no_chunk_ends_the_work_before_more_goes_up() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Tiny), &["--name", "first"]).await.published();
    set_faults(&sandbox, "pause-before@CreateFunction=at:2");
    let args = ["publish", "--json", "--name", "late", "--segment-seconds", "1", "--chunk-mib", "1", "--parallel", "1"];
    let mut command = sandbox.command("state");
    command.args(args).arg(clip(Clip::Late)).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // the lease is the first
    until("the first upload is held", || sandbox.stand_in.faults().paused() > 0).await;
    line(&mut lines, |line| line["event"] == "job" && line["job"] == "split" && line["state"] == "failed").await;
    sandbox.stand_in.faults().release();
    let mut failed = Value::Null;
    while let Some(line) = lines.next_line().await.unwrap() {
        failed = events::line(&line);
    }
    assert_eq!(child.wait().await.unwrap().code(), Some(1));
    assert!(failed["cause"].as_str().unwrap().contains("is larger than a chunk may be"), "{failed}");
    assert!(failed["hint"].as_str().unwrap().contains("--chunk-mib up to 49"), "{failed}");
    let sent = chunks(&functions(&sandbox).await).into_iter().filter(|(name, _)| name.starts_with("zipreel-late-"));
    let sent: u64 = bodies(&sandbox, &sent.collect()).values().sum();
    assert!(sent < 1 << 20, "{sent} bytes went up");
}

/// Lines of a running program until one of them is this.
async fn line(lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>, wanted: impl Fn(&Value) -> bool) {
    let read = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if wanted(&events::line(&line)) {
                return;
            }
        }
        panic!("the program ended before");
    };
    tokio::time::timeout(Duration::from_secs(120), read).await.expect("the line comes");
}
