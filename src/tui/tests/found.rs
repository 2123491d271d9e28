//! The picker: recent videos, searches, and pasted lists.

use std::{fs, io, sync::Arc};

use ratatui::crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Player,
    picker::{answer, asked, at, for_app, highlighted, is_picking, names, picker, press},
    pictures::pictures,
};
use crate::tui::{
    action::Command,
    memory::Memory,
    script::{self, Script},
    tasks::Tasks,
    terminal::picture::Painter,
    work::{
        answer::Answer,
        search::{self, Batch},
    },
};

#[test]
fn the_recent_videos_are_a_folder_of_their_own() {
    let mut player = Player::local();
    player.enter();
    let is_said = |player: &Player, words: &str| player.app.said.as_ref().is_some_and(|said| said.contains(words));
    player.key(KeyCode::Tab);
    assert!(is_said(&player, "no video was chosen yet"));
    let mut player = Player::local();
    for name in ["gone.mp4", "take 03.mp4", "phone.mov", "take 01.mp4", "interview.mkv"] {
        player.app.shared.memory.used(&at(name));
    }
    player.enter();
    player.key(KeyCode::Tab);
    assert_eq!(names(&player), ["interview.mkv", "take 01.mp4", "phone.mov", "take 03.mp4"], "those that are there");
    pictures("video_recent", &mut player);
    player.keys("/take");
    assert_eq!(names(&player).len(), 2);
    player.key(KeyCode::Esc);
    assert_eq!(names(&player).len(), 4, "first the filter goes");
    player.key(KeyCode::Esc);
    assert!(is_picking(&player) && names(&player).contains(&"raw"), "then the folder is back");
    player.key(KeyCode::Tab);
    player.key(KeyCode::Down);
    player.enter();
    assert_eq!(player.settings().videos[0].chosen.video, at("take 01.mp4"));
}

#[test]
fn a_recent_video_of_the_folder_is_found_once() {
    let mut player = Player::local();
    player.app.shared.memory.used(&at("interview.mkv"));
    player.app.shared.memory.used(&at("elsewhere/interview of old.mkv"));
    player.enter();
    let shown = |player: &Player| names(player).iter().filter(|name| name.starts_with("interview")).count();
    assert_eq!(shown(&player), 3, "above the folder, and in it");
    player.keys("/interview");
    assert_eq!(shown(&player), 2);
}

#[test]
fn a_search_goes_below_the_folder_and_ends_when_it_is_left() {
    let mut player = Player::local();
    player.enter();
    player.control('f');
    player.keys("harb");
    assert_eq!(names(&player)[..2], ["harbour take 1.mp4", "harbour take 2.mp4"]);
    assert!(player.text(120, 40).contains("harbour take 1.mp4  raw/"), "with their folders");
    pictures("video_search", &mut player);
    player.key(KeyCode::Tab);
    player.control('u');
    player.keys("2025");
    assert_eq!(highlighted(&player).as_deref(), Some("talk at the harbour.mkv"), "the folder's name counts too");
    let commands = press(&mut player, KeyCode::Esc);
    assert!(asked(&commands).iter().any(|command| matches!(command, Command::StopSearching)));
    assert!(is_picking(&player) && names(&player).contains(&"raw"));
    assert_eq!(picker(&player).choice.marked[0].path, at("raw/harbour take 1.mp4"), "what was marked stays so");
}

#[test]
fn what_an_earlier_search_finds_late_is_not_mixed_in() {
    let mut player = Player::local();
    player.enter();
    let searches = [0, 1].map(|_| {
        let commands = player.app.input(&Input::Key(KeyEvent::new(KeyCode::Char('f'), KeyModifiers::CONTROL)));
        player.key(KeyCode::Esc);
        match asked(&commands)[..] {
            [Command::Search { number, .. }, ..] => *number,
            _ => panic!("a search begins"),
        }
    });
    player.app.input(&Input::Key(KeyEvent::new(KeyCode::Char('f'), KeyModifiers::CONTROL)));
    assert!(player.text(80, 24).contains("looking"));
    for number in searches {
        player.hear(Answer::Searched { number, batch: Batch { entries: script::below(), folders: 1, end: None } });
        assert_eq!(names(&player), [""; 0]);
    }
}

#[test]
fn a_pasted_list_is_marked_and_what_is_not_there_is_said() {
    let mut player = Player::local();
    player.enter();
    let list = format!("'{}'\nfile://{}\nnone.mp4\n", at("phone.mov").display(), at("take%2003.mp4").display());
    player.input(Input::Paste(list));
    let marked: Vec<_> = picker(&player).choice.marked.iter().map(|marked| marked.path.clone()).collect();
    assert_eq!(marked, [at("phone.mov"), at("take 03.mp4")]);
    let words = "2 of 3 pasted files are marked. There is no file or folder `none.mp4`.";
    assert_eq!(picker(&player).word.as_deref(), Some(words));
    assert!(player.text(80, 24).contains("2 marked · 343 MiB"), "with their sizes");
    pictures("video_pasted", &mut player);
    player.highlight("broken.webm");
    assert!(player.text(40, 12).contains("pasted files are marked"), "also beside what is wrong with a file");
    player.input(Input::Paste("a.mp4\nb.mp4\nc.mp4\nd.mp4\ne.mp4".into()));
    assert!(picker(&player).word.as_ref().unwrap().ends_with("`c.mp4`. And 2 more could not be marked."));
    // a word goes into the filter that is being typed
    player.keys("/");
    player.input(Input::Paste("tak\n".into()));
    assert_eq!(picker(&player).filter.value(), "tak");
}

#[tokio::test]
async fn a_search_on_the_disk_tells_what_it_finds_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("raw")).unwrap();
    fs::write(folder.path().join("raw/a.mp4"), "x").unwrap();
    let (answers, mut news) = unbounded_channel();
    let script = Arc::new(Script::default());
    let mut tasks = Tasks::new(script, answers, Painter::HalfBlocks, "/".into(), Box::new(io::sink()));
    let wanted = search::Wanted { below: folder.path().to_owned(), hidden: false, all_files: false };
    tasks.carry_out(for_app(Command::Search { number: 7, wanted }), &Memory::default());
    let mut found = Vec::new();
    loop {
        let Some(Answer::Searched { number: 7, batch }) = answer(&mut news).await else { panic!("of the search") };
        found.extend(batch.entries);
        if batch.end.is_some() {
            break;
        }
    }
    assert_eq!(found[0].path, folder.path().join("raw/a.mp4"));
}

#[test]
fn a_file_from_the_command_line_is_the_first_that_is_ever_highlighted() {
    let mut start = script::start();
    start.files = vec![at("phone.mov")];
    let mut player = Player::unopened(start, Script::default());
    let errands = player.app.begin();
    assert!(is_picking(&player) && highlighted(&player).is_none(), "its folder is being read");
    for (width, height) in super::pictures::SIZES {
        let screen = player.text(width, height);
        assert!(screen.contains("reading the file, then on to the"), "{screen}");
    }
    let named = errands.into_iter().find_map(|errand| match errand.command {
        Command::ListFolder { named, .. } => named,
        _ => None,
    });
    let named = named.map(script::named);
    player.hear(Answer::Listed { folder: script::FOLDER.into(), listing: Ok(script::listing()), named });
    assert_eq!(highlighted(&player).as_deref(), Some("phone.mov"));
    pictures("video_handed", &mut player);
}

#[test]
fn what_is_marked_is_chosen_also_before_its_folder_is_listed() {
    let mut start = script::start();
    start.files = vec![at("phone.mov")];
    let mut player = Player::unopened(start, Script::default());
    player.app.begin();
    press(&mut player, KeyCode::Down);
    let errands = press(&mut player, KeyCode::Enter);
    assert!(asked(&errands).iter().any(|command| matches!(command, Command::Examine(_))));
    assert_eq!(player.app.said, None);
}

#[test]
fn a_key_for_a_mark_says_why_it_marks_nothing() {
    let mut player = Player::local();
    player.enter();
    player.input(Input::Paste("/nowhere/at all.mp4".into()));
    player.keys(" ");
    assert!(picker(&player).choice.marked.is_empty());
    assert_eq!(player.app.said.as_deref(), Some("nothing is chosen: move the cursor to a video first"));
}
