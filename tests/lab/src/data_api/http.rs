//! HTTP/1.1 on loopback: connections, whole requests in, whole answers out, and answers that end too early.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use super::{Shared, faults, service};
use crate::wire::lock;

/// What is read of a request at most, so that one over the service's limit can still be answered.
const LONGEST: usize = 64 << 20;

/// What becomes of a request.
pub(super) enum Reply {
    Answer(Answer),
    /// The connection is closed.
    Close,
    /// Nothing, until the client goes away.
    Nothing,
}

/// One answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// The body is said to be longer than it is.
    pub(super) cut: bool,
    /// What the server's clock says.
    pub(super) now: SystemTime,
}

/// Serves until it is dropped.
pub(super) async fn accept(listener: TcpListener, shared: &Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener on loopback");
    loop {
        // A client that left before it was accepted is no reason to stop.
        let Ok((stream, _)) = listener.accept().await else { continue };
        shared.journal.connected();
        if faults::closes(&mut lock(&shared.faults)) {
            continue;
        }
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            let answering = service_fn(|request| handle(Arc::clone(&shared), request));
            // An error is a client that left, or one that was left on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answering).await;
        });
    }
}

async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Pieces>> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LONGEST).collect().await.map_err(io::Error::other)?.to_bytes();
    match service::reply(&shared, &parts, &body).await {
        Reply::Answer(answer) => Ok(answer.into_response()),
        Reply::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        Reply::Nothing => match std::future::pending::<Infallible>().await {},
    }
}

impl Answer {
    pub(super) fn json(status: u16, body: String, now: SystemTime) -> Self {
        let headers = vec![(CONTENT_TYPE.as_str(), "application/json".to_owned())];
        Self { status, headers, body: body.into_bytes(), cut: false, now }
    }

    fn into_response(self) -> Response<Pieces> {
        let mut response = Response::builder()
            .status(self.status)
            .header("x-amzn-requestid", request_id())
            .header(DATE, httpdate::fmt_http_date(self.now));
        if self.cut {
            response = response.header(CONTENT_LENGTH, self.body.len() + 1000);
        }
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let body = Pieces { data: Some(Bytes::from(self.body)), cut: self.cut, waited: false };
        response.body(body).expect("a status and headers that are right")
    }
}

fn request_id() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    let digits = crate::verifier::hex(&bytes);
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

/// A body that may break off.
struct Pieces {
    data: Option<Bytes>,
    cut: bool,
    waited: bool,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if !self.cut {
            return Poll::Ready(None);
        }
        if !self.waited {
            // What there is goes out first.
            self.waited = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        match &self.data {
            _ if self.cut => SizeHint::new(),
            Some(data) => SizeHint::with_exact(data.len() as u64),
            None => SizeHint::with_exact(0),
        }
    }
}
