//! Which of a policy's actions we may not do, asked of IAM's simulator: nothing is done to find out.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use serde_json::Value;

use crate::cloud::{Cloud, CloudError};

impl Cloud {
    /// Actions of `policy` (JSON) that the caller is denied, sorted. The simulator needs a right of its own.
    pub async fn denied_of(&self, policy: &str) -> Result<Vec<String>, CloudError> {
        let doing = "could not ask IAM which permissions these credentials have";
        let policy: Value = serde_json::from_str(policy).unwrap_or_default();
        let mut denied = Vec::new();
        for statement in policy["Statement"].as_array().into_iter().flatten() {
            let for_lambda = ContextEntry::builder()
                .context_key_name("iam:PassedToService")
                .context_key_values("lambda.amazonaws.com")
                .context_key_type(ContextKeyTypeEnum::String);
            let request = self
                .iam
                .simulate_principal_policy()
                .policy_source_arn(principal(&self.identity().arn))
                .set_action_names(Some(strings(&statement["Action"])))
                .set_resource_arns(Some(strings(&statement["Resource"])))
                .context_entries(for_lambda.build());
            let answer = self.answer(|| doing.to_owned(), request.send().await)?;
            let results = answer.evaluation_results.unwrap_or_default().into_iter();
            denied.extend(
                results
                    .filter(|result| result.eval_decision != PolicyEvaluationDecisionType::Allowed)
                    .map(|result| result.eval_action_name),
            );
        }
        denied.sort();
        denied.dedup();
        Ok(denied)
    }
}

/// One string or several.
fn strings(value: &Value) -> Vec<String> {
    let several = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    several.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// The role behind a session: the simulator takes users and roles.
fn principal(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, partition, "sts", _, account, rest] if rest.starts_with("assumed-role/") => {
            let role = rest.split('/').nth(1).unwrap_or_default();
            format!("arn:{partition}:iam::{account}:role/{role}")
        }
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_asked_about_by_their_role() {
        assert_eq!(principal("arn:aws:sts::123456789012:assumed-role/dev/me@x"), "arn:aws:iam::123456789012:role/dev");
        assert_eq!(principal("arn:aws:iam::123456789012:user/me"), "arn:aws:iam::123456789012:user/me");
    }
}
