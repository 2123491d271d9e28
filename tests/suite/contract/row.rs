//! A request to gate or relay, and what its answer must be.

use std::{net::IpAddr, time::Duration};

use super::{http::send_from, sides::Side};

/// Whose port a request goes to.
#[derive(Debug, Clone, Copy)]
pub(super) enum To {
    Gate,
    Relay,
}

/// What others do with requests and answers on their way, which gate and relay can't help.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Quirk {
    /// The gate gets paths decoded from its HTTP API, as on AWS.
    ApiDecodesPaths,
    /// OPTIONS is refused by the HTTP API and does not come to the gate.
    ApiRefusesOptions,
    /// The HTTP API adds a type to an answer without one, to a 304 too.
    ApiAddsTypes,
    /// The relay gets paths decoded from its function URL.
    UrlDecodesPaths,
}

/// What the body must be.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Any,
    Empty,
    Is(Vec<u8>),
    Has(&'static str),
}

/// A request and its answer.
#[derive(Debug, Clone)]
pub(super) struct Row {
    to: To,
    method: &'static str,
    path: String,
    sent: Vec<&'static str>,
    status: u16,
    /// `None`: must not be there.
    headers: Vec<(&'static str, Option<String>)>,
    body: Body,
    /// What it is instead where there is that quirk.
    otherwise: Option<(Quirk, Box<Row>)>,
}

pub(super) fn row(to: To, path: impl Into<String>, status: u16) -> Row {
    let (path, sent, headers) = (path.into(), Vec::new(), Vec::new());
    let row = Row { to, method: "GET", path, sent, status, headers, body: Body::Any, otherwise: None };
    row.header("access-control-allow-origin", "*").header("x-content-type-options", "nosniff")
}

impl Row {
    pub(super) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(super) fn sending(mut self, line: &'static str) -> Self {
        self.sent.push(line);
        self
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn header(self, name: &'static str, value: &str) -> Self {
        self.having(name, Some(value.to_owned()))
    }

    pub(super) fn without(self, name: &'static str) -> Self {
        self.having(name, None)
    }

    /// Every header that it says something of.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.headers.iter().map(|(name, _)| *name).collect()
    }

    /// In place of what was said of this header before.
    fn having(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value));
        self
    }

    /// Where there is that quirk, the same request gets the answer that is `changed`.
    pub(super) fn unless(mut self, quirk: Quirk, changed: impl FnOnce(Self) -> Self) -> Self {
        self.otherwise = Some((quirk, Box::new(changed(self.clone()))));
        self
    }

    pub(super) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Nothing but the path counts, as with a CDN: no query, and nothing that is sent along.
    pub(super) fn is_of_the_path_alone(&self) -> bool {
        !self.path.contains('?')
            && !self.sent.iter().any(|line| ["Range", "Accept"].iter().any(|name| line.starts_with(name)))
    }

    /// A playlist whose segments come from the relay, as those of subtitles do not.
    pub(super) fn leads_to_the_relay(&self) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        let is_track = path.contains("/s1-");
        !is_track && [".relay.m3u8", ".pieces.m3u8"].iter().any(|ending| path.ends_with(ending))
    }

    pub(super) async fn check(&self, side: &Side) {
        self.check_from(side.client, side).await;
    }

    pub(super) async fn check_from(&self, client: IpAddr, side: &Side) {
        match &self.otherwise {
            Some((quirk, other)) if side.quirks.contains(quirk) => other.holds(client, side).await,
            _ => self.holds(client, side).await,
        }
    }

    async fn holds(&self, client: IpAddr, side: &Side) {
        let base = match self.to {
            To::Gate => &side.gate,
            To::Relay => &side.relay,
        };
        let ask = async || send_from(client, base, self.method, &self.path, &self.sent).await;
        let mut answer = ask().await;
        // an instance guesses one at a time: whoever is told to come back later does
        for _ in 0..30 {
            if answer.status == self.status || answer.status != 503 {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            answer = ask().await;
        }
        let what = format!("{}: {} {} {:?} got {answer:?}", side.name, self.method, self.path, self.sent);
        assert_eq!(answer.status, self.status, "{what}");
        for (name, value) in &self.headers {
            assert_eq!(answer.header(name), value.as_deref(), "`{name}` of {what}");
        }
        match &self.body {
            Body::Any => {}
            Body::Empty => assert!(answer.body.is_empty(), "{what}"),
            Body::Is(body) => assert!(answer.body == *body, "{what}"),
            Body::Has(text) => assert!(answer.text().contains(text), "`{text}` in {what}"),
        }
    }
}
