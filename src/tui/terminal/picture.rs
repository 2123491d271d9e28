//! What pictures the terminal can draw: asked once, before the first frame.

use std::{
    io::{self, Write},
    time::Duration,
};

use ratatui::crossterm::terminal::window_size;
use ratatui_image::{
    FontSize,
    picker::{Picker, ProtocolType},
};

use super::{
    input::{Heard, Keyboard, Told},
    outside::is_multiplexed,
};

/// Local terminals need a few milliseconds to answer, distant ones a round trip.
const LONGEST: Duration = Duration::from_millis(500);

pub(in crate::tui) const GROUND: &str = "\x1b]11;?\x1b\\";
/// A picture of one pixel, which is not kept.
const KITTY: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
/// What it can, among it Sixel; the size of a character; and whether all is well, which every terminal answers.
const REST: &str = "\x1b[c\x1b[16t\x1b[5n";

/// What was asked, and what else came meanwhile.
pub(in crate::tui) struct Able {
    pub(in crate::tui) told: Vec<Told>,
    pub(in crate::tui) meanwhile: Vec<io::Result<Heard>>,
}

/// The terminal has to be in raw mode.
pub(in crate::tui) async fn ask(keyboard: &mut Keyboard, variable: impl Fn(&str) -> String) -> Able {
    let mut able = Able { told: Vec::new(), meanwhile: Vec::new() };
    let (questions, mut output) = (questions(variable), io::stdout());
    let asked = output.write_all(questions.as_bytes()).and_then(|()| output.flush());
    if cfg!(not(unix)) || questions.is_empty() || asked.is_err() {
        return able;
    }
    let answers = async {
        while let Some(heard) = keyboard.next().await {
            match heard {
                Ok(Heard::Told(Told::End)) => return,
                Ok(Heard::Told(told)) => able.told.push(told),
                ended @ Err(_) => return able.meanwhile.push(ended),
                other => able.meanwhile.push(other),
            }
        }
    };
    // who does not answer has told what it could
    let _ = tokio::time::timeout(LONGEST, answers).await;
    able
}

/// Every question that is harmless where we are: multiplexers take kitty's for the title of the pane.
fn questions(variable: impl Fn(&str) -> String) -> String {
    match variable("TERM").as_str() {
        "" | "dumb" | "linux" => String::new(),
        _ if is_multiplexed(&variable) => format!("{GROUND}{REST}"),
        _ => format!("{GROUND}{KITTY}{REST}"),
    }
}

/// Draws pictures the best way there is.
pub(in crate::tui) fn picker(told: &[Told], variable: impl Fn(&str) -> String) -> Picker {
    let protocol = if is_multiplexed(&variable) { None } else { protocol(told, &variable) };
    sized(told, protocol)
}

/// The best that the terminal draws; `None`: half blocks, which all do.
fn protocol(told: &[Told], variable: &impl Fn(&str) -> String) -> Option<ProtocolType> {
    // iTerm2 and its relatives say it only by their names; these two draw it better than what they answer to
    let program = variable("TERM_PROGRAM");
    let iterm = ["iTerm", "WezTerm", "mintty", "rio"].iter().any(|name| program.contains(name))
        || variable("LC_TERMINAL").contains("iTerm");
    if iterm || !variable("KONSOLE_VERSION").is_empty() {
        return Some(ProtocolType::Iterm2);
    }
    if told.contains(&Told::Kitty) {
        return Some(ProtocolType::Kitty);
    }
    told.contains(&Told::Sixel).then_some(ProtocolType::Sixel)
}

fn sized(told: &[Told], protocol: Option<ProtocolType>) -> Picker {
    let cell = told.iter().find_map(|told| match told {
        Told::Cell { width, height } => Some(FontSize::new(*width, *height)),
        _ => None,
    });
    // pixels can only be drawn where the size of a cell is known
    let (Some(protocol), Some(font)) = (protocol, cell.or_else(measured)) else { return Picker::halfblocks() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_drawn_the_best_way_the_terminal_has() {
        let nothing = |_: &str| String::new();
        let named = |wanted: &'static str, value: &'static str| {
            move |name: &str| if name == wanted { value.to_owned() } else { String::new() }
        };
        assert_eq!(protocol(&[Told::Sixel, Told::Kitty], &nothing), Some(ProtocolType::Kitty));
        assert_eq!(protocol(&[Told::Sixel], &nothing), Some(ProtocolType::Sixel));
        assert_eq!(protocol(&[Told::Kitty], &named("TERM_PROGRAM", "WezTerm")), Some(ProtocolType::Iterm2));
        assert_eq!(protocol(&[], &named("LC_TERMINAL", "iTerm2")), Some(ProtocolType::Iterm2));
        assert_eq!(protocol(&[], &nothing), None);
    }

    #[test]
    fn without_the_size_of_a_cell_there_are_half_blocks() {
        let sized = [Told::Cell { width: 9, height: 18 }];
        assert_eq!(self::sized(&sized, Some(ProtocolType::Kitty)).protocol_type(), ProtocolType::Kitty);
        assert_eq!(self::sized(&sized, None).protocol_type(), ProtocolType::Halfblocks);
    }

    #[test]
    fn a_multiplexer_is_not_asked_what_it_would_take_for_a_title() {
        let named = |name: &'static str, value: &'static str| {
            move |wanted: &str| match wanted {
                _ if wanted == name => value.to_owned(),
                "TERM" => "xterm-256color".to_owned(),
                _ => String::new(),
            }
        };
        assert!(questions(named("", "")).contains("\x1b_G"));
        for inside in [named("TMUX", "/tmp/t,1,0"), named("STY", "1.a"), named("TERM", "tmux-256color")] {
            let asked = questions(inside);
            assert!(!asked.contains("\x1b_") && !asked.contains("\x1bP") && asked.contains("]11;?"), "{asked:?}");
        }
        assert_eq!(questions(named("TERM", "linux")), "");
    }
}
