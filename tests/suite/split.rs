//! Splitting real clips with the real ffmpeg: what comes out is what went in, piece by piece, and nothing is left
//! running.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, time::sleep};
use zipreel::model::media::segment::lengths::Lengths;
use zipreel::{
    media::{ffmpeg::Leader, measure::measure_segment},
    model::{
        chunk::{
            limits::{Limits, Sum},
            pack::CHUNK_LIMIT_MAX,
        },
        media::{
            decide::{MediaPlan, decide},
            facts::Transcode,
            input::{InputError, InputFault},
        },
        reel::name::RenditionId,
        report::{
            event::{Event, JobName, Unit},
            fault::{Explain, FaultClass},
        },
    },
    publish::split::{Backlog, ClosedSegment, Share, Split, SplitError, SplitSummary},
    running::reporter::{Control, JobHandle, Reporter},
};

use crate::{
    clips::{Clip, clip, scratch},
    media::{planned, probed, tools},
    publish::sandbox::program,
};

struct Deaf;

impl Reporter for Deaf {
    fn report(&self, _: Event) {}
}

fn job() -> JobHandle {
    JobHandle::queued(Arc::new(Deaf), JobName::Split, Unit::MediaTime)
}

fn unbounded() -> Sum {
    Sum::new(Limits::LAMBDA, CHUNK_LIMIT_MAX, &RenditionId::source(), None, Vec::new())
}

/// One split of a video into a folder, steered by the test.
pub struct Trial {
    pub video: PathBuf,
    pub plan: MediaPlan,
    pub seconds: f64,
    pub folder: PathBuf,
    pub backlog: Backlog,
    pub control: Control,
    pub leader: Arc<Mutex<Option<Leader>>>,
}

impl Trial {
    pub fn new(video: PathBuf, plan: MediaPlan, seconds: f64, folder: &Path) -> Self {
        let folder = folder.to_owned();
        let backlog = Backlog::new(u64::MAX);
        Self { video, plan, seconds, folder, backlog, control: Control::default(), leader: Arc::default() }
    }

    pub async fn of(wanted: Clip, seconds: f64, folder: &Path) -> Self {
        Self::new(clip(wanted), planned(wanted).await, seconds, folder)
    }

    pub async fn send_to(&self, segments: mpsc::Sender<ClosedSegment>) -> Result<SplitSummary, SplitError> {
        let tools = tools().await;
        let started = |leader: &Leader| *self.leader.lock().unwrap() = Some(leader.clone());
        let split = Split {
            tools: &tools,
            video: &self.video,
            plan: &self.plan,
            breaks: &[],
            share: Share::whole(&self.plan),
            lengths: Lengths::even(Duration::from_secs_f64(self.seconds)),
            step: Duration::from_secs_f64(self.seconds),
            lengths_us: &[],
            folder: &self.folder,
            backlog: self.backlog.clone(),
            started: &started,
        };
        let job = job();
        let result = split.run(unbounded(), segments, &job, &self.control).await;
        job.succeeded();
        result
    }

    /// To the end, with all segments taken at once.
    async fn run(&self) -> Result<(SplitSummary, Vec<ClosedSegment>), SplitError> {
        let (sender, mut receiver) = mpsc::channel::<ClosedSegment>(2);
        let take = async {
            let mut segments = Vec::new();
            while let Some(segment) = receiver.recv().await {
                assert_eq!(
                    fs::metadata(&segment.path).unwrap().len(),
                    segment.bytes,
                    "a closed segment stays as it is"
                );
                segments.push(segment);
            }
            segments
        };
        let (result, segments) = tokio::join!(self.send_to(sender), take);
        Ok((result?, segments))
    }
}

async fn split(wanted: Clip, seconds: f64, folder: &Path) -> (SplitSummary, Vec<ClosedSegment>) {
    Trial::of(wanted, seconds, folder).await.run().await.unwrap()
}

/// The hash columns of `-f framemd5`, a line a frame of the decoded video and of the decoded audio.
fn frames(input: &Path) -> [Vec<String>; 2] {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error"]);
    if input.extension().is_some_and(|ending| ending == "mp4") {
        command.args(["-ignore_editlist", "1"]);
    }
    command.arg("-i").arg(input).args(["-map", "0:v:0", "-map", "0:a:0", "-f", "framemd5", "-"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{input:?}: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let hashes = |stream: &str| {
        let of_stream = lines.lines().filter(|line| line.starts_with(stream));
        of_stream.filter_map(|line| line.rsplit(',').next()).map(|hash| hash.trim().to_owned()).collect()
    };
    [hashes("0,"), hashes("1,")]
}

/// A playlist over the segments, as a player would get it.
fn playlist(segments: &[ClosedSegment]) -> PathBuf {
    let longest = segments.iter().map(|segment| segment.duration_us.div_ceil(1_000_000)).max().unwrap();
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:{longest}\n");
    for segment in segments {
        let name = segment.path.file_name().unwrap().to_string_lossy();
        text += &format!("#EXTINF:{:.6},\n{name}\n", segment.duration_us as f64 / 1e6);
    }
    let path = segments[0].path.with_file_name("joined.m3u8");
    fs::write(&path, text + "#EXT-X-ENDLIST\n").unwrap();
    path
}

fn bytes(segments: &[ClosedSegment]) -> Vec<Vec<u8>> {
    segments.iter().map(|segment| fs::read(&segment.path).unwrap()).collect()
}

fn durations(segments: &[ClosedSegment]) -> Vec<f64> {
    segments.iter().map(|segment| segment.duration_us as f64 / 1e6).collect()
}

pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(120), "waited in vain until {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn every_frame_survives_at_every_segment_length() {
    for container in [Clip::Mp4, Clip::Mkv, Clip::Ts, Clip::OpenGop] {
        let source = clip(container);
        let [video, audio] = frames(&source);
        assert!(video.len() == 783 && audio.len() > 1200, "{container:?}: {} and {}", video.len(), audio.len());
        for seconds in [2.0, 6.0, 30.0] {
            let folder = scratch();
            let (summary, segments) = split(container, seconds, folder.path()).await;
            let expected = (26.1f64 / seconds).ceil() as usize;
            assert_eq!(segments.len(), expected, "{container:?} {seconds}: {:?}", durations(&segments));
            assert_eq!(summary.segments as usize, segments.len());
            let numbers: Vec<_> = segments.iter().map(|segment| segment.number as usize).collect();
            assert_eq!(numbers, Vec::from_iter(0..expected));
            let [published_video, published_audio] = frames(&playlist(&segments));
            assert_eq!(published_video, video, "{container:?} {seconds}: video");
            assert_eq!(published_audio, audio, "{container:?} {seconds}: audio");
        }
    }
}

#[tokio::test]
async fn a_copy_gives_the_same_bytes_on_every_run() {
    for container in [Clip::Mp4, Clip::Ts] {
        let (one, other) = (scratch(), scratch());
        let (first, second) = (split(container, 6.0, one.path()).await, split(container, 6.0, other.path()).await);
        assert_eq!(first.0, second.0);
        assert!(bytes(&first.1) == bytes(&second.1), "{container:?}");
        assert_eq!(durations(&first.1), durations(&second.1));
    }
}

#[tokio::test]
async fn each_segment_of_an_open_gop_clip_decodes_alone() {
    for open in [Clip::OpenGop, Clip::OpenGopTs] {
        let folder = scratch();
        let (summary, segments) = split(open, 2.0, folder.path()).await;
        assert!(!summary.independent, "{open:?}: the first pictures shown belong to the segment before");
        assert_eq!(segments.len(), 14);
        for segment in &segments {
            let decoded = frames(&segment.path)[0].len();
            // three pictures belong to the segment before; of the last 6 pictures ffmpeg's decoder shows but one
            let wanted = if segment.duration_us == 2_000_000 { 57 } else { 1 };
            assert!(decoded >= wanted, "{open:?} {segment:?}: {decoded}");
        }
    }
    let folder = scratch();
    assert!(split(Clip::Mp4, 2.0, folder.path()).await.0.independent);
}

#[tokio::test]
async fn segments_are_never_shorter_than_asked_but_the_last() {
    let folder = scratch();
    let (_, segments) = split(Clip::ShortEnd, 6.0, folder.path()).await;
    assert_eq!(durations(&segments), [6.0, 6.0, 6.0, 6.0, 0.1]);
    let folder = scratch();
    let (_, segments) = split(Clip::Mp4, 5.0, folder.path()).await;
    assert_eq!(durations(&segments), [6.0, 6.0, 6.0, 6.0, 2.1], "cut at the first keyframe after 5 s");
    let folder = scratch();
    let (_, segments) = split(Clip::AllKeyframes, 3.0, folder.path()).await;
    assert_eq!(durations(&segments), [3.0, 3.0, 3.0, 1.0]);
    let folder = scratch();
    let (_, segments) = split(Clip::OneKeyframe, 6.0, folder.path()).await;
    assert_eq!(durations(&segments), [26.0]);
}

#[tokio::test]
async fn nothing_but_segments_is_left_in_the_folder() {
    let folder = scratch();
    let odd = folder.path().join("100%d of %03d");
    fs::create_dir(&odd).unwrap();
    let (summary, segments) = split(Clip::Mp4, 6.0, &odd).await;
    let mut left: Vec<_> = fs::read_dir(&odd).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.sort();
    assert_eq!(left, Vec::from_iter(segments.iter().map(|segment| segment.path.clone())));
    assert_eq!(summary.bytes, segments.iter().map(|segment| segment.bytes).sum::<u64>());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "and nothing beside it");
}

#[tokio::test]
async fn a_segment_tells_its_codecs_and_size() {
    for (wanted, codecs, size) in [
        (Clip::Mp4, "avc1.42c01e,mp4a.40.2", (640, 360)),
        (Clip::Silent, "avc1.42c01e", (640, 360)),
        (Clip::Webm, "avc1.640014,mp4a.40.2", (320, 180)),
        (Clip::Rotated, "avc1.64001e,mp4a.40.2", (360, 640)),
    ] {
        let folder = scratch();
        let trial = Trial::of(wanted, 6.0, folder.path()).await;
        let (_, segments) = trial.run().await.unwrap();
        let measured = measure_segment(&segments[0], &trial.plan).await.unwrap();
        assert_eq!(measured.resolution, Some(size), "{wanted:?}");
        assert_eq!(measured.frame_rate, Some(30.0), "{wanted:?}");
        // x264's level and its profile for a given preset are its own: the form and the audio are ours
        let (video, audio) = measured.codecs.split_once(',').unwrap_or((&measured.codecs, ""));
        let (wanted_video, wanted_audio) = codecs.split_once(',').unwrap_or((codecs, ""));
        assert_eq!((&video[..5], video.len(), audio), (&wanted_video[..5], 11, wanted_audio), "{wanted:?}: {video}");
        let probed = probed(&segments[0].path).await;
        let stream = probed.video().unwrap();
        assert_eq!(u32::from_str_radix(&video[9..], 16).unwrap(), stream.level.unwrap() as u32, "{wanted:?}");
    }
}

/// Where the first and last frames of a stream are shown, seconds.
fn span(path: &Path, stream: &str) -> (f64, f64) {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            stream,
            "-show_entries",
            "frame=pts_time,pkt_pts_time",
            "-of",
            "csv=p=0",
        ])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let times: Vec<f64> = text.lines().filter_map(|line| line.split(',').next()?.parse().ok()).collect();
    (times[0], *times.last().unwrap())
}

#[tokio::test]
async fn re_encoded_reels_keep_length_and_stay_in_step() {
    for (wanted, seconds) in [(Clip::Mpeg2, 20.0), (Clip::Trimmed, 12.0)] {
        let folder = scratch();
        let (summary, segments) = split(wanted, 4.0, folder.path()).await;
        assert!(summary.independent, "{wanted:?}");
        let lengths = durations(&segments);
        assert!(
            lengths[..lengths.len() - 1].iter().all(|length| (length - 4.0).abs() < 0.04),
            "{wanted:?}: {lengths:?}"
        );
        let made = summary.duration.as_secs_f64();
        assert!((made - seconds).abs() < 0.1, "{wanted:?}: {made} s");
        let joined = playlist(&segments);
        let (video, audio) = (span(&joined, "v:0"), span(&joined, "a:0"));
        let source = (span(&clip(wanted), "v:0"), span(&clip(wanted), "a:0"));
        let start = (audio.0 - video.0) - (source.1.0 - source.0.0);
        let end = (audio.1 - video.1) - (source.1.1 - source.0.1);
        assert!(start.abs() < 0.04 && end.abs() < 0.04, "{wanted:?}: {start} s at the start, {end} s at the end");
    }
}

#[tokio::test]
async fn a_trimmed_video_publishes_what_it_shows_and_no_more() {
    let folder = scratch();
    let (_, segments) = split(Clip::Trimmed, 6.0, folder.path()).await;
    let published = frames(&playlist(&segments))[0].len();
    let source = clip(Clip::Trimmed);
    let alone = folder.path().join("shown.mkv");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(&source).args(["-an", "-c:v", "libx264", "-preset", "ultrafast"]);
    assert!(command.arg(&alone).status().unwrap().success());
    let (shown, in_the_file) = (span(&alone, "v:0"), frames(&source)[0].len());
    let shown = ((shown.1 - shown.0) * 30.0).round() as usize + 1;
    assert!(published == shown && in_the_file > shown + 30, "{published}, {shown} shown, {in_the_file} in the file");
}

#[tokio::test]
async fn a_receiver_that_is_gone_ends_the_split() {
    let folder = scratch();
    let trial = Trial::of(Clip::Long, 2.0, folder.path()).await;
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let result = trial.send_to(sender).await;
    assert!(matches!(result, Err(SplitError::Cancelled)), "{result:?}");
}

/// An MP4 with its table of contents in front, cut off in the middle.
fn cut_off(folder: &Path) -> PathBuf {
    let (whole, cut) = (folder.join("whole.mp4"), folder.join("cut.mp4"));
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(clip(Clip::Mp4)).args(["-c", "copy", "-movflags", "+faststart"]);
    assert!(command.arg(&whole).status().unwrap().success());
    let bytes = fs::read(whole).unwrap();
    fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).unwrap();
    cut
}

#[tokio::test]
async fn a_video_that_ends_early_is_not_published_half() {
    let folder = scratch();
    let video = cut_off(folder.path());
    let plan = decide(&probed(&video).await, Transcode::Auto).unwrap();
    let segments = folder.path().join("segments");
    fs::create_dir(&segments).unwrap();
    let error = Trial::new(video, plan, 6.0, &segments).run().await.unwrap_err();
    assert!(matches!(error, SplitError::Short { .. }), "{error:?}");
    let text = error.fault().to_string();
    assert!(text.contains("cut.mp4`: 1") && text.contains(" s of 26.1 s could be read"), "{text}");
    assert!(error.hint().unwrap().starts_with("The file is cut off or damaged; nothing was published."));
}

#[tokio::test]
async fn a_video_that_changes_under_way_is_an_error() {
    let folder = scratch();
    let video = folder.path().join("video.mp4");
    fs::copy(clip(Clip::Long), &video).unwrap();
    let plan = planned(Clip::Long).await;
    let segments = folder.path().join("segments");
    fs::create_dir(&segments).unwrap();
    let trial = Trial::new(video.clone(), plan, 2.0, &segments);
    let (sender, mut receiver) = mpsc::channel::<ClosedSegment>(1);
    let change = async {
        receiver.recv().await.unwrap();
        fs::OpenOptions::new()
            .append(true)
            .open(&video)
            .and_then(|mut file| std::io::Write::write_all(&mut file, b"more"))
            .unwrap();
        while receiver.recv().await.is_some() {}
    };
    let (result, ()) = tokio::join!(trial.send_to(sender), change);
    assert!(matches!(result, Err(SplitError::Input(InputError { source: InputFault::Changed, .. }))), "{result:?}");
}

#[tokio::test]
async fn a_missing_folder_and_a_missing_video_are_named() {
    let folder = scratch();
    let gone = folder.path().join("gone");
    let error = Trial::of(Clip::Mp4, 6.0, &gone).await.run().await.unwrap_err();
    assert!(error.fault().to_string().contains("gone"), "{}", error.fault());
    let mut trial = Trial::of(Clip::Mp4, 6.0, folder.path()).await;
    trial.video = gone;
    let error = trial.run().await.unwrap_err();
    assert!(error.fault().to_string().contains("gone`: there is no such file"), "{}", error.fault());
}

/// ffmpeg under a limit on the size of its files writes short ones, as on a full disk.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_waits_for_the_person() {
    let folder = scratch();
    let limited = folder.path().join("ffmpeg");
    let real = tools().await;
    // SIGXFSZ ignored: writes over the limit fail or fall short, as with ENOSPC
    let script = format!("#!/bin/sh\ntrap '' XFSZ\nulimit -f 200\nexec '{}' \"$@\"\n", real.ffmpeg.display());
    program(&limited, &script);
    let tools = zipreel::media::ffmpeg::Tools { ffmpeg: limited, ..real };
    let plan = planned(Clip::Mp4).await;
    let segments = folder.path().join("segments");
    fs::create_dir(&segments).unwrap();
    let split = Split {
        tools: &tools,
        video: &clip(Clip::Mp4),
        plan: &plan,
        breaks: &[],
        share: Share::whole(&plan),
        lengths: Lengths::even(Duration::from_secs(6)),
        step: Duration::from_secs(6),
        lengths_us: &[],
        folder: &segments,
        backlog: Backlog::new(u64::MAX),
        started: &|_| {},
    };
    let (sender, _receiver) = mpsc::channel(100);
    let job = job();
    let error = split.run(unbounded(), sender, &job, &Control::default()).await.unwrap_err();
    job.succeeded();
    let fault = error.fault();
    assert_eq!(fault.class, FaultClass::NeedsPerson, "{fault}");
    assert!(fault.to_string().starts_with("could not write segments to `"), "{fault}");
    assert!(fault.hint.unwrap().starts_with("Make room for up to "));
}
