//! Requests signed by hand, so that single parts of them can be wrong. A second implementation of Signature Version 4,
//! after AWS's description.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, macros::format_description};
use zipreel::local::Endpoint;

use super::clients::authority;

/// A request to be signed. What it says can be changed before and after.
pub(crate) struct Signed {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: Vec<u8>,
    pub(crate) host: String,
    pub(crate) service: &'static str,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) at: OffsetDateTime,
    pub(crate) headers: Vec<(String, String)>,
}

impl Signed {
    pub(crate) fn new(endpoint: &Endpoint, method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            query: String::new(),
            body: Vec::new(),
            host: authority(&endpoint.api).to_owned(),
            service: "lambda",
            access_key: endpoint.access_key.clone(),
            secret_key: endpoint.secret_key.clone(),
            at: OffsetDateTime::now_utc(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Head and body, ready to be sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head().as_bytes(), &self.body].concat()
    }

    pub(crate) fn head(&self) -> String {
        let date = self.at.format(format_description!("[year][month][day]T[hour][minute][second]Z")).unwrap();
        let mut headers = vec![("host".to_owned(), self.host.clone()), ("x-amz-date".to_owned(), date.clone())];
        headers.extend(self.headers.clone());
        headers.sort();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let path = self.path.replace('%', "%25");
        let (method, query) = (self.method, &self.query);
        let payload = hex(&Sha256::digest(&self.body));
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}");
        let scope = format!("{}/eu-west-1/{}/aws4_request", &date[..8], self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let mut key = format!("AWS4{}", self.secret_key).into_bytes();
        for part in scope.split('/') {
            key = mac(&key, part);
        }
        let signature = hex(&mac(&key, &to_sign));
        let credential = format!("{}/{scope}", self.access_key);
        let sent: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let target = if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) };
        format!(
            "{method} {target} HTTP/1.1\r\n{sent}authorization: AWS4-HMAC-SHA256 Credential={credential}, \
             SignedHeaders={names}, Signature={signature}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.body.len()
        )
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
