//! Events as lines of a log, for people who look for what happened.

use std::time::SystemTime;

use crate::model::{
    reel::moment::rfc3339,
    report::event::{Event, JobChange, JobName},
    shown, wording,
};

/// How grave a line is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warn,
    Info,
    /// What tools say.
    Debug,
}

/// The job that a line is about, and how grave it is; `None` for what is only counted.
pub fn about(event: &Event) -> Option<(JobName, Level)> {
    let level = match event {
        Event::Job { change: JobChange::Failed { .. }, .. } => Level::Error,
        Event::Job { change: JobChange::Retrying { .. } | JobChange::Waiting { .. }, .. } => Level::Warn,
        Event::Log { .. } => Level::Debug,
        _ => Level::Info,
    };
    line(event).map(|(job, _)| (job, level))
}

/// The line as the log has it: the time, the job, and what happened.
pub fn stamped(event: &Event, now: SystemTime) -> Option<String> {
    line(event).map(|(job, line)| format!("{} {}: {line}", rfc3339(now), job.words()))
}

/// The job it is about and the line; `None` for what is only counted.
pub fn line(event: &Event) -> Option<(JobName, String)> {
    let (job, line) = match event {
        Event::Planned(planned) => {
            let (reel, generation) = (&planned.reel, planned.generation);
            let chunks = wording::count(planned.chunks, "chunk");
            let streams = planned.streams.join("; ");
            (JobName::Probe, format!("{reel} version {generation}: about {chunks}; {streams}"))
        }
        Event::Log { job, line } => (job.clone(), line.clone()),
        Event::Job { job, change } => (job.clone(), words(change)?),
        Event::ChunkDeployed { rendition, number, bytes, sent, attempts } => {
            let how = match (sent, attempts) {
                (0, _) => ", was there already".to_owned(),
                (_, 0 | 1) => String::new(),
                (_, attempts) => format!(", at attempt {attempts}"),
            };
            let job = JobName::Chunk { rendition: rendition.clone(), number: *number };
            (job, format!("is uploaded: {}{how}", wording::bytes(*bytes)))
        }
        Event::Published(published) => (JobName::Verify, format!("published: {}", published.watch_url)),
        Event::SegmentClosed { .. } | Event::ChunkPacked { .. } => return None,
    };
    // a line a fact, whatever a tool has put into it
    Some((job, shown::line(&line)))
}

fn words(change: &JobChange) -> Option<String> {
    Some(match change {
        JobChange::Queued | JobChange::Sized { .. } => return None,
        JobChange::Started { attempt: 1, .. } => "started".to_owned(),
        JobChange::Started { attempt, .. } => format!("started, attempt {attempt}"),
        JobChange::Retrying { attempt, of, wait, cause } => {
            format!("failed: {cause}; {}", wording::again(*wait, *attempt, *of))
        }
        JobChange::Waiting { fault } => format!("waits for you: {fault}"),
        JobChange::Succeeded => "succeeded".to_owned(),
        JobChange::Skipped { why } => format!("skipped: {why}"),
        JobChange::Failed { fault } => format!("failed: {fault}"),
        JobChange::Cancelled => "stopped".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::reel::name::{ChunkNumber, RenditionId};

    #[test]
    fn what_became_of_a_chunk_is_told_in_words() {
        let line = |sent, attempts| {
            let (rendition, number) = (RenditionId::source(), ChunkNumber::FIRST);
            super::line(&Event::ChunkDeployed { rendition, number, bytes: 32 << 20, sent, attempts }).unwrap().1
        };
        assert_eq!(line(32 << 20, 1), "is uploaded: 32 MiB");
        assert_eq!(line(32 << 20, 3), "is uploaded: 32 MiB, at attempt 3");
        assert_eq!(line(0, 1), "is uploaded: 32 MiB, was there already");
    }

    #[test]
    fn each_fact_is_one_line() {
        let cause = "429 too many requests\nslow\u{1b}]0;owned\u{7} down".to_owned();
        let change = JobChange::Retrying { attempt: 2, of: 8, wait: Duration::from_millis(1200), cause };
        let (job, line) = line(&Event::Job { job: JobName::Upload, change }).unwrap();
        assert_eq!(job, JobName::Upload);
        assert_eq!(line, "failed: 429 too many requests slow\u{fffd}]0;owned\u{fffd} down; attempt 2 of 8 in 1.2 s");
        assert_eq!(super::line(&Event::Job { job: JobName::Upload, change: JobChange::Queued }), None);
    }
}
