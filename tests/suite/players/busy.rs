//! Players without a page while AWS is busy. For seconds, nobody notices; for longer, it is written down who loses what.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    matrix::record,
    outputs::{Out, Program},
    stage::{Reel, Stage},
    trouble::{Asked, BusySpells, Refusals},
};
use crate::clips::Clip;

/// 10 s in five segments, each a chunk.
const CLIP: Clip = Clip::AllKeyframes;
const PICTURES: usize = 300;
const SECONDS: f64 = 10.0;
const OF_A_SEGMENT: usize = 60;
const PATIENCE: Duration = Duration::from_secs(120);

impl Asked {
    fn column(self) -> &'static str {
        match self {
            Self::Multivariant => "503 on the multivariant playlist",
            Self::Media => "503 on a media playlist",
            Self::FirstChunk => "503 on the first chunk",
            Self::LaterChunk => "503 on a later chunk",
        }
    }
}

/// All pictures and all sound: VLC, told to write a file, leaves out some at its start by itself.
fn is_whole(program: Program, out: Out) -> bool {
    let given = program.tolerance(false);
    let least = PICTURES - (given.pictures * 30.0) as usize;
    (least..=PICTURES).contains(&out.pictures) && out.sound > SECONDS - given.sound - 0.1 && out.silence.abs() < 0.1
}

/// One way through a busy gate: everything is asked for again, as often as it takes.
async fn waits(program: Program) {
    let stage = Stage::new().await;
    let reel = stage.publish(CLIP).await;
    let gate = stage.sandbox.stand_in.endpoint().gate.clone();
    let (way, spells) = BusySpells::open(stage).await;
    let out = program.play(&reel.playlist().replace(&gate, &way.url), None, PATIENCE).await;
    let sent_on: Vec<Asked> = Asked::ALL.into_iter().flat_map(|asked| vec![asked; asked.again()]).collect();
    assert_eq!(spells.sent_on(), sent_on, "{program:?}");
    assert!(is_whole(program, out), "{program:?}: {out:?}");
    record(&program.name().await, "busy for 2 to 4 s", "every frame");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_loses_a_frame_while_aws_is_busy_for_seconds() {
    join_all(Program::ALL.map(waits)).await;
}

/// What is left of a video of which one thing was refused so many times.
async fn refused(program: Program, gate: &str, reel: &Reel, asked: Asked, times: usize) -> Out {
    let (way, refusals) = Refusals::open(gate, asked, times).await;
    let out = program.play(&reel.playlist().replace(gate, &way.url), None, PATIENCE).await;
    assert!(refusals.left() < times, "{program:?} asks for {asked:?}");
    let lost = PICTURES.saturating_sub(out.pictures);
    let holds = match (asked, program) {
        (Asked::Multivariant | Asked::Media, _) | (_, Program::Vlc) => true,
        (Asked::FirstChunk, Program::Ffmpeg | Program::Mpv) => lost <= OF_A_SEGMENT,
        (Asked::FirstChunk | Asked::LaterChunk, _) => is_whole(program, out),
    };
    assert!(holds, "{program:?} after {times} times 503 for {asked:?}: {out:?}");
    out
}

fn described(program: Program, out: Out) -> String {
    match (is_whole(program, out), out.pictures) {
        (true, _) => "every frame".into(),
        (false, 0) => "nothing plays".into(),
        (false, pictures) if program == Program::Vlc => format!("ends: {pictures} of {PICTURES} frames"),
        (false, pictures) => format!("{pictures} of {PICTURES} frames"),
    }
}

async fn is_refused(program: Program, gate: &str, reel: &Reel) {
    let name = program.name().await;
    for asked in Asked::ALL {
        let one = described(program, refused(program, gate, reel, asked, 1).await);
        let three = described(program, refused(program, gate, reel, asked, 3).await);
        let cell = if one == three { one } else { format!("{one}; after three {three}") };
        record(&name, asked.column(), &cell);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_chunk_that_is_refused_costs_nobody_but_vlc_a_frame() {
    let stage = Stage::new().await;
    let reel = stage.publish(CLIP).await;
    let gate = stage.sandbox.stand_in.endpoint().gate.clone();
    join_all(Program::ALL.map(|program| is_refused(program, &gate, &reel))).await;
}
