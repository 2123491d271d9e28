//! What XML's references stand for: those that it has by itself, and characters by their number (XML 1.0, 4.1 and 4.6).

/// `lt`, `#60` and `#x3c` are `<`: what stands between `&` and `;`. A file's own entities are none of these.
pub fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_stand_for_characters() {
        let told = ["lt", "#38", "#x33", "#xd800", "#", "unknown", ""].map(character);
        assert_eq!(told, [Some('<'), Some('&'), Some('3'), None, None, None, None]);
    }
}
