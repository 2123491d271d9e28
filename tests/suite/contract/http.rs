//! An HTTP/1.1 client that sends a path exactly as it is given and shows every header of the answer, twice if it came
//! twice: what libraries tidy up is what these tests are about.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    time::timeout,
};

/// Longer than any answer may take (8 s), plus the start of Node.js on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in the order in which they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header that came exactly once; `None` if it did not come.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(header, _)| header == name);
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "`{name}` came twice: {:?}", self.headers);
        first
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A client's address of its own: all of 127.0.0.0/8 is this computer on Linux, elsewhere one address is.
pub(crate) fn client(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    let own = if cfg!(target_os = "linux") { [127, 1, high, low] } else { [127, 0, 0, 1] };
    Ipv4Addr::from(own).into()
}

/// `base` is `http://host:port`, and what all paths begin with there; `headers` are whole lines.
pub(crate) async fn send(base: &str, method: &str, path: &str, headers: &[&str]) -> Answer {
    send_from(Ipv4Addr::LOCALHOST.into(), base, method, path, headers).await
}

pub(crate) async fn get_from(client: IpAddr, base: &str, path: &str) -> Answer {
    send_from(client, base, "GET", path, &[]).await
}

pub(crate) async fn send_from(client: IpAddr, base: &str, method: &str, path: &str, headers: &[&str]) -> Answer {
    let exchange = async {
        let place = base.strip_prefix("http://").unwrap().trim_end_matches('/');
        let (authority, before) = place.split_at(place.find('/').unwrap_or(place.len()));
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(client, 0)).unwrap();
        let mut stream = socket.connect(authority.parse().unwrap()).await.unwrap();
        let mut request = format!("{method} {before}{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
        for line in headers {
            request.push_str(line);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        parse(&answer, method == "HEAD")
    };
    timeout(PATIENCE, exchange).await.unwrap_or_else(|_| panic!("{method} {path} was not answered"))
}

pub(crate) async fn get(base: &str, path: &str) -> Answer {
    send(base, "GET", path, &[]).await
}

fn parse(answer: &[u8], head: bool) -> Answer {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer's head");
    let text = std::str::from_utf8(&answer[..end]).expect("headers are text");
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line").parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').expect("a header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &answer[end + 4..];
    let of = |name: &str| headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str());
    let body = match (of("transfer-encoding"), of("content-length")) {
        (Some("chunked"), _) => unchunk(rest),
        (_, Some(length)) if !head => {
            assert_eq!(rest.len(), length.parse::<usize>().unwrap(), "the body is as long as announced");
            rest.to_vec()
        }
        _ => rest.to_vec(),
    };
    Answer { status, headers, body }
}

/// The payload of a chunked body; panics where it breaks off.
fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        if rest.is_empty() {
            // an answer to HEAD announces the coding and has no body
            return body;
        }
        let line = rest.windows(2).position(|window| window == b"\r\n").expect("a chunk's size");
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        rest = &rest[line + 2..];
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}
