//! What a player does, for verifying: follows the gate's redirects with GET (links are signed for GET, never for
//! HEAD), reads byte ranges, parses playlists with m3u8-rs.

use std::time::Duration;

use reqwest::{
    Client, ClientBuilder, StatusCode, Url,
    header::{CACHE_CONTROL, HeaderMap, HeaderValue, RANGE},
};

use crate::{
    cloud::{
        class_of_page,
        http::names::{self, NoSuchHost},
        is_this_machine,
    },
    model::report::fault::{Explain, FaultClass},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Without a byte for so long, a read is given up.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a gate that is busy asks to be left alone, at most.
const BUSY_AT_MOST: Duration = Duration::from_secs(7);
/// No playlist is larger: 10,000 segments take about a megabyte.
const PLAYLIST_MAX: u64 = 16 * 1024 * 1024;

/// One of these stands in every error of gate and relay (the first), of Lambda and of API Gateway before them, and of the
/// bucket.
const SIGNS: [&str; 5] =
    ["access-control-allow-origin", "x-amzn-requestid", "apigw-requestid", "x-amz-request-id", "x-amz-cf-id"];

#[derive(Debug, thiserror::Error)]
pub enum PlayerError {
    #[error("could not fetch `{url}`")]
    Connection {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("could not fetch `{url}`")]
    NoSuchHost {
        url: String,
        #[source]
        source: NoSuchHost,
    },
    #[error("could not fetch `{url}`: the answer was {status}")]
    Status { url: String, status: StatusCode, retry_after: Option<Duration> },
    #[error(
        "could not fetch `{url}`: something between here and AWS answered with a page (HTTP {}): a proxy, or a hotel's \
         login",
        status.as_u16()
    )]
    InBetween { url: String, status: StatusCode },
    #[error("could not use the answer of `{url}`: {why}")]
    Content { url: String, why: String },
}

impl Explain for PlayerError {
    fn class(&self) -> FaultClass {
        match self {
            Self::InBetween { status, .. } => class_of_page(status.as_u16()),
            // 404 and a playlist of the generation before too: a new index is seen by the gate within seconds
            _ => FaultClass::Transient,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoSuchHost { .. } => {
                "Check the address, and --function-urls if it is in use: a name that was made a moment ago is known \
                 everywhere within a minute, a wrong one never."
            }
            Self::InBetween { .. } => {
                "Open any web page in a browser on this network and sign in there, or have *.on.aws and *.amazonaws.com \
                 let through; then run the command again: what is deployed is not sent twice."
            }
            Self::Connection { .. } | Self::Status { .. } | Self::Content { .. } => {
                "Check that this computer reaches that address, then run the command again: what is deployed is not sent \
                 twice."
            }
        };
        Some(hint.to_owned())
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Connection { .. } | Self::NoSuchHost { .. } | Self::InBetween { .. } | Self::Content { .. } => None,
        }
    }

    fn is_offline(&self) -> bool {
        matches!(self, Self::Connection { source, .. } if source.is_connect())
    }
}

impl PlayerError {
    /// A request that brought no answer.
    async fn unsent(url: &str, error: reqwest::Error) -> Self {
        // of a redirect: where it led
        let host = error.url().and_then(Url::host_str).filter(|_| names::is_lookup(&error)).map(str::to_owned);
        let missing = match host {
            Some(host) => names::missing(&host).await,
            None => None,
        };
        match missing {
            Some(source) => Self::NoSuchHost { url: url.to_owned(), source },
            None => Self::connection(url, error),
        }
    }

    fn connection(url: &str, error: reqwest::Error) -> Self {
        // the URL in reqwest's error is the redirect's target: a presigned one
        Self::Connection { url: url.to_owned(), source: error.without_url() }
    }

    /// The other side was not reached, or was too busy or too broken to answer.
    pub fn is_unanswered(&self) -> bool {
        match self {
            Self::Connection { .. } | Self::NoSuchHost { .. } | Self::InBetween { .. } => true,
            Self::Status { status, .. } => *status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error(),
            Self::Content { .. } => false,
        }
    }

    pub fn content(url: &str, why: impl Into<String>) -> Self {
        Self::Content { url: url.to_owned(), why: why.into() }
    }
}

#[derive(Debug, Clone)]
pub struct Player {
    ordinary: Client,
    /// For this computer itself, which a proxy can't reach.
    direct: Client,
}

/// Hash and size of what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    pub crc32: u32,
    pub bytes: u64,
}

impl Player {
    pub fn new() -> Result<Self, PlayerError> {
        // an error only means that a provider is installed already
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT);
        let build = |builder: ClientBuilder| builder.build().map_err(|error| PlayerError::connection("", error));
        Ok(Self { ordinary: build(builder())?, direct: build(builder().no_proxy())? })
    }

    /// A playlist as text.
    pub async fn playlist(&self, url: &str) -> Result<String, PlayerError> {
        let body = self.download(url, url, PLAYLIST_MAX).await?;
        String::from_utf8(body).map_err(|_| PlayerError::content(url, "it is not UTF-8"))
    }

    /// A whole resource of at most `max` bytes. `label` stands for the link in errors: links can be secrets.
    pub async fn download(&self, label: &str, link: &str, max: u64) -> Result<Vec<u8>, PlayerError> {
        let mut response = self.get(label, link, HeaderMap::new(), StatusCode::OK).await?;
        let mut body = Vec::new();
        while let Some(block) = response.chunk().await.map_err(|error| PlayerError::connection(label, error))? {
            body.extend(block);
            if body.len() as u64 > max {
                return Err(PlayerError::content(label, "it is larger than it should be"));
            }
        }
        Ok(body)
    }

    /// Reads `bytes` from `offset` and hashes them as they come. `progress` hears of each block.
    pub async fn range(
        &self,
        url: &str,
        offset: u64,
        bytes: u64,
        mut progress: impl FnMut(&[u8]),
    ) -> Result<Read, PlayerError> {
        let mut headers = HeaderMap::new();
        let range = format!("bytes={offset}-{}", offset + bytes.saturating_sub(1));
        headers.insert(RANGE, range.parse().expect("digits make a header"));
        let mut response = match self.get(url, url, headers.clone(), StatusCode::PARTIAL_CONTENT).await {
            Err(PlayerError::Status { status: StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, .. }) => {
                // the gate keeps links; one to a function that was made anew is dead, and this asks for another
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                self.get(url, url, headers, StatusCode::PARTIAL_CONTENT).await?
            }
            other => other?,
        };
        let mut hash = crc32fast::Hasher::new();
        let mut read = 0;
        while let Some(block) = response.chunk().await.map_err(|error| PlayerError::connection(url, error))? {
            hash.update(&block);
            read += block.len() as u64;
            progress(&block);
            if read > bytes {
                return Err(PlayerError::content(url, "more came than was asked for"));
            }
        }
        Ok(Read { crc32: hash.finalize(), bytes: read })
    }

    /// Asks for what is not there: 404, readable from every origin by one header, is what gate and relay answer. So they have
    /// for a client whose guesses AWS has answered until none is left; that one is told to stay away for longer than
    /// while AWS is busy.
    pub async fn refused(&self, url: &str) -> Result<(), PlayerError> {
        let response = self.sent(url, url, HeaderMap::new()).await?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        let is_away = status == StatusCode::SERVICE_UNAVAILABLE && retry_after > Some(BUSY_AT_MOST);
        if status != StatusCode::NOT_FOUND && !is_away {
            return Err(PlayerError::Status { url: url.to_owned(), status, retry_after });
        }
        let origins: Vec<_> = response.headers().get_all("access-control-allow-origin").iter().collect();
        if origins == ["*"] {
            return Ok(());
        }
        let why = format!("it has {} headers that let every origin read, not one", origins.len());
        Err(PlayerError::content(url, why))
    }

    async fn get(
        &self,
        label: &str,
        link: &str,
        headers: HeaderMap,
        wanted: StatusCode,
    ) -> Result<reqwest::Response, PlayerError> {
        let response = self.sent(label, link, headers).await?;
        let status = response.status();
        if status != wanted {
            let retry_after = retry_after(&response);
            return Err(PlayerError::Status { url: label.to_owned(), status, retry_after });
        }
        Ok(response)
    }

    /// An answer of gate, relay or bucket, whatever it is.
    async fn sent(&self, label: &str, link: &str, headers: HeaderMap) -> Result<reqwest::Response, PlayerError> {
        let client = if is_this_machine(link) { &self.direct } else { &self.ordinary };
        let response = match client.get(link).headers(headers).send().await {
            Ok(response) => response,
            Err(error) => return Err(PlayerError::unsent(label, error).await),
        };
        let status = response.status();
        if !status.is_success() && !SIGNS.iter().any(|sign| response.headers().contains_key(*sign)) {
            return Err(PlayerError::InBetween { url: label.to_owned(), status });
        }
        Ok(response)
    }
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map(Duration::from_secs)
}
