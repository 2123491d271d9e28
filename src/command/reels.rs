//! `zipreel list`, `check`, `delete`, `gc`, `retitle` and `embed`: what is published, without a screen.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use indicatif::HumanBytes;
use time::{OffsetDateTime, macros::format_description};

use super::{
    face::{self, with_engine},
    out::{self, Said},
    person::AtTerminal,
    publish::say_published,
};
use crate::{
    cli::WhereArgs,
    json,
    model::{
        reel::{name::ReelName, order::Place},
        report::{
            event::{Event, Published},
            fault::Stopped,
        },
        wording,
    },
    plain,
    running::reporter::Control,
    settings::{self, FaceSettings},
    use_cases::{
        Engine, Follow,
        reels::{
            check::{self, Checked, Finding, Report},
            delete, embed,
            gc::{self, Found},
            list::{self, Lack, Listed},
            repair::{self, Repair},
            retitle,
        },
    },
};

/// Runs `work` where the reels are, until it is done or a signal comes.
pub(super) async fn with_reels<T>(
    args: &WhereArgs,
    face: &FaceSettings,
    work: impl AsyncFnOnce(&Engine, &Place, &Follow) -> Result<T, Stopped>,
) -> Result<T, Stopped> {
    let (place, machine) = settings::whereabouts(args)?;
    let work = async |engine: &Engine| face::watch(face, async |follow| work(engine, &place, follow).await).await;
    with_engine(machine, work).await
}

pub async fn list(reels: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let shelf =
        with_reels(reels, face, async |engine, place, follow| list::list(engine, place, follow, |_| ()).await).await?;
    if face.json {
        shelf.0.iter().for_each(|(name, listed)| out::event(&json::reel(name, listed)));
    }
    out::ended(face, json::listed(&shelf), || table(shelf.0.iter()).iter().for_each(|line| out::line(line)))
}

/// Columns as wide as their widest cell.
fn table<'a>(reels: impl Iterator<Item = (&'a ReelName, &'a Listed)>) -> Vec<String> {
    let head = ["REEL", "VERSION", "CHUNKS", "SIZE", "LENGTH", "PUBLISHED", ""].map(str::to_owned);
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
    let note = match (index, listed.lack()) {
        (None, _) => {
            format!(
                "{} without an index: resume or discard it where it was begun, or delete it",
                wording::count(listed.other_chunks(), "chunk")
            )
        }
        (_, Some(Lack::Interrupted)) => Lack::PUBLISH_AGAIN.to_owned(),
        (_, Some(lack @ Lack::Chunks { .. })) => format!("{}: see `zipreel check`", lack.short()),
        _ if listed.other_chunks() > 0 => {
            format!("{} of other versions", wording::count(listed.other_chunks(), "chunk"))
        }
        _ => String::new(),
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
        index.map_or("-".to_owned(), |index| wording::clock(index.duration)),
        listed.modified.map_or("-".to_owned(), minute),
        note,
    ]
}

/// `2026-11-22 10:00`, UTC.
pub(super) fn minute(time: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
    OffsetDateTime::from(time).format(format).unwrap_or_default()
}

pub async fn retitle(name: &ReelName, title: &str, reels: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let work = async |engine: &Engine, place: &Place, follow: &Follow| {
        retitle::retitle(engine, place, name, title, follow).await
    };
    let before = with_reels(reels, face, work).await?;
    out::ended(face, json::retitled(name, &before, title), || {
        plain::say(&format!("{name}: `{before}` is now `{title}`; players see it within 10 s"));
    })
}

pub async fn embed(name: &ReelName, reels: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let (embed, is_local) = with_reels(reels, face, async |engine, place, follow| {
        Ok((embed::embed(engine, place, name, follow).await?, place.is_local()))
    })
    .await?;
    out::ended(face, json::embed(&embed), || {
        if !embed.relay {
            plain::say(
                "the relay is off: only Safari and Firefox for Android play this, other browsers say how to watch; \
                 `zipreel relay on` with the same --target lets them play too, for the price of every byte they see",
            );
        }
        if is_local {
            plain::say(
                "on the stand-in it plays while `zipreel local` runs: on this computer, or with --host in its network",
            );
        }
        let (frame, video) = (embed.iframe(), embed.video());
        out::print(&format!(
            "<!-- the watch page in a frame -->\n{frame}\n\n<!-- or a video element of the page's own -->\n{video}\n"
        ));
    })
}

pub async fn check(
    name: &ReelName,
    deep: bool,
    mend: Option<&Path>,
    reels: &WhereArgs,
    face: &FaceSettings,
) -> Result<Said, Stopped> {
    let (place, machine) = settings::whereabouts(reels)?;
    with_engine(machine, async |engine| {
        let look = async |follow: &Follow| look(engine, &place, name, deep, follow, face).await;
        let report = face::watch(face, look).await?;
        let Some(video) = mend else { return verdict(name, deep, &report, face, false) };
        tell(name, deep, &report, face);
        let repair =
            Repair { place: place.clone(), reel: name.clone(), video: video.to_owned(), parallel_uploads: None };
        let (person, control) = (AtTerminal::new(&FaceSettings { yes: false, ..face.clone() }), Control::default());
        // what is whole may be another video
        let is_of = |reporter| repair::is_of(engine, &repair, reporter, &control);
        if report.is_whole() && face::follow(face, &control, is_of).await? {
            return verdict(name, deep, &report, face, true);
        }
        let work = |reporter| repair::repair(engine, &repair, &person, reporter, &control);
        let (published, mended) = face::follow(face, &control, work).await?;
        tell_published(&published, face);
        // what was decoded is not made otherwise by the repair
        verdict(name, false, &Report { decoding: report.decoding, ..mended }, face, false)
    })
    .await
}

/// What a repair has published, before the reel is judged.
fn tell_published(published: &Published, face: &FaceSettings) {
    if face.json {
        out::event(&json::line(&Event::Published(Box::new(published.clone()))));
    } else {
        say_published(published);
    }
}

/// A reel that is not right is no success. `told`: what was found is said already.
fn verdict(name: &ReelName, deep: bool, report: &Report, face: &FaceSettings, told: bool) -> Result<Said, Stopped> {
    let fault = check::damage(name, report);
    if !told && (fault.is_some() || !face.json) {
        tell(name, deep, report, face);
    }
    match fault {
        None => out::ended(face, json::checked(name, deep, report), || ()),
        Some(fault) => Err(Stopped::Failed(fault)),
    }
}

async fn look(
    engine: &Engine,
    place: &Place,
    name: &ReelName,
    deep: bool,
    follow: &Follow,
    face: &FaceSettings,
) -> Result<Report, Stopped> {
    let number = |checked: &Checked| checked.number.of(&checked.rendition);
    let looked_at = Mutex::new(None);
    let found = |checked: Checked| {
        let before = looked_at.lock().unwrap_or_else(PoisonError::into_inner).replace(checked.generation);
        if before.is_some_and(|before| before != checked.generation) && !face.json {
            plain::say(&format!("{name} was replaced meanwhile: it is looked at from the beginning"));
        }
        match (&checked.finding, face.json) {
            (Finding::Reading(_) | Finding::Decoding, _) | (Finding::Ok, false) => {}
            (_, true) => out::event(&json::chunk_checked(&checked)),
            (Finding::Missing, false) => plain::say(&format!("chunk {} is missing", number(&checked))),
            (Finding::Differs(why), false) => {
                plain::say(&format!("chunk {} has changed: {why}", number(&checked)));
            }
            (Finding::Errors(why) | Finding::Undecodable(why), false) => {
                plain::say(&format!("chunk {} is as it was sent: {why}", number(&checked)));
            }
        }
    };
    check::check(engine, place, name, deep, follow, found).await
}

/// What a check has found, where more follows.
fn tell(name: &ReelName, deep: bool, report: &Report, face: &FaceSettings) {
    if face.json {
        out::event(&json::checked(name, deep, report));
    } else {
        say_checked(name, deep, report);
    }
}

fn say_checked(name: &ReelName, deep: bool, report: &Report) {
    let how = if deep { "every byte read as a player does" } else { "by list and hash" };
    let Report { chunks, ok, missing, differing, .. } = report;
    let (are, chunks) = (wording::verb(*chunks, ["is", "are"]), wording::count(*chunks, "chunk"));
    plain::say(&format!("{name}: {ok} of {chunks} {are} right, {missing} missing, {differing} changed ({how})"));
    if let Some(dark) = report.dark {
        plain::say(&format!("{name}: {dark}"));
    }
    let Some(decoding) = &report.decoding else { return };
    for words in decoding.words().into_iter().chain(decoding.doubt().map(str::to_owned)) {
        plain::say(&format!("{name}: {words}"));
    }
    let segments = wording::count(decoding.segments, "segment");
    match &decoding.gave_up {
        None if decoding.troubles.is_empty() => {
            let play = wording::verb(decoding.segments, ["plays", "play"]);
            plain::say(&format!("{name}: {segments} {play} without an error"));
        }
        None => {}
        Some(why) => plain::say(&format!(
            "{name}: that it plays was tested of {segments}, of the others only that their bytes are right: {why}"
        )),
    }
}

pub async fn delete(name: &ReelName, reels: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let person = AtTerminal::new(face);
    let gone = with_reels(reels, face, async |engine, place, follow| {
        delete::delete(engine, place, name, &person, follow, |_, _| ()).await
    })
    .await?;
    out::ended(face, json::deleted(name, gone), || {
        plain::say(&format!("deleted {name}: the {} that held it", wording::count(gone, "function")))
    })
}

pub async fn gc(name: Option<&ReelName>, reels: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let person = AtTerminal::new(face);
    let found = |found: Found<'_>| match &found {
        _ if face.json => out::event(&json::found(&found)),
        Found::LeftAlone { reel, fault } => plain::say(&format!("{reel} is left alone: {fault}")),
        Found::Leftover { left, stays } => {
            let stays = if *stays { "; left for now" } else { "" };
            plain::say(&format!("{}{stays}", left.sentence()));
        }
    };
    let collect = async |engine: &Engine, place: &Place, follow: &Follow| {
        gc::collect(engine, place, name, &person, follow, found).await
    };
    let collected = with_reels(reels, face, collect).await?;
    out::ended(face, json::collected(&collected), || {
        if collected.segment_bytes > 0 {
            let bytes = HumanBytes(collected.segment_bytes);
            plain::say(&format!("removed {bytes} of segments on this disk that runs which ended had left"));
        }
        if collected.functions == 0 {
            plain::say("nothing to delete");
        } else {
            let functions = wording::count(collected.functions, "function");
            plain::say(&format!("deleted {functions}, {}", HumanBytes(collected.bytes)));
        }
    })
}
