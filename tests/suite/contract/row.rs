//! A request to gate or relay, and what its answer must be.

use std::{net::IpAddr, time::Duration};

use super::{http::send_from, sides::Side};

/// Whose port a request goes to.
#[derive(Debug, Clone, Copy)]
pub(super) enum To {
    Gate,
    Relay,
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
}

pub(super) fn row(to: To, path: impl Into<String>, status: u16) -> Row {
    Row { to, method: "GET", path: path.into(), sent: Vec::new(), status, headers: Vec::new(), body: Body::Any }
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

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, Some(value.to_owned())));
        self
    }

    pub(super) fn without(mut self, name: &'static str) -> Self {
        self.headers.push((name, None));
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
        let (base, path) = match self.to {
            To::Gate => (&side.gate, self.path.clone()),
            To::Relay => (&side.relay, format!("{}{}", side.before_relay, self.path)),
        };
        let ask = async || send_from(client, base, self.method, &path, &self.sent).await;
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
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{what}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
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
