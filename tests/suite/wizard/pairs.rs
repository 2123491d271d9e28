//! The table of pairs with a wizard in them: a wizard and a command, or two wizards, with one state folder at one reel.
//! The first is held in the middle of what it does; every deed of the other face meets it, and is refused with the
//! holder's name, or both end whole. What two commands do to each other is in `mishap::pairs`.

use std::{fs, path::PathBuf};

use super::{
    SMALL, flat,
    jobs::type_its_name,
    terminal::{END, ENTER, Terminal},
};
use crate::{
    clips::{Clip, clip},
    mishap::{
        account::{Functions, Said, functions, is_whole, tell},
        pairs::{Deed, REEL, ended, refused, spawn},
    },
    publish::sandbox::Sandbox,
    split::until,
};

/// One chunk at a time, so that what is held is all that happens.
pub(super) const ONE: (&str, &str) = ("ZIPREEL_PARALLEL", "1");
/// What a wizard can do; it collects nothing.
const WIZARDS: [Deed; 4] = [Deed::Check, Deed::Repair, Deed::Replace, Deed::Delete];

/// A folder with one video in it.
fn folder(sandbox: &Sandbox, video: Clip) -> PathBuf {
    let folder = sandbox.path(&format!("{video:?}"));
    fs::create_dir_all(&folder).unwrap();
    fs::copy(clip(video), folder.join("clip.mp4")).unwrap();
    folder
}

/// A wizard of which one key is missing.
struct Ready {
    deed: Deed,
    terminal: Terminal,
}

impl Ready {
    /// Goes as far as a person can without beginning it. A repair wants a chunk that is missing.
    fn open(sandbox: &Sandbox, deed: Deed) -> Self {
        let terminal = match deed {
            Deed::Publish | Deed::Replace => review(sandbox, deed),
            Deed::Delete => {
                let terminal = wizard(sandbox, Clip::Mp4, &[]);
                type_its_name(&terminal, REEL);
                terminal
            }
            Deed::Check => page(sandbox),
            Deed::Repair => {
                let terminal = page(sandbox);
                terminal.press_until("k", "R uploads again");
                // a second check, of an impatient second press, may still hold it off
                terminal.press_until_it("R", "the video is asked for", |text| text.contains("Choose the original"));
                terminal.wait_for("ready: copied");
                terminal.type_keys(ENTER);
                terminal.wait_for("Repair m?");
                terminal
            }
            Deed::Collect => unreachable!("a wizard collects nothing"),
        };
        Self { deed, terminal }
    }

    fn key(&self) -> &'static str {
        match self.deed {
            Deed::Check => "k",
            Deed::Repair => "y",
            _ => ENTER,
        }
    }

    /// Words that go as soon as the key is taken up. A check may be begun again.
    fn prompt(&self) -> Option<&'static str> {
        match self.deed {
            Deed::Check | Deed::Collect => None,
            Deed::Repair => Some("Repair m?"),
            Deed::Delete => Some("name m"),
            Deed::Publish | Deed::Replace => Some("⏎ publish"),
        }
    }

    /// Begins it, and waits until the stand-in holds it.
    fn go(&self, sandbox: &Sandbox) {
        let words = match self.deed {
            Deed::Check => "asking for every chunk",
            Deed::Delete => "what is to go",
            _ => "Split",
        };
        let begun = |text: &str| text.contains(words) || text.contains("are gone");
        self.terminal.press_until_it(self.key(), "it has begun", begun);
        self.terminal.wait("the first is held", |_| sandbox.stand_in.faults().paused() > 0);
    }

    /// Begins it while another is held, and reads what becomes of it: a word for the table.
    fn meets(&self, first: Deed, holder: &str) -> &'static str {
        let is_refused = |text: &str| text.contains(&format!("{holder} is working on"));
        let ends = |text: &str| is_refused(text) || self.is_whole(text) || text.contains("1 missing");
        let what = format!("{:?} ends beside {first:?}", self.deed);
        // pressed once more after its end, the key would lead on
        let asks = |text: &str| self.prompt().is_none_or(|prompt| text.contains(prompt));
        self.terminal.press_until_it(self.key(), "it is taken up", |text| ends(&flat(text)) || !asks(text));
        let text = flat(&self.terminal.wait(&what, |text| ends(&flat(text))));
        match (self.deed, first) {
            (Deed::Check, Deed::Delete) => {
                assert!(is_refused(&text) && text.contains("could not find the reel"), "{text}");
                "not found, with who works on it"
            }
            (Deed::Check, Deed::Repair) => {
                assert!(text.contains("1 missing"), "{text}");
                "sees the damage"
            }
            (Deed::Check, _) => {
                assert!(self.is_whole(&text), "{text}");
                "whole"
            }
            (_, Deed::Check) => {
                assert!(self.is_whole(&text), "{text}");
                "both"
            }
            _ => {
                assert!(is_refused(&text), "{text}");
                "refused"
            }
        }
    }

    /// It has done what it was to do.
    fn is_whole(&self, text: &str) -> bool {
        match self.deed {
            Deed::Check => text.contains("chunks are there and unchanged"),
            Deed::Delete => text.contains("functions that held it"),
            Deed::Repair => text.contains("m is repaired"),
            _ => text.contains("m is published"),
        }
    }
}

fn wizard(sandbox: &Sandbox, video: Clip, args: &[&str]) -> Terminal {
    Terminal::open(sandbox, &folder(sandbox, video), args, &[SMALL[0], SMALL[1], ONE])
}

fn page(sandbox: &Sandbox) -> Terminal {
    let terminal = wizard(sandbox, Clip::Mp4, &[]);
    terminal.wait_for("Publish a video");
    terminal.type_keys(END);
    terminal.wait("the library's line is chosen", |text| text.contains("▌ Library"));
    terminal.type_keys(ENTER);
    terminal.wait("the reels are listed", |text| text.contains("▌ m") && !text.contains("looking…"));
    terminal.press_until(ENTER, "Watch");
    terminal
}

/// At the review of a video: the reel's own, or one that is to replace it.
fn review(sandbox: &Sandbox, deed: Deed) -> Terminal {
    let (video, arguments, goes) = match deed {
        Deed::Replace => (Clip::Silent, &["--name", REEL, "--replace"][..], "replaces what is there"),
        _ => (Clip::Mp4, &["--name", REEL][..], "✔ not taken"),
    };
    let terminal = wizard(sandbox, video, arguments);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    terminal.type_keys(ENTER);
    terminal.wait_for(goes);
    terminal.type_keys(ENTER);
    terminal.wait_for("⏎ publish");
    terminal
}

/// Wizards of which one key is missing, opened side by side; and the reel as the first of all is to find it.
async fn ground(first: Deed, wanted: &[Deed]) -> (Sandbox, Vec<Ready>) {
    let sandbox = Sandbox::start().await;
    if first == Deed::Publish {
        let ready = tokio::task::block_in_place(|| wanted.iter().map(|deed| Ready::open(&sandbox, *deed)).collect());
        return (sandbox, ready);
    }
    // a repair is asked for where something is missing
    Deed::Repair.prepare(&sandbox).await;
    let ready = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let opened: Vec<_> =
                wanted.iter().map(|deed| (deed, scope.spawn(|| Ready::open(&sandbox, *deed)))).collect();
            opened.into_iter().map(|(deed, ready)| ready.join().unwrap_or_else(|_| panic!("{deed:?}"))).collect()
        })
    });
    if first != Deed::Repair {
        ended(spawn(&sandbox, Deed::Repair)).await.ended(0);
    }
    if first == Deed::Collect {
        Deed::leave_over(&sandbox).await;
    }
    (sandbox, ready)
}

/// What the store says once all have ended.
async fn is_right(sandbox: &Sandbox, first: Deed) {
    if first == Deed::Delete {
        assert_eq!(functions(sandbox).await, Functions::new());
    } else {
        is_whole(sandbox, REEL).await;
    }
}

/// All that can be done while the first is held. A check holds nobody off: what meets it changes the reel, the deletion
/// last.
async fn all_meet(sandbox: &Sandbox, first: Deed, process: u32, commands: bool, wizards: &[Ready]) -> Vec<String> {
    let holder = format!("(process {process})");
    let (before, mut row) = (functions(sandbox).await, Vec::new());
    for second in commands
        .then_some([Deed::Collect, Deed::Check, Deed::Repair, Deed::Publish, Deed::Replace, Deed::Delete])
        .into_iter()
        .flatten()
    {
        let said = ended(spawn(sandbox, second)).await;
        row.push(format!("{second:?}: {}", command_word(first, second, &said, process)));
    }
    for second in wizards {
        let word = tokio::task::block_in_place(|| second.meets(first, &holder));
        row.push(format!("{:?}: {word}", second.deed));
    }
    if first != Deed::Check && first != Deed::Collect {
        assert_eq!(functions(sandbox).await, before, "nothing was touched while {first:?} was held");
    }
    row
}

fn command_word(first: Deed, second: Deed, said: &Said, process: u32) -> String {
    match first.holds_for() {
        Some(purpose) => refused(first, second, said, process, purpose),
        None => {
            assert_eq!(said.code, Some(0), "{second:?} beside a check: {}", said.err);
            "both".to_owned()
        }
    }
}

/// A command is held, and wizards meet it.
async fn command_first(first: Deed) {
    let wanted = if first == Deed::Publish { &[Deed::Publish][..] } else { &WIZARDS };
    let (sandbox, ready) = ground(first, wanted).await;
    sandbox.stand_in.faults().set(first.pause().parse().unwrap());
    let child = spawn(&sandbox, first);
    let process = child.id().unwrap();
    until("the first is held", || sandbox.stand_in.faults().paused() > 0).await;
    sandbox.stand_in.faults().clear();
    let row = all_meet(&sandbox, first, process, false, &ready).await;
    sandbox.stand_in.faults().release();
    let said = ended(child).await.ended(i32::from(first == Deed::Check));
    if first == Deed::Check {
        assert!(said.err.contains("could not find the reel"), "it checks what is there now: {}", said.err);
        assert_eq!(functions(&sandbox).await, Functions::new(), "the last that met it deleted the reel");
    } else {
        is_right(&sandbox, first).await;
    }
    tell(&format!("command {first:?} × wizard  {}", row.join(" · ")));
}

/// A wizard is held, and commands and wizards meet it.
async fn wizard_first(first: Deed, commands: bool, wizards: &[Deed]) {
    let wanted: Vec<_> = std::iter::once(first).chain(wizards.iter().copied()).collect();
    let (sandbox, mut ready) = ground(first, &wanted).await;
    let holding = ready.remove(0);
    sandbox.stand_in.faults().set(first.pause().parse().unwrap());
    tokio::task::block_in_place(|| holding.go(&sandbox));
    sandbox.stand_in.faults().clear();
    let process = holding.terminal.process();
    let row = all_meet(&sandbox, first, process, commands, &ready).await;
    sandbox.stand_in.faults().release();
    if first == Deed::Check {
        // whatever it found of a reel that was changed meanwhile
        holding.terminal.wait("the check ends", |text| !text.contains("asking for every chunk") && text.contains('✖'));
    } else {
        holding.terminal.wait(&format!("{first:?} ends whole"), |text| holding.is_whole(text));
        is_right(&sandbox, first).await;
    }
    tell(&format!("wizard {first:?} × {}  {}", if commands { "all" } else { "wizard" }, row.join(" · ")));
    holding.terminal.type_keys("q");
    // what is checked was deleted meanwhile
    assert_eq!(holding.terminal.end().0, u32::from(first == Deed::Check));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_publishes_no_wizard_publishes() {
    command_first(Deed::Publish).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_replaces_no_wizard_changes() {
    command_first(Deed::Replace).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_deletes_no_wizard_changes() {
    command_first(Deed::Delete).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_collects_from_no_wizard_changes() {
    command_first(Deed::Collect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_repairs_no_wizard_changes() {
    command_first(Deed::Repair).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_checks_every_wizard_changes() {
    command_first(Deed::Check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wizard_publishes_nobody_else_publishes() {
    wizard_first(Deed::Publish, true, &[Deed::Publish]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wizard_replaces_nobody_else_changes() {
    wizard_first(Deed::Replace, true, &WIZARDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wizard_deletes_nobody_else_changes() {
    wizard_first(Deed::Delete, true, &WIZARDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wizard_repairs_nobody_else_changes() {
    wizard_first(Deed::Repair, true, &WIZARDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wizard_checks_everybody_else_changes() {
    wizard_first(Deed::Check, true, &[]).await;
    wizard_first(Deed::Check, false, &WIZARDS).await;
}
