//! Watches one request on its way: whether the service can have it, and what kind of answer came.
//!
//! Whether a request may be made again must not be guessed from an error's kind: to the HTTP library a broken connection is a
//! broken connection. What counts is whether any byte of the body was handed out to be written. A server cannot act on a
//! statement of which it has nothing, whatever it has of the headers; once the body is handed out, nobody knows what arrived.
//!
//! The library's own pool is covered by this. It sends a request over another connection only if the first one gave it back
//! untouched (`retry_canceled_requests` of hyper-util, for which hyper's dispatcher must return the message unread), so the body
//! is then handed out once.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use aws_sdk_rdsdata::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
    BeforeTransmitInterceptorContextMut,
};
use aws_sdk_rdsdata::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_rdsdata::error::BoxError;
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementOutput;
use aws_smithy_types::body::SdkBody;
use http_body::{Body, Frame, SizeHint};

use super::REQUEST_LIMIT;

/// More than an answer of 1 MiB can be in JSON, where one byte may need six; keeps a hostile server from filling the memory.
const LARGEST_ANSWER: usize = 16 << 20;

/// What every answer to a statement has.
const OUTCOME: &[u8] = b"\"numberOfRecordsUpdated\"";

/// What is known of an answer beside what the SDK makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) date: Option<String>,
    pub(super) location: Option<String>,
    /// Whether it calls itself JSON, or does not say.
    pub(super) is_json: bool,
    /// Whether it is a success without anything that a success has.
    pub(super) is_empty: bool,
}

#[derive(Debug, Default)]
struct Seen {
    handed_out: AtomicBool,
    size: AtomicUsize,
    answer: Mutex<Option<Answer>>,
}

/// Watches one request.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness(Arc<Seen>);

impl Witness {
    /// Whether anything of the body was handed out to be written.
    pub(super) fn may_have_arrived(&self) -> bool {
        self.0.handed_out.load(Ordering::SeqCst)
    }

    /// The size of a request that is too large to be sent.
    pub(super) fn oversize(&self) -> Option<usize> {
        Some(self.0.size.load(Ordering::SeqCst)).filter(|size| *size > REQUEST_LIMIT)
    }

    /// The answer, if its head has come.
    pub(super) fn answer(&self) -> Option<Answer> {
        self.0.answer.lock().ok()?.clone()
    }
}

impl Intercept for Witness {
    fn name(&self) -> &'static str {
        "Witness"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.request_mut().body_mut();
        let size = body.content_length().and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
        self.0.size.store(size, Ordering::SeqCst);
        if size > REQUEST_LIMIT {
            return Err("the request is too large".into());
        }
        let inner = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Outgoing { inner: Box::pin(inner), seen: Arc::clone(&self.0) });
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let header = |name: &str| response.headers().get(name).map(str::to_owned);
        let is_json = header("content-type").is_none_or(|kind| kind.to_ascii_lowercase().contains("json"));
        let answer = Answer {
            status: response.status().as_u16(),
            date: header("date"),
            location: header("location"),
            is_json,
            is_empty: false,
        };
        if let Ok(mut seen) = self.0.answer.lock() {
            *seen = Some(answer);
        }
        if !is_json {
            return Err("the answer is not JSON".into());
        }
        let inner = std::mem::replace(response.body_mut(), SdkBody::taken());
        *response.body_mut() = SdkBody::from_body_1_x(Incoming { inner: Box::pin(inner), left: LARGEST_ANSWER });
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // To the SDK an empty body is a success of which nothing is known, and so is any other JSON object.
        let Some(output) = context.output_or_error().ok().and_then(|output| output.downcast_ref()) else {
            return Ok(());
        };
        let ExecuteStatementOutput { records, column_metadata, generated_fields, .. } = output;
        if records.is_some() || column_metadata.is_some() || generated_fields.is_some() {
            return Ok(());
        }
        let body = context.response().body().bytes().unwrap_or_default();
        if body.windows(OUTCOME.len()).any(|window| window == OUTCOME) {
            return Ok(());
        }
        if let Ok(mut seen) = self.0.answer.lock()
            && let Some(answer) = seen.as_mut()
        {
            answer.is_empty = true;
        }
        Err("the answer says nothing of an outcome".into())
    }
}

type Data = <SdkBody as Body>::Data;
type Polled = Poll<Option<Result<Frame<Data>, BoxError>>>;

/// A request's body that tells when it is first asked for.
struct Outgoing {
    inner: Pin<Box<SdkBody>>,
    seen: Arc<Seen>,
}

impl Body for Outgoing {
    type Data = Data;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        self.seen.handed_out.store(true, Ordering::SeqCst);
        self.inner.as_mut().poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        Body::is_end_stream(&*self.inner)
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&*self.inner)
    }
}

/// An answer's body that does not grow without end.
struct Incoming {
    inner: Pin<Box<SdkBody>>,
    left: usize,
}

impl Body for Incoming {
    type Data = Data;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let polled = self.inner.as_mut().poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            match self.left.checked_sub(data.len()) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err("the answer is too large".into()))),
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        Body::is_end_stream(&*self.inner)
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&*self.inner)
    }
}
