//! Subtitles as text: those in a video, read by one run of ffmpeg over it, and those in files beside it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    time::Duration,
};

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{cut::stills, ffmpeg::Tools, probe::input_argument};
use crate::model::{
    media::{
        arguments::input_guard,
        decide::{MediaPlan, MediaRefusal},
        facts::{Kind, Stream},
        streams::{
            language,
            subtitles::{Candidate, TTML, are_there, is_text, why_left_out},
            words::describe,
        },
    },
    subtitles::{
        cue::Cue,
        encoding,
        read::{self, Form},
        sidecar::{self, Named, Use},
        telemetry::is_telemetry,
    },
};

/// A film's subtitles have some 100 KB.
const BYTES_MAX: u64 = 16 << 20;
/// A track of TTML repeats its styles in each segment.
const DOCUMENTS_MAX: u64 = 64 << 20;
/// Files beside a video that are looked at.
const FILES_MAX: usize = 64;
/// ffmpeg reads the whole video for them.
const LIMIT: Duration = Duration::from_secs(3 * 60 * 60);

/// A file beside a video, with what its name says.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Counted on from the streams of the video.
    pub number: u32,
    /// It goes along, if there is text in it.
    pub is_asked: bool,
    pub file: String,
    pub named: Named,
    /// Its cues by the container's beginning, or why it has none.
    pub cues: Result<Vec<Cue>, String>,
    pub form: &'static str,
}

impl Beside {
    /// What goes along of it.
    pub fn taken(&self) -> Option<&Vec<Cue>> {
        self.cues.as_ref().ok().filter(|_| self.is_asked)
    }

    /// For a person: its number, name and form.
    pub fn label(&self) -> String {
        match &self.cues {
            Ok(_) => format!("#{} {}  {}", self.number, self.file, self.form),
            Err(_) => format!("#{} {}", self.number, self.file),
        }
    }

    fn candidate(&self) -> Candidate<'_> {
        let language = self.named.language.as_deref();
        Candidate { number: self.number, language, label: self.label(), no_text: self.cues.clone().err() }
    }
}

/// Subtitle files with the video's name, by name. A folder that can't be listed has none. Refuses the plan if subtitles are
/// asked for that are neither among these nor in the file.
pub async fn beside(video: &Path, plan: &MediaPlan) -> Result<Vec<Beside>, MediaRefusal> {
    let mut found = files(video).await;
    let wanted = plan.wanted.subtitles;
    let after = plan.streams.iter().map(|plan| plan.stream.index + 1).max().unwrap_or(0);
    for (number, file) in (after..).zip(&mut found) {
        file.number = number;
        file.is_asked = wanted.takes(number, file.named.language.as_deref());
    }
    let inside =
        plan.streams.iter().filter(|plan| plan.stream.kind == Kind::Subtitle).map(|plan| candidate(&plan.stream));
    let all: Vec<Candidate<'_>> = inside.chain(found.iter().map(Beside::candidate)).collect();
    are_there(wanted, &all)?;
    Ok(found)
}

fn candidate(stream: &Stream) -> Candidate<'_> {
    let no_text = (!is_text(stream)).then(|| why_left_out(stream).to_owned());
    Candidate { number: stream.index, language: stream.language.as_deref(), label: describe(stream), no_text }
}

async fn files(video: &Path) -> Vec<Beside> {
    let video = video.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let stem = video.file_stem()?.to_str()?;
        let folder = video.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let names = std::fs::read_dir(folder).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<_> = names
            .filter_map(|name| sidecar::named(stem, &name, language::is_known).map(|(named, what)| (name, named, what)))
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names.truncate(FILES_MAX);
        let read = |(file, named, what): (String, Named, Use)| {
            let (cues, form) = match what {
                Use::None(why) => (Err(why.to_owned()), ""),
                Use::Text(form) => (read(&folder.join(&file), form, BYTES_MAX), form.name()),
            };
            Beside { number: 0, is_asked: true, file, named, cues, form }
        };
        Some(names.into_iter().map(read).collect())
    });
    looked.await.ok().flatten().unwrap_or_default()
}

fn read(path: &Path, form: Form, most: u64) -> Result<Vec<Cue>, String> {
    let bytes = bytes(path, most).map_err(|error| format!("it can't be read: {error}"))?;
    let (text, _) = encoding::text(&bytes);
    captions(read::read(&text, form)?)
}

fn bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // before it is opened: a FIFO without a writer would hold us for ever
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {} MiB", most >> 20)));
    }
    Ok(bytes)
}

/// What is meant to be read, or why it is not.
fn captions(cues: Vec<Cue>) -> Result<Vec<Cue>, String> {
    if cues.is_empty() {
        return Err("there is no text in it".to_owned());
    }
    if is_telemetry(&cues) {
        return Err("it is what a camera notes of its flight or its exposure, no caption".to_owned());
    }
    Ok(cues)
}

/// The text of these streams, in their order and by their own times, or why one has none. Files are written below `folder`.
pub async fn embedded(
    tools: &Tools,
    video: &Path,
    streams: &[&Stream],
    folder: &Path,
    cancel: &CancellationToken,
) -> Vec<Result<Vec<Cue>, String>> {
    if streams.is_empty() {
        return Vec::new();
    }
    let together = run(tools, video, streams, folder, cancel).await.map_err(|error| error.to_string());
    let mut found = Vec::new();
    for &stream in streams {
        // what ffmpeg did not come to the end of is not whole; and one that it can't read takes no other with it
        let alone = match &together {
            Err(_) if streams.len() > 1 => {
                run(tools, video, &[stream], folder, cancel).await.map_err(|error| error.to_string())
            }
            together => together.clone(),
        };
        if let Err(error) = alone {
            found.push(Err(error));
            continue;
        }
        let path = folder.join(name(stream));
        let (form, most) = if is_ttml(stream) { (Form::Ttml, DOCUMENTS_MAX) } else { (Form::WebVtt, BYTES_MAX) };
        let text = tokio::task::spawn_blocking(move || read(&path, form, most)).await;
        found.push(text.unwrap_or_else(|error| Err(error.to_string())));
    }
    found
}

fn is_ttml(stream: &Stream) -> bool {
    stream.codec == TTML
}

fn name(stream: &Stream) -> String {
    format!("{}.{}", stream.index, if is_ttml(stream) { "ttml" } else { "vtt" })
}

async fn run(
    tools: &Tools,
    video: &Path,
    streams: &[&Stream],
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<(), stills::JoinError> {
    tokio::fs::create_dir_all(folder).await?;
    let mut command = Command::new(&tools.ffmpeg);
    command.current_dir(folder).args(["-nostdin", "-hide_banner", "-y", "-v", "error"]).args(input_guard());
    // times as the streams have them: what the picture was given is known by its own
    command.arg("-copyts").arg("-i").arg(input_argument(video)?);
    for stream in streams {
        command.arg("-map").arg(format!("0:{}", stream.index));
        if is_ttml(stream) {
            // its documents, one behind the other: their own times are those of the track (ISO/IEC 14496-30)
            let most = (DOCUMENTS_MAX + (1 << 20)).to_string();
            command.args(["-c", "copy", "-fs", &most, "-f", "data"]).arg(name(stream));
            continue;
        }
        command.args(["-c:s", if stream.codec == "webvtt" { "copy" } else { "webvtt" }]);
        command.args(["-avoid_negative_ts", "disabled", "-f", "webvtt"]).arg(name(stream));
    }
    stills::run(command, LIMIT, cancel).await
}
