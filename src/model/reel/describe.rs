//! The Description of a reel's functions: what `ListFunctions` alone tells of them, since lists carry no tags. A
//! function is ours only when its name and its description agree.

use std::time::Duration;

use super::name::{ChunkNumber, FunctionName, Generation, ReelName};

/// What an index function says of its reel without being opened.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexDescription {
    pub reel: ReelName,
    pub generation: Generation,
    pub chunks: u32,
    pub bytes: u64,
    pub duration: Duration,
    /// First 8 letters of the code's `CodeSha256`; another code means that the description is stale.
    pub code: String,
}

impl IndexDescription {
    pub fn text(&self) -> String {
        let Self { reel, generation, chunks, bytes, duration, code } = self;
        let seconds = duration.as_secs();
        format!("zipreel index {reel} {generation} {chunks} chunks {bytes} bytes {seconds} s code {code}")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.strip_prefix("zipreel index ")?.split(' ');
        let description = Self {
            reel: words.next()?.parse().ok()?,
            generation: words.next()?.parse().ok()?,
            chunks: number(&mut words, "chunks")?,
            bytes: number(&mut words, "bytes")?,
            duration: Duration::from_secs(number(&mut words, "s")?),
            code: {
                words.next().filter(|word| *word == "code")?;
                words.next()?.to_owned()
            },
        };
        words.next().is_none().then_some(description)
    }

    /// True if this describes code with that `CodeSha256`.
    pub fn matches(&self, code_sha256: &str) -> bool {
        code_sha256.starts_with(&self.code) && self.code.len() == CODE_LETTERS
    }
}

/// What the marker of a reel's lease says of who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseDescription {
    pub reel: ReelName,
    /// Of this holding alone: tells a marker whose making was not answered from another's.
    pub token: String,
    /// Of the machine: what it left behind is its own to take.
    pub machine: String,
    /// The name of what is done: `publish`, `gc`.
    pub purpose: String,
    /// Who signed in there, as `user/alice`.
    pub by: Option<String>,
}

impl LeaseDescription {
    pub fn text(&self) -> String {
        let Self { reel, token, machine, purpose, by } = self;
        // AWS takes 256 characters
        let by: String = by.iter().flat_map(|by| by.chars()).filter(|c| !c.is_whitespace()).take(120).collect();
        format!("zipreel lease {reel} {token} {machine} {purpose} {by}").trim_end().to_owned()
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.strip_prefix("zipreel lease ")?.split(' ');
        let mut next = || words.next().map(str::to_owned);
        let description =
            Self { reel: next()?.parse().ok()?, token: next()?, machine: next()?, purpose: next()?, by: next() };
        words.next().is_none().then_some(description)
    }
}

/// A number followed by its unit.
fn number<'a, T: std::str::FromStr>(words: &mut impl Iterator<Item = &'a str>, unit: &str) -> Option<T> {
    let value = words.next()?.parse().ok()?;
    words.next().filter(|word| *word == unit)?;
    Some(value)
}

const CODE_LETTERS: usize = 8;

/// The part of a `CodeSha256` that a description carries.
pub fn code_prefix(code_sha256: &str) -> String {
    code_sha256.chars().take(CODE_LETTERS).collect()
}

/// The Description of a chunk function.
pub fn chunk(name: &FunctionName) -> String {
    match name {
        FunctionName::Chunk { reel, generation, rendition, number } => {
            format!("zipreel chunk {reel} {generation} {rendition} {number}")
        }
        FunctionName::Index { reel } => format!("zipreel index {reel}"),
    }
}

/// The name if name and description both say that the function belongs to a reel.
pub fn ours(name: &str, description: &str) -> Option<FunctionName> {
    let parsed = FunctionName::parse(name)?;
    let agrees = match &parsed {
        FunctionName::Chunk { .. } => description == chunk(&parsed),
        FunctionName::Index { reel } => IndexDescription::parse(description).is_some_and(|index| index.reel == *reel),
    };
    agrees.then_some(parsed)
}

/// Tags: the same facts, for people and billing reports.
pub fn tags(name: &FunctionName) -> Vec<(&'static str, String)> {
    let reel = ("zipreel:reel", name.reel().to_string());
    match name {
        FunctionName::Index { .. } => vec![reel],
        FunctionName::Chunk { generation, rendition, number, .. } => vec![
            reel,
            ("zipreel:generation", generation.to_string()),
            ("zipreel:rendition", rendition.to_string()),
            ("zipreel:chunk", ChunkNumber::to_string(number)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_says_who_has_it() {
        let by = Some("assumed-role/Admin/alice".to_owned());
        let lease = LeaseDescription {
            reel: "harbour".parse().unwrap(),
            token: "0123456789abcdef".into(),
            machine: "fedcba9876543210".into(),
            purpose: "publish".into(),
            by,
        };
        assert_eq!(LeaseDescription::parse(&lease.text()), Some(lease.clone()));
        let nameless = LeaseDescription { by: None, ..lease };
        assert_eq!(LeaseDescription::parse(&nameless.text()), Some(nameless));
        assert_eq!(LeaseDescription::parse("zipreel index harbour"), None);
    }

    fn index() -> IndexDescription {
        IndexDescription {
            reel: "harbour-night".parse().unwrap(),
            generation: "4f2a91c0".parse().unwrap(),
            chunks: 34,
            bytes: 1_288_490_188,
            duration: Duration::from_secs(642),
            code: code_prefix("q83vASNFZ4k="),
        }
    }

    #[test]
    fn descriptions_read_as_written() {
        let text = index().text();
        assert_eq!(text, "zipreel index harbour-night 4f2a91c0 34 chunks 1288490188 bytes 642 s code q83vASNF");
        assert_eq!(IndexDescription::parse(&text), Some(index()));
        assert!(index().matches("q83vASNFZ4k="));
        assert!(!index().matches("q83vASNxxxx"));
        for broken in ["", "zipreel index", &format!("{text} more"), &text.replace("chunks", "parts")] {
            assert_eq!(IndexDescription::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_function_is_ours_only_when_name_and_description_agree() {
        let name = "zipreel-a-4f2a91c0-src-0001";
        assert!(ours(name, "zipreel chunk a 4f2a91c0 src 0001").is_some());
        assert!(ours(name, "zipreel chunk b 4f2a91c0 src 0001").is_none());
        assert!(ours(name, "").is_none());
        assert!(ours("zipreel-harbour-night-index", &index().text()).is_some());
        assert!(ours("zipreel-other-index", &index().text()).is_none());
    }

    #[test]
    fn the_longest_description_fits_lambda() {
        let mut longest = index();
        longest.reel = "a".repeat(32).parse().unwrap();
        (longest.bytes, longest.chunks, longest.duration) = (u64::MAX, u32::MAX, Duration::from_secs(u64::MAX));
        assert!(longest.text().len() <= 256);
    }
}
