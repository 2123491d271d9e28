//! Lambda's rules for names and fields, with its codes and sentences (facts.md A4, A7).

use std::collections::BTreeMap;

use serde_json::Value;
use time::OffsetDateTime;

use crate::local::{context::Context, error::ApiError, limits::TAGS, signature::keys::ACCOUNT, store::record::Role};

const NAME_MAX: usize = 64;
const DESCRIPTION_MAX: usize = 256;
const HANDLER_MAX: usize = 128;
const NAME_PATTERN: &str = "[a-zA-Z0-9-_]+";

/// Runtimes that CreateFunction takes at present.
const RUNTIMES: [&str; 28] = [
    "provided.al2023",
    "provided.al2",
    "nodejs26.x",
    "nodejs24.x",
    "nodejs22.x",
    "nodejs20.x",
    "nodejs18.x",
    "python3.15",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "java25",
    "java21",
    "java17",
    "java11",
    "java8.al2",
    "dotnet10",
    "dotnet9",
    "dotnet8",
    "dotnet6",
    "ruby4.0",
    "ruby3.5",
    "ruby3.4",
    "ruby3.3",
    "ruby3.2",
];

pub(in crate::local) fn is_function_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

pub(super) fn function_name(name: &str) -> Result<(), ApiError> {
    if name.chars().count() > 140 {
        return Err(constraint(name, "functionName", "Member must have length less than or equal to 140"));
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        let rule = format!("Member must satisfy regular expression pattern: {NAME_PATTERN}");
        return Err(constraint(name, "functionName", &rule));
    }
    if !is_function_name(name) {
        let message = format!(
            "1 validation error detected: Value '{name}' at 'functionName' failed to satisfy \
                               constraint: Member must have length less than or equal to {NAME_MAX}"
        );
        return Err(ApiError::invalid_parameter(message));
    }
    Ok(())
}

pub(super) fn description(text: &str) -> Result<(), ApiError> {
    longest(text, "description", DESCRIPTION_MAX)
}

pub(super) fn handler(text: &str) -> Result<(), ApiError> {
    longest(text, "handler", HANDLER_MAX)?;
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(constraint(text, "handler", "Member must satisfy regular expression pattern: [^\\s]+"));
    }
    Ok(())
}

pub(super) fn runtime(text: &str) -> Result<(), ApiError> {
    if RUNTIMES.contains(&text) {
        return Ok(());
    }
    Err(ApiError::invalid_parameter(format!(
        "Value {text} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a \
         valid ARN",
        RUNTIMES.join(", ")
    )))
}

pub(super) fn architecture(text: &str) -> Result<(), ApiError> {
    if matches!(text, "arm64" | "x86_64") {
        return Ok(());
    }
    let rule = "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]";
    Err(constraint(&format!("[{text}]"), "architectures", rule))
}

pub(super) fn between(value: u64, field: &str, least: u64, most: u64) -> Result<(), ApiError> {
    if value < least {
        let rule = format!("Member must have value greater than or equal to {least}");
        return Err(constraint(&value.to_string(), field, &rule));
    }
    if value > most {
        return Err(constraint(
            &value.to_string(),
            field,
            &format!("Member must have value less than or equal to {most}"),
        ));
    }
    Ok(())
}

/// All tags that a function is to have.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > TAGS {
        return Err(ApiError::invalid_parameter("Number of tags exceeds resource tag limit."));
    }
    let allowed = |text: &str| {
        let other = |character: char| "_.:/=+-@".contains(character) || character.is_whitespace();
        text.chars().all(|character| character.is_alphanumeric() || other(character))
    };
    for (key, value) in tags {
        let (key_length, value_length) = (key.chars().count(), value.chars().count());
        if !(1..=128).contains(&key_length) || value_length > 256 || !allowed(key) || !allowed(value) {
            return Err(ApiError::invalid_parameter(format!(
                "The tag `{key}` has a key or value that is not allowed."
            )));
        }
    }
    Ok(())
}

/// A role that is there, trusts Lambda, and is not too fresh.
pub(super) fn role(
    shared: &Context,
    roles: &BTreeMap<String, Role>,
    arn: &str,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let rest = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
    let fits = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@-_/".contains(&byte))
    };
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((account, path)) = rest.filter(|(account, name)| is_account(account) && fits(name)) else {
        let pattern = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
        return Err(constraint(arn, "role", &format!("Member must satisfy regular expression pattern: {pattern}")));
    };
    if account != ACCOUNT {
        return Err(ApiError::denied("AccessDeniedException", "Cross-account pass role is not allowed."));
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let assumable = roles
        .get(name)
        .is_some_and(|role| trusts_lambda(&role.trust) && !shared.faults.role_is_fresh(role.created, now));
    if assumable {
        return Ok(());
    }
    Err(ApiError::invalid_parameter("The role defined for the function cannot be assumed by Lambda."))
}

/// Whether a trust policy lets Lambda assume the role.
fn trusts_lambda(policy: &str) -> bool {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let one_or_many = |value: &Value, wanted: &str| match value {
        Value::String(text) => text == wanted,
        Value::Array(list) => list.iter().any(|item| item == wanted),
        _ => false,
    };
    let statements = match &policy["Statement"] {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    statements.iter().any(|statement| {
        statement["Effect"] == "Allow"
            && one_or_many(&statement["Action"], "sts:AssumeRole")
            && one_or_many(&statement["Principal"]["Service"], "lambda.amazonaws.com")
    })
}

fn longest(text: &str, field: &str, most: usize) -> Result<(), ApiError> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(constraint(text, field, &format!("Member must have length less than or equal to {most}")))
}

pub(super) fn missing(field: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"
    ))
}

pub(super) fn constraint(value: &str, field: &str, rule: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: {rule}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_to_lambdas_rules() {
        assert!(function_name(&"a".repeat(64)).is_ok());
        assert_eq!(function_name(&"a".repeat(65)).unwrap_err().code, "InvalidParameterValueException");
        for name in ["", "a b", "a.b", "é", "a/b", &"a".repeat(141)] {
            assert_eq!(function_name(name).unwrap_err().code, "ValidationException", "{name}");
        }
    }

    #[test]
    fn only_a_trust_in_lambda_counts() {
        let policy = |principal: &str, action: &str| {
            format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":{action}}}]}}"#)
        };
        assert!(trusts_lambda(&policy(r#"{"Service":"lambda.amazonaws.com"}"#, r#""sts:AssumeRole""#)));
        assert!(trusts_lambda(&policy(r#"{"Service":["a","lambda.amazonaws.com"]}"#, r#"["sts:AssumeRole"]"#)));
        assert!(!trusts_lambda(&policy(r#"{"Service":"ec2.amazonaws.com"}"#, r#""sts:AssumeRole""#)));
        assert!(!trusts_lambda("no JSON"));
    }
}
