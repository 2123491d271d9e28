//! Who may call the gate and the relay: statements in the policy of each function. Told by what they allow, since a
//! stack gives them ids of its own.

use aws_sdk_lambda::types::FunctionUrlAuthType;
use serde_json::Value;

use crate::{
    cloud::{Cloud, CloudError, limiter::Rank},
    model::gate::{
        front::API_PERMISSION,
        public::{INVOKE_PERMISSION, Public, URL_PERMISSION},
    },
};

const GATEWAY: &str = "apigateway.amazonaws.com";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Permission {
    /// Everyone, by the function URL.
    Url,
    /// Everyone, called by its URL: AWS wants both.
    Invoke,
    /// API Gateway, for the API that this ARN names.
    Api(String),
}

impl Permission {
    pub(super) const OF_A_URL: [Self; 2] = [Self::Url, Self::Invoke];

    fn id(&self) -> &'static str {
        match self {
            Self::Url => URL_PERMISSION,
            Self::Invoke => INVOKE_PERMISSION,
            Self::Api(_) => API_PERMISSION,
        }
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Url => "lambda:InvokeFunctionUrl",
            Self::Invoke | Self::Api(_) => "lambda:InvokeFunction",
        }
    }

    fn is_in(&self, policy: &str) -> bool {
        statements(policy).iter().any(|statement| {
            statement["Effect"] == "Allow" && statement["Action"] == self.action() && self.is_for(statement)
        })
    }

    fn is_for(&self, statement: &Value) -> bool {
        let (principal, condition) = (&statement["Principal"], &statement["Condition"]);
        match self {
            Self::Api(arn) => {
                let of_us =
                    |condition: &Value| condition["AWS:SourceArn"] == **arn || condition["aws:SourceArn"] == **arn;
                principal["Service"] == GATEWAY && (of_us(&condition["ArnLike"]) || of_us(&condition["ArnEquals"]))
            }
            _ => (*principal == "*" || principal["AWS"] == "*") && !condition.to_string().contains("AWS_IAM"),
        }
    }
}

impl Cloud {
    /// Whether everyone may call the function by its URL.
    pub async fn is_open(&self, public: Public) -> Result<bool, CloudError> {
        let policy = self.policy(public).await?;
        Ok(Permission::OF_A_URL.iter().all(|permission| permission.is_in(&policy)))
    }

    pub(super) async fn has_permission(&self, public: Public, permission: &Permission) -> Result<bool, CloudError> {
        Ok(permission.is_in(&self.policy(public).await?))
    }

    /// Gives those that the function's policy lacks. True if there were such.
    pub(super) async fn ensure_permissions(&self, public: Public, wanted: &[Permission]) -> Result<bool, CloudError> {
        let policy = self.policy(public).await?;
        let mut changed = false;
        for permission in wanted.iter().filter(|permission| !permission.is_in(&policy)) {
            changed |= self.ensure_permission(public, permission).await?;
        }
        Ok(changed)
    }

    /// The function's own policy; empty if it has none.
    async fn policy(&self, public: Public) -> Result<String, CloudError> {
        self.limiter.acquire(Rank::First).await;
        let sent = self.lambda.get_policy().function_name(public.name()).send().await;
        match self.checked(|| format!("could not read who may call `{}`", public.name()), sent) {
            Ok(answer) => Ok(answer.policy.unwrap_or_default()),
            Err(error) if error.is_not_found() => Ok(String::new()),
            Err(error) => Err(error),
        }
    }

    /// True if it was not there before.
    async fn ensure_permission(&self, public: Public, permission: &Permission) -> Result<bool, CloudError> {
        let error = match self.permit(public, permission).await {
            Err(error) if error.is_conflict() => error,
            other => return other.map(|()| true),
        };
        let policy = self.policy(public).await?;
        if permission.is_in(&policy) {
            return Ok(false);
        }
        if !statements(&policy).iter().any(|statement| statement["Sid"] == permission.id()) {
            // another change of the policy is under way
            return Err(error.passing());
        }
        // a statement of this id allows something else
        self.limiter.acquire(Rank::First).await;
        let request = self.lambda.remove_permission().function_name(public.name()).statement_id(permission.id());
        match self.checked(|| format!("could not mend who may call `{}`", public.name()), request.send().await) {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        match self.permit(public, permission).await {
            Err(error) if error.is_conflict() => Err(error.passing()),
            other => other.map(|()| true),
        }
    }

    async fn permit(&self, public: Public, permission: &Permission) -> Result<(), CloudError> {
        self.limiter.acquire(Rank::First).await;
        let request = self.lambda.add_permission().function_name(public.name());
        let request = request.statement_id(permission.id()).action(permission.action());
        let request = match permission {
            Permission::Url => request.principal("*").function_url_auth_type(FunctionUrlAuthType::None),
            Permission::Invoke => request.principal("*").invoked_via_function_url(true),
            Permission::Api(arn) => request.principal(GATEWAY).source_arn(arn),
        };
        let sent = request.send().await;
        self.checked(|| format!("could not open function `{}` to the public", public.name()), sent)?;
        Ok(())
    }
}

fn statements(policy: &str) -> Vec<Value> {
    let mut policy: Value = serde_json::from_str(policy).unwrap_or_default();
    policy["Statement"].as_array_mut().map(std::mem::take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(policy: &str) -> Vec<&'static str> {
        let wanted = Permission::OF_A_URL;
        wanted.iter().filter(|permission| !permission.is_in(policy)).map(Permission::id).collect()
    }

    #[test]
    fn permissions_are_told_by_what_they_allow() {
        let statement = |action: &str, auth: &str| {
            format!(
                r#"{{"Sid":"x","Effect":"Allow","Principal":"*","Action":"lambda:{action}",
                    "Condition":{{"StringEquals":{{"lambda:FunctionUrlAuthType":"{auth}"}}}}}}"#
            )
        };
        let policy = |statements: &[String]| format!(r#"{{"Statement":[{}]}}"#, statements.join(","));
        let both = [statement("InvokeFunctionUrl", "NONE"), statement("InvokeFunction", "NONE")];
        assert_eq!(missing(&policy(&both)), [""; 0]);
        assert_eq!(missing(&policy(&both[..1])), [INVOKE_PERMISSION]);
        let signed = [statement("InvokeFunctionUrl", "AWS_IAM"), both[1].clone()];
        assert_eq!(missing(&policy(&signed)), [URL_PERMISSION]);
        assert_eq!(missing(""), [URL_PERMISSION, INVOKE_PERMISSION]);
    }

    #[test]
    fn an_apis_permission_is_for_that_api_alone() {
        let policy = r#"{"Statement":[{"Sid":"x","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},
            "Action":"lambda:InvokeFunction","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:r:1:a/*/*"}}}]}"#;
        assert!(Permission::Api("arn:aws:execute-api:r:1:a/*/*".to_owned()).is_in(policy));
        assert!(!Permission::Api("arn:aws:execute-api:r:1:b/*/*".to_owned()).is_in(policy));
        assert_eq!(missing(policy), [URL_PERMISSION, INVOKE_PERMISSION], "it opens no URL");
    }
}
