//! A request of the Query protocol: the fields of a form.

use std::collections::BTreeMap;

use axum::http::StatusCode;

use super::{error::ApiError, operation::Operation};

/// Fields of a form, decoded.
#[derive(Debug, Default)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        };
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| ApiError::validation(format!("The request must contain the parameter {name}.")))
    }

    /// The action, among those of `service`.
    pub(super) fn operation(&self, service: &str) -> Result<Operation, ApiError> {
        let name = self.get("Action").unwrap_or_default();
        let operation = name.parse().ok().filter(|operation| match service {
            "sts" => *operation == Operation::GetCallerIdentity,
            "monitoring" => [Operation::PutMetricData, Operation::GetMetricStatistics].contains(operation),
            _ => (Operation::CreateRole..Operation::CreateLogGroup).contains(operation),
        });
        operation.ok_or_else(|| {
            let message = format!("Could not find operation {name} of service {service}");
            ApiError::new(StatusCode::BAD_REQUEST, "InvalidAction", message)
        })
    }
}
