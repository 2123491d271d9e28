//! What goes to the terminal beside the frames, whenever it has changed.

use ratatui::layout::Size;

use super::App;
use crate::tui::{
    terminal::outside::{Outside, Progress},
    widget::canvas::Link,
};

pub(in crate::tui) struct Beside {
    outside: Outside,
    title: String,
    progress: Progress,
    links: Vec<Link>,
    size: Size,
}

impl Beside {
    pub(in crate::tui) fn new(outside: Outside) -> Self {
        Self { outside, title: String::new(), progress: Progress::None, links: Vec::new(), size: Size::default() }
    }

    /// The terminal was somebody else's: nothing of ours is left there.
    pub(in crate::tui) fn forget(&mut self) {
        *self = Self::new(self.outside);
    }

    /// What is to be written after a frame of this size was drawn.
    pub(in crate::tui) fn changes(&mut self, app: &mut App, size: Size) -> String {
        let mut written = String::new();
        let (title, progress) = app.headline();
        if title != self.title {
            written.push_str(&self.outside.title(&app.theme.glyphs.of(&title)));
            self.title = title;
        }
        if progress != self.progress {
            written.push_str(&self.outside.progress(progress));
            self.progress = progress;
        }
        for words in app.calls.drain(..) {
            written.push_str(&self.outside.notice(&words));
        }
        // a frame that writes over a link writes plain text
        if self.links != app.drawn.links || self.size != size {
            let style = app.theme.link();
            for Link { at, words, target } in &app.drawn.links {
                written.push_str(&self.outside.link(*at, &style, words, target));
            }
            self.links.clone_from(&app.drawn.links);
            self.size = size;
        }
        written
    }
}
