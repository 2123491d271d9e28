//! The edge: what a distribution answers. It passes each request to the origin that the path leads to, with the path,
//! the coding and what the distribution adds to it. It keeps nothing, so that what it answers is always the newest.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header, request::Parts},
};

use crate::local::{
    api::misdirected,
    context::Context,
    gate::{self, Gate},
    http::{connection::Peer, xml::Element},
    store::record::uuid,
    traffic,
};

/// What of a viewer's request reaches an origin, since what is kept is told apart by nothing else.
const PASSED_ON: [HeaderName; 3] = [header::ACCEPT_ENCODING, header::RANGE, header::IF_NONE_MATCH];

/// Which of the stand-in's own origins a request goes to.
enum Led {
    Gate,
    Front,
    Relay,
}

pub(in crate::local) async fn handle(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let shared = gate.shared();
    if let Some(refusal) = misdirected(&shared.origins.edge, &parts.headers) {
        return refusal;
    }
    let Some((id, config)) = distribution(shared) else { return of_cloudfront(StatusCode::FORBIDDEN) };
    let (origin, place, led) = match origin(shared, &config, &parts) {
        Ok(found) => found,
        Err(status) => return of_cloudfront(status),
    };
    let Some(passed) = passed_on(&parts, &origin, &place) else { return of_cloudfront(StatusCode::BAD_GATEWAY) };
    let (state, from) = (State(Arc::clone(&gate)), ConnectInfo(peer));
    let mut response = match led {
        Led::Gate => gate::handle(state, from, passed).await,
        Led::Front => gate::handle_front(state, from, passed).await,
        Led::Relay => gate::handle_relay(state, from, passed).await,
    };
    // what the managed policy adds where an origin does not say it itself
    let origins = response.headers_mut().entry(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    origins.or_insert(HeaderValue::from_static("*"));
    let response = response.map(|body| traffic::downloaded(shared, &id, body));
    signed(response, "Miss from cloudfront")
}

/// Id and configuration of the one that answers.
fn distribution(shared: &Context) -> Option<(String, Element)> {
    let now = shared.now();
    let state = shared.store.read();
    state.distributions.values().find_map(|one| Some((one.id.clone(), one.answers(now)?)))
}

/// The distribution's answer for this path: the origin, its host with its port, and which of ours that is.
fn origin(shared: &Context, config: &Element, parts: &Parts) -> Result<(Element, String, Led), StatusCode> {
    if ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method) {
        return Err(StatusCode::FORBIDDEN);
    }
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => parts.uri.path().starts_with(prefix),
        None => parts.uri.path() == pattern,
    };
    let behavior = config.items("CacheBehaviors").iter().find(|found| found.at(&["PathPattern"]).is_some_and(fits));
    let behavior = behavior.or_else(|| config.child("DefaultCacheBehavior")).ok_or(StatusCode::FORBIDDEN)?;
    let id = behavior.at(&["TargetOriginId"]);
    let origin =
        config.items("Origins").iter().find(|origin| origin.at(&["Id"]) == id).ok_or(StatusCode::BAD_GATEWAY)?;
    let place = authority(origin).ok_or(StatusCode::BAD_GATEWAY)?;
    let origins = &shared.origins;
    let known = [(&origins.gate, Led::Gate), (&origins.front, Led::Front), (&origins.relay, Led::Relay)];
    let led = known.into_iter().find(|(known, _)| known.answers_to(&place)).map(|(_, led)| led);
    Ok((origin.clone(), place, led.ok_or(StatusCode::BAD_GATEWAY)?))
}

/// Nothing answers by HTTPS here.
fn authority(origin: &Element) -> Option<String> {
    let config = |name: &str| origin.at(&["CustomOriginConfig", name]);
    let port = config("OriginProtocolPolicy").filter(|policy| *policy == "http-only").and(config("HTTPPort"))?;
    Some(format!("{}:{port}", origin.at(&["DomainName"])?))
}

fn passed_on(parts: &Parts, origin: &Element, place: &str) -> Option<Request> {
    let mut headers = HeaderMap::new();
    for name in PASSED_ON {
        if let Some(value) = parts.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(header::HOST, HeaderValue::from_str(place).ok()?);
    headers.insert(header::USER_AGENT, HeaderValue::from_static("Amazon CloudFront"));
    for custom in origin.items("CustomHeaders") {
        let name = HeaderName::from_bytes(custom.at(&["HeaderName"])?.as_bytes()).ok()?;
        headers.insert(name, HeaderValue::from_str(custom.at(&["HeaderValue"])?).ok()?);
    }
    let uri: Uri = parts.uri.path().parse().ok()?;
    let mut request = Request::builder().method(&parts.method).uri(uri).body(Body::empty()).ok()?;
    *request.headers_mut() = headers;
    Some(request)
}

/// As CloudFront says what it can't do.
fn of_cloudfront(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from("The request could not be satisfied.\n"));
    *response.status_mut() = status;
    signed(response, "Error from cloudfront")
}

fn signed(mut response: Response<Body>, cache: &'static str) -> Response<Body> {
    response.headers_mut().insert("x-cache", HeaderValue::from_static(cache));
    if let Ok(id) = HeaderValue::from_str(&uuid()) {
        response.headers_mut().insert("x-amz-cf-id", id);
    }
    response
}
