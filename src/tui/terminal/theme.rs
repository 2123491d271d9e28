//! Colours by role. Two themes read well on dark and on light ground; where there are no colours to choose from, weight
//! and reversal carry the roles. State is never told by colour alone: each has its own sign.

use ratatui::style::{Color, Modifier, Style};

use super::glyphs::Glyphs;
use crate::settings::Look;

/// What a piece of the screen is, never what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Role {
    Text,
    /// Names of things, headings.
    Strong,
    /// What can be left unread.
    Dim,
    /// Rules and the empty part of gauges: never letters.
    Line,
    /// Focus, and the one thing to do.
    Accent,
    /// What a filter found in a name.
    Matched,
    /// The filled part of gauges: quieter than what can be acted on.
    Gauge,
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    Dark,
    Light,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Theme {
    ground: Ground,
    /// Only the terminal's own colours, bold and reversed.
    plain: bool,
    /// There are no colours beyond the 256, not for pictures either.
    pub(in crate::tui) cube: bool,
    /// The ground is the terminal's, whatever it changes to.
    follows: bool,
    pub(in crate::tui) glyphs: Glyphs,
}

impl Theme {
    #[cfg(test)]
    pub(in crate::tui) const DARK: Self =
        Self { ground: Ground::Dark, plain: false, cube: false, follows: true, glyphs: Glyphs::All };
    #[cfg(test)]
    pub(in crate::tui) const LIGHT: Self = Self { ground: Ground::Light, ..Self::DARK };
    #[cfg(test)]
    pub(in crate::tui) const PLAIN: Self = Self { plain: true, ..Self::DARK };
    #[cfg(test)]
    pub(in crate::tui) const ASCII: Self = Self { glyphs: Glyphs::Ascii, ..Self::PLAIN };

    /// From what the person chose and the environment; until the terminal has told its background, that is a guess.
    pub(in crate::tui) fn detect(look: Look, variable: impl Fn(&str) -> String) -> Self {
        let chosen = match look {
            Look::Dark => Some(Ground::Dark),
            Look::Light => Some(Ground::Light),
            Look::Auto | Look::Plain => None,
        };
        // who chose a theme wants colours, wherever there are some
        let refused = look == Look::Plain || chosen.is_none() && !variable("NO_COLOR").is_empty();
        let depth = depth(&variable("TERM"), &variable("COLORTERM"));
        Self {
            ground: chosen.unwrap_or_else(|| guess(&variable("COLORFGBG"))),
            plain: refused || depth == Depth::Few,
            cube: depth == Depth::Cube,
            follows: chosen.is_none(),
            glyphs: Glyphs::detect(variable),
        }
    }

    /// The terminal has told what its ground is.
    pub(in crate::tui) fn on(self, ground: Ground) -> Self {
        if self.follows { Self { ground, ..self } } else { self }
    }

    /// Pictures need colours, and signs to draw them with.
    pub(in crate::tui) fn draws_pictures(self) -> bool {
        !self.plain && self.glyphs == Glyphs::All
    }

    pub(in crate::tui) fn style(self, role: Role) -> Style {
        let style = Style::new();
        match role {
            Role::Text => style,
            Role::Strong => style.add_modifier(Modifier::BOLD),
            Role::Accent | Role::Matched | Role::Fail if self.plain => style.add_modifier(Modifier::BOLD),
            _ if self.plain => style,
            Role::Matched => style.fg(self.colour(role)).add_modifier(Modifier::UNDERLINED),
            _ => style.fg(self.colour(role)),
        }
    }

    /// The terminal's own sequence for a link's colour.
    pub(in crate::tui) fn link(self) -> String {
        match self.plain {
            true => "\x1b[1m".to_owned(),
            false => format!("\x1b[38;5;{}m", indexed(self.ground, Role::Accent)),
        }
    }

    fn colour(self, role: Role) -> Color {
        Color::Indexed(indexed(self.ground, role))
    }

    /// The empty part of gauges: seen on the cursor's row too. `None`: it has to be drawn with signs.
    pub(in crate::tui) fn track(self) -> Option<Style> {
        let index = match self.ground {
            _ if self.plain => return None,
            Ground::Dark => 238,
            Ground::Light => 252,
        };
        Some(Style::new().bg(Color::Indexed(index)))
    }

    /// The row that the cursor is on. Its letters have a colour of their own: the terminal's might not be read on it.
    pub(in crate::tui) fn row(self) -> Style {
        match self.ground {
            _ if self.plain => Style::new().add_modifier(Modifier::REVERSED),
            Ground::Dark => Style::new().bg(Color::Indexed(236)).fg(Color::Indexed(253)),
            Ground::Light => Style::new().bg(Color::Indexed(254)).fg(Color::Indexed(235)),
        }
    }

    /// Dark on light, whatever the theme. `None`: that can't be drawn here.
    pub(in crate::tui) fn paper(self) -> Option<Style> {
        match self.ground {
            _ if self.glyphs != Glyphs::All => None,
            // black and white of the 256-colour cube: themes remap the first sixteen
            _ if !self.plain => Some(Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(231))),
            Ground::Dark => Some(Style::new().add_modifier(Modifier::REVERSED)),
            Ground::Light => Some(Style::new()),
        }
    }
}

/// Of the 256-colour cube: letters have a contrast of 4.5:1 with the ground and with the cursor's row, as WCAG asks;
/// lines and gauges are no letters.
fn indexed(ground: Ground, role: Role) -> u8 {
    match (ground, role) {
        (Ground::Dark, Role::Accent | Role::Matched) => 80,
        (Ground::Dark, Role::Gauge) => 73,
        (Ground::Dark, Role::Ok) => 114,
        (Ground::Dark, Role::Warn) => 179,
        (Ground::Dark, Role::Fail) => 210,
        (Ground::Dark, Role::Dim) => 247,
        (Ground::Dark, _) => 239,
        (Ground::Light, Role::Accent | Role::Matched) => 24,
        (Ground::Light, Role::Gauge) => 73,
        (Ground::Light, Role::Ok) => 22,
        (Ground::Light, Role::Warn) => 94,
        (Ground::Light, Role::Fail) => 124,
        (Ground::Light, Role::Dim) => 241,
        (Ground::Light, _) => 250,
    }
}

impl Ground {
    /// Of a background in red, green and blue.
    pub(in crate::tui) fn of(background: (u8, u8, u8)) -> Self {
        let (red, green, blue) = background;
        // relative luminance, Rec. 709 weights
        let luminance = 0.2126 * f32::from(red) + 0.7152 * f32::from(green) + 0.0722 * f32::from(blue);
        if luminance > 127.0 { Self::Light } else { Self::Dark }
    }
}

/// `foreground;background` as rxvt and Konsole set it: 7 and 15 are the white ones.
fn guess(colorfgbg: &str) -> Ground {
    match colorfgbg.rsplit(';').next() {
        Some("7" | "15") => Ground::Light,
        _ => Ground::Dark,
    }
}

/// How many colours we can choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// None, or the first sixteen: those are anything, and may be unreadable.
    Few,
    /// The cube and the greys after it.
    Cube,
    All,
}

/// A name that says nothing of colours and is none of the old ones is that of a terminal that has all.
fn depth(term: &str, colorterm: &str) -> Depth {
    if matches!(colorterm, "truecolor" | "24bit") && term != "dumb" {
        return Depth::All;
    }
    if term.contains("256color") {
        return Depth::Cube;
    }
    let few = ["linux", "ansi", "cygwin", "cons25", "screen", "rxvt", "xterm", "xterm-color", "Eterm", "sun"];
    let none = term.is_empty() || term == "dumb" || term.starts_with("vt") || term.ends_with("-m");
    let few = few.iter().any(|name| term == *name || term.starts_with(&format!("{name}.")));
    if none || few || term.ends_with("-16color") || term.ends_with("-8color") { Depth::Few } else { Depth::All }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ground_is_what_the_terminal_says_it_is() {
        assert_eq!(Ground::of((250, 250, 245)), Ground::Light);
        assert_eq!(Ground::of((30, 30, 46)), Ground::Dark);
        assert_eq!(guess("0;15"), Ground::Light);
        assert_eq!(guess(""), Ground::Dark);
        assert_eq!(Theme::DARK.on(Ground::Light), Theme::LIGHT);
        let chosen = Theme::detect(Look::Dark, |_| String::new());
        assert_eq!(chosen.on(Ground::Light), chosen, "what the person chose stays");
    }

    #[test]
    fn no_colour_is_chosen_where_there_are_none_to_choose() {
        let detect = |look, variables: &'static [(&str, &str)]| {
            Theme::detect(look, |name| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned()).unwrap_or_default()
            })
        };
        assert!(!detect(Look::Auto, &[("TERM", "xterm-256color")]).plain);
        assert!(!detect(Look::Auto, &[("TERM", "xterm-kitty")]).plain);
        assert!(!detect(Look::Auto, &[("TERM", "screen"), ("COLORTERM", "truecolor")]).plain);
        assert!(detect(Look::Auto, &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]).plain);
        assert!(detect(Look::Plain, &[("TERM", "xterm-256color")]).plain);
        assert!(!detect(Look::Light, &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]).plain, "chosen by the person");
        for term in ["linux", "dumb", "vt220", "ansi", "xterm", "xterm-16color", "screen", "screen.linux", ""] {
            assert!(
                Theme::detect(Look::Dark, |name| if name == "TERM" { term.to_owned() } else { String::new() }).plain
            );
        }
    }

    #[test]
    fn who_says_256_and_no_more_has_the_cube() {
        for term in ["xterm-256color", "tmux-256color", "screen-256color", "rxvt-unicode-256color"] {
            assert_eq!(depth(term, ""), Depth::Cube, "{term}");
            assert_eq!(depth(term, "truecolor"), Depth::All, "{term}");
            assert_eq!(depth(term, "24bit"), Depth::All, "{term}");
        }
        for term in ["xterm-kitty", "foot", "alacritty", "xterm-direct"] {
            assert_eq!(depth(term, ""), Depth::All, "{term}");
        }
        assert_eq!(depth("dumb", "truecolor"), Depth::Few);
    }

    #[test]
    fn without_colours_only_weight_and_reversal_are_left() {
        let roles = [Role::Text, Role::Strong, Role::Dim, Role::Line, Role::Accent, Role::Matched, Role::Gauge];
        let styles = roles.into_iter().chain([Role::Ok, Role::Warn, Role::Fail]).map(|role| Theme::PLAIN.style(role));
        for style in styles.chain([Theme::PLAIN.row()]).chain(Theme::PLAIN.paper()) {
            assert_eq!((style.fg, style.bg), (None, None));
            assert!((Modifier::BOLD | Modifier::REVERSED).contains(style.add_modifier), "{style:?}");
        }
        assert!(Theme::PLAIN.track().is_none() && !Theme::PLAIN.draws_pictures());
    }
}
