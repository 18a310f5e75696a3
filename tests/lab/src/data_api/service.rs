//! One request from its arrival to its answer: who asks, what for, what is to go wrong, and what the database says.

use std::sync::Arc;
use std::time::SystemTime;

use hyper::Method;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::connection::Login;
use super::errors::{Result, ServiceError};
use super::faults::{self, Fault};
use super::http::{Answer, Reply};
use super::journal::{Operation, Seen};
use super::options::DataApiOptions;
use super::requests::Request;
use super::{Shared, signature, statements, transactions};
use crate::wire::lock;

const PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on.</body></html>";

/// What a request comes to.
pub(super) async fn reply(shared: &Arc<Shared>, parts: &Parts, body: &Bytes) -> Reply {
    let operation = Operation::of_path(parts.uri.path());
    let number = shared.journal.add(seen(operation, parts, body));
    let fault = faults::next(&mut lock(&shared.faults), operation);
    let mut options = shared.options();
    match fault {
        Some(Fault::ClockAhead(by)) => options.set_clock_ahead(by),
        Some(Fault::ClockBehind(by)) => options.set_clock_behind(by),
        _ => (),
    }
    let now = (options.now)();
    let reply = if let Some(reply) = fault.as_ref().and_then(|fault| at_once(fault, now)) {
        reply
    } else {
        let outcome = outcome(shared, options, operation, parts, body, fault.as_ref()).await;
        finished(outcome, fault.as_ref(), now)
    };
    if let Reply::Answer(answer) = &reply {
        let kind = answer.headers.iter().find(|(name, _)| *name == "x-amzn-errortype");
        shared.journal.answered(number, answer.status, kind.map(|(_, kind)| kind.as_str()));
    }
    reply
}

fn seen(operation: Option<Operation>, parts: &Parts, body: &[u8]) -> Seen {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let access_key = header("authorization").split_once("Credential=").and_then(|(_, rest)| rest.split('/').next());
    Seen {
        operation,
        sql: text("sql"),
        transaction: text("transactionId"),
        user_agent: header("user-agent").to_owned(),
        access_key: access_key.map(str::to_owned),
        answer: None,
        body,
    }
}

/// What answers in the service's place, before it has looked at the request.
fn at_once(fault: &Fault, now: SystemTime) -> Option<Reply> {
    let page = |status: u16, text: &str| Answer {
        status,
        headers: vec![("content-type", "text/html".to_owned())],
        body: text.as_bytes().to_vec(),
        cut: false,
        now,
    };
    Some(match fault {
        Fault::CloseBeforeRunning => Reply::Close,
        Fault::Hang => Reply::Nothing,
        Fault::Gateway(status) => {
            let text =
                format!("<html><head><title>{status}</title></head><body><center>nginx</center></body></html>\r\n");
            Reply::Answer(page(*status, &text))
        }
        Fault::Redirect(status, address) => {
            let mut answer = page(*status, "");
            answer.headers.push(("location", address.clone()));
            Reply::Answer(answer)
        }
        _ => return None,
    })
}

async fn outcome(
    shared: &Arc<Shared>,
    options: DataApiOptions,
    operation: Option<Operation>,
    parts: &Parts,
    body: &Bytes,
    fault: Option<&Fault>,
) -> Result<Value> {
    let Some(operation) = operation.filter(|_| parts.method == Method::POST) else {
        // Other services can be made to fail here too; what they are asked is not looked at.
        let refusal = fault.and_then(|fault| fault.refusal(operation, &options, ""));
        return Err(
            refusal.unwrap_or_else(|| ServiceError::new(404, "UnknownOperationException", "Unknown operation."))
        );
    };
    if body.len() > options.limits.request {
        let message = format!("Request size exceeded limit of {} bytes", options.limits.request);
        return Err(ServiceError::new(413, "RequestEntityTooLargeException", message));
    }
    signature::verify(parts, body, &options)?;
    let request = Request::parse(operation, body)?;
    if let Some(refusal) = fault.and_then(|fault| fault.refusal(Some(operation), &options, &request.secret_arn)) {
        return Err(refusal);
    }
    let login = admit(&request, &options)?;
    let shared = Arc::clone(shared);
    // On its own: what has been begun is finished, whether or not the client waits for it.
    let work = tokio::spawn(async move {
        match operation {
            Operation::Execute => statements::execute(&shared, &options, request, login).await,
            Operation::Batch => statements::batch(&shared, &options, request, login).await,
            Operation::Begin => {
                let id = transactions::begin(&shared, &options, &request, login).await?;
                Ok(json!({"transactionId": id}))
            }
            Operation::Commit => {
                transactions::end(&shared, &request, "COMMIT").await?;
                Ok(json!({"transactionStatus": "Transaction Committed"}))
            }
            Operation::Rollback => {
                transactions::end(&shared, &request, "ROLLBACK").await?;
                Ok(json!({"transactionStatus": "Rollback Complete"}))
            }
        }
    });
    work.await.unwrap_or_else(|error| Err(ServiceError::internal(error.to_string())))
}

/// The cluster and the secret, which gives the login.
fn admit(request: &Request, options: &DataApiOptions) -> Result<Login> {
    if request.resource_arn != options.cluster_arn {
        return Err(faults::unknown_cluster(&request.resource_arn));
    }
    if !options.http_endpoint {
        return Err(faults::http_endpoint_off(options, "HttpEndpointNotEnabledException"));
    }
    let secret = options.secrets.iter().find(|secret| secret.arn == request.secret_arn).ok_or_else(|| {
        ServiceError::new(400, "SecretsErrorException", "Secrets Manager can't find the specified secret.")
    })?;
    let value: Value = serde_json::from_str(&secret.text).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(user), Some(password)) = (text("username"), text("password")) else {
        let message = "The Secrets Manager secret used with the request isn't valid.";
        return Err(ServiceError::new(400, "InvalidSecretException", message));
    };
    Ok(Login { user, password, database: request.database.clone() })
}

/// The answer, or what a fault makes of it.
fn finished(outcome: Result<Value>, fault: Option<&Fault>, now: SystemTime) -> Reply {
    let mut answer = match outcome {
        Ok(value) => Answer::json(200, value.to_string(), now),
        Err(error) => refused(&error, now),
    };
    match fault {
        Some(Fault::CloseAfterRunning) => return Reply::Close,
        Some(Fault::HangAfterRunning) => return Reply::Nothing,
        Some(Fault::InternalServerErrorAfterwards) => {
            answer = refused(&ServiceError::internal("An internal error occurred."), now);
        }
        Some(Fault::TruncatedJson) => answer.body.truncate(answer.body.len() / 2),
        Some(Fault::CutBody) => {
            answer.body.truncate(answer.body.len() / 2);
            answer.cut = true;
        }
        Some(Fault::Garbage) => answer.body = b"\x00\xffnot JSON\x1b[31m at all".to_vec(),
        Some(Fault::EmptyBody) => answer.body.clear(),
        Some(Fault::WrongContentType) => {
            answer.headers = vec![("content-type", "text/html".to_owned())];
            answer.body = PAGE.into();
        }
        Some(Fault::TooManyRequests(Some(seconds))) => answer.headers.push(("retry-after", seconds.to_string())),
        _ => (),
    }
    Reply::Answer(answer)
}

fn refused(error: &ServiceError, now: SystemTime) -> Answer {
    let mut answer = Answer::json(error.status, error.body(), now);
    answer.headers.push(("x-amzn-errortype", error.kind.to_owned()));
    answer
}
