//! Both themes can be read: every letter that is drawn has a contrast of 4.5:1 with what is under it, as WCAG 2 asks.

use ratatui::{
    buffer::{Buffer, Cell},
    crossterm::event::KeyCode,
    style::Color,
};

use super::Player;
use crate::tui::{backend::Finding, script, terminal::theme::Theme, work::answer::Answer};

/// Backgrounds of terminals that people use, and the letters that go with them.
const DARK: [([u8; 3], [u8; 3]); 5] = [
    ([0, 0, 0], [229, 229, 229]),
    ([30, 30, 46], [205, 214, 244]),
    ([40, 44, 52], [220, 223, 228]),
    ([48, 52, 70], [198, 208, 245]),
    ([46, 52, 64], [216, 222, 233]),
];
const LIGHT: [([u8; 3], [u8; 3]); 4] = [
    ([255, 255, 255], [0, 0, 0]),
    ([253, 246, 227], [60, 60, 60]),
    ([239, 241, 245], [76, 79, 105]),
    ([250, 250, 250], [56, 58, 66]),
];

/// Red, green and blue of the upper 240.
fn cube(index: u8) -> [u8; 3] {
    assert!(index >= 16, "the first sixteen are anything");
    let levels = [0, 95, 135, 175, 215, 255];
    match index {
        232.. => [8 + 10 * (index - 232); 3],
        _ => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(|at| levels[usize::from(at)]),
    }
}

fn luminance(colour: [u8; 3]) -> f64 {
    let linear = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn colour(of: Color, terminal: [u8; 3]) -> [u8; 3] {
    match of {
        Color::Reset => terminal,
        Color::Indexed(index) => cube(index),
        Color::Rgb(red, green, blue) => [red, green, blue],
        other => panic!("{other}: the first sixteen are anything"),
    }
}

/// What has to be read: no rules, no gauges, no pictures.
fn is_read(cell: &Cell) -> bool {
    let is_drawn = |character| ('\u{2500}'..='\u{259f}').contains(&character);
    !cell.symbol().trim().is_empty() && !cell.symbol().chars().any(is_drawn) && !matches!(cell.bg, Color::Rgb(..))
}

fn screens() -> Vec<Player> {
    let mut video = Player::local();
    video.enter();
    video.keys("/take");
    let mut settings = Player::aws();
    settings.open_settings();
    settings.settings_mut().unlisted = false;
    let mut review = Player::aws();
    review.open_review();
    let mut publish = Player::local();
    publish.open_publish();
    publish.engine(script::under_way());
    let mut failed = Player::local();
    failed.open_publish();
    failed.ends(Err(script::full()));
    let mut done = Player::local();
    done.open_publish();
    done.ends(Ok(script::published()));
    let mut reel = Player::local();
    reel.key(KeyCode::End);
    reel.enter();
    reel.enter();
    reel.keys("K");
    let check = reel.jobs().iter().last().unwrap().id;
    for (number, finding) in [(1, Finding::Ok), (2, Finding::Missing), (3, Finding::Differs("x".into()))] {
        reel.tell(check, Answer::Checked(script::checked(number, finding)));
    }
    let mut help = Player::local();
    help.keys("?");
    vec![Player::local(), video, settings, review, publish, failed, done, reel, help]
}

fn judged(buffer: &Buffer, grounds: &[([u8; 3], [u8; 3])]) {
    for position in buffer.area.positions() {
        let cell = &buffer[position];
        for (ground, letters) in grounds.iter().filter(|_| is_read(cell)) {
            let (ink, paper) = (colour(cell.fg, *letters), colour(cell.bg, *ground));
            let contrast = contrast(ink, paper);
            let (symbol, fg, bg) = (cell.symbol(), cell.fg, cell.bg);
            assert!(contrast >= 4.5, "`{symbol}` at {position}, {fg} on {bg} over {ground:?}: {contrast:.2}");
        }
    }
}

#[test]
fn every_letter_can_be_read_on_every_ground() {
    for mut player in screens() {
        for (theme, grounds) in [(Theme::DARK, &DARK[..]), (Theme::LIGHT, &LIGHT[..])] {
            player.app.theme = theme;
            judged(&player.screen(120, 40), grounds);
            judged(&player.screen(80, 24), grounds);
        }
    }
}

#[test]
fn without_utf_8_and_without_colours_nothing_else_is_drawn() {
    for mut player in screens() {
        player.app.theme = Theme::ASCII;
        for (width, height) in super::pictures::SIZES {
            let buffer = player.screen(width, height);
            for cell in buffer.content() {
                assert!(cell.symbol().is_ascii(), "`{}`", cell.symbol());
                assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "`{}`", cell.symbol());
            }
        }
    }
}
