//! Which streams of a video go along, and what becomes of its picture: chosen in the settings, said in the review.

use ratatui::crossterm::event::KeyCode;

use super::{Player, steps::problem};
use crate::{
    model::{
        reel::order::{Compatible, Wanted, WantedLoudness, WantedSubtitles, WantedTrack},
        report::fault::Fault,
    },
    tui::{
        action::{Action, Command},
        backend::Fate,
        step::settings::{Field, Settings, streams::Part},
        work::answer::Answer,
    },
};

#[test]
fn the_streams_of_a_video_are_chosen_where_there_is_a_choice() {
    let mut player = Player::local();
    player.open_settings();
    let parts = |player: &Player| player.settings().fields(&player.app.shared).contains(&Field::Part(0, Part::Video));
    assert!(!parts(&player), "one video and one sound are no choice");
    let mut player = Player::local();
    player.enter();
    player.highlight("take 20.mp4");
    player.enter();
    assert!(player.text(120, 40).contains("chosen of 2, since it comes first"), "{}", player.text(120, 40));
    for part in [Part::Video, Part::Audio, Part::Deinterlace] {
        player.settings_mut().focus = Field::Part(0, part);
        player.key(KeyCode::Right);
        assert_eq!(problem(&player), None, "what it takes was asked for, and the file was read again");
    }
    player.enter();
    let wanted = player.review().planned[0].order.cut.wanted;
    let audio = Some(WantedTrack::Stream(3));
    assert_eq!(wanted, Wanted { video: Some(1), audio, deinterlace: true, ..Wanted::default() });
    let screen = player.text(120, 40);
    assert!(screen.contains("#1 H.264") && screen.contains("chosen, since it was asked for"), "{screen}");
}

#[test]
fn subtitles_are_switched_where_there_are_any_and_the_review_says_which_go_along() {
    let mut player = Player::local();
    player.open_settings();
    let part = Field::Part(0, Part::Subtitles);
    assert!(!player.settings().fields(&player.app.shared).contains(&part), "there are none");
    let mut player = Player::local();
    player.enter();
    player.highlight("take 19.mp4");
    player.enter();
    player.settings_mut().focus = part;
    let screen = player.text(80, 24);
    assert!(screen.contains("Subtitles") && screen.contains("all 2 tracks"), "{screen}");
    for _ in 0..3 {
        player.key(KeyCode::Right);
    }
    assert_eq!(problem(&player), None);
    player.enter();
    assert_eq!(player.review().planned[0].order.cut.wanted.subtitles, WantedSubtitles::None);
    let screen = player.text(80, 24);
    assert!(screen.contains("Subtitles     none"), "{screen}");
}

#[test]
fn what_does_not_play_everywhere_gets_h264_where_it_is_chosen_and_its_cost_is_said() {
    let mut player = Player::local();
    player.enter();
    player.highlight("take 18.mp4");
    player.enter();
    player.settings_mut().focus = Field::Part(0, Part::Compatible);
    assert!(player.text(80, 24).contains("some players can't play it"), "{}", player.text(80, 24));
    let alone = player.settings().effects()[0];
    for (wanted, words) in [
        (Compatible::Add, "H.264 too: plays everywhere; ≈ 25 min of encoding, 97.3 MiB more"),
        (Compatible::Instead, "only H.264: plays everywhere; ≈ 25 min of encoding"),
    ] {
        player.key(KeyCode::Right);
        assert_eq!(problem(&player), None, "asking for it allows what it takes");
        let is_more = player.settings().effects()[0].bytes > alone.bytes;
        assert_eq!(is_more, wanted == Compatible::Add);
        player.enter();
        assert_eq!(player.review().planned[0].order.cut.wanted.compatible, Some(wanted));
        let screen = player.text(120, 40);
        assert!(screen.contains(words), "{screen}");
        assert_eq!(screen.contains("video converted to H.264"), wanted == Compatible::Instead, "{screen}");
        player.key(KeyCode::Esc);
    }
}

#[test]
fn a_file_that_is_being_read_again_blocks_the_way() {
    let mut player = Player::local();
    player.enter();
    player.highlight("take 20.mp4");
    player.enter();
    let mut settings = player.settings().clone();
    settings.focus = Field::Part(0, Part::Audio);
    let commands = settings.update(&Action::Right, &player.app.shared);
    let [Command::Reread { video, wanted }] = &commands[..] else { panic!("{commands:?}") };
    let blocks = |settings: &Settings| settings.problems(&player.app.shared).remove(0);
    assert_eq!(blocks(&settings), (Field::Part(0, Part::Video), "reading the file again…".to_owned()));
    let probe = Err(Fault::permanent("could not read it"));
    settings.answer(&Answer::Reread { video: video.clone(), wanted: *wanted, probe });
    assert_eq!(blocks(&settings).1, "could not read it");
}

#[test]
fn how_loud_the_sound_is_is_measured_or_changed_at_the_price_of_encoding_it() {
    let mut player = Player::local();
    player.open_settings();
    player.settings_mut().more = true;
    player.settings_mut().focus = Field::Loudness;
    for (wanted, shown, reviewed) in [
        (WantedLoudness::Measured, "measured", "measured meanwhile"),
        (
            WantedLoudness::Normalized,
            "each track as loud as is usual on the web (-16 LUFS); converts the sound",
            "as is usual on the web (-16 LUFS): each track",
        ),
    ] {
        player.key(KeyCode::Right);
        let screen = player.text(120, 40);
        assert!(screen.contains(shown), "{screen}");
        player.enter();
        assert_eq!(player.review().planned[0].order.cut.wanted.loudness, wanted);
        let screen = player.text(120, 40);
        assert!(screen.contains(reviewed), "{screen}");
        player.key(KeyCode::Esc);
    }
    let mut settings = player.settings().clone();
    let commands = settings.update(&Action::Right, &player.app.shared);
    assert_eq!(settings.loudness, WantedLoudness::Nothing);
    assert!(matches!(&commands[..], [Command::Reread { wanted, .. }] if wanted.loudness.is_nothing()), "{commands:?}");
}

/// The sound of a probe that was asked for normalized is converted; what is asked for since then may be another thing.
#[test]
fn loudness_that_is_taken_back_at_once_leaves_no_conversion_behind() {
    let mut player = Player::local();
    player.open_settings();
    let shared = &player.app.shared;
    let mut settings = player.settings().clone();
    (settings.more, settings.focus) = (true, Field::Loudness);
    let changed = |settings: &mut Settings, action: &Action| {
        let commands = settings.update(action, shared);
        commands.into_iter().find_map(|command| match command {
            Command::Reread { video, wanted } => Some((video, wanted)),
            _ => None,
        })
    };
    let plain = settings.videos[0].chosen.probe.clone();
    let mut normalized = plain.clone();
    let sound = normalized.streams.iter_mut().find(|stream| stream.kind == "audio").unwrap();
    sound.fate = Fate::Transcode("converted to AAC stereo, since it is to be normalized".into());

    assert_eq!(changed(&mut settings, &Action::Right), None, "measured: the file says nothing else");
    let (video, wanted) = changed(&mut settings, &Action::Right).unwrap();
    settings.answer(&Answer::Reread { video, wanted, probe: Ok(normalized) });
    assert_eq!(settings.problems(shared), []);
    let (video, wanted) = changed(&mut settings, &Action::Left).unwrap();
    assert_eq!(changed(&mut settings, &Action::Left), None, "nothing, before the answer is there");
    let problems = settings.problems(shared);
    assert!(
        problems.iter().all(|(_, words)| words == "reading the file again…") && !problems.is_empty(),
        "{problems:?}"
    );
    settings.answer(&Answer::Reread { video, wanted, probe: Ok(plain) });
    assert_eq!(settings.problems(shared), []);
}
