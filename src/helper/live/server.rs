//! The side of the process that holds a tunnel: it answers for its own ports and its own target, and for nothing else.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use secrecy::SecretString;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::wire::{
    LONGEST_QUESTION, VERSION, Verb, Verdict, WireClaim, WireQuestion, WireSecret, WireVerdict, receive, send,
};
use crate::helper::server_url::Loopback;
use crate::helper::verbs::Answer;
use crate::os::private_socket;

/// How long a helper has to say what it wants, and to take what it is given.
const MESSAGE_LIMIT: Duration = Duration::from_secs(5);
/// Questions that are answered at once; a parallel dump opens dozens of sessions together.
const QUESTIONS_AT_ONCE: usize = 64;

/// What is behind the ports of this process.
pub trait Behind {
    /// A token for the target, as this user. `NotOurs` for a user that the target is not for.
    fn token(&self, user: &str) -> impl Future<Output = Answer<SecretString>>;
    /// Forgets a token that the server refused.
    fn forget(&self, user: &str) -> impl Future<Output = Answer<()>>;
}

/// Answers questions until it is dropped. `listeners` are the addresses that this process itself listens at.
pub async fn serve(socket: UnixListener, listeners: &[SocketAddr], behind: &impl Behind) {
    let mut exchanges = FuturesUnordered::new();
    loop {
        let has_room = exchanges.len() < QUESTIONS_AT_ONCE;
        tokio::select! {
            accepted = socket.accept(), if has_room => match accepted {
                Ok((stream, _)) => exchanges.push(exchange(stream, listeners, behind)),
                // Out of descriptors: they come back as exchanges and connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            // Whoever asked learns of a failure by the end of the stream.
            Some(_) = exchanges.next() => {}
        }
    }
}

async fn exchange(mut stream: UnixStream, listeners: &[SocketAddr], behind: &impl Behind) -> io::Result<()> {
    private_socket::check_peer(&stream)?;
    let question: WireQuestion = limited(receive(&mut stream, LONGEST_QUESTION)).await?;
    let WireQuestion { version, nonce, verb, loopback, port, user } = question;
    let is_mine = version == VERSION && holds(listeners, loopback, port, private_socket::is_free);
    limited(send(&mut stream, &WireClaim { nonce: nonce.clone(), port, is_mine })).await?;
    if !is_mine {
        return Ok(());
    }
    let verdict = match verb {
        Verb::Claim => Verdict::Done,
        Verb::Get => verdict(behind.token(&user).await, |secret| Verdict::Token(WireSecret(secret))),
        Verb::Erase => verdict(behind.forget(&user).await, |()| Verdict::Done),
    };
    limited(send(&mut stream, &WireVerdict { nonce, port, verdict })).await
}

fn verdict<T>(answer: Answer<T>, ours: impl FnOnce(T) -> Verdict) -> Verdict {
    match answer {
        Answer::Ours(value) => ours(value),
        Answer::NotOurs => Verdict::Refused,
        Answer::Failed(text) => Verdict::Failed(text),
    }
}

async fn limited<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(MESSAGE_LIMIT, work).await?
}

/// Whether whoever connects to this loopback address and port reaches us and nobody else.
///
/// `localhost` may be either address, as the caller's resolver decides: the one that is not ours must be nobody's.
pub(super) fn holds(
    listeners: &[SocketAddr],
    loopback: Loopback,
    port: u16,
    is_free: impl Fn(IpAddr, u16) -> bool,
) -> bool {
    let is_ours = |address: IpAddr| listeners.contains(&SocketAddr::from((address, port)));
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    match loopback {
        Loopback::V4 => is_ours(v4),
        Loopback::V6 => is_ours(v6),
        Loopback::Localhost if is_ours(v4) => is_ours(v6) || is_free(v6, port),
        Loopback::Localhost => is_ours(v6) && is_free(v4, port),
    }
}
