//! What a title may be: one rule for the command line, the config file and the wizard.

use super::name::ReelName;

/// What is said of a text that is no title.
pub const NO_TITLE: &str = "a title needs at least one letter, digit or sign";

/// Nothing of it could be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", NO_TITLE)]
pub struct BlankTitle;

/// The title without the space around it.
pub fn title(text: &str) -> Result<String, BlankTitle> {
    let text = text.trim();
    if text.chars().all(is_unseen) { Err(BlankTitle) } else { Ok(text.to_owned()) }
}

/// Of a file without its ending, whose name may be nothing but spaces.
pub fn title_of_file(stem: &str, reel: &ReelName) -> String {
    title(stem).unwrap_or_else(|BlankTitle| reel.to_string())
}

fn is_unseen(character: char) -> bool {
    let has_no_width = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    has_no_width || character.is_whitespace() || character.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_can_be_seen() {
        for blank in ["", "   ", "\t\n", "\u{a0}\u{3000}", "\u{200b} \u{feff}", "\u{1b}"] {
            assert_eq!(title(blank), Err(BlankTitle), "{blank:?}");
        }
        assert_eq!(title(" Harbour by night "), Ok("Harbour by night".to_owned()));
        assert_eq!([title("夜"), title("?")], [Ok("夜".to_owned()), Ok("?".to_owned())]);
    }

    #[test]
    fn a_file_without_a_name_to_see_is_called_after_its_reel() {
        let reel = "night".parse().unwrap();
        assert_eq!([title_of_file("Harbour", &reel), title_of_file("  ", &reel)], ["Harbour", "night"]);
    }
}
