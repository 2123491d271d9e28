//! What is said of the highlighted video: what is in it, and what will become of it.

use crate::{
    model::wording,
    tui::{
        backend::{Fate, Probe},
        step::video::Video,
        terminal::theme::Role,
        widget::{
            line::{Problem, wrapped},
            text,
        },
        words::converted_words,
    },
};

/// What is known of the highlighted video.
#[derive(Default)]
pub(super) struct Said {
    facts: Vec<(Role, String)>,
    /// What will become of it, or what is to be known of it.
    verdict: Vec<(Role, String)>,
    /// Something is to be known or done before it is chosen.
    pub is_problem: bool,
    /// Why it can't be published.
    problem: Option<Problem>,
}

impl Said {
    pub fn height(&self) -> u16 {
        let lines = u16::try_from(self.facts.len() + self.verdict.len()).unwrap_or(u16::MAX);
        lines.saturating_add(self.problem.as_ref().map_or(0, Problem::height))
    }

    /// Lines below which what can be done about it would be cut.
    pub fn least(&self) -> u16 {
        self.problem.as_ref().map_or(0, Problem::least)
    }

    /// Where there is no room for all, what can be done comes first, then the verdict, then the facts.
    pub fn lines(mut self, room: u16) -> Vec<(Role, String)> {
        let mut problem = self.problem.map(|problem| problem.lines(room)).unwrap_or_default();
        let room = usize::from(room).saturating_sub(problem.len());
        self.verdict.truncate(room);
        self.facts.truncate(room - self.verdict.len());
        self.facts.append(&mut self.verdict);
        self.facts.append(&mut problem);
        self.facts
    }
}

pub(super) fn said(video: &Video, width: usize) -> Said {
    let plain = |role, words: &str| Said { verdict: wrapped(role, words, width).collect(), ..Said::default() };
    let next = if video.wanted.is_some() { "then on…" } else { "then on to the settings…" };
    if let Some(going) = video.choice.going.as_ref().filter(|going| going.files.len() > 1) {
        let words = format!("reading {} of {} files, {next}", going.done() + 1, going.files.len());
        return plain(Role::Accent, &words);
    }
    let Some(path) = video.highlighted_video() else {
        // one that was named is on its way while its folder is read
        return match video.choice.going {
            Some(_) => plain(Role::Accent, &format!("reading the file, {next}")),
            None => Said::default(),
        };
    };
    match video.probes.get(path) {
        None if video.choice.going.is_some() => plain(Role::Accent, &format!("reading the file, {next}")),
        None if video.is_changing => {
            plain(Role::Warn, "the file is being written: it is read again when that has ended")
        }
        None => plain(Role::Dim, "reading the file…"),
        Some(Err(fault)) => Said { problem: Some(Problem::of(fault, width)), is_problem: true, ..Said::default() },
        Some(Ok(probe)) => probed(probe, width),
    }
}

fn probed(probe: &Probe, width: usize) -> Said {
    let mut facts = Vec::new();
    for stream in &probe.streams {
        let rate = stream.bit_rate.map(wording::bit_rate).unwrap_or_default();
        // neither picture nor sound: what a phone or camera wrote besides
        let extra = if stream.kind == "data" { "extra data of the kind " } else { "" };
        let head = format!("{:<8} {extra}{}", stream.kind, stream.what);
        let gap = width.saturating_sub(text::width(&head) + text::width(&rate)).max(2);
        let dim = matches!(stream.fate, Fate::LeaveOut(_));
        let role = if dim { Role::Dim } else { Role::Text };
        if text::width(&head) + text::width(&rate) + 2 <= width {
            facts.push((role, format!("{head}{:gap$}{rate}", "")));
        } else {
            facts.push((role, head));
        }
        match &stream.fate {
            Fate::Copy | Fate::Text => {}
            Fate::Transcode(why) => {
                let allowed = if stream.optional { ", if you allow it" } else { "" };
                facts.extend(indented(Role::Warn, &format!("↻ {why}{allowed}"), width));
            }
            Fate::LeaveOut(why) => facts.extend(indented(Role::Dim, &format!("– left out: {why}"), width)),
        }
    }
    if let Some(keyframes) = probe.keyframes {
        let (typical, longest) = (keyframes.typical.as_secs_f64(), keyframes.longest.as_secs_f64());
        let or = if longest > typical * 1.1 { format!(", or {longest:.1} s") } else { String::new() };
        facts.push((Role::Text, format!("it can be cut every {typical:.1} s{or}")));
    }
    let mut verdict: Vec<_> =
        probe.warnings.iter().flat_map(|warning| wrapped(Role::Warn, &format!("! {warning}"), width)).collect();
    match &probe.refused {
        Some(_) => {}
        None if probe.streams.iter().any(|stream| matches!(stream.fate, Fate::Transcode(_))) => {
            verdict.extend(wrapped(Role::Warn, &format!("↻ {}", converted_words(probe)), width));
        }
        None => {
            let words = ["✔ ready: copied as it is, no conversion", "✔ ready: copied as it is"];
            let fits = words.into_iter().find(|words| text::width(words) <= width).unwrap_or(words[1]);
            verdict.extend(wrapped(Role::Ok, fits, width));
        }
    }
    let is_problem = probe.refused.is_some() || !probe.warnings.is_empty();
    let problem = probe.refused.as_ref().map(|fault| Problem::of(fault, width));
    Said { facts, verdict, is_problem, problem }
}

fn indented(role: Role, words: &str, width: usize) -> Vec<(Role, String)> {
    text::wrap(words, width.saturating_sub(9)).into_iter().map(|line| (role, format!("{:9}{line}", ""))).collect()
}
