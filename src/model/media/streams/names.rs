//! Names of tracks as players list them: what may stand in a playlist, and no two alike.

/// Characters of a name in a menu.
const MAX: usize = 80;

/// What may stand in a quoted string of a playlist, which knows no escapes.
pub fn quotable(text: &str) -> String {
    let clean = text.chars().map(|c| if c == '"' { '\'' } else { c }).filter(|c| !c.is_control());
    clean.take(MAX).collect::<String>().trim().to_owned()
}

/// The name, with the first number behind it that makes it another than all of `taken`, if it is one of them.
pub fn apart(name: String, taken: &[String]) -> String {
    let numbered = (2..).map(|number| format!("{name} {number}"));
    let free = [name.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name));
    free.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_text_and_like_no_other() {
        assert_eq!(quotable(" The \"film\"\n\u{7}"), "The 'film'");
        assert_eq!(quotable(&"x".repeat(100)).len(), MAX);
        let taken = ["English".to_owned(), "English 2".to_owned()];
        assert_eq!(apart("English".to_owned(), &taken), "English 3");
        assert_eq!(apart("Deutsch".to_owned(), &taken), "Deutsch");
    }
}
