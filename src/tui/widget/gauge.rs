//! Gauges in eighths of a cell, and sparklines.

use ratatui::layout::Rect;

use crate::tui::{terminal::theme::Role, widget::canvas::Canvas};

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The filled part of a gauge `width` cells long.
pub(in crate::tui) fn bar(ratio: f64, width: u16) -> String {
    let eighths = (ratio.clamp(0.0, 1.0) * f64::from(width) * 8.0).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(EIGHTHS[eighths % 8]);
    bar
}

/// A gauge on a faint track; without a ratio only the track.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, ratio: Option<f64>, role: Role) {
    let line = Rect { height: area.height.min(1), ..area };
    if let Some(track) = canvas.theme.track() {
        canvas.paint(line, track);
        let style = track.patch(canvas.theme.style(role));
        canvas.pen(line).styled(style, &bar(ratio.unwrap_or_default(), line.width));
    } else {
        let bar = bar(ratio.unwrap_or_default(), line.width);
        let mut pen = canvas.pen(line);
        pen.put(role, &bar);
        let rest = "·".repeat(pen.room());
        pen.put(Role::Line, &rest);
    }
}

/// The newest samples that fit, scaled to the largest of them.
pub(in crate::tui) fn sparkline(samples: &[f64], width: usize) -> String {
    let shown = &samples[samples.len().saturating_sub(width)..];
    let top = shown.iter().copied().fold(0.0, f64::max);
    let level = |sample: f64| if top > 0.0 { ((sample / top) * 7.0).round() as usize } else { 0 };
    shown.iter().map(|&sample| LEVELS[level(sample).min(7)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_have_eighths() {
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(0.53125, 4), "██▏");
        assert_eq!(bar(1.7, 4), "████");
        assert_eq!(bar(f64::NAN, 4), "");
    }

    #[test]
    fn sparklines_keep_the_newest_and_scale_to_the_largest() {
        assert_eq!(sparkline(&[0.0, 3.5, 7.0], 3), "▁▅█");
        assert_eq!(sparkline(&[9.0, 0.0, 7.0], 2), "▁█");
        assert_eq!(sparkline(&[0.0, 0.0], 9), "▁▁");
    }
}
