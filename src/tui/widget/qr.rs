//! A QR code in half blocks: two modules a cell, dark on light whatever the theme, since phones want it so.

use qrcode::{Color as Module, EcLevel, QrCode};
use ratatui::layout::{Rect, Size};

use crate::tui::widget::canvas::Canvas;

/// Modules of light around the code. The standard asks for 4; phones read 2, and terminals are small.
const QUIET: usize = 2;

pub(in crate::tui) struct Code {
    modules: Vec<Module>,
    side: usize,
}

impl Code {
    /// `None` if the text is too long for any code.
    pub(in crate::tui) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        Some(Self { side: code.width(), modules: code.to_colors() })
    }

    /// In cells.
    pub(in crate::tui) fn size(&self) -> Size {
        let side = u16::try_from(self.side + 2 * QUIET).unwrap_or(u16::MAX);
        Size::new(side, side.div_ceil(2))
    }

    fn dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.side);
        let module = inside(y).zip(inside(x)).and_then(|(y, x)| self.modules.get(y * self.side + x));
        module == Some(&Module::Dark)
    }

    /// Draws nothing if the area is too small: half a code is none.
    pub(in crate::tui) fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let size = self.size();
        if area.width < size.width || area.height < size.height {
            return;
        }
        let Some(style) = canvas.theme.paper() else { return };
        for row in 0..size.height {
            let y = usize::from(row) * 2;
            let line: String = (0..usize::from(size.width))
                .map(|x| match (self.dark(x, y), self.dark(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                })
                .collect();
            let line_area = Rect { x: area.x, y: area.y + row, width: size.width, height: 1 };
            canvas.pen(line_area).styled(style, &line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_a_corner_of_the_screen() {
        let code = Code::of("http://127.0.0.1:8721/harbour-night/").unwrap();
        assert!(code.size().width <= 33 && code.size().height <= 17, "{:?}", code.size());
        assert!(!code.dark(0, 0), "light around it");
        assert!(code.dark(QUIET, QUIET), "the corner of the first finder pattern");
        assert!(Code::of(&"x".repeat(10_000)).is_none());
    }
}
