//! The helper's side: asks every live process of this user whether a port is its own, and believes only an answer to this
//! very question.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::Question;
use super::wire::{LONGEST_ANSWER, VERSION, Verdict, WireClaim, WireQuestion, WireVerdict, receive, send};
use crate::helper::reply::one_line;
use crate::helper::verbs::{Answer, Granted};
use crate::os::private_socket;

/// Processes asked at the same time, so that a folder full of dead sockets does not use up the descriptors.
const ASKED_AT_ONCE: usize = 16;

/// How long a process may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To say whether the port is its own, for which it need do nothing. One that is stopped costs this much.
    pub claim: Duration,
    /// To come up with the token, for which it may have to ask AWS, or a person.
    pub verdict: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { claim: Duration::from_secs(1), verdict: Duration::from_mins(2) }
    }
}

/// Asks the processes behind these sockets; [`private_socket::find`] lists them. `NotOurs` if none holds the port.
pub async fn ask(sockets: &[PathBuf], question: &Question, patience: Patience) -> Answer<Granted> {
    let Ok(nonce) = private_socket::nonce() else {
        return Answer::Failed("the system has no random numbers".to_owned());
    };
    let claims = stream::iter(sockets).map(|path| async {
        // Gone, stopped, foreign, or not its port: it does not matter which.
        timeout(patience.claim, claim(path, question, &nonce)).await.ok()?.ok()?
    });
    let mut claims = std::pin::pin!(claims.buffer_unordered(ASKED_AT_ONCE).filter_map(std::future::ready));
    let Some(mut stream) = claims.next().await else { return Answer::NotOurs };
    let port = question.listener.port;
    let received = timeout(patience.verdict, receive::<WireVerdict>(&mut stream, LONGEST_ANSWER)).await;
    match received {
        Err(_) => {
            let seconds = patience.verdict.as_secs();
            Answer::Failed(format!("the rdsconn process of port {port} did not answer within {seconds} s"))
        }
        Ok(Ok(answer)) if answer.nonce == nonce && answer.port == port => match answer.verdict {
            Verdict::Token(secret) => Answer::Ours(Granted::Token(secret.0)),
            Verdict::Done => Answer::Ours(Granted::Done),
            Verdict::Refused => Answer::NotOurs,
            Verdict::Failed(text) => Answer::Failed(one_line(&text)),
        },
        Ok(_) => Answer::Failed(format!("the rdsconn process of port {port} ended before it answered")),
    }
}

/// The stream to a process that says that the port is its own.
async fn claim(path: &Path, question: &Question, nonce: &str) -> io::Result<Option<UnixStream>> {
    let mut stream = private_socket::connect(path).await?;
    let listener = &question.listener;
    let asked = WireQuestion {
        version: VERSION,
        nonce: nonce.to_owned(),
        verb: question.verb,
        loopback: listener.loopback,
        port: listener.port,
        user: listener.user.clone(),
    };
    send(&mut stream, &asked).await?;
    let answer: WireClaim = receive(&mut stream, LONGEST_ANSWER).await?;
    Ok((answer.is_mine && answer.nonce == nonce && answer.port == listener.port).then_some(stream))
}
