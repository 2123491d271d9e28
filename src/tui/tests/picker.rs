//! The picker: what the person named, files of all kinds, and probes that are renewed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ratatui::crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{At, Player, pictures::pictures};
use crate::{
    model::report::fault::Fault,
    tui::{
        action::Command,
        app::Errand,
        id::Owner,
        memory::Memory,
        script::{self, Script},
        step::video::Video,
        tasks::Tasks,
        terminal::picture::Painter,
        work::{
            answer::Answer,
            folder::{self, Found, Named, Print},
        },
    },
};

pub(super) fn at(name: &str) -> PathBuf {
    PathBuf::from(script::FOLDER).join(name)
}

/// Opened with `--video`, with a recent video to be mistaken for it.
fn given(name: &str) -> Player {
    let mut start = script::start();
    start.settings.video = Some(at(name));
    let mut player = Player::unopened(start, Script::default());
    player.app.shared.memory.used(&at("interview.mkv"));
    player.begin();
    player
}

/// This was pasted, and nothing has come of it yet.
fn looking_for(name: &str) -> Player {
    let mut player = Player::local();
    player.enter();
    player.app.input(&Input::Paste(at(name).display().to_string()));
    player
}

pub(super) fn picker(player: &Player) -> &Video {
    player.video()
}

pub(super) fn highlighted(player: &Player) -> Option<String> {
    picker(player).highlighted().map(|row| row.entry.name.clone())
}

/// What a key asks for, without an answer.
pub(super) fn press(player: &mut Player, code: KeyCode) -> Vec<Errand> {
    player.app.input(&Input::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

pub(super) fn asked(errands: &[Errand]) -> Vec<&Command> {
    errands.iter().map(|errand| &errand.command).collect()
}

/// A print of some file.
fn print(content: &str) -> Option<Print> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    folder::print(file.path())
}

pub(super) fn is_picking(player: &Player) -> bool {
    player.at() == At::Video
}

#[test]
fn a_named_file_is_highlighted_whatever_its_ending_and_hidden_or_not() {
    for name in ["phone.mov", "recording", "harbour-night.txt", ".hidden.mp4"] {
        let mut player = given(name);
        assert_eq!(highlighted(&player).as_deref(), Some(name), "given at the start");
        player.enter();
        assert_eq!(player.settings().videos[0].chosen.video, at(name));
        let mut player = Player::local();
        player.enter();
        player.input(Input::Paste(format!("'{}'\n", at(name).display())));
        assert_eq!(highlighted(&player).as_deref(), Some(name), "pasted");
    }
}

#[test]
fn a_file_that_is_not_there_is_said_and_nothing_is_chosen_in_its_place() {
    let mut player = given("gone.mp4");
    for _ in 0..4 {
        player.enter();
        assert!(is_picking(&player) && highlighted(&player).is_none(), "no other video is taken");
    }
    assert!(picker(&player).word.as_ref().unwrap().contains("gone.mp4"));
    pictures("video_absent", &mut player);
    player.key(KeyCode::Down);
    assert_eq!(highlighted(&player).as_deref(), Some("harbour-night.mp4"), "the first move shows the cursor");
    assert!(picker(&player).word.is_some(), "and what was said stays");
    player.enter();
    assert!(!is_picking(&player), "now the person has chosen");
}

#[test]
fn a_pasted_path_that_is_not_there_takes_the_highlight_away() {
    let mut player = Player::local();
    player.enter();
    assert_eq!(highlighted(&player).as_deref(), Some("harbour-night.mp4"));
    player.input(Input::Paste("/nowhere/at all.mp4".into()));
    player.enter();
    assert!(is_picking(&player) && highlighted(&player).is_none());
    assert!(picker(&player).word.as_ref().unwrap().contains("/nowhere/at all.mp4"));
}

#[test]
fn enter_pressed_before_a_pasted_path_is_found_chooses_nothing() {
    let mut player = Player::local();
    player.enter();
    let paste = player.app.input(&Input::Paste(at("phone.mov").display().to_string()));
    player.enter();
    assert!(is_picking(&player), "the video highlighted before is not the one that was named");
    player.carry_out(paste);
    assert_eq!(highlighted(&player).as_deref(), Some("phone.mov"));
}

#[test]
fn a_file_that_vanishes_between_naming_and_listing_is_said_to_be_gone() {
    let mut player = looking_for("phone.mov");
    let commands = player.hear(Answer::Found(Found::File(at("phone.mov"))));
    assert!(matches!(asked(&commands)[..], [Command::ListFolder { named: Some(_), .. }]));
    let mut listing = script::listing();
    listing.entries.retain(|entry| entry.name != "phone.mov");
    let named = Named { path: at("phone.mov"), entry: Err("There is no file `phone.mov` any more.".to_owned()) };
    let listed = Answer::Listed { folder: script::FOLDER.into(), listing: Ok(listing), named: Some(named) };
    let commands = player.hear(listed);
    player.carry_out(commands);
    player.enter();
    assert!(is_picking(&player) && highlighted(&player).is_none());
    assert!(picker(&player).word.as_ref().unwrap().contains("any more"));
}

#[test]
fn a_highlighted_file_that_is_gone_when_the_folder_is_read_again_leaves_no_other_in_its_place() {
    let mut player = Player::local();
    player.enter();
    let mut listing = script::listing();
    listing.entries.retain(|entry| entry.name != "harbour-night.mp4");
    let listed = Answer::Listed { folder: script::FOLDER.into(), listing: Ok(listing), named: None };
    let commands = player.hear(listed);
    player.carry_out(commands);
    player.enter();
    assert!(is_picking(&player) && highlighted(&player).is_none());
    assert!(picker(&player).word.as_ref().unwrap().contains("harbour-night.mp4"));
}

#[test]
fn a_folder_that_was_named_is_opened_and_nothing_in_it_is_chosen() {
    let mut player = looking_for("raw");
    let commands = player.hear(Answer::Found(Found::Folder(script::FOLDER.into())));
    player.carry_out(commands);
    player.enter();
    assert!(is_picking(&player) && highlighted(&player).is_none());
    assert!(picker(&player).word.as_ref().unwrap().contains("is a folder"));
}

#[test]
fn a_named_file_can_be_chosen_in_a_folder_that_can_not_be_read() {
    let mut player = looking_for("phone.mov");
    let listing = Err("permission denied".to_owned());
    player.hear(Answer::Found(Found::File(at("phone.mov"))));
    let named = Some(script::named(at("phone.mov")));
    let commands = player.hear(Answer::Listed { folder: script::FOLDER.into(), listing, named });
    player.carry_out(commands);
    assert_eq!(highlighted(&player).as_deref(), Some("phone.mov"));
    assert!(player.text(120, 40).contains("permission denied"));
}

#[test]
fn a_pasted_path_that_is_found_late_does_not_lead_back_from_another_folder() {
    let mut player = looking_for("phone.mov");
    player.keys("~");
    player.hear(Answer::Found(Found::File(at("phone.mov"))));
    assert_eq!(picker(&player).folder.to_str(), Some("/home/ada"));
}

#[test]
fn a_key_shows_files_of_all_kinds_and_any_can_be_chosen() {
    let mut player = Player::local();
    player.enter();
    let videos = picker(&player).rows.len();
    player.keys("a");
    assert_eq!(picker(&player).rows.len(), videos + 3);
    player.highlight("recording");
    assert!(player.text(120, 40).contains("other file"));
    pictures("video_all_files", &mut player);
    player.enter();
    assert_eq!(player.settings().videos[0].chosen.video, at("recording"));
    player.key(KeyCode::Esc);
    player.keys("a");
    assert_eq!(picker(&player).rows.len(), videos);
}

#[test]
fn a_probe_holds_until_the_file_changes() {
    let mut player = Player::local();
    player.enter();
    let video = at("harbour-night.mp4");
    let before = print("half");
    player.hear(Answer::Probed { video: video.clone(), print: before, probe: Ok(script::probe()) });
    let commands = press(&mut player, KeyCode::Enter);
    assert!(matches!(asked(&commands)[..], [Command::Examine(files)] if *files == [(video.clone(), before)]));
    assert!(is_picking(&player), "not before it was looked at again");
    let cut_off = Fault::permanent("could not read `harbour-night.mp4`: it is cut off");
    let answer = Answer::Examined { video: video.clone(), print: print("half of it"), probe: Some(Err(cut_off)) };
    let commands = player.hear(answer);
    player.carry_out(commands);
    assert!(is_picking(&player) && player.text(100, 30).contains("it is cut off"), "the newest probe counts");
    press(&mut player, KeyCode::Enter);
    let answer = Answer::Examined { video, print: print("all"), probe: Some(Ok(script::phone())) };
    let commands = player.hear(answer);
    player.carry_out(commands);
    assert_eq!(player.settings().videos[0].chosen.probe, script::phone());
}

#[test]
fn a_file_that_is_being_written_is_probed_again_and_a_chosen_one_waits_for_that() {
    let mut player = Player::local();
    player.enter();
    let video = at("harbour-night.mp4");
    player.hear(Answer::Changing { video: video.clone() });
    assert!(player.text(120, 40).contains("is being written"));
    player.enter();
    assert!(is_picking(&player));
    let commands = player.hear(Answer::Probed { video, print: print("all"), probe: Ok(script::phone()) });
    player.carry_out(commands);
    assert!(!is_picking(&player), "it goes on by itself");
}

#[test]
fn another_key_takes_back_what_was_chosen() {
    for code in [KeyCode::Down, KeyCode::Esc, KeyCode::Char(' '), KeyCode::Char('r')] {
        let mut player = Player::local();
        player.enter();
        let examine = press(&mut player, KeyCode::Enter);
        let commands = press(&mut player, code);
        assert!(matches!(asked(&commands).first(), Some(Command::StopExamining)), "{code}");
        player.carry_out(examine);
        assert!(is_picking(&player), "{code}: a late answer leads nowhere");
    }
}

#[test]
fn what_was_wrong_with_a_file_is_forgotten_once_the_cursor_has_left_it() {
    let mut player = Player::local();
    player.enter();
    player.highlight("broken.webm");
    assert!(picker(&player).probes.get(&at("broken.webm")).unwrap().is_err());
    player.key(KeyCode::Down);
    assert!(picker(&player).probes.get(&at("broken.webm")).is_none());
    let commands = press(&mut player, KeyCode::Up);
    assert!(asked(&commands).iter().any(|command| matches!(command, Command::Look { known: None, .. })));
}

#[test]
fn a_key_reads_the_folder_and_the_file_again() {
    let mut player = Player::local();
    player.enter();
    let video = at("harbour-night.mp4");
    player.hear(Answer::Probed { video, print: print("all"), probe: Ok(script::probe()) });
    let commands = press(&mut player, KeyCode::Char('r'));
    assert!(matches!(asked(&commands)[..], [Command::ListFolder { .. }, Command::Look { known: None, .. }]));
}

#[test]
fn the_frame_of_a_changed_file_is_painted_anew() {
    let mut player = Player::local();
    player.enter();
    player.screen(120, 40);
    let before = picker(&player).picture.as_ref().map(|(_, _, picture)| Arc::clone(picture)).unwrap();
    let frame = Ok(Arc::new(script::frame()));
    player.hear(Answer::Framed { video: at("harbour-night.mp4"), frame });
    player.screen(120, 40);
    let after = picker(&player).picture.as_ref().map(|(_, _, picture)| Arc::clone(picture)).unwrap();
    assert!(!Arc::ptr_eq(&before, &after));
}

pub(super) fn names(player: &Player) -> Vec<&str> {
    picker(player).rows.iter().map(|row| row.entry.name.as_str()).collect()
}

#[test]
fn a_key_sorts_by_name_by_date_and_by_size_and_says_so() {
    let mut player = Player::local();
    player.enter();
    let by_name: Vec<_> = names(&player).into_iter().map(str::to_owned).collect();
    player.keys("s");
    assert_eq!(names(&player)[..2], ["..", "phone.mov"], "the folder above stays first");
    assert!(player.text(80, 24).contains("newest first"));
    assert_eq!(highlighted(&player).as_deref(), Some("harbour-night.mp4"), "what is highlighted stays so");
    pictures("video_newest", &mut player);
    player.keys("s");
    assert_eq!(names(&player)[1], "interview.mkv");
    assert_eq!(names(&player).last(), Some(&"raw"), "and folders stay apart");
    assert!(player.text(80, 24).contains("largest first"));
    player.keys("s");
    assert_eq!(names(&player), by_name);
}

#[test]
fn a_filter_says_how_many_it_leaves_and_where_one_is_among_them() {
    let mut player = Player::local();
    player.enter();
    let all = picker(&player).rows.len();
    player.keys("/take");
    player.key(KeyCode::Down);
    assert!(player.text(40, 12).contains(&format!("2/20 · {all} in all")));
    player.keys("nothing of it");
    assert!(player.text(40, 12).contains(&format!("0/0 · {all} in all")));
}

/// All at once, as a program does that has finished writing.
fn replace(file: &Path, content: &str) {
    let part = file.with_extension("part");
    fs::write(&part, content).unwrap();
    fs::rename(part, file).unwrap();
}

pub(super) fn for_app(command: Command) -> Errand {
    Errand { owner: Owner::App, command }
}

pub(super) async fn answer(news: &mut UnboundedReceiver<(Owner, Answer)>) -> Option<Answer> {
    news.recv().await.map(|(_, answer)| answer)
}

#[tokio::test]
async fn a_download_that_completes_under_the_cursor_is_probed_again_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("download.mp4");
    fs::write(&video, "half").unwrap();
    let (answers, mut news) = unbounded_channel();
    let script = Arc::new(Script::default());
    let mut tasks = Tasks::new(script, answers, Painter::HalfBlocks, "/".into(), Box::new(io::sink()));
    tasks.watch = Duration::from_millis(5);
    tasks.carry_out(for_app(Command::Look { video: video.clone(), known: folder::print(&video) }), &Memory::default());
    assert!(matches!(answer(&mut news).await, Some(Answer::Framed { .. })), "the known probe holds");
    replace(&video, "all of it");
    assert!(matches!(answer(&mut news).await, Some(Answer::Changing { .. })));
    let now = folder::print(&video);
    let Some(Answer::Probed { print, .. }) = answer(&mut news).await else { panic!("it is probed again") };
    assert_eq!(print, now);
    assert!(matches!(answer(&mut news).await, Some(Answer::Framed { .. })));
    tasks.carry_out(for_app(Command::Examine(vec![(video.clone(), now)])), &Memory::default());
    assert!(
        matches!(answer(&mut news).await, Some(Answer::Examined { probe: None, .. })),
        "unchanged: nothing is probed"
    );
    replace(&video, "and more");
    tasks.carry_out(for_app(Command::StopLooking), &Memory::default());
    tasks.carry_out(for_app(Command::Examine(vec![(video, now)])), &Memory::default());
    loop {
        match answer(&mut news).await {
            Some(Answer::Examined { probe: Some(Ok(_)), .. }) => break,
            // told by the look before it was stopped
            Some(Answer::Changing { .. }) => {}
            _ => panic!("a changed one is probed"),
        }
    }
}
