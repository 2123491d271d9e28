//! What a person asks about how loud the sound is, and how ffmpeg is told to bring it to what players of streams expect.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::model::report::loudness::{Loudness, USUAL};

/// LUFS.
pub const TARGET: f64 = USUAL;
/// dBTP: what encoders add to peaks stays below full scale.
const PEAK: f64 = -1.5;
/// LU; a wider range is left as it is, as far as ffmpeg knows one.
const RANGE: f64 = 11.0;
const RANGE_MAX: f64 = 20.0;

/// What is known of how loud the sound is, and done about it. Written as `true`, or as `normalize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum WantedLoudness {
    #[default]
    Nothing,
    /// It is said.
    Measured,
    /// Every track that is published is brought to the same loudness, which re-encodes it.
    Normalized,
}

/// Versions before the word wrote whether it is measured.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Measured(bool),
    Word(Word),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Measure,
    Normalize,
}

impl From<Written> for WantedLoudness {
    fn from(written: Written) -> Self {
        match written {
            Written::Measured(false) => Self::Nothing,
            Written::Measured(true) | Written::Word(Word::Measure) => Self::Measured,
            Written::Word(Word::Normalize) => Self::Normalized,
        }
    }
}

impl From<WantedLoudness> for Written {
    fn from(wanted: WantedLoudness) -> Self {
        match wanted {
            WantedLoudness::Nothing => Self::Measured(false),
            WantedLoudness::Measured => Self::Measured(true),
            WantedLoudness::Normalized => Self::Word(Word::Normalize),
        }
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `measure` nor `normalize`")]
pub struct NoLoudness(String);

impl FromStr for WantedLoudness {
    type Err = NoLoudness;

    fn from_str(text: &str) -> Result<Self, NoLoudness> {
        match text {
            "false" => Ok(Self::Nothing),
            "true" | "measure" => Ok(Self::Measured),
            "normalize" => Ok(Self::Normalized),
            _ => Err(NoLoudness(text.to_owned())),
        }
    }
}

impl fmt::Display for WantedLoudness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "false",
            Self::Measured => "measure",
            Self::Normalized => "normalize",
        })
    }
}

impl WantedLoudness {
    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    pub fn is_normalized(self) -> bool {
        self == Self::Normalized
    }

    /// What of it decides about the chunks.
    pub(super) fn of_chunks(self) -> Self {
        if self.is_normalized() { self } else { Self::Nothing }
    }
}

/// What encoders of sound get, and what is measured for that: gaps and a late start are filled with silence, since
/// encoders take samples, not times, and would shift.
pub const FILLED: &str = "aresample=async=1:first_pts=0";

/// The same in the channels that are encoded: fewer of them are less loud.
pub fn encoded() -> String {
    format!("{FILLED},aformat=sample_rates=48000:channel_layouts=stereo")
}

/// The peak of what can be brought to a loudness; silence, and what is hardly more, stays as it is.
pub fn audible(measured: &Loudness) -> Option<f64> {
    measured.true_peak.filter(|_| measured.integrated > -70.0)
}

/// With what was measured of it: ffmpeg then changes the volume alone, unless peaks would be cut. Without, for what is
/// told apart by its treatment. Silence stays as it is.
pub fn normalized(measured: Option<&Loudness>) -> String {
    let target = format!("loudnorm=I={TARGET}:TP={PEAK}");
    let Some(measured) = measured else { return format!("{},{target}:LRA={RANGE}", encoded()) };
    let Loudness { integrated, range, threshold, .. } = *measured;
    let Some(peak) = audible(measured) else { return encoded() };
    format!(
        "{},{target}:LRA={:.1}:measured_I={:.1}:measured_LRA={:.1}:measured_TP={:.1}:measured_thresh={:.1}:linear=true",
        encoded(),
        range.clamp(RANGE, RANGE_MAX),
        integrated.min(0.0),
        // at 0 ffmpeg takes it for unknown
        range.clamp(0.1, 99.0),
        peak.clamp(-99.0, 98.9),
        threshold.clamp(-99.0, 0.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_there_was_a_word_is_read_and_written() {
        let read = |text: &str| serde_json::from_str::<WantedLoudness>(text);
        for (text, wanted) in [
            ("false", WantedLoudness::Nothing),
            ("true", WantedLoudness::Measured),
            (r#""normalize""#, WantedLoudness::Normalized),
        ] {
            assert_eq!(read(text).unwrap(), wanted);
            assert_eq!(serde_json::to_string(&wanted).unwrap(), text);
        }
        assert_eq!(read(r#""measure""#).unwrap(), WantedLoudness::Measured);
        assert!(read(r#""loud""#).is_err() && "loud".parse::<WantedLoudness>().is_err());
        for wanted in [WantedLoudness::Nothing, WantedLoudness::Measured, WantedLoudness::Normalized] {
            assert_eq!(wanted.to_string().parse(), Ok(wanted));
        }
    }

    #[test]
    fn ffmpeg_changes_the_volume_by_what_was_measured() {
        let measured = |range, true_peak| Loudness { range, true_peak, ..Loudness::of(-27.8, -37.8) };
        assert_eq!(
            normalized(Some(&measured(0.0, Some(-26.1)))),
            "aresample=async=1:first_pts=0,aformat=sample_rates=48000:channel_layouts=stereo,\
             loudnorm=I=-16:TP=-1.5:LRA=11.0:measured_I=-27.8:measured_LRA=0.1:measured_TP=-26.1:measured_thresh=-37.8:\
             linear=true"
        );
        assert!(normalized(Some(&measured(15.5, Some(-1.0)))).contains(":LRA=15.5:"), "the range stays");
        assert!(normalized(None).ends_with("loudnorm=I=-16:TP=-1.5:LRA=11"));
        assert_eq!(normalized(Some(&measured(0.0, None))), encoded(), "silence");
        let noise = Loudness { true_peak: Some(-80.0), ..Loudness::of(-70.0, -80.0) };
        assert_eq!((normalized(Some(&noise)), audible(&noise)), (encoded(), None), "hardly more than that");
    }
}
