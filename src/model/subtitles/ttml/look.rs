//! What styles and regions say that WebVTT has: slanted, bold and underlined letters, and text at the top.

use super::xml::Attributes;

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Look {
    italic: Option<bool>,
    bold: Option<bool>,
    underlined: Option<bool>,
    align: Option<Align>,
    /// Where a region begins and how high it is, in hundredths of the picture; not a number in other units.
    begins: Option<f64>,
    height: Option<f64>,
}

/// Where in its region text stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Align {
    Before,
    Center,
    After,
}

impl Look {
    /// What an element's own attributes say.
    pub fn of(attributes: Attributes<'_>) -> Self {
        let is = |name: &str, yes: &[&str]| attributes.get(name).map(|value| yes.contains(&value.trim()));
        let second = |name: &str| attributes.get(name).map(|value| hundredths(&value));
        Self {
            italic: is("fontStyle", &["italic", "oblique"]),
            bold: is("fontWeight", &["bold"]),
            underlined: attributes
                .get("textDecoration")
                .map(|value| value.split_whitespace().any(|word| word == "underline")),
            align: attributes.get("displayAlign").and_then(|value| match value.trim() {
                "before" => Some(Align::Before),
                "center" => Some(Align::Center),
                "after" => Some(Align::After),
                _ => None,
            }),
            begins: second("origin"),
            height: second("extent"),
        }
    }

    /// This, and of the other what this does not say.
    pub fn over(self, other: Self) -> Self {
        Self {
            italic: self.italic.or(other.italic),
            bold: self.bold.or(other.bold),
            underlined: self.underlined.or(other.underlined),
            align: self.align.or(other.align),
            begins: self.begins.or(other.begins),
            height: self.height.or(other.height),
        }
    }

    /// Whether a region that looks so has its text in the upper half.
    pub fn is_above(self) -> bool {
        // nothing is said of the place
        if self.align.is_none() && self.begins.is_none() {
            return false;
        }
        let begins = self.begins.unwrap_or(0.0);
        let height = self.height.unwrap_or(100.0 - begins);
        let at = match self.align {
            None | Some(Align::Before) => begins,
            Some(Align::Center) => begins + height / 2.0,
            Some(Align::After) => begins + height,
        };
        at < 50.0
    }

    /// WebVTT's `i`, `b` and `u`.
    pub fn tags(self) -> [bool; 3] {
        [self.italic, self.bold, self.underlined].map(|told| told == Some(true))
    }
}

/// The second of `10% 80%`.
fn hundredths(value: &str) -> f64 {
    let second = value.split_whitespace().nth(1).and_then(|word| word.strip_suffix('%'));
    second.and_then(|number| number.parse().ok()).unwrap_or(f64::NAN)
}
