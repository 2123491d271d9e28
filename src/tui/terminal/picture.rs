//! What pictures the terminal can draw: asked once, before the first frame. And drawing them so.

use std::{
    io::{self, Write},
    time::Duration,
};

use image::DynamicImage;
use ratatui::{
    buffer::Buffer,
    crossterm::terminal::window_size,
    layout::{Rect, Size},
    style::Color,
    widgets::Widget,
};
use ratatui_image::{
    FontSize, Image, Resize,
    errors::Errors,
    picker::{Picker, ProtocolType},
    protocol::{Protocol, halfblocks::Halfblocks},
};

use super::{
    input::{Heard, Keyboard, Told},
    outside::is_multiplexed,
    theme::Theme,
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

/// Of half blocks any font will do that is twice as high as it is wide.
const ANY_FONT: FontSize = FontSize { width: 10, height: 20 };

/// How pictures are drawn here.
#[derive(Clone)]
pub(in crate::tui) enum Painter {
    Pixels(Picker),
    /// Without ratatui-image's picker, which tells tmux to let such things pass that are not sent.
    HalfBlocks,
}

impl Painter {
    /// The best way there is.
    pub(in crate::tui) fn of(told: &[Told], variable: impl Fn(&str) -> String) -> Self {
        let protocol = if is_multiplexed(&variable) { None } else { protocol(told, &variable) };
        Self::sized(told, protocol)
    }

    fn sized(told: &[Told], protocol: Option<ProtocolType>) -> Self {
        let cell = told.iter().find_map(|told| match told {
            Told::Cell { width, height } => Some(FontSize::new(*width, *height)),
            _ => None,
        });
        // pixels can only be drawn where the size of a cell is known
        let (Some(protocol), Some(font)) = (protocol, cell.or_else(measured)) else { return Self::HalfBlocks };
        #[expect(deprecated, reason = "the other constructors read from the terminal and leave a thread reading")]
        let mut picker = Picker::from_fontsize(font);
        picker.set_protocol_type(protocol);
        Self::Pixels(picker)
    }

    /// As large as it can be in so many cells.
    pub(in crate::tui) fn paint(&self, frame: DynamicImage, size: Size) -> Result<Protocol, Errors> {
        let fit = Resize::Scale(None);
        match self {
            Self::Pixels(picker) => picker.new_protocol(frame, size, fit),
            Self::HalfBlocks => {
                let cells = fit.size_for(&frame, ANY_FONT, size);
                let frame = fit.resize(&frame, ANY_FONT, cells, None);
                Ok(Protocol::Halfblocks(Halfblocks::new(frame, cells)?))
            }
        }
    }
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

fn measured() -> Option<FontSize> {
    let size = window_size().ok()?;
    let (width, height) = (size.width.checked_div(size.columns)?, size.height.checked_div(size.rows)?);
    (width > 0 && height > 0).then(|| FontSize::new(width, height))
}

/// Half blocks have the colours that the theme may choose from; pixels are the terminal's to fit.
pub(in crate::tui) fn draw(picture: &Protocol, theme: Theme, area: Rect, buffer: &mut Buffer) {
    Image::new(picture).render(area, buffer);
    if !theme.cube || !matches!(picture, Protocol::Halfblocks(_)) {
        return;
    }
    for position in area.intersection(buffer.area).positions() {
        let cell = &mut buffer[position];
        (cell.fg, cell.bg) = (in_cube(cell.fg), in_cube(cell.bg));
    }
}

fn in_cube(colour: Color) -> Color {
    match colour {
        Color::Rgb(red, green, blue) => Color::Indexed(nearest(red, green, blue)),
        other => other,
    }
}

/// Of the upper 240 of 256 colours: the cube of six levels a part, and 24 greys. The first sixteen are anything.
fn nearest(red: u8, green: u8, blue: u8) -> u8 {
    let wanted = [red, green, blue];
    let steps = wanted.map(|part| match part {
        // the levels are 0, 95, 135, 175, 215 and 255
        0..48 => 0,
        48..115 => 1,
        115.. => (part - 35) / 40,
    });
    let levels = steps.map(|step| if step == 0 { 0 } else { 55 + 40 * step });
    // the greys are 8, 18, and so on up to 238; the nearest is the one nearest to the mean of the parts
    let sum: u16 = wanted.into_iter().map(u16::from).sum();
    let grey = (sum.saturating_sub(9) / 30).min(23) as u8;
    if distance(wanted, [8 + 10 * grey; 3]) < distance(wanted, levels) {
        return 232 + grey;
    }
    let [red, green, blue] = steps;
    16 + 36 * red + 6 * green + blue
}

/// Squared.
fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    one.into_iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, Rgb, RgbImage};
    use proptest::prelude::*;
    use ratatui::layout::Size;

    use super::*;
    use crate::settings::Look;

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
        let kitty = |told: &[Told]| match Painter::sized(told, Some(ProtocolType::Kitty)) {
            Painter::Pixels(picker) => Some(picker.protocol_type()),
            Painter::HalfBlocks => None,
        };
        assert_eq!(kitty(&sized), Some(ProtocolType::Kitty));
        assert!(matches!(Painter::sized(&sized, None), Painter::HalfBlocks));
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

    #[test]
    fn half_blocks_have_no_other_colours_than_the_terminal() {
        let frame = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 4) as u8, (y * 4) as u8, 120]));
        let picture = Painter::HalfBlocks.paint(DynamicImage::ImageRgb8(frame), Size::new(16, 8)).unwrap();
        let drawn = |term: &str, colorterm: &str| {
            let theme = Theme::detect(Look::Auto, |name| match name {
                "TERM" => term.to_owned(),
                "COLORTERM" => colorterm.to_owned(),
                _ => String::new(),
            });
            let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 10));
            draw(&picture, theme, Rect::new(2, 1, 16, 8), &mut buffer);
            let colours = buffer.content.iter().flat_map(|cell| [cell.fg, cell.bg]);
            let (indexed, others): (Vec<_>, Vec<_>) = colours
                .filter(|colour| *colour != Color::Reset)
                .partition(|colour| matches!(colour, Color::Indexed(16..)));
            (indexed.len(), others.len())
        };
        let (_, all) = drawn("xterm-256color", "truecolor");
        assert!(all > 0, "nothing was drawn");
        assert_eq!(drawn("xterm-256color", "truecolor"), (0, all));
        assert_eq!(drawn("xterm-kitty", ""), (0, all));
        assert_eq!(drawn("xterm-256color", ""), (all, 0));
        assert_eq!(drawn("tmux-256color", ""), (all, 0));
    }

    #[test]
    fn colours_of_the_cube_and_greys_stay_what_they_are() {
        assert_eq!(nearest(0, 0, 0), 16);
        assert_eq!(nearest(255, 255, 255), 231);
        assert_eq!(nearest(255, 0, 0), 196);
        assert_eq!(nearest(128, 128, 128), 244);
        for index in 16..=255 {
            let [red, green, blue] = shown(index);
            assert_eq!(shown(nearest(red, green, blue)), [red, green, blue], "{index}");
        }
    }

    proptest! {
        #[test]
        fn no_other_colour_is_nearer(red in any::<u8>(), green in any::<u8>(), blue in any::<u8>()) {
            let wanted = [red, green, blue];
            let chosen = distance(wanted, shown(nearest(red, green, blue)));
            for index in 16..=255 {
                prop_assert!(chosen <= distance(wanted, shown(index)), "{wanted:?} is nearer to {index}");
            }
        }
    }

    fn shown(index: u8) -> [u8; 3] {
        let levels = [0, 95, 135, 175, 215, 255];
        match index {
            232.. => [8 + 10 * (index - 232); 3],
            _ => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(|at| levels[usize::from(at)]),
        }
    }
}
