//! What the stand-in keeps of a function and of a role: plain data, written as JSON, a file each.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::model::gate::front::{self, Front};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Function {
    pub(in crate::local) name: String,
    /// Of the request that made it; the name is unique over all Regions here.
    pub(in crate::local) region: String,
    pub(in crate::local) settings: Settings,
    pub(in crate::local) code: Code,
    #[serde(default)]
    pub(in crate::local) tags: BTreeMap<String, String>,
    pub(in crate::local) revision: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) modified: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) created: OffsetDateTime,
    /// Pending before.
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) active_from: OffsetDateTime,
    /// The last update is in progress before.
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) updated_from: OffsetDateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::local) url: Option<UrlConfig>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::local) policy: Vec<Statement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::local) reserved_concurrency: Option<u64>,
}

/// What a person sets on a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Settings {
    pub(in crate::local) runtime: String,
    pub(in crate::local) role: String,
    pub(in crate::local) handler: String,
    pub(in crate::local) description: String,
    pub(in crate::local) timeout: u64,
    pub(in crate::local) memory: u64,
    pub(in crate::local) architecture: String,
    /// Settings kept and given back as they came (`Environment`, `LoggingConfig`, …).
    #[serde(default)]
    pub(in crate::local) others: Map<String, Value>,
}

/// The zip of a function, at one version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct Code {
    /// Hexadecimal; also the blob's name.
    pub(in crate::local) sha256: String,
    pub(in crate::local) bytes: u64,
    /// Part of its download links.
    pub(in crate::local) version: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct UrlConfig {
    pub(in crate::local) auth_type: String,
    pub(in crate::local) invoke_mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::local) cors: Option<Value>,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) modified: OffsetDateTime,
}

/// One permission of a function's resource policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Statement {
    pub(in crate::local) id: String,
    pub(in crate::local) action: String,
    pub(in crate::local) principal: String,
    pub(in crate::local) url_auth_type: Option<String>,
    pub(in crate::local) via_function_url: bool,
    pub(in crate::local) source_arn: Option<String>,
    pub(in crate::local) source_account: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Role {
    pub(in crate::local) name: String,
    pub(in crate::local) path: String,
    pub(in crate::local) id: String,
    pub(in crate::local) description: String,
    /// JSON text, as it was given.
    pub(in crate::local) trust: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) created: OffsetDateTime,
    /// Inline policies by name, JSON text.
    #[serde(default)]
    pub(in crate::local) policies: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct LogGroup {
    pub(in crate::local) name: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) created: OffsetDateTime,
    /// Days; for ever if there are none.
    #[serde(default)]
    pub(in crate::local) retention: Option<u32>,
}

/// An HTTP API, as far as one leads to a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Api {
    pub(in crate::local) id: String,
    pub(in crate::local) region: String,
    pub(in crate::local) name: String,
    pub(in crate::local) description: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) created: OffsetDateTime,
    #[serde(default)]
    pub(in crate::local) integrations: Vec<Integration>,
    #[serde(default)]
    pub(in crate::local) routes: Vec<Route>,
    #[serde(default)]
    pub(in crate::local) stages: Vec<Stage>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Integration {
    pub(in crate::local) id: String,
    pub(in crate::local) kind: String,
    pub(in crate::local) uri: String,
    pub(in crate::local) payload: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Route {
    pub(in crate::local) id: String,
    pub(in crate::local) key: String,
    pub(in crate::local) target: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Stage {
    pub(in crate::local) name: String,
    pub(in crate::local) auto_deploy: bool,
}

/// A CloudFront distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::local) struct Distribution {
    pub(in crate::local) id: String,
    /// What its maker called the request: no other may be called so.
    pub(in crate::local) reference: String,
    /// `DistributionConfig` as XML, as it was set last.
    pub(in crate::local) config: String,
    /// What it answers by until that is everywhere, if it answers.
    #[serde(default)]
    pub(in crate::local) before: Option<String>,
    #[serde(default)]
    pub(in crate::local) tags: BTreeMap<String, String>,
    pub(in crate::local) revision: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) modified: OffsetDateTime,
    /// In progress before.
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::local) deployed_from: OffsetDateTime,
}

impl Function {
    /// What its environment says that stands before the gate.
    pub(in crate::local) fn front(&self) -> Front {
        if self.variable(front::FRONT) == Some(Front::HttpApi.word()) { Front::HttpApi } else { Front::Url }
    }

    /// Of its environment.
    pub(in crate::local) fn variable(&self, name: &str) -> Option<&str> {
        let variables = self.settings.others.get("Environment")?.get("Variables")?;
        variables.get(name).and_then(Value::as_str)
    }

    pub(in crate::local) fn set_variable(&mut self, name: &str, value: &str) {
        let variables = self.settings.others.get_mut("Environment").and_then(|found| found.get_mut("Variables"));
        if let Some(known) = variables.and_then(|variables| variables.get_mut(name)) {
            *known = Value::from(value);
        }
    }

    pub(in crate::local) fn arn(&self, account: &str) -> String {
        format!("arn:aws:lambda:{}:{account}:function:{}", self.region, self.name)
    }

    pub(in crate::local) fn is_pending(&self, now: OffsetDateTime) -> bool {
        now < self.active_from
    }

    pub(in crate::local) fn is_updating(&self, now: OffsetDateTime) -> bool {
        now < self.updated_from
    }

    /// Marks a change: a new revision, in progress for `settle`.
    pub(in crate::local) fn touch(&mut self, now: OffsetDateTime, settle: Duration) {
        self.revision = uuid();
        self.modified = now;
        self.updated_from = now + settle;
    }

    /// Whether anyone may call it through its function URL: AWS wants both permissions since October 2025.
    pub(in crate::local) fn is_public(&self) -> bool {
        let granted = |action: &str, bound: fn(&Statement) -> bool| {
            let grants =
                |statement: &Statement| statement.action == action && statement.principal == "*" && bound(statement);
            self.policy.iter().any(grants)
        };
        granted("lambda:InvokeFunctionUrl", |statement| statement.url_auth_type.as_deref() != Some("AWS_IAM"))
            && granted("lambda:InvokeFunction", |_| true)
    }
}

/// A random (version 4) UUID; no secret hangs on it.
pub(in crate::local) fn uuid() -> String {
    let bits = fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_version_and_differ() {
        let (one, two) = (uuid(), uuid());
        assert_ne!(one, two);
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
        assert!(matches!(&one[19..20], "8" | "9" | "a" | "b"));
    }
}
