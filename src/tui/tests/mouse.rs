//! The mouse, where one would try it.

use ratatui::crossterm::event::{Event as Input, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{At, Player};

#[test]
fn the_mouse_clicks_and_scrolls_where_one_would_try() {
    let mut player = Player::local();
    player.enter();
    let mouse = |kind, column, row| Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let text = player.text(80, 24);
    let row = text.lines().position(|line| line.contains("phone.mov")).unwrap() as u16;
    player.input(mouse(MouseEventKind::Down(MouseButton::Left), 10, row));
    assert_eq!(player.video().highlighted().unwrap().entry.name, "phone.mov");
    player.input(mouse(MouseEventKind::ScrollDown, 10, 5));
    assert_eq!(player.video().highlighted().unwrap().entry.name, "broken.webm");
    player.text(80, 24);
    player.input(mouse(MouseEventKind::Down(MouseButton::Left), 77, 23));
    assert_eq!(player.at(), At::Video, "between the keys of the footer there is nothing");
    let text = player.text(80, 24);
    let back = text.lines().last().unwrap().chars().position(|letter| letter == 'E').unwrap() as u16;
    player.input(mouse(MouseEventKind::Down(MouseButton::Left), back, 23));
    assert_eq!(player.at(), At::Home, "the footer's keys are buttons");
}
