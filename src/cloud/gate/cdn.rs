//! The CDN before gate and relay: a CloudFront distribution, one for each Region's gate. Each call may be repeated. What
//! a person has set on it besides (names of their own, a certificate, a firewall) stays.

use aws_sdk_cloudfront::{
    operation::get_distribution::GetDistributionOutput,
    types::{
        AllowedMethods, CacheBehavior, CacheBehaviors, CachedMethods, CustomErrorResponse, CustomErrorResponses,
        CustomHeaders, CustomOriginConfig, DefaultCacheBehavior, Distribution, DistributionConfig,
        DistributionConfigWithTags, DistributionSummary, HttpVersion, Method, Origin, OriginCustomHeader,
        OriginProtocolPolicy, OriginSslProtocols, Origins, SslProtocol, Tag, Tags, ViewerProtocolPolicy,
    },
};
use aws_smithy_types::error::operation::BuildError;
use sha2::{Digest, Sha256};

use crate::{
    cloud::{Cloud, CloudError, Done, ErrorKind},
    model::{
        gate::{
            cdn::EDGE_HEADER,
            distribution::{
                CACHE_POLICY, ERRORS, GATE_ORIGIN, GATE_TAG, HEADERS_POLICY, OriginPlace, REGION_TAG, RELAY_ORIGIN,
                RELAY_PATHS, comment,
            },
            public::GATE,
        },
        hex::hex,
    },
};

/// What AWS calls a distribution whose newest settings are everywhere.
const DEPLOYED: &str = "Deployed";

/// A distribution of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cdn {
    pub id: String,
    /// Base URL, with a slash at its end.
    pub url: String,
    pub is_enabled: bool,
    /// What was set last is everywhere.
    pub is_deployed: bool,
    /// SHA-256 of what it sends to be known by, in hexadecimal digits.
    pub edge_sha256: String,
    /// Where it leads: gate and relay.
    pub leads_to: Vec<OriginPlace>,
}

/// Where it is to lead: base URLs.
#[derive(Debug, Clone, Copy)]
pub struct Behind<'a> {
    pub gate: &'a str,
    pub relay: &'a str,
    /// By which AWS knows the same creation again, should its answer be lost.
    pub reference: &'a str,
}

impl Cloud {
    /// Those of this Region's gate, always in the same order. More than one there is only where two were made at the
    /// same time.
    pub async fn cdns(&self) -> Result<Vec<Cdn>, CloudError> {
        let (mut found, mut marker) = (Vec::new(), None);
        loop {
            let sent = self.cdn.list_distributions().set_marker(marker).send().await;
            let answer = self.answer(|| "could not list the CloudFront distributions".to_owned(), sent)?;
            let Some(list) = answer.distribution_list else { break };
            let ours = list.items.into_iter().flatten().filter(|one| self.is_ours(one));
            found.extend(ours.map(|summary| summary.id));
            marker = list.next_marker.filter(|marker| list.is_truncated && !marker.is_empty());
            if marker.is_none() {
                break;
            }
        }
        found.sort();
        let mut cdns = Vec::new();
        for id in found {
            cdns.extend(self.cdn(&id).await?);
        }
        Ok(cdns)
    }

    /// By what it says of itself and where it leads. Of an endpoint that is not AWS's own, hosts tell nothing.
    fn is_ours(&self, summary: &DistributionSummary) -> bool {
        let origins: Vec<_> = summary.origins().map(Origins::items).unwrap_or_default().iter().map(at).collect();
        let is_here = |place: &OriginPlace| self.endpoint().is_some() || place.is_of(self.region());
        summary.comment() == comment(self.region()) && leads_here(&origins, is_here)
    }

    /// `None` if it is gone.
    pub async fn cdn(&self, id: &str) -> Result<Option<Cdn>, CloudError> {
        Ok(self.distribution(id).await?.and_then(|found| found.distribution).map(|found| self.cdn_of(&found)))
    }

    async fn distribution(&self, id: &str) -> Result<Option<GetDistributionOutput>, CloudError> {
        let sent = self.cdn.get_distribution().id(id).send().await;
        match self.answer(|| format!("could not read CloudFront distribution `{id}`"), sent) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn cdn_of(&self, found: &Distribution) -> Cdn {
        let config = found.distribution_config();
        let origins = config.and_then(DistributionConfig::origins).map(Origins::items).unwrap_or_default();
        let scheme =
            self.endpoint().and_then(|endpoint| endpoint.split_once("://")).map_or("https", |(scheme, _)| scheme);
        Cdn {
            id: found.id.clone(),
            url: format!("{scheme}://{}/", found.domain_name),
            is_enabled: config.is_some_and(|config| config.enabled),
            is_deployed: found.status == DEPLOYED,
            edge_sha256: digest(secret_of(origins).unwrap_or_default()),
            leads_to: origins.iter().map(|origin| at(origin).1).collect(),
        }
    }

    /// Makes the distribution, or sets on the one that is there what is not as it should be: of several the one of this
    /// base URL. It takes minutes until that is everywhere.
    pub async fn ensure_cdn(&self, behind: Behind<'_>, named: Option<&str>) -> Result<(Done, Cdn), CloudError> {
        let mut done = Done::Kept;
        if self.cdns().await?.is_empty() {
            self.create_cdn(behind).await?;
            done = Done::Made;
        }
        // two that switch it on at the same time take the same one
        let all = self.cdns().await?;
        let of_name = all.iter().find(|cdn| Some(cdn.url.as_str()) == named);
        let Some(cdn) = of_name.or(all.first()).cloned() else {
            return Err(CloudError::unexpected("could not find the distribution just made", "there is none").passing());
        };
        let id = &cdn.id;
        let Some(found) = self.distribution(id).await? else {
            return Err(CloudError::unexpected(format!("could not set up distribution `{id}`"), "it is gone").passing());
        };
        let Some(now) = found.distribution.as_ref().and_then(Distribution::distribution_config) else {
            return Err(CloudError::unexpected(format!("could not read distribution `{id}`"), "it has no settings"));
        };
        let wanted = set_up(now.clone(), self.region(), behind).map_err(|error| unmade(&error))?;
        if wanted == *now {
            return Ok((done, cdn));
        }
        let request = self.cdn.update_distribution().id(id).set_if_match(found.e_tag.clone());
        let sent = request.distribution_config(wanted).send().await;
        let answer = unless_changed(self.answer(|| format!("could not set up CloudFront distribution `{id}`"), sent))?;
        let cdn = answer.distribution.as_ref().map_or(cdn, |found| self.cdn_of(found));
        Ok((if done == Done::Made { Done::Made } else { Done::Updated }, cdn))
    }

    /// For one [`Behind`], however often that is tried.
    pub fn new_cdn_reference(&self) -> Result<String, CloudError> {
        let random = random::<8>().map_err(|error| unmade(&error))?;
        Ok(format!("zipreel-{}-{}", self.region(), hex(&random)))
    }

    async fn create_cdn(&self, behind: Behind<'_>) -> Result<(), CloudError> {
        let config = || -> Result<DistributionConfigWithTags, BuildError> {
            let empty = DistributionConfig::builder()
                .caller_reference(behind.reference)
                .comment(comment(self.region()))
                .enabled(true);
            let config = set_up(empty.build()?, self.region(), behind)?;
            let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
            let tags = Tags::builder().items(tag(REGION_TAG, self.region())?).items(tag(GATE_TAG, GATE)?).build();
            Ok(DistributionConfigWithTags::builder().distribution_config(config).tags(tags).build())
        };
        let config = config().map_err(|error| unmade(&error))?;
        let sent = self.cdn.create_distribution_with_tags().distribution_config_with_tags(config).send().await;
        match self.answer(|| "could not make a CloudFront distribution".to_owned(), sent) {
            // our own creation whose answer was lost
            Err(error) if error.kind() == ErrorKind::Exists => Ok(()),
            made => made.map(drop),
        }
    }

    /// It answers no more, once that is everywhere. False if it was so already, or there is none.
    pub async fn disable_cdn(&self, id: &str) -> Result<bool, CloudError> {
        let Some(found) = self.distribution(id).await? else { return Ok(false) };
        let Some(mut config) = found.distribution.and_then(|found| found.distribution_config) else { return Ok(false) };
        if !config.enabled {
            return Ok(false);
        }
        config.enabled = false;
        let request = self.cdn.update_distribution().id(id).set_if_match(found.e_tag).distribution_config(config);
        let sent = request.send().await;
        unless_changed(self.answer(|| format!("could not switch off CloudFront distribution `{id}`"), sent))?;
        Ok(true)
    }

    /// Of one that is disabled, everywhere. False if there was none.
    pub async fn delete_cdn(&self, id: &str) -> Result<bool, CloudError> {
        let Some(found) = self.distribution(id).await? else { return Ok(false) };
        let sent = self.cdn.delete_distribution().id(id).set_if_match(found.e_tag).send().await;
        match unless_changed(self.answer(|| format!("could not delete CloudFront distribution `{id}`"), sent)) {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn unmade(error: &BuildError) -> CloudError {
    CloudError::unexpected("could not put together a CloudFront distribution", error.to_string())
}

/// Where somebody else has changed it since it was read, it is worth reading it again.
fn unless_changed<T>(answer: Result<T, CloudError>) -> Result<T, CloudError> {
    answer.map_err(|error| if error.is_precondition() { error.passing() } else { error })
}

/// Both of our origins are there, and here; a person may have added others.
fn leads_here(origins: &[(&str, OriginPlace)], is_here: impl Fn(&OriginPlace) -> bool) -> bool {
    let own = |id| origins.iter().filter(move |(found, _)| *found == id).map(|(_, place)| place);
    [GATE_ORIGIN, RELAY_ORIGIN].into_iter().all(|id| own(id).next().is_some() && own(id).all(&is_here))
}

fn at(origin: &Origin) -> (&str, OriginPlace) {
    let config = origin.custom_origin_config();
    let is_https = config.is_none_or(|config| config.origin_protocol_policy != OriginProtocolPolicy::HttpOnly);
    let port = config.map_or(443, |config| if is_https { config.https_port } else { config.http_port });
    let port = u16::try_from(port).unwrap_or_default();
    (&origin.id, OriginPlace { host: origin.domain_name.clone(), port, is_https })
}

/// These settings with ours in them.
fn set_up(mut config: DistributionConfig, region: &str, behind: Behind<'_>) -> Result<DistributionConfig, BuildError> {
    let unread = |which| BuildError::other(format!("the {which}'s address can't be read"));
    let gate = OriginPlace::of(behind.gate).ok_or_else(|| unread("gate"))?;
    let relay = OriginPlace::of(behind.relay).ok_or_else(|| unread("relay"))?;
    let mut origins = config.origins.take().map(|origins| origins.items).unwrap_or_default();
    let secret = match secret_of(&origins) {
        Some(secret) => secret.to_owned(),
        None => hex(&random::<32>()?),
    };
    set_origin(&mut origins, GATE_ORIGIN, &gate, &secret)?;
    set_origin(&mut origins, RELAY_ORIGIN, &relay, &secret)?;
    config.origins = Some(Origins::builder().quantity(count(&origins)).set_items(Some(origins)).build()?);
    config.default_cache_behavior = Some(default_behavior(config.default_cache_behavior.take())?);
    let mut behaviors = config.cache_behaviors.take().and_then(|found| found.items).unwrap_or_default();
    let of_relay = behaviors.iter().position(|found| found.path_pattern == RELAY_PATHS);
    let of_relay = of_relay.map(|place| behaviors.remove(place));
    behaviors.insert(0, relay_behavior(of_relay)?);
    let behaviors = CacheBehaviors::builder().quantity(count(&behaviors)).set_items(Some(behaviors)).build()?;
    config.cache_behaviors = Some(behaviors);
    let mut errors = config.custom_error_responses.take().and_then(|found| found.items).unwrap_or_default();
    for code in ERRORS {
        match errors.iter_mut().find(|found| found.error_code == code) {
            Some(found) => found.error_caching_min_ttl = Some(0),
            None => errors.push(CustomErrorResponse::builder().error_code(code).error_caching_min_ttl(0).build()?),
        }
    }
    let errors = CustomErrorResponses::builder().quantity(count(&errors)).set_items(Some(errors)).build()?;
    config.custom_error_responses = Some(errors);
    config.comment = comment(region);
    config.enabled = true;
    config.http_version = Some(HttpVersion::Http2and3);
    config.is_ipv6_enabled = Some(true);
    Ok(config)
}

fn set_origin(origins: &mut Vec<Origin>, id: &str, place: &OriginPlace, secret: &str) -> Result<(), BuildError> {
    let found = origins.iter().position(|origin| origin.id == id);
    let place_of = found.unwrap_or(origins.len());
    if found.is_none() {
        origins.push(Origin::builder().id(id).domain_name(&place.host).build()?);
    }
    let origin = &mut origins[place_of];
    origin.domain_name.clone_from(&place.host);
    let mut config = match origin.custom_origin_config.take() {
        Some(config) => config,
        None => CustomOriginConfig::builder()
            .http_port(80)
            .https_port(443)
            .origin_protocol_policy(OriginProtocolPolicy::HttpsOnly)
            .origin_ssl_protocols(OriginSslProtocols::builder().quantity(1).items(SslProtocol::TlSv12).build()?)
            .build()?,
    };
    let port = i32::from(place.port);
    if place.is_https {
        (config.origin_protocol_policy, config.https_port) = (OriginProtocolPolicy::HttpsOnly, port);
    } else {
        (config.origin_protocol_policy, config.http_port) = (OriginProtocolPolicy::HttpOnly, port);
    }
    origin.custom_origin_config = Some(config);
    let mut headers = origin.custom_headers.take().and_then(|headers| headers.items).unwrap_or_default();
    match headers.iter_mut().find(|header| is_edge_header(header)) {
        Some(header) => secret.clone_into(&mut header.header_value),
        None => headers.push(OriginCustomHeader::builder().header_name(EDGE_HEADER).header_value(secret).build()?),
    }
    let headers = CustomHeaders::builder().quantity(count(&headers)).set_items(Some(headers)).build()?;
    origin.custom_headers = Some(headers);
    Ok(())
}

/// What both behaviours have in common, of two types that share no trait.
macro_rules! set_behavior {
    ($behavior:ident, $origin:expr) => {
        $behavior.target_origin_id = $origin.to_owned();
        $behavior.viewer_protocol_policy = ViewerProtocolPolicy::RedirectToHttps;
        if !$behavior.allowed_methods.as_ref().is_some_and(has_our_methods) {
            $behavior.allowed_methods = Some(methods()?);
        }
        $behavior.compress = Some(true);
        $behavior.cache_policy_id = Some(CACHE_POLICY.to_owned());
        $behavior.response_headers_policy_id = Some(HEADERS_POLICY.to_owned());
        // nothing of a request but its path may reach an origin, or its answer would be kept for others
        $behavior.origin_request_policy_id = $behavior.origin_request_policy_id.filter(String::is_empty);
    };
}

fn default_behavior(found: Option<DefaultCacheBehavior>) -> Result<DefaultCacheBehavior, BuildError> {
    let mut behavior = match found {
        Some(found) => found,
        None => DefaultCacheBehavior::builder()
            .target_origin_id(GATE_ORIGIN)
            .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
            .build()?,
    };
    set_behavior!(behavior, GATE_ORIGIN);
    Ok(behavior)
}

fn relay_behavior(found: Option<CacheBehavior>) -> Result<CacheBehavior, BuildError> {
    let mut behavior = match found {
        Some(found) => found,
        None => CacheBehavior::builder()
            .path_pattern(RELAY_PATHS)
            .target_origin_id(RELAY_ORIGIN)
            .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
            .build()?,
    };
    set_behavior!(behavior, RELAY_ORIGIN);
    Ok(behavior)
}

const METHODS: [Method; 3] = [Method::Get, Method::Head, Method::Options];

fn has_our_methods(found: &AllowedMethods) -> bool {
    found.items.len() == METHODS.len() && METHODS.iter().all(|method| found.items.contains(method))
}

fn methods() -> Result<AllowedMethods, BuildError> {
    let kept = CachedMethods::builder().quantity(2).items(Method::Get).items(Method::Head).build()?;
    AllowedMethods::builder().quantity(3).set_items(Some(METHODS.to_vec())).cached_methods(kept).build()
}

fn count<T>(items: &[T]) -> i32 {
    i32::try_from(items.len()).unwrap_or(i32::MAX)
}

fn is_edge_header(header: &OriginCustomHeader) -> bool {
    header.header_name.eq_ignore_ascii_case(EDGE_HEADER)
}

/// What it sends to be known by; both origins get the same.
fn secret_of(origins: &[Origin]) -> Option<&str> {
    let headers = origins.iter().filter_map(Origin::custom_headers).flat_map(CustomHeaders::items);
    let value = headers.into_iter().find(|header| is_edge_header(header)).map(|header| header.header_value.as_str());
    value.filter(|value| !value.is_empty())
}

fn random<const N: usize>() -> Result<[u8; N], BuildError> {
    let mut bytes = [0; N];
    // the only cryptographic source of randomness among our dependencies
    let filled = rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes);
    filled.map(|()| bytes).map_err(|_| BuildError::other("the system's source of randomness failed"))
}

fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEHIND: Behind<'_> = Behind {
        gate: "https://g.lambda-url.eu-west-1.on.aws/",
        relay: "https://r.lambda-url.eu-west-1.on.aws/",
        reference: "zipreel-eu-west-1-1",
    };

    fn fresh() -> DistributionConfig {
        let empty = DistributionConfig::builder().caller_reference("r").comment("").enabled(false).build().unwrap();
        set_up(empty, "eu-west-1", BEHIND).unwrap()
    }

    #[test]
    fn what_is_as_it_should_be_stays_and_so_does_its_secret() {
        let config = fresh();
        assert_eq!(set_up(config.clone(), "eu-west-1", BEHIND).unwrap(), config);
        let secret = secret_of(config.origins().unwrap().items()).unwrap();
        assert!(secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(secret_of(fresh().origins().unwrap().items()), Some(secret));
        assert!(!format!("{config:?}").contains(secret), "it is shown nowhere");
        // AWS gives lists back in an order of its own
        let mut other = config.clone();
        other.default_cache_behavior.as_mut().unwrap().allowed_methods.as_mut().unwrap().items.reverse();
        other.custom_error_responses.as_mut().unwrap().items.as_mut().unwrap().reverse();
        assert_eq!(set_up(other.clone(), "eu-west-1", BEHIND).unwrap(), other);
    }

    #[test]
    fn it_takes_each_person_by_the_newest_way_and_keeps_no_error() {
        let config = fresh();
        assert_eq!((config.http_version(), config.is_ipv6_enabled), (Some(&HttpVersion::Http2and3), Some(true)));
        let default = config.default_cache_behavior().unwrap();
        let [relay] = config.cache_behaviors().unwrap().items() else { panic!("one behaviour besides") };
        for policy in [&default.viewer_protocol_policy, &relay.viewer_protocol_policy] {
            assert_eq!(*policy, ViewerProtocolPolicy::RedirectToHttps);
        }
        let kept =
            config.custom_error_responses().unwrap().items().iter().map(|of| (of.error_code, of.error_caching_min_ttl));
        assert_eq!(kept.collect::<Vec<_>>(), ERRORS.map(|code| (code, Some(0))));
    }

    #[test]
    fn what_a_person_has_set_besides_stays() {
        let mut config = fresh();
        config.web_acl_id = Some("arn:aws:wafv2:us-east-1:1:global/webacl/a/b".to_owned());
        config.enabled = false;
        config.default_cache_behavior.as_mut().unwrap().compress = Some(false);
        config.origins.as_mut().unwrap().items[0].domain_name = "old.lambda-url.eu-west-1.on.aws".to_owned();
        let mended = set_up(config.clone(), "eu-west-1", BEHIND).unwrap();
        assert_eq!(mended.web_acl_id, config.web_acl_id);
        assert!(mended.enabled && mended.default_cache_behavior().unwrap().compress == Some(true));
        assert_eq!(mended.origins().unwrap().items()[0].domain_name, "g.lambda-url.eu-west-1.on.aws");
    }

    #[test]
    fn it_is_known_by_its_own_two_origins() {
        let place = |host: &str| OriginPlace { host: host.to_owned(), port: 443, is_https: true };
        let all = [(GATE_ORIGIN, place("here")), (RELAY_ORIGIN, place("here")), ("logos", place("elsewhere"))];
        let is_ours = |origins: &[(&str, OriginPlace)]| leads_here(origins, |place| place.host == "here");
        assert!(is_ours(&all) && is_ours(&all[..2]));
        assert!(!is_ours(&all[1..]) && !is_ours(&[]));
        assert!(!is_ours(&[all[0].clone(), (RELAY_ORIGIN, place("elsewhere"))]));
    }

    #[test]
    fn origins_are_reached_by_https_alone() {
        for origin in fresh().origins().unwrap().items() {
            let config = origin.custom_origin_config().unwrap();
            assert_eq!((config.origin_protocol_policy.as_str(), config.https_port), ("https-only", 443));
        }
        assert!(set_up(fresh(), "eu-west-1", Behind { gate: "gate", ..BEHIND }).is_err());
    }
}
