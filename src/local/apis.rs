//! The little of API Gateway that an HTTP API before the gate needs: an API with its integration, route and stage. All
//! that are made share one address, and lead somewhere only if they lead to the gate's function, which may be called.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::{
    context::Context,
    error::ApiError,
    http::body::Content,
    lambda::{Answer, Request, parse},
    operation::Operation,
    signature::keys::ACCOUNT,
    store::record::{Api, Function, Integration, Route, Stage, uuid},
};
use crate::model::gate::{
    front::{DEFAULT, PAYLOAD_FORMAT},
    public::{FRONT, Public},
};

const PROXY: &str = "AWS_PROXY";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    name: Option<String>,
    description: Option<String>,
    protocol_type: Option<String>,
    integration_type: Option<String>,
    integration_uri: Option<String>,
    payload_format_version: Option<String>,
    route_key: Option<String>,
    target: Option<String>,
    stage_name: Option<String>,
    auto_deploy: Option<bool>,
}

pub(super) fn answer(request: &Request<'_>, content: &Content) -> Result<Answer, ApiError> {
    let body: Body = parse(&content.text)?;
    match request.call.operation {
        Operation::GetApis => {
            let state = request.shared.store.read();
            let all = state.apis.values().filter(|api| api.region == request.region);
            Ok(items(all.map(|api| shape(request.shared, api))))
        }
        Operation::CreateApi => create(request, body),
        Operation::DeleteApi => {
            let store = request.shared.store.change()?;
            known(request)?;
            store.remove_api(&request.call.target)?;
            Ok(Answer::empty())
        }
        Operation::GetIntegrations => Ok(items(known(request)?.integrations.iter().map(of_integration))),
        Operation::GetRoutes => Ok(items(known(request)?.routes.iter().map(of_route))),
        Operation::GetStages => Ok(items(known(request)?.stages.iter().map(of_stage))),
        Operation::CreateIntegration => change(request, |api| integrate(api, body)),
        Operation::CreateRoute => change(request, |api| route(api, body)),
        Operation::UpdateRoute => change(request, |api| {
            let route = api.routes.iter_mut().find(|route| route.id == request.call.statement);
            let route = route.ok_or_else(|| missing("route"))?;
            route.target = body.target.unwrap_or_else(|| route.target.clone());
            Ok(Answer::ok(of_route(route)))
        }),
        Operation::CreateStage => change(request, |api| stage(api, body)),
        Operation::UpdateStage => change(request, |api| {
            let stage = api.stages.iter_mut().find(|stage| stage.name == request.call.statement);
            let stage = stage.ok_or_else(|| missing("stage"))?;
            stage.auto_deploy = body.auto_deploy.unwrap_or(stage.auto_deploy);
            Ok(Answer::ok(of_stage(stage)))
        }),
        other => Err(ApiError::service(format!("{other} is no operation of API Gateway's"))),
    }
}

fn create(request: &Request<'_>, body: Body) -> Result<Answer, ApiError> {
    if body.protocol_type.as_deref() != Some("HTTP") {
        return Err(invalid("The stand-in knows HTTP APIs alone"));
    }
    let api = Api {
        id: id(),
        region: request.region.to_owned(),
        name: body.name.ok_or_else(|| invalid("An API has a name"))?,
        description: body.description.unwrap_or_default(),
        created: request.now,
        integrations: Vec::new(),
        routes: Vec::new(),
        stages: Vec::new(),
    };
    let answer = shape(request.shared, &api);
    request.shared.store.change()?.put_api(api)?;
    Ok(Answer::created(answer))
}

fn integrate(api: &mut Api, body: Body) -> Result<Answer, ApiError> {
    if body.integration_type.as_deref() != Some(PROXY) {
        return Err(invalid("The stand-in knows integrations of type AWS_PROXY alone"));
    }
    let integration = Integration {
        id: id(),
        kind: PROXY.to_owned(),
        uri: body.integration_uri.ok_or_else(|| invalid("An integration has a URI"))?,
        // as AWS: the older one where none is said
        payload: body.payload_format_version.unwrap_or_else(|| "1.0".to_owned()),
    };
    let answer = of_integration(&integration);
    api.integrations.push(integration);
    Ok(Answer::created(answer))
}

fn route(api: &mut Api, body: Body) -> Result<Answer, ApiError> {
    let key = body.route_key.ok_or_else(|| invalid("A route has a key"))?;
    if api.routes.iter().any(|route| route.key == key) {
        return Err(conflict(format!("Route with key {key} already exists for this API")));
    }
    let route = Route { id: id(), key, target: body.target.unwrap_or_default() };
    let answer = of_route(&route);
    api.routes.push(route);
    Ok(Answer::created(answer))
}

fn stage(api: &mut Api, body: Body) -> Result<Answer, ApiError> {
    let name = body.stage_name.ok_or_else(|| invalid("A stage has a name"))?;
    if api.stages.iter().any(|stage| stage.name == name) {
        return Err(conflict("Stage already exists".to_owned()));
    }
    let stage = Stage { name, auto_deploy: body.auto_deploy.unwrap_or_default() };
    let answer = of_stage(&stage);
    api.stages.push(stage);
    Ok(Answer::created(answer))
}

fn known(request: &Request<'_>) -> Result<Api, ApiError> {
    let state = request.shared.store.read();
    let found = state.apis.get(&request.call.target).filter(|api| api.region == request.region);
    found.cloned().ok_or_else(|| missing("API"))
}

fn change(request: &Request<'_>, edit: impl FnOnce(&mut Api) -> Result<Answer, ApiError>) -> Result<Answer, ApiError> {
    let store = request.shared.store.change()?;
    let mut api = known(request)?;
    let answer = edit(&mut api)?;
    store.put_api(api)?;
    Ok(answer)
}

fn items(all: impl Iterator<Item = Value>) -> Answer {
    Answer::ok(json!({ "items": all.collect::<Vec<_>>() }))
}

fn shape(shared: &Context, api: &Api) -> Value {
    json!({
        "apiId": api.id,
        "name": api.name,
        "description": api.description,
        "protocolType": "HTTP",
        "apiEndpoint": shared.origins.front.url,
        "createdDate": api.created.format(&Rfc3339).unwrap_or_default(),
        "routeSelectionExpression": "$request.method $request.path",
        "disableExecuteApiEndpoint": false,
    })
}

fn of_integration(integration: &Integration) -> Value {
    json!({
        "integrationId": integration.id,
        "integrationType": integration.kind,
        "integrationUri": integration.uri,
        "payloadFormatVersion": integration.payload,
        "timeoutInMillis": 30_000,
    })
}

fn of_route(route: &Route) -> Value {
    json!({ "routeId": route.id, "routeKey": route.key, "target": route.target })
}

fn of_stage(stage: &Stage) -> Value {
    json!({ "stageName": stage.name, "autoDeploy": stage.auto_deploy })
}

/// Ten letters and digits, as AWS's.
fn id() -> String {
    uuid().replace('-', "")[..10].to_owned()
}

fn missing(what: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "NotFoundException", format!("Invalid {what} identifier specified"))
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
}

fn conflict(message: String) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "ConflictException", message)
}

/// What an API's address answers instead of the gate: no deployed route leads there, or the function can't be called,
/// or its answer can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Astray {
    NoRoute,
    NoAnswer,
}

pub(super) fn astray(shared: &Context) -> Option<Astray> {
    let state = shared.store.read();
    let led: Vec<&Api> = state.apis.values().filter(|api| leads(api)).collect();
    if led.is_empty() {
        return Some(Astray::NoRoute);
    }
    let answers = |function: &Function| {
        // what the other handler streams is no answer for an API
        function.settings.handler == Public::Front.handler() && led.iter().any(|api| is_called(function, api))
    };
    (!state.functions.get(FRONT).is_some_and(answers)).then_some(Astray::NoAnswer)
}

/// Id and Region of the API that leads to the gate's function.
pub(super) fn leading(shared: &Context) -> Option<(String, String)> {
    let state = shared.store.read();
    state.apis.values().find(|api| leads(api)).map(|api| (api.id.clone(), api.region.clone()))
}

/// All requests, deployed, to the gate's function.
fn leads(api: &Api) -> bool {
    let suffix = format!(":{ACCOUNT}:function:{FRONT}");
    let there =
        |integration: &&Integration| integration.payload == PAYLOAD_FORMAT && integration.uri.ends_with(&suffix);
    let targets: Vec<_> =
        api.integrations.iter().filter(there).map(|found| format!("integrations/{}", found.id)).collect();
    let routed = api.routes.iter().any(|route| route.key == DEFAULT && targets.contains(&route.target));
    routed && api.stages.iter().any(|stage| stage.name == DEFAULT && stage.auto_deploy)
}

fn is_called(function: &Function, api: &Api) -> bool {
    let source = format!("arn:aws:execute-api:{}:{ACCOUNT}:{}/*/*", api.region, api.id);
    function.policy.iter().any(|statement| {
        statement.action == "lambda:InvokeFunction"
            && statement.principal == "apigateway.amazonaws.com"
            && statement.source_arn.as_ref().is_none_or(|arn| *arn == source)
    })
}
