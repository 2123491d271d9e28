//! One of the chosen videos on the settings screen: its name, and the streams that are asked for.

use std::path::Path;

use tui_input::{Input, InputRequest};

use super::streams::{self, Part};
use crate::{
    model::{
        reel::{
            name::{ReelName, is_accent},
            order::{Wanted, WantedLoudness},
        },
        report::fault::Fault,
    },
    tui::{
        action::Command,
        backend::{Fate, Probe, Stream},
        chosen::Chosen,
    },
};

/// One of the chosen videos, and how its reel will be called.
#[derive(Debug, Clone)]
pub(in crate::tui) struct Naming {
    /// As it is known with the streams that are asked for.
    pub(in crate::tui) chosen: Chosen,
    /// As it was chosen.
    pub(super) picked: Chosen,
    /// For what `chosen` was read, or why it could not be.
    pub(super) read: Result<Wanted, Fault>,
    pub(in crate::tui) typed: Input,
    /// The person typed it; else it comes from the file, and makes way where two are alike.
    pub(in crate::tui) is_decided: bool,
    /// Something that is no part of a name was typed: a dash stands for it before the next letter.
    pub(super) has_gap: bool,
    /// Makes the reel unlisted.
    pub(super) suffix: String,
    /// What was asked of the streams, here or at the start.
    pub(in crate::tui) wanted: Wanted,
}

impl Naming {
    /// Of what was not agreed to by asking for it.
    pub(super) fn needs_transcoding(&self) -> bool {
        self.chosen.probe.stills || self.has_to_be_converted()
    }

    /// Some of it is published otherwise, or not at all, unless converting is allowed.
    pub(super) fn may_gain(&self) -> bool {
        self.chosen.probe.streams.iter().any(|stream| stream.optional)
    }

    /// As it is, or without what was agreed to.
    pub(super) fn has_to_be_converted(&self) -> bool {
        // what is asked for by now is read at this moment
        let wanted = self.read.as_ref().unwrap_or(&self.wanted);
        let is_compatible = wanted.compatible.is_some() && self.chosen.probe.h264.is_some();
        let asked = |stream: &Stream| {
            let of_sound = wanted.loudness.is_normalized() && stream.kind == "audio";
            stream.optional || is_compatible || of_sound || wanted.deinterlace && stream.kind == "video"
        };
        let mut streams = self.chosen.probe.streams.iter().filter(|stream| !asked(stream));
        streams.any(|stream| matches!(stream.fate, Fate::Transcode(_)))
    }

    /// Makes a name of what is typed, character by character, where the cursor is: letters lose their case and accents,
    /// a space becomes a dash at once, other signs one before the next letter.
    pub(super) fn type_name(&mut self, character: char) {
        if is_accent(character) {
            return;
        }
        let before = |typed: &Input| typed.value().chars().take(typed.cursor()).last();
        let can_part = !matches!(before(&self.typed), None | Some('-'));
        let Some(letters) = ReelName::slug(&character.to_string()) else {
            self.has_gap = can_part && !matches!(character, ' ' | '-' | '_');
            if can_part && !self.has_gap {
                self.insert('-');
            }
            return;
        };
        if std::mem::take(&mut self.has_gap) && can_part {
            self.insert('-');
        }
        letters.as_str().chars().for_each(|letter| self.insert(letter));
    }

    /// A dash that stands there already is gone over.
    fn insert(&mut self, letter: char) {
        let next = self.typed.value().chars().nth(self.typed.cursor());
        let request = match letter {
            '-' if next == Some('-') => InputRequest::GoToNextChar,
            letter => InputRequest::InsertChar(letter),
        };
        self.typed.handle(request);
    }

    pub(super) fn ask_for(&mut self, part: Part, by: isize) -> Vec<Command> {
        let wanted = streams::changed(self.wanted, part, &self.chosen.probe, by);
        if wanted == self.wanted {
            return Vec::new();
        }
        self.wanted = wanted;
        vec![Command::Reread { video: self.chosen.video.clone(), wanted }]
    }

    pub(super) fn ask_for_loudness(&mut self, loudness: WantedLoudness) -> Vec<Command> {
        let before = std::mem::replace(&mut self.wanted.loudness, loudness);
        if self.wanted.reads_as(Wanted { loudness: before, ..self.wanted }) {
            return Vec::new();
        }
        vec![Command::Reread { video: self.chosen.video.clone(), wanted: self.wanted }]
    }

    /// Why it is not known yet what is asked for, at the first of the streams that can be chosen, if any can.
    pub(super) fn problem(&self) -> Option<(Option<Part>, String)> {
        let part = streams::parts(&self.chosen.probe, self.wanted).first().copied();
        match &self.read {
            Ok(read) if read.reads_as(self.wanted) => None,
            Ok(_) => Some((part, "reading the file again…".to_owned())),
            Err(fault) => Some((part, fault.to_string())),
        }
    }

    /// It was read once more, for what was asked then.
    pub(super) fn reread(&mut self, video: &Path, wanted: Wanted, probe: &Result<Probe, Fault>) {
        if self.chosen.video != video || !self.wanted.reads_as(wanted) {
            return;
        }
        match probe {
            Ok(Probe { refused: Some(fault), .. }) | Err(fault) => self.read = Err(fault.clone()),
            Ok(probe) => {
                self.chosen.probe = probe.clone();
                self.read = Ok(wanted);
            }
        }
    }
}
