//! Transactions: one connection each, rolled back when it is idle for too long or has lasted too long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use tokio::sync::Mutex as AsyncMutex;

use super::Shared;
use super::connection::Login;
use super::errors::{Result, ServiceError};
use super::options::DataApiOptions;
use super::requests::Request;
use crate::wire::lock;

/// One transaction. Whoever runs a statement in it holds its lock meanwhile.
pub(super) struct Transaction {
    /// Taken while a statement runs; gone for good when that ended badly.
    pub(super) connection: Option<Conn>,
    pub(super) login: Login,
    secret_arn: String,
    pub(super) touched: Instant,
}

pub(super) type Slot = Arc<AsyncMutex<Transaction>>;

/// The open ones, by number.
#[derive(Default)]
pub(super) struct Transactions {
    open: Mutex<HashMap<String, Slot>>,
}

impl Transactions {
    /// The transaction of a request, which must have been begun with the same secret.
    pub(super) async fn of(&self, id: &str, secret_arn: &str) -> Result<Slot> {
        let slot = lock(&self.open).get(id).cloned().ok_or_else(|| ServiceError::no_transaction(id))?;
        if slot.lock().await.secret_arn != secret_arn {
            return Err(ServiceError::bad_request(
                "Database credentials do not match those the transaction was begun with",
            ));
        }
        Ok(slot)
    }

    pub(super) fn forget(&self, id: &str) -> Option<Slot> {
        lock(&self.open).remove(id)
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.open).len()
    }

    pub(super) fn clear(&self) {
        lock(&self.open).clear();
    }
}

/// Begins one; returns its number.
pub(super) async fn begin(
    shared: &Arc<Shared>,
    options: &DataApiOptions,
    request: &Request,
    login: Login,
) -> Result<String> {
    let mut connection = shared.connections.open(options, &login).await?;
    connection.query_drop("START TRANSACTION").await.map_err(|error| ServiceError::of_driver(&error))?;
    let mut bytes = [0; 60];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| ServiceError::internal("no random bytes"))?;
    let id = STANDARD.encode(bytes);
    let secret_arn = request.secret_arn.clone();
    let transaction = Transaction { connection: Some(connection), login, secret_arn, touched: Instant::now() };
    let slot = Arc::new(AsyncMutex::new(transaction));
    lock(&shared.transactions.open).insert(id.clone(), Arc::clone(&slot));
    tokio::spawn(watch(Arc::clone(shared), id.clone(), slot));
    Ok(id)
}

/// Ends a transaction that nobody ends.
async fn watch(shared: Arc<Shared>, id: String, slot: Slot) {
    let begun = Instant::now();
    loop {
        let limits = shared.options().limits;
        let touched = slot.lock().await.touched;
        let ends = (touched + limits.transaction_idle).min(begun + limits.transaction_life);
        if ends <= Instant::now() {
            break;
        }
        tokio::time::sleep_until(ends.into()).await;
    }
    if shared.transactions.forget(&id).is_some() {
        // Rolled back before anybody is told that it is gone.
        if let Some(mut connection) = slot.lock().await.connection.take() {
            let _ = connection.query_drop("ROLLBACK").await;
        }
    }
}

/// Commits or rolls back.
pub(super) async fn end(shared: &Arc<Shared>, request: &Request, how: &str) -> Result<()> {
    let id = request.transaction.as_deref().unwrap_or_default();
    let slot = shared.transactions.of(id, &request.secret_arn).await?;
    let mut transaction = slot.lock().await;
    // Only one of two that end it at once finds it.
    shared.transactions.forget(id).ok_or_else(|| ServiceError::no_transaction(id))?;
    let mut connection = transaction.connection.take().ok_or_else(|| ServiceError::no_transaction(id))?;
    connection.query_drop(how).await.map_err(|error| ServiceError::of_driver(&error))?;
    shared.connections.keep(transaction.login.clone(), connection);
    Ok(())
}
