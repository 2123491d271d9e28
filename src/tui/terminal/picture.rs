//! What pictures the terminal can draw, and the colour of its ground: asked once, before events are read. The reading
//! ends by itself, so that no key is lost to it: a thread left behind in `read` would take the first one.

use ratatui::crossterm::terminal::window_size;
use ratatui_image::{
    FontSize,
    picker::{Picker, ProtocolType, cap_parser::Response},
};

pub(in crate::tui) struct Able {
    pub(in crate::tui) picker: Picker,
    /// Red, green, blue; `None` if the terminal does not tell.
    pub(in crate::tui) background: Option<(u8, u8, u8)>,
}

/// The terminal has to be in raw mode.
pub(in crate::tui) fn ask() -> Able {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let term = variable("TERM");
    // no pictures there, and no answers
    let answers = if matches!(term.as_str(), "" | "dumb" | "linux") { Vec::new() } else { answers() };
    let background = answers.iter().find_map(|answer| match answer {
        Response::Background(red, green, blue) => Some((*red, *green, *blue)),
        _ => None,
    });
    let multiplexed = term.starts_with("tmux") || term.starts_with("screen");
    let protocol = if multiplexed { None } else { protocol(&answers, &variable) };
    Able { picker: picker(&answers, protocol), background }
}

/// The best that the terminal draws; `None`: half blocks, which all do.
fn protocol(answers: &[Response], variable: &impl Fn(&str) -> String) -> Option<ProtocolType> {
    // iTerm2 and its relatives say it only by their names; these two draw it better than what they answer to
    let program = variable("TERM_PROGRAM");
    let iterm = ["iTerm", "WezTerm", "mintty", "rio"].iter().any(|name| program.contains(name))
        || variable("LC_TERMINAL").contains("iTerm");
    if iterm || !variable("KONSOLE_VERSION").is_empty() {
        return Some(ProtocolType::Iterm2);
    }
    if answers.contains(&Response::Kitty) {
        return Some(ProtocolType::Kitty);
    }
    answers.contains(&Response::Sixel).then_some(ProtocolType::Sixel)
}

fn picker(answers: &[Response], protocol: Option<ProtocolType>) -> Picker {
    let told = answers.iter().find_map(|answer| match answer {
        Response::CellSize(Some(size)) => Some(FontSize::from(*size)),
        _ => None,
    });
    // pixels can only be drawn where the size of a cell is known
    let (Some(protocol), Some(font)) = (protocol, told.or_else(measured)) else { return Picker::halfblocks() };
    #[expect(deprecated, reason = "the other constructors read from the terminal and leave a thread reading")]
    let mut picker = Picker::from_fontsize(font);
    picker.set_protocol_type(protocol);
    picker
}

fn measured() -> Option<FontSize> {
    let size = window_size().ok()?;
    let (width, height) = (size.width.checked_div(size.columns)?, size.height.checked_div(size.rows)?);
    (width > 0 && height > 0).then(|| FontSize::new(width, height))
}

#[cfg(unix)]
fn answers() -> Vec<Response> {
    use std::{
        io::{self, Write},
        time::{Duration, Instant},
    };

    use ratatui_image::picker::cap_parser::{Parser, QueryStdioOptions};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    /// Local terminals need a few milliseconds, distant ones a round trip.
    const LONGEST: Duration = Duration::from_millis(500);

    let options = QueryStdioOptions { terminal_background_color_osc: true, ..QueryStdioOptions::default() };
    let mut output = io::stdout();
    if output.write_all(Parser::query(false, options).as_bytes()).and_then(|()| output.flush()).is_err() {
        return Vec::new();
    }
    let input = io::stdin();
    let deadline = Instant::now() + LONGEST;
    let mut parser = Parser::new();
    let mut answers = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut ready = [PollFd::new(&input, PollFlags::IN)];
        let wait = Timespec::try_from(left).ok();
        if left.is_zero() || !matches!(poll(&mut ready, wait.as_ref()), Ok(1)) {
            return answers;
        }
        let mut bytes = [0; 64];
        let Ok(read @ 1..) = rustix::io::read(&input, &mut bytes) else { return answers };
        for byte in &bytes[..read] {
            for answer in parser.push(char::from(*byte)) {
                // the last question is one that every terminal answers
                if answer == Response::Status {
                    return answers;
                }
                answers.push(answer);
            }
        }
    }
}

#[cfg(not(unix))]
fn answers() -> Vec<Response> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_drawn_the_best_way_the_terminal_has() {
        let nothing = |_: &str| String::new();
        let named = |wanted: &'static str, value: &'static str| {
            move |name: &str| if name == wanted { value.to_owned() } else { String::new() }
        };
        assert_eq!(protocol(&[Response::Sixel, Response::Kitty], &nothing), Some(ProtocolType::Kitty));
        assert_eq!(protocol(&[Response::Sixel], &nothing), Some(ProtocolType::Sixel));
        assert_eq!(protocol(&[Response::Kitty], &named("TERM_PROGRAM", "WezTerm")), Some(ProtocolType::Iterm2));
        assert_eq!(protocol(&[], &named("LC_TERMINAL", "iTerm2")), Some(ProtocolType::Iterm2));
        assert_eq!(protocol(&[], &nothing), None);
    }

    #[test]
    fn without_the_size_of_a_cell_there_are_half_blocks() {
        let sized = [Response::CellSize(Some((9, 18)))];
        assert_eq!(picker(&sized, Some(ProtocolType::Kitty)).protocol_type(), ProtocolType::Kitty);
        assert_eq!(picker(&sized, None).protocol_type(), ProtocolType::Halfblocks);
    }
}
