//! Lines that can be trusted after a crash: `<crc32, 8 hex digits> <json>`, one a record. Knows nothing of files or of
//! what the records say.

use serde::{Serialize, de::DeserializeOwned};

use super::shown;

/// What stands behind the whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    None,
    /// Only the end is not whole, as after a crash.
    Tail,
    /// A bad record with good ones after it.
    Within,
}

/// One record with its checksum and the newline.
pub fn line(record: &impl Serialize) -> String {
    let json = shown::json(record).expect("records are plain data");
    format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
}

/// The records up to the first bad one, how many bytes they take, and what follows them.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> (Vec<T>, usize, Damage) {
    let mut records = Vec::new();
    let mut whole = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(record) = parse(line) else { break };
        records.push(record);
        whole += line.len();
    }
    let rest = &bytes[whole..];
    let good_after = rest.split_inclusive(|byte| *byte == b'\n').any(|line| parse::<T>(line).is_some());
    let damage = match (rest.is_empty(), good_after) {
        (true, _) => Damage::None,
        (false, false) => Damage::Tail,
        (false, true) => Damage::Within,
    };
    (records, whole, damage)
}

/// Every record that is whole, wherever it stands: each is true by itself.
pub fn good<T: DeserializeOwned>(bytes: &[u8]) -> Vec<T> {
    bytes.split_inclusive(|byte| *byte == b'\n').filter_map(parse).collect()
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (crc, json) = line.split_once(' ')?;
    let crc = (crc.len() == 8).then(|| u32::from_str_radix(crc, 16).ok()).flatten()?;
    (crc == crc32fast::hash(json.as_bytes())).then(|| serde_json::from_str(json).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (records, whole, damage) = read::<u32>(&bytes);
            prop_assert!(records.is_empty() && whole == 0);
            prop_assert_eq!(damage == Damage::None, bytes.is_empty());
        }

        #[test]
        fn a_cut_keeps_every_record_before_it(numbers in proptest::collection::vec(any::<u32>(), 1..20), cut: u16) {
            let lines: Vec<String> = numbers.iter().map(line).collect();
            let text = lines.concat();
            let cut = usize::from(cut) % text.len();
            let whole = text[..cut].matches('\n').count();
            let (records, bytes, damage) = read::<u32>(&text.as_bytes()[..cut]);
            prop_assert_eq!(&records[..], &numbers[..whole]);
            prop_assert_eq!(damage == Damage::None, bytes == cut);
            prop_assert!(damage != Damage::Within);
        }

        #[test]
        fn one_flipped_bit_costs_one_record(numbers in proptest::collection::vec(any::<u32>(), 2..20), at: u16) {
            let mut bytes: Vec<u8> = numbers.iter().map(line).collect::<String>().into_bytes();
            let at = usize::from(at) % bytes.len();
            bytes[at] ^= 1;
            // a flip within a newline joins two
            prop_assert!(good::<u32>(&bytes).len() + 2 >= numbers.len());
            prop_assert!(read::<u32>(&bytes).2 != Damage::None);
        }
    }
}
