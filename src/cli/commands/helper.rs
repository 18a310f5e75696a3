//! `rdsconn helper install|status|uninstall`: words for what was found and done at each MySQL Shell.

use crate::cli::arguments::{Helper, Shells};
use crate::cli::context::{Context, runtime};
use crate::cli::exit_status::ExitStatus;
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::config::Delegate;
use crate::helper::NAME;
use crate::helper::install::{
    ChosenBy, Installed, InstalledShell, Installer, Link, Linked, Persisted, Probe, Restored, Search, Shell,
    ShellStatus, Status, Uninstalled, Unlinked, VARIABLE,
};
use crate::os::Environment;
use crate::query::escape_for_terminal;

/// The file in rdsconn's configuration folder that remembers which helper was used before.
const MEMORY: &str = "helper.json";

/// Runs the command.
pub(crate) fn run(command: &Helper, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let (Helper::Install { shells, common, .. }
    | Helper::Status { shells, common }
    | Helper::Uninstall { shells, common }) = command;
    let context = Context::load(common, environment, printer)?;
    let installer = installer(shells, environment)?;
    let runtime = runtime()?;
    let lines = match command {
        Helper::Install { no_persist, .. } => {
            let outcome = runtime.block_on(installer.install(!no_persist));
            let mut said = install_lines(&outcome, &context.settings.helper.delegate);
            said.not_found(shells, outcome.shells.iter().map(|one| &one.shell));
            said
        }
        Helper::Status { .. } => {
            let status = runtime.block_on(installer.status());
            let mut said = status_lines(&status);
            said.not_found(shells, status.shells.iter().map(|one| &one.shell));
            said
        }
        Helper::Uninstall { .. } => uninstall_lines(&runtime.block_on(installer.uninstall())),
    };
    let Said { lines, problem } = lines;
    let lines: Vec<String> = lines.iter().map(|line| escape_for_terminal(line).into_owned()).collect();
    printer.lines(&lines).map_err(Failure::Output)?;
    problem.map_or(Ok(()), |problem| Err(problem.into()))
}

fn installer<'a>(shells: &Shells, environment: &'a Environment) -> Result<Installer<'a>, Failure> {
    let search = if shells.paths.is_empty() { Search::Everywhere } else { Search::Only(shells.paths.clone()) };
    let Some(folder) = environment.config_folder() else {
        let report = Report::usage("the folder of the configuration is not known".to_owned());
        return Err(report.hint("set HOME or XDG_CONFIG_HOME").into());
    };
    Installer::new(environment, search, folder.join(MEMORY))
        .map_err(|error| Report::about(ExitStatus::Usage, "this program cannot be found on disk", &error).into())
}

/// What is printed, and what makes the command fail.
#[derive(Default)]
struct Said {
    lines: Vec<String>,
    problem: Option<Report>,
}

impl Said {
    fn line(&mut self, text: impl Into<String>) {
        self.lines.push(text.into());
    }

    /// The first problem decides.
    fn problem(&mut self, error: impl Into<String>, hint: impl Into<String>) {
        let report = Report::usage(error.into()).hint(hint);
        self.problem.get_or_insert(report);
    }

    /// What was looked for and is not there.
    fn not_found<'a>(&mut self, wanted: &Shells, found: impl Iterator<Item = &'a Shell>) {
        let found: Vec<&Shell> = found.collect();
        if found.is_empty() && wanted.paths.is_empty() {
            self.problem("no MySQL Shell was found in PATH or the usual folders", "name one: --shell /path/to/mysqlsh");
        }
        for path in wanted.paths.iter().filter(|path| !found.iter().any(|shell| shell.found_at.contains(*path))) {
            self.problem(
                format!("{} is no MySQL Shell", path.display()),
                "give the path of the program mysqlsh, or of a link to it",
            );
        }
    }
}

fn install_lines(installed: &Installed, delegate: &Delegate) -> Said {
    let mut said = Said::default();
    if installed.shells.is_empty() {
        return said;
    }
    for shell in &installed.shells {
        linked_lines(&mut said, shell);
    }
    match &installed.persisted {
        Persisted::Done => said.line("MySQL Shell uses rdsconn as its credential helper from now on"),
        Persisted::AlreadyOurs => said.line("MySQL Shell already uses rdsconn as its credential helper"),
        Persisted::NotAsked => {
            said.line("MySQL Shell's options were left alone: start it with --credential-store-helper=rdsconn");
        }
        Persisted::Withheld => said
            .line("MySQL Shell's options were left alone: each Shell without a helper that answers would complain at every start"),
        Persisted::Unreadable(problem) => said.problem(problem.to_string(), "mend or remove that file, and try again"),
        Persisted::NotRemembered(error) => {
            said.problem(
                format!("what was used before cannot be written down: {error}"),
                "run df and ls -ld ~/.config/rdsconn",
            );
        }
        Persisted::Refused { executable, said: words } => said.problem(
            format!("{} did not keep the option: {words}", executable.display()),
            format!("run {} -- shell options set-persist credentialStore.helper rdsconn", executable.display()),
        ),
    }
    if let (Some(previous), Delegate::Auto) = (&installed.previous, delegate) {
        said.line(format!(
            "before, it used {previous:?}; for servers that are not ours keep it with this in config.toml:"
        ));
        said.line(format!("  [helper]\n  delegate = {previous:?}"));
    }
    said
}

fn linked_lines(said: &mut Said, shell: &InstalledShell) {
    let (program, link) = (shell.shell.executable.display(), shell.shell.link());
    let link = link.display();
    match &shell.linked {
        Linked::Made => said.line(format!("{program}: made {link}")),
        Linked::Replaced { led_to } => {
            said.line(format!("{program}: {link} led to {} and was replaced", led_to.display()));
        }
        Linked::AlreadyThere => said.line(format!("{program}: {link} is there")),
        Linked::NeedsRoot { command } => {
            said.line(format!("{program}: only root may make {link}: run"));
            said.line(format!("  {command}"));
            said.problem("a link is missing", "run the command above, then rdsconn helper install again");
        }
        Linked::Occupied => {
            said.problem(format!("{link} is something else than a link to rdsconn"), format!("run ls -l {link}"));
        }
        Linked::Failed(error) => said.problem(format!("{link} cannot be made: {error}"), format!("run ls -ld {link}")),
    }
    match &shell.probe {
        None => {}
        Some(Probe::Answers { version }) => said.line(format!("{program}: the helper answers: {version}")),
        Some(Probe::Fails { said: words }) => {
            said.problem(format!("the helper {link} does not answer: {words}"), format!("run {link} version"));
        }
        Some(Probe::NotRun(error)) => {
            said.problem(format!("the helper {link} cannot be run: {error}"), format!("run {link} version"));
        }
    }
    if shell.exposes_others {
        said.line(format!(
            "warning: {link} is run by everybody who starts this Shell, and leads to a program that others than root can \
             change: install rdsconn in a folder of root's"
        ));
    }
    if shell.shell.is_script {
        said.line(format!(
            "warning: {program} is a script; the Shell that it starts looks for helpers in its own folder: if that is another \
             one, name that Shell with --shell PATH"
        ));
    }
}

fn status_lines(status: &Status) -> Said {
    let mut said = Said::default();
    if status.shells.is_empty() {
        return said;
    }
    for ShellStatus { shell, link, probe } in &status.shells {
        let place = shell.link();
        let state = match link {
            Link::Absent => "not installed".to_owned(),
            Link::Ours => match probe {
                Some(Probe::Answers { version }) => format!("installed, answers: {version}"),
                Some(Probe::Fails { said }) => format!("installed, does not answer: {said}"),
                Some(Probe::NotRun(error)) => format!("installed, cannot be run: {error}"),
                None => "installed".to_owned(),
            },
            Link::Elsewhere { leads_to } => format!("the link leads to {}", leads_to.display()),
            Link::Occupied => "something else is in its place".to_owned(),
            Link::Unknown { reason } => format!("cannot be looked at: {reason}"),
        };
        said.line(format!("{}: {} {state}", shell.executable.display(), place.display()));
    }
    said.line(match &status.chosen {
        ChosenBy::Environment(name) => format!("MySQL Shell uses {name:?}, because {VARIABLE} says so"),
        ChosenBy::Options(name) => format!("MySQL Shell uses {name:?}, by its option credentialStore.helper"),
        ChosenBy::Default => "MySQL Shell uses its own default helper: nobody has chosen another".to_owned(),
        ChosenBy::Unknown => "which helper MySQL Shell uses is not known".to_owned(),
    });
    if let Err(problem) = &status.options.helper {
        said.problem(problem.to_string(), "mend or remove that file");
    }
    // Also after an installation that was not carried through something is remembered.
    let is_ours = matches!(&status.options.helper, Ok(Some(name)) if name == NAME);
    if let Some(before) = status.remembered.as_ref().filter(|_| is_ours) {
        said.line(format!("before rdsconn it used {}", before.as_deref().unwrap_or("its own default")));
    }
    said
}

fn uninstall_lines(uninstalled: &Uninstalled) -> Said {
    let mut said = Said::default();
    match &uninstalled.restored {
        Restored::Done(Some(name)) => said.line(format!("MySQL Shell uses {name:?} again")),
        Restored::Done(None) => said.line("MySQL Shell uses its own default again"),
        Restored::NotOurs => said.line("MySQL Shell's options do not name rdsconn, and were left alone"),
        Restored::Unreadable(problem) => said.problem(problem.to_string(), "mend or remove that file, and try again"),
        Restored::Refused { said: words } => said.problem(
            format!("MySQL Shell's options still name rdsconn: {words}"),
            "run mysqlsh -- shell options unset-persist credentialStore.helper",
        ),
    }
    for (path, unlinked) in &uninstalled.links {
        let link = path.display();
        match unlinked {
            Unlinked::Removed => said.line(format!("removed {link}")),
            Unlinked::NeedsRoot { command } => {
                said.line(format!("only root may remove {link}: run\n  {command}"));
                said.problem("a link is left", "run the command above");
            }
            Unlinked::Failed(error) => {
                said.problem(format!("{link} cannot be removed: {error}"), format!("run ls -ld {link}"));
            }
        }
    }
    said
}
