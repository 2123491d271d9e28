//! `zipreel list`, `check`, `delete` and `gc`: what is published, without a screen.

use std::{
    collections::BTreeSet,
    io::{self, BufRead, IsTerminal, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use indicatif::HumanBytes;
use time::{OffsetDateTime, macros::format_description};

use super::{face, publish, session};
use crate::{
    cli::{PublishArgs, ReelsArgs},
    cloud::Cloud,
    json,
    library::{self, Checked, Depth, Finding, Listed, Report},
    plain,
    publish::{
        attempt::Patience,
        collect::{Leftover, Why},
        journal, remote,
        request::{IfTaken, Request, Target, Transcode},
    },
    reel::{
        fault::{Explain, Fault, Stopped},
        name::ReelName,
        retry::RetryPolicy,
    },
    settings::{Settings, Talk},
};

fn failed(error: impl Explain) -> Stopped {
    Stopped::Failed(error.fault())
}

fn settings(reels: &ReelsArgs) -> Result<Settings, Stopped> {
    let ReelsArgs { region, target, profile, place } = reels.clone();
    let args = PublishArgs { region, target, profile, place, ..PublishArgs::default() };
    Settings::resolve(&args).map_err(failed)
}

async fn connect(settings: &Settings) -> Result<session::Session, Stopped> {
    session::connect(&settings.target, settings.region.as_deref(), &settings.place).await
}

fn patience() -> Patience {
    Patience { said: Arc::new(|line| plain::say(&line)), ..Patience::default() }
}

/// Until it is done, or a signal comes.
async fn unless_signalled<T, E: Explain>(work: impl Future<Output = Result<T, E>>) -> Result<T, Stopped> {
    tokio::select! {
        result = work => result.map_err(failed),
        () = face::signal() => Err(Stopped::Cancelled),
    }
}

pub async fn list(reels: &ReelsArgs, as_json: bool) -> Result<(), Stopped> {
    let session = connect(&settings(reels)?).await?;
    let shelf = unless_signalled(library::list(&session.cloud, &patience(), |_| ())).await?;
    let lines: Vec<String> = if as_json {
        shelf.0.iter().map(|(name, listed)| json::reel(name, listed).to_string()).collect()
    } else {
        table(shelf.0.iter())
    };
    let mut out = io::stdout().lock();
    // whoever closed the pipe has read enough
    lines.iter().try_for_each(|line| writeln!(out, "{line}")).or(Ok(()))
}

/// Columns as wide as their widest cell.
fn table<'a>(reels: impl Iterator<Item = (&'a ReelName, &'a Listed)>) -> Vec<String> {
    let head = ["REEL", "GENERATION", "CHUNKS", "SIZE", "LENGTH", "PUBLISHED", ""].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(head).chain(reels.map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn row((name, listed): (&ReelName, &Listed)) -> [String; 7] {
    let index = listed.index.as_ref();
    let note = match index {
        None => format!("{} chunks without an index: resume it, or delete it", listed.other_chunks()),
        Some(_) if listed.stale => "its last publishing was interrupted: publish it again".to_owned(),
        Some(index) if listed.chunks() != index.chunks => "not whole: see `zipreel check`".to_owned(),
        Some(_) if listed.other_chunks() > 0 => format!("{} chunks of other generations", listed.other_chunks()),
        Some(_) => String::new(),
    };
    let chunks = match index {
        Some(index) if listed.chunks() == index.chunks => index.chunks.to_string(),
        Some(index) => format!("{} of {}", listed.chunks(), index.chunks),
        None => "-".to_owned(),
    };
    [
        name.to_string(),
        index.map_or("-".to_owned(), |index| index.generation.to_string()),
        chunks,
        HumanBytes(listed.bytes()).to_string(),
        index.map_or("-".to_owned(), |index| plain::clock(index.duration)),
        listed.modified.map_or("-".to_owned(), minute),
        note,
    ]
}

/// `2026-11-22 10:00`, UTC.
fn minute(time: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
    OffsetDateTime::from(time).format(format).unwrap_or_default()
}

pub async fn embed(name: &ReelName, reels: &ReelsArgs, as_json: bool) -> Result<(), Stopped> {
    let settings = settings(reels)?;
    let session = connect(&settings).await?;
    let embed = unless_signalled(library::embed(&session.cloud, name, &patience())).await?;
    if as_json {
        drop(json::write(&json::embed(&embed)));
        return Ok(());
    }
    if !embed.relay {
        plain::say(
            "the relay is off: only Safari and Firefox for Android play this, other browsers say how to watch; \
             `zipreel relay on` lets them play too, for the price of every byte they see",
        );
    }
    if embed.open_gops {
        plain::say(
            "its keyframes are no IDR pictures (open GOPs): in Chrome and Edge only the frame can jump to what is not \
             loaded",
        );
    }
    if settings.target == Target::Local {
        plain::say("on the stand-in it plays on this machine alone, while `zipreel local` runs");
    }
    let (frame, video) = (embed.iframe(), embed.video());
    let html = format!(
        "<!-- the watch page in a frame -->\n{frame}\n\n<!-- or a video element of the page's own -->\n{video}\n"
    );
    // whoever closed the pipe has read enough
    io::stdout().lock().write_all(html.as_bytes()).or(Ok(()))
}

pub async fn check(
    name: &ReelName,
    deep: bool,
    repair: Option<&Path>,
    reels: &ReelsArgs,
    as_json: bool,
) -> Result<(), Stopped> {
    let settings = settings(reels)?;
    let depth = if deep { Depth::Deep } else { Depth::Quick };
    let session = connect(&settings).await?;
    let mut report = look(&session.cloud, name, depth, as_json).await?;
    if let Some(video) = repair.filter(|_| !report.is_whole()) {
        mend(&session.cloud, &settings, name, video, as_json).await?;
        // by hash: for some minutes the gate may still hand out links to what was replaced
        report = look(&session.cloud, name, Depth::Quick, as_json).await?;
    }
    if report.is_whole() { Ok(()) } else { Err(Stopped::Failed(not_whole(name, report))) }
}

async fn look(cloud: &Cloud, name: &ReelName, depth: Depth, as_json: bool) -> Result<Report, Stopped> {
    let read = Mutex::new(BTreeSet::new());
    let found = |checked: Checked| match (&checked.finding, as_json) {
        (Finding::Reading(_), _) => {}
        (_, true) => drop(json::write(&json::chunk_checked(&checked))),
        (Finding::Ok, false) => {
            let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
            read.insert((checked.rendition, checked.number));
        }
        (Finding::Missing, false) => plain::say(&format!("chunk {}/{} is missing", checked.rendition, checked.number)),
        (Finding::Differs(why), false) => {
            plain::say(&format!("chunk {}/{} differs: {why}", checked.rendition, checked.number));
        }
    };
    let report = unless_signalled(library::check(cloud, name, depth, &patience(), found)).await?;
    if as_json {
        drop(json::write(&json::checked(name, depth, report)));
    } else {
        let how = if depth == Depth::Deep { "every byte read as a player does" } else { "by list and hash" };
        let Report { chunks, ok, missing, differing } = report;
        plain::say(&format!(
            "{name}: {ok} of {chunks} chunks are right, {missing} missing, {differing} differ ({how})"
        ));
    }
    Ok(report)
}

fn not_whole(name: &ReelName, report: Report) -> Fault {
    let Report { chunks, missing, differing, .. } = report;
    let what =
        format!("the reel `{name}` is not whole: of {chunks} chunks {missing} are missing and {differing} differ");
    Fault::permanent(what)
        .hint(format!("Deploy them again from the video it was made of: zipreel check {name} --repair VIDEO."))
}

/// Publishes the same generation again: what is right is not sent.
async fn mend(cloud: &Cloud, settings: &Settings, name: &ReelName, video: &Path, as_json: bool) -> Result<(), Stopped> {
    let existing = remote::existing(cloud, name).await.map_err(failed)?;
    let index = existing.ok_or_else(|| failed(library::LibraryError::NotFound(name.clone())))?.index;
    let request = Request {
        video: video.to_owned(),
        reel: name.clone(),
        target: settings.target.clone(),
        title: index.title,
        segment_length: Duration::from_secs_f64(index.current.segment_seconds.clamp(0.1, 86_400.0)),
        chunk_limit: index.current.chunk_limit_bytes,
        parallel_uploads: settings.parallel,
        transcode: Transcode::Auto,
        if_taken: IfTaken::Repair,
        interrupted: None,
        retry: RetryPolicy::default(),
        state_dir: settings.place.state_dir.clone(),
        work_dir: settings.place.work_dir.clone(),
        backlog_bytes: settings.place.backlog_bytes,
    };
    let talk = Talk { json: as_json, ..Talk::default() };
    publish::run(request, cloud, talk).await
}

pub async fn delete(name: &ReelName, reels: &ReelsArgs, yes: bool) -> Result<(), Stopped> {
    let settings = settings(reels)?;
    let held = journal::hold(&settings.place.state_dir, name).map_err(failed)?;
    let session = connect(&settings).await?;
    let identity = session.cloud.identity();
    if !yes {
        let question = format!(
            "This deletes the reel `{name}` from account {}, Region {}: its links end at once, and nothing brings it \
             back. Type its name to go on:",
            identity.account,
            session.cloud.region()
        );
        confirm(&question, name.as_str(), &format!("could not delete `{name}`"))?;
    }
    let gone = unless_signalled(library::delete(&session.cloud, name, &patience(), |_, _| ())).await?;
    if let Some(held) = held {
        held.forget(&identity.account, session.cloud.region());
    }
    plain::say(&format!("deleted {name}: {gone} functions"));
    Ok(())
}

fn confirm(question: &str, wanted: &str, what: &str) -> Result<(), Stopped> {
    let asked = io::stdin().is_terminal();
    if asked {
        plain::say(question);
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == wanted {
            return Ok(());
        }
    }
    let why = if asked { "that was not it" } else { "nobody is there to ask" };
    Err(Stopped::Failed(Fault::permanent(what).because(why).hint("With --yes it is done without a question.")))
}

pub async fn gc(name: Option<&ReelName>, reels: &ReelsArgs, yes: bool) -> Result<(), Stopped> {
    let settings = settings(reels)?;
    let session = connect(&settings).await?;
    let sweep = unless_signalled(library::sweep(&session.cloud, &patience(), SystemTime::now())).await?;
    for (reel, fault) in &sweep.unread {
        plain::say(&format!("{reel} is left alone: {fault}"));
    }
    let (mut going, mut held) = (Vec::new(), Vec::new());
    for left in sweep.leftovers.into_iter().filter(|left| name.is_none_or(|name| left.reel == *name)) {
        match journal::hold(&settings.place.state_dir, &left.reel) {
            Err(error) if !held.iter().any(|(reel, _)| *reel == left.reel) => {
                plain::say(&format!("{} is left alone: {}", left.reel, error.fault()));
                continue;
            }
            Err(_) => {}
            Ok(lock) => held.push((left.reel.clone(), lock)),
        }
        let asked_for = name.is_some() && left.why == Why::Orphaned;
        let stays = if left.is_due || asked_for { "" } else { "; left for now" };
        plain::say(&format!("{}{stays}", told(&left)));
        if stays.is_empty() {
            going.push(left);
        }
    }
    let functions: Vec<String> = going.iter().flat_map(|left| left.functions.iter().cloned()).collect();
    if functions.is_empty() {
        plain::say("nothing to delete");
        return Ok(());
    }
    let bytes = HumanBytes(going.iter().map(|left| left.bytes).sum());
    if !yes {
        let question = format!("Delete {} functions, {bytes}? Type yes to go on:", functions.len());
        confirm(&question, "yes", "could not delete what is left over")?;
    }
    let removed = unless_signalled(library::remove(&session.cloud, functions, &patience(), |_| ())).await?;
    plain::say(&format!("deleted {removed} functions, {bytes}"));
    Ok(())
}

fn told(left: &Leftover) -> String {
    let (reel, generation) = (&left.reel, left.generation);
    let (chunks, bytes) = (left.functions.len(), HumanBytes(left.bytes));
    let what = match left.why {
        Why::Retired => "was replaced, and is served until its time is over",
        Why::Orphaned => "has no index: of an interrupted publishing or deletion",
        Why::Surplus => "is served without these",
    };
    format!("{reel}: generation {generation} {what}: {chunks} chunks, {bytes}")
}
