//! `rdsconn exec CLIENT HOST`, and a bare HOST on a terminal: starts the user's own client on the way to the database.
//!
//! The client is found and its arguments are checked before anything is connected; the endpoint's certificate is verified
//! before the client runs. The token reaches the client through its option file, made anew for each reading.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::pin;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{mpsc, oneshot};

use crate::backend::AuthToken;
use crate::cli::arguments::{Exec, Query};
use crate::cli::behind;
use crate::cli::context::{Context, Database, runtime};
use crate::cli::printer::Printer;
use crate::cli::progress::Silent;
use crate::cli::report::{Failure, Report};
use crate::cli::way::{Way, tell};
use crate::config::Resolution;
use crate::helper;
use crate::helper::install::{Installer, Link, Probe, Search, ShellStatus};
use crate::launch::{self, Access, Client, ClientCommand, Family, Flavour, OptionFile, Recipe, Wishes};
use crate::mysql;
use crate::os::signals::Termination;
use crate::os::{ChildEnd, ChildProgram, Environment, HandedDescriptor, OptionPipe, PrivateText, RunFolder, terminal};

// The names of the files in the run's folder.
const CA_FILE: &str = "ca.pem";
const OPTION_FILE: &str = "client.cnf";

/// Runs `rdsconn exec`.
pub(crate) fn run(arguments: &Exec, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let handed = arguments.password_fd.map(HandedDescriptor::take).transpose().map_err(Report::from)?;
    let context = Context::load(&arguments.common, environment, printer)?;
    let client = Client::find(&arguments.client, &recipes(&context), environment).map_err(Report::from)?;
    let wishes = Wishes {
        arguments: arguments.arguments.clone(),
        password_variable: arguments.password_env.clone(),
        shell_helper: None,
    };
    concluded(async {
        let resolution = context.resolve(&arguments.host, &arguments.target).await?;
        Box::pin(start(&context, &resolution, client, wishes, handed)).await
    })
}

/// Runs `rdsconn HOST` on a terminal: the configured client, else the first that is installed.
pub(crate) fn run_default(
    query: &Query,
    host: &str,
    handed: Option<HandedDescriptor>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    concluded(async {
        let resolution = context.resolve(host, &query.target).await?;
        let named = resolution.target.client.as_deref();
        let client = launch::default_client(named, &recipes(context), context.environment).map_err(Report::from)?;
        Box::pin(start(context, &resolution, client, Wishes::default(), handed)).await
    })
}

/// Runs it to its end and passes the client's own status on.
fn concluded(session: impl Future<Output = Result<ChildEnd, Failure>>) -> Result<(), Failure> {
    let runtime = runtime()?;
    let end = runtime.block_on(session);
    runtime.shutdown_background();
    match end? {
        ChildEnd::Exited(0) => Ok(()),
        ChildEnd::Exited(code) => Err(Failure::Client(code)),
        ChildEnd::Signalled(number) => Err(Failure::Signal(number)),
    }
}

/// The user's own clients.
fn recipes(context: &Context<'_>) -> BTreeMap<String, Recipe> {
    let recipes = context.settings.clients.iter();
    let recipe = |(name, recipe): (&String, &crate::config::ClientRecipe)| {
        let recipe = recipe.clone();
        let recipe = Recipe { program: recipe.program, arguments: recipe.arguments, environment: recipe.environment };
        (name.clone(), recipe)
    };
    recipes.map(recipe).collect()
}

async fn start(
    context: &Context<'_>,
    resolution: &Resolution,
    client: Client,
    wishes: Wishes,
    handed: Option<HandedDescriptor>,
) -> Result<ChildEnd, Failure> {
    let mut termination = Termination::listen().map_err(Report::bug)?;
    let database = context.database(resolution, None)?;
    let prepared = tokio::select! {
        prepared = Box::pin(prepare(context, &database, &client, wishes, handed)) => prepared?,
        signal = termination.next() => {
            database.progress.clear();
            return Err(Failure::Signal(signal));
        }
    };
    drop(termination);
    database.progress.clear();
    // From here on the terminal is the client's: nobody is asked anything any more.
    terminal::leave();
    Box::pin(prepared.run(context.environment, context.printer, &database)).await
}

/// Whether the helper beside this MySQL Shell is this very program, and answers.
async fn has_our_helper(client: &Client, context: &Context<'_>) -> bool {
    let search = Search::Only(vec![client.program().to_owned()]);
    let Ok(installer) = Installer::new(context.environment, search, PathBuf::new()) else { return false };
    let is_good = |shell: &ShellStatus| shell.link == Link::Ours && shell.probe.as_ref().is_some_and(Probe::is_good);
    installer.status().await.shells.first().is_some_and(is_good)
}

/// A client that can be started: the way is open, and what it needs is in place.
struct Prepared {
    command: ClientCommand,
    way: Way,
    token: AuthToken,
    folder: RunFolder,
    /// The option file of a client that reads no pipes.
    private: Option<PrivateText>,
}

async fn prepare(
    context: &Context<'_>,
    database: &Database<'_>,
    client: &Client,
    mut wishes: Wishes,
    handed: Option<HandedDescriptor>,
) -> Result<Prepared, Failure> {
    let flavour = Flavour::identify(client, context.environment).await.map_err(Report::from)?;
    launch::check(client, flavour, &wishes).map_err(Report::from)?;
    database.learn_password(handed).await?;
    // Through the tunnel the helper asks this process. On a direct route it would be asked for the address, of which only the
    // name that was typed says whose keys sign for it.
    let is_tunnel = !database.plan().bastion.is_empty();
    let is_shell = matches!(flavour, Flavour::Known { family: Family::Shell, .. });
    if is_tunnel && is_shell && has_our_helper(client, context).await {
        wishes.shell_helper = Some(helper::NAME);
    }
    let plan = database.plan();
    let roots = mysql::trusted_roots(plan.ssl_ca.as_deref()).map_err(|error| database.report(&error))?;
    let folder = RunFolder::create(context.environment).map_err(Report::from)?;
    let ca_file = folder.write(CA_FILE, &roots).map_err(Report::from)?;
    let (token, way) = tokio::try_join!(database.token(&database.progress), Way::open(database))?;
    let mut access = Access {
        connect: way.connect().clone(),
        is_tunnel: way.is_tunnel(),
        endpoint: plan.endpoint.clone(),
        address: plan.address.clone(),
        user: token.user.clone(),
        database: plan.database.clone(),
        auth: plan.auth(),
        ssl_mode: plan.ssl_mode,
        ca_file,
        certificate: way.lasting_certificate(plan),
        option_file: folder.path().join(OPTION_FILE),
    };
    let command = |access: &Access| launch::command(client, flavour, access, &wishes, context.environment);
    let mut command_now = command(&access).map_err(Report::from)?;
    let mut private = None;
    if let Some(file) = &command_now.option_file {
        // Composed once before the client runs: a token that it cannot read is an error here, and not an empty file there.
        let text = file.text(&token.secret).map_err(Report::from)?;
        if file.must_be_regular() {
            let file = PrivateText::new(&folder, OPTION_FILE, &text).map_err(Report::from)?;
            file.path().clone_into(&mut access.option_file);
            command_now = command(&access).map_err(Report::from)?;
            private = Some(file);
        }
    }
    Ok(Prepared { command: command_now, way, token, folder, private })
}

impl Prepared {
    async fn run(
        self,
        environment: &Environment,
        printer: Printer,
        database: &Database<'_>,
    ) -> Result<ChildEnd, Failure> {
        let Self { command, mut way, mut token, folder, private } = self;
        let mut program = ChildProgram::new(&command.program, command.program.file_name().unwrap_or_default());
        program.environment = environment_of(&command, environment, &token);
        program.arguments = command.arguments;
        program.inherit = private.and_then(PrivateText::into_inherited).into_iter().collect();
        let (requests, mut readers) = mpsc::channel(1);
        let file = command.option_file.filter(|file| !file.must_be_regular());
        let _pipe = file.as_ref().map(|_| serve(&folder, requests)).transpose()?;
        // On a direct route no port of this machine is ours to answer for.
        let socket = if way.is_tunnel() { behind::socket(&folder) } else { None };
        let mut answering = pin!(behind::answer(socket, way.connect().port, database));
        let mut child = program.start().map_err(Report::from)?;
        loop {
            tokio::select! {
                end = child.wait() => {
                    while let Some(event) = way.guarded().await {
                        tell(&event, printer, false);
                    }
                    return Ok(end.map_err(Report::from)?);
                }
                event = way.serve() => tell(&event, printer, false),
                () = &mut answering => {}
                Some(reader) = readers.recv() => {
                    match fresh_text(database, file.as_ref(), &mut token).await {
                        // It may have gone meanwhile.
                        Ok(text) => drop(oneshot::Sender::<SecretString>::send(reader, text)),
                        // The client goes on with an empty file, and the user has read why.
                        Err(failure) => drop(failure.conclude(printer)),
                    }
                }
            }
        }
    }
}

/// Who waits for the text of an option file.
type Reader = oneshot::Sender<SecretString>;

/// Serves the option file; each reader is handed over to be answered.
fn serve(folder: &RunFolder, requests: mpsc::Sender<Reader>) -> Result<OptionPipe, Failure> {
    let supply = move || {
        let (reader, answer) = oneshot::channel();
        requests.blocking_send(reader).ok()?;
        answer.blocking_recv().ok()
    };
    Ok(OptionPipe::serve(folder, OPTION_FILE, supply).map_err(Report::from)?)
}

/// The option file with a token that is still good.
async fn fresh_text(
    database: &Database<'_>,
    file: Option<&OptionFile>,
    token: &mut AuthToken,
) -> Result<SecretString, Failure> {
    if token.not_after <= std::time::SystemTime::now() {
        *token = database.token(&Silent).await?;
    }
    let text = file.map(|file| file.text(&token.secret)).transpose().map_err(Report::from)?;
    Ok(text.unwrap_or_default())
}

/// The user's own environment without secrets, and what the client is told.
fn environment_of(command: &ClientCommand, environment: &Environment, token: &AuthToken) -> Vec<(OsString, OsString)> {
    let inherited = environment
        .variables()
        .filter(|(name, _)| !command.remove.iter().any(|removed| removed == name))
        .filter(|(name, _)| !command.environment.contains_key(*name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let told = command.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    // The weaker way, and only because the user has asked for it by name.
    let password = command.password_variable.iter().map(|name| (name.into(), token.secret.expose_secret().into()));
    inherited.chain(told).chain(password).collect()
}
