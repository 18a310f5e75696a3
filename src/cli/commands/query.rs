//! `rdsconn HOST [SQL]`: opens the target, runs the statements one after the other, and prints their rows. Without SQL, on a
//! terminal, it is `exec` with the default client.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::time::Duration;

use crate::backend::{Column, Outcome, ResultSink, Row, Statements as _};
use crate::cli::arguments::Query;
use crate::cli::context::{Context, Database, runtime};
use crate::cli::exit_status::ExitStatus;
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::cli::results::Results;
use crate::cli::script::Script;
use crate::mysql;
use crate::os::signals::Termination;
use crate::os::{Environment, HandedDescriptor};
use crate::query::{Format, Output, Style};

/// How long an interrupted program waits for the server to stop the statement.
const KILL_LIMIT: Duration = Duration::from_secs(2);

/// Runs the command.
pub(crate) fn run(arguments: &Query, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let handed = arguments.password_fd.map(HandedDescriptor::take).transpose().map_err(Report::from)?;
    let Some(host) = &arguments.host else {
        return Err(Report::usage("HOST is missing".to_owned()).hint("run rdsconn --help").into());
    };
    let context = Context::load(&arguments.common, environment, printer)?;
    if Script::is_absent(arguments) {
        if arguments.output.is_set() {
            let error = "an option for rows was given, and no SQL".to_owned();
            return Err(Report::usage(error).hint("add SQL as an argument, with -e or -f, or pipe it in").into());
        }
        return super::exec::run_default(arguments, host, handed, &context);
    }
    let script = Script::new(arguments)?;
    let style = Style {
        format: Format::choose(
            arguments.output.format,
            arguments.output.batch,
            arguments.output.vertical,
            printer.stdout_is_terminal,
        ),
        headers: !arguments.output.skip_column_names,
        raw: arguments.output.raw,
        terminal: printer.stdout_is_terminal,
    };
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let resolution = context.resolve(host, &arguments.target).await?;
        let database = context.database(&resolution, arguments.output.read_timeout)?;
        Box::pin(query(&database, handed, script, style, printer)).await
    });
    // A read of stdin that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    outcome
}

type Rows = Output<File, Results>;

async fn query(
    database: &Database<'_>,
    handed: Option<HandedDescriptor>,
    mut script: Script,
    style: Style,
    printer: Printer,
) -> Result<(), Failure> {
    let mut termination = Termination::listen().map_err(|error| Report::new(ExitStatus::Bug, &error))?;
    let opened = async {
        database.learn_password(handed).await?;
        database.open().await
    };
    let mut connected = tokio::select! {
        connected = opened => connected?,
        signal = termination.next() => {
            database.progress.clear();
            return Err(Failure::Signal(signal));
        }
    };
    let stdout = crate::os::stdout().map_err(Failure::Output)?;
    let mut output = Output::new(stdout, style, Results::new(printer, style));
    let running = Cell::new(false);
    let ended = tokio::select! {
        ended = statements(&mut connected.statements, &mut script, &mut output, &running) => Ok(ended),
        signal = termination.next() => Err(signal),
    };
    let flushed = output.finish();
    match ended {
        Ok(Ok(())) => {
            flushed.map_err(Failure::Output)?;
            connected.statements.close().await;
            Ok(())
        }
        Ok(Err(stop)) => {
            let fault = match &stop {
                Stop::Database(mysql::Error::Lost(_), _) => connected.tunnel_fault().await,
                _ => None,
            };
            Err(database.explain(stop, fault.as_ref(), script.is_long()))
        }
        Err(signal) => {
            if running.get() {
                let id = connected.statements.connection_id();
                let kill = database.kill(id, connected.dialer.take());
                tokio::select! {
                    _ = tokio::time::timeout(KILL_LIMIT, kill) => {}
                    _ = termination.next() => {}
                }
            }
            Err(Failure::Signal(signal))
        }
    }
}

/// Why the statements did not all run.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The database, at a line of the script.
    Database(mysql::Error, u64),
    /// The script cannot be split into statements.
    Script(crate::query::Error),
    /// The script cannot be read.
    Input(io::Error),
}

async fn statements(
    session: &mut mysql::Session,
    script: &mut Script,
    output: &mut Rows,
    running: &Cell<bool>,
) -> Result<(), Stop> {
    loop {
        while let Some(statement) = script.next_statement().map_err(Stop::Script)? {
            output.set_vertical(statement.vertical);
            output.listener().begin();
            running.set(true);
            let done = session.execute(statement.sql, output).await;
            running.set(false);
            done.map_err(|error| Stop::Database(error, statement.line))?;
        }
        if !script.read().await.map_err(Stop::Input)? {
            break;
        }
    }
    // Asked for only now: between two statements of the script it would change what ROW_COUNT() says to the second.
    if output.listener().wants_warnings() {
        let mut warnings = Warnings::default();
        // The user's own statements have all succeeded, whatever becomes of this one.
        if session.execute(b"SHOW WARNINGS", &mut warnings).await.is_ok() {
            output.listener().show_warnings(&warnings.lines);
        }
    }
    Ok(())
}

/// Collects the rows of `SHOW WARNINGS`: level, code, message.
#[derive(Debug, Default)]
struct Warnings {
    lines: Vec<String>,
}

impl ResultSink for Warnings {
    fn columns(&mut self, _columns: &[Column]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> io::Result<()> {
        let [level, code, message] =
            [0, 1, 2].map(|index| String::from_utf8_lossy(row.cell(index).unwrap_or_default()));
        self.lines.push(format!("{} {code}: {message}", level.to_lowercase()));
        Ok(())
    }

    fn end(&mut self, _outcome: &Outcome) -> io::Result<()> {
        Ok(())
    }
}
