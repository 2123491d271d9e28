//! Sums of metrics, a minute each: what the stand-in's own functions and CDN count, and what is put from outside. Kept in
//! memory, and every few seconds in one file of the data folder; a crash loses those seconds. Knows no protocol.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

const FILE: &str = "metrics.json";
const SAVED_EVERY: Duration = Duration::from_secs(10);
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// AWS keeps minutes for 15 days, then five of them as one, and from this age hours, which it forgets after 455 days.
const HOURS_FROM: i64 = 63 * DAY;
const FORGOTTEN_AFTER: i64 = 455 * DAY;
/// The stand-in's own are a dozen; the one that was added to longest ago makes room.
const METRICS_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::local) struct Metric {
    pub(in crate::local) region: String,
    pub(in crate::local) namespace: String,
    pub(in crate::local) name: String,
    pub(in crate::local) dimensions: BTreeMap<String, String>,
}

impl Metric {
    pub(in crate::local) fn new<const N: usize>(
        region: &str,
        namespace: &str,
        name: &str,
        dimensions: [(&str, &str); N],
    ) -> Self {
        let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            region: region.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.into(),
        }
    }
}

/// Of one metric in one unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Series {
    #[serde(flatten)]
    metric: Metric,
    unit: String,
    /// By the second in which the minute, or the hour, began.
    sums: BTreeMap<i64, f64>,
}

#[derive(Debug)]
pub(in crate::local) struct Metrics {
    path: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    series: Vec<Series>,
    is_changed: bool,
    saved: Instant,
    /// The folder may be another's by now.
    is_given_up: bool,
}

impl Metrics {
    /// A file that can't be read as one of ours is as none: figures are no reason not to start.
    pub(in crate::local) fn open(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let series = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { path, kept: Mutex::new(Kept { series, is_changed: false, saved: Instant::now(), is_given_up: false }) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::local) fn add(&self, metric: Metric, unit: &str, value: f64, at: OffsetDateTime) {
        let mut kept = self.kept();
        kept.add(metric, unit, value, at.unix_timestamp());
        if kept.saved.elapsed() >= SAVED_EVERY {
            // figures that can't be written must not fail the request that they tell of
            let _ = kept.save(&self.path);
        }
    }

    /// Sums in periods counted from `start`, of those that have any; seconds since 1970. `None` takes every unit.
    pub(in crate::local) fn sums(
        &self,
        metric: &Metric,
        unit: Option<&str>,
        (start, end): (i64, i64),
        period: i64,
    ) -> BTreeMap<(i64, String), f64> {
        let mut found = BTreeMap::new();
        let kept = self.kept();
        let fits = |series: &&Series| series.metric == *metric && unit.is_none_or(|unit| unit == series.unit);
        for series in kept.series.iter().filter(fits) {
            for (at, sum) in series.sums.range(start..end) {
                let begin = start + (at - start) / period * period;
                *found.entry((begin, series.unit.clone())).or_default() += sum;
            }
        }
        found
    }

    /// All that was added from `start` on.
    pub(in crate::local) fn since(&self, metric: &Metric, start: OffsetDateTime) -> f64 {
        let kept = self.kept();
        let series = kept.series.iter().filter(|series| series.metric == *metric);
        series.flat_map(|series| series.sums.range(start.unix_timestamp()..)).map(|(_, sum)| sum).sum()
    }

    /// Writes what changed since it was written last, and nothing after that.
    pub(in crate::local) fn give_up(&self) {
        let mut kept = self.kept();
        // figures that can't be written are no reason to end otherwise
        let _ = kept.save(&self.path);
        kept.is_given_up = true;
    }
}

impl Kept {
    fn add(&mut self, metric: Metric, unit: &str, value: f64, at: i64) {
        let known = self.series.iter().position(|series| series.metric == metric && series.unit == unit);
        let mut series = match known {
            Some(place) => self.series.remove(place),
            None => Series { metric, unit: unit.to_owned(), sums: BTreeMap::new() },
        };
        if self.series.len() >= METRICS_MAX {
            self.series.remove(0);
        }
        *series.sums.entry(at.div_euclid(MINUTE) * MINUTE).or_default() += value;
        series.age(at);
        // the last one is the one that was added to last
        self.series.push(series);
        self.is_changed = true;
    }

    fn save(&mut self, path: &Path) -> io::Result<()> {
        self.saved = Instant::now();
        if !self.is_changed || self.is_given_up {
            return Ok(());
        }
        let part = path.with_extension("part");
        fs::write(&part, serde_json::to_vec(&self.series)?)?;
        fs::rename(&part, path)?;
        self.is_changed = false;
        Ok(())
    }
}

impl Series {
    fn age(&mut self, now: i64) {
        self.sums = self.sums.split_off(&(now - FORGOTTEN_AFTER));
        let old: BTreeSet<i64> = self.sums.range(..now - HOURS_FROM).map(|(at, _)| *at).collect();
        for at in old.into_iter().filter(|at| at % HOUR != 0) {
            let sum = self.sums.remove(&at).unwrap_or_default();
            *self.sums.entry(at.div_euclid(HOUR) * HOUR).or_default() += sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(function: &str) -> Metric {
        Metric::new("us-east-1", "zipreel", "RelayedBytes", [("FunctionName", function)])
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn sums_are_told_in_periods_from_their_start_and_survive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Metrics::open(folder.path());
        let noon = 1_764_331_200;
        for (seconds, value) in [(0, 1.0), (59, 2.0), (60, 4.0), (86_400, 8.0)] {
            metrics.add(bytes("zipreel-relay"), "Bytes", value, at(noon + seconds));
        }
        metrics.add(bytes("other"), "Bytes", 64.0, at(noon));
        metrics.give_up();
        for metrics in [metrics, Metrics::open(folder.path())] {
            let sums = |period, end| -> Vec<(i64, f64)> {
                let found = metrics.sums(&bytes("zipreel-relay"), Some("Bytes"), (noon, noon + end), period);
                found.into_iter().map(|((at, _), sum)| (at - noon, sum)).collect()
            };
            assert_eq!(sums(60, 86_401), [(0, 3.0), (60, 4.0), (86_400, 8.0)]);
            assert_eq!(sums(86_400, 86_400), [(0, 7.0)], "the end is not part of it");
            assert!(metrics.sums(&bytes("zipreel-relay"), Some("Count"), (0, i64::MAX), 60).is_empty());
            assert_eq!(metrics.since(&bytes("zipreel-relay"), at(noon + 60)), 12.0);
        }
    }

    #[test]
    fn what_is_old_is_kept_by_the_hour_and_what_is_very_old_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Metrics::open(folder.path());
        let begin = 1_764_331_200;
        for minute in 0..90 {
            metrics.add(bytes("a"), "Bytes", 1.0, at(begin + minute * MINUTE));
        }
        let of = |seconds: i64| {
            metrics.add(bytes("a"), "Bytes", 0.0, at(begin + seconds));
            metrics.sums(&bytes("a"), None, (begin, begin + DAY), MINUTE).into_values().collect::<Vec<_>>()
        };
        assert_eq!(of(DAY).len(), 90);
        assert_eq!(of(HOURS_FROM + 2 * HOUR), [60.0, 30.0]);
        assert_eq!(of(FORGOTTEN_AFTER + HOUR), [30.0]);
    }

    #[test]
    fn many_metrics_do_not_fill_the_memory() {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Metrics::open(folder.path());
        for number in 0..METRICS_MAX + 50 {
            metrics.add(bytes("first"), "Bytes", 1.0, at(0));
            metrics.add(bytes(&number.to_string()), "Bytes", 1.0, at(0));
        }
        assert_eq!(metrics.kept().series.len(), METRICS_MAX);
        assert_eq!(metrics.since(&bytes("first"), at(0)), (METRICS_MAX + 50) as f64, "what is used stays");
    }
}
