//! AddPermission, GetPolicy and RemovePermission: a function's resource policy.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Answer, Request, parse},
    check,
};
use crate::local::{
    error::ApiError,
    http::body::Content,
    signature::keys::ACCOUNT,
    store::record::{Function, Statement},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    statement_id: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
    source_arn: Option<String>,
    source_account: Option<String>,
    revision_id: Option<String>,
}

pub(super) fn add(request: &Request<'_>, content: &Content) -> Result<Answer, ApiError> {
    let body: Body = parse(&content.text)?;
    if body.function_url_auth_type.is_some() && body.action.as_deref() != Some("lambda:InvokeFunctionUrl") {
        let message = "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action";
        return Err(ApiError::invalid_parameter(message));
    }
    let statement = Statement {
        id: body.statement_id.ok_or_else(|| check::missing("statementId"))?,
        action: body.action.ok_or_else(|| check::missing("action"))?,
        principal: body.principal.ok_or_else(|| check::missing("principal"))?,
        url_auth_type: body.function_url_auth_type,
        via_function_url: body.invoked_via_function_url.unwrap_or_default(),
        source_arn: body.source_arn,
        source_account: body.source_account,
    };
    request.change(|function| {
        if body.revision_id.is_some_and(|seen| seen != function.revision) {
            return Err(ApiError::precondition_failed());
        }
        if function.policy.iter().any(|known| known.id == statement.id) {
            let message = format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, \
                                   or remove the existing statement.",
                statement.id
            );
            return Err(ApiError::conflict(message));
        }
        let answer = json!({ "Statement": shape(function, &statement).to_string() });
        function.policy.push(statement);
        function.revision = crate::local::store::record::uuid();
        Ok(Answer::created(answer))
    })
}

pub(super) fn get(request: &Request<'_>) -> Result<Answer, ApiError> {
    let function = request.function()?;
    if function.policy.is_empty() {
        return Err(ApiError::not_found("The resource you requested does not exist."));
    }
    let statements: Vec<_> = function.policy.iter().map(|statement| shape(&function, statement)).collect();
    let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
    Ok(Answer::ok(json!({ "Policy": policy.to_string(), "RevisionId": function.revision })))
}

pub(super) fn remove(request: &Request<'_>) -> Result<Answer, ApiError> {
    let wanted = &request.call.statement;
    request.change(|function| {
        let before = function.policy.len();
        function.policy.retain(|statement| statement.id != *wanted);
        if function.policy.len() == before {
            return Err(ApiError::not_found(format!("Statement {wanted} is not found in resource policy.")));
        }
        function.revision = crate::local::store::record::uuid();
        Ok(Answer::empty())
    })
}

fn shape(function: &Function, statement: &Statement) -> Value {
    let principal = match statement.principal.as_str() {
        "*" => json!("*"),
        service if service.contains('.') => json!({ "Service": service }),
        account => json!({ "AWS": account }),
    };
    let mut shape = json!({
        "Sid": statement.id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": statement.action,
        "Resource": function.arn(ACCOUNT),
    });
    if let Some(auth_type) = &statement.url_auth_type {
        shape["Condition"]["StringEquals"]["lambda:FunctionUrlAuthType"] = json!(auth_type);
    }
    if let Some(account) = &statement.source_account {
        shape["Condition"]["StringEquals"]["AWS:SourceAccount"] = json!(account);
    }
    if statement.via_function_url {
        shape["Condition"]["Bool"]["lambda:InvokedViaFunctionUrl"] = json!("true");
    }
    if let Some(arn) = &statement.source_arn {
        shape["Condition"]["ArnLike"]["AWS:SourceArn"] = json!(arn);
    }
    shape
}
