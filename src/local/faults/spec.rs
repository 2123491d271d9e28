//! The text that asks for faults: `latency=60ms,429=0.1,500@CreateFunction=3x,seed=42`. Pure.

use std::{str::FromStr, time::Duration};

use super::{How, Moment, Strike};
use crate::{
    local::{limits::PAGE_ITEMS, operation::Operation},
    model::report::fault::{Explain, FaultClass},
};

/// Faults to be had, as data. The default is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    pub seed: u64,
    pub rules: Vec<Rule>,
    /// Of request bodies, all connections together.
    pub uplink_bytes_a_second: Option<f64>,
    /// How long a new role can't be assumed.
    pub role_not_assumable: Option<Duration>,
    /// How long a new or updated function is Pending.
    pub pending: Option<Duration>,
    /// How old a signature may grow, instead of AWS's 5 minutes.
    pub signature_age: Option<Duration>,
    /// How far lists of functions lag behind.
    pub list_lag: Option<Duration>,
    /// Functions on a page of a list, which is continued by position: what changes meanwhile makes it skip or repeat.
    pub list_page: Option<usize>,
    /// Code storage of the account, instead of the configured one.
    pub quota_bytes: Option<u64>,
    /// What errors say that were asked for, instead of AWS's sentence.
    pub words: Option<String>,
    /// How far the server's clock is ahead of the truth.
    pub clock_skew_seconds: f64,
}

/// One thing that strikes some requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub kind: Kind,
    /// `None`: wherever the kind makes sense.
    pub operation: Option<Operation>,
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Latency(Duration),
    Status(u16),
    /// A page with this status, as a proxy or a hotel's login sends one: not in AWS's form.
    Page(u16),
    Strike(Strike),
    WrongSize,
    ExpiredCredentials,
}

/// Which of the requests that a rule concerns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// `0.1`: that share, drawn by the seed.
    Share(f64),
    /// `3x`: the first three.
    First(u32),
    /// `after:3`: all from the fourth on.
    After(u32),
    /// `at:3`: the third alone.
    At(u32),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    #[error("`{0}` is no fault of the form name=value")]
    Form(String),
    #[error("`{0}` is no fault that the stand-in knows")]
    Name(String),
    #[error("`{0}` is no operation of the stand-in")]
    Operation(String),
    #[error("`{value}` is no value for the fault `{name}`: it takes {takes}")]
    Value { name: String, value: String, takes: &'static str },
}

impl Explain for FaultError {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Form(_) => "Faults are separated by commas: `latency=60ms,429=0.1,500@CreateFunction=3x,seed=42`.",
            Self::Name(_) => {
                "Known: latency, uplink, 403, 409, 412, 429, 500, 503, page-200 (or another \
                 status: a proxy's page), reset-before, reset-mid, reset-after, \
                 effect-no-answer, pause-before, pause-after, stall-before, stall-mid, stall-after, stall, wrong-size, expired-credentials, role-not-assumable, pending, \
                 signature-age, list-lag, list-page, quota, words, clock-skew, seed."
            }
            Self::Operation(_) => "Operations have AWS's names, such as CreateFunction, or Download, Gate, Relay.",
            Self::Value { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

const AMOUNT: &str = "a share (0.1), a count (3x), after:3 or at:3";
const DURATION: &str = "a duration (60ms, 5s, 10m)";

impl Rule {
    /// Errors and cuts strike API calls; downloads, gate and relay only where they are named.
    pub(in crate::local) fn concerns(&self, operation: Operation) -> bool {
        match (&self.kind, self.operation) {
            (_, Some(wanted)) => wanted == operation,
            (Kind::Latency(_), None) => true,
            (Kind::WrongSize | Kind::Strike(ANSWER_STALLS), None) => operation == Operation::Download,
            (_, None) => operation < Operation::Download,
        }
    }
}

impl FromStr for Faults {
    type Err = FaultError;

    fn from_str(spec: &str) -> Result<Self, FaultError> {
        let mut faults = Self::default();
        for part in spec.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            faults.add(part)?;
        }
        Ok(faults)
    }
}

impl Faults {
    fn add(&mut self, part: &str) -> Result<(), FaultError> {
        let (left, value) = part.split_once('=').ok_or_else(|| FaultError::Form(part.to_owned()))?;
        let (name, operation) = match left.split_once('@') {
            Some((name, operation)) => {
                let found = operation.parse().map_err(|()| FaultError::Operation(operation.to_owned()))?;
                (name, Some(found))
            }
            None => (left, None),
        };
        let wrong = |takes| FaultError::Value { name: name.to_owned(), value: value.to_owned(), takes };
        let whole_server = match name {
            "seed" => value.parse().map(|seed| self.seed = seed).map_err(|_| wrong("a whole number")),
            "uplink" => {
                rate(value).map(|rate| self.uplink_bytes_a_second = Some(rate)).ok_or_else(|| wrong("a rate (200mbit)"))
            }
            "quota" => bytes(value).map(|quota| self.quota_bytes = Some(quota)).ok_or_else(|| wrong("bytes (1GiB)")),
            "role-not-assumable" => {
                duration(value).map(|time| self.role_not_assumable = Some(time)).ok_or_else(|| wrong(DURATION))
            }
            "pending" => duration(value).map(|time| self.pending = Some(time)).ok_or_else(|| wrong(DURATION)),
            "signature-age" => {
                duration(value).map(|time| self.signature_age = Some(time)).ok_or_else(|| wrong(DURATION))
            }
            "list-lag" => duration(value).map(|time| self.list_lag = Some(time)).ok_or_else(|| wrong(DURATION)),
            "list-page" => {
                let items = value.parse().ok().filter(|items| (1..=PAGE_ITEMS).contains(items));
                items.map(|items| self.list_page = Some(items)).ok_or_else(|| wrong("a number of functions, up to 50"))
            }
            "words" => {
                self.words = Some(value.to_owned());
                Ok(())
            }
            "clock-skew" => {
                let (sign, size) = value.strip_prefix('-').map_or((1.0, value), |size| (-1.0, size));
                let skew = duration(size).map(|time| self.clock_skew_seconds = sign * time.as_secs_f64());
                skew.ok_or_else(|| wrong("a duration, perhaps with - before it (10m)"))
            }
            _ => {
                self.rules.push(rule(name, operation, value, wrong)?);
                return Ok(());
            }
        };
        match operation {
            // these hold for the server as a whole
            Some(_) => Err(FaultError::Form(part.to_owned())),
            None => whole_server,
        }
    }
}

/// The answer never comes, or stops in its middle.
const ANSWER_STALLS: Strike = Strike { moment: Moment::AfterEffect, how: How::Stall };

fn rule(
    name: &str,
    operation: Option<Operation>,
    value: &str,
    wrong: impl Fn(&'static str) -> FaultError,
) -> Result<Rule, FaultError> {
    let reset = |moment| Kind::Strike(Strike { moment, how: How::Reset });
    let stall = |moment| Kind::Strike(Strike { moment, how: How::Stall });
    let pause = |moment| Kind::Strike(Strike { moment, how: How::Pause });
    let kind = match name {
        "latency" => {
            let latency = duration(value).ok_or_else(|| wrong(DURATION))?;
            return Ok(Rule { kind: Kind::Latency(latency), operation, amount: Amount::Share(1.0) });
        }
        "403" | "409" | "412" | "429" | "500" | "503" => Kind::Status(name.parse().unwrap_or(500)),
        _ if let Some(status) = name.strip_prefix("page-").and_then(page) => Kind::Page(status),
        "reset-before" => reset(Moment::BeforeBody),
        "reset-mid" => reset(Moment::MidBody),
        "reset-after" => reset(Moment::AfterBody),
        "effect-no-answer" => reset(Moment::AfterEffect),
        "pause-before" => pause(Moment::AfterBody),
        "pause-after" => pause(Moment::AfterEffect),
        "stall-before" => stall(Moment::BeforeBody),
        "stall-mid" => stall(Moment::MidBody),
        "stall-after" => stall(Moment::AfterBody),
        "stall" => Kind::Strike(ANSWER_STALLS),
        "wrong-size" => Kind::WrongSize,
        "expired-credentials" => Kind::ExpiredCredentials,
        _ => return Err(FaultError::Name(name.to_owned())),
    };
    let amount = amount(value).ok_or_else(|| wrong(AMOUNT))?;
    Ok(Rule { kind, operation, amount })
}

/// A status that a last answer can have.
fn page(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| (200..600).contains(status))
}

fn amount(text: &str) -> Option<Amount> {
    if let Some(number) = text.strip_prefix("after:") {
        number.parse().ok().map(Amount::After)
    } else if let Some(number) = text.strip_prefix("at:") {
        number.parse().ok().map(Amount::At)
    } else if let Some(number) = text.strip_suffix('x') {
        number.parse().ok().map(Amount::First)
    } else {
        text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).map(Amount::Share)
    }
}

fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|character: char| character.is_ascii_alphabetic())?;
    let seconds = match &text[at..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = text[..at].parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

/// Bits a second as networks count them (powers of ten), given in bytes a second.
fn rate(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (number, bits) = [("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9)]
        .iter()
        .find_map(|(unit, bits)| Some((lower.strip_suffix(unit)?, bits)))?;
    let number: f64 = number.parse().ok()?;
    (number > 0.0 && number.is_finite()).then_some(number * bits / 8.0)
}

fn bytes(text: &str) -> Option<u64> {
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];
    units.iter().find_map(|(unit, size)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_specification_is_read() {
        let spec = "latency=60ms, uplink=200mbit,429=0.1,500@CreateFunction=3x,reset-mid=at:2,page-404@GetFunction=1x,\
                    expired-credentials=after:9,role-not-assumable=5s,pending=1m,signature-age=20s,list-lag=30s,list-page=3,quota=1MiB,words=No way.,clock-skew=-10m,seed=42";
        let faults: Faults = spec.parse().unwrap();
        assert_eq!(faults.seed, 42);
        assert_eq!(faults.uplink_bytes_a_second, Some(25e6));
        assert_eq!(faults.role_not_assumable, Some(Duration::from_secs(5)));
        assert_eq!(faults.pending, Some(Duration::from_secs(60)));
        assert_eq!(faults.signature_age, Some(Duration::from_secs(20)));
        assert_eq!((faults.list_lag, faults.list_page), (Some(Duration::from_secs(30)), Some(3)));
        assert_eq!((faults.quota_bytes, faults.words.as_deref()), (Some(1 << 20), Some("No way.")));
        assert_eq!(faults.clock_skew_seconds, -600.0);
        let rule = |kind, operation, amount| Rule { kind, operation, amount };
        let wanted = [
            rule(Kind::Latency(Duration::from_millis(60)), None, Amount::Share(1.0)),
            rule(Kind::Status(429), None, Amount::Share(0.1)),
            rule(Kind::Status(500), Some(Operation::CreateFunction), Amount::First(3)),
            rule(Kind::Strike(Strike { moment: Moment::MidBody, how: How::Reset }), None, Amount::At(2)),
            rule(Kind::Page(404), Some(Operation::GetFunction), Amount::First(1)),
            rule(Kind::ExpiredCredentials, None, Amount::After(9)),
        ];
        assert_eq!(faults.rules, wanted);
        assert_eq!("".parse(), Ok(Faults::default()));
    }

    #[test]
    fn every_fault_that_a_hint_names_is_one() {
        let hint = FaultError::Name("foo".to_owned()).hint().unwrap();
        let names = hint.strip_prefix("Known: ").and_then(|names| names.strip_suffix('.')).unwrap();
        // `page-200 (or another status: …)`
        for name in names.split(", ").filter_map(|name| name.split(' ').next()) {
            let parsed = format!("{name}=x").parse::<Faults>();
            assert!(!matches!(parsed, Err(FaultError::Name(_) | FaultError::Form(_))), "{name}");
        }
    }

    #[test]
    fn the_error_names_the_bad_part() {
        let error = |spec: &str| spec.parse::<Faults>().unwrap_err().to_string();
        assert_eq!(error("latency=60ms,nonsense"), "`nonsense` is no fault of the form name=value");
        for name in ["lateness", "page-", "page-100", "page-6000"] {
            assert_eq!(error(&format!("{name}=60ms")), format!("`{name}` is no fault that the stand-in knows"));
        }
        assert_eq!(error("429@Create=1x"), "`Create` is no operation of the stand-in");
        assert!(error("429=1.5").starts_with("`1.5` is no value for the fault `429`: it takes a share"));
        for spec in
            ["latency=60", "latency=-1s", "uplink=fast", "uplink=0mbit", "quota=1TB", "list-page=0", "seed=x", "429=x"]
        {
            assert!(error(spec).contains("is no value for the fault"), "{spec}");
        }
        assert_eq!(error("seed@Gate=1"), "`seed@Gate=1` is no fault of the form name=value");
    }
}
