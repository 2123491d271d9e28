//! The probe: looks at the file, then has ffprobe read it, within bounds of time and size. Judges nothing: that is
//! [`crate::model::media::decide`].

use std::{
    ffi::OsString,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{
    ffmpeg::{Tail, Tools, describe},
    run::{Bounds, Ended, to_end},
};
use crate::model::{
    media::{
        arguments::input_guard,
        decide::MediaRefusal,
        facts::{Kind, Media, Wanted},
        ffprobe::{self, OutputError, PacketSample, Pictures},
        input::{InputError, InputFault, last_words},
        streams::tracks::set_aside,
        structure::{self, Structure, Table},
    },
    report::fault::Explain,
};

/// For one run of ffprobe. A file on a slow network drive takes seconds; one that takes longer than this is sick.
const LIMIT: Duration = Duration::from_secs(30);
/// Of one answer: hundreds of streams, or minutes of packets.
const ANSWER_MAX: usize = 16 << 20;
const COMPLAINTS_MAX: usize = 64 << 10;
/// Packets are looked at in windows of this length, at the start, in the middle and at the end: longer than the
/// distance of keyframes that common encoders keep (250 frames).
const WINDOW: Duration = Duration::from_secs(12);
/// Decoded at a place to see whether they are made of fields or carry captions.
const PICTURES: u32 = 12;
/// The same for HEVC, whose pictures take longer: for captions alone.
const HEVC_PICTURES: u32 = 4;
/// Once, if no window showed two keyframes.
const WIDE_WINDOW: Duration = Duration::from_secs(120);

#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error(transparent)]
    Input(#[from] InputError),
    /// It is encrypted in such a way that not even its head could be read.
    #[error(transparent)]
    Refused(#[from] MediaRefusal),
    #[error("could not run `{}`", .0.display())]
    Run(PathBuf, #[source] io::Error),
    #[error("could not examine `{}` within {} seconds", .0.display(), LIMIT.as_secs())]
    Slow(PathBuf),
    #[error("could not examine `{}`: {how}", video.display())]
    Failed {
        video: PathBuf,
        /// Which program ended how, or what was not there.
        how: String,
        /// What it said last.
        complaints: String,
    },
    #[error("could not understand ffprobe's answer about `{}`", .0.display())]
    Answer(PathBuf, #[source] OutputError),
    #[error("could not examine `{}`: ffprobe's answer is too long", .0.display())]
    TooLong(PathBuf),
    #[error("could not find out what is in the segment `{}`", .0.display())]
    Segment(PathBuf),
    #[error("examining the video was cancelled")]
    Cancelled,
}

impl Explain for ProbeError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Input(error) => Some(error),
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Input(_) | Self::Refused(_) => self.passed_on()?.hint(),
            Self::Run(..) => Some("Check that it runs by hand with `-version`.".to_owned()),
            Self::Slow(_) => Some("If it lies on a network drive, copy it to this computer first.".to_owned()),
            Self::Failed { complaints, .. } => {
                Some(format!("The file may be damaged: check that it plays elsewhere.{}", last_words("It", complaints)))
            }
            Self::Answer(..) | Self::TooLong(_) | Self::Segment(_) => {
                Some("The file may be damaged: check that it plays elsewhere.".to_owned())
            }
            Self::Cancelled => None,
        }
    }

    fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

/// Reads what a video holds, at most 30 seconds for each of its steps. Starting ffprobe takes most of the time, so what
/// can be asked at once is.
pub async fn probe(
    tools: &Tools,
    video: &Path,
    wanted: Wanted,
    cancel: &CancellationToken,
) -> Result<Media, ProbeError> {
    let bytes = inspect(video).await?;
    let ask = async |options: &[&str]| {
        let arguments = [options, &["-show_format", "-show_streams", "-show_programs", "-show_chapters"]].concat();
        let answer = ffprobe_json(tools, video, &arguments, cancel).await?;
        ffprobe::media(&answer, bytes).map_err(|error| ProbeError::Answer(video.to_owned(), error))
    };
    let ask_whole = || ask(&["-ignore_editlist", "1"]);
    let is_likely_mp4 = first_bytes(video).await.is_ok_and(|first| structure::is_mp4(&first));
    let guess = async { if is_likely_mp4 { Some(ask_whole().await) } else { None } };
    let (media, guess, structure) = tokio::join!(ask(&[]), guess, structure(video));
    let mut media = media?;
    media.structure = structure?;
    if media.structure.table == Table::CutOff {
        // ffmpeg goes on with what is there, and finds streams without samples
        return Err(InputError::new(video, InputFault::TruncatedTable).into());
    }
    media.wanted = wanted;
    weigh(tools, video, &mut media, cancel).await?;
    if media.container.split(',').any(|name| name == "mov") {
        let whole = match guess {
            Some(whole) => whole?,
            None => ask_whole().await?,
        };
        media.hidden = ffprobe::hidden(&media, &whole);
    }
    if media.video().is_some() {
        sample(tools, video, &mut media, cancel).await?;
    }
    Ok(media)
}

/// Where a file has several videos, counts the pictures of those whose container does not, and says which tracks stand beside others.
async fn weigh(tools: &Tools, video: &Path, media: &mut Media, cancel: &CancellationToken) -> Result<(), ProbeError> {
    let videos = || media.streams.iter().filter(|stream| stream.kind == Kind::Video);
    if videos().count() < 2 {
        return Ok(());
    }
    if media.container.split(',').any(|name| name == "mov") {
        set_aside(media);
        return Ok(());
    }
    if videos().all(|stream| stream.frames.is_some()) {
        return Ok(());
    }
    let interval = format!("%+{}", WINDOW.as_secs());
    let entries = ["-show_entries", "packet=stream_index", "-select_streams", "v", "-read_intervals", &interval];
    match ffprobe_json(tools, video, &entries, cancel).await {
        Ok(answer) => {
            ffprobe::count_packets(media, &answer).map_err(|error| ProbeError::Answer(video.to_owned(), error))
        }
        Err(ProbeError::Cancelled) => Err(ProbeError::Cancelled),
        Err(_) => Ok(()),
    }
}

/// What can be said without ffmpeg. Gives the file's size.
pub(crate) async fn inspect(video: &Path) -> Result<u64, ProbeError> {
    let path = video.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let metadata = std::fs::metadata(&path).map_err(|error| InputError::io(&path, error))?;
        if metadata.is_dir() {
            return Err(InputError::new(&path, InputFault::Folder));
        }
        // before opening: a FIFO without a writer would hold us for ever
        if !metadata.is_file() {
            return Err(InputError::new(&path, InputFault::Special(special(&metadata))));
        }
        if metadata.len() == 0 {
            return Err(InputError::new(&path, InputFault::Empty));
        }
        Ok(metadata.len())
    });
    let bytes = looked.await.map_err(|error| InputError::io(video, io::Error::other(error)))??;
    first_bytes(video).await.map_err(|error| InputError::io(video, error))?;
    Ok(bytes)
}

/// What the file's own structure says: a few reads, whatever its length.
pub async fn structure(video: &Path) -> Result<Structure, ProbeError> {
    let path = video.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        structure::look(&mut file, length)
    });
    let looked = looked.await.map_err(io::Error::other).and_then(|looked| looked);
    Ok(looked.map_err(|error| InputError::io(video, error))?)
}

async fn first_bytes(video: &Path) -> io::Result<Vec<u8>> {
    let path = video.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(16).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    read.await.map_err(io::Error::other)?
}

#[cfg(unix)]
fn special(metadata: &std::fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "pipe"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    }
}

#[cfg(not(unix))]
fn special(_: &std::fs::Metadata) -> &'static str {
    "device"
}

/// The path as ffmpeg takes it without reading anything into it: an absolute file, whatever its name looks like.
pub fn input_argument(video: &Path) -> io::Result<OsString> {
    let mut argument = OsString::from("file:");
    argument.push(std::path::absolute(video)?);
    Ok(argument)
}

async fn ffprobe_json(
    tools: &Tools,
    video: &Path,
    arguments: &[&str],
    cancel: &CancellationToken,
) -> Result<String, ProbeError> {
    let mut command = Command::new(&tools.ffprobe);
    command.args(["-hide_banner", "-v", "error", "-of", "json"]).args(input_guard()).args(arguments);
    command.arg("-i").arg(input_argument(video).map_err(|error| InputError::io(video, error))?);
    let answer = run(command, &tools.ffprobe, video, cancel).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// What a program answers about a file.
pub(super) async fn run(
    command: Command,
    program: &Path,
    video: &Path,
    cancel: &CancellationToken,
) -> Result<Vec<u8>, ProbeError> {
    let failed = |error| ProbeError::Run(program.to_owned(), error);
    let bounds = Bounds { time: LIMIT, answer: ANSWER_MAX, complaints: COMPLAINTS_MAX };
    let output = match to_end(command, bounds, cancel).await.map_err(failed)? {
        Ended::Itself(output) => output,
        Ended::Slow => return Err(ProbeError::Slow(video.to_owned())),
        Ended::Cancelled => return Err(ProbeError::Cancelled),
    };
    if !output.status.success() {
        let how = format!("`{}` {}", program.display(), describe(output.status));
        return Err(given_up(video, how, &output.complaints).await);
    }
    if output.is_cut {
        return Err(ProbeError::TooLong(video.to_owned()));
    }
    Ok(output.answer)
}

/// Why a program gave up on a file: what the file itself says counts before what the program said.
async fn given_up(video: &Path, how: String, complaints: &str) -> ProbeError {
    let mut tail = Tail::default();
    complaints.lines().for_each(|line| tail.push(line));
    // it may have gone away meanwhile
    let first = match first_bytes(video).await {
        Ok(first) => first,
        Err(error) => return InputError::io(video, error).into(),
    };
    let structure = match structure(video).await {
        Ok(structure) => structure,
        Err(error) => return error,
    };
    if let Some((kind, lock)) = structure.lock() {
        return MediaRefusal::encrypted(kind, lock.to_string()).into();
    }
    match InputError::given_up(video, &first, &structure, &tail.text()) {
        Some(error) => error.into(),
        None => ProbeError::Failed { video: video.to_owned(), how, complaints: tail.text() },
    }
}

/// Fills in keyframes, and what the packets themselves say is hidden. A file whose packets can't be sampled in time
/// stays without: the plan then promises less.
async fn sample(tools: &Tools, video: &Path, media: &mut Media, cancel: &CancellationToken) -> Result<(), ProbeError> {
    let Some(stream) = media.video() else { return Ok(()) };
    let frame = stream.frame_rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate.get()));
    let (number, may_have_fields) = (stream.index, ["h264", "mpeg2video", "vc1", "dvvideo"].contains(&&*stream.codec));
    // `-show_streams` decodes too little to see them
    let may_have_captions = stream.codec == "hevc" && !stream.closed_captions;
    let index = number.to_string();
    let look = async |entries: &str, interval: String| {
        let arguments = ["-show_entries", entries, "-select_streams", &index, "-read_intervals", &interval];
        ffprobe_json(tools, video, &arguments, cancel).await
    };
    let packets = |interval| look("packet=pts_time,dts_time,size,flags", interval);
    let mut found = PacketSample::default();
    let take = |found: &mut PacketSample, answer: Result<String, ProbeError>| match answer {
        Ok(answer) => found.window(&answer).map_err(|error| ProbeError::Answer(video.to_owned(), error)),
        Err(ProbeError::Cancelled) => Err(ProbeError::Cancelled),
        // the end of a cut-off file, or a container that can't be searched: what was found elsewhere counts
        Err(_) => Ok(()),
    };
    let pictures = async {
        let count = match may_have_fields {
            true => PICTURES,
            false if may_have_captions => HEVC_PICTURES,
            false => return Pictures::default(),
        };
        let answer = look(Pictures::ENTRIES, few_pictures(media.duration, count)).await;
        answer.ok().and_then(|answer| Pictures::read(&answer).ok()).unwrap_or_default()
    };
    let (answers, pictures) = tokio::join!(join_all(windows(media.duration).into_iter().map(packets)), pictures);
    for answer in answers {
        take(&mut found, answer)?;
    }
    if !found.has_spacing() {
        take(&mut found, packets(format!("%+{}", WIDE_WINDOW.as_secs())).await)?;
    }
    media.keyframes = found.keyframes();
    let begins = found.first_keyframe();
    for stream in media.streams.iter_mut().filter(|stream| stream.index == number) {
        stream.begins_at(begins);
        stream.closed_captions |= pictures.captions;
    }
    media.hidden.video = media.hidden.video.max(frame * found.discarded());
    if may_have_fields && pictures.interlaced {
        media.has_told_fields(number);
    }
    Ok(())
}

/// Some at the start and some in the middle: what was recorded whole may be followed by what was not, and captions may
/// begin late.
fn few_pictures(duration: Option<Duration>, count: u32) -> String {
    let middle = duration.map(|duration| format!(",{}%+#{count}", duration.as_secs() / 2));
    format!("%+#{count}{}", middle.unwrap_or_default())
}

/// Intervals in ffprobe's words. A short file is read whole.
fn windows(duration: Option<Duration>) -> Vec<String> {
    let window = WINDOW.as_secs();
    let start = format!("%+{window}");
    match duration.map(|duration| duration.as_secs()) {
        Some(seconds) if seconds > 4 * window => {
            let end = seconds.saturating_sub(window);
            vec![start, format!("{}%+{window}", seconds / 2), format!("{end}%+{}", 2 * window)]
        }
        Some(_) => vec![format!("%+{}", 5 * window)],
        None => vec![start],
    }
}
