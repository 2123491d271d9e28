//! A Lambda of our own for the deployed functions: Node.js runs `tests/gate/bootstrap.mjs` against a Runtime API, and a
//! front turns HTTP requests into the events of a function URL or an HTTP API (payload format 2.0) and streamed answers (a JSON prelude,
//! eight NUL bytes, the body) back into HTTP. Knows nothing of what the functions do.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, BodyDataStream, Bytes},
    extract::{ConnectInfo, Path as UrlPath, Request, State},
    http::{HeaderMap, Response, StatusCode},
    routing::{get, post},
};
use futures_util::StreamExt;
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// Lambda takes no longer answer that is whole.
const WHOLE_ANSWER_MAX: usize = 6 * 1024 * 1024;

/// What calls a function, and so which of its handlers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// `handler`, whose answers are streamed.
    Url,
    /// `handler` without the `awslambda` globals, as on some emulators: answers are whole.
    BufferedUrl,
    /// `buffered`: it can't read a streamed answer.
    HttpApi,
}

/// How a function is started.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// Files of the repository that its zip holds; the handler is in the first.
    pub(crate) files: &'static [&'static str],
    pub(crate) environment: BTreeMap<&'static str, String>,
    /// Invocations that run at once: 1 on ordinary Lambda, more on its managed instances.
    pub(crate) at_once: usize,
    pub(crate) front: Front,
}

/// A running function with its URL. Dropping it ends Node.js.
pub(crate) struct Function {
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    log: Arc<Mutex<String>>,
    node: Child,
    servers: Vec<JoinHandle<()>>,
    _root: tempfile::TempDir,
}

impl Drop for Function {
    fn drop(&mut self) {
        // by its own id; `kill_on_drop` sees to it that it is reaped
        let _ = self.node.start_kill();
        self.servers.iter().for_each(JoinHandle::abort);
    }
}

impl Function {
    pub(crate) fn pid(&self) -> u32 {
        self.node.id().expect("it runs")
    }

    /// What it wrote to standard output and standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

/// A function URL whose function is not there yet: gate and relay each need to know the other's.
pub(crate) struct Reserved {
    pub(crate) url: String,
    shared: Arc<Invocations>,
    front: JoinHandle<()>,
}

impl Reserved {
    pub(crate) async fn new() -> Self {
        let shared = Arc::new(Invocations::default());
        let (url, front) = serve(Router::new().fallback(front).with_state(Arc::clone(&shared))).await;
        Self { url, shared, front }
    }

    pub(crate) async fn start(self, spec: &Spec) -> Function {
        let Self { url, shared, front } = self;
        shared.decodes.store(spec.front == Front::HttpApi, Ordering::Relaxed);
        let (api, runtime) = serve(runtime_api(shared)).await;
        let root = tempfile::tempdir().unwrap();
        for file in spec.files.iter().map(|file| repository().join(file)) {
            std::fs::copy(&file, root.path().join(file.file_name().unwrap())).unwrap();
        }
        let name = Path::new(spec.files[0]).file_stem().unwrap().to_str().unwrap();
        let mut command = Command::new(node());
        command
            .arg(repository().join("tests/gate/bootstrap.mjs"))
            .env_clear()
            .envs(&spec.environment)
            .env("AWS_LAMBDA_FUNCTION_NAME", format!("zipreel-{name}"))
            .env("AWS_LAMBDA_RUNTIME_API", api.strip_prefix("http://").unwrap())
            .env("AWS_LAMBDA_MAX_CONCURRENCY", spec.at_once.to_string())
            .env("LAMBDA_TASK_ROOT", root.path())
            .env("_HANDLER", format!("{name}.{}", if spec.front == Front::HttpApi { "buffered" } else { "handler" }))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if spec.front == Front::BufferedUrl {
            command.env("ZIPREEL_TEST_BUFFERED", "1");
        }
        let mut node = command.spawn().expect("Node.js starts");
        let log = Arc::new(Mutex::new(String::new()));
        tokio::spawn(keep(node.stdout.take().unwrap(), Arc::clone(&log)));
        tokio::spawn(keep(node.stderr.take().unwrap(), Arc::clone(&log)));
        Function { url, log, node, servers: vec![front, runtime], _root: root }
    }
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Node.js of the functions' runtime, brought by `make test`.
pub(crate) fn node() -> PathBuf {
    let node = std::env::var_os("ZIPREEL_TEST_NODE").map(PathBuf::from);
    let node = node.unwrap_or_else(|| repository().join("target/venv/bin/node"));
    assert!(node.exists(), "no Node.js at {}: run `make test`, or set ZIPREEL_TEST_NODE", node.display());
    node
}

/// The Python that has what `tests/tools/requirements.txt` names, brought by `make test`.
pub(crate) fn python() -> PathBuf {
    let python = std::env::var_os("ZIPREEL_TEST_PYTHON").map(PathBuf::from);
    let python = python.unwrap_or_else(|| repository().join("target/venv/bin/python"));
    assert!(python.exists(), "no Python at {}: run `make test`, or set ZIPREEL_TEST_PYTHON", python.display());
    python
}

async fn keep(output: impl AsyncRead + Unpin, log: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().unwrap();
        log.push_str(&line);
        log.push('\n');
    }
}

pub(crate) async fn serve(router: Router) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    (url, tokio::spawn(async move { axum::serve(listener, service).await.unwrap() }))
}

type Answered = oneshot::Sender<Response<Body>>;

struct Invocations {
    /// Paths are decoded on their way, as an HTTP API does.
    decodes: AtomicBool,
    send: mpsc::UnboundedSender<(Value, Answered)>,
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Value, Answered)>>,
    running: Mutex<HashMap<String, Answered>>,
}

impl Default for Invocations {
    fn default() -> Self {
        let (send, events) = mpsc::unbounded_channel();
        Self {
            decodes: AtomicBool::default(),
            send,
            events: tokio::sync::Mutex::new(events),
            running: Mutex::default(),
        }
    }
}

/// The function URL, or the HTTP API.
async fn front(
    State(shared): State<Arc<Invocations>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let all = headers.entry(name.as_str().to_owned()).or_default();
        *all = if all.is_empty() { value.into_owned() } else { format!("{all},{value}") };
    }
    let (mut path, query) = (request.uri().path().into(), request.uri().query().unwrap_or_default());
    if shared.decodes.load(Ordering::Relaxed) {
        // what is no UTF-8 can't be in JSON
        path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    }
    let http = json!({
        "method": request.method().as_str(), "path": path, "protocol": "HTTP/1.1",
        "sourceIp": client.ip().to_string(), "userAgent": headers.get("user-agent"),
    });
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {
            "accountId": "anonymous", "apiId": "a1b2c3d4e5", "http": http, "routeKey": "$default", "stage": "$default",
        },
        "isBase64Encoded": false,
    });
    let (answered, answer) = oneshot::channel();
    shared.send.send((event, answered)).unwrap();
    answer.await.unwrap_or_else(|_| plain(StatusCode::BAD_GATEWAY))
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn runtime_api(shared: Arc<Invocations>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Invocations>>) -> Response<Body> {
    let (event, answered) = shared.events.lock().await.recv().await.expect("the front lives as long");
    let id = format!("{:016x}", fastrand::u64(..));
    shared.running.lock().unwrap().insert(id.clone(), answered);
    Response::builder().header("lambda-runtime-aws-request-id", id).body(Body::from(event.to_string())).unwrap()
}

async fn error(State(shared): State<Arc<Invocations>>, UrlPath(id): UrlPath<String>) -> StatusCode {
    // the sender falls, and the front answers 502, as Lambda does
    shared.running.lock().unwrap().remove(&id);
    StatusCode::ACCEPTED
}

async fn response(
    State(shared): State<Arc<Invocations>>,
    UrlPath(id): UrlPath<String>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    let answered = shared.running.lock().unwrap().remove(&id).expect("an invocation under way");
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    if is("lambda-runtime-function-response-mode", "streaming") {
        let prelude = is("content-type", "application/vnd.awslambda.http-integration-response");
        streamed(answered, body, prelude).await;
    } else {
        let body = body.collect().await.unwrap().to_bytes();
        let fits = body.len() <= WHOLE_ANSWER_MAX;
        let _ = answered.send(if fits { buffered(&body) } else { plain(StatusCode::BAD_GATEWAY) });
    }
    StatusCode::ACCEPTED
}

/// Passes a streamed answer on while it comes. Without a prelude, status and headers are lost: 200, and no more.
async fn streamed(answered: Answered, body: Body, prelude: bool) {
    let mut chunks = body.into_data_stream();
    let mut first = Vec::new();
    let metadata = if prelude { read_prelude(&mut chunks, &mut first).await } else { None };
    let mut answer = metadata.map_or_else(|| plain(StatusCode::OK), |metadata| answer_of(&metadata));
    let (pass, passed) = mpsc::channel::<Result<Bytes, axum::Error>>(1);
    let passed = futures_util::stream::unfold(passed, async |mut passed| Some((passed.recv().await?, passed)));
    *answer.body_mut() = Body::from_stream(passed);
    let _ = answered.send(answer);
    if !first.is_empty() && pass.send(Ok(first.into())).await.is_err() {
        return;
    }
    while let Some(chunk) = chunks.next().await {
        if pass.send(chunk).await.is_err() {
            return;
        }
    }
}

/// Status and headers; what came after them stays in `first`. `None` if the answer ended before.
async fn read_prelude(chunks: &mut BodyDataStream, first: &mut Vec<u8>) -> Option<Value> {
    loop {
        if let Some(end) = first.windows(8).position(|window| window == [0; 8]) {
            let metadata = serde_json::from_slice(&first[..end]).expect("the prelude is JSON");
            first.drain(..end + 8);
            return Some(metadata);
        }
        first.extend_from_slice(&chunks.next().await?.ok()?);
    }
}

/// A whole answer in payload format 2.0.
fn buffered(body: &[u8]) -> Response<Body> {
    use base64::Engine as _;
    let value: Value = serde_json::from_slice(body).expect("the answer is JSON");
    let text = value["body"].as_str().expect("a body");
    let bytes = if value["isBase64Encoded"] == true {
        base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
    } else {
        text.as_bytes().to_vec()
    };
    let mut answer = answer_of(&value);
    *answer.body_mut() = Body::from(bytes);
    answer
}

fn answer_of(metadata: &Value) -> Response<Body> {
    let status = metadata["statusCode"].as_u64().expect("a status") as u16;
    let mut answer = Response::builder().status(status);
    for (name, value) in metadata["headers"].as_object().expect("headers") {
        answer = answer.header(name, value.as_str().expect("a header's value is text"));
    }
    answer.body(Body::empty()).expect("status and headers are HTTP's")
}
