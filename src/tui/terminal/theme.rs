//! Colours by role. Two themes read well on dark and on light ground; without colour (`NO_COLOR`) weight, underline and
//! reversal carry the roles. State is never told by colour alone: each has its own sign.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen is, never what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Role {
    Text,
    /// Names of things, headings.
    Strong,
    /// What can be left unread.
    Dim,
    /// Rules and the empty part of gauges.
    Line,
    /// Focus, and the one thing to do.
    Accent,
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
enum Depth {
    None,
    Sixteen,
    Indexed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Theme {
    ground: Ground,
    depth: Depth,
}

impl Theme {
    #[cfg(test)]
    pub(in crate::tui) const DARK: Self = Self { ground: Ground::Dark, depth: Depth::Indexed };
    #[cfg(test)]
    pub(in crate::tui) const LIGHT: Self = Self { ground: Ground::Light, depth: Depth::Indexed };
    #[cfg(test)]
    pub(in crate::tui) const PLAIN: Self = Self { ground: Ground::Dark, depth: Depth::None };

    /// From what the person chose, what the terminal said of its background, and the environment.
    pub(in crate::tui) fn detect(chosen: Option<Ground>, background: Option<(u8, u8, u8)>) -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let ground = chosen.unwrap_or_else(|| ground(background, &variable("COLORFGBG")));
        Self { ground, depth: depth(&variable("NO_COLOR"), &variable("TERM")) }
    }

    pub(in crate::tui) fn style(self, role: Role) -> Style {
        let style = Style::new();
        match (self.depth, role) {
            (_, Role::Text) => style,
            (_, Role::Strong) => style.add_modifier(Modifier::BOLD),
            (Depth::None, Role::Dim | Role::Line) => style.add_modifier(Modifier::DIM),
            (Depth::None, Role::Accent | Role::Fail) => style.add_modifier(Modifier::BOLD),
            (Depth::None, Role::Gauge | Role::Ok | Role::Warn) => style,
            (Depth::Sixteen, role) => style.fg(sixteen(role)),
            (Depth::Indexed, role) => style.fg(Color::Indexed(indexed(self.ground, role))),
        }
    }

    /// The empty part of gauges: seen on the cursor's row too.
    pub(in crate::tui) fn track(self) -> Style {
        match (self.depth, self.ground) {
            (Depth::None | Depth::Sixteen, _) => Style::new(),
            (Depth::Indexed, Ground::Dark) => Style::new().bg(Color::Indexed(238)),
            (Depth::Indexed, Ground::Light) => Style::new().bg(Color::Indexed(252)),
        }
    }

    /// The row that the cursor is on.
    pub(in crate::tui) fn row(self) -> Style {
        match (self.depth, self.ground) {
            (Depth::None | Depth::Sixteen, _) => Style::new().add_modifier(Modifier::BOLD),
            (Depth::Indexed, Ground::Dark) => Style::new().bg(Color::Indexed(236)),
            (Depth::Indexed, Ground::Light) => Style::new().bg(Color::Indexed(254)),
        }
    }
}

/// Of the 256-colour cube: text has a contrast of 4.5:1 with the ground, as WCAG asks; lines and gauges are no text.
fn indexed(ground: Ground, role: Role) -> u8 {
    match (ground, role) {
        (Ground::Dark, Role::Accent) => 80,
        (Ground::Dark, Role::Gauge) => 73,
        (Ground::Dark, Role::Ok) => 114,
        (Ground::Dark, Role::Warn) => 179,
        (Ground::Dark, Role::Fail) => 210,
        (Ground::Dark, Role::Dim) => 245,
        (Ground::Dark, _) => 239,
        (Ground::Light, Role::Accent) => 24,
        (Ground::Light, Role::Gauge) => 73,
        (Ground::Light, Role::Ok) => 22,
        (Ground::Light, Role::Warn) => 94,
        (Ground::Light, Role::Fail) => 160,
        (Ground::Light, Role::Dim) => 242,
        (Ground::Light, _) => 250,
    }
}

fn sixteen(role: Role) -> Color {
    match role {
        Role::Accent | Role::Gauge => Color::Cyan,
        Role::Ok => Color::Green,
        Role::Warn => Color::Yellow,
        Role::Fail => Color::Red,
        _ => Color::DarkGray,
    }
}

fn ground(background: Option<(u8, u8, u8)>, colorfgbg: &str) -> Ground {
    if let Some((red, green, blue)) = background {
        // relative luminance, Rec. 709 weights
        let luminance = 0.2126 * f32::from(red) + 0.7152 * f32::from(green) + 0.0722 * f32::from(blue);
        return if luminance > 127.0 { Ground::Light } else { Ground::Dark };
    }
    // `foreground;background` as rxvt and Konsole set it: 7 and 15 are the white ones
    match colorfgbg.rsplit(';').next() {
        Some("7" | "15") => Ground::Light,
        _ => Ground::Dark,
    }
}

fn depth(no_color: &str, term: &str) -> Depth {
    if !no_color.is_empty() || term == "dumb" {
        Depth::None
    } else if term == "linux" || term.starts_with("vt") || term == "ansi" {
        Depth::Sixteen
    } else {
        Depth::Indexed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ground_is_what_the_terminal_says_it_is() {
        assert_eq!(ground(Some((250, 250, 245)), "15;0"), Ground::Light);
        assert_eq!(ground(Some((30, 30, 46)), ""), Ground::Dark);
        assert_eq!(ground(None, "0;15"), Ground::Light);
        assert_eq!(ground(None, ""), Ground::Dark);
    }

    /// Red, green and blue of the upper 240, each 0 to 1.
    fn cube(index: u8) -> [f64; 3] {
        let levels = [0.0, 95.0, 135.0, 175.0, 215.0, 255.0];
        match index {
            232.. => [(8.0 + 10.0 * f64::from(index - 232)) / 255.0; 3],
            _ => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(|at| levels[usize::from(at)] / 255.0),
        }
    }

    /// WCAG 2, relative luminance.
    fn luminance(colour: [f64; 3]) -> f64 {
        let linear = colour.map(|part| if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    #[test]
    fn text_can_be_read_on_both_grounds() {
        for (ground, paper) in [(Ground::Dark, [0.12, 0.12, 0.14]), (Ground::Light, [0.98, 0.98, 0.96])] {
            for role in [Role::Dim, Role::Accent, Role::Ok, Role::Warn, Role::Fail] {
                let (ink, paper) = (luminance(cube(indexed(ground, role))), luminance(paper));
                let contrast = (ink.max(paper) + 0.05) / (ink.min(paper) + 0.05);
                assert!(contrast >= 4.5, "{role:?} on {ground:?}: {contrast:.1}");
            }
        }
    }

    #[test]
    fn no_color_means_none() {
        for role in [Role::Text, Role::Dim, Role::Line, Role::Accent, Role::Gauge, Role::Ok, Role::Warn, Role::Fail] {
            let style = Theme::PLAIN.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        assert_eq!(Theme::PLAIN.row().bg, None);
        assert_eq!(depth("1", "xterm-256color"), Depth::None);
        assert_eq!(depth("", "linux"), Depth::Sixteen);
        assert_eq!(depth("", "xterm-kitty"), Depth::Indexed);
    }
}
