//! A session on the Data API: statements one after the other, alone or in a transaction.
//!
//! There is no connection that lasts: outside of a transaction each statement may find another one, so what a statement sets
//! for its session (`SET`, `USE`, user variables, temporary tables) is gone for the next.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementOutput;
use aws_sdk_rdsdata::types::{DecimalReturnType, Field, LongReturnType, ResultSetOptions, SqlParameter};
use tokio::time::Instant;

use super::calls::Calls;
use super::clock::{Clock, Real};
use super::judge::Case;
use super::values::{Cells, Description, describe};
use super::{DataApi, DataApiError, Observer, Request, parameters};
use crate::backend::{Column, Outcome, Parameter, ResultSink, Statements};

/// Runs statements on one cluster, as the user of one secret.
pub struct Session {
    client: Client,
    settings: DataApi,
    options: ResultSetOptions,
    calls: Calls,
    transaction: Option<Transaction>,
}

#[derive(Debug)]
struct Transaction {
    id: String,
    begin: Instant,
    used: Instant,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(configuration: &SdkConfig, settings: DataApi) -> Self {
        Self::with_clock(configuration, settings, Box::new(Real))
    }

    pub(super) fn with_clock(configuration: &SdkConfig, settings: DataApi, clock: Box<dyn Clock>) -> Self {
        // Numbers as text: neither a decimal nor a large unsigned number survives the service's other types.
        let options = ResultSetOptions::builder()
            .decimal_return_type(DecimalReturnType::String)
            .long_return_type(LongReturnType::String)
            .build();
        let calls = Calls { clock, limits: settings.limits, observer: None, answered: false };
        Self { client: Client::new(configuration), settings, options, calls, transaction: None }
    }

    /// Has somebody hear of waits.
    #[must_use]
    pub fn observed(mut self, observer: Observer) -> Self {
        self.calls.observer = Some(observer);
        self
    }

    /// Whether a transaction is open.
    pub fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// Begins a transaction, in which all further statements run.
    pub async fn begin(&mut self) -> Result<(), DataApiError> {
        let request = self
            .client
            .begin_transaction()
            .resource_arn(&self.settings.cluster_arn)
            .secret_arn(&self.settings.secret_arn)
            .set_database(self.settings.database.clone());
        let case = case(&self.settings, Request::Begin, (Duration::ZERO, Duration::ZERO));
        let answer = self.calls.make(case, |witness| request.clone().customize().interceptor(witness).send()).await?;
        let Some(id) = answer.transaction_id.filter(|id| !id.is_empty()) else {
            let reason = "it names no transaction".to_owned();
            return Err(DataApiError::Garbled { request: Request::Begin, status: 200, reason });
        };
        let now = self.calls.clock.instant();
        self.transaction = Some(Transaction { id, begin: now, used: now });
        Ok(())
    }

    /// Commits the open transaction. Does nothing if there is none.
    pub async fn commit(&mut self) -> Result<(), DataApiError> {
        let Some((id, ages)) = self.end() else { return Ok(()) };
        let case = case(&self.settings, Request::Commit, ages);
        let request = self
            .client
            .commit_transaction()
            .resource_arn(&self.settings.cluster_arn)
            .secret_arn(&self.settings.secret_arn)
            .transaction_id(id);
        let make = |witness| request.clone().customize().interceptor(witness).send();
        let answer = self.calls.make(case, make).await?;
        ended(Request::Commit, answer.transaction_status.as_deref())
    }

    /// Rolls the open transaction back. Does nothing if there is none.
    pub async fn rollback(&mut self) -> Result<(), DataApiError> {
        let Some((id, ages)) = self.end() else { return Ok(()) };
        let case = case(&self.settings, Request::Rollback, ages);
        let request = self
            .client
            .rollback_transaction()
            .resource_arn(&self.settings.cluster_arn)
            .secret_arn(&self.settings.secret_arn)
            .transaction_id(id);
        let make = |witness| request.clone().customize().interceptor(witness).send();
        let answer = self.calls.make(case, make).await?;
        ended(Request::Rollback, answer.transaction_status.as_deref())
    }

    /// Runs one statement with named values. Each `:name` in it is a parameter to the service.
    pub async fn execute_with(
        &mut self,
        sql: &[u8],
        parameters: &[Parameter],
        sink: &mut dyn ResultSink,
    ) -> Result<(), DataApiError> {
        let sql = str::from_utf8(sql).map_err(|error| DataApiError::NotText { at: error.valid_up_to() })?;
        let parameters = parameters.iter().map(parameters::parameter).collect();
        let answer = self.run(sql, parameters).await?;
        let affected_rows = u64::try_from(answer.number_of_records_updated).unwrap_or_default();
        let last_insert_id = generated(answer.generated_fields());
        let Some(rows) = Rows::new(answer)? else {
            let outcome = Outcome { affected_rows, last_insert_id, ..Outcome::default() };
            return sink.end(&outcome).map_err(DataApiError::Output);
        };
        sink.columns(&rows.columns()).map_err(DataApiError::Output)?;
        for record in rows.records {
            sink.row(&Cells(cells(&rows.descriptions, record)?)).map_err(DataApiError::Output)?;
        }
        sink.end(&Outcome { has_rows: true, ..Outcome::default() }).map_err(DataApiError::Output)
    }

    /// Sends one statement and waits for its answer.
    pub(super) async fn run(
        &mut self,
        sql: &str,
        parameters: Vec<SqlParameter>,
    ) -> Result<ExecuteStatementOutput, DataApiError> {
        let request = self
            .client
            .execute_statement()
            .resource_arn(&self.settings.cluster_arn)
            .secret_arn(&self.settings.secret_arn)
            .sql(sql)
            .set_database(self.settings.database.clone())
            .set_parameters(Some(parameters).filter(|parameters| !parameters.is_empty()))
            .set_transaction_id(self.transaction.as_ref().map(|transaction| transaction.id.clone()))
            .set_continue_after_timeout(self.settings.continue_after_timeout.then_some(true))
            .include_result_metadata(true)
            .result_set_options(self.options.clone());
        let now = self.calls.clock.instant();
        let ages = self.transaction.as_mut().map_or((Duration::ZERO, Duration::ZERO), |transaction| {
            let idle = now.duration_since(std::mem::replace(&mut transaction.used, now));
            (idle, now.duration_since(transaction.begin))
        });
        let case = case(&self.settings, Request::Statement, ages);
        let outcome = self.calls.make(case, |witness| request.clone().customize().interceptor(witness).send()).await;
        match &outcome {
            Err(DataApiError::TransactionGone { .. }) => self.transaction = None,
            _ => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.used = self.calls.clock.instant();
                }
            }
        }
        outcome
    }

    /// Whatever becomes of the request that ends it, the transaction is not to be used again. Its name, how long it was left
    /// alone, and how long ago it began.
    fn end(&mut self) -> Option<(String, (Duration, Duration))> {
        let transaction = self.transaction.take()?;
        let now = self.calls.clock.instant();
        Some((transaction.id, (now.duration_since(transaction.used), now.duration_since(transaction.begin))))
    }
}

impl Statements for Session {
    type Error = DataApiError;

    async fn execute(&mut self, sql: &[u8], sink: &mut dyn ResultSink) -> Result<(), DataApiError> {
        self.execute_with(sql, &[], sink).await
    }
}

fn case(settings: &DataApi, request: Request, transaction: (Duration, Duration)) -> Case<'_> {
    Case {
        request,
        cluster: &settings.cluster_arn,
        secret: &settings.secret_arn,
        region: &settings.service.region,
        continues: settings.continue_after_timeout,
        limit: settings.limits.call,
        now: SystemTime::UNIX_EPOCH,
        transaction,
    }
}

/// A success that does not name the transaction's end is none of the service's.
fn ended(request: Request, status: Option<&str>) -> Result<(), DataApiError> {
    match status {
        Some(_) => Ok(()),
        None => Err(DataApiError::Garbled { request, status: 200, reason: "it says nothing of an outcome".to_owned() }),
    }
}

/// The first generated AUTO_INCREMENT value.
fn generated(fields: &[Field]) -> Option<u64> {
    match fields.first()? {
        Field::LongValue(value) => Some(value.cast_unsigned()),
        Field::StringValue(text) => text.parse().ok(),
        _ => None,
    }
}

/// The rows of one answer.
pub(super) struct Rows {
    pub(super) descriptions: Vec<Description>,
    pub(super) records: Vec<Vec<Field>>,
}

impl Rows {
    /// `None` for a statement that has no rows to give.
    pub(super) fn new(answer: ExecuteStatementOutput) -> Result<Option<Self>, DataApiError> {
        let metadata = answer.column_metadata.unwrap_or_default();
        let records = answer.records.unwrap_or_default();
        if records.iter().any(|record| record.len() != metadata.len()) {
            let reason = "a row has other columns than it says".to_owned();
            return Err(DataApiError::Garbled { request: Request::Statement, status: 200, reason });
        }
        if metadata.is_empty() {
            return Ok(None);
        }
        let describe = |(index, column)| describe(column, records.iter().filter_map(move |record| record.get(index)));
        let descriptions = metadata.iter().enumerate().map(describe).collect();
        Ok(Some(Self { descriptions, records }))
    }

    /// Names and kinds.
    pub(super) fn columns(&self) -> Vec<Column> {
        self.descriptions.iter().map(|description| description.column.clone()).collect()
    }
}

/// The cells of one row.
pub(super) fn cells(descriptions: &[Description], record: Vec<Field>) -> Result<Vec<Option<Vec<u8>>>, DataApiError> {
    descriptions.iter().zip(record).map(|(description, field)| description.cell(field)).collect()
}
