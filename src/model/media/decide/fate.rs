//! What becomes of a stream, and its words for a person.

use std::fmt;

use crate::model::media::{
    facts::{Kind, Stream},
    streams::words::describe,
};

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    Copy,
    Transcode {
        why: String,
    },
    /// Subtitles: written as WebVTT.
    Text,
    LeaveOut {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct StreamPlan {
    pub stream: Stream,
    pub action: Action,
    /// Why this one, where it could have been another.
    pub chosen: Option<String>,
}

impl StreamPlan {
    /// What it is and why it can't be copied, if it can't.
    pub(super) fn re_encoded(&self) -> Option<String> {
        match &self.action {
            Action::Transcode { why } => Some(format!("{} {why}", describe(&self.stream))),
            Action::Copy | Action::Text | Action::LeaveOut { .. } => None,
        }
    }
}

impl fmt::Display for StreamPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stream = describe(&self.stream);
        match &self.action {
            Action::Copy => write!(f, "{stream}: copied as it is"),
            Action::Text => write!(f, "{stream}: as WebVTT"),
            Action::LeaveOut { why } => write!(f, "{stream}: left out ({why})"),
            Action::Transcode { why } => {
                let target = if self.stream.kind == Kind::Video { "H.264" } else { "AAC stereo" };
                write!(f, "{stream}: converted to {target}, since it {why}")
            }
        }?;
        self.chosen.iter().try_for_each(|reason| write!(f, " ({reason})"))
    }
}
