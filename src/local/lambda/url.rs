//! Function URLs. Those of the gate and the relay lead to the stand-in's own gate and relay; others are kept and named
//! as AWS would, and lead nowhere, because the stand-in runs no code.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Answer, Request, parse, timestamp},
    check,
};
use crate::{
    local::{
        context::Context,
        error::ApiError,
        http::body::Content,
        signature::keys::ACCOUNT,
        store::record::{Function, UrlConfig},
    },
    model::gate::public::{GATE, RELAY},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    auth_type: Option<String>,
    invoke_mode: Option<String>,
    cors: Option<Value>,
}

impl Body {
    fn read(content: &Content) -> Result<Self, ApiError> {
        let body: Self = parse(&content.text)?;
        let one_of = |value: &Option<String>, field: &str, known: [&str; 2]| match value.as_deref() {
            Some(value) if !known.contains(&value) => {
                let rule = format!("Member must satisfy enum value set: [{}]", known.join(", "));
                Err(check::constraint(value, field, &rule))
            }
            _ => Ok(()),
        };
        one_of(&body.auth_type, "authType", ["NONE", "AWS_IAM"])?;
        one_of(&body.invoke_mode, "invokeMode", ["BUFFERED", "RESPONSE_STREAM"])?;
        Ok(body)
    }
}

pub(super) fn create(request: &Request<'_>, content: &Content) -> Result<Answer, ApiError> {
    let body = Body::read(content)?;
    let auth_type = body.auth_type.ok_or_else(|| check::missing("authType"))?;
    request.change(|function| {
        if function.url.is_some() {
            let arn = function.arn(ACCOUNT);
            let message = format!(
                "Failed to create function url config for [functionArn = {arn}]. Error message: \
                                   FunctionUrlConfig exists for this Lambda function"
            );
            return Err(ApiError::conflict(message));
        }
        let invoke_mode = body.invoke_mode.unwrap_or_else(|| "BUFFERED".to_owned());
        let (created, modified) = (request.now, request.now);
        let url = UrlConfig { auth_type, invoke_mode, cors: body.cors, created, modified };
        let answer = shape(request.shared, function, &url);
        function.url = Some(url);
        Ok(Answer::created(answer))
    })
}

pub(super) fn update(request: &Request<'_>, content: &Content) -> Result<Answer, ApiError> {
    let body = Body::read(content)?;
    request.change(|function| {
        let mut url = function.url.clone().ok_or_else(none)?;
        url.auth_type = body.auth_type.unwrap_or(url.auth_type);
        url.invoke_mode = body.invoke_mode.unwrap_or(url.invoke_mode);
        url.cors = body.cors.or(url.cors);
        url.modified = request.now;
        let answer = shape(request.shared, function, &url);
        function.url = Some(url);
        Ok(Answer::ok(answer))
    })
}

pub(super) fn get(request: &Request<'_>) -> Result<Answer, ApiError> {
    let function = request.function()?;
    let url = function.url.as_ref().ok_or_else(none)?;
    Ok(Answer::ok(shape(request.shared, &function, url)))
}

pub(super) fn delete(request: &Request<'_>) -> Result<Answer, ApiError> {
    request.change(|function| function.url.take().map(|_| Answer::empty()).ok_or_else(none))
}

fn none() -> ApiError {
    ApiError::not_found("The resource you requested does not exist.")
}

fn shape(shared: &Context, function: &Function, url: &UrlConfig) -> Value {
    let mut shape = json!({
        "FunctionUrl": address(shared, function),
        "FunctionArn": function.arn(ACCOUNT),
        "AuthType": url.auth_type,
        "CreationTime": timestamp(url.created),
        "LastModifiedTime": timestamp(url.modified),
        "InvokeMode": url.invoke_mode,
    });
    if let Some(cors) = &url.cors {
        shape["Cors"] = cors.clone();
    }
    shape
}

fn address(shared: &Context, function: &Function) -> String {
    match function.name.as_str() {
        GATE => format!("{}/", shared.origins.gate.url),
        RELAY => format!("{}/", shared.origins.relay.url),
        name => format!("https://{}.lambda-url.{}.on.aws/", name.to_ascii_lowercase(), function.region),
    }
}
