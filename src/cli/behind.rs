//! Answers MySQL Shell's helper for the ports of this process: a token for its own target, and for nothing else.

use std::net::{Ipv4Addr, SocketAddr};

use secrecy::SecretString;
use tokio::net::UnixListener;

use super::context::Database;
use super::progress::Silent;
use super::shell_helper::{SOCKET, one_line};
use crate::helper::Answer;
use crate::helper::live;
use crate::os::{RunFolder, private_socket};

/// Opens the socket at which the helper asks. `None` where it cannot be: then the Shell asks the person.
pub(super) fn socket(folder: &RunFolder) -> Option<UnixListener> {
    private_socket::bind(&folder.path().join(SOCKET)).ok()
}

/// Answers for a loopback port of this process until it is dropped.
pub(super) async fn answer(socket: Option<UnixListener>, port: u16, database: &Database<'_>) {
    match socket {
        Some(socket) => live::serve(socket, &[SocketAddr::from((Ipv4Addr::LOCALHOST, port))], &Behind(database)).await,
        None => std::future::pending().await,
    }
}

struct Behind<'a>(&'a Database<'a>);

impl live::Behind for Behind<'_> {
    async fn token(&self, user: &str) -> Answer<SecretString> {
        if !self.is_for(user) {
            return Answer::NotOurs;
        }
        match self.0.token(&Silent).await {
            Ok(token) if token.user == user => Answer::Ours(token.secret),
            Ok(_) => Answer::NotOurs,
            Err(failure) => Answer::Failed(one_line(&failure)),
        }
    }

    async fn forget(&self, user: &str) -> Answer<()> {
        if !self.is_for(user) {
            return Answer::NotOurs;
        }
        self.0.forget_token().await;
        Answer::Ours(())
    }
}

impl Behind<'_> {
    /// Whether the target is for this user, as far as that is known: whose a secret is, it alone says.
    fn is_for(&self, user: &str) -> bool {
        self.0.plan().user().is_none_or(|known| known == user)
    }
}
