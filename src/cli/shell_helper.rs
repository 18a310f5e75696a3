//! The other front door: started as `mysql-secret-store-…`, the program is MySQL Shell's credential helper.
//!
//! The Shell reads stdout and stderr as one text, so nothing is printed but the reply. Nothing is loaded before it is needed:
//! the Shell asks every helper for its version whenever it starts.

use std::cell::OnceCell;
use std::io;
use std::time::SystemTime;

use secrecy::SecretString;

use super::arguments::CommonOptions;
use super::context::{Context, runtime};
use super::passwords::{PasswordError, Passwords};
use super::printer::Printer;
use super::report::{Failure, Report};
use crate::backend::PasswordProvider as _;
use crate::config::{self, Overrides, Resolution, ResolveError};
use crate::helper::live::{self, Patience, Question};
use crate::helper::{self, Answer, Command, Delegate, Granted, OtherHelper, Reply, Vault};
use crate::os::signals::Termination;
use crate::os::{Environment, RequestInput, RunFolder, private_socket};
use crate::session::{LoginPlan, Plan, PlanError};
use crate::target::{HostArgument, HostName};

/// The socket in a run's folder at which it is asked about its ports.
pub(super) const SOCKET: &str = "ask";

/// Whether the program was started as a helper.
pub fn is_shell_helper(environment: &Environment) -> bool {
    environment.arguments().first().is_some_and(|name| helper::is_helper_name(name))
}

/// Answers one request of MySQL Shell; gives the exit code.
pub fn answer_shell(environment: &Environment) -> u8 {
    // A panic's text would be taken for an answer.
    std::panic::set_hook(Box::new(|_| super::bail_out()));
    crate::os::harden_process();
    let reply = match helper::at_once(environment.arguments()) {
        Ok(command) => answer(command, environment).unwrap_or_else(|text| Reply::failure(&text)),
        Err(reply) => reply,
    };
    // A Shell that has gone away is nobody's concern.
    let _ = reply.write(&mut io::stdout().lock(), &mut io::stderr().lock());
    reply.status
}

fn answer(command: Command, environment: &Environment) -> Result<Reply, String> {
    let input = RequestInput::stdin().map_err(|error| error.to_string())?;
    let request = match helper::read(command, &input) {
        Ok(request) => request,
        Err(reply) => return Ok(reply),
    };
    let options = CommonOptions::silent();
    let printer = Printer::new(&options, environment);
    let vault = LazyVault { environment, options, printer, context: OnceCell::new() };
    let runtime = runtime().map_err(|failure| one_line(&failure))?;
    let reply = runtime.block_on(async {
        let mut termination = Termination::listen().map_err(|error| error.to_string())?;
        tokio::select! {
            reply = helper::serve(command, &request, &input, &vault) => Ok(reply),
            _ = termination.next() => Err("interrupted".to_owned()),
        }
    });
    // Whatever was begun for a request that is broken off, such as the look-up of a name, is not waited for.
    runtime.shutdown_background();
    reply
}

/// Conventions, tokens and live processes, each looked at when the first question about it comes.
struct LazyVault<'a> {
    environment: &'a Environment,
    options: CommonOptions,
    printer: Printer,
    context: OnceCell<Result<Context<'a>, String>>,
}

/// A database that is ours.
struct Known {
    resolution: Resolution,
    plan: Plan,
}

impl<'a> LazyVault<'a> {
    fn context(&self) -> Result<&Context<'a>, String> {
        let load =
            || Context::load(&self.options, self.environment, self.printer).map_err(|failure| one_line(&failure));
        self.context.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    /// What the name means. Only a name that a rule or a file knows is ours, and only where a token or a secret is how one
    /// logs in: what a person knows is for the person, or for another helper, to say.
    async fn known(&self, database: &HostArgument) -> Answer<Known> {
        match self.resolved(database).await {
            Ok(Some(known)) => Answer::Ours(known),
            Ok(None) => Answer::NotOurs,
            Err(text) => Answer::Failed(text),
        }
    }

    async fn resolved(&self, database: &HostArgument) -> Result<Option<Known>, String> {
        let context = self.context()?;
        let overrides = Overrides::of_signer(self.environment).map_err(|error| error.to_string())?;
        let mut resolution = match context.settings.resolve(database, &overrides) {
            Ok(resolution) => resolution,
            Err(ResolveError::NothingMatches { .. }) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        context.add_profile_region(&mut resolution).await.map_err(|failure| one_line(&failure))?;
        match crate::session::plan(&resolution.target) {
            // Somebody else may keep the password for it, or the Shell goes another way to the database.
            Ok(Plan { login: LoginPlan::Password { .. }, .. }) | Err(PlanError::NoConnection) => Ok(None),
            Ok(plan) => Ok(Some(Known { resolution, plan })),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Vault for LazyVault<'_> {
    async fn get(&self, database: &HostArgument) -> Answer<SecretString> {
        let known = match self.known(database).await {
            Answer::Ours(known) => known,
            Answer::NotOurs => return Answer::NotOurs,
            Answer::Failed(text) => return Answer::Failed(text),
        };
        let context = match self.context() {
            Ok(context) => context,
            Err(text) => return Answer::Failed(text),
        };
        match Passwords::new(context, &known.resolution, &known.plan).password().await {
            Ok(token) => Answer::Ours(token.secret),
            // The secret is for another user: who knows this one's password is not for us to say.
            Err(PasswordError::OtherUser { .. }) => Answer::NotOurs,
            Err(error) => Answer::Failed(one_line(&Report::from(error).into())),
        }
    }

    async fn is_ours(&self, database: &HostArgument) -> Answer<()> {
        match self.known(database).await {
            Answer::Ours(_) => Answer::Ours(()),
            Answer::NotOurs => Answer::NotOurs,
            Answer::Failed(text) => Answer::Failed(text),
        }
    }

    async fn erase(&self, database: &HostArgument) -> Answer<()> {
        match (self.known(database).await, self.context()) {
            (Answer::Ours(known), Ok(context)) => {
                Passwords::new(context, &known.resolution, &known.plan).forget().await;
                Answer::Ours(())
            }
            (Answer::NotOurs, _) => Answer::NotOurs,
            (Answer::Failed(text), _) | (_, Err(text)) => Answer::Failed(text),
        }
    }

    async fn list(&self) -> Result<Vec<HostArgument>, String> {
        let kept = self.context()?.cache().list(SystemTime::now());
        let database = |kept: crate::cache::Kept| {
            let host = HostName::parse(&kept.endpoint.host).ok()?;
            Some(HostArgument { host, user: Some(kept.user), port: Some(kept.endpoint.port), database: None })
        };
        Ok(kept.into_iter().filter_map(database).collect())
    }

    async fn live(&self, question: &Question) -> Answer<Granted> {
        let sockets = private_socket::find(&RunFolder::of_all(self.environment), SOCKET.as_ref());
        live::ask(&sockets, question, Patience::default()).await
    }

    fn other_helper(&self) -> Result<OtherHelper, String> {
        let delegate = match &self.context()?.settings.helper.delegate {
            config::Delegate::Auto => Delegate::Auto,
            config::Delegate::Name(name) => Delegate::Name(name.clone()),
            config::Delegate::Path(path) => Delegate::Path(path.clone()),
        };
        let folder = self.environment.arguments().first().and_then(|name| helper::calling_folder(name));
        Ok(OtherHelper::new(delegate, folder, self.environment))
    }
}

/// A report as the one line that the Shell shows: what went wrong, and the first thing to do about it.
pub(super) fn one_line(failure: &Failure) -> String {
    match failure {
        Failure::Report(report) => {
            let said = std::iter::once(&report.error).chain(&report.causes);
            let hint = report.hints.first().map(|hint| format!(" ({hint})")).unwrap_or_default();
            said.map(String::as_str).collect::<Vec<_>>().join(": ") + &hint
        }
        Failure::Output(error) => error.to_string(),
        Failure::Signal(_) | Failure::Client(_) => "interrupted".to_owned(),
    }
}
