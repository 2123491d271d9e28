//! The SDK's HTTP: TLS by rustls and ring, and by the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, except to
//! this machine itself, which a proxy can't reach.

use std::net::IpAddr;

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use reqwest::Url;

/// Whether a link leads to this machine.
pub fn is_this_machine(link: &str) -> bool {
    let url = Url::parse(link).ok();
    url.as_ref().and_then(Url::host_str).is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
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
