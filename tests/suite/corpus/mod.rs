//! Odd inputs, a row each: a recipe, the arguments of `zipreel publish`, and what is right. Every row is published by
//! the built binary to a stand-in and judged by what ffmpeg and ffprobe see at the playlist's URL.

mod alone;
mod changes;
mod choice;
mod damage;
mod inside;
mod judge;
mod locked;
pub(crate) mod make;
mod measure;
mod patch;
mod proof;
mod refusals;
mod served;
mod times;

use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, stream};

use crate::publish::sandbox::Sandbox;

/// Rows that are under way at once.
const PARALLEL: usize = 2;

type Recipe = Box<dyn FnOnce(&Path) -> PathBuf + Send>;

/// One input and what must come of it.
pub(crate) struct Row {
    name: &'static str,
    recipe: Recipe,
    args: Vec<String>,
    right: Vec<Right>,
}

pub(crate) enum Right {
    /// The reel's video and sound decode to the frames of these streams of the source, in ffmpeg's specifiers.
    Frames(Vec<String>),
    /// Frames of video that the reel decodes to.
    Count(usize),
    /// What the playlist adds up to, within a frame.
    Seconds(f64),
    /// Every frame of the source's sound is in the reel, copied.
    Heard,
    /// How much later the sound begins than the picture, within 40 ms.
    Offset(f64),
    /// Places in the playlist, counted from 0, of the segments that EXT-X-DISCONTINUITY stands before.
    Discontinuities(Vec<usize>),
    /// Words that the output of a run that published has in a line of its JSON.
    Said(String),
    Refused(Refusal),
}

/// All that a person and a script are told. `{file}` in the sentences stands for the input's path.
pub(crate) struct Refusal {
    pub(crate) what: String,
    pub(crate) cause: Option<String>,
    pub(crate) class: &'static str,
    pub(crate) status: i32,
}

/// A row whose input the recipe makes in the folder that it gets.
pub(crate) fn row(name: &'static str, recipe: impl FnOnce(&Path) -> PathBuf + Send + 'static) -> Row {
    Row { name, recipe: Box::new(recipe), args: Vec::new(), right: Vec::new() }
}

impl Row {
    pub(crate) fn args(mut self, args: &str) -> Self {
        self.args.extend(args.split_whitespace().map(str::to_owned));
        self
    }

    fn right(mut self, right: Right) -> Self {
        self.right.push(right);
        self
    }

    pub(crate) fn frames(self, streams: &str) -> Self {
        self.right(Right::Frames(streams.split_whitespace().map(str::to_owned).collect()))
    }

    pub(crate) fn count(self, frames: usize) -> Self {
        self.right(Right::Count(frames))
    }

    pub(crate) fn seconds(self, seconds: f64) -> Self {
        self.right(Right::Seconds(seconds))
    }

    pub(crate) fn heard(self) -> Self {
        self.right(Right::Heard)
    }

    pub(crate) fn offset(self, seconds: f64) -> Self {
        self.right(Right::Offset(seconds))
    }

    pub(crate) fn discontinuities(self, places: &[usize]) -> Self {
        self.right(Right::Discontinuities(places.to_vec()))
    }

    pub(crate) fn said(self, words: &str) -> Self {
        self.right(Right::Said(words.to_owned()))
    }

    /// `what` and `cause` are whole sentences; the exit status is 1.
    pub(crate) fn refused(self, class: &'static str, what: &str, cause: Option<&str>) -> Self {
        let (what, cause) = (what.to_owned(), cause.map(str::to_owned));
        self.right(Right::Refused(Refusal { what, cause, class, status: 1 }))
    }

    /// What is wrong with what came of it, if anything.
    async fn judge(self, sandbox: &Sandbox, number: usize) -> Result<(), String> {
        let folder = sandbox.path(&format!("row-{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        let (recipe, place) = (self.recipe, folder.clone());
        let made = tokio::task::spawn_blocking(move || recipe(&place)).await;
        let video = made.map_err(|error| format!("the recipe failed: {error}"))?;
        let reel = format!("row-{number}");
        let mut args = vec!["--name", &reel];
        args.extend(self.args.iter().map(String::as_str));
        // each in a state folder of its own, so that two rows with the same input are two runs
        let run = sandbox.publish_in(&format!("state-{number}"), &video, &args).await;
        let result = judge::judge(&run, &video, &folder, &self.right).await;
        let _ = std::fs::remove_dir_all(&folder);
        result
    }
}

/// Publishes all rows and tells of each that is not as it should be. `ZIPREEL_CORPUS` picks those whose name has it.
pub(crate) async fn all_right(rows: Vec<Row>) {
    let wanted = std::env::var("ZIPREEL_CORPUS").unwrap_or_default();
    let rows = rows.into_iter().filter(|row| row.name.contains(&wanted));
    let sandbox = Sandbox::start().await;
    let judged = stream::iter(rows.enumerate().map(|(number, row)| {
        let (name, sandbox) = (row.name, &sandbox);
        async move { row.judge(sandbox, number).await.err().map(|why| format!("{name}: {why}")) }
    }));
    let wrong: Vec<String> = judged.buffered(PARALLEL).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
