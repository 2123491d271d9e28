//! The API's port: takes a request through fault, signature, body, limit and operation to its answer, and writes down
//! what became of it. Downloads by link come by the same port.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts},
};
use time::format_description::well_known::Rfc3339;

use super::{
    apis, cdn,
    context::{Context, Origin},
    counts::Entry,
    download,
    error::ApiError,
    faults::{How, Moment, Plan, Strike},
    form::Form,
    http::{
        body::{BodyReader, Broken, Content, Received},
        connection::{Cut, Peer},
        proxy,
    },
    lambda, logs, metrics,
    operation::{CLOUDFRONT, Call, Operation, rest_call},
    query,
    signature::{auth::Caller, link},
    store::record::uuid,
};

/// What is written down of a request, gathered on its way.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) operation: Option<Operation>,
    pub(super) subject: String,
    pub(super) body_bytes: u64,
    /// CreateFunction of a function that is there already: its body was sent in vain.
    pub(super) repeated: bool,
}

/// Why there is no answer in the operation's own shape.
enum Trouble {
    Refused(ApiError),
    /// The connection ends without an answer.
    Cut,
    /// Something between the client and us answers, with this status.
    Page(u16),
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

pub(super) async fn handle(
    State(shared): State<Arc<Context>>,
    ConnectInfo(Peer { cut, .. }): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Some(refusal) = misdirected(&shared.origins.api, &parts.headers) {
        return refusal;
    }
    let id = uuid();
    let mut trail = Trail::default();
    let by_link = link::is_link(parts.uri.path());
    let by_target = parts.headers.contains_key(logs::TARGET);
    let by_rpc = metrics::is_rpc(parts.uri.path());
    let by_form = parts.uri.path() == "/" && !by_target;
    let in_xml = by_form || parts.uri.path().split('/').nth(1) == Some(CLOUDFRONT);
    let result = if by_link {
        by_download(&shared, &parts, &mut trail).await
    } else if by_target || by_rpc {
        by_name(&shared, &parts, body, &mut trail, by_rpc).await
    } else if by_form {
        by_query(&shared, &parts, body, &mut trail, &id).await
    } else {
        by_rest(&shared, &parts, body, &mut trail).await
    };
    let refused = |error: &ApiError| match () {
        () if by_link => download::error(error, &id),
        () if by_rpc => metrics::refusal(error, &id),
        () if in_xml => error.query(&id),
        () => error.rest_json(&id),
    };
    ended(&shared, result, &trail, (&id, &cut), refused)
}

/// Downloads alone, at an address that other machines reach: nothing else is there.
pub(super) async fn handle_download(
    State(shared): State<Arc<Context>>,
    ConnectInfo(Peer { cut, .. }): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if let Some(refusal) = misdirected(&shared.origins.downloads, &parts.headers) {
        return refusal;
    }
    let (id, mut trail) = (uuid(), Trail::default());
    let result = match link::is_link(parts.uri.path()) {
        true => by_download(&shared, &parts, &mut trail).await,
        false => Err(ApiError::denied("AccessDenied", "Access Denied").into()),
    };
    ended(&shared, result, &trail, (&id, &cut), |error| download::error(error, &id))
}

/// What the client gets, and a line of it for the log.
fn ended(
    shared: &Context,
    result: Result<Response<Body>, Trouble>,
    trail: &Trail,
    (id, cut): (&str, &Cut),
    refused: impl Fn(&ApiError) -> Response<Body>,
) -> Response<Body> {
    let mut response = match &result {
        Ok(_) | Err(Trouble::Cut) => Response::new(Body::empty()),
        Err(Trouble::Page(status)) => proxy::page(*status),
        Err(Trouble::Refused(error)) => refused(error),
    };
    let error = match &result {
        Err(Trouble::Refused(error)) => Some(error.code),
        _ => None,
    };
    let is_cut = matches!(result, Err(Trouble::Cut));
    if is_cut {
        cut.cut();
    }
    let is_page = matches!(result, Err(Trouble::Page(_)));
    if let Ok(done) = result {
        response = done;
    }
    if !is_page {
        finish(shared, &mut response, id);
    }
    record(shared, trail, if is_cut { 0 } else { response.status().as_u16() }, error, is_cut);
    response
}

/// A Host that is none of ours is another site's name pointed at this computer (DNS rebinding).
pub(super) fn misdirected(place: &Origin, headers: &HeaderMap) -> Option<Response<Body>> {
    let mut hosts = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    if hosts.next().is_some_and(|host| place.answers_to(host)) && hosts.next().is_none() {
        return None;
    }
    let mut response = Response::new(Body::from("this server does not answer for that host\n"));
    *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
    Some(response)
}

/// `Date` by the server's clock, so that clients that correct their own by it can.
fn finish(shared: &Context, response: &mut Response<Body>, id: &str) {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = shared.now().format(format).unwrap_or_default();
    for (name, value) in [(header::DATE, date.as_str()), (header::HeaderName::from_static("x-amzn-requestid"), id)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
}

pub(super) fn record(shared: &Context, trail: &Trail, status: u16, error: Option<&str>, cut: bool) {
    shared.counts.add(&Entry {
        time: shared.now().format(&Rfc3339).unwrap_or_default(),
        operation: trail.operation,
        target: &trail.subject,
        body_bytes: trail.body_bytes,
        repeated: trail.repeated,
        status,
        error,
        cut,
    });
}

async fn by_download(shared: &Arc<Context>, parts: &Parts, trail: &mut Trail) -> Result<Response<Body>, Trouble> {
    trail.operation = Some(Operation::Download);
    trail.subject = parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned();
    let plan = shared.faults.draw(Operation::Download);
    plan.delay().await;
    match plan.strike {
        Some(Strike { how: How::Reset, moment: Moment::BeforeBody }) => return Err(Trouble::Cut),
        Some(Strike { how: How::Stall, .. }) => shared.faults.note_stall(),
        Some(Strike { how: How::Pause, moment }) => drop(shared.faults.strikes(&plan, moment).await),
        _ => {}
    }
    if let Some(status) = plan.page {
        return Err(Trouble::Page(status));
    }
    if let Some(status) = plan.status {
        return Err(fault(shared, status).into());
    }
    Ok(download::serve(shared, &parts.method, &parts.uri, &parts.headers, &plan).await?)
}

async fn by_rest(
    shared: &Arc<Context>,
    parts: &Parts,
    body: Body,
    trail: &mut Trail,
) -> Result<Response<Body>, Trouble> {
    let Some(call) = rest_call(parts.method.as_str(), parts.uri.path()) else {
        let error = ApiError::new(StatusCode::NOT_FOUND, "UnknownOperationException", "Unknown operation");
        return refuse_after(shared, body, error, trail).await;
    };
    trail.operation = Some(call.operation);
    trail.subject = lambda::subject(&call, &Content::default());
    let plan = shared.faults.draw(call.operation);
    plan.delay().await;
    if shared.faults.strikes(&plan, Moment::BeforeBody).await {
        return Err(Trouble::Cut);
    }
    let caller = match claimed(shared, parts, &[call.operation.service()]) {
        Ok(caller) => caller,
        Err(error) => return refuse_after(shared, body, error, trail).await,
    };
    let received = receive(shared, parts, body, Some(call.operation), &plan, trail).await?;
    if let Ok(content) = &received.content {
        trail.subject = lambda::subject(&call, content);
        trail.repeated =
            call.operation == Operation::CreateFunction && shared.store.read().functions.contains_key(&trail.subject);
    }
    let content = proved(shared, &caller, received, &plan, call.operation)?;
    let answer = perform(shared, call, caller, parts, content).await;
    // a refusal can be held, and lost, as any answer
    if shared.faults.strikes(&plan, Moment::AfterEffect).await {
        return Err(Trouble::Cut);
    }
    Ok(answer?)
}

fn json(answer: lambda::Answer) -> Response<Body> {
    let body = answer.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn by_query(
    shared: &Arc<Context>,
    parts: &Parts,
    body: Body,
    trail: &mut Trail,
    id: &str,
) -> Result<Response<Body>, Trouble> {
    let caller = match claimed(shared, parts, &["sts", "iam", metrics::SERVICE]) {
        Ok(caller) => caller,
        Err(error) => return refuse_after(shared, body, error, trail).await,
    };
    let in_query = parts.method == Method::GET && caller.claim.scope.service == metrics::SERVICE;
    if parts.method != Method::POST && !in_query {
        let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "InvalidAction", "Only POST is supported");
        return Err(error.into());
    }
    let received = receive(shared, parts, body, None, &Plan::default(), trail).await?;
    let form = Form::parse(match &received.content {
        _ if in_query => parts.uri.query().unwrap_or_default().as_bytes(),
        Ok(content) => &content.text,
        Err(_) => &[],
    });
    let named = form.operation(&caller.claim.scope.service);
    let plan = named.as_ref().map(|operation| shared.faults.draw(*operation)).unwrap_or_default();
    plan.delay().await;
    trail.operation = named.as_ref().ok().copied();
    trail.subject = form.get("RoleName").unwrap_or_default().to_owned();
    // the body had to be read to know what is asked for, so faults of earlier moments strike here
    for moment in [Moment::BeforeBody, Moment::MidBody, Moment::AfterBody] {
        if shared.faults.strikes(&plan, moment).await {
            return Err(Trouble::Cut);
        }
    }
    if let Some(status) = plan.page {
        return Err(Trouble::Page(status));
    }
    let operation = named.clone().unwrap_or(Operation::GetCallerIdentity);
    proved(shared, &caller, received, &plan, operation)?;
    let operation = named?;
    let (inner, region, now) = (Arc::clone(shared), caller.claim.scope.region, shared.now());
    let result = blocking(move || query::answer(&inner, operation, &region, &form, now)).await?;
    if shared.faults.strikes(&plan, Moment::AfterEffect).await {
        return Err(Trouble::Cut);
    }
    Ok(query::response(operation, &result, id))
}

/// CloudWatch names its operation in the path, its Logs do in a header.
async fn by_name(
    shared: &Arc<Context>,
    parts: &Parts,
    body: Body,
    trail: &mut Trail,
    by_rpc: bool,
) -> Result<Response<Body>, Trouble> {
    let target = parts.headers.get(logs::TARGET).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (named, service) = match by_rpc || metrics::is_target(target) {
        true => (metrics::operation(if by_rpc { parts.uri.path() } else { target }), metrics::SERVICE),
        false => (logs::operation(&parts.headers), "logs"),
    };
    let caller = match claimed(shared, parts, &[service]).and_then(|caller| Ok((caller, named?))) {
        Ok(claimed) => claimed,
        Err(error) => return refuse_after(shared, body, error, trail).await,
    };
    let (caller, operation) = caller;
    trail.operation = Some(operation);
    let plan = shared.faults.draw(operation);
    plan.delay().await;
    if shared.faults.strikes(&plan, Moment::BeforeBody).await {
        return Err(Trouble::Cut);
    }
    let received = receive(shared, parts, body, Some(operation), &plan, trail).await?;
    let content = proved(shared, &caller, received, &plan, operation)?;
    let (inner, region, now) = (Arc::clone(shared), caller.claim.scope.region, shared.now());
    let response = blocking(move || match metrics::is_ours(operation) {
        true => {
            let asked = metrics::Asked { metrics: &inner.metrics, operation, region: &region, now };
            if by_rpc { asked.by_rpc(&content.text) } else { asked.by_json(&content.text) }
        }
        false => logs::answer(&inner, operation, &content.text, now),
    })
    .await?;
    if shared.faults.strikes(&plan, Moment::AfterEffect).await {
        return Err(Trouble::Cut);
    }
    Ok(response)
}

/// The caller's claim, for one of the services that live at this path.
fn claimed(shared: &Context, parts: &Parts, services: &[&str]) -> Result<Caller, ApiError> {
    let caller = Caller::claimed(parts, &shared.keys.caller, shared.now(), shared.signature_age())?;
    if services.contains(&caller.claim.scope.service.as_str()) {
        return Ok(caller);
    }
    let message = format!("Credential should be scoped to correct service: '{}'. ", services.join("' or '"));
    Err(ApiError::denied("InvalidSignatureException", message))
}

async fn receive(
    shared: &Arc<Context>,
    parts: &Parts,
    body: Body,
    operation: Option<Operation>,
    plan: &Plan,
    trail: &mut Trail,
) -> Result<Received, Trouble> {
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let middle = length.map_or(1, |length| length.div_ceil(2));
    let reader = BodyReader { store: &shared.store, faults: &shared.faults, plan, middle };
    match reader.receive(body, operation).await {
        Ok(received) => {
            trail.body_bytes = received.bytes;
            if shared.faults.strikes(plan, Moment::AfterBody).await {
                return Err(Trouble::Cut);
            }
            plan.page.map_or(Ok(received), |status| Err(Trouble::Page(status)))
        }
        Err(Broken::Off { bytes } | Broken::OnPurpose { bytes }) => {
            trail.body_bytes = bytes;
            Err(Trouble::Cut)
        }
        Err(Broken::Endless { bytes }) => {
            trail.body_bytes = bytes;
            Err(ApiError::too_large("Request is too large").into())
        }
    }
}

/// What a request brought, once it is known to be the caller's own and within the rates.
fn proved(
    shared: &Context,
    caller: &Caller,
    received: Received,
    plan: &Plan,
    operation: Operation,
) -> Result<Content, ApiError> {
    let now = shared.now();
    caller.verify(&shared.keys.caller, &received.sha256, now)?;
    if plan.expired_credentials {
        let message = "The security token included in the request is expired";
        return Err(ApiError::denied("ExpiredTokenException", message));
    }
    if let Some(status) = plan.status {
        return Err(fault(shared, status));
    }
    if !shared.rates.take(operation, now) {
        return Err(ApiError::throttled(1));
    }
    received.content
}

async fn perform(
    shared: &Arc<Context>,
    call: Call,
    caller: Caller,
    parts: &Parts,
    content: Content,
) -> Result<Response<Body>, ApiError> {
    let (shared, query) = (Arc::clone(shared), parts.uri.query().unwrap_or_default().to_owned());
    let headers = parts.headers.clone();
    blocking(move || {
        let (region, now) = (caller.claim.scope.region.as_str(), shared.now());
        let request = lambda::Request { shared: &shared, call: &call, region, query: &query, now };
        match call.operation.service() {
            "apigateway" => apis::answer(&request, &content).map(json),
            "cloudfront" => cdn::answer(&shared, &call, &headers, &content.text, now).map(cdn::Answer::response),
            _ => lambda::answer(&request, content).map(json),
        }
    })
    .await
}

/// Runs what syncs files off the event loop, to its end even if the client goes away.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(ApiError::service("the operation failed")))
}

/// Reads the body to its end before it refuses: a client that is still sending would miss the answer.
async fn refuse_after(
    shared: &Arc<Context>,
    body: Body,
    error: ApiError,
    trail: &mut Trail,
) -> Result<Response<Body>, Trouble> {
    let reader = BodyReader { store: &shared.store, faults: &shared.faults, plan: &Plan::default(), middle: u64::MAX };
    if let Ok(received) = reader.receive(body, None).await {
        trail.body_bytes = received.bytes;
    }
    Err(error.into())
}

/// The error that a fault asks for.
fn fault(shared: &Context, status: u16) -> ApiError {
    let error = match status {
        403 => ApiError::denied("AccessDeniedException", "User is not authorized to perform this operation"),
        409 => ApiError::conflict("The operation cannot be performed at this time."),
        412 => ApiError::precondition_failed(),
        429 => ApiError::throttled(1),
        503 => ApiError::unavailable(),
        _ => ApiError::service("An error occurred and the request cannot be processed."),
    };
    match shared.faults.words() {
        Some(message) => ApiError { message, ..error },
        None => error,
    }
}
