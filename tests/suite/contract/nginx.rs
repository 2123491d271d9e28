//! nginx as a CDN's edge before gate and relay: one host, and a cache whose key is the path and whether gzip is taken.
//! Of what a viewer sends, it passes nothing else on.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use zipreel::model::gate::cdn::{EDGE_HEADER, RELAY_PREFIX};

/// What it sends to be known by.
pub(crate) const SECRET: &str = "what-only-the-edge-knows";
/// Thousands of viewers, and as many connections behind them.
const FILES: u64 = 16_384;
const READY_WITHIN: Duration = Duration::from_secs(60);

pub(crate) fn secret_sha256() -> String {
    Sha256::digest(SECRET).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Its base URL, with a slash at its end.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/")
}

/// Ends with the test.
pub(crate) struct Edge {
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    nginx: Child,
}

/// A request that it answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// `HIT`, `MISS` …
    pub(crate) cache: String,
    pub(crate) path: String,
}

impl Edge {
    /// `gate` and `relay` are their origins.
    pub(crate) async fn start(port: u16, gate: &str, relay: &str) -> Self {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let enough = files.maximum.map_or(FILES, |most| most.min(FILES));
        if files.current.is_some_and(|current| current < enough) {
            let raised = rustix::process::Rlimit { current: Some(enough), ..files };
            rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        let config = folder.path().join("nginx.conf");
        fs::write(&config, configuration(port, gate, relay, &place)).unwrap();
        let log = fs::File::create(folder.path().join("error.log")).unwrap();
        let mut command = Command::new(std::env::var_os("ZIPREEL_TEST_NGINX").unwrap_or_else(|| "nginx".into()));
        command.args(["-e", "stderr", "-p", &place, "-c"]).arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let nginx = command.spawn().unwrap_or_else(|error| panic!("these tests need nginx: {error}"));
        let mut edge = Self { port, folder, nginx };
        let end = Instant::now() + READY_WITHIN;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(edge.nginx.try_wait().unwrap().is_none() && Instant::now() < end, "{}", edge.read("error.log"));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        edge
    }

    /// Without a slash at its end.
    pub(crate) fn origin(&self) -> String {
        url(self.port).trim_end_matches('/').to_owned()
    }

    /// What it answered so far, in order.
    pub(crate) fn answered(&self) -> Vec<Answered> {
        let log = self.read("access.log");
        let lines = log.lines().map(|line| line.splitn(3, ' ').collect::<Vec<_>>());
        let answered = lines.map(|parts| Answered {
            status: parts[0].parse().unwrap(),
            cache: parts[1].to_owned(),
            path: parts[2].to_owned(),
        });
        answered.collect()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // by its own id
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
    }
}

fn configuration(port: u16, gate: &str, relay: &str, folder: &str) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("  {name}_temp_path {folder}/tmp/{name};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr warn;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\n\
         {temporary}  log_format answered '$status $upstream_cache_status $request_uri';\n  \
         access_log {folder}/access.log answered;\n  \
         proxy_cache_path {folder}/cache keys_zone=edge:8m inactive=1d use_temp_path=off;\n  \
         map $request_uri $path {{ ~^(?<alone>[^?]*) $alone; }}\n  \
         map $http_accept_encoding $coding {{ default ''; ~*gzip gzip; }}\n  \
         proxy_cache edge;\n  proxy_cache_key $path|$coding;\n  proxy_cache_lock on;\n  \
         proxy_cache_lock_timeout 60s;\n  proxy_cache_lock_age 60s;\n  proxy_cache_revalidate on;\n  \
         proxy_ignore_headers Vary;\n  proxy_force_ranges on;\n  proxy_http_version 1.1;\n  \
         proxy_pass_request_headers off;\n  proxy_set_header Accept-Encoding $coding;\n  \
         proxy_set_header {EDGE_HEADER} {SECRET};\n  add_header x-cache $upstream_cache_status always;\n  \
         merge_slashes off;\n  server {{\n    listen 127.0.0.1:{port} backlog=4096;\n    \
         location / {{ proxy_pass {gate}$path; }}\n    location /{RELAY_PREFIX} {{ proxy_pass {relay}$path; }}\n  }}\n}}\n"
    )
}
