//! Odd inputs in every player, a column of the table each: all of the picture and all of the sound comes out, and a jump
//! lands where it should. What a player does not manage, it does not manage with a playlist of ffmpeg's own either.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    browsers::player,
    matrix::record,
    outputs::{Out, Program, Tolerance},
    references::References,
    stage::{Browser, Stage, scene},
};
use crate::{clips::kept, mishap::account::tell};

const V: &str = "-f lavfi -i testsrc2=size=192x108:rate=25";
const A: &str = "-f lavfi -i sine=frequency=440:sample_rate=48000";
const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -keyint_min 50 -sc_threshold 0 -bf 2 -c:a aac -b:a 64k -ac 2";

/// The 33 bits of a transport stream's timestamps are used up after 26 h 30 min 43 s.
const WRAP: f64 = 95_443.0;

/// One input, and what is in it.
struct Input {
    name: &'static str,
    column: &'static str,
    seconds: f64,
    /// With those of a still picture.
    pictures: usize,
    /// Pictures a second where it is jumped to.
    rate: f64,
    /// How long sound is heard.
    sound: f64,
    /// Where it is jumped to.
    jumps: &'static [f64],
    /// The longest segment: a player may land so much beside.
    segment: f64,
    /// The picture changes at a border between segments.
    breaks: bool,
    /// How it is published.
    flags: &'static [&'static str],
    /// What a browser is asked whether it plays it; nothing if every one does.
    kind: &'static str,
    make: fn() -> PathBuf,
}

const RE_ENCODED: &[&str] = &["--transcode", "auto"];

/// Sound from 0 to 12 s, the picture from 4 to 16 s.
fn late_picture() -> PathBuf {
    let base = kept("base", &format!("{V} {A}"), &format!("-t 12 {H264}"), "mp4");
    let twice = format!("-itsoffset 4 -i {0} -i {0}", base.display());
    kept("late-picture", &twice, "-map 0:v -map 1:a -c copy", "mp4")
}

fn long_sound() -> PathBuf {
    let filter = "-filter_complex [0:v]trim=0:10[v] -map [v] -map 1:a";
    kept("long-sound", &format!("{V} {A}"), &format!("-t 25 {filter} {H264}"), "mp4")
}

/// As by `cat`: the second begins at 0 again.
fn change_of_size() -> PathBuf {
    let first = kept("smaller", &format!("{V} {A}"), &format!("-t 8 {H264}"), "ts");
    let larger = "-f lavfi -i testsrc2=size=320x180:rate=25";
    let second = kept("larger", &format!("{larger} {A}"), &format!("-t 8 {H264}"), "ts");
    let both = [first, second].map(|part| std::fs::read(part).unwrap()).concat();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("change-of-size.ts");
    std::fs::write(&path, both).unwrap();
    path
}

fn sound_alone() -> PathBuf {
    kept("sound-alone", A, "-t 20 -c:a aac -b:a 64k -ac 2", "m4a")
}

fn one_picture() -> PathBuf {
    kept("one-picture", V, &format!("-frames:v 1 {H264}"), "mp4")
}

/// A picture every 6 s, a keyframe a minute.
fn day() -> PathBuf {
    let picture = "-f lavfi -i testsrc2=size=64x64:rate=1/6";
    let minutes =
        kept("minutes", picture, "-t 360 -c:v libx264 -preset ultrafast -crf 45 -g 10 -pix_fmt yuv420p", "mp4");
    kept("27-hours", &format!("-stream_loop 269 -i {}", minutes.display()), "-c copy", "mp4")
}

const LATE: Input = Input {
    name: "late-picture",
    column: "late picture",
    seconds: 16.0,
    pictures: 300 + 40,
    rate: 25.0,
    sound: 12.02,
    jumps: &[9.0],
    segment: 2.1,
    breaks: true,
    flags: RE_ENCODED,
    kind: "",
    make: late_picture,
};
const LONG: Input = Input {
    name: "long-sound",
    column: "long sound",
    seconds: 25.02,
    pictures: 250 + 149,
    rate: 10.0,
    sound: 25.02,
    jumps: &[17.0],
    segment: 2.2,
    breaks: true,
    flags: RE_ENCODED,
    kind: "",
    make: long_sound,
};
const CHANGE: Input = Input {
    name: "change-of-size",
    column: "change of size",
    seconds: 16.0,
    pictures: 400,
    rate: 25.0,
    sound: 16.0,
    jumps: &[10.0],
    segment: 2.1,
    breaks: true,
    flags: RE_ENCODED,
    kind: "",
    make: change_of_size,
};
const ALONE: Input = Input {
    name: "sound-alone",
    column: "sound alone",
    seconds: 20.02,
    pictures: 0,
    rate: 0.0,
    sound: 20.02,
    jumps: &[10.0],
    segment: 2.1,
    breaks: false,
    flags: RE_ENCODED,
    kind: "",
    make: sound_alone,
};
const ONE: Input = Input {
    name: "one-picture",
    column: "one picture",
    seconds: 0.04,
    pictures: 1,
    rate: 0.0,
    sound: 0.0,
    jumps: &[],
    segment: 0.1,
    breaks: false,
    flags: RE_ENCODED,
    kind: "",
    make: one_picture,
};
const DAY: Input = Input {
    name: "27-hours",
    column: "27 hours",
    seconds: 97_200.0,
    pictures: 16_200,
    rate: 1.0 / 6.0,
    sound: 0.0,
    jumps: &[95_400.0, 96_000.0],
    segment: 60.1,
    breaks: false,
    flags: RE_ENCODED,
    kind: "",
    make: day,
};
/// Of 12 s in fragmented MP4.
const AVC: Input = Input {
    name: "avc-mp4",
    column: "H.264 in MP4",
    seconds: 12.02,
    pictures: 300,
    rate: 25.0,
    sound: 12.02,
    jumps: &[7.0],
    segment: 2.1,
    breaks: false,
    flags: &["--container", "mp4"],
    kind: "",
    make: || kept("base", &format!("{V} {A}"), &format!("-t 12 {H264}"), "mp4"),
};
const HEVC: Input = Input {
    name: "hevc",
    column: "HEVC",
    flags: &[],
    kind: "video/mp4; codecs=\"hvc1.1.6.L30.90,mp4a.40.2\"",
    make: || {
        coded("hevc", "libx265 -preset ultrafast -x265-params log-level=none:keyint=50:open-gop=0", "-c:a aac", "mkv")
    },
    ..AVC
};
const AV1: Input = Input {
    name: "av1",
    column: "AV1",
    flags: &[],
    kind: "video/mp4; codecs=\"av01.0.00M.08,mp4a.40.2\"",
    make: || coded("av1", "libaom-av1 -cpu-used 8 -usage realtime -g 50", "-c:a aac", "mkv"),
    ..AVC
};
const INPUTS: [Input; 9] = [LATE, LONG, CHANGE, ALONE, ONE, DAY, AVC, HEVC, AV1];
/// Those in fragmented MP4.
const MP4: [&Input; 3] = [&AVC, &HEVC, &AV1];

fn coded(name: &str, video: &str, audio: &str, ending: &str) -> PathBuf {
    let outputs = format!("-t 12 -c:v {video} -pix_fmt yuv420p {audio} -b:a 64k -ac 2");
    kept(&format!("mp4-{name}"), &format!("{V} {A}"), &outputs, ending)
}

/// A player that has not ended by then waits for something that never comes.
const PATIENCE: Duration = Duration::from_secs(150);
/// For what is known not to come.
const IMPATIENCE: Duration = Duration::from_secs(15);
/// A player that pads its last samples gives away up to so many seconds more.
const PADDED: f64 = 0.4;

impl Input {
    fn is_mp4(&self) -> bool {
        MP4.iter().any(|mp4| mp4.name == self.name)
    }

    /// VLC shows the pictures of fragmented MP4 a second later than the sound is heard, of ffmpeg's own playlist too.
    fn tolerance(&self, program: Program) -> Tolerance {
        match program.tolerance(self.breaks) {
            given if program == Program::Vlc && self.is_mp4() => Tolerance { pictures: 1.5, sound: 1.0, ..given },
            given => given,
        }
    }

    fn has_all(&self, out: Out, given: Tolerance) -> Result<(), String> {
        let Self { pictures, sound, rate, .. } = self;
        let (least, most) = (*pictures as f64 - given.pictures * rate, given.most(*pictures as f64));
        let is_whole = (least..=most).contains(&(out.pictures as f64))
            && (sound - given.sound - 0.1..=sound + PADDED).contains(&out.sound)
            && out.silence.abs() < 0.1;
        if is_whole { Ok(()) } else { Err(format!("{out:?} of {pictures} pictures and {sound} s of sound")) }
    }

    /// What is left from there on comes, more or less a segment.
    fn lands(&self, out: Out, at: f64, given: Tolerance) -> Result<(), String> {
        let left = |end: f64| [end - at - self.segment, end - at + self.segment].map(|left| left.max(0.0));
        let [least, most] = left(self.seconds).map(|left| left * self.rate);
        let [short, long] = if self.sound > 0.0 { left(self.sound) } else { [0.0; 2] };
        let landed = (least - given.pictures * self.rate - 1.0..=given.most(most) + 1.0)
            .contains(&(out.pictures as f64))
            && (short - given.sound..=long + PADDED).contains(&out.sound);
        let wanted = format!("{least:.1} to {most:.1} pictures and {short:.1} to {long:.1} s of sound");
        if landed { Ok(()) } else { Err(format!("{out:?} after a jump to {at} s, not {wanted}")) }
    }
}

/// The published reels, and what ffmpeg makes of the same files.
struct Hall {
    _stage: Stage,
    /// Of the inputs, by their names.
    pages: BTreeMap<&'static str, String>,
    references: References,
}

impl Hall {
    async fn open() -> Self {
        let stage = Stage::new().await;
        let mut pages = BTreeMap::new();
        for input in &INPUTS {
            pages.insert(input.name, stage.publish_file(&(input.make)(), input.name, input.flags).await.page);
        }
        let inputs = [&ONE, &DAY].into_iter().chain(MP4);
        let references = References::serve(inputs.map(|input| (input.name, (input.make)(), input.is_mp4()))).await;
        Self { _stage: stage, pages, references }
    }

    fn page(&self, input: &Input) -> &str {
        &self.pages[input.name]
    }
}

/// On a busy machine it gave up the only segment of a playlist in 68 of 72 tries, whatever server had it; on an idle one in none.
const AT_TIMES: &str = "at times gives up a video of one segment";

/// What a player does not manage in any playlist of such segments, and why.
fn limit(program: Program, input: &Input, from: Option<f64>) -> Option<&'static str> {
    let wrapped = from.is_some_and(|from| from > WRAP);
    match program {
        Program::Ffmpeg | Program::Mpv if from.is_some() && input.is_mp4() => {
            Some("plays; this ffmpeg does not jump in fragmented MP4")
        }
        Program::Playbin3 if input.is_mp4() => Some("waits for ever at a byte range of fragmented MP4"),
        Program::Ffmpeg | Program::Mpv | Program::Playbin3 if wrapped => {
            Some("no jump beyond 26.5 h, where the timestamps of transport streams begin again")
        }
        Program::Playbin3 if input.pictures == 1 => Some(AT_TIMES),
        Program::Vlc if input.pictures == 1 => Some("a video of one picture never ends"),
        _ => None,
    }
}

/// What does not play, and what was wrong with it.
type Faults<'a> = Vec<(&'a Input, String)>;

/// A row of the table.
async fn plays_them<'a>(hall: &Hall, program: Program, inputs: &[&'a Input]) -> Faults<'a> {
    let (name, mut wrong) = (program.name().await, Vec::new());
    for &input in inputs {
        match plays(hall, program, input).await {
            Ok(cell) => record(&name, input.column, &cell),
            Err(faults) => wrong.push((input, format!("{name}, {}: {faults}", input.column))),
        }
    }
    wrong
}

/// The cell of the table.
async fn plays(hall: &Hall, program: Program, input: &Input) -> Result<String, String> {
    let (page, given) = (hall.page(input), input.tolerance(program));
    let (mut cell, mut faults) = ("yes".to_owned(), Vec::new());
    for from in [None].into_iter().chain(input.jumps.iter().copied().map(Some)) {
        // at a segment a time, which takes it minutes
        if program == Program::Vlc && input.seconds > 3600.0 && from.is_none() {
            cell = "jumps before and beyond 26.5 h".to_owned();
            continue;
        }
        let judge = |out: Out| match from {
            None => input.has_all(out, given),
            Some(at) => input.lands(out, at, given),
        };
        let url = format!("{page}index.m3u8");
        let Some(limit) = limit(program, input, from) else {
            // a jump beyond 26.5 h goes on for half an hour
            let play = async || match input.seconds > 3600.0 {
                true => program.play(&url, from, PATIENCE).await,
                false => program.show(&url, from, PATIENCE).await,
            };
            faults.extend(judge(play().await).err());
            continue;
        };
        let reference = hall.references.url(input.name);
        let play = async |url| judge(program.show(url, from, IMPATIENCE).await);
        cell = format!("{limit}, as of ffmpeg's own playlist");
        let mut tries = if limit == AT_TIMES { 5 } else { 1 };
        faults.extend(loop {
            tries -= 1;
            match tokio::join!(play(&url), play(&reference)) {
                (Err(_), Err(_)) => break None,
                (Ok(_), _) if limit == AT_TIMES => break None,
                other if tries == 0 => break Some(format!("its limit is none: {other:?}")),
                _ => {}
            }
        });
    }
    if faults.is_empty() { Ok(cell) } else { Err(faults.join("; ")) }
}

/// The same in a browser: `watch.mjs` plays and judges.
async fn shows_them<'a>(hall: &Hall, browser: Browser, inputs: &[&'a Input]) -> Faults<'a> {
    let row = |input: &&Input| {
        let Input { name, seconds, pictures, sound, jumps, kind, .. } = input;
        json!({
            "name": name, "page": hall.page(input), "seconds": seconds, "pictures": pictures, "sound": sound,
            "jumps": jumps, "kind": kind
        })
    };
    // what WebKitGTK decodes depends on what of GStreamer is installed
    let shown: Vec<_> = inputs.iter().copied().filter(|input| browser != Browser::WebKit || !input.is_mp4()).collect();
    let rows: Vec<Value> = shown.iter().map(row).collect();
    let seen =
        scene("watch.mjs", browser, "inputs", hall.page(&INPUTS[0]), &["--rows", &json!(rows).to_string()], || {})
            .await;
    let player = player(&seen);
    let mut wrong = Vec::new();
    for input in shown {
        match seen["faults"][input.name].as_str() {
            Some(fault) => wrong.push((input, format!("{player}, {}: {fault}", input.column))),
            None => record(&player, input.column, seen["limits"][input.name].as_str().unwrap_or("yes")),
        }
    }
    wrong
}

/// Who plays.
#[derive(Clone, Copy)]
enum Viewer {
    Program(Program),
    Browser(Browser),
}

impl Viewer {
    async fn tries<'a>(self, hall: &Hall, inputs: &[&'a Input]) -> Faults<'a> {
        match self {
            Self::Program(program) => plays_them(hall, program, inputs).await,
            Self::Browser(browser) => shows_them(hall, browser, inputs).await,
        }
    }
}

/// Players that get no time drop pictures, and lose jumps. So they play side by side, which is quick, and what did not play then
/// has to play with the machine to itself.
#[tokio::test(flavor = "multi_thread")]
async fn odd_inputs_play_everywhere() {
    let hall = Hall::open().await;
    let all: Vec<&Input> = INPUTS.iter().collect();
    let mut again = Vec::new();
    for side_by_side in [
        &Program::ALL.map(Viewer::Program)[..],
        &[Browser::Chromium, Browser::Firefox, Browser::WebKit].map(Viewer::Browser),
    ] {
        let faults = join_all(side_by_side.iter().map(|viewer| viewer.tries(&hall, &all))).await;
        again.extend(side_by_side.iter().copied().zip(faults).filter(|(_, faults)| !faults.is_empty()));
    }
    let first = again.iter().map(|(_, faults)| faults.len()).sum::<usize>();
    assert!(first <= 8, "{first} cells of the table are no accident of a busy machine");
    let mut wrong = Vec::new();
    for (viewer, faults) in again {
        let (inputs, words): (Vec<_>, Vec<_>) = faults.into_iter().unzip();
        tell(&format!("once more, alone: {}", words.join("\n")));
        wrong.extend(viewer.tries(&hall, &inputs).await.into_iter().map(|(_, fault)| fault));
    }
    assert!(wrong.is_empty(), "{} do not play:\n{}", wrong.len(), wrong.join("\n"));
}
