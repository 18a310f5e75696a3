//! Runs statements: on a connection of their own or a transaction's, for as long as a call may take, and as far as the
//! answer may grow.

use std::sync::Arc;
use std::time::Instant;

use mysql_async::prelude::{Protocol, Queryable as _};
use mysql_async::{Conn, QueryResult, Row};
use serde_json::{Value, json};
use tokio::sync::OwnedMutexGuard;

use super::Shared;
use super::columns::{self, Column};
use super::connection::{Login, kill};
use super::errors::{Result, ServiceError};
use super::fields::Fields;
use super::options::DataApiOptions;
use super::parameters::{self, Bound, Parameters};
use super::requests::Request;
use super::transactions::Transaction;

/// `ExecuteStatement`.
pub(super) async fn execute(
    shared: &Arc<Shared>,
    options: &DataApiOptions,
    request: Request,
    login: Login,
) -> Result<Value> {
    parameters::single(&request.sql)?;
    let bound = Parameters::of(&request.parameters)?.bind(&request.sql, options.upstream.prepares)?;
    let place = Place::take(shared, options, &request, login).await?;
    let (id, login) = (place.connection.id(), place.login.clone());
    let (within, go_on) = (options.limits.call, request.continue_after_timeout);
    let (of_task, of_options) = (Arc::clone(shared), options.clone());
    let transaction = request.transaction.clone();
    let mut work = tokio::spawn(async move { place.run(&of_task, &of_options, &request, bound).await });
    if let Ok(done) = tokio::time::timeout(within, &mut work).await {
        return done.unwrap_or_else(|error| Err(ServiceError::internal(error.to_string())));
    }
    if !go_on {
        work.abort();
        kill(options, &login, id).await;
        transaction.map(|id| shared.transactions.forget(&id));
    }
    Err(ServiceError::timeout(id))
}

/// `BatchExecuteStatement`: one statement with many sets of values; what it changed and generated, and no rows.
pub(super) async fn batch(
    shared: &Arc<Shared>,
    options: &DataApiOptions,
    mut request: Request,
    login: Login,
) -> Result<Value> {
    let mut sets = std::mem::take(&mut request.parameter_sets);
    if sets.is_empty() {
        sets.push(Vec::new());
    }
    let mut results = Vec::new();
    for set in sets {
        let one = Request { parameters: set, ..request.clone() };
        let mut done = execute(shared, options, one, login.clone()).await?;
        results.push(json!({"generatedFields": done.get_mut("generatedFields").map_or(json!([]), Value::take)}));
    }
    Ok(json!({"updateResults": results}))
}

/// A connection, and where it goes back to.
struct Place {
    connection: Conn,
    login: Login,
    transaction: Option<OwnedMutexGuard<Transaction>>,
}

impl Place {
    async fn take(shared: &Shared, options: &DataApiOptions, request: &Request, login: Login) -> Result<Self> {
        let Some(id) = &request.transaction else {
            let connection = shared.connections.open(options, &login).await?;
            return Ok(Self { connection, login, transaction: None });
        };
        let slot = shared.transactions.of(id, &request.secret_arn).await?;
        let mut transaction = slot.lock_owned().await;
        if request.database.is_some() && request.database != transaction.login.database {
            return Err(ServiceError::bad_request("Database name is not the same as transaction's"));
        }
        let connection = transaction.connection.take().ok_or_else(|| ServiceError::no_transaction(id))?;
        transaction.touched = Instant::now();
        Ok(Self { connection, login: transaction.login.clone(), transaction: Some(transaction) })
    }

    async fn run(
        mut self,
        shared: &Arc<Shared>,
        options: &DataApiOptions,
        request: &Request,
        bound: Bound,
    ) -> Result<Value> {
        let outcome = collect(&mut self.connection, options, request, bound).await;
        match outcome {
            Ok(value) => {
                self.give_back(shared);
                Ok(value)
            }
            Err(Failure::Statement(error)) => {
                self.give_back(shared);
                Err(error)
            }
            // Rows are left over, or nothing is left at all: the connection is of no more use, nor is its transaction.
            Err(Failure::Connection(error)) => {
                kill(options, &self.login, self.connection.id()).await;
                if let Some(id) = &request.transaction {
                    shared.transactions.forget(id);
                }
                Err(error)
            }
        }
    }

    fn give_back(self, shared: &Shared) {
        match self.transaction {
            Some(mut transaction) => {
                transaction.connection = Some(self.connection);
                transaction.touched = Instant::now();
            }
            None => shared.connections.keep(self.login, self.connection),
        }
    }
}

enum Failure {
    /// The connection is as good as before.
    Statement(ServiceError),
    Connection(ServiceError),
}

impl From<mysql_async::Error> for Failure {
    fn from(error: mysql_async::Error) -> Self {
        let said = ServiceError::of_driver(&error);
        if error.is_fatal() { Self::Connection(said) } else { Self::Statement(said) }
    }
}

async fn collect(
    connection: &mut Conn,
    options: &DataApiOptions,
    request: &Request,
    bound: Bound,
) -> std::result::Result<Value, Failure> {
    if bound.values.is_empty() {
        rows(connection.query_iter(bound.sql).await?, options, request).await
    } else {
        rows(connection.exec_iter(bound.sql, bound.values).await?, options, request).await
    }
}

async fn rows<P: Protocol>(
    mut result: QueryResult<'_, '_, P>,
    options: &DataApiOptions,
    request: &Request,
) -> std::result::Result<Value, Failure> {
    let described = result.columns().filter(|columns| !columns.is_empty());
    let Some(described) = described else {
        let (changed, generated) = (result.affected_rows(), result.last_insert_id().filter(|id| *id > 0));
        result.drop_result().await?;
        let generated: Vec<Value> = generated.into_iter().map(|id| json!({"longValue": id})).collect();
        return Ok(json!({"generatedFields": generated, "numberOfRecordsUpdated": changed}));
    };
    let columns: Vec<Column> = described.iter().map(|column| columns::describe(column, options.rendering)).collect();
    let mut fields = Fields::new(&columns, options, request);
    while let Some(row) = result.next().await? {
        let row: Row = row;
        if let Err(error) = fields.add(row.unwrap_raw()) {
            return Err(Failure::Connection(error));
        }
    }
    result.drop_result().await?;
    let mut answer = json!({"numberOfRecordsUpdated": 0});
    if request.metadata && !request.formatted {
        answer["columnMetadata"] = columns.iter().map(|column| column.metadata.clone()).collect();
    }
    fields.put_into(&mut answer);
    Ok(answer)
}
