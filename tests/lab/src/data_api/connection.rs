//! Connections to the database: logged in with what the secret says, kept for the next request, killed where a call takes
//! too long.

use std::sync::Mutex;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};

use super::errors::{Result, ServiceError};
use super::options::DataApiOptions;
use crate::wire::lock;

/// How many connections wait for a next request.
const KEPT: usize = 8;

/// Who logs in, and where to.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) database: Option<String>,
}

/// Connections that do nothing at the moment.
#[derive(Default)]
pub(super) struct Connections {
    idle: Mutex<Vec<(Login, Conn)>>,
}

impl Connections {
    /// One that is as good as new.
    pub(super) async fn open(&self, options: &DataApiOptions, login: &Login) -> Result<Conn> {
        while let Some(mut kept) = self.take(login) {
            // A statement may have left the database it began in.
            let fresh = kept.reset().await.unwrap_or(false);
            if fresh && (login.database.is_none() || use_database(&mut kept, login).await.is_ok()) {
                return Ok(kept);
            }
        }
        log_in(options, login).await
    }

    fn take(&self, login: &Login) -> Option<Conn> {
        let mut idle = lock(&self.idle);
        let index = idle.iter().position(|(known, _)| known == login)?;
        Some(idle.swap_remove(index).1)
    }

    /// Keeps one for later.
    pub(super) fn keep(&self, login: Login, connection: Conn) {
        let mut idle = lock(&self.idle);
        if idle.len() < KEPT {
            idle.push((login, connection));
        }
    }

    pub(super) fn clear(&self) {
        lock(&self.idle).clear();
    }
}

async fn use_database(connection: &mut Conn, login: &Login) -> mysql_async::Result<()> {
    let name = login.database.as_deref().unwrap_or_default().replace('`', "``");
    connection.query_drop(format!("USE `{name}`")).await
}

async fn log_in(options: &DataApiOptions, login: &Login) -> Result<Conn> {
    let upstream = &options.upstream;
    let tls = SslOpts::default()
        .with_root_certs(vec![upstream.ca.clone().into()])
        .with_disable_built_in_roots(true)
        .with_danger_tls_hostname_override(Some(upstream.server_name.clone()));
    let settings = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(upstream.port)
        .user(Some(&login.user))
        .pass(Some(&login.password))
        .db_name(login.database.as_ref())
        .ssl_opts(tls)
        .client_found_rows(options.rendering.found_rows)
        .prefer_socket(false)
        .max_allowed_packet(Some(64 << 20))
        .wait_timeout(Some(28_800));
    Conn::new(Opts::from(settings)).await.map_err(|error| ServiceError::of_driver(&error))
}

/// Ends a connection and what it is doing, from another one.
pub(super) async fn kill(options: &DataApiOptions, login: &Login, id: u32) {
    // The database may be gone, and the statement with it.
    if let Ok(mut other) = log_in(options, login).await {
        let _ = other.query_drop(format!("KILL {id}")).await;
        let _ = other.disconnect().await;
    }
}
