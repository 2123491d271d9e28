//! Several files at once: marking them, one set of settings for all, and a review that shows every one.

use std::path::PathBuf;

use ratatui::crossterm::event::{Event as Input, KeyCode};

use super::{At, Player, pictures::pictures, steps::problem};
use crate::{
    model::reel::order::{IfTaken, Transcode},
    tui::{
        action::{Action, Command, Way},
        backend::{Order, Question},
        job::End,
        script::{self, Script},
        step::{
            review::Review,
            settings::{Field, Settings},
        },
        work::answer::Answer,
    },
};

fn at(name: &str) -> PathBuf {
    PathBuf::from(script::FOLDER).join(name)
}

/// In the picker, with these marked in this order.
fn marked(mut player: Player, names: &[&str]) -> Player {
    player.enter();
    player.keys("a");
    for name in names {
        player.highlight(name);
        player.keys(" ");
    }
    player
}

/// On to the settings, from a video.
pub(super) fn chosen(player: Player, names: &[&str]) -> Player {
    let mut player = marked(player, names);
    player.enter();
    player
}

fn settings(player: &Player) -> &Settings {
    player.settings()
}

fn review(player: &Player) -> &Review {
    player.review()
}

fn names(player: &Player) -> Vec<String> {
    let reels = settings(player).reels(&player.app.shared);
    reels.into_iter().map(|reel| reel.map_or_else(|problem| problem, |reel| reel.to_string())).collect()
}

/// What Enter on the review starts.
fn started(player: &mut Player) -> Option<(Vec<Order>, Option<Question>)> {
    let super::Screen::Review(review) = &mut player.app.stack.last_mut().unwrap().screen else { return None };
    let commands = review.update(&Action::Enter, &player.app.shared);
    commands.into_iter().find_map(|command| match command {
        Command::Go(way) => match *way {
            Way::Publish(orders, notice) => Some((orders, notice)),
            _ => None,
        },
        _ => None,
    })
}

#[test]
fn marks_survive_moving_filtering_and_other_folders_and_are_counted() {
    let mut player = marked(Player::local(), &["phone.mov", "harbour-night.mp4"]);
    let count = |player: &Player| player.video().choice.marked.len();
    player.keys("/take");
    player.key(KeyCode::Tab);
    assert_eq!(count(&player), 3, "also while a filter is typed");
    player.key(KeyCode::Esc);
    player.keys("~");
    player.key(KeyCode::Left);
    assert_eq!(count(&player), 3);
    assert!(player.text(80, 24).contains("u unmarks all"));
    player.keys("/");
    let text = player.text(80, 24);
    assert!(text.contains("3 marked") && !text.contains("unmarks"), "a letter is typed: {text}");
    player.key(KeyCode::Esc);
    player.keys("u");
    assert_eq!(count(&player), 0);
    let mut player = marked(Player::local(), &["phone.mov", "phone.mov"]);
    assert_eq!(count(&player), 0, "the same key unmarks");
    player.keys(" ");
    player.highlight("harbour-night.mp4");
    player.keys(" ");
    pictures("video_marked", &mut player);
}

#[test]
fn escape_forgets_marks_only_when_pressed_again() {
    let mut player = marked(Player::local(), &["phone.mov"]);
    player.key(KeyCode::Esc);
    assert!(player.at() == At::Video && player.app.said.as_ref().unwrap().contains("Esc once more"));
    player.key(KeyCode::Down);
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Video, "a key between them counts it anew");
    player.key(KeyCode::Esc);
    assert_eq!(player.at(), At::Home);
}

#[test]
fn enter_takes_all_marked_files_in_the_order_of_marking() {
    let mut player = marked(Player::local(), &["take 03.mp4", "phone.mov", "take 01.mp4"]);
    player.highlight("harbour-night.mp4");
    player.enter();
    let videos: Vec<_> = settings(&player).videos.iter().map(|video| video.chosen.video.clone()).collect();
    assert_eq!(videos, ["take 03.mp4", "phone.mov", "take 01.mp4"].map(at), "and not the highlighted one");
    player.key(KeyCode::Esc);
    assert_eq!(player.video().choice.marked.len(), 3, "coming back, they are marked as they were");
    player.highlight("raw");
    player.enter();
    assert_eq!(player.at(), At::Video, "a folder is opened");
}

#[test]
fn a_marked_file_that_can_not_be_published_is_named_with_its_reason_and_left_out() {
    let mut player = marked(Player::local(), &["take 01.mp4", "broken.webm", "take 02.mp4"]);
    player.enter();
    assert_eq!(player.at(), At::Video, "the person sees it first");
    let text = player.text(120, 40);
    assert!(text.contains("broken.webm is left out") && text.contains("2 marked"), "{text}");
    pictures("video_left_out", &mut player);
    player.enter();
    let videos: Vec<_> = settings(&player).videos.iter().map(|video| video.chosen.video.clone()).collect();
    assert_eq!(videos, ["take 01.mp4", "take 02.mp4"].map(at));
}

#[test]
fn several_files_that_are_dropped_are_all_marked() {
    let mut player = Player::local();
    player.enter();
    let typed = format!("'{}' '{}'", at("take 02.mp4").display(), at("phone.mov").display());
    player.input(Input::Paste(typed));
    assert!(player.text(80, 24).contains("2 pasted files are marked"));
    player.enter();
    let videos: Vec<_> = settings(&player).videos.iter().map(|video| video.chosen.video.clone()).collect();
    assert_eq!(videos, ["take 02.mp4", "phone.mov"].map(at));
    player.key(KeyCode::Esc);
    player.keys("u");
    assert!(!player.text(80, 24).contains("marked"), "what is said of the marks goes with them");
}

#[test]
fn marks_are_gone_once_their_files_are_being_published() {
    let mut player = chosen(Player::local(), &["take 01.mp4", "take 02.mp4"]);
    player.enter();
    player.look_and_enter();
    player.key(KeyCode::Esc);
    player.keys("g");
    player.key(KeyCode::Down);
    player.key(KeyCode::Down);
    player.enter();
    assert!(player.video().choice.marked.is_empty());
}

#[test]
fn files_of_one_name_get_the_next_free_one() {
    let player = chosen(Player::local(), &["harbour-night.mp4", "take 01.mp4", "harbour-night.txt"]);
    assert_eq!(names(&player), ["harbour-night", "take-01", "harbour-night-2"]);
    let mut player = chosen(Player::local(), &["harbour-night.mp4", "harbour-night.txt"]);
    let taken = ["harbour-night-2", "harbour-night-3"].map(script::name).into();
    player.hear(Answer::Names { place: player.app.shared.place.clone(), names: Ok(taken) });
    assert_eq!(names(&player), ["harbour-night", "harbour-night-4"], "free at the target too");
}

#[test]
fn one_that_fails_keeps_its_number_on_the_way_back_to_its_settings() {
    let mut player = chosen(Player::local(), &["harbour-night.mp4", "harbour-night.txt"]);
    player.enter();
    player.look_and_enter();
    let ids: Vec<_> = player.jobs().iter().map(|job| job.id).collect();
    player.tell(ids[0], Answer::Ended(End::Failed(script::full())));
    player.tell(ids[1], Answer::Ended(End::Failed(script::full())));
    player.key(KeyCode::Down);
    player.keys("e");
    assert_eq!((player.at(), names(&player)), (At::Settings, vec!["harbour-night-2".to_owned()]));
}

#[test]
fn a_name_that_is_taken_or_used_twice_blocks_the_way_and_gets_the_focus() {
    let mut player = chosen(Player::local(), &["take 01.mp4", "interview.mkv", "take 02.mp4"]);
    player.enter();
    assert_eq!((player.at(), settings(&player).focus), (At::Settings, Field::Name(1)));
    assert!(problem(&player).is_some_and(|(_, words)| words.contains("taken")));
    player.control('u');
    player.keys("take-01");
    assert_eq!(names(&player), ["take-01-2", "take-01", "take-02"], "what is typed comes before what is made up");
    player.control('u');
    player.keys("take-02");
    player.key(KeyCode::Down);
    player.control('u');
    player.keys("take-02");
    player.enter();
    assert!(problem(&player).is_some_and(|(_, words)| words.contains("another of these videos has this name")));
    assert_eq!(settings(&player).focus, Field::Name(2));
}

#[test]
fn one_set_of_settings_is_for_all_and_titles_come_from_the_files() {
    let mut start = script::start();
    start.settings.title = Some("One title".to_owned());
    start.settings.name = Some(script::name("one-name"));
    let mut player = chosen(Player::new(start, Script::default()), &["take 01.mp4", "interview.mkv", "phone.mov"]);
    assert_eq!(names(&player), ["take-01", "interview", "phone"]);
    player.key(KeyCode::Left);
    player.enter();
    player.settings_mut().focus = Field::Replace;
    player.key(KeyCode::Right);
    player.enter();
    assert_eq!(settings(&player).focus, Field::Transcode);
    assert!(problem(&player).is_some_and(|(_, words)| words.contains("phone.mov")), "the one that needs it is named");
    player.key(KeyCode::Right);
    pictures("settings_several", &mut player);
    player.enter();
    let (orders, notice) = started(&mut player).unwrap();
    assert_eq!(notice, None);
    let told: Vec<_> = orders.iter().map(|order| (order.title.as_str(), order.if_taken)).collect();
    let expected = [("take 01", IfTaken::Refuse), ("interview", IfTaken::Replace), ("phone", IfTaken::Refuse)];
    assert_eq!(told, expected);
    assert!(orders.iter().all(|order| order.cut.segment_length.as_secs() == 20));
    assert!(orders.iter().all(|order| order.cut.transcode == Transcode::Auto));
    pictures("review_several", &mut player);
}

#[test]
fn unlisted_reels_have_a_suffix_each() {
    let player = chosen(Player::aws(), &["take 01.mp4", "take 02.mp4"]);
    assert_eq!(names(&player), ["take-01-k3x9q2m7", "take-02-k3x9q2m7"]);
}

#[test]
fn the_review_shows_every_video_and_the_totals_of_all() {
    let mut player = chosen(Player::aws(), &["take 01.mp4", "take 02.mp4", "take 03.mp4"]);
    player.enter();
    let one = review(&player).planned[0].effect;
    assert_eq!(review(&player).totals.bytes, 3 * one.bytes);
    let text = player.text(120, 60);
    for words in
        ["1. take-01-k3x9q2m7", "2. take-02", "3. take-03", "take 03.mp4", "an index for each video", "1234…9012"]
    {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn what_starts_is_what_was_shown_with_the_account_and_the_notice_that_was_acknowledged() {
    let mut player = chosen(Player::aws(), &["take 01.mp4", "take 02.mp4"]);
    player.enter();
    assert!(started(&mut player).is_none(), "the notice comes first");
    player.keys("a");
    let shown: Vec<_> = review(&player).planned.iter().map(|planned| planned.order.clone()).collect();
    let (orders, notice) = started(&mut player).unwrap();
    assert_eq!(orders, shown);
    assert_eq!(notice, Some(Question::Notice { account: "123456789012".to_owned() }));
    let account = player.app.shared.account().unwrap().at.clone();
    assert!(orders.iter().all(|order| order.expected.as_ref() == Some(&account)));
}

/// Somebody else is signed in now, in the same place.
fn another_account(player: &mut Player) {
    let place = player.app.shared.place.clone();
    let mut account = script::account(&place);
    account.at.account = "999988887777".to_owned();
    account.id = Some("999988887777".to_owned());
    account.notice = Some(Question::Notice { account: "999988887777".to_owned() });
    let commands = player.hear(Answer::Connected { place, account: Ok(account) });
    player.carry_out(commands);
}

#[test]
fn a_sign_in_that_changed_under_the_review_is_said_and_nothing_starts() {
    let mut player = Player::aws();
    player.open_review();
    player.keys("a");
    another_account(&mut player);
    assert!(started(&mut player).is_none());
    let text = player.text(120, 40);
    assert!(text.contains("The sign-in has changed") && text.contains("9999…7777"), "{text}");
    pictures("review_changed", &mut player);
    player.keys("a");
    assert!(started(&mut player).is_none(), "acknowledging the other notice is not looking at the plan");
    player.key(KeyCode::Esc);
    player.enter();
    assert!(started(&mut player).is_none(), "the other account's notice was not acknowledged here");
    player.keys("a");
    let (orders, notice) = started(&mut player).unwrap();
    assert_eq!(orders[0].expected.as_ref().unwrap().account, "999988887777");
    assert_eq!(notice, Some(Question::Notice { account: "999988887777".to_owned() }));
}

#[test]
fn a_notice_that_is_due_all_at_once_is_acknowledged_first() {
    let mut player = Player::local();
    player.open_review();
    let place = player.app.shared.place.clone();
    let notice = Question::Notice { account: "000000000000".to_owned() };
    let account = crate::tui::backend::Account { notice: Some(notice.clone()), ..script::account(&place) };
    player.hear(Answer::Connected { place, account: Ok(account) });
    assert!(started(&mut player).is_none());
    player.keys("a");
    assert_eq!(started(&mut player).unwrap().1, Some(notice));
}

#[test]
fn videos_named_on_the_command_line_are_chosen_and_one_step_back_are_marked() {
    let videos = ["phone.mov", "harbour-night.mp4"].map(|name| format!("{}/{name}", script::FOLDER));
    let mut start = script::start();
    start.files = videos.clone().map(Into::into).to_vec();
    // each once, however it is named, and whatever was to be highlighted otherwise
    start.files.push(format!("{}/./phone.mov", script::FOLDER).into());
    start.settings.video = Some("interview.mkv".into());
    let mut player = Player::new(start, Script::default());
    assert_eq!(player.at(), At::Settings);
    let chosen = player.settings().videos.iter().map(|video| video.chosen.video.to_str().unwrap().to_owned());
    assert!(chosen.eq(videos.clone()));
    player.key(KeyCode::Esc);
    let marked = player.video().choice.marked.iter().map(|marked| marked.path.to_str().unwrap().to_owned());
    assert!(marked.eq(videos));
}
