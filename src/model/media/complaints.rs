//! What ffmpeg says of a file that it reads to the end: packets and frames that are not as they were made. Only words
//! that mean nothing else count, and only for a warning.

use std::time::Duration;

use super::{
    damage::{Damage, Places},
    decide::MediaPlan,
};

/// Hears a run's log, line by line.
#[derive(Debug, Default)]
pub struct Complaints {
    corrupt: Places,
}

/// At the beginning of a message of its own: a frame or packet was dropped, or is given on as it is.
const DAMAGED: [&str; 8] = [
    "Error while decoding stream #",
    "Error submitting packet to decoder",
    "Error submitting a packet to the",
    "corrupt decoded frame",
    "Error applying bitstream filters to",
    "Invalid NAL unit size",
    "Packet mismatch",
    "File ended prematurely",
];

impl Complaints {
    /// A line, heard when the output reached so far.
    pub fn hear(&mut self, line: &str, plan: &MediaPlan, reached: Duration) {
        // its packets are counted where its bytes are read, which tells the one lost from the one that only ends
        if plan.container == "mpegts" {
            return;
        }
        let message =
            line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(line, |(_, message)| message);
        if let Some(packet) = message.strip_prefix("Packet corrupt (stream = ") {
            match place(packet, plan) {
                Some(at) => self.corrupt.add(at, at),
                None => self.corrupt.add_somewhere(),
            }
        } else if DAMAGED.iter().any(|words| message.starts_with(words)) {
            // encoding goes slowly enough for the place to be about right
            match plan.is_deterministic() {
                true => self.corrupt.add_somewhere(),
                false => self.corrupt.add(reached, reached),
            }
        }
    }

    /// What it came to; the end of a file that is cut off is no damage of its own.
    pub fn damage(&self, plan: &MediaPlan) -> Damage {
        if plan.damage.cut_off.is_some() || plan.damage.torn {
            return Damage::default();
        }
        Damage { corrupt: self.corrupt.clone(), ..Damage::default() }
    }
}

/// `1, dts = 334848).` of a stream that is published.
fn place(packet: &str, plan: &MediaPlan) -> Option<Duration> {
    let (index, rest) = packet.split_once(", dts = ")?;
    let (index, ticks) = (index.parse::<u32>().ok()?, rest.split(')').next()?.parse::<i64>().ok()?);
    let clock = plan.streams().find(|stream| stream.index == index)?.clock?;
    let ticks = ticks.checked_sub(clock.start)?.max(0);
    Duration::try_from_secs_f64(ticks as f64 * clock.tick.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::{
        decide::decide,
        facts::{Transcode, Transcode::Auto},
        ffprobe,
    };

    fn plan(container: &str, codec: &str, transcode: Transcode) -> MediaPlan {
        let json = format!(
            r#"{{"format": {{"format_name": "{container}"}}, "streams": [{{"index": 0, "codec_type": "video",
            "codec_name": "{codec}", "pix_fmt": "yuv420p", "width": 64, "height": 64, "time_base": "1/1000",
            "start_pts": 500000}}]}}"#
        );
        decide(&ffprobe::media(&json, 1).unwrap(), transcode).unwrap()
    }

    fn heard(plan: &MediaPlan, lines: &[&str]) -> Vec<String> {
        let mut complaints = Complaints::default();
        lines.iter().for_each(|line| complaints.hear(line, plan, Duration::from_secs(70)));
        complaints.damage(plan).sentences()
    }

    #[test]
    fn packets_are_placed_by_their_own_times() {
        let plan = plan("flv", "h264", Auto);
        let lines = [
            "[flv @ 0x55d0] Packet corrupt (stream = 0, dts = 507200).",
            "[flv @ 0x55d0] Packet corrupt (stream = 0, dts = 507240), dropping it.",
            "[mp4 @ 0x55d0] Non-monotonous DTS in output stream 0:0",
        ];
        assert_eq!(heard(&plan, &lines), ["frames of the file are damaged at 7.2 s"]);
        let of_another = "[flv @ 0x55d0] Packet corrupt (stream = 3, dts = 1)";
        assert_eq!(heard(&plan, &[of_another]), ["frames of the file are damaged at 1 place"]);
    }

    #[test]
    fn frames_are_placed_by_how_far_the_encoder_was() {
        let error = "Error while decoding stream #0:0: Invalid data found when processing input";
        assert_eq!(heard(&plan("flv", "vp6f", Auto), &[error]), ["frames of the file are damaged at 1:10"]);
        assert_eq!(heard(&plan("flv", "vp6f", Auto), &["[in @ 0x1] /Error while decoding stream #0:0"]), [""; 0]);
    }

    #[test]
    fn what_its_bytes_tell_is_not_told_by_its_log() {
        let line = "[mpegts @ 0x55d0] Packet corrupt (stream = 0, dts = 507200).";
        assert_eq!(heard(&plan("mpegts", "h264", Auto), &[line]), [""; 0]);
    }
}
