//! AWS's limits as numbers, and its rates as token buckets (facts.md A1 to A3, A7 have the sources).

use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use super::operation::{Operation, Rate};

/// A zip must be smaller than this.
pub(super) const ZIPPED_BYTES: u64 = 52_428_800;
pub(super) const UNZIPPED_BYTES: u64 = 262_144_000;
/// Of CreateFunction and UpdateFunctionCode.
pub(super) const REQUEST_BYTES: u64 = 70_167_211;
/// Of all other requests: far over anything they carry.
pub(super) const SMALL_REQUEST_BYTES: u64 = 1024 * 1024;
/// Code storage of an account and Region: 300 GB, in AWS's units.
pub(super) const QUOTA_BYTES: u64 = 300 * 1024 * 1024 * 1024;
pub(super) const PAGE_ITEMS: usize = 50;
pub(super) const TAGS: usize = 50;
pub(super) const CONCURRENCY: u64 = 1000;
/// Concurrency that must stay unreserved.
pub(super) const UNRESERVED_CONCURRENCY: u64 = 100;

/// GetFunction alone; GetPolicy; everything else of the control plane together. Calls a second.
const GET_FUNCTION_RATE: f64 = 100.0;
const OTHER_RATE: f64 = 15.0;

/// How many calls a second each part of the control plane takes.
#[derive(Debug)]
pub(super) struct Rates {
    get_function: Mutex<Bucket>,
    get_policy: Mutex<Bucket>,
    others: Mutex<Bucket>,
}

impl Rates {
    pub(super) fn new(now: OffsetDateTime) -> Self {
        let bucket = |rate| Mutex::new(Bucket::new(rate, rate, now));
        Self { get_function: bucket(GET_FUNCTION_RATE), get_policy: bucket(OTHER_RATE), others: bucket(OTHER_RATE) }
    }

    /// Takes one call; false if it is one too many. IAM and STS have no rate here.
    pub(super) fn take(&self, operation: Operation, now: OffsetDateTime) -> bool {
        let bucket = match operation.rate() {
            Rate::GetFunction => &self.get_function,
            Rate::GetPolicy => &self.get_policy,
            Rate::Others => &self.others,
            Rate::None => return true,
        };
        bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now)
    }
}

/// A number at once, refilled at a steady rate.
#[derive(Debug)]
pub(super) struct Bucket {
    capacity: f64,
    /// A second.
    rate: f64,
    tokens: f64,
    at: OffsetDateTime,
}

impl Bucket {
    pub(super) fn new(capacity: f64, rate: f64, now: OffsetDateTime) -> Self {
        Self { capacity, rate, tokens: capacity, at: now }
    }

    pub(super) fn has_one(&mut self, now: OffsetDateTime) -> bool {
        // a clock that was set back refills nothing
        let passed = (now - self.at).as_seconds_f64().max(0.0);
        self.at = now;
        self.tokens = (self.tokens + passed * self.rate).min(self.capacity);
        self.tokens >= 1.0
    }

    /// Seconds until there is one.
    pub(super) fn wait(&mut self, now: OffsetDateTime) -> f64 {
        if self.has_one(now) { 0.0 } else { (1.0 - self.tokens) / self.rate }
    }

    pub(super) fn take(&mut self, now: OffsetDateTime) -> bool {
        let enough = self.has_one(now);
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    pub(super) fn give_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn fifteen_calls_a_second_are_taken_whatever_they_are() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let rates = Rates::new(start);
        let calls = [Operation::CreateFunction, Operation::ListFunctions, Operation::TagResource];
        let taken = calls.iter().cycle().take(60).filter(|call| rates.take(**call, start)).count();
        assert_eq!(taken, 15);
        let later = start + Duration::milliseconds(200);
        assert_eq!((0..9).filter(|_| rates.take(Operation::DeleteFunction, later)).count(), 3);
        assert!(!rates.take(Operation::DeleteFunction, start));
    }

    #[test]
    fn get_function_has_a_hundred_of_its_own_and_sts_no_bound() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let rates = Rates::new(start);
        assert_eq!((0..200).filter(|_| rates.take(Operation::GetFunction, start)).count(), 100);
        assert!((0..200).all(|_| rates.take(Operation::GetCallerIdentity, start)));
        assert!(rates.take(Operation::ListFunctions, start));
    }
}
