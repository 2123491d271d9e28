//! What is wrong with a config file, in one line: where, what, and which setting may have been meant.

use std::ops::Range;

use crate::model::wording;

/// What can be done about every such file.
pub(super) const MEND: &str = "Mend or remove that file; `zipreel --help` names the settings.";

/// The one flag that the file is not to know, and what is said to who looks for it there.
const YES: &str = "yes";
const AGREEING: &str =
    "Agreeing is your own act, so no file does it: take the line out, and say --yes with the command.";

/// What serde expects, in Rust's words and in plain ones.
const EXPECTED: [(&str, &str); 8] = [
    ("a nonzero usize", "a whole number above 0"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0"),
    ("u64", "a whole number from 0"),
    ("f64", "a number"),
    ("a boolean", "true or false"),
    ("a string", "a text in quotes"),
    ("path string", "a text in quotes"),
];

/// Of a text that is no TOML, or says what no setting can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// `line 2, column 13: extra `=``
    pub why: String,
    /// With the setting whose name is nearest to one that there is not.
    pub hint: String,
}

impl Unusable {
    pub(super) fn of(text: &str, error: &toml::de::Error) -> Self {
        let (what, hint) = match unknown(error.message()) {
            Some((name, known)) => (format!("there is no setting `{name}`"), meant(name, known)),
            None => (in_plain_words(error.message().trim()), MEND.to_owned()),
        };
        let place = error.span().map(|span| format!("{}: ", place(text, &span))).unwrap_or_default();
        Self { why: format!("{place}{what}"), hint }
    }
}

fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match wording::nearest(name, known) {
        _ if name == YES => AGREEING.to_owned(),
        Some(meant) => format!("Did you mean `{meant}`? `zipreel --help` names the settings."),
        None => MEND.to_owned(),
    }
}

/// `invalid type: string "x", expected u64`, but for Rust's name of the type. In one line.
fn in_plain_words(message: &str) -> String {
    let plain = EXPECTED.iter().find_map(|(type_name, words)| {
        let found = message.strip_suffix(type_name)?.strip_suffix(", expected ")?;
        Some(format!("{found}, expected {words}"))
    });
    plain.unwrap_or_else(|| message.to_owned()).replace('\n', ", ")
}

/// Counted from 1, columns in characters.
fn place(text: &str, span: &Range<usize>) -> String {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    format!("line {}, column {}", before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// The name that serde does not know, and those that it does: unknown field `a`, expected one of `b`, `c`.
fn unknown(message: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Two {
        #[expect(dead_code)]
        chunk_mib: Option<u8>,
        #[expect(dead_code)]
        title: Option<String>,
    }

    fn of(text: &str) -> Unusable {
        Unusable::of(text, &toml::from_str::<Two>(text).unwrap_err())
    }

    #[test]
    fn a_setting_that_there_is_not_is_named_with_the_nearest_that_there_is() {
        let typo = of("title = 'é'\nchunk_mibb = 3\n");
        assert_eq!(typo.why, "line 2, column 1: there is no setting `chunk_mibb`");
        assert_eq!(typo.hint, "Did you mean `chunk_mib`? `zipreel --help` names the settings.");
        assert_eq!(of("nothing_like_it = 1").hint, MEND);
        let yes = of("yes = true");
        assert!(yes.why.ends_with("there is no setting `yes`") && yes.hint.contains("say --yes"), "{yes:?}");
    }

    #[test]
    fn what_is_no_toml_is_said_in_one_line_with_its_place() {
        let extra = of("title = 'é' = 3\n");
        assert!(extra.why.starts_with("line 1, column 13: ") && !extra.why.contains(['\n', '|', '^']), "{extra:?}");
        let number = of("\n\nchunk_mib = 'a'");
        assert!(number.why.starts_with("line 3, column 13: invalid type: string \"a\""), "{number:?}");
        assert!(number.hint.starts_with("Mend or remove that file"));
    }
}
