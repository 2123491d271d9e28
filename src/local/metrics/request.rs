//! What CloudWatch is asked for, held to AWS's rules: the fields of either protocol to a metric's values, or to the sums
//! that are wanted. Knows no HTTP.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::sums::{Metric, Metrics};
use crate::local::error::ApiError;

const DATAPOINTS_MAX: i64 = 1440;
const DATA_MAX: usize = 1000;
const DIMENSIONS_MAX: usize = 30;
const NAME_MAX: usize = 255;
const DIMENSION_VALUE_MAX: usize = 1024;
const PERIOD_UNIT: i64 = 60;
/// How old, and how far ahead, a value may be.
const PAST: Duration = Duration::weeks(2);
const AHEAD: Duration = Duration::hours(2);
/// Of AWS's units those that are ever counted here.
const UNITS: [&str; 3] = ["None", "Bytes", "Count"];

/// A sum as it is answered, of the period that begins then.
pub(super) struct Datapoint {
    pub(super) at: i64,
    pub(super) sum: f64,
    pub(super) unit: String,
}

/// Of a request or a part of it.
struct Fields<'a>(&'a Map<String, Value>);

/// One value to be added.
struct Datum {
    metric: Metric,
    unit: String,
    value: f64,
    at: OffsetDateTime,
}

pub(super) fn put(metrics: &Metrics, region: &str, fields: &Value, now: OffsetDateTime) -> Result<(), ApiError> {
    let fields = Fields::of(fields)?;
    let namespace = fields.name("Namespace", NAME_MAX)?;
    if namespace.starts_with("AWS/") || namespace.starts_with(':') {
        return Err(invalid(format!("The value {namespace} for parameter Namespace is invalid.")));
    }
    let data = fields.list("MetricData")?;
    if data.is_empty() {
        return Err(missing("MetricData"));
    }
    if data.len() > DATA_MAX {
        return Err(invalid(format!("The collection MetricData must not have a size greater than {DATA_MAX}.")));
    }
    // all of them, or none
    let data = data.iter().map(|one| datum(&Fields::of(one)?, region, namespace, now));
    for Datum { metric, unit, value, at } in data.collect::<Result<Vec<_>, _>>()? {
        metrics.add(metric, &unit, value, at);
    }
    Ok(())
}

fn datum(fields: &Fields<'_>, region: &str, namespace: &str, now: OffsetDateTime) -> Result<Datum, ApiError> {
    for other in ["StatisticValues", "Values", "Counts"] {
        if fields.has(other) {
            return Err(invalid(format!("The stand-in takes a plain Value, no {other}")));
        }
    }
    let metric = fields.metric(region, namespace)?;
    let value = fields.number("Value")?.ok_or_else(|| missing("Value"))?;
    let at = fields.time("Timestamp")?.unwrap_or(now);
    if at < now - PAST || at > now + AHEAD {
        return Err(invalid(
            "The parameter MetricData.member.Timestamp must specify a time within the past two weeks.",
        ));
    }
    Ok(Datum { metric, unit: fields.unit()?.unwrap_or("None").to_owned(), value, at })
}

/// What is counted, and its sums.
pub(super) fn statistics(
    metrics: &Metrics,
    region: &str,
    fields: &Value,
) -> Result<(String, Vec<Datapoint>), ApiError> {
    let fields = Fields::of(fields)?;
    let metric = fields.metric(region, fields.name("Namespace", NAME_MAX)?)?;
    let time = |name| Ok::<_, ApiError>(fields.time(name)?.ok_or_else(|| missing(name))?.unix_timestamp());
    let (start, end) = (time("StartTime")?, time("EndTime")?);
    if start >= end {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    let period = fields.number("Period")?.ok_or_else(|| missing("Period"))?;
    let whole = period as i64;
    if whole < PERIOD_UNIT || whole as f64 != period || whole % PERIOD_UNIT != 0 {
        return Err(invalid("The parameter Period must be a multiple of 60."));
    }
    let asked = (end - start - 1) / whole + 1;
    if asked > DATAPOINTS_MAX {
        let message = format!(
            "You have requested up to {asked} datapoints, which exceeds the limit of {DATAPOINTS_MAX}. You may reduce \
             the datapoints requested by increasing Period, or decreasing the time range."
        );
        return Err(combination(message));
    }
    fields.only_sums()?;
    let start = start.div_euclid(PERIOD_UNIT) * PERIOD_UNIT;
    let sums = metrics.sums(&metric, fields.unit()?, (start, end), whole);
    let datapoints = sums.into_iter().map(|((at, unit), sum)| Datapoint { at, sum, unit });
    Ok((metric.name, datapoints.collect()))
}

impl<'a> Fields<'a> {
    fn of(value: &'a Value) -> Result<Self, ApiError> {
        value.as_object().map(Self).ok_or_else(|| ApiError::serialization("a structure was expected"))
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    /// Text that must be there.
    fn name(&self, name: &'static str, most: usize) -> Result<&'a str, ApiError> {
        let text = self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| missing(name))?;
        if text.chars().count() > most {
            return Err(invalid(format!("The parameter {name} must have at most {most} characters.")));
        }
        Ok(text)
    }

    /// A number, which a form has as text.
    fn number(&self, name: &str) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| invalid(format!("The value for parameter {name} is invalid.")))
    }

    /// Seconds since 1970, or text as RFC 3339 has it.
    fn time(&self, name: &str) -> Result<Option<OffsetDateTime>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let time = match value.as_str() {
            Some(text) => OffsetDateTime::parse(text, &Rfc3339).ok(),
            None => value.as_f64().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds as i64).ok()),
        };
        time.map(Some).ok_or_else(|| invalid(format!("The value for parameter {name} is no time.")))
    }

    fn list(&self, name: &str) -> Result<&'a [Value], ApiError> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(ApiError::serialization(format!("{name} is no list"))),
        }
    }

    fn unit(&self) -> Result<Option<&'a str>, ApiError> {
        let unit = self.text("Unit");
        match unit.is_none_or(|unit| UNITS.contains(&unit)) {
            true => Ok(unit),
            false => Err(invalid(format!("The stand-in knows the units {} alone", UNITS.join(", ")))),
        }
    }

    fn metric(&self, region: &str, namespace: &str) -> Result<Metric, ApiError> {
        let listed = self.list("Dimensions")?;
        if listed.len() > DIMENSIONS_MAX {
            return Err(invalid(format!("There must be at most {DIMENSIONS_MAX} Dimensions.")));
        }
        let mut dimensions = BTreeMap::new();
        for one in listed {
            let one = Self::of(one)?;
            let (name, value) = (one.name("Name", NAME_MAX)?, one.name("Value", DIMENSION_VALUE_MAX)?);
            dimensions.insert(name.to_owned(), value.to_owned());
        }
        let metric = Metric::new(region, namespace, self.name("MetricName", NAME_MAX)?, []);
        Ok(Metric { dimensions, ..metric })
    }

    fn only_sums(&self) -> Result<(), ApiError> {
        let (wanted, extended) = (self.list("Statistics")?, self.list("ExtendedStatistics")?);
        if wanted.is_empty() && extended.is_empty() {
            let message = "At least one of the parameters Statistics and ExtendedStatistics must be specified.";
            return Err(combination(message.to_owned()));
        }
        match wanted.iter().chain(extended).find(|one| *one != "Sum") {
            None => Ok(()),
            Some(other) => Err(invalid(format!("The stand-in keeps the statistic Sum alone, no {other}"))),
        }
    }
}

/// A form's fields as a request's: `A.member.1.B` is field B of the first item of list A.
pub(super) fn of_form<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let pairs = pairs.map(|(name, value)| (name.split('.').collect::<Vec<_>>(), value));
    let pairs: Vec<_> = pairs.filter(|(path, _)| path.len() <= FORM_DEPTH_MAX).collect();
    let paths: Vec<_> = pairs.iter().map(|(path, value)| (path.as_slice(), *value)).collect();
    part(&paths)
}

const FORM_DEPTH_MAX: usize = 8;

fn part(pairs: &[(&[&str], &str)]) -> Value {
    if let [([], value)] = pairs {
        return Value::from(*value);
    }
    let is_list = pairs.iter().all(|(path, _)| path.first() == Some(&"member"));
    let mut parts: BTreeMap<&str, Vec<(&[&str], &str)>> = BTreeMap::new();
    for (path, value) in pairs {
        let path = if is_list { &path[1..] } else { path };
        if let Some((first, rest)) = path.split_first() {
            parts.entry(first).or_default().push((rest, value));
        }
    }
    let parts = parts.into_iter().map(|(name, pairs)| (name.to_owned(), part(&pairs)));
    if is_list { Value::Array(parts.map(|(_, item)| item).collect()) } else { Value::Object(parts.collect()) }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameterValue", message)
}

fn combination(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameterCombination", message)
}

fn missing(name: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "MissingParameter", format!("The parameter {name} is required."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_764_331_200;

    fn metrics() -> (tempfile::TempDir, Metrics) {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Metrics::open(folder.path());
        (folder, metrics)
    }

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(NOW).unwrap()
    }

    fn with(request: &Value, changes: Value) -> Value {
        let mut request = request.clone();
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        request
    }

    fn wanted() -> Value {
        json!({
            "Namespace": "zipreel", "MetricName": "RelayedBytes", "StartTime": "2025-11-01T00:00:00Z", "EndTime": NOW + 60,
            "Period": "86400", "Statistics": ["Sum"], "Dimensions": [{ "Name": "FunctionName", "Value": "zipreel-relay" }],
        })
    }

    #[test]
    fn a_form_and_plain_values_mean_the_same() {
        let form = [
            ("MetricData.member.1.MetricName", "RelayedBytes"),
            ("MetricData.member.1.Value", "1500"),
            ("MetricData.member.1.Unit", "Bytes"),
            ("MetricData.member.1.Dimensions.member.1.Name", "FunctionName"),
            ("MetricData.member.1.Dimensions.member.1.Value", "zipreel-relay"),
            ("Namespace", "zipreel"),
        ];
        let (_folder, metrics) = metrics();
        put(&metrics, "us-east-1", &of_form(form.into_iter()), now()).unwrap();
        let plain = json!({ "Namespace": "zipreel", "MetricData": [{
            "MetricName": "RelayedBytes", "Value": 500, "Unit": "Bytes", "Timestamp": NOW as f64 - 60.0,
            "Dimensions": [{ "Name": "FunctionName", "Value": "zipreel-relay" }],
        }]});
        put(&metrics, "us-east-1", &plain, now()).unwrap();
        let (label, found) = statistics(&metrics, "us-east-1", &wanted()).unwrap();
        assert_eq!(label, "RelayedBytes");
        assert_eq!(found.iter().map(|one| (one.sum, one.unit.as_str())).collect::<Vec<_>>(), [(2000.0, "Bytes")]);
        assert!(statistics(&metrics, "eu-west-1", &wanted()).unwrap().1.is_empty(), "each Region counts by itself");
    }

    #[test]
    fn what_aws_refuses_is_refused_by_its_code() {
        let (_folder, metrics) = metrics();
        let datum = |changes| json!({ "Namespace": "n", "MetricData": [with(&json!({ "MetricName": "m", "Value": 1 }), changes)] });
        let (value, combination, missing) =
            ("InvalidParameterValue", "InvalidParameterCombination", "MissingParameter");
        let puts = [
            (json!({ "Namespace": "AWS/Lambda", "MetricData": [{ "MetricName": "m", "Value": 1 }] }), value),
            (json!({ "Namespace": "n" }), missing),
            (json!({ "MetricData": [{ "MetricName": "m", "Value": 1 }] }), missing),
            (datum(json!({ "MetricName": "" })), missing),
            (datum(json!({ "MetricName": "m".repeat(256) })), value),
            (datum(json!({ "Value": null })), missing),
            (datum(json!({ "Value": "NaN" })), value),
            (datum(json!({ "Values": [1] })), value),
            (datum(json!({ "Unit": "Parsecs" })), value),
            (datum(json!({ "Timestamp": NOW - 15 * 86_400 })), value),
            (datum(json!({ "Timestamp": NOW + 3 * 3600 })), value),
            (datum(json!({ "Dimensions": [{ "Name": "a" }] })), missing),
        ];
        for (request, code) in puts {
            let refused = put(&metrics, "us-east-1", &request, now()).unwrap_err();
            assert_eq!(refused.code, code, "{request}");
        }
        let gets = [
            (json!({ "EndTime": "2025-11-01T00:00:00Z" }), value),
            (json!({ "StartTime": "yesterday" }), value),
            (json!({ "StartTime": null }), missing),
            (json!({ "Period": 90 }), value),
            (json!({ "Period": 60 }), combination),
            (json!({ "Period": null }), missing),
            (json!({ "Statistics": [] }), combination),
            (json!({ "Statistics": ["Sum", "Average"] }), value),
            (json!({ "Statistics": [], "ExtendedStatistics": ["p99"] }), value),
        ];
        for (changes, code) in gets {
            let refused = statistics(&metrics, "us-east-1", &with(&wanted(), changes.clone())).err().unwrap();
            assert_eq!(refused.code, code, "{changes}");
        }
        let named = statistics(&metrics, "us-east-1", &with(&wanted(), json!({ "Statistics": ["Average"] }))).err();
        assert!(named.unwrap().message.contains("Average"));
    }
}
