//! The SDK's HTTP: TLS by rustls and ring, and by the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, except to
//! this computer itself, which a proxy can't reach. The clients of AWS's APIs take an answer for AWS's only if it has
//! the API's form.

pub mod answer;
pub mod causes;
pub mod date;
pub mod names;

use std::error::Error;

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use http_body_util::{BodyExt, Limited};
use reqwest::Url;

use super::http::{
    answer::{Answer, Form, InBetween},
    causes::causes,
};
use crate::model::report::fault::FaultClass;

/// No answer of an API is larger: 50 functions with all their settings stay far below.
const ANSWER_MAX: usize = 32 * 1024 * 1024;

/// Whether a link leads to this computer.
pub fn is_this_machine(link: &str) -> bool {
    host(link).is_some_and(|host| names::is_this_machine(&host))
}

fn host(link: &str) -> Option<String> {
    Url::parse(link).ok()?.host_str().map(str::to_owned)
}

pub(super) fn client() -> SharedHttpClient {
    SharedHttpClient::new(ByHost { ordinary: build(true), direct: build(false) })
}

fn build(proxied: bool) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(proxied.then(ProxyConfig::from_env));
        connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
    })
}

/// A pair of clients, or of their connectors.
#[derive(Debug)]
struct ByHost<T> {
    ordinary: T,
    direct: T,
}

impl HttpClient for ByHost<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let [ordinary, direct] =
            [&self.ordinary, &self.direct].map(|client| client.http_connector(settings, components));
        SharedHttpConnector::new(ByHost { ordinary, direct })
    }
}

impl HttpConnector for ByHost<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = if is_this_machine(request.uri()) { &self.direct } else { &self.ordinary };
        connector.call(request)
    }
}

/// The same client, for an API whose answers have this form.
pub(super) fn judging(client: SharedHttpClient, form: Form) -> SharedHttpClient {
    SharedHttpClient::new(Judging { inner: client, form })
}

#[derive(Debug)]
struct Judging<T> {
    inner: T,
    form: Form,
}

impl HttpClient for Judging<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Judging { inner, form: self.form })
    }
}

impl HttpConnector for Judging<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (host, form) = (host(request.uri()).unwrap_or_default(), self.form);
        let sent = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            match sent.await {
                Ok(response) => judge(response, form).await.inspect(|_| names::reached(&host)),
                Err(error) => Err(explained(error, &host).await),
            }
        })
    }
}

/// Reads the answer whole, since only its body tells whose it is.
async fn judge(mut response: HttpResponse, form: Form) -> Result<HttpResponse, ConnectorError> {
    let body = Limited::new(response.take_body(), ANSWER_MAX).collect().await.map_err(ConnectorError::io)?.to_bytes();
    let answer =
        Answer { status: response.status().as_u16(), header: |name: &str| response.headers().get(name), body: &body };
    answer.judged(form).map_err(between)?;
    *response.body_mut() = SdkBody::from(body);
    Ok(response)
}

/// What passes by itself is tried again by the SDK too, where it may.
fn between(between: InBetween) -> ConnectorError {
    let kind = (between.class() == FaultClass::Transient).then_some(ErrorKind::TransientError);
    ConnectorError::other(between.into(), kind)
}

/// Names what a connection failed for, where the error's own words would say little.
async fn explained(error: ConnectorError, host: &str) -> ConnectorError {
    if let Some(refused) = refused(&error) {
        return between(refused);
    }
    match names::is_lookup(&error) {
        true => match names::missing(host).await {
            Some(missing) => ConnectorError::other(missing.into(), None),
            None => error,
        },
        false => error,
    }
}

/// A proxy that did not open the way which TLS needs. The types of these errors are hidden in the HTTP library.
fn refused(error: &(dyn Error + 'static)) -> Option<InBetween> {
    causes(error).find_map(|error| match error.to_string().as_str() {
        "tunnel error: proxy authorization required" => Some(InBetween::Password),
        "tunnel error: unsuccessful" => Some(InBetween::NoWay),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for link in ["http://127.0.0.1:8721/a/index.m3u8", "http://[::1]:1/", "http://localhost/"] {
            assert!(is_this_machine(link), "{link}");
        }
        for link in ["https://abc.lambda-url.eu-west-1.on.aws/", "http://127.0.0.1.example.org/", "nonsense"] {
            assert!(!is_this_machine(link), "{link}");
        }
    }
}
