//! Players without a page, by the playlist's redirects: what they decode is held against the source.

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::process::Command;
use zipreel::local::Operation;

use super::{
    front::{Front, Hour},
    matrix::{BOTH, PLAYS, SEEKS, SURVIVES, record},
    stage::{Reel, Stage},
};
use crate::{
    clips::{Clip, clip},
    contract::runtime::repository,
    publish::{
        frames::{framemd5, hashes, source_hashes},
        sandbox::tool,
    },
};

const CLIPS: [Clip; 2] = [OVER_AN_HOUR, Clip::OpenGop];
const OVER_AN_HOUR: Clip = Clip::Mp4;
/// Both clips last 26.1 s.
const MIDDLE: &str = "13.05";
/// Where the long segment begins that has the middle in it: the first ones are of 2 and 6 s.
const LONG_BEFORE_MIDDLE: f64 = 8.0;
const PATIENCE: Duration = Duration::from_secs(120);
/// B-frames before a keyframe of `OpenGop`, made of pictures from before a jump.
const LEADING: usize = 3;
/// Of 14 segments in 7 chunks.
const BEFORE_THE_HOUR: usize = 5;

/// Standard output of a program that has to end well and in time.
pub(super) async fn said(mut command: Command) -> String {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(super) fn version(program: &str, arguments: &[&str], place: usize) -> String {
    tool(program, arguments).split_whitespace().nth(place).expect("a version").to_owned()
}

/// Plays a reel through a cache, with an hour that passes in the middle.
async fn over_an_hour<T>(stage: &Stage, reel: &Reel, hour: Hour, play: impl AsyncFn(&str) -> T) -> T {
    let gate = stage.sandbox.stand_in.endpoint().gate.clone();
    let front = Front::start(&gate, stage.clock.clone(), hour, BEFORE_THE_HOUR).await;
    let refused = || stage.sandbox.stand_in.counts().answers(Operation::Download, 403);
    let before = refused();
    let seen = play(&reel.playlist().replace(&gate, &front.url)).await;
    let (refused, cached, asked) = (refused() - before, front.answered_from_cache(), front.asked_afterwards());
    match hour {
        Hour::Paused => assert!(refused == 0 && asked > 3, "{refused} links were refused, {asked} asked for"),
        Hour::Redirected => assert_eq!(refused, 1, "{asked} links were asked for"),
    }
    assert!(cached > 0, "no redirect was kept");
    seen
}

/// `play` gives the hashes of all frames it decodes, from the start or from the middle. After a jump, `broken` may come first
/// that are not the source's. Gives what the source has.
async fn as_the_source(
    player: &str,
    (kind, url): (Clip, &str),
    broken: usize,
    play: &impl AsyncFn(&str, bool) -> Vec<String>,
) -> Vec<String> {
    let source = source_hashes(&clip(kind), "0:v");
    let whole = play(url, false).await;
    assert_eq!(whole.len(), source.len(), "{player} {kind:?}");
    assert!(whole == source, "{player} {kind:?}: frames differ");
    let after = play(url, true).await;
    let share = after.len() as f64 / source.len() as f64;
    let lands = (0.45..0.55).contains(&share) && source.ends_with(&after[broken..]);
    assert!(lands, "{player} {kind:?}: {} after a jump", after.len());
    source
}

const EVERY_FRAME: &str = "yes: every frame, with the source's hash";
const LEADING_BROKEN: &str = "yes; with open GOPs the pictures that lead up to the first keyframe are broken";

async fn decodes_as_the_source(player: &str, play: impl AsyncFn(&str, bool) -> Vec<String>) {
    let stage = Stage::new().await;
    for kind in CLIPS {
        let reel = stage.publish(kind).await;
        let source = as_the_source(player, (kind, &reel.playlist()), 0, &play).await;
        let long = stage.publish_long(kind).await;
        for playlist in [long.playlist(), long.seek()] {
            as_the_source(player, (kind, &playlist), 0, &play).await;
        }
        if kind == OVER_AN_HOUR {
            for hour in [Hour::Paused, Hour::Redirected] {
                let late = over_an_hour(&stage, &reel, hour, async |url| play(url, false).await).await;
                assert!(late == source, "{player} {hour:?}: {} frames", late.len());
            }
        }
    }
    record(player, PLAYS, EVERY_FRAME);
    record(player, SEEKS, "yes");
    record(player, BOTH, EVERY_FRAME);
    record(player, SURVIVES, "yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_decodes_every_frame() {
    let player = format!("ffmpeg {}", version("ffmpeg", &["-version"], 2).split('-').next().unwrap());
    decodes_as_the_source(&player, async |url, middle| {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-v", "error"]).args(middle.then_some(["-ss", MIDDLE]).into_iter().flatten());
        command.args(["-i", url, "-map", "0:v", "-f", "framemd5", "-"]);
        framemd5(&said(command).await)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mpv_decodes_every_frame() {
    let folder = tempfile::tempdir().unwrap();
    let frames = folder.path().join("frames.framemd5");
    let player = format!("mpv {}", version("mpv", &["--version"], 1).trim_start_matches('v'));
    decodes_as_the_source(&player, async |url, middle| {
        let mut command = Command::new("mpv");
        command.args(["--no-config", "--really-quiet", "--no-audio", "--of=framemd5", "--ovc=rawvideo"]);
        command.args(middle.then_some("--start=50%")).arg(format!("--o={}", frames.display())).arg(url);
        said(command).await;
        framemd5(&std::fs::read_to_string(&frames).unwrap())
    })
    .await;
}

/// It knows no relative links, and so goes by the playlist that has none. What it shows is written down as hashes.
#[tokio::test(flavor = "multi_thread")]
async fn mplayer_decodes_every_frame_by_absolute_links() {
    let folder = tempfile::tempdir().unwrap();
    let frames = folder.path().join("frames.md5");
    let mplayer = || {
        let mut command = Command::new("mplayer");
        command.current_dir(folder.path()).env("HOME", folder.path());
        command
    };
    let play = async |url: &str, middle: bool| {
        let mut command = mplayer();
        let quietly = "-noconfig all -really-quiet -nolirc -nojoystick -noconsolecontrols -benchmark";
        command.args(quietly.split(' '));
        command.args(["-ao", "pcm:fast:file=/dev/null", "-vo", "md5sum:outfile=frames.md5"]);
        command.args(middle.then_some(["-ss", MIDDLE]).into_iter().flatten()).arg(url);
        said(command).await;
        let lines = std::fs::read_to_string(&frames).unwrap();
        lines.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
    };
    let mut version = mplayer();
    version.arg("-v");
    let words = said(version).await;
    let version = words.lines().find_map(|line| line.strip_prefix("MPlayer ")?.split(' ').next()).expect("a version");
    let player = format!("MPlayer {version}, `index.abs.m3u8`");
    let stage = Stage::new().await;
    for kind in CLIPS {
        let playlist = stage.publish(kind).await.playlist().replace("index.m3u8", "index.abs.m3u8");
        let broken = if kind == Clip::OpenGop { LEADING } else { 0 };
        as_the_source(&player, (kind, &playlist), broken, &play).await;
    }
    record(&player, PLAYS, EVERY_FRAME);
    record(&player, SEEKS, LEADING_BROKEN);
}

/// Frames of picture and of sound.
pub(crate) type Counts = [usize; 2];

pub(crate) fn packets(file: &Path) -> Counts {
    ["v", "a"].map(|stream| {
        let show = ["-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"];
        let counted = tool(
            "ffprobe",
            &[&["-v", "error", "-select_streams", stream], &show[..], &[file.to_str().unwrap()]].concat(),
        );
        counted.split_whitespace().next().expect("a stream").trim_end_matches(',').parse().unwrap()
    })
}

/// What came out of a player: the hashes of the pictures, and how many frames of sound.
struct Handed {
    pictures: Vec<String>,
    sound: usize,
}

impl Handed {
    fn counts(&self) -> Counts {
        [self.pictures.len(), self.sound]
    }

    fn is(&self, wanted: &Self, what: &str) {
        assert_eq!(self.counts(), wanted.counts(), "{what}");
        let other = self.pictures.iter().zip(&wanted.pictures).position(|(picture, wanted)| picture != wanted);
        assert_eq!(other, None, "{what}: the first picture that is not the source's");
    }
}

/// What a player does when the bucket refuses the link that a redirect gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// It asks for the playlist's link once more.
    GoesOn,
    /// It takes it for the end of the video.
    Ends,
}

/// Where a jump leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Landing {
    There,
    /// To the start of the segment that has the place in it, and the pictures that lead up to its keyframe come too.
    AtTheSegment,
}

/// `play` gives what comes from the start or from the middle.
async fn hands_over_every_frame(
    player: &str,
    (refused, landing): (Refused, Landing),
    play: impl AsyncFn(&str, bool) -> Handed,
) {
    let stage = Stage::new().await;
    for kind in CLIPS {
        let (reel, long) = (stage.publish(kind).await, stage.publish_long(kind).await);
        let wanted = of_source(kind);
        let broken = if kind == Clip::OpenGop && landing == Landing::AtTheSegment { LEADING } else { 0 };
        for playlist in [reel.playlist(), long.playlist(), long.seek()] {
            play(&playlist, false).await.is(&wanted, &format!("{player} {kind:?}: {playlist}"));
            let after = play(&playlist, true).await;
            let is_early = landing == Landing::AtTheSegment && playlist == long.playlist();
            let aim = if is_early { LONG_BEFORE_MIDDLE / 26.1 } else { 0.5 };
            let (left, all) = (after.counts(), wanted.counts());
            let skipped = [0, 1].map(|at| 1.0 - left[at] as f64 / all[at] as f64);
            assert!(skipped.iter().all(|skipped| (skipped - aim).abs() < 0.05), "{player} {playlist}: {left:?}");
            assert!(wanted.pictures.ends_with(&after.pictures[broken..]), "{player} {playlist}: frames differ");
        }
        if kind == OVER_AN_HOUR {
            let late = over_an_hour(&stage, &reel, Hour::Paused, async |url| play(url, false).await).await;
            late.is(&wanted, &format!("{player} over an hour"));
            let late = over_an_hour(&stage, &reel, Hour::Redirected, async |url| play(url, false).await).await;
            match refused {
                Refused::GoesOn => late.is(&wanted, &format!("{player} over a refused link")),
                Refused::Ends => {
                    assert!(late.pictures.len() < wanted.pictures.len(), "{player} asks again: {:?}", late.counts());
                }
            }
        }
    }
    let (seeks, both) = match landing {
        Landing::There => ("yes", EVERY_FRAME.to_owned()),
        Landing::AtTheSegment => (LEADING_BROKEN, format!("{EVERY_FRAME}; it jumps to the start of a segment")),
    };
    let survives = match refused {
        Refused::GoesOn => "yes",
        Refused::Ends => "yes after a pause; a link refused as it is followed ends it: it asks no second time",
    };
    for (column, cell) in [(PLAYS, EVERY_FRAME), (SEEKS, seeks), (BOTH, &both), (SURVIVES, survives)] {
        record(player, column, cell);
    }
}

/// VLC refuses to run as root. It has no option to ask again for a segment that it was refused.
#[tokio::test(flavor = "multi_thread")]
async fn vlc_decodes_every_frame() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let decode = async |url: &str, middle: bool| {
        let files = ["pictures.yuv", "sound.framemd5"].map(|name| folder.path().join(name));
        files.iter().for_each(|file| drop(std::fs::remove_file(file)));
        let [pictures, sound] = files.each_ref().map(|file| file.to_str().unwrap());
        let mut command = unprivileged("vlc");
        command.env("HOME", folder.path()).args(["--intf", "dummy", "--quiet", url]);
        let apart =
            format!("mux-video=dummy,dst-video={pictures},mux-audio=avformat{{mux=framemd5}},dst-audio={sound}");
        command.arg(format!("--sout=#transcode{{vcodec=I420}}:es{{access=file,{apart}}}"));
        command.args(middle.then(|| format!("--start-time={MIDDLE}"))).arg("vlc://quit");
        said(command).await;
        let raw = ["-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", "640x360", "-i", pictures];
        Handed { pictures: hashes(&raw, "0:v"), sound: framemd5(&std::fs::read_to_string(sound).unwrap()).len() }
    };
    let player = format!("VLC {}", tool_as_nobody("vlc", "--version").await);
    hands_over_every_frame(&player, (Refused::Ends, Landing::AtTheSegment), decode).await;
}

fn of_source(kind: Clip) -> Handed {
    let clip = clip(kind);
    Handed { pictures: source_hashes(&clip, "0:v"), sound: packets(&clip)[1] }
}

pub(super) fn unprivileged(program: &str) -> Command {
    let is_root = tool("id", &["-u"]).trim() == "0";
    let mut command = Command::new(if is_root { "setpriv" } else { program });
    if is_root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
    }
    command
}

/// The third word of what it says.
pub(super) async fn tool_as_nobody(program: &str, argument: &str) -> String {
    let mut command = unprivileged(program);
    command.arg(argument).env("HOME", "/nonexistent");
    said(command).await.split_whitespace().nth(2).expect("a version").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn gstreamer_decodes_every_frame() {
    for factory in ["playbin", "playbin3"] {
        let player = format!("GStreamer {} {factory}", gstreamer_version().await);
        let play = async |url: &str, middle: bool| gstreamer(factory, url, middle).await;
        hands_over_every_frame(&player, (Refused::GoesOn, Landing::There), play).await;
    }
}

/// The system's Python: its bindings of GStreamer come with the system.
pub(super) fn gstreamer_script() -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(repository().join("tests/players/gstreamer.py"));
    command
}

async fn gstreamer(factory: &str, url: &str, middle: bool) -> Handed {
    let mut command = gstreamer_script();
    command.args([factory, url]).args(middle.then_some(MIDDLE));
    let seen: Value = serde_json::from_str(&said(command).await).unwrap();
    let hash = |hash: &Value| hash.as_str().unwrap().to_owned();
    Handed {
        pictures: seen["video"].as_array().unwrap().iter().map(hash).collect(),
        sound: seen["audio"].as_u64().unwrap() as usize,
    }
}

async fn gstreamer_version() -> String {
    let mut command = gstreamer_script();
    command.arg("--version");
    said(command).await.trim().to_owned()
}
