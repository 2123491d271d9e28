//! The terminal: taken over, given back whole whatever happens, and asked once what it can do.

pub mod caught;
pub mod glyphs;
pub mod picture;
pub mod theme;

use std::{
    io::{self, BufWriter, IsTerminal, Stdout, Write},
    panic,
    sync::{Mutex, OnceLock, PoisonError},
};

use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::Show,
        event::{DisableBracketedPaste, EnableBracketedPaste},
        execute,
        style::Print,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode},
    },
};

/// Clicks and the wheel, in decimal; where the mouse moves is not asked for.
pub(super) const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
pub(super) const LEAVE_MOUSE: &str = "\x1b[?1006l\x1b[?1000l";

/// A whole frame at once: fewer writes, less flicker.
const FRAME: usize = 64 * 1024;

pub(super) type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Holds the terminal; dropped, the terminal is as it was.
pub(super) struct Guard;

impl Guard {
    pub(super) fn take() -> io::Result<(Self, Screen)> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "the wizard needs a terminal"));
        }
        hook_panics();
        enable_raw_mode()?;
        let guard = Self;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, SetTitle("zipreel"))?;
        let screen = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(FRAME, io::stdout())))?;
        Ok((guard, screen))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // each on its own: one that fails must not keep the others from happening
        let _ = execute!(io::stdout(), DisableBracketedPaste);
        let _ = execute!(io::stdout(), Print(LEAVE_MOUSE));
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
        let _ = panic::take_hook();
    }
}

fn panics() -> &'static Mutex<Vec<String>> {
    static PANICS: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
    PANICS.get_or_init(Mutex::default)
}

/// While the wizard has the screen nothing else may write to it: panics are kept and told afterwards.
fn hook_panics() {
    panic::set_hook(Box::new(|info| {
        panics().lock().unwrap_or_else(PoisonError::into_inner).push(info.to_string());
    }));
}

/// Panics since the start, on whatever thread.
pub(super) fn kept_panics() -> Vec<String> {
    std::mem::take(&mut *panics().lock().unwrap_or_else(PoisonError::into_inner))
}
