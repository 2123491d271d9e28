//! How loud sound is, by EBU R 128, as ffmpeg's `ebur128` sums it up.

use std::fmt;

/// LUFS: what Apple asks of podcasts and most streaming services bring music to within two; EBU R 128 itself has -23, for
/// broadcasts.
pub const USUAL: f64 = -16.0;
const WITHIN: f64 = 2.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loudness {
    /// Over the whole, LUFS.
    pub integrated: f64,
    /// Between what is quiet and what is loud, LU.
    pub range: f64,
    /// What is less loud is not counted, LUFS.
    pub threshold: f64,
    /// dBTP; `None` for silence.
    pub true_peak: Option<f64>,
    /// LUFS: it was so loud before, and was brought to this.
    pub normalized_to: Option<f64>,
}

impl Loudness {
    /// The last summary in what ffmpeg said.
    pub fn read(said: &str) -> Option<Self> {
        let (_, summary) = said.rsplit_once("Integrated loudness:")?;
        let value = |name: &str| {
            let line = summary.lines().find_map(|line| line.trim().strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        let true_peak = value("Peak:").filter(|peak| peak.is_finite());
        // the first threshold is that of the whole
        let whole = Self::of(value("I:")?, value("Threshold:")?);
        Some(Self { range: value("LRA:")?, true_peak, ..whole })
    }

    /// Of what is equally loud, without a peak.
    pub fn of(integrated: f64, threshold: f64) -> Self {
        Self { integrated, range: 0.0, threshold, true_peak: None, normalized_to: None }
    }
}

impl Loudness {
    fn beside_usual(&self) -> &'static str {
        match self.integrated - USUAL {
            more if more > WITHIN => "louder than is",
            more if more < -WITHIN => "quieter than is",
            _ => "as is",
        }
    }
}

impl fmt::Display for Loudness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { integrated, range, true_peak, normalized_to, .. } = self;
        write!(f, "{integrated:.1} LUFS")?;
        match normalized_to {
            Some(target) => write!(f, ", normalized to {target} LUFS")?,
            None => write!(f, ", {} usual on the web ({USUAL})", self.beside_usual())?,
        }
        write!(f, "; range {range:.1} LU")?;
        true_peak.map_or(Ok(()), |peak| write!(f, ", true peak {peak:.1} dBTP"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = "[Parsed_ebur128_0 @ 0x55f1] Summary:

  Integrated loudness:
    I:         -21.8 LUFS
    Threshold: -31.8 LUFS

  Loudness range:
    LRA:         5.3 LU
    Threshold: -41.8 LUFS
    LRA low:   -25.8 LUFS
    LRA high:  -20.5 LUFS

  True peak:
    Peak:       -1.2 dBFS
";

    #[test]
    fn a_summary_is_read_as_it_is_written() {
        let loudness = Loudness::read(SUMMARY).unwrap();
        assert_eq!(loudness, Loudness { range: 5.3, true_peak: Some(-1.2), ..Loudness::of(-21.8, -31.8) });
        assert_eq!(
            loudness.to_string(),
            "-21.8 LUFS, quieter than is usual on the web (-16); range 5.3 LU, true peak -1.2 dBTP"
        );
        for (integrated, words) in
            [(-18.0, ", as is usual"), (-13.9, ", louder than is usual"), (-16.0, ", as is usual")]
        {
            assert!(Loudness::of(integrated, -31.8).to_string().contains(words), "{integrated}");
        }
        let silent = Loudness::read(&SUMMARY.replace("-1.2 dBFS", "-inf dBFS")).unwrap();
        assert_eq!((silent.true_peak, silent.to_string().contains("peak")), (None, false));
        assert_eq!(Loudness::read("Conversion failed!"), None);
        let normalized = Loudness { normalized_to: Some(-16.0), ..silent };
        assert_eq!(normalized.to_string(), "-21.8 LUFS, normalized to -16 LUFS; range 5.3 LU");
    }
}
