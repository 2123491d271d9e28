//! Holds the README and the pages for users to the program: its flags, their values and defaults, no flag that does not exist, and every field
//! of the JSON events.

mod prices;
mod tables;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use clap::{Arg, CommandFactory};
use serde_json::{Value, json};
use zipreel::{
    cli::Cli,
    json,
    model::{
        cost::{Costs, Viewed},
        gate::{
            embed::Embed,
            front::Front,
            links::{Links, Reached},
        },
        reel::{
            generation::FORMAT,
            index::{ChunkIndex, Container, GenerationIndex, Index, RenditionIndex, Retired, SegmentIndex},
            name::{ChunkNumber, Generation, ReelName, RenditionId},
            order::AccountRegion,
        },
        report::{
            board::Board,
            event::{Count, Event, JobChange, JobName, Planned, Published, Unit},
            fault::Fault,
            health::{Finding, Grade, Health, Subject},
            loudness::Loudness,
            usage::{Month, MonthOfUse, Usage},
        },
    },
    remote,
    use_cases::{
        account::{CdnStanding, CdnState, Ready, Removed, doctor::Observed},
        reels::{
            gc::{Collected, Found, Leftover, Why},
            info::Info,
            list::ListedReels,
        },
    },
};

use crate::events as schema;

/// The README, and the pages for users that it leads to.
const PAGES: [&str; 11] = [
    "README.md",
    "docs/publishing.md",
    "docs/aws.md",
    "docs/prices.md",
    "docs/flags.md",
    "docs/keys.md",
    "docs/events.md",
    "docs/players.md",
    "docs/troubleshooting.md",
    "docs/how-it-works.md",
    "docs/speed.md",
];

/// The pages for those who change zipreel, and what changed.
const OTHERS: [&str; 5] =
    ["CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/formats.md", "docs/recipes.md"];

fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn pages() -> String {
    PAGES.map(page).join("\n")
}

/// Of a heading, as it is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut links = 0;
    for path in PAGES.into_iter().chain(OTHERS) {
        // what is code holds no link
        let text = page(path).split('`').step_by(2).collect::<String>();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") {
                continue;
            }
            links += 1;
            let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
            let target = if file.is_empty() { path.into() } else { Path::new(path).parent().unwrap().join(file) };
            let found = Path::new(env!("CARGO_MANIFEST_DIR")).join(&target);
            assert!(found.exists(), "{path} leads to {link}, which is not there");
            if let Some(heading) = heading {
                let text = fs::read_to_string(&found).unwrap();
                let has = text.lines().any(|line| line.starts_with('#') && anchor(line) == heading);
                assert!(has, "{path} leads to {link}, and there is no such heading");
            }
        }
    }
    assert!(links > 20, "links are found");
}

/// All flags of all commands by name, without those that every clap program has and those of our benchmarks.
fn flags() -> BTreeMap<String, Arg> {
    let command = Cli::command();
    let everywhere = command.get_arguments().chain(command.get_subcommands().flat_map(|sub| sub.get_arguments()));
    let mut flags: BTreeMap<String, Arg> = BTreeMap::new();
    for arg in everywhere.filter(|arg| !arg.is_hide_set()) {
        let Some(name) = arg.get_long() else { continue };
        // one that only some commands read from the environment counts as one of those
        if arg.get_env().is_some() || !flags.contains_key(name) {
            flags.insert(name.to_owned(), arg.clone());
        }
    }
    flags.retain(|name, _| name != "help" && name != "version");
    flags
}

/// `--name` of everything in the text that looks like a flag.
fn flags_named(text: &str) -> BTreeSet<&str> {
    text.match_indices("--")
        .filter(|(at, _)| matches!(text[..*at].chars().next_back(), Some(' ' | '`' | '(')))
        .map(|(at, _)| text[at + 2..].split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn every_flag_stands_in_a_table_with_its_value_and_default() {
    let pages = pages();
    for (name, arg) in flags() {
        let takes_value = arg.get_action().takes_values() && !arg.is_require_equals_set();
        let value =
            arg.get_value_names().filter(|_| takes_value).map(|names| format!(" <{}>", names[0])).unwrap_or_default();
        let row = pages.lines().find(|line| line.starts_with(&format!("| `--{name}{value}`")));
        let row = row.unwrap_or_else(|| panic!("no page has a row for `--{name}{value}`"));
        let help = arg.get_help().unwrap().to_string();
        if let Some((_, default)) = help.split_once("[default: ") {
            let default = default.trim_end_matches(']');
            assert!(
                row.contains(&format!("| {default} |")),
                "--{name} has the default `{default}`, not what `{row}` says"
            );
        }
    }
}

#[test]
fn no_flag_is_promised_that_does_not_exist() {
    let flags = flags();
    let pages = pages();
    let ours: Vec<&str> = pages.lines().filter(|line| !line.starts_with("cargo ")).collect();
    // a command of macOS
    let ours = ours.join("\n").replace("xcode-select --install", "");
    let named = flags_named(&ours);
    assert!(named.contains("segment-seconds"), "flags are found");
    let unknown: Vec<_> = named.into_iter().filter(|name| !flags.contains_key(*name)).collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn flags_with_an_environment_variable_are_named_like_it() {
    let pages = pages();
    let (tables, spoken) = pages.split_once("| On the command line only").unwrap();
    for (name, arg) in flags() {
        let row = format!("| `--{name}");
        match arg.get_env() {
            Some(variable) => {
                assert_eq!(variable.to_str().unwrap(), format!("ZIPREEL_{}", name.replace('-', "_").to_uppercase()));
                assert!(tables.contains(&row), "--{name} stands among those that the environment sets");
            }
            None => assert!(spoken.contains(&row), "--{name} stands among those of the command line only"),
        }
    }
}

/// The fields that the row for an event or a state lists.
fn documented(pages: &str, table: &str, name: &str) -> BTreeSet<String> {
    let (_, rows) = pages.split_once(&format!("| `{table}` | Fields |")).expect("the table is there");
    let rows = rows.split("\n\n").next().unwrap();
    let row = rows.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
    let row = row.unwrap_or_else(|| panic!("no page has a row for the {table} `{name}`"));
    row.split(" | ").nth(1).unwrap_or_default().split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn fields(line: &serde_json::Value) -> BTreeSet<String> {
    line.as_object().unwrap().keys().filter(|key| *key != "event").cloned().collect()
}

fn events() -> Vec<Event> {
    let (rendition, number) = (RenditionId::source(), ChunkNumber::FIRST);
    let (reel, generation) = ("a".parse().unwrap(), Generation::from_digest(&[1; 32]));
    let planned = Planned {
        reel,
        generation,
        region: String::new(),
        duration: Duration::ZERO,
        source_bytes: 0,
        segments: 0,
        chunks: 0,
        streams: Vec::new(),
        warnings: Vec::new(),
        costs: None,
    };
    let published = Published {
        reel: planned.reel.clone(),
        generation,
        watch_url: String::new(),
        playlist_url: String::new(),
        seek_url: None,
        viewed: Viewed::of(&info().index.current),
        relay: true,
        costs: None,
        playlist_copy: Default::default(),
        segments: 0,
        chunks: 0,
        bytes: 0,
        sent_bytes: 0,
        retries: 0,
        segments_checked: 0,
        elapsed: Duration::ZERO,
        loudness: Some(Loudness { range: 5.0, true_peak: Some(-1.0), ..Loudness::of(-23.0, -33.0) }),
        warnings: Vec::new(),
    };
    vec![
        Event::Planned(planned),
        Event::Log { job: JobName::Split, line: String::new() },
        Event::SegmentClosed { rendition: rendition.clone(), segment: 0, bytes: 0, duration: Duration::ZERO },
        Event::ChunkPacked { rendition: rendition.clone(), number, bytes: 0, segments: 1 },
        Event::ChunkDeployed { rendition, number, bytes: 0, sent: 0, attempts: 1 },
        Event::Published(Box::new(published)),
    ]
}

fn info() -> Info {
    let segment = SegmentIndex { offset: 0, bytes: 1, duration_us: 1, crc32: 0, discontinuity: false };
    let (number, sha256) = (ChunkNumber::FIRST, String::new());
    let chunk = ChunkIndex { number, bytes: 1, sha256, segments: vec![segment], pieces: vec![] };
    let rendition = RenditionIndex {
        container: Container::Ts,
        bandwidth: 1,
        average_bandwidth: 1,
        codecs: "mp4a.40.2".into(),
        resolution: None,
        frame_rate: None,
        video_range: None,
        supplemental_codecs: None,
        init: None,
        independent: Some(true),
        beside: None,
        chunks: vec![chunk],
    };
    let current = GenerationIndex {
        generation: Generation::from_digest(&[1; 32]),
        duration_ms: 0,
        grows: false,
        pes_lengths: false,
        largest: None,
        segment_seconds: 6.0,
        source_sha256: None,
        damaged: vec![(0, 1)],
        subtitles: Vec::new(),
        chapters: None,
        former: Vec::new(),
        captions: false,
        wanted: Default::default(),
        chunk_limit_bytes: 1,
        renditions: BTreeMap::from([(RenditionId::source(), rendition)]),
    };
    let retired = Retired { until: std::time::SystemTime::now().into(), generation: current.clone() };
    let index = Index {
        format: FORMAT,
        reel: "a".parse().unwrap(),
        title: String::new(),
        published: std::time::SystemTime::now().into(),
        by: None,
        robots: Default::default(),
        current,
        retired: vec![retired],
    };
    Info {
        links: Links::of(&Reached { gate: "http://127.0.0.1/".into(), front: Front::Url, cdn: None }, &index.reel),
        index,
        index_bytes: 1,
        at: AccountRegion { account: String::new(), region: String::new() },
        relay: true,
        published: None,
        costs: Some(Costs::default()),
    }
}

/// With all fields that one may have.
fn finding() -> Finding {
    let month = Month::of(std::time::SystemTime::UNIX_EPOCH);
    let quiet = MonthOfUse { month, requests: 0, bytes: None };
    let usage = Some(Usage { of: "gate", last: quiet, this: quiet });
    Finding { subject: Subject::Usage, grade: Grade::Well, words: String::new(), usage }
}

/// Lines of every kind but those of jobs.
fn lines() -> Vec<Value> {
    let mut board = Board::default();
    let started = JobChange::Started { attempt: 1, unit: Unit::Bytes, count: Count::default() };
    board.apply(&Event::Job { job: JobName::Split, change: started });
    let mut lines: Vec<_> = events().iter().map(json::line).chain(json::progress(&board)).collect();
    let name: ReelName = "a".parse().unwrap();
    let (generation, fault) = (Generation::from_digest(&[1; 32]), Fault::permanent("could not do it"));
    let (rendition, number) = (RenditionId::source(), ChunkNumber::FIRST);
    let checked = remote::Checked { generation, rendition, number, finding: remote::Finding::Ok };
    let left =
        Leftover { reel: name.clone(), generation, functions: Vec::new(), bytes: 0, why: Why::Retired, is_due: true };
    let ready = Ready {
        gate_url: String::new(),
        front: Front::Url,
        relay_url: None,
        cdn: false,
        ceiling: None,
        changed: 0,
        notes: Vec::new(),
    };
    let standing = CdnStanding { state: CdnState::Off, url: None, distribution: None, changed: 0, notes: Vec::new() };
    let embed = Embed {
        reel: name.clone(),
        title: String::new(),
        watch: String::new(),
        playlist: String::new(),
        resolution: Some((16, 9)),
        relay: true,
    };
    lines.extend([
        json::reel(&name, &remote::Listed::default()),
        json::listed(&ListedReels::default()),
        json::chunk_checked(&checked),
        json::checked(&name, true, &remote::Report { generation: Some(generation), ..Default::default() }),
        json::embed(&embed),
        json::info(&info()),
        json::deleted(&name, 1),
        json::discarded(&name, generation, 1),
        json::retitled(&name, "", ""),
        json::found(&Found::Leftover { left: &left, stays: true }),
        json::found(&Found::LeftAlone { reel: &name, fault: &fault }),
        json::collected(&Collected::default()),
        json::ready(&ready),
        json::roles_ready(0),
        json::removed(&Removed::default()),
        json::cdn(&standing),
        json::finding(&finding()),
        json::observed(&Observed { what: "", answer: String::new(), well: true }),
        json::examined(&Health::default()),
        json::policies([("roles", json!({}))]),
        json::template(json!({})),
        json::serving("", "", ""),
        json::served(),
        json::failed(&fault),
        json::cancelled(),
    ]);
    lines
}

fn changes() -> Vec<Value> {
    let fault = Fault::permanent("could not do it");
    let changes = [
        JobChange::Queued,
        JobChange::Started { attempt: 1, unit: Unit::Bytes, count: Count::default() },
        JobChange::Sized { total: 1 },
        JobChange::Retrying { attempt: 2, of: 8, wait: Duration::ZERO, cause: String::new() },
        JobChange::Waiting { fault: fault.clone() },
        JobChange::Succeeded,
        JobChange::Skipped { why: String::new() },
        JobChange::Failed { fault },
        JobChange::Cancelled,
    ];
    changes.into_iter().map(|change| json::line(&Event::Job { job: JobName::Split, change })).collect()
}

#[test]
fn every_event_that_is_printed_stands_in_the_schema_and_no_other() {
    let mut seen = BTreeSet::new();
    for line in lines().into_iter().chain(changes()) {
        let name = match (line["event"].as_str().unwrap(), line["state"].as_str()) {
            (event, Some(state)) => format!("{event}-{state}"),
            (event, None) => event.to_owned(),
        };
        let status = match name.as_str() {
            "failed" => 1,
            "cancelled" => 130,
            _ => 0,
        };
        let is_ending = schema::endings().contains(&name.as_str());
        let line = if is_ending { json::last(line, status) } else { line };
        schema::line(&line.to_string());
        let mut named: BTreeSet<_> = schema::fields(&name).into_iter().map(str::to_owned).collect();
        named.remove("event");
        assert_eq!(fields(&line), named, "{name}");
        seen.insert(name);
    }
    let named: BTreeSet<_> = schema::names().into_iter().map(str::to_owned).collect();
    assert_eq!(seen, named);
}

#[test]
fn every_json_event_is_documented_field_by_field() {
    let pages = pages();
    for line in lines() {
        let event = line["event"].as_str().unwrap();
        assert_eq!(fields(&line), documented(&pages, "event", event), "{event}");
    }
}

#[test]
fn every_state_of_a_job_is_documented_field_by_field() {
    let pages = pages();
    for line in changes() {
        let state = line["state"].as_str().unwrap();
        let mut expected = documented(&pages, "state", state);
        expected.extend(documented(&pages, "event", "job"));
        assert_eq!(fields(&line), expected, "{state}");
    }
}

#[test]
fn the_key_table_is_that_of_the_wizard() {
    let table = zipreel::tui::key_table();
    assert!(page("docs/keys.md").contains(&table), "the table of docs/keys.md should be:\n{table}");
}
