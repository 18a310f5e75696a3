//! `rdsconn token HOST`: prints the token and nothing else. The one command that shows a secret, because it is asked to.

use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::backend::{TokenProvider as _, TokenRequest};
use crate::cli::arguments::Token;
use crate::cli::context::{Context, run_until_signal};
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::os::{Environment, timestamp};
use crate::session::{LoginPlan, Plan, plan};
use crate::target::Arn;

/// Runs the command.
pub(crate) fn run(arguments: &Token, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let context = Context::load(&arguments.common, environment, printer)?;
    let (endpoint, region, token) = run_until_signal(async {
        let target = context.resolve(&arguments.host, &arguments.target).await?.target;
        let plan = plan(&target).map_err(Report::from)?;
        let LoginPlan::Token { user, region } = plan.login else { return Err(no_token(&plan)) };
        let request = TokenRequest { endpoint: &plan.endpoint, region: &region, user: &user };
        let tokens = context.tokens(&target);
        let token = if arguments.fresh { tokens.fresh(request).await } else { tokens.token(request).await };
        let token = token.map_err(Report::from)?;
        context.tell_unkept(&tokens);
        Ok::<_, Failure>((plan.endpoint, region, token))
    })?;
    let secret = token.secret.expose_secret();
    let text = if arguments.json {
        let object = json!({
            "token": secret,
            "endpoint": endpoint.to_string(),
            "region": region,
            "user": token.user,
            "expires": timestamp(token.not_after),
        });
        format!("{object:#}\n")
    } else {
        format!("{secret}\n")
    };
    printer.data(&text).map_err(Failure::Output)
}

/// A password is no token: this command shows only what is over in a quarter of an hour.
fn no_token(plan: &Plan) -> Failure {
    let error =
        format!("{} has auth = \"{}\", and a token is for auth = \"iam\"", plan.endpoint.host, plan.auth().name());
    let report = Report::usage(error);
    match &plan.login {
        LoginPlan::Secret { arn } => {
            let region = Arn::parse(arn).map_or_else(String::new, |arn| format!(" --region {}", arn.region));
            report
                .hint(format!("run aws secretsmanager get-secret-value --secret-id {arn}{region} to see the password"))
        }
        LoginPlan::Password { .. } | LoginPlan::Token { .. } => report.hint("the password is its user's to know"),
    }
    .hint("for a token, add --auth iam, if the user may log in with one")
    .into()
}
