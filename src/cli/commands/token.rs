//! `rdsconn token HOST`: prints the token and nothing else. The one command that shows a secret, because it is asked to.

use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::backend::{TokenProvider as _, TokenRequest};
use crate::cli::arguments::Token;
use crate::cli::context::{Context, runtime};
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::os::{Environment, timestamp};
use crate::session::plan;

/// Runs the command.
pub(crate) fn run(arguments: &Token, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let context = Context::load(&arguments.common, environment, printer)?;
    let (plan, token) = runtime()?.block_on(async {
        let target = context.resolve(&arguments.host, &arguments.target).await?;
        let plan = plan(&target).map_err(Report::from)?;
        let request = TokenRequest { endpoint: &plan.endpoint, region: &plan.region, user: &plan.user };
        let tokens = context.tokens(&target);
        let token = if arguments.fresh { tokens.fresh(request).await } else { tokens.token(request).await };
        let token = token.map_err(Report::from)?;
        context.tell_unkept(&tokens);
        Ok::<_, Failure>((plan, token))
    })?;
    let secret = token.secret.expose_secret();
    let text = if arguments.json {
        let object = json!({
            "token": secret,
            "endpoint": plan.endpoint.to_string(),
            "region": plan.region,
            "user": plan.user,
            "expires": timestamp(token.not_after),
        });
        format!("{object:#}\n")
    } else {
        format!("{secret}\n")
    };
    printer.data(&text).map_err(Failure::Output)
}
