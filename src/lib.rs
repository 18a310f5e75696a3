//! rdsconn: a short host name in, the right RDS or Aurora MySQL database out.
//!
//! # The flow
//!
//! ```text
//! host name ──convention──▶ Target ──plan──▶ Plan ──open──▶ session ──▶ rows
//! ```
//!
//! One direction, no way back. Everything a command needs is in the [`target::Target`]; a later stage never asks an earlier one.
//!
//! A database has three names that are never mixed up: the *endpoint* (the token is signed for it, the certificate verified
//! against it), the *address* (what is dialled) and the *listener* (what a local client is given).
//!
//! # The rooms
//!
//! | room | holds | may import |
//! |---|---|---|
//! | [`target`] | pure: names, conventions, RDS shapes, `Target` | nothing |
//! | [`os`] | environment, files, programs, terminal, signals | nothing |
//! | [`backend`] | the seam: small traits on plain types | `target` |
//! | [`config`] | files, environment and flags to settings, each field with its origin | `target`, `os` |
//! | [`aws`] | profiles, credentials, the token, whose it is | `target`, `backend`, `os` |
//! | [`credential`] | stored AWS credentials: keyring, encrypted file | `target`, `backend`, `os` |
//! | [`cache`] | tokens kept for the next command | `target`, `backend`, `os` |
//! | [`ssh`] | ssh_config, host keys, authentication, channels | `target`, `backend`, `os` |
//! | [`mysql`] | the login gate, TLS trust, statements, values | `target`, `backend`, `os` |
//! | [`session`] | opens a target over its route | `target`, `backend`, `os` |
//! | [`launch`] | external clients: what each gets on its command line, in its environment, in its option file | `target`, `backend`, `os` |
//! | [`query`] | statements in, rows out | `target`, `backend` |
//! | [`helper`] | MySQL Shell's credential-helper protocol | `target`, `os` |
//! | [`cli`] | arguments, words, exit codes; the one place that joins rooms | all |
//!
//! Only `aws` names an AWS crate, only `ssh` names russh, only `mysql` names mysql_async and rustls. A test reads the source and
//! holds all of this (`tests/it/layering.rs`).
//!
//! # The invariants
//!
//! 1. The same host name and files always give the same target.
//! 2. A token is signed for the endpoint, never for a listener.
//! 3. A token leaves the process only over TLS that was verified for the endpoint, on stdout of `rdsconn token`, to the user's
//!    own client or MySQL Shell, or into the user's own private cache.
//! 4. Secrets never reach argv, the environment of a child, logs, Debug or error text.
//! 5. Rooms neither print nor prompt: questions leave as callbacks that `cli` answers.
//! 6. A statement whose bytes may have reached the server is never sent again.
//! 7. What can be checked offline is checked before the network is touched.

pub mod aws;
pub mod backend;
pub mod cache;
pub mod cli;
pub mod config;
pub mod credential;
pub mod helper;
pub mod launch;
pub mod mysql;
pub mod os;
pub mod query;
pub mod session;
pub mod ssh;
pub mod target;
