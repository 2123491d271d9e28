//! AAC frames in their ADTS form (ISO/IEC 13818-7, 6.2), as MPEG-TS carries them.

/// Of a frame, at the rate that its header states.
pub const SAMPLES: i64 = 1024;
const HEADER: usize = 7;
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// What a decoder is set up by: another needs another set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub profile: u8,
    /// Samples a second.
    pub rate: u32,
    /// channel_configuration: 7 stands for 8 channels, 0 for a layout that the frames state.
    pub channels: u8,
}

impl Format {
    /// So many samples in ticks of 90 kHz.
    pub fn ticks(self, samples: i64) -> i64 {
        samples * 90_000 / i64::from(self.rate)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    pub format: Format,
    /// With the header.
    pub bytes: &'a [u8],
}

/// Frames that follow one another from the first byte on, up to what is none.
pub fn frames(mut bytes: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    std::iter::from_fn(move || {
        let frame = frame(bytes)?;
        bytes = &bytes[frame.bytes.len()..];
        Some(frame)
    })
}

fn frame(bytes: &[u8]) -> Option<Frame<'_>> {
    let &[0xff, sync, kind, more, length, rest, ..] = bytes else { return None };
    // layer is always 0
    if sync & 0xf6 != 0xf0 {
        return None;
    }
    let rate = *RATES.get(usize::from(kind >> 2 & 0x0f))?;
    let format = Format { profile: kind >> 6, rate, channels: (kind & 1) << 2 | more >> 6 };
    let length = usize::from(more & 3) << 11 | usize::from(length) << 3 | usize::from(rest >> 5);
    let bytes = bytes.get(..length).filter(|_| length >= HEADER)?;
    Some(Frame { format, bytes })
}
