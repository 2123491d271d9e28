//! Which lines of the log are wanted on the way: `info`, or `warn,upload=debug`, as tools written in Rust have it.

use std::str::FromStr;

use super::{
    event::{Event, JobName},
    log_line::{self, Level},
};

/// What jobs are called here: those of one kind have one name.
const JOBS: [&str; 9] = ["setup", "probe", "hash", "split", "pack", "upload", "chunk", "index", "verify"];

/// The levels that it lets through: a job's own, or that of all others; `None` is silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    others: Option<Level>,
    jobs: Vec<(&'static str, Option<Level>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a level (off, error, warn, info, debug, trace) nor a job ({list}) with one", list = JOBS.join(", "))]
pub struct NoFilter(String);

impl Filter {
    pub const EVERYTHING: Self = Self { others: Some(Level::Debug), jobs: Vec::new() };

    pub fn wants(&self, event: &Event) -> bool {
        let Some((job, level)) = log_line::about(event) else { return false };
        let name = job_name(&job);
        let own = self.jobs.iter().rfind(|(of, _)| *of == name);
        own.map_or(self.others, |(_, level)| *level).is_some_and(|most| level <= most)
    }
}

fn job_name(job: &JobName) -> &'static str {
    match job {
        JobName::Setup(_) => "setup",
        JobName::Probe => "probe",
        JobName::Hash => "hash",
        JobName::Split => "split",
        JobName::Pack => "pack",
        JobName::Upload => "upload",
        JobName::Chunk { .. } => "chunk",
        JobName::Index => "index",
        JobName::Verify => "verify",
    }
}

impl FromStr for Filter {
    type Err = NoFilter;

    fn from_str(text: &str) -> Result<Self, NoFilter> {
        let mut filter = Self { others: None, jobs: Vec::new() };
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = || NoFilter(part.to_owned());
            let (name, level) = match part.split_once('=') {
                Some((name, word)) => (Some(name), level(word).ok_or_else(wrong)?),
                None => match level(part) {
                    Some(level) => (None, level),
                    // a job alone: all of it
                    None => (Some(part), Some(Level::Debug)),
                },
            };
            match name {
                // the program itself, as in `zipreel=debug`
                None | Some("zipreel") => filter.others = level,
                Some(name) => {
                    let job = JOBS.into_iter().find(|job| job.eq_ignore_ascii_case(name)).ok_or_else(wrong)?;
                    filter.jobs.push((job, level));
                }
            }
        }
        Ok(filter)
    }
}

/// `None` if it is no level.
fn level(word: &str) -> Option<Option<Level>> {
    Some(match word.to_ascii_lowercase().as_str() {
        "off" => None,
        "error" => Some(Level::Error),
        "warn" | "warning" => Some(Level::Warn),
        "info" => Some(Level::Info),
        "debug" | "trace" => Some(Level::Debug),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::{
        event::{JobChange, SetupStep},
        fault::Fault,
    };

    fn wanted(filter: &str) -> [bool; 4] {
        let filter: Filter = filter.parse().unwrap();
        let job = |job, change| Event::Job { job, change };
        [
            Event::Log { job: JobName::Split, line: String::new() },
            job(JobName::Split, JobChange::Succeeded),
            job(JobName::Setup(SetupStep::Gate), JobChange::Succeeded),
            job(JobName::Upload, JobChange::Failed { fault: Fault::permanent("could not") }),
        ]
        .map(|event| filter.wants(&event))
    }

    #[test]
    fn a_level_lets_through_what_is_as_grave() {
        assert_eq!(wanted("debug"), [true; 4]);
        assert_eq!(wanted("trace"), wanted("zipreel=TRACE"));
        assert_eq!(wanted("info"), [false, true, true, true]);
        assert_eq!(wanted("warn"), [false, false, false, true]);
        assert_eq!(wanted("off"), [false; 4]);
        assert_eq!(wanted(""), [false; 4]);
    }

    #[test]
    fn a_job_may_have_a_level_of_its_own() {
        assert_eq!(wanted("split"), [true, true, false, false]);
        assert_eq!(wanted("info, split=off"), [false, false, true, true]);
        assert_eq!(wanted("error,setup=info"), [false, false, true, true]);
        assert_eq!(wanted("split=off,split=debug"), [true, true, false, false], "the last word counts");
    }

    #[test]
    fn what_is_neither_level_nor_job_is_named() {
        for wrong in ["inof", "upload=loud", "hyper=debug", "info,serde"] {
            let error = wrong.parse::<Filter>().unwrap_err().to_string();
            let named = wrong.rsplit(',').next().unwrap();
            assert!(error.starts_with(&format!("`{named}` is neither a level (off, ")), "{error}");
        }
        let filter = Filter::EVERYTHING;
        assert!(filter.wants(&Event::Log { job: JobName::Index, line: String::new() }));
        let queued = Event::Job { job: JobName::Index, change: JobChange::Queued };
        assert!(!filter.wants(&queued), "what is only counted is no line");
    }
}
