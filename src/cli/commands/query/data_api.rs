//! The statements over the RDS Data API: no bastion, no driver, every statement a session of its own.

use std::cell::Cell;
use std::time::Duration;

use super::Job;
use crate::aws::data_api::{DataApi, DataApiError, Limits, Pages, Session, Wait};
use crate::aws::{Service, describe_cluster, find_cluster};
use crate::backend::{Parameter, Progress as _, Stage};
use crate::cli::context::Context;
use crate::cli::exit_status::ExitStatus;
use crate::cli::progress::StageLines;
use crate::cli::report::{self, Failure, Report};
use crate::cli::statements::{Rows, Run, Runner};
use crate::os::signals::Termination;
use crate::query::{self, PageError, Parameters};
use crate::session::{DataApiPlan, Place, data_api_plan};
use crate::target::Target;

/// How long an interrupted program waits for its transaction to be rolled back.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(2);

/// Looks up what is not known of the cluster, and runs them.
pub(super) async fn query(context: &Context<'_>, target: &Target, mut job: Job<'_>) -> Result<(), Failure> {
    let plan = data_api_plan(target).map_err(Report::from)?;
    let mut termination = Termination::listen().map_err(|error| Report::new(ExitStatus::Bug, &error))?;
    let progress = StageLines::new(context.printer);
    progress.passed(Stage::Resolve, plan.cluster.name(), context.begun.elapsed());
    context.credentials.ask_between(&progress);
    let opened = tokio::select! {
        opened = open(context, target, &plan, &job, &progress) => opened,
        signal = termination.next() => Err(Failure::Signal(signal)),
    };
    progress.clear();
    let session = opened?;
    let mut rows = job.rows()?;
    let running = Cell::new(false);
    let statements = &job.arguments.run;
    let parameters = std::mem::take(&mut job.parameters);
    let mut run = Run { parameters, transaction: statements.transaction, running: &running };
    let mut session = DataApiRunner { session, page_by: statements.page_by.as_deref() };
    let ended = tokio::select! {
        ended = run.all(&mut session, &mut job.script, &mut rows) => Ok(ended),
        signal = termination.next() => Err(signal),
    };
    progress.clear();
    let flushed = rows.finish();
    match ended {
        Ok(Ok(())) => flushed.map_err(Failure::Output),
        Ok(Err(stop)) => Err(stop.failure(|error, line| match error {
            DataApiError::Output(error) => Failure::Output(error),
            error => report::data_api(error, job.script.is_long().then_some(line)).into(),
        })),
        Err(signal) => {
            if run.transaction {
                tokio::select! {
                    _ = tokio::time::timeout(ROLLBACK_LIMIT, session.roll_back()) => {}
                    _ = termination.next() => {}
                }
            }
            Err(Failure::Signal(signal))
        }
    }
}

/// Loads credentials, and asks RDS for the ARNs that nothing says.
async fn open(
    context: &Context<'_>,
    target: &Target,
    plan: &DataApiPlan,
    job: &Job<'_>,
    progress: &StageLines,
) -> Result<Session, Failure> {
    let service = Service { login: context.login(target), region: plan.region.clone() };
    let (cluster_arn, secret_arn) = arns(plan, &service, progress).await?;
    let mut limits = Limits::default();
    if let Some(limit) = job.arguments.output.read_timeout {
        limits.call = limit;
    }
    let api = DataApi {
        service,
        cluster_arn,
        secret_arn,
        database: plan.database.clone(),
        continue_after_timeout: job.arguments.run.continue_after_timeout,
        limits,
    };
    progress.begin(Stage::Credentials, &plan.region);
    let session = api.open().await.map_err(|error| report::data_api(error, None))?;
    progress.end(Stage::Credentials, &plan.region);
    let waiting = progress.clone();
    let told = Cell::new(false);
    Ok(session.observed(Box::new(move |wait| tell(&waiting, wait, &told))))
}

async fn arns(plan: &DataApiPlan, service: &Service, progress: &StageLines) -> Result<(String, String), Failure> {
    if let (Place::Arn(cluster), Some(secret)) = (&plan.cluster, &plan.secret_arn) {
        return Ok((cluster.clone(), secret.clone()));
    }
    progress.begin(Stage::Cluster, "");
    let found = match &plan.cluster {
        Place::Arn(arn) => describe_cluster(service, arn).await,
        Place::Endpoint(endpoint) => find_cluster(service, &endpoint.host).await,
    }
    .map_err(Report::from)?;
    progress.end(Stage::Cluster, &found.arn);
    let cluster = match &plan.cluster {
        Place::Arn(arn) => arn.clone(),
        Place::Endpoint(_) if !found.has_http_endpoint => {
            return Err(report::data_api(DataApiError::EndpointNotEnabled { cluster: found.arn }, None).into());
        }
        Place::Endpoint(_) => found.arn.clone(),
    };
    let secret = plan.secret_arn.clone().or(found.master_secret).ok_or_else(|| {
        Report::usage(format!("no secret is known that holds a login for {cluster}"))
            .hint("name one with --secret-arn, RDSCONN_SECRET_ARN, or secret_arn = in a convention")
            .hint("or let RDS keep the master user's: aws rds modify-db-cluster --manage-master-user-password")
    })?;
    Ok((cluster, secret))
}

/// Shows what is being waited for. `told` is whether the wait for a paused cluster is known already.
fn tell(progress: &StageLines, wait: Wait, told: &Cell<bool>) {
    match wait {
        Wait::Resuming { limit, .. } if !told.replace(true) => {
            progress.remark(&format!("the cluster is paused: waiting for it to resume, up to {} s", limit.as_secs()));
        }
        Wait::Throttled { pause } => {
            progress.remark(&format!("AWS asks for fewer calls: waiting {:.1} s", pause.as_secs_f64()));
        }
        Wait::Unreachable { pause } => {
            progress.remark(&format!("the Data API cannot be reached: trying again in {:.1} s", pause.as_secs_f64()));
        }
        Wait::Over => told.set(false),
        Wait::Resuming { .. } => {}
    }
}

/// A session, and how it reads long results.
struct DataApiRunner<'a> {
    session: Session,
    page_by: Option<&'a str>,
}

/// A statement, the values that it names, and its pages where it is to be read in pages.
struct Statement<'s> {
    sql: &'s [u8],
    parameters: Vec<Parameter>,
    pages: Option<query::Pages>,
}

impl Runner for DataApiRunner<'_> {
    type Error = DataApiError;

    const ENDS_WITH_EACH_STATEMENT: bool = true;

    type Statement<'s> = Statement<'s>;

    fn prepare<'s>(&self, sql: &'s [u8], parameters: &mut Parameters) -> Result<Statement<'s>, Report> {
        let pages = self.page_by.map(|column| {
            let text = str::from_utf8(sql).map_err(|_| PageError::NotASelect)?;
            query::Pages::new(text, column)
        });
        let pages = pages.transpose().map_err(Report::from)?;
        Ok(Statement { sql, parameters: parameters.used(sql).map_err(Report::from)?, pages })
    }

    async fn run(&mut self, statement: Self::Statement<'_>, rows: &mut Rows) -> Result<(), DataApiError> {
        let Statement { sql, parameters, pages } = statement;
        let (Some(pages), Some(column)) = (pages, self.page_by) else {
            return self.session.execute_with(sql, &parameters, rows).await;
        };
        let statement = |is_bound, size| if is_bound { pages.next(size) } else { pages.first(size) };
        let pages = Pages { column, parameters: &parameters, bound: pages.bound(), statement: &statement };
        self.session.pages(&pages, rows).await
    }

    async fn begin(&mut self) -> Result<(), DataApiError> {
        self.session.begin().await
    }

    async fn commit(&mut self) -> Result<(), DataApiError> {
        self.session.commit().await
    }

    async fn roll_back(&mut self) {
        // The service does so by itself, three minutes later, if this does not reach it.
        let _ = self.session.rollback().await;
    }
}
