//! Downloads by link, as S3 answers them: GET only, byte ranges, and no CORS headers at all (which is why browsers
//! need the relay). Streamed from disk.

use std::io;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};
use tokio_util::io::ReaderStream;

use super::{
    context::Context,
    error::ApiError,
    faults::{How, Plan},
    http::xml,
    signature::link,
    store::record::{Code, uuid},
};
use crate::model::hls::range::{ByteRange, Selection, select};

const READ_BYTES: usize = 128 * 1024;

pub(super) async fn serve(
    shared: &Context,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    plan: &Plan,
) -> Result<Response<Body>, ApiError> {
    if method == Method::OPTIONS {
        let message = "CORSResponse: CORS is not enabled for this bucket.";
        return Err(ApiError::denied("AccessForbidden", message));
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let code = link::verify(shared, method, uri, text(header::HOST).unwrap_or_default())?;
    let (status, range) = match select(text(header::RANGE), code.bytes) {
        Selection::Whole => (StatusCode::OK, ByteRange { first: 0, last: code.bytes.saturating_sub(1) }),
        Selection::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Selection::Unsatisfiable => return Ok(unsatisfiable(code.bytes)),
    };
    let bytes = if plan.wrong_size { range.bytes() - 1 } else { range.bytes() };
    let body = open(shared, &code, range.first, bytes)
        .await
        .map_err(|_| ApiError::new(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist."))?;
    let body = match plan.strike.map(|strike| strike.how) {
        // a download has one moment to pause at, and it is over
        None | Some(How::Pause) => body,
        Some(How::Stall) => halved(body, bytes, stream::pending()),
        Some(How::Reset) => {
            let cut = axum::Error::new(io::Error::from(io::ErrorKind::ConnectionReset));
            halved(body, bytes, stream::iter([Err(cut)]))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    set(headers, header::ETAG, &format!("\"{}\"", &code.sha256[..32]));
    if status == StatusCode::PARTIAL_CONTENT {
        set(headers, header::CONTENT_RANGE, &range.content_range(code.bytes));
    }
    Ok(response)
}

fn unsatisfiable(length: u64) -> Response<Body> {
    let message = "The requested range is not satisfiable";
    let mut response = error(&ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message), &uuid());
    set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{length}"));
    response
}

/// A stream of part of a function's code; shared with the relay.
pub(super) async fn open(shared: &Context, code: &Code, first: u64, bytes: u64) -> io::Result<Body> {
    let mut file = File::open(shared.store.blob(&code.sha256)).await?;
    file.seek(io::SeekFrom::Start(first)).await?;
    Ok(Body::from_stream(ReaderStream::with_capacity(file.take(bytes), READ_BYTES)))
}

/// The first half, then what `end` does.
fn halved(body: Body, bytes: u64, end: impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static) -> Body {
    let mut left = bytes / 2;
    let half = body.into_data_stream().map(move |piece| {
        piece.map(|piece| {
            let part = piece.slice(..piece.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
            left -= part.len() as u64;
            part
        })
    });
    Body::from_stream(
        half.take_while(|piece| {
            let more = piece.as_ref().map_or(true, |piece| !piece.is_empty());
            std::future::ready(more)
        })
        .chain(end),
    )
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// S3's name of what Lambda calls `code`.
fn code(code: &'static str) -> &'static str {
    match code {
        "TooManyRequestsException" | "ServiceUnavailableException" => "SlowDown",
        "ServiceException" => "InternalError",
        "AccessDeniedException" => "AccessDenied",
        other => other,
    }
}

/// S3's way to write an error.
pub(super) fn error(error: &ApiError, request_id: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{}{}{}</Error>",
        xml::element("Code", code(error.code)),
        xml::element("Message", &error.message),
        xml::element("RequestId", request_id),
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = error.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}
