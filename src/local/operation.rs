//! Which operation a request asks for: the paths of Lambda's, API Gateway's and CloudFront's REST APIs as a pure function of method and path. Faults,
//! limits, counters and logs call operations by the names given here, which are AWS's.

use std::{fmt, str::FromStr};

use percent_encoding::percent_decode_str;

/// Which limit of calls a second an operation counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rate {
    GetFunction,
    GetPolicy,
    /// All else of Lambda's control plane together.
    Others,
    /// API Gateway, CloudFront, IAM, STS, CloudWatch and its Logs, and what is no call of an API: no limit here.
    None,
}

/// The one table of operations: AWS's name, and the rate.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident: $rate:ident,)+) => {
        /// Everything the stand-in does for a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation {
            $($(#[$doc])* $name,)+
        }

        impl Operation {
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub(super) fn rate(self) -> Rate {
                match self {
                    $(Self::$name => Rate::$rate,)+
                }
            }
        }
    };
}

operations! {
    CreateFunction: Others,
    GetFunction: GetFunction,
    ListFunctions: Others,
    GetFunctionConfiguration: Others,
    UpdateFunctionCode: Others,
    UpdateFunctionConfiguration: Others,
    DeleteFunction: Others,
    ListTags: Others,
    TagResource: Others,
    UntagResource: Others,
    GetAccountSettings: Others,
    CreateFunctionUrlConfig: Others,
    UpdateFunctionUrlConfig: Others,
    GetFunctionUrlConfig: Others,
    DeleteFunctionUrlConfig: Others,
    AddPermission: Others,
    GetPolicy: GetPolicy,
    RemovePermission: Others,
    PutFunctionConcurrency: Others,
    GetFunctionConcurrency: Others,
    DeleteFunctionConcurrency: Others,
    GetApis: None,
    CreateApi: None,
    DeleteApi: None,
    GetIntegrations: None,
    CreateIntegration: None,
    GetRoutes: None,
    CreateRoute: None,
    UpdateRoute: None,
    GetStages: None,
    CreateStage: None,
    UpdateStage: None,
    ListDistributions: None,
    CreateDistributionWithTags: None,
    GetDistribution: None,
    UpdateDistribution: None,
    DeleteDistribution: None,
    PutMetricData: None,
    GetMetricStatistics: None,
    GetCallerIdentity: None,
    CreateRole: None,
    GetRole: None,
    DeleteRole: None,
    UpdateAssumeRolePolicy: None,
    PutRolePolicy: None,
    GetRolePolicy: None,
    DeleteRolePolicy: None,
    ListRolePolicies: None,
    ListAttachedRolePolicies: None,
    CreateLogGroup: None,
    DescribeLogGroups: None,
    PutRetentionPolicy: None,
    DeleteLogGroup: None,
    /// A presigned link's download.
    Download: None,
    /// A request to the gate.
    Gate: None,
    /// A request to the relay.
    Relay: None,
}

impl Operation {
    /// Of the services that name operations by path: the one that a signature has to be for.
    pub(super) fn service(self) -> &'static str {
        let is_in = |first, last| (first..=last).contains(&self);
        match () {
            () if is_in(Self::GetApis, Self::UpdateStage) => "apigateway",
            () if is_in(Self::ListDistributions, Self::DeleteDistribution) => "cloudfront",
            () => "lambda",
        }
    }

    /// Whether the body carries a zip.
    pub(super) fn carries_code(self) -> bool {
        matches!(self, Self::CreateFunction | Self::UpdateFunctionCode)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Operation {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|operation| operation.to_string() == text).ok_or(())
    }
}

/// A call: the operation, the function name or ARN it is about and, for permissions, the statement; of API Gateway the
/// API, and the route or stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) operation: Operation,
    pub(super) target: String,
    pub(super) statement: String,
}

/// What all paths of CloudFront's API begin with.
pub(super) const CLOUDFRONT: &str = "2020-05-31";

/// Reads method and raw path; `None` where no service has such a call.
pub(super) fn rest_call(method: &str, path: &str) -> Option<Call> {
    use Operation as Op;
    let mut parts = Vec::new();
    for part in path.strip_prefix('/')?.trim_end_matches('/').split('/') {
        parts.push(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (operation, target, statement) = match (method, parts.as_slice()) {
        ("POST", ["2015-03-31", "functions"]) => (Op::CreateFunction, "", ""),
        ("GET", ["2015-03-31", "functions"]) => (Op::ListFunctions, "", ""),
        ("GET", ["2015-03-31", "functions", name]) => (Op::GetFunction, *name, ""),
        ("DELETE", ["2015-03-31", "functions", name]) => (Op::DeleteFunction, *name, ""),
        ("PUT", ["2015-03-31", "functions", name, "code"]) => (Op::UpdateFunctionCode, *name, ""),
        ("GET", ["2015-03-31", "functions", name, "configuration"]) => (Op::GetFunctionConfiguration, *name, ""),
        ("PUT", ["2015-03-31", "functions", name, "configuration"]) => (Op::UpdateFunctionConfiguration, *name, ""),
        ("POST", ["2015-03-31", "functions", name, "policy"]) => (Op::AddPermission, *name, ""),
        ("GET", ["2015-03-31", "functions", name, "policy"]) => (Op::GetPolicy, *name, ""),
        ("DELETE", ["2015-03-31", "functions", name, "policy", sid]) => (Op::RemovePermission, *name, *sid),
        ("GET", ["2016-08-19", "account-settings"]) => (Op::GetAccountSettings, "", ""),
        ("GET", ["2017-03-31", "tags", arn]) => (Op::ListTags, *arn, ""),
        ("POST", ["2017-03-31", "tags", arn]) => (Op::TagResource, *arn, ""),
        ("DELETE", ["2017-03-31", "tags", arn]) => (Op::UntagResource, *arn, ""),
        ("PUT", ["2017-10-31", "functions", name, "concurrency"]) => (Op::PutFunctionConcurrency, *name, ""),
        ("DELETE", ["2017-10-31", "functions", name, "concurrency"]) => (Op::DeleteFunctionConcurrency, *name, ""),
        ("GET", ["2019-09-30", "functions", name, "concurrency"]) => (Op::GetFunctionConcurrency, *name, ""),
        ("POST", ["2021-10-31", "functions", name, "url"]) => (Op::CreateFunctionUrlConfig, *name, ""),
        ("PUT", ["2021-10-31", "functions", name, "url"]) => (Op::UpdateFunctionUrlConfig, *name, ""),
        ("GET", ["2021-10-31", "functions", name, "url"]) => (Op::GetFunctionUrlConfig, *name, ""),
        ("DELETE", ["2021-10-31", "functions", name, "url"]) => (Op::DeleteFunctionUrlConfig, *name, ""),
        ("GET", [CLOUDFRONT, "distribution"]) => (Op::ListDistributions, "", ""),
        ("POST", [CLOUDFRONT, "distribution"]) => (Op::CreateDistributionWithTags, "", ""),
        ("GET", [CLOUDFRONT, "distribution", id]) => (Op::GetDistribution, *id, ""),
        ("PUT", [CLOUDFRONT, "distribution", id, "config"]) => (Op::UpdateDistribution, *id, ""),
        ("DELETE", [CLOUDFRONT, "distribution", id]) => (Op::DeleteDistribution, *id, ""),
        (method, ["v2", "apis", rest @ ..]) => return apis_call(method, rest),
        _ => return None,
    };
    Some(Call { operation, target: target.to_owned(), statement: statement.to_owned() })
}

fn apis_call(method: &str, path: &[&str]) -> Option<Call> {
    use Operation as Op;
    let (operation, target, part) = match (method, path) {
        ("GET", []) => (Op::GetApis, "", ""),
        ("POST", []) => (Op::CreateApi, "", ""),
        ("DELETE", [api]) => (Op::DeleteApi, *api, ""),
        ("GET", [api, "integrations"]) => (Op::GetIntegrations, *api, ""),
        ("POST", [api, "integrations"]) => (Op::CreateIntegration, *api, ""),
        ("GET", [api, "routes"]) => (Op::GetRoutes, *api, ""),
        ("POST", [api, "routes"]) => (Op::CreateRoute, *api, ""),
        ("PATCH", [api, "routes", route]) => (Op::UpdateRoute, *api, *route),
        ("GET", [api, "stages"]) => (Op::GetStages, *api, ""),
        ("POST", [api, "stages"]) => (Op::CreateStage, *api, ""),
        ("PATCH", [api, "stages", stage]) => (Op::UpdateStage, *api, *stage),
        _ => return None,
    };
    Some(Call { operation, target: target.to_owned(), statement: part.to_owned() })
}

/// The plain name in a function's name, partial ARN or ARN; `None` for other accounts, other qualifiers than
/// `$LATEST`, and everything that is no function.
pub(super) fn function_name(target: &str, account: &str) -> Option<String> {
    let parts: Vec<&str> = target.split(':').collect();
    let (name, qualifier) = match parts.as_slice() {
        ["arn", "aws", "lambda", _, owner, "function", name, qualifier @ ..] if *owner == account => (name, qualifier),
        [owner, "function", name, qualifier @ ..] if *owner == account => (name, qualifier),
        [name, qualifier @ ..] => (name, qualifier),
        [] => return None,
    };
    matches!(qualifier, [] | ["$LATEST"]).then(|| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(method: &str, path: &str) -> Option<Operation> {
        rest_call(method, path).map(|call| call.operation)
    }

    #[test]
    fn paths_name_operations_with_and_without_a_slash_at_the_end() {
        assert_eq!(operation("POST", "/2015-03-31/functions"), Some(Operation::CreateFunction));
        assert_eq!(operation("GET", "/2015-03-31/functions/"), Some(Operation::ListFunctions));
        assert_eq!(operation("PUT", "/2015-03-31/functions/a/code"), Some(Operation::UpdateFunctionCode));
        assert_eq!(operation("GET", "/2016-08-19/account-settings/"), Some(Operation::GetAccountSettings));
        let call = rest_call("GET", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Aa").unwrap();
        assert_eq!(call.target, "arn:aws:lambda:eu-west-1:1:function:a");
        let call = rest_call("PATCH", "/v2/apis/a1/stages/%24default").unwrap();
        assert_eq!(
            (call.operation, call.target.as_str(), call.statement.as_str()),
            (Operation::UpdateStage, "a1", "$default")
        );
        assert_eq!((call.operation.service(), Operation::AddPermission.service()), ("apigateway", "lambda"));
        for (method, path) in
            [("PUT", "/v2/apis"), ("PATCH", "/2015-03-31/functions/a"), ("GET", "/"), ("GET", "/2015-03-31/layers")]
        {
            assert_eq!(operation(method, path), None);
        }
        assert_eq!(operation("GET", "/2015-03-31/functions/%ff"), None);
    }

    #[test]
    fn every_operation_is_found_by_its_name() {
        for operation in Operation::ALL.iter().copied() {
            assert_eq!(operation.to_string().parse(), Ok(operation));
        }
        assert!("InvokeFunction".parse::<Operation>().is_err());
    }

    #[test]
    fn names_and_arns_mean_the_same_function() {
        for target in ["a", "a:$LATEST", "1:function:a", "arn:aws:lambda:eu-west-1:1:function:a"] {
            assert_eq!(function_name(target, "1").as_deref(), Some("a"), "{target}");
        }
        for target in ["a:7", "2:function:a", "arn:aws:lambda:eu-west-1:2:function:a", "arn:aws:s3:::bucket"] {
            assert_eq!(function_name(target, "1"), None, "{target}");
        }
    }
}
