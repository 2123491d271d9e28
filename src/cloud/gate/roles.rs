//! Roles and their one inline policy: found, made, mended, removed. Each call may be repeated and says whether it
//! changed anything.

use aws_sdk_iam::types::Role;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::cloud::{Cloud, CloudError, Done, ErrorKind};

const NOTE: &str = "Made by zipreel setup";

/// A role as it should be.
#[derive(Debug, Clone)]
pub struct RoleWanted {
    pub name: String,
    /// Who may assume it, JSON.
    pub trust: String,
    /// Name and document of its only inline policy; none for a role without rights.
    pub policy: Option<(String, String)>,
}

impl Cloud {
    /// Makes the role, or mends what differs from `wanted`.
    pub async fn ensure_role(&self, wanted: &RoleWanted) -> Result<Done, CloudError> {
        let name = &wanted.name;
        let mut done = match self.role(name).await? {
            Some(role) => self.mend_trust(&role, wanted).await?,
            None => match self.create_role(wanted).await {
                Ok(()) => Done::Made,
                // our own creation whose answer was lost, or another process was quicker: what is there now counts
                Err(error) if error.kind() == ErrorKind::Exists => match self.role(name).await? {
                    Some(role) => self.mend_trust(&role, wanted).await?,
                    // IAM answers from many places, and not all know a new role yet
                    None => return Err(error.passing()),
                },
                Err(error) => return Err(error),
            },
        };
        let Some((policy, document)) = &wanted.policy else { return Ok(done) };
        if done != Done::Made && same(self.role_policy(name, policy).await?.as_deref(), document) {
            return Ok(done);
        }
        let request = self.iam.put_role_policy().role_name(name).policy_name(policy).policy_document(document);
        match self.answer(|| format!("could not give role `{name}` its policy"), request.send().await) {
            Ok(_) => {
                done = if done == Done::Made { done } else { Done::Updated };
                Ok(done)
            }
            Err(error) if error.is_not_found() => Err(error.passing()),
            Err(error) => Err(error),
        }
    }

    async fn mend_trust(&self, role: &Role, wanted: &RoleWanted) -> Result<Done, CloudError> {
        if same(role.assume_role_policy_document(), &wanted.trust) {
            return Ok(Done::Kept);
        }
        let name = &wanted.name;
        let request = self.iam.update_assume_role_policy().role_name(name).policy_document(&wanted.trust);
        self.answer(|| format!("could not mend role `{name}`"), request.send().await)?;
        Ok(Done::Updated)
    }

    /// What of `wanted` is not there or differs, in words; `None` when all is as it should be.
    pub async fn role_gap(&self, wanted: &RoleWanted) -> Result<Option<String>, CloudError> {
        let Some(role) = self.role(&wanted.name).await? else { return Ok(Some("will be created".to_owned())) };
        if !same(role.assume_role_policy_document(), &wanted.trust) {
            return Ok(Some("does not trust Lambda alone".to_owned()));
        }
        if let Some((policy, document)) = &wanted.policy
            && !same(self.role_policy(&wanted.name, policy).await?.as_deref(), document)
        {
            return Ok(Some(format!("has another policy `{policy}` than it should")));
        }
        Ok(None)
    }

    /// Removes a role and its policy `policy`. True if it was there.
    pub async fn delete_role(&self, name: &str, policy: Option<&str>) -> Result<bool, CloudError> {
        let doing = || format!("could not delete role `{name}`");
        if let Some(policy) = policy {
            let sent = self.iam.delete_role_policy().role_name(name).policy_name(policy).send().await;
            gone(self.answer(doing, sent))?;
        }
        gone(self.answer(doing, self.iam.delete_role().role_name(name).send().await))
    }

    async fn role(&self, name: &str) -> Result<Option<Role>, CloudError> {
        let sent = self.iam.get_role().role_name(name).send().await;
        match self.answer(|| format!("could not read role `{name}`"), sent) {
            Ok(answer) => Ok(answer.role),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create_role(&self, wanted: &RoleWanted) -> Result<(), CloudError> {
        let name = &wanted.name;
        let request = self.iam.create_role().role_name(name).assume_role_policy_document(&wanted.trust);
        self.answer(|| format!("could not make role `{name}`"), request.description(NOTE).send().await)?;
        Ok(())
    }

    async fn role_policy(&self, role: &str, policy: &str) -> Result<Option<String>, CloudError> {
        let sent = self.iam.get_role_policy().role_name(role).policy_name(policy).send().await;
        match self.answer(|| format!("could not read the policy of role `{role}`"), sent) {
            Ok(answer) => Ok(Some(answer.policy_document)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn gone<T>(answer: Result<T, CloudError>) -> Result<bool, CloudError> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// IAM gives documents back URL-encoded; white space and the order of keys mean nothing.
fn same(deployed: Option<&str>, wanted: &str) -> bool {
    let Some(deployed) = deployed else { return false };
    let text = percent_decode_str(deployed).decode_utf8_lossy();
    match (serde_json::from_str::<Value>(&text), serde_json::from_str::<Value>(wanted)) {
        (Ok(deployed), Ok(wanted)) => deployed == wanted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_compared_by_what_they_say() {
        let wanted = r#"{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow" } ] }"#;
        assert!(same(
            Some("%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%7D%5D%2C%22Version%22%3A%222012-10-17%22%7D"),
            wanted
        ));
        assert!(same(Some(wanted), wanted));
        assert!(!same(Some(r#"{"Statement":[]}"#), wanted) && !same(None, wanted) && !same(Some("%7B"), wanted));
    }
}
