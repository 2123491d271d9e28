//! Step 5: the links, whole, and what was done.

use crate::tui::{
    action::{Action, Command, Way},
    app::Screen,
    backend::Published,
    widget::{page::Scroll, qr},
};

pub(in crate::tui) struct Done {
    pub(in crate::tui) published: Published,
    pub(in crate::tui) code: Option<qr::Code>,
    pub(in crate::tui) scroll: Scroll,
}

impl Done {
    pub(in crate::tui) fn new(published: Published) -> Self {
        let code = qr::Code::of(&published.watch_url);
        Self { published, code, scroll: Scroll::default() }
    }

    pub(in crate::tui) fn update(&mut self, action: &Action) -> Vec<Command> {
        if self.scroll.moved(action) {
            return Vec::new();
        }
        match action {
            Action::Copy => vec![Command::Copy(self.published.watch_url.clone())],
            Action::CopyPlaylist => vec![Command::Copy(self.published.playlist_url.clone())],
            Action::Browse => vec![Command::Browse(self.published.watch_url.clone())],
            Action::CheckDeep => vec![Command::Go(Box::new(Way::CheckedReel(self.published.reel.clone())))],
            Action::Another => vec![Command::Go(Box::new(Way::To(Screen::Video)))],
            Action::Back => vec![Command::Go(Box::new(Way::To(Screen::Home)))],
            _ => Vec::new(),
        }
    }
}
