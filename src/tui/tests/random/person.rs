//! What the person does: keys that mean something here, clicks, names where they are wanted; now and then something on
//! purpose.

use std::collections::BTreeSet;

use ratatui::{
    crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind},
    layout::Position,
};

use super::{World, engine::well};
use crate::tui::{
    action::Action,
    backend::Question,
    job::{End, Job, Kind, Run},
    keymap::{Key, Table},
    overlay::{Overlay, confirm::Confirm},
    screen::Screen,
    sight::LEAST,
    step::{
        home::{Home, Line},
        library::deletion::Deletion,
    },
};

impl World {
    /// Something a person does on purpose, which chance alone would seldom do.
    pub(super) fn pursue(&mut self) {
        let code = |world: &mut Self, code| world.key(code, KeyModifiers::NONE);
        for _ in 0..4 {
            code(self, KeyCode::Esc);
        }
        match self.rng.u32(..17) {
            0 | 1 => return self.publish(),
            2 => self.home_line(|line| matches!(line, Line::Waiting(_) | Line::All(..))),
            3 | 4 | 12 => self.home_line(|line| matches!(line, Line::Begun(_))),
            5 => return self.answer_question(),
            6 => return self.look_at_all(),
            13 => self.home_line(|line| matches!(line, Line::Job(_))),
            7 => return self.give_up(|line| matches!(line, Line::Begun(_))),
            8 => return self.give_up(|line| matches!(line, Line::Waiting(_) | Line::Job(_))),
            16 => return self.delete_several(),
            reel => {
                self.home_line(|line| *line == Line::Library);
                self.enter();
                match reel {
                    9 | 14 => {
                        self.letter('d');
                        self.type_name();
                        self.newest_asks();
                        if self.rng.bool() {
                            self.letter('c');
                            self.look();
                            self.letter('y');
                        }
                        return;
                    }
                    10 => self.letter('k'),
                    15 => {
                        self.letter('e');
                        self.letter('x');
                        return self.enter();
                    }
                    _ => return self.repair(),
                }
            }
        }
        self.look();
        code(self, KeyCode::Enter);
        if self.rng.bool() {
            self.letter('c');
            self.look();
            self.letter('y');
        }
    }

    pub(super) fn publish(&mut self) {
        self.home_line(|line| *line == Line::Publish);
        self.letter('u');
        for _ in 0..self.rng.u32(..3) {
            self.letter(' ');
            self.key(KeyCode::Down, KeyModifiers::NONE);
        }
        self.enter();
        if self.rng.u32(..3) == 0 {
            // to the Region, near the end, or the target above it, and its list
            (0..8).for_each(|_| self.key(KeyCode::Down, KeyModifiers::NONE));
            (0..self.rng.u32(1..3)).for_each(|_| self.key(KeyCode::Up, KeyModifiers::NONE));
            return self.letter(' ');
        }
        self.enter();
        self.letter('a');
        self.look();
        self.enter();
        if self.rng.u32(..3) == 0 {
            self.letter('c');
            self.look();
            self.letter('y');
        }
    }

    /// Opens a job that asks, and agrees or declines.
    pub(super) fn answer_question(&mut self) {
        let asking: BTreeSet<_> =
            self.player.app.jobs.active().filter(|job| job.question().is_some()).map(|job| job.id).collect();
        self.home_line(|line| matches!(line, Line::Job(id) if asking.contains(id)));
        if self.player.app.table() == Table::JobAsksForName {
            return self.type_name();
        }
        self.look();
        let letter = if self.rng.u32(..3) > 0 { 'y' } else { 'n' };
        self.letter(letter);
    }

    /// Through the list of all publishings to one of them, mostly one that was stopped.
    pub(super) fn look_at_all(&mut self) {
        self.home_line(|line| matches!(line, Line::Job(_)));
        self.letter('v');
        let all: Vec<_> = self.player.app.jobs.publishings().map(|job| job.end() == Some(&End::Cancelled)).collect();
        (0..all.len()).for_each(|_| self.key(KeyCode::Up, KeyModifiers::NONE));
        let at = all.iter().position(|stopped| *stopped).unwrap_or_else(|| self.rng.usize(..=all.len()));
        (0..at).for_each(|_| self.key(KeyCode::Down, KeyModifiers::NONE));
        self.enter();
        if self.rng.bool() {
            self.look();
            self.letter('r');
        }
    }

    pub(super) fn give_up(&mut self, wanted: impl Fn(&Line) -> bool) {
        self.point(wanted);
        self.letter('x');
        self.look();
        self.letter('y');
        self.newest_asks();
        let removals: BTreeSet<_> =
            self.player.app.jobs.active().filter(|job| job.kind() == Kind::Discard).map(|job| job.id).collect();
        if !removals.is_empty() && self.rng.bool() {
            // and that is stopped, too
            self.point(|line| matches!(line, Line::Job(id) if removals.contains(id)));
            self.letter('x');
            self.look();
            self.letter('y');
        }
    }

    /// Marks some reels of the library and deletes them together.
    pub(super) fn delete_several(&mut self) {
        self.home_line(|line| *line == Line::Library);
        self.flush();
        self.letter('u');
        self.key(KeyCode::Home, KeyModifiers::NONE);
        (0..self.rng.u32(..4)).for_each(|_| self.letter(' '));
        self.letter('d');
        self.type_name();
        self.newest_asks();
    }

    /// A check that finds damage, and what follows from it.
    pub(super) fn repair(&mut self) {
        self.letter('k');
        let check = self.running.iter().position(|running| running.run.kind() == Kind::Check);
        if let Some(check) = check {
            let end = well(&self.running[check].run, &mut self.rng);
            self.end(check, end);
        }
        self.letter('R');
        self.flush();
        self.enter();
        self.look();
        self.letter('y');
        self.newest_asks();
        match self.rng.u32(..3) {
            0 => {
                self.letter('c');
                self.look();
                self.letter('y');
            }
            1 => {
                let repair = self.running.iter().position(|running| matches!(running.run, Run::Repair(..)));
                if let Some(repair) = repair {
                    let end = well(&self.running[repair].run, &mut self.rng);
                    self.end(repair, end);
                }
            }
            _ => {}
        }
    }

    pub(super) fn letter(&mut self, letter: char) {
        self.key(KeyCode::Char(letter), KeyModifiers::NONE);
    }

    /// Enter, and what it asks for is answered.
    pub(super) fn enter(&mut self) {
        self.key(KeyCode::Enter, KeyModifiers::NONE);
        self.flush();
    }

    pub(super) fn look(&mut self) {
        self.draw();
        self.pass(LEAST);
    }

    pub(super) fn flush(&mut self) {
        while !self.late.is_empty() {
            self.answer();
        }
    }

    /// Goes Home and to one of these lines.
    pub(super) fn point(&mut self, wanted: impl Fn(&Line) -> bool) {
        for _ in 0..8 {
            self.key(KeyCode::Esc, KeyModifiers::NONE);
        }
        self.flush();
        let lines = Home::lines(&self.player.app.shared, &self.player.app.jobs);
        let fitting: Vec<_> = lines.iter().enumerate().filter(|(_, line)| wanted(line)).map(|(at, _)| at).collect();
        if fitting.is_empty() {
            return;
        }
        let at = fitting[self.rng.usize(..fitting.len())];
        self.key(KeyCode::Home, KeyModifiers::NONE);
        for _ in 0..at {
            self.key(KeyCode::Down, KeyModifiers::NONE);
        }
    }

    /// The same, and opens it.
    pub(super) fn home_line(&mut self, wanted: impl Fn(&Line) -> bool) {
        self.point(wanted);
        let on = self.player.app.table();
        if on == Table::HomeUnfinished {
            self.look();
        }
        self.enter();
    }

    /// A key that means something here, mostly; now and then a name where one is wanted, or any letter.
    pub(super) fn press(&mut self) {
        let table = self.player.app.table();
        if matches!(table, Table::Confirm | Table::JobAsksForName) && self.rng.u32(..3) > 0 {
            return self.type_name();
        }
        if self.rng.u32(..12) == 0 {
            let letter = self.rng.char('!'..'~');
            return self.key(KeyCode::Char(letter), KeyModifiers::NONE);
        }
        let bindings = self.player.app.shared.keys.bindings(table).to_vec();
        let binding = &bindings[self.rng.usize(..bindings.len())];
        // quitting ends a session: seldom
        if binding.action == Action::Quit && self.rng.u32(..8) > 0 {
            return;
        }
        let key = binding.keys[self.rng.usize(..binding.keys.len())];
        match key {
            Key::Char(letter) => self.key(KeyCode::Char(letter), KeyModifiers::NONE),
            Key::Ctrl(letter) => self.key(KeyCode::Char(letter), KeyModifiers::CONTROL),
            Key::Alt(letter) => self.key(KeyCode::Char(letter), KeyModifiers::ALT),
            Key::Code(code) => self.key(code, KeyModifiers::NONE),
        }
        if self.rng.u32(..300) == 0 {
            self.key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        }
    }

    pub(super) fn type_name(&mut self) {
        let wanted = match self.player.app.top() {
            Screen::Reel(reel) => reel.name.to_string(),
            Screen::Library(library) => library.deletion.as_ref().map(Deletion::wanted).unwrap_or_default(),
            _ => self.player.app.shown_job().and_then(Job::question).map_or("", Question::wanted).to_owned(),
        };
        self.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        for letter in wanted.chars() {
            self.key(KeyCode::Char(letter), KeyModifiers::NONE);
        }
        if self.rng.u32(..4) > 0 {
            self.look();
        }
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    pub(super) fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let event = KeyEvent::new(code, modifiers);
        let action = self.player.app.shared.keys.action(self.player.app.table(), event);
        self.input(&Input::Key(event), action.as_ref());
    }

    pub(super) fn click(&mut self) {
        let hits = &self.player.app.drawn.hits;
        let Some((area, action)) = (!hits.is_empty()).then(|| &hits[self.rng.usize(..hits.len())]) else { return };
        let (column, row, action) = (area.x, area.y, action.clone());
        let kind = MouseEventKind::Down(MouseButton::Left);
        let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        let hit = self.player.app.drawn.hit(Position::new(column, row)).cloned();
        self.input(&Input::Mouse(mouse), hit.as_ref().or(Some(&action)));
    }

    /// The wizard ends only if it was told to.
    pub(super) fn input(&mut self, input: &Input, action: Option<&Action>) {
        let app = &mut self.player.app;
        let asked = matches!(app.overlay, Some(Overlay::Ask(Confirm::Quit)));
        let told = app.quitting.is_some()
            || matches!(action, Some(Action::Quit | Action::Interrupt))
            || (asked && matches!(action, Some(Action::Yes)))
            // by the line of the list of all keys that says so
            || matches!(&app.overlay, Some(Overlay::Palette(_)));
        let errands = app.input(input);
        assert!(app.exit.is_none() || told, "it ended by {action:?}");
        self.take(errands);
        self.count();
    }
}
