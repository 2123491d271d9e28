//! The libraries that page and player take from others: by address and hash in their script, and by name behind a CDN,
//! where the gate has them too. Knows no library and fetches none.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::watch_page::between;
use crate::model::hex::hex;

/// Variable of the gate: base URL where libraries are fetched instead of the host that the page names.
pub const LIBRARIES_URL: &str = "ZIPREEL_LIBRARIES_URL";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Library {
    /// Where it is published.
    pub address: &'static str,
    /// SHA-384 of its text, in base64.
    pub sha384: &'static str,
}

impl Library {
    /// What the gate calls it: `library-<first eight hexadecimal digits of its hash>.js`.
    pub fn name(&self) -> String {
        let hash = STANDARD.decode(self.sha384).unwrap_or_default();
        format!("library-{}.js", hex(hash.get(..4).unwrap_or_default()))
    }
}

/// Those of the page's script, in its order.
pub fn libraries() -> &'static [Library] {
    static ALL: LazyLock<Vec<Library>> = LazyLock::new(|| of_script(between("<script>", "</script>")));
    &ALL
}

/// Of each `const <NAME>_JS = '<address>';` that is followed by `const <NAME>_JS_INTEGRITY = 'sha384-<hash>';`.
fn of_script(script: &'static str) -> Vec<Library> {
    let constants: Vec<_> = script.split("const ").skip(1).collect();
    constants.windows(2).filter_map(|pair| library(pair[0], pair[1])).collect()
}

fn library(first: &'static str, second: &'static str) -> Option<Library> {
    let (name, address) = first.trim_end().strip_suffix("';")?.split_once("_JS = '")?;
    let (sha384, _) = second.strip_prefix(name)?.strip_prefix("_JS_INTEGRITY = 'sha384-")?.split_once("';")?;
    let is_named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_address = address.starts_with("https:") && !address.contains([' ', ';', ',', '\'']);
    let is_hash = STANDARD.decode(sha384).is_ok_and(|bytes| bytes.len() == 48);
    (is_named && is_address && is_hash).then_some(Library { address, sha384 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_of_the_page_are_named_by_their_hashes() {
        let all = libraries();
        let hls_js = all.iter().find(|library| library.address.contains("/hls.js@1.")).expect("hls.js is one of them");
        assert!(hls_js.address.ends_with("/dist/hls.min.js"), "{hls_js:?}");
        let names: Vec<_> = all.iter().map(Library::name).collect();
        assert_eq!(names.len(), 3, "{all:?}");
        assert!(names.iter().all(|name| name.len() == "library-01234567.js".len()), "{names:?}");
    }

    #[test]
    fn only_an_address_with_its_hash_names_a_library() {
        const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let script = |first: &str, second: &str| -> &'static str {
            format!("{{}} const {first}';\nconst {second}';\nconst x = 1;").leak()
        };
        let integrity = format!("A_JS_INTEGRITY = 'sha384-{HASH}");
        let found = of_script(script("A_JS = 'https://a.example/a.js", &integrity));
        assert_eq!(found, [Library { address: "https://a.example/a.js", sha384: HASH }]);
        assert_eq!(found[0].name(), "library-00000000.js");
        for (first, second) in [
            ("A_JS = 'http://a.example/a.js", integrity.as_str()),
            ("A_JS = 'https://a.example/a.js; x", &integrity),
            ("B_JS = 'https://a.example/a.js", &integrity),
            ("a_JS = 'https://a.example/a.js", &integrity),
            ("A_JS = 'https://a.example/a.js", "A_JS_INTEGRITY = 'sha384-AAAA"),
            ("A_JS = 'https://a.example/a.js", "A_JS_INTEGRITY = 'x"),
        ] {
            assert_eq!(of_script(script(first, second)), [], "{first} {second}");
        }
    }
}
