//! What a decoder makes of segments, or of the same stretch of their source: how many pictures and how much sound come
//! out, and what it complains of.

use std::{collections::BTreeMap, ffi::OsString, io, path::Path, time::Duration};

use tokio::{
    io::AsyncReadExt as _,
    process::{ChildStderr, ChildStdout, Command},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    ffmpeg::{Process, Tools, crashed, describe, killed},
    probe::input_argument,
};
use crate::model::media::{arguments::input_guard, decide::MediaPlan, ffmpeg_output::Lines};

/// So long without another picture or more sound, and no decoder is waited for.
const LIMIT: Duration = Duration::from_secs(300);
/// Each holds pictures of its own.
const THREADS: &str = "2";
/// Sound counts as a picture for each of these: longer than a frame of any codec, so that one of which every frame is
/// complained of is not usable.
const SOUND_UNIT: Duration = Duration::from_millis(150);
/// Parts of ffmpeg whose complaints are told apart.
const PARTS_MAX: usize = 32;
/// Characters of a complaint that are kept.
const WORDS_MAX: usize = 400;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    pub frames: u64,
    /// How far the output reaches, of pictures or sound.
    pub reached: Duration,
    /// What the decoders of these streams called an error.
    pub complaints: Errors,
}

/// Lines, of which two are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors {
    pub count: u64,
    first: String,
    last: String,
}

impl Errors {
    fn add(&mut self, words: &str) {
        let words = words.chars().filter(|character| !character.is_control()).take(WORDS_MAX).collect();
        if self.count == 0 {
            self.first = words;
        } else {
            self.last = words;
        }
        self.count += 1;
    }

    /// The first of them.
    pub fn words(&self) -> Option<&str> {
        (self.count > 0).then_some(self.first.as_str())
    }
}

impl Decoded {
    /// Something came out, and more of it is right than wrong.
    pub fn is_usable(&self) -> bool {
        let sound = self.reached.as_nanos().div_ceil(SOUND_UNIT.as_nanos()) as u64;
        let made = if self.frames > 0 { self.frames } else { sound };
        made > 0 && self.complaints.count <= made
    }

    /// Nothing was wrong with it.
    pub fn is_right(&self) -> bool {
        self.is_usable() && self.complaints.count == 0
    }

    /// What came after a lead, of which alone came this much.
    fn beyond(self, lead: &Self) -> Self {
        let Errors { count, first, last } = self.complaints;
        let count = count.saturating_sub(lead.complaints.count);
        let first = if lead.complaints.count == 0 || last.is_empty() { first } else { last.clone() };
        Self {
            frames: self.frames.saturating_sub(lead.frames),
            reached: self.reached.saturating_sub(lead.reached),
            complaints: Errors { count, first, last },
        }
    }
}

/// A segment on the disk.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    pub file: &'a Path,
    /// The init section that it needs, in the same folder.
    pub init: Option<&'a Path>,
    /// EXT-X-DISCONTINUITY stands before it.
    pub breaks: bool,
}

/// Segments of one folder, one after the other as the decoder of a player has them. `None` if it was cancelled or came
/// to no end.
pub async fn segments(
    tools: &Tools,
    segments: &[Segment<'_>],
    cancel: &CancellationToken,
) -> io::Result<Option<Decoded>> {
    hls(tools, segments, (None, Outputs::One), cancel).await
}

/// In one, pictures wait in memory for the sound behind them; apart, nothing comes of segments that lack a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outputs {
    One,
    Apart,
}

/// The same of no more than `most` of them, if that is given.
pub async fn hls(
    tools: &Tools,
    segments: &[Segment<'_>],
    (most, outputs): (Option<Duration>, Outputs),
    cancel: &CancellationToken,
) -> io::Result<Option<Decoded>> {
    let Some(folder) = segments.first().and_then(|first| first.file.parent()) else {
        return Ok(Some(Decoded::default()));
    };
    let mut text = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:60\n".to_owned();
    if let Some(init) = segments[0].init.and_then(Path::file_name) {
        text.push_str(&format!("#EXT-X-MAP:URI=\"{}\"\n", init.to_string_lossy()));
    }
    for Segment { file, breaks, .. } in segments {
        let Some(name) = file.file_name() else { continue };
        let mark = if *breaks { "#EXT-X-DISCONTINUITY\n" } else { "" };
        text.push_str(&format!("{mark}#EXTINF:6,\n{}\n", name.to_string_lossy()));
    }
    text.push_str("#EXT-X-ENDLIST\n");
    let first = segments[0].file.file_stem().unwrap_or_default().to_string_lossy();
    let playlist = folder.join(format!("decode-{first}.m3u8"));
    tokio::fs::write(&playlist, text).await?;
    let mut input: Vec<OsString> = ["-threads", THREADS].map(OsString::from).to_vec();
    input.extend(most.iter().flat_map(|most| ["-t".into(), format!("{:.6}", most.as_secs_f64()).into()]));
    input.extend(["-protocol_whitelist", "file", "-f", "hls", "-i"].map(OsString::from));
    input.push(input_argument(&playlist)?);
    let decoded = run(tools, input, (&["0:v?".to_owned(), "0:a?".to_owned()], outputs), cancel).await;
    let _ = tokio::fs::remove_file(&playlist).await;
    decoded
}

/// What a segment comes to for a decoder that has the one before it already.
async fn after(
    tools: &Tools,
    lead: Segment<'_>,
    segment: Segment<'_>,
    cancel: &CancellationToken,
) -> io::Result<Option<Decoded>> {
    let Some(both) = segments(tools, &[lead, segment], cancel).await? else { return Ok(None) };
    let alone = segments(tools, &[lead], cancel).await?;
    Ok(alone.map(|alone| both.beyond(&alone)))
}

/// A segment, and what a player's decoder has before it.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a> {
    pub segment: Segment<'a>,
    /// The one before it in the reel, if that is at hand.
    pub lead: Option<Segment<'a>>,
    /// Nothing is before it in the reel.
    pub is_first: bool,
    /// It begins with an IDR picture: a decoder has nothing to complain of, whatever comes before.
    pub independent: bool,
}

/// What came of a segment in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Right,
    Wrong(Decoded),
    /// A decoder stumbles over the change before it, and it is usable.
    Stumbles(Decoded),
}

impl Segment<'_> {
    /// Whether a decoder gets the segment before, too: this one refers to it, or there is a change to go through.
    pub fn wants_lead(&self, independent: bool) -> bool {
        !independent || self.breaks
    }
}

impl Placed<'_> {
    /// `None` if it was cancelled or came to no end.
    pub async fn decoded(&self, tools: &Tools, cancel: &CancellationToken) -> io::Result<Option<Outcome>> {
        let Self { segment, is_first, independent, .. } = *self;
        let lead = self.lead.filter(|_| segment.wants_lead(independent));
        let made = match lead.filter(|_| !independent) {
            Some(lead) => after(tools, lead, segment, cancel).await?,
            None => segments(tools, &[segment], cancel).await?,
        };
        let Some(made) = made else { return Ok(None) };
        let outcome = match (made.is_right(), lead) {
            (true, Some(lead)) if independent => match after(tools, lead, segment, cancel).await? {
                Some(across) if across.is_right() => Outcome::Right,
                Some(across) => Outcome::Stumbles(across),
                None => return Ok(None),
            },
            (true, _) => Outcome::Right,
            // what it refers to was not read
            (false, None) if !independent && !is_first && made.is_usable() => Outcome::Right,
            (false, Some(_)) if !independent && segment.breaks && made.is_usable() => Outcome::Stumbles(made),
            (false, _) => Outcome::Wrong(made),
        };
        Ok(Some(outcome))
    }
}

/// A stretch of a source, and from where a decoder is on its way to it: some containers are entered between keyframes, and
/// what is referred to then was not read.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub lead: Duration,
    pub start: Duration,
    pub length: Duration,
}

/// What decoders read of what follows a stretch, before it ends.
pub const READ_AHEAD: Duration = Duration::from_secs(1);

/// The streams of the plan. What a decoder has to say until shortly before the stretch is not counted.
pub async fn source(
    tools: &Tools,
    video: &Path,
    plan: &MediaPlan,
    stretch: Stretch,
    cancel: &CancellationToken,
) -> io::Result<Option<Decoded>> {
    let Stretch { lead, start, length } = stretch;
    // others are entered at a keyframe before, or after it, where there is nothing to be told apart
    let is_entered_anywhere = ["mpegts", "mpeg", "wtv"].contains(&plan.container.as_str());
    let lead = if is_entered_anywhere { lead.min(start) } else { start };
    let way = start - lead;
    let Some(all) = part(tools, video, plan, (lead, way + length), cancel).await? else { return Ok(None) };
    if all.is_right() || way <= READ_AHEAD {
        return Ok(Some(all));
    }
    let before = part(tools, video, plan, (lead, way - READ_AHEAD), cancel).await?;
    Ok(before.map(|before| all.beyond(&before)))
}

async fn part(
    tools: &Tools,
    video: &Path,
    plan: &MediaPlan,
    (start, length): (Duration, Duration),
    cancel: &CancellationToken,
) -> io::Result<Option<Decoded>> {
    let mut arguments: Vec<OsString> = input_guard().map(OsString::from).to_vec();
    // so that a decoder says the same each time; and from the beginning there is no way to go, which some containers miss
    arguments.extend(["-threads".into(), "1".into()]);
    for (option, time) in [("-ss", start), ("-t", length)].into_iter().skip(usize::from(start.is_zero())) {
        arguments.extend([option.into(), format!("{:.6}", time.as_secs_f64()).into()]);
    }
    arguments.extend(["-i".into(), input_argument(video)?]);
    let streams: Vec<String> = plan.published().map(|published| format!("0:{}", published.stream.index)).collect();
    run(tools, arguments, (&streams, Outputs::One), cancel).await
}

async fn run(
    tools: &Tools,
    input: Vec<OsString>,
    (streams, outputs): (&[String], Outputs),
    cancel: &CancellationToken,
) -> io::Result<Option<Decoded>> {
    let mut command = Command::new(&tools.ffmpeg);
    // it names its decoders in words that are no errors
    command.args(["-nostdin", "-hide_banner", "-nostats", "-v", "repeat+level+info", "-progress", "pipe:1"]);
    command.args(input);
    for stream in streams {
        let sink = ["-f", "null", "-"].into_iter().filter(|_| outputs == Outputs::Apart);
        command.args(["-map", stream]).args(sink);
    }
    command.args(["-f", "null", "-"].into_iter().filter(|_| outputs == Outputs::One));
    let mut process = Process::spawn(command)?;
    let mut heard = Heard::default();
    let ended = tokio::select! {
        ended = heard.follow(&mut process.stdout, &mut process.stderr) => ended?,
        () = cancel.cancelled() => false,
    };
    if !ended {
        process.stop().await;
        return Ok(None);
    }
    let status = process.wait().await?;
    if crashed(status) || killed(status) {
        return Err(io::Error::other(format!("ffmpeg {}", describe(status))));
    }
    Ok(Some(heard.decoded()))
}

/// What ffmpeg says while it decodes.
#[derive(Debug, Default)]
struct Heard {
    frames: u64,
    reached: Duration,
    /// By the part of ffmpeg that says so: `h264`, `hls`.
    errors: BTreeMap<String, Errors>,
    /// The parts that are decoders of what is mapped: a codec has several, and builds differ in which they use.
    decoders: Vec<String>,
}

impl Heard {
    /// False if it came to no end.
    async fn follow(&mut self, stdout: &mut ChildStdout, stderr: &mut ChildStderr) -> io::Result<bool> {
        let (mut progress, mut log) = (Lines::default(), Lines::default());
        let (mut out, mut err) = (Vec::with_capacity(8192), Vec::with_capacity(8192));
        let (mut out_open, mut err_open) = (true, true);
        let mut until = Instant::now() + LIMIT;
        while out_open || err_open {
            tokio::select! {
                read = stdout.read_buf(&mut out), if out_open => {
                    out_open = read? > 0;
                    let before = (self.frames, self.reached);
                    progress.push(&out, |line| self.progress(line));
                    out.clear();
                    if (self.frames, self.reached) != before {
                        until = Instant::now() + LIMIT;
                    }
                }
                read = stderr.read_buf(&mut err), if err_open => {
                    err_open = read? > 0;
                    log.push(&err, |line| self.log(line));
                    err.clear();
                }
                () = sleep_until(until) => return Ok(false),
            }
        }
        log.end(|line| self.log(line));
        Ok(true)
    }

    fn progress(&mut self, line: &str) {
        let Some((key, value)) = line.split_once('=') else { return };
        let Ok(value) = value.trim().parse::<u64>() else { return };
        match key {
            "frame" => self.frames = self.frames.max(value),
            "out_time_us" => self.reached = self.reached.max(Duration::from_micros(value)),
            _ => {}
        }
    }

    /// `[h264 @ 0x55d0] [error] no frame!`, `[info]   Stream #0:1 -> #0:1 (mp3 (mp3float) -> pcm_s16le (native))`
    fn log(&mut self, line: &str) {
        if let Some(mapped) = line.strip_prefix("[info]   Stream #") {
            self.decoders.extend(decoder(mapped).map(str::to_owned));
            return;
        }
        let said = line.strip_prefix('[').and_then(|rest| {
            let (part, rest) = rest.split_once(" @ ")?;
            let (level, words) = rest.split_once("] [")?.1.split_once("] ")?;
            ["error", "fatal", "panic"].contains(&level).then_some((part, words))
        });
        let Some((part, words)) = said else { return };
        if self.errors.len() < PARTS_MAX || self.errors.contains_key(part) {
            self.errors.entry(part.to_owned()).or_default().add(words);
        }
    }

    /// What muxers, filters and ffmpeg itself have to say is no fault of what was decoded.
    fn decoded(self) -> Decoded {
        let Self { frames, reached, errors, decoders } = self;
        let mut complaints = Errors::default();
        for said in errors.into_iter().filter(|(part, _)| decoders.contains(part)).map(|(_, said)| said) {
            complaints = match complaints.count {
                0 => said,
                count => Errors { count: count + said.count, ..complaints },
            };
        }
        Decoded { frames, reached, complaints }
    }
}

/// Of `0:0 -> #0:0 (h264 (native) -> wrapped_avframe (native))`: `native` bears the codec's name.
fn decoder(mapped: &str) -> Option<&str> {
    let (_, codecs) = mapped.split_once(" -> #")?.1.split_once(" (")?;
    let (codec, rest) = codecs.split_once(" (")?;
    let (name, _) = rest.split_once(')')?;
    Some(if name == "native" { codec } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPED: &str = "[info] Stream mapping:\n[info]   Stream #0:0 -> #0:0 (h264 (native) -> wrapped_avframe \
                          (native))\n[info]   Stream #0:1 -> #0:1 (mp3 (mp3float) -> pcm_s16le (native))\n";

    fn decoded(progress: &str, said: &str) -> Decoded {
        let mut heard = Heard::default();
        progress.lines().for_each(|line| heard.progress(line));
        said.lines().for_each(|line| heard.log(line));
        heard.decoded()
    }

    #[test]
    fn only_decoders_complain() {
        let progress = "frame=10\nout_time_us=400000\nprogress=continue\nframe=25\nout_time_us=1000000\nprogress=end\n";
        let said = format!(
            "{MAPPED}[h264 @ 0x55d0] [error] error while decoding MB 3 4, bytestream -7\n[h264 @ 0x55d0] [info] \
             concealing 4 DC errors\n[null @ 0x5] [error] Application provided invalid, non monotonically increasing \
             dts to muxer in stream 0: 3 >= 3\n\n[error] Value inf for parameter 'time_base' out of range\n"
        );
        let found = decoded(progress, &said);
        assert_eq!((found.frames, found.reached, found.complaints.count), (25, Duration::from_secs(1), 1));
        assert_eq!(found.complaints.words().unwrap(), "error while decoding MB 3 4, bytestream -7");
        assert!(found.is_usable() && !found.is_right());
    }

    #[test]
    fn a_decoder_complains_under_its_own_name_whichever_it_is() {
        let said = format!("{MAPPED}[mp3float @ 0x1] [error] Header missing\n[mp3 @ 0x2] [error] not of a decoder\n");
        assert_eq!(decoded("", &said).complaints.words(), Some("Header missing"));
        for (mapped, name) in [
            ("0:0 -> #0:0 (av1 (libdav1d) -> wrapped_avframe (native))", Some("libdav1d")),
            ("0:3 -> #0:1 (ac3 (native) -> pcm_s16le (native))", Some("ac3")),
            ("0:0 -> #0:0 (copy)", None),
            ("0:0: Video: h264 (High), yuv420p", None),
        ] {
            assert_eq!(decoder(mapped), name, "{mapped}");
        }
    }

    #[test]
    fn more_complaints_than_pictures_are_garbage_and_sound_alone_is_something() {
        let lines = |count: usize| format!("{MAPPED}{}", "[h264 @ 0x1] [error] no frame!\n".repeat(count));
        assert!(!decoded("frame=2\nout_time_us=80000\n", &lines(3)).is_usable());
        assert!(!decoded("frame=0\nout_time_us=N/A\n", MAPPED).is_usable());
        assert!(decoded("out_time_us=21333\nprogress=end\n", MAPPED).is_usable());
        // a torn last frame of six seconds of sound, and a frame of 4,096 samples that is wrong each time
        let sound = |count| decoded("frame=0\nout_time_us=6000000\n", &lines(count));
        assert!(sound(3).is_usable() && !sound(70).is_usable());
    }

    #[test]
    fn what_a_lead_has_to_say_is_not_said_of_what_follows() {
        let lead = decoded("frame=50\n", &format!("{MAPPED}[h264 @ 0x1] [error] of the lead\n"));
        let both = format!("{MAPPED}[h264 @ 0x1] [error] of the lead\n[h264 @ 0x1] [error] of the next\n");
        let next = decoded("frame=75\n", &both).beyond(&lead);
        assert_eq!((next.frames, next.complaints.count, next.complaints.words()), (25, 1, Some("of the next")));
        assert!(lead.clone().beyond(&lead).complaints.words().is_none());
    }
}
