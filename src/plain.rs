//! The plain face: lines on standard error at most once a second, or one bar when that is a terminal.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::model::reel::index::Grain;
use crate::model::{
    report::{
        board::{Board, Job, JobState},
        event::{Event, JobChange, JobName, Planned, Published},
        fault::Fault,
    },
    shown,
    wording::{again, clock, count, dollars, no_relay},
};

/// What one line or bar says of the work.
pub struct Plain {
    bar: Option<ProgressBar>,
    last: Option<String>,
    /// Bytes uploaded when the last status was made.
    measured: (Instant, u64),
    /// Retry lines in this second: more are counted, not printed.
    retries: u32,
}

impl Default for Plain {
    fn default() -> Self {
        Self { bar: io::stderr().is_terminal().then(bar), last: None, measured: (Instant::now(), 0), retries: 0 }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {bar:24} {wide_msg}").expect("the template is well formed");
    let bar = ProgressBar::new(1000).with_style(style.progress_chars("██ "));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl Plain {
    /// One event, after the board has taken it in.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Planned(planned) => self.planned(planned),
            Event::Job { job, change: JobChange::Retrying { attempt, of, wait, cause } } => {
                self.retries += 1;
                if self.retries == 1 {
                    self.say(&format!("{}: {cause}; {}", job.words(), again(*wait, *attempt, *of)));
                }
            }
            Event::Job { job, change: JobChange::Skipped { why } } if !matches!(job, JobName::Chunk { .. }) => {
                self.say(&format!("{}: {why}", job.words()));
            }
            Event::Job { job: job @ JobName::Setup(_), change: JobChange::Succeeded } => {
                self.say(&format!("{}: done", job.words()));
            }
            Event::Job { job, change: JobChange::Waiting { fault } } => {
                self.say(&format!("{} waits: {fault}", job.words()))
            }
            _ => {}
        }
    }

    fn planned(&mut self, planned: &Planned) {
        // what costs nothing is on this computer, which has no Regions
        let place = if planned.costs.is_some() { planned.region.as_str() } else { "the stand-in on this computer" };
        let reel = &planned.reel;
        let (segments, chunks) = (count(planned.segments, "segment"), count(planned.chunks, "chunk"));
        let length = clock(planned.duration);
        self.say(&format!("{reel} → {place}: {length}, about {segments} in {chunks}"));
        for line in &planned.streams {
            self.say(&format!("  {line}"));
        }
        if let Some(costs) = planned.costs {
            let [players, pieces] =
                [costs.million_in_players, costs.million_by_pieces].map(|million| dollars(million / 1e3));
            let by_cdn = costs.thousand_by_cdn;
            let [browsers, free, pro, by_gb] =
                [costs.thousand_by_relay, by_cdn.free, by_cdn.pro, by_cdn.by_gb].map(dollars);
            self.say(&format!(
                "  a thousand full views: about {players} in VLC, mpv and other players ({pieces} by pieces, for quick \
                 jumps), {browsers} in browsers (relay; by a CDN {free} within its free terabyte, then {by_gb}, or {pro} where \
                 all of CloudFront's Pro plan is used)"
            ));
        }
        for line in &planned.warnings {
            self.say(&format!("warning: {line}"));
        }
    }

    /// Once a second.
    pub fn tick(&mut self, board: &Board) {
        if self.retries > 1 {
            let more = self.retries - 1;
            self.say(&format!("… and {more} more retries in this second"));
        }
        self.retries = 0;
        let status = self.status(board);
        match &self.bar {
            Some(bar) => {
                bar.set_position((done(board) * 1000.0) as u64);
                bar.set_message(status);
            }
            None if !status.is_empty() && self.last.as_ref() != Some(&status) => {
                self.say(&status);
                self.last = Some(status);
            }
            None => {}
        }
    }

    fn status(&mut self, board: &Board) -> String {
        let hash = hash(board);
        let Some(upload) = board.jobs.get(&JobName::Upload) else { return hash.unwrap_or_default() };
        if let Some(verify) = board.jobs.get(&JobName::Verify) {
            let done = verify.count.get();
            return match verify.total {
                Some(total) => format!("looked at {done} of {}", count(total, "segment")),
                None => format!("looked at {}", count(done, "segment")),
            };
        }
        let bytes = upload.count.get();
        let (since, before) = self.measured;
        let rate = bytes.saturating_sub(before) as f64 / since.elapsed().as_secs_f64().max(0.001);
        self.measured = (Instant::now(), bytes);
        if let Some(hash) = hash.filter(|_| upload.state.is_over()) {
            return hash;
        }
        // once all is there, nothing is sent
        let rate = if upload.state.is_over() { String::new() } else { format!(" at {}/s", HumanBytes(rate as u64)) };
        format!(
            "cut {} · packed {} · uploaded {}, {}{rate}",
            count(board.segments_closed, "segment"),
            count(board.chunks_packed, "chunk"),
            count(board.chunks_deployed, "chunk"),
            HumanBytes(bytes),
        )
    }

    /// A line above the bar, or just a line.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(shown::line(line)),
            None => self::say(line),
        }
    }

    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// What was published, but for its links, which are for standard output.
pub fn published(published: &Published) {
    let Published { chunks, segments, retries, segments_checked: checked, .. } = published;
    let (bytes, sent) = (HumanBytes(published.bytes), HumanBytes(published.sent_bytes));
    let elapsed = published.elapsed.as_secs_f64();
    let (all, chunks) = (count(*segments, "segment"), count(*chunks, "chunk"));
    let retries = count(*retries, "retry");
    say(&format!(
        "published in {elapsed:.1} s: {all} in {chunks} and an index, {bytes} ({sent} sent), {retries}, \
         {checked} of {all} checked",
    ));
    if let Some(loudness) = published.loudness {
        say(&format!("loudness: {loudness}"));
    }
    for line in &published.warnings {
        say(&format!("warning: {line}"));
    }
    let words = |grain| published.viewed.words(grain, published.costs.as_ref());
    if published.seek_url.is_some() {
        say(&format!("playlist: {}; seek: {}", words(Grain::Segments), words(Grain::Pieces)));
    }
    if !published.relay {
        say(&format!("watch: {}", no_relay("`zipreel cdn on` with the same --target")));
    }
    say(&format!("playlist with absolute links: {}", published.playlist_copy.display()));
}

/// One line on standard error, where no bar is; nothing in it steers the terminal.
pub fn say(line: &str) {
    // a reader that closed our standard error does not want it
    drop(writeln!(io::stderr(), "{}", shown::line(line)));
}

/// What failed, why, and what to do now.
pub fn failed(fault: &Fault) {
    say(&format!("error: {fault}"));
    if let Some(hint) = &fault.hint {
        say(&format!("  {hint}"));
    }
}

/// How much of the work is done, 0 to 1: the split is known first, the upload takes longest.
fn done(board: &Board) -> f64 {
    let ratio = |job| board.jobs.get(&job).and_then(Job::ratio).unwrap_or(0.0);
    if !board.jobs.contains_key(&JobName::Upload) {
        return ratio(JobName::Hash);
    }
    let verified = board.jobs.get(&JobName::Verify).is_some_and(|job| matches!(job.state, JobState::Succeeded));
    0.05 * ratio(JobName::Split) + 0.9 * ratio(JobName::Upload) + if verified { 0.05 } else { 0.0 }
}

/// How far the video is read, while it is; beside the split and the uploads there is more to tell.
fn hash(board: &Board) -> Option<String> {
    let job = board.jobs.get(&JobName::Hash).filter(|job| matches!(job.state, JobState::Running))?;
    let (done, total) = (HumanBytes(job.count.get()), HumanBytes(job.total.unwrap_or_default()));
    Some(format!("read {done} of {total}"))
}
