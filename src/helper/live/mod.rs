//! Which process of ours holds a port of this machine, and a token for what is behind it.
//!
//! MySQL Shell behind a tunnel of ours asks for `user@127.0.0.1:PORT`. Nothing on disk says what a port leads to: the process
//! that holds it says so itself, over a private socket, each time. A process that was killed answers nothing, so nothing is
//! signed for a port that somebody else may have taken since.
//!
//! The exchange, each message with its length before it: the helper asks; the process says at once whether the port is its
//! own; then, if it is, what came of the question. Both repeat the number that the helper made up for this one question.

mod client;
mod server;
mod wire;

pub use client::{Patience, ask};
pub use server::{Behind, serve};
pub use wire::Verb;

use super::server_url::Listener;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is wanted.
    pub verb: Verb,
    /// For whom, and behind which port.
    pub listener: Listener,
}

#[cfg(test)]
mod tests;
