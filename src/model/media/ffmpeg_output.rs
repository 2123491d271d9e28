//! What ffmpeg says while it splits: its one-entry playlist on standard output, its progress and its complaints
//! on standard error. Line by line, bounded whatever comes.

/// Longest line kept; the rest of a longer one is dropped.
const LINE_MAX: usize = 4096;

/// Bytes from a pipe, cut into lines at `\n` or `\r`.
#[derive(Debug, Default)]
pub struct Lines {
    part: Vec<u8>,
}

impl Lines {
    /// Gives `take` every line that `bytes` completes, without its end; empty lines are left out.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let ended = matches!(piece.last(), Some(b'\n' | b'\r'));
            let text = &piece[..piece.len() - usize::from(ended)];
            let room = LINE_MAX - self.part.len();
            self.part.extend_from_slice(&text[..text.len().min(room)]);
            if ended {
                self.end(&mut take);
            }
        }
    }

    /// Gives `take` what came after the last line's end.
    pub fn end(&mut self, mut take: impl FnMut(&str)) {
        if !self.part.is_empty() {
            take(&String::from_utf8_lossy(&self.part));
            self.part.clear();
        }
    }
}

/// A file that ffmpeg has closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub name: String,
    pub duration_us: u64,
}

/// Reads the playlists that `-hls_list_size 1` writes one after another: each names the newest file.
#[derive(Debug, Default)]
pub struct Announcements {
    duration_us: Option<u64>,
    newest: Option<String>,
}

impl Announcements {
    pub fn line(&mut self, line: &str) -> Option<Piece> {
        if let Some(rest) = line.strip_prefix("#EXTINF:") {
            self.duration_us = microseconds(rest.split(',').next().unwrap_or_default());
            return None;
        }
        if line.starts_with('#') || line.is_empty() {
            return None;
        }
        let duration_us = self.duration_us.take()?;
        // the last playlist may name a file that has been announced before
        if self.newest.as_deref() == Some(line) {
            return None;
        }
        self.newest = Some(line.to_owned());
        Some(Piece { name: line.to_owned(), duration_us })
    }
}

/// `6.006000` in microseconds, exactly; digits beyond the sixth are cut off.
fn microseconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(digits.parse().ok()?)
}

/// A line of ffmpeg's standard error, where `-progress pipe:2` mixes with the log.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// How far the output reaches.
    Time {
        microseconds: u64,
    },
    /// Another line of a progress report.
    Progress,
    Log(&'a str),
}

/// Keys of `-progress`, ffmpeg 4.4 to 8; `stream_0_0_q` and its like come on top.
const KEYS: [&str; 12] = [
    "frame",
    "fps",
    "bitrate",
    "total_size",
    "out_time_us",
    "out_time_ms",
    "out_time",
    "dup_frames",
    "drop_frames",
    "speed",
    "progress",
    "elapsed",
];

pub fn said(line: &str) -> Said<'_> {
    match line.split_once('=') {
        Some(("out_time_us", value)) => match value.trim().parse() {
            Ok(microseconds) => Said::Time { microseconds },
            // `N/A`, or negative before the first frame
            Err(_) => Said::Progress,
        },
        Some((key, _)) if KEYS.contains(&key) || key.starts_with("stream_") => Said::Progress,
        _ => Said::Log(line),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn announced(text: &str) -> Vec<Piece> {
        let (mut lines, mut announcements, mut pieces) = (Lines::default(), Announcements::default(), Vec::new());
        lines.push(text.as_bytes(), |line| pieces.extend(announcements.line(line)));
        pieces
    }

    #[test]
    fn each_playlist_announces_its_file_once() {
        let head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n";
        let text = format!(
            "{head}#EXTINF:6.006000,\np0.ts\n{head}#EXTINF:0.1,\np1.ts\n{head}#EXTINF:0.1,\np1.ts\n#EXT-X-ENDLIST\n"
        );
        let piece = |name: &str, duration_us| Piece { name: name.to_owned(), duration_us };
        assert_eq!(announced(&text), [piece("p0.ts", 6_006_000), piece("p1.ts", 100_000)]);
    }

    #[test]
    fn a_name_without_a_duration_is_no_announcement() {
        assert_eq!(announced("p0.ts\n#EXTINF:nan,\np1.ts\n#EXTINF:-1.0,\np2.ts\n"), []);
        assert_eq!(announced("#EXTINF:99999999999999999999.0,\np3.ts\n"), []);
    }

    #[test]
    fn progress_and_complaints_are_told_apart() {
        assert_eq!(said("out_time_us=1500000"), Said::Time { microseconds: 1_500_000 });
        assert_eq!(said("out_time_us=N/A"), Said::Progress);
        assert_eq!(said("out_time_us=-21333"), Said::Progress);
        assert_eq!(said("stream_0_0_q=-1.0"), Said::Progress);
        let complaint = "[hls @ 0x5581] Non-monotonous DTS; previous: 3, current: 2=";
        assert_eq!(said(complaint), Said::Log(complaint));
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_where_the_pipe_cuts(text in "[a-c\r\n]{0,60}", cut in 0usize..60) {
            let all = |parts: &[&[u8]]| {
                let (mut lines, mut found) = (Lines::default(), Vec::new());
                for part in parts {
                    lines.push(part, |line| found.push(line.to_owned()));
                }
                lines.end(|line| found.push(line.to_owned()));
                found
            };
            let (left, right) = text.as_bytes().split_at(cut.min(text.len()));
            prop_assert_eq!(all(&[text.as_bytes()]), all(&[left, right]));
        }

        #[test]
        fn no_bytes_make_a_line_longer_than_the_bound(bytes in prop::collection::vec(any::<u8>(), 0..9000)) {
            let mut lines = Lines::default();
            lines.push(&bytes, |line| assert!(line.chars().count() <= LINE_MAX));
            lines.push(&vec![b'x'; 9000], |line| assert!(line.chars().count() <= LINE_MAX));
            assert!(lines.part.len() <= LINE_MAX);
        }

        #[test]
        fn every_duration_of_ffmpeg_is_read_exactly(whole in 0u64..1_000_000, fraction in 0u64..1_000_000) {
            let text = format!("{whole}.{fraction:06}");
            prop_assert_eq!(microseconds(&text), Some(whole * 1_000_000 + fraction));
        }
    }
}
