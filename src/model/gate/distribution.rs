//! What the CDN is made of: a CloudFront distribution with two origins and AWS's managed policies alone, which every
//! plan allows. It is known by its comment, which names the Region, and by where it leads.

use super::public::{GATE, RELAY};

/// Managed-CachingOptimized: what is kept is told apart by the path and the coding, and by nothing else of a request.
pub const CACHE_POLICY: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// Managed-SimpleCORS: all origins may read, also what CloudFront itself answers.
pub const HEADERS_POLICY: &str = "60669652-455b-4ae9-85a4-c4c02393f86c";
/// Ids of the origins.
pub const GATE_ORIGIN: &str = GATE;
pub const RELAY_ORIGIN: &str = RELAY;
/// What goes to the relay: the paths below [`super::cdn::RELAY_PREFIX`].
pub const RELAY_PATHS: &str = "/_relay/*";
/// The statuses that CloudFront keeps for 10 seconds unless told otherwise; gate and relay say themselves how long.
pub const ERRORS: [i32; 11] = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
/// What a distribution is tagged with, for people, bills and policies.
pub const REGION_TAG: &str = "zipreel:region";
pub const GATE_TAG: &str = "zipreel:gate";

/// At most 128 characters.
pub fn comment(region: &str) -> String {
    format!("zipreel {region}: watch pages, playlists and segments of {GATE}")
}

/// Where an origin is, as CloudFront is told: the scheme and port are those of its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginPlace {
    pub host: String,
    pub port: u16,
    pub is_https: bool,
}

impl OriginPlace {
    /// `None` for what is no `http` or `https` URL.
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = rest.split('/').next().filter(|authority| !authority.is_empty())?;
        let usual = if is_https { 443 } else { 80 };
        // the colons of an IPv6 address stand in brackets
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, usual),
        };
        Some(Self { host: host.to_owned(), port, is_https })
    }

    /// Whether the host is one that AWS gave to a function or an API of this Region.
    pub fn is_of(&self, region: &str) -> bool {
        let label = |service: &str| self.host.contains(&format!(".{service}.{region}."));
        label("lambda-url") || label("execute-api")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gate::cdn::RELAY_PREFIX;

    #[test]
    fn an_origin_is_told_with_the_scheme_and_port_of_its_url() {
        let of = |url| OriginPlace::of(url).map(|place| (place.host, place.port, place.is_https));
        let is = |host: &str, port, is_https| Some((host.to_owned(), port, is_https));
        assert_eq!(of("https://a.lambda-url.eu-west-1.on.aws/"), is("a.lambda-url.eu-west-1.on.aws", 443, true));
        assert_eq!(of("http://127.0.0.1:8721/"), is("127.0.0.1", 8721, false));
        assert_eq!(of("http://[::1]:8721"), is("[::1]", 8721, false));
        assert_eq!(of("http://[::1]/"), is("[::1]", 80, false));
        assert_eq!((of("ftp://a/"), of("a"), of("https:///x")), (None, None, None));
    }

    #[test]
    fn an_origin_of_another_region_is_none_of_ours() {
        let is_of = |url| OriginPlace::of(url).unwrap().is_of("eu-west-1");
        assert!(
            is_of("https://a.lambda-url.eu-west-1.on.aws/") && is_of("https://a.execute-api.eu-west-1.amazonaws.com/")
        );
        assert!(!is_of("https://a.lambda-url.eu-west-2.on.aws/") && !is_of("https://example.org/"));
    }

    #[test]
    fn the_relays_paths_begin_as_the_relay_takes_them() {
        assert_eq!(RELAY_PATHS, format!("/{RELAY_PREFIX}*"));
        assert!(comment("ap-southeast-99").len() <= 128);
    }
}
