//! AWS Signature Version 4, both halves: canonical request, string to sign, signature and its verification.
//! Pure: knows text and keys, no request types, no clock and no store.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::model::hex::hex;

pub(in crate::local) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// RFC 3986's unreserved characters stay, as AWS's UriEncode has it.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &STRICT.remove(b'/');

/// What a signature is bound to besides the request itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct Scope {
    /// `YYYYMMDD`.
    pub(in crate::local) date: String,
    pub(in crate::local) region: String,
    pub(in crate::local) service: String,
}

impl Scope {
    /// `<date>/<region>/<service>/aws4_request`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let scope = Self { date: parts.next()?.into(), region: parts.next()?.into(), service: parts.next()?.into() };
        let ends = parts.next() == Some("aws4_request") && parts.next().is_none();
        let is_date = scope.date.len() == 8 && scope.date.bytes().all(|byte| byte.is_ascii_digit());
        // the Region becomes part of ARNs and links
        let is_name = |text: &str| {
            (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        (ends && is_date && is_name(&scope.region) && is_name(&scope.service)).then_some(scope)
    }

    pub(in crate::local) fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// What an `Authorization` header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct Claim {
    pub(in crate::local) access_key: String,
    pub(in crate::local) scope: Scope,
    /// Lower case, in the order given.
    pub(in crate::local) signed_headers: Vec<String>,
    pub(in crate::local) signature: String,
}

impl Claim {
    /// The error is AWS's sentence on what is missing.
    pub(in crate::local) fn parse(header: &str) -> Result<Self, String> {
        let Some(rest) = header.strip_prefix(ALGORITHM) else {
            return Err(format!("Unsupported AWS 'algorithm': expected '{ALGORITHM}'."));
        };
        let field = |name: &str| {
            rest.split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .filter(|value| !value.is_empty())
                .ok_or_else(|| format!("Authorization header requires '{name}' parameter."))
        };
        let (access_key, scope) = field("Credential")?.split_once('/').ok_or("Credential must name its scope.")?;
        let scope = Scope::parse(scope)
            .ok_or("Credential should be scoped with: access key, date, region, service and 'aws4_request'.")?;
        let signed_headers = field("SignedHeaders")?.split(';').map(str::to_ascii_lowercase).collect();
        let signature = field("Signature")?.to_owned();
        Ok(Self { access_key: access_key.to_owned(), scope, signed_headers, signature })
    }

    /// The header that carries this claim.
    pub(in crate::local) fn header(&self) -> String {
        let Self { access_key, scope, signed_headers, signature } = self;
        let (scope, signed) = (scope.text(), signed_headers.join(";"));
        format!("{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}")
    }
}

/// The parts of a request that a signature covers.
pub(in crate::local) struct Canonical<'a> {
    pub(in crate::local) method: &'a str,
    /// Encoded as it must appear: see [`service_path`].
    pub(in crate::local) path: String,
    /// The raw query, without the signature itself.
    pub(in crate::local) query: &'a str,
    /// Signed headers in order, names in lower case.
    pub(in crate::local) headers: Vec<(String, String)>,
    /// Hexadecimal SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    pub(in crate::local) payload: &'a str,
}

impl Canonical<'_> {
    fn text(&self) -> String {
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}:{}\n", collapse(value))).collect();
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let query = canonical_query(self.query);
        format!("{}\n{}\n{query}\n{headers}\n{}\n{}", self.method, self.path, names.join(";"), self.payload)
    }

    /// `amz_date` as `YYYYMMDDThhmmssZ`.
    fn string_to_sign(&self, amz_date: &str, scope: &Scope) -> String {
        let digest = hex(&Sha256::digest(self.text().as_bytes()));
        format!("{ALGORITHM}\n{amz_date}\n{}\n{digest}", scope.text())
    }

    pub(in crate::local) fn sign(&self, secret: &str, amz_date: &str, scope: &Scope) -> String {
        let mac = keyed(&signing_key(secret, scope)).chain_update(self.string_to_sign(amz_date, scope));
        hex(&mac.finalize().into_bytes())
    }

    /// In constant time over the signature.
    pub(in crate::local) fn verify(&self, secret: &str, amz_date: &str, scope: &Scope, signature: &str) -> bool {
        let Some(signature) = unhex(signature) else { return false };
        let mac = keyed(&signing_key(secret, scope)).chain_update(self.string_to_sign(amz_date, scope));
        mac.verify_slice(&signature).is_ok()
    }
}

/// The canonical path of every service but S3: normalized, then encoded once more than it came.
pub(in crate::local) fn service_path(raw: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in raw.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let slash = if raw.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    utf8_percent_encode(&format!("/{}{slash}", parts.join("/")), PATH).to_string()
}

/// One value as it stands in a canonical query.
pub(in crate::local) fn encode(text: &str) -> String {
    utf8_percent_encode(text, STRICT).to_string()
}

fn canonical_query(raw: &str) -> String {
    let recode = |text: &str| percent_encoding::percent_encode(&decode(text), STRICT).to_string();
    let mut pairs: Vec<(String, String)> = raw
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (recode(name), recode(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn decode(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

/// Trimmed, runs of spaces made one.
fn collapse(value: &str) -> String {
    value.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn signing_key(secret: &str, scope: &Scope) -> Vec<u8> {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [scope.date.as_str(), &scope.region, &scope.service, "aws4_request"] {
        key = keyed(&key).chain_update(part).finalize().into_bytes().to_vec();
    }
    key
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("an HMAC takes keys of any length")
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn scope() -> Scope {
        Scope { date: "20150830".into(), region: "us-east-1".into(), service: "service".into() }
    }

    fn vanilla(query: &str) -> Canonical<'_> {
        Canonical {
            method: "GET",
            path: service_path("/"),
            query,
            headers: vec![
                ("host".into(), "example.amazonaws.com".into()),
                ("x-amz-date".into(), "20150830T123600Z".into()),
            ],
            payload: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        }
    }

    /// From AWS's published test suite for Signature Version 4.
    #[test]
    fn amazons_own_vectors_hold() {
        let vectors = [
            ("", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ];
        for (query, signature) in vectors {
            assert_eq!(vanilla(query).sign(SECRET, "20150830T123600Z", &scope()), signature);
            assert!(vanilla(query).verify(SECRET, "20150830T123600Z", &scope(), signature));
            assert!(!vanilla(query).verify("another", "20150830T123600Z", &scope(), signature));
        }
    }

    #[test]
    fn a_claim_survives_the_round_trip() {
        let claim = Claim {
            access_key: "AKIDEXAMPLE".into(),
            scope: scope(),
            signed_headers: vec!["host".into(), "x-amz-date".into()],
            signature: "00ff".into(),
        };
        assert_eq!(Claim::parse(&claim.header()), Ok(claim));
    }

    #[test]
    fn claims_with_parts_missing_are_named() {
        let missing = |text: &str| Claim::parse(&format!("{ALGORITHM} {text}")).unwrap_err();
        assert!(missing("SignedHeaders=host, Signature=00").contains("'Credential'"));
        let credential = "Credential=A/20150830/us-east-1/lambda/aws4_request";
        assert!(missing(&format!("{credential}, Signature=00")).contains("'SignedHeaders'"));
        assert!(missing(&format!("{credential}, SignedHeaders=host")).contains("'Signature'"));
        for scope in
            ["20150830/us-east-1", "20150830/us east/lambda/aws4_request", "2015/us-east-1/lambda/aws4_request"]
        {
            assert!(missing(&format!("Credential=A/{scope}, SignedHeaders=host, Signature=00")).contains("scoped"));
        }
        assert!(Claim::parse("Basic Zm9v").is_err());
    }

    proptest! {
        #[test]
        fn no_header_panics(text in "(AWS4-HMAC-SHA256 )?(Credential=[^,]{0,40})?,?(SignedHeaders=\\PC{0,9},)?\\PC{0,30}") {
            let _ = Claim::parse(&text);
        }

        #[test]
        fn any_path_and_query_can_be_made_canonical(path in "\\PC{0,60}", query in "\\PC{0,60}") {
            let path = service_path(&path);
            prop_assert!(path.starts_with('/') && path.is_ascii() && !path.contains("/../"));
            prop_assert!(canonical_query(&query).is_ascii());
        }
    }

    #[test]
    fn paths_are_normalized_and_encoded_twice() {
        assert_eq!(service_path("/"), "/");
        assert_eq!(service_path("/a//b/./c/../d/"), "/a/b/d/");
        assert_eq!(service_path("/tags/arn%3Aaws"), "/tags/arn%253Aaws");
    }

    #[test]
    fn signatures_that_are_no_hexadecimal_never_verify() {
        for signature in ["", "0", "zz", "é0", "5fa0"] {
            assert!(!vanilla("").verify(SECRET, "20150830T123600Z", &scope(), signature), "{signature}");
        }
    }
}
