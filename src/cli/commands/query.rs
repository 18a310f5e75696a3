//! `rdsconn HOST [SQL]`: opens the target, runs the statements one after the other, and prints their rows. Without SQL, on a
//! terminal, it is `exec` with the default client.

mod data_api;
mod mysql;

use crate::cli::arguments::Query;
use crate::cli::context::{Context, runtime};
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::cli::results::Results;
use crate::cli::script::Script;
use crate::cli::statements::Rows;
use crate::os::{Environment, HandedDescriptor};
use crate::query::{Format, Output, Parameters, Style};
use crate::target::Route;

/// Runs the command.
pub(crate) fn run(arguments: &Query, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let handed = arguments.password_fd.map(HandedDescriptor::take).transpose().map_err(Report::from)?;
    let Some(host) = &arguments.host else {
        return Err(Report::usage("HOST is missing".to_owned()).hint("run rdsconn --help").into());
    };
    let context = Context::load(&arguments.common, environment, printer)?;
    if Script::is_absent(arguments) {
        if arguments.output.is_set() || arguments.run.is_set() {
            let error = "an option for rows or statements was given, and no SQL".to_owned();
            return Err(Report::usage(error).hint("add SQL as an argument, with -e or -f, or pipe it in").into());
        }
        return super::exec::run_default(arguments, host, handed, &context);
    }
    let script = Script::new(arguments)?;
    let parameters = Parameters::new(arguments.run.parameters.clone()).map_err(Report::from)?;
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
    let job = Job { script, parameters, style, printer, arguments };
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let resolution = context.resolve(host, &arguments.target).await?;
        match resolution.target.route {
            Route::DataApi => Box::pin(data_api::query(&context, &resolution.target, job)).await,
            Route::Direct | Route::Tunnel => {
                if arguments.run.page_by.is_some() {
                    let error =
                        "--page-by is for route \"data-api\": on this route rows are streamed, however many".to_owned();
                    return Err(Report::usage(error).hint("leave it out, or add --route data-api").into());
                }
                let database = context.database(&resolution, arguments.output.read_timeout)?;
                Box::pin(mysql::query(&database, handed, job)).await
            }
        }
    });
    // A read of stdin that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    outcome
}

/// What is to be run, and how its rows are shown.
struct Job<'a> {
    script: Script,
    /// Named values.
    parameters: Parameters,
    style: Style,
    printer: Printer,
    arguments: &'a Query,
}

impl Job<'_> {
    /// Where the rows go.
    fn rows(&self) -> Result<Rows, Failure> {
        let stdout = crate::os::stdout().map_err(Failure::Output)?;
        Ok(Output::new(stdout, self.style, Results::new(self.printer, self.style)))
    }
}
