//! `rdsconn credential test NAME [HOST]`: who AWS says it is, and whether it may do what the way to HOST needs.
//!
//! What cannot be found out without consequences is said to be unknown, and how to see it.

use serde_json::{Value, json};

use crate::aws::{self, Account, Caller, Login, Needs, Permission, Service};
use crate::cli::arguments::TestCredential;
use crate::cli::context::{CONNECT_TIMEOUT, Context, run_until_signal};
use crate::cli::credentials::Credentials;
use crate::cli::exit_status::ExitStatus;
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::os::Environment;
use crate::query::escape_for_terminal;
use crate::session::{Place, data_api_plan};
use crate::target::{Auth, Route, Target};

/// What is allowed to whom.
struct Outcome {
    caller: Caller,
    permissions: Vec<Permission>,
    /// The host whose login alone shows whether it is allowed.
    only_at_login: Option<String>,
}

/// Runs the command.
pub(super) fn run(mut arguments: TestCredential, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    arguments.target.credential = Some(arguments.name.clone());
    let outcome = run_until_signal(async {
        match &arguments.host {
            Some(host) => on_the_way(host, &arguments, environment, printer).await,
            None => alone(&arguments, environment, printer).await,
        }
    })?;
    let text = if arguments.json { as_json(&outcome) } else { as_text(&outcome) };
    printer.data(&text).map_err(Failure::Output)?;
    match outcome.permissions.iter().find(|permission| permission.is_denied()) {
        Some(denied) => Err(missing(denied).into()),
        None => Ok(()),
    }
}

async fn alone(arguments: &TestCredential, environment: &Environment, printer: Printer) -> Result<Outcome, Failure> {
    let credentials = Credentials::new(environment, printer);
    let record = credentials.record(&arguments.name)?;
    let login = Login {
        account: Account::Stored(credentials.source(&arguments.name)),
        instance_metadata: false,
        timeout: arguments.common.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
    };
    let region = arguments.target.region.clone().unwrap_or_else(|| record.region.as_str().to_owned());
    let caller = aws::caller(&Service { login, region }).await.map_err(Report::from)?;
    Ok(Outcome { caller, permissions: Vec::new(), only_at_login: None })
}

async fn on_the_way(
    host: &str,
    arguments: &TestCredential,
    environment: &Environment,
    printer: Printer,
) -> Result<Outcome, Failure> {
    let context = Context::load(&arguments.common, environment, printer)?;
    let target = context.resolve(host, &arguments.target).await?.target;
    let region = match (&target.region, target.route) {
        (_, Route::DataApi) => data_api_plan(&target).map_err(Report::from)?.region,
        (Some(region), _) => region.clone(),
        (None, _) => context.credentials.record(&arguments.name)?.region.as_str().to_owned(),
    };
    let service = Service { login: context.login(&target), region };
    let caller = aws::caller(&service).await.map_err(Report::from)?;
    let permissions = permissions(&service, &target).await?;
    let is_by_token = target.route != Route::DataApi && target.auth == Auth::Iam;
    Ok(Outcome { caller, permissions, only_at_login: is_by_token.then(|| host.to_owned()) })
}

async fn permissions(service: &Service, target: &Target) -> Result<Vec<Permission>, Failure> {
    let plan;
    let needs = if target.route == Route::DataApi {
        plan = data_api_plan(target).map_err(Report::from)?;
        let (lookup, cluster) = match &plan.cluster {
            Place::Arn(arn) => (None, Some(arn.as_str())),
            Place::Endpoint(endpoint) => (Some(endpoint.host.as_str()), None),
        };
        Needs { lookup, secret: plan.secret_arn.as_deref(), data_api: true, cluster }
    } else {
        let secret = target.secret_arn.as_deref().filter(|_| target.auth == Auth::Secret);
        Needs { secret, ..Needs::default() }
    };
    Ok(aws::permissions(service, &needs).await.map_err(Report::from)?)
}

fn missing(denied: &Permission) -> Report {
    let mut report = Report::usage(format!("{} is not allowed", denied.action));
    report.status = ExitStatus::Refused;
    report.causes.extend(denied.fault.as_ref().map(ToString::to_string));
    report.hint(format!("the credential needs {} on {}", denied.action, denied.resource))
}

fn verdict(permission: &Permission) -> &'static str {
    match &permission.fault {
        None => "allowed",
        Some(_) if permission.is_denied() => "not allowed",
        Some(_) => "not known",
    }
}

/// What only a login can show.
const CONNECT: &str = "rds-db:connect";

fn as_text(outcome: &Outcome) -> String {
    let Caller { account, arn, user_id } = &outcome.caller;
    let mut lines = vec![
        ("account".to_owned(), account.clone()),
        ("arn".to_owned(), arn.clone()),
        ("user id".to_owned(), user_id.clone()),
    ];
    for permission in &outcome.permissions {
        let why = permission.fault.as_ref().map(|fault| format!(": {fault}")).unwrap_or_default();
        lines.push((permission.action.to_owned(), format!("{}{why}", verdict(permission))));
    }
    if let Some(host) = &outcome.only_at_login {
        let text = format!("not known: only a login shows it; run rdsconn {host} 'select 1'");
        lines.push((CONNECT.to_owned(), text));
    }
    let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
    let line = |(label, text): &(String, String)| format!("{label:<width$}  {}\n", escape_for_terminal(text));
    lines.iter().map(line).collect()
}

fn as_json(outcome: &Outcome) -> String {
    let Caller { account, arn, user_id } = &outcome.caller;
    let mut permissions: Vec<Value> = outcome
        .permissions
        .iter()
        .map(|permission| {
            json!({
                "action": permission.action,
                "resource": permission.resource,
                "allowed": if permission.is_denied() { Some(false) } else { permission.fault.is_none().then_some(true) },
                "said": permission.fault.as_ref().map(ToString::to_string),
            })
        })
        .collect();
    if outcome.only_at_login.is_some() {
        permissions.push(json!({ "action": CONNECT, "resource": null, "allowed": null, "said": null }));
    }
    let object = json!({ "account": account, "arn": arn, "user_id": user_id, "permissions": permissions });
    format!("{object:#}\n")
}
