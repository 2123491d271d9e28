//! What is inside a segment, by its own bytes: parameter sets, forms of sound, and whether it decodes without others.

use std::{collections::BTreeSet, path::Path, process::Stdio};

use tokio::process::Command;

use super::judge::complaints;

/// Types of NAL units (ITU-T H.264, table 7-1).
const SLICE: u8 = 1;
const IDR_SLICE: u8 = 5;
const SEQUENCE_PARAMETER_SET: u8 = 7;
const PICTURE_PARAMETER_SET: u8 = 8;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Inside {
    /// Each sequence parameter set that differs from all others.
    sets: BTreeSet<Vec<u8>>,
    /// Profile, rate and channels of sound, as ADTS headers have them.
    forms: BTreeSet<[u8; 3]>,
    /// Frames of sound.
    pub(super) sounds: usize,
    /// Types of the units up to the first slice, with that.
    begins: Vec<u8>,
    /// What ffmpeg says when it decodes the segment alone.
    errors: BTreeSet<String>,
}

impl Inside {
    pub(super) async fn of(segment: &Path) -> Self {
        let bytes = std::fs::read(segment).unwrap();
        let [video, sound] = [0xe0, 0xc0].map(|id| elementary(&bytes, id));
        let units = units(&video);
        let kinds: Vec<u8> = units.iter().map(|unit| unit[0] & 0x1f).collect();
        let first = kinds.iter().position(|kind| (SLICE..=IDR_SLICE).contains(kind));
        let sets = units.iter().filter(|unit| unit[0] & 0x1f == SEQUENCE_PARAMETER_SET);
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-hide_banner", "-v", "error", "-i"]).arg(segment);
        command.args(["-vsync", "passthrough", "-f", "framemd5", "-"]);
        let output = command.stdin(Stdio::null()).output().await.unwrap();
        Self {
            sets: sets.map(|unit| unit.to_vec()).collect(),
            sounds: forms(&sound).count(),
            forms: forms(&sound).collect(),
            begins: kinds[..first.map_or(0, |first| first + 1)].to_vec(),
            errors: complaints(&output.stderr),
        }
    }

    /// Whether the segment stands for itself; `independent`: the playlist says that it begins with an IDR picture.
    pub(super) fn is_one(&self, independent: bool, source_errors: &BTreeSet<String>) -> Result<(), String> {
        let Self { sets, forms, begins, errors, .. } = self;
        if sets.len() > 1 || forms.len() > 1 {
            return Err(format!(
                "holds {} sequence parameter sets and sound of {} forms: {forms:?}",
                sets.len(),
                forms.len()
            ));
        }
        if let Some(slice) = begins.last() {
            let has = |kind: u8| begins.contains(&kind);
            if !has(SEQUENCE_PARAMETER_SET) || !has(PICTURE_PARAMETER_SET) || independent && *slice != IDR_SLICE {
                return Err(format!("begins with units of the types {begins:?}"));
            }
        }
        // of what is damaged, each part is so in its own way
        match errors.first().filter(|_| source_errors.is_empty()) {
            Some(error) => Err(format!("does not decode alone: {error}")),
            None => Ok(()),
        }
    }

    /// Whether a player can go on to `next` without a discontinuity.
    pub(super) fn goes_on(&self, next: &Self) -> bool {
        let silent = self.forms.is_empty() || next.forms.is_empty();
        self.sets == next.sets && (silent || self.forms == next.forms)
    }
}

/// What PES packets of this stream id hold, one after the other.
fn elementary(segment: &[u8], id: u8) -> Vec<u8> {
    let (mut content, mut of) = (Vec::new(), None);
    for packet in segment.chunks_exact(188) {
        let pid = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
        let field = if packet[3] & 0x20 != 0 { 1 + usize::from(packet[4]) } else { 0 };
        let payload = packet.get(4 + field..).filter(|_| packet[3] & 0x10 != 0).unwrap_or_default();
        let begins = packet[1] & 0x40 != 0 && payload.starts_with(&[0, 0, 1, id]);
        if begins {
            of = Some(pid);
            content.extend_from_slice(&payload[9 + usize::from(payload[8])..]);
        } else if of == Some(pid) {
            content.extend_from_slice(payload);
        }
    }
    content
}

/// Between start codes, without the zeros that may stand before the next.
fn units(bytes: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = (3..bytes.len()).filter(|at| bytes[at - 3..*at] == [0, 0, 1]).collect();
    let ends = starts.iter().skip(1).map(|next| next - 3).chain([bytes.len()]);
    let units = starts.iter().zip(ends).map(|(start, end)| {
        let unit = &bytes[*start..end];
        &unit[..unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)]
    });
    units.filter(|unit| !unit.is_empty()).collect()
}

/// Of each frame of sound in ADTS form.
fn forms(mut bytes: &[u8]) -> impl Iterator<Item = [u8; 3]> {
    std::iter::from_fn(move || {
        let &[0xff, sync, kind, more, high, low, ..] = bytes else { return None };
        let length = usize::from(more & 3) << 11 | usize::from(high) << 3 | usize::from(low >> 5);
        bytes = bytes.get(length..).filter(|_| sync & 0xf6 == 0xf0 && length >= 7)?;
        Some([kind >> 6, kind >> 2 & 0x0f, (kind & 1) << 2 | more >> 6])
    })
}
