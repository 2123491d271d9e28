//! Puts a [`CodeZip`] into a Lambda request in constant memory. The SDK serializes the request with a short
//! placeholder; before it is signed, this interceptor swaps the body for one that streams the zip's base64 between
//! what stands before and after the placeholder, with its length and hash known.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use aws_runtime::auth::PayloadSigningOverride;
use aws_sdk_lambda::{config::Intercept, primitives::Blob};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{interceptors::context::BeforeTransmitInterceptorContextMut, runtime_components::RuntimeComponents},
};
use aws_smithy_types::{
    body::SdkBody,
    config_bag::{ConfigBag, Layer},
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::code::{BLOCK, CodeZip, encode};
use crate::model::report::event::Count;

/// 24 bytes, hence 32 letters of base64 without padding.
const PLACEHOLDER: &[u8; 24] = b"zipreel puts the zip in.";

pub(in crate::cloud) fn placeholder() -> Blob {
    Blob::new(PLACEHOLDER)
}

/// For one attempt of one request. `sent` counts the zip's bytes as they are taken for the socket.
#[derive(Debug)]
pub(in crate::cloud) struct StreamedCode {
    pub code: CodeZip,
    pub sent: Count,
}

impl Intercept for StreamedCode {
    fn name(&self) -> &'static str {
        "StreamedCode"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _runtime: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let serialized = request.body().bytes().ok_or("the request was not serialized in memory")?;
        let mut marker = [0; 32];
        encode(PLACEHOLDER, &mut marker);
        let at = serialized
            .windows(marker.len())
            .position(|window| window == marker)
            .ok_or("the placeholder is not in the request")?;
        let prefix = Bytes::copy_from_slice(&serialized[..at]);
        let suffix = Bytes::copy_from_slice(&serialized[at + marker.len()..]);
        let sha256 = self.code.body_sha256(&prefix, &suffix)?;
        let length = prefix.len() as u64 + self.code.encoded_bytes() + suffix.len() as u64;
        let (code, sent) = (self.code.clone(), self.sent.clone());
        *request.body_mut() = SdkBody::retryable(move || {
            sent.set(0);
            SdkBody::from_body_1_x(EncodedBody::new(prefix.clone(), code.clone(), suffix.clone(), sent.clone()))
        });
        request.headers_mut().insert("content-length", length.to_string());
        let mut layer = Layer::new("StreamedCode");
        layer.store_put(PayloadSigningOverride::Precomputed(sha256));
        config.push_layer(layer);
        Ok(())
    }
}

/// What crosses from the reading thread: bytes for the socket, and how many of the zip they carry.
type Block = io::Result<(Bytes, u64)>;

/// Reads on a blocking thread of its own, two blocks ahead of the socket at most.
struct EncodedBody {
    unread: Option<(Bytes, CodeZip, Bytes)>,
    blocks: Option<mpsc::Receiver<Block>>,
    remaining: u64,
    sent: Count,
}

impl EncodedBody {
    fn new(prefix: Bytes, code: CodeZip, suffix: Bytes, sent: Count) -> Self {
        let remaining = prefix.len() as u64 + code.encoded_bytes() + suffix.len() as u64;
        Self { unread: Some((prefix, code, suffix)), blocks: None, remaining, sent }
    }
}

fn read_all(prefix: Bytes, code: &CodeZip, suffix: Bytes, blocks: &mpsc::Sender<Block>) {
    let send = |block| blocks.blocking_send(block).is_ok();
    if !send(Ok((prefix, 0))) {
        return;
    }
    let mut reader = code.reader();
    let mut raw = vec![0; BLOCK];
    loop {
        let length = match reader.fill(&mut raw) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) => {
                send(Err(error));
                return;
            }
        };
        let mut text = vec![0; length.div_ceil(3) * 4];
        encode(&raw[..length], &mut text);
        if !send(Ok((text.into(), length as u64))) {
            return;
        }
    }
    send(Ok((suffix, 0)));
}

impl Body for EncodedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some((prefix, code, suffix)) = self.unread.take() {
            let (sender, receiver) = mpsc::channel(2);
            tokio::task::spawn_blocking(move || read_all(prefix, &code, suffix, &sender));
            self.blocks = Some(receiver);
        }
        let Some(blocks) = &mut self.blocks else { return Poll::Ready(None) };
        match std::task::ready!(blocks.poll_recv(context)) {
            Some(Ok((bytes, of_zip))) => {
                self.remaining = self.remaining.saturating_sub(bytes.len() as u64);
                self.sent.add(of_zip);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
