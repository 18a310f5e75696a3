//! The command line as it was typed. What it means is decided in `context` and in the commands.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::query::Format;

mod credential;
mod options;
mod run;

pub(crate) use credential::{AddCredential, CredentialCommand, StoreChoice, TestCredential};
use options::seconds;
pub(crate) use options::{Color, CommonOptions, TargetOptions};
pub(crate) use run::RunOptions;

/// Type one short name and be inside the right RDS or Aurora MySQL database.
#[derive(Debug, Parser)]
#[command(
    name = "rdsconn",
    version,
    args_conflicts_with_subcommands = true,
    args_override_self = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    override_usage = "rdsconn [OPTIONS] HOST [SQL]\n       rdsconn COMMAND [OPTIONS] ...",
    after_help = "HOST is a name that a convention understands, a real RDS endpoint, user@host:port/database, or \
                  mysql://user@host:port/database.\n\nEvery option that sets a field of the target can also be given \
                  as RDSCONN_<NAME>, for example RDSCONN_REGION."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub query: Query,
}

/// The commands beside a bare HOST.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run SQL on HOST, or start the default client (the same as a bare HOST; for hosts that are named like a command)
    Query(Box<Query>),
    /// Start mysql, mariadb, mysqlsh, mysqldump, mycli or any program on the tunnel to HOST
    Exec(Box<Exec>),
    /// Hold a tunnel to HOST open; prints the listener on stdout
    Tunnel(Box<Tunnel>),
    /// Print the IAM token for HOST, and nothing else, on stdout
    Token(Box<Token>),
    /// Show what HOST resolves to, and which file and rule said so; touches no network
    Explain(Box<Explain>),
    /// List, check or begin a folder of conventions
    #[command(subcommand)]
    Conventions(Conventions),
    /// Install MySQL Shell's credential helper, show how it stands, or take it away
    #[command(subcommand)]
    Helper(Helper),
    /// Store AWS access keys under a name, list, show, test, remove or export them
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// List or clear the tokens that are kept for the next command
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print a manual page
    Man {
        /// The command, for example query or "conventions check"; without one, rdsconn itself
        #[arg(value_name = "COMMAND", num_args = 0..=2)]
        command: Vec<String>,
    },
}

/// `rdsconn HOST [SQL]` and `rdsconn query HOST [SQL]`.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The database: a name by convention, an endpoint, or user@host:port/database
    #[arg(value_name = "HOST")]
    pub host: Option<String>,
    /// SQL to run
    #[arg(value_name = "SQL")]
    pub sql: Option<String>,
    /// SQL to run; may be given several times
    #[arg(short, long, value_name = "SQL", allow_hyphen_values = true)]
    pub execute: Vec<String>,
    /// Run the SQL in a file; - is stdin
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// With --auth password: read it from the first line of this descriptor, for example 3 with 3<FILE
    #[arg(long, value_name = "N")]
    pub password_fd: Option<u16>,
    #[command(flatten)]
    pub run: RunOptions,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub target: TargetOptions,
    #[command(flatten)]
    pub common: CommonOptions,
}

/// How rows are shown.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of mysql's")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct Output {
    /// How rows are printed [default: table on a terminal, tsv on a pipe]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub format: Option<Format>,
    /// Print rows as tsv, as mysql does
    #[arg(short = 'B', long)]
    pub batch: bool,
    /// Leave out the column names
    #[arg(short = 'N', long)]
    pub skip_column_names: bool,
    /// Print one line for each column of a row
    #[arg(short = 'E', long)]
    pub vertical: bool,
    /// Do not escape tab, newline, NUL and backslash in tsv
    #[arg(short, long)]
    pub raw: bool,
    /// End a statement that is silent for this long [default: wait for ever]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub read_timeout: Option<Duration>,
}

impl Output {
    /// Whether any of them was given.
    pub(crate) fn is_set(&self) -> bool {
        let Self { format, batch, skip_column_names, vertical, raw, read_timeout } = self;
        let switches = [*batch, *skip_column_names, *vertical, *raw];
        format.is_some() || read_timeout.is_some() || switches.contains(&true)
    }
}

/// `rdsconn exec CLIENT HOST [-- ARGS...]`.
#[derive(Debug, Args)]
#[command(after_long_help = EXEC_HELP)]
pub(crate) struct Exec {
    /// A program in PATH, a path, or a recipe of config.toml
    #[arg(value_name = "CLIENT")]
    pub client: String,
    /// The database
    #[arg(value_name = "HOST")]
    pub host: String,
    /// Arguments for the client, as they are
    #[arg(value_name = "ARGS", last = true)]
    pub arguments: Vec<OsString>,
    /// Give the token or password in this variable, too: the weaker way, for programs that can take it in no other; every
    /// process of yours can read it there, and so can what the program starts
    #[arg(long, value_name = "NAME")]
    pub password_env: Option<String>,
    /// With --auth password: read it from the first line of this descriptor, for example 3 with 3<FILE
    #[arg(long, value_name = "N")]
    pub password_fd: Option<u16>,
    #[command(flatten)]
    pub target: TargetOptions,
    #[command(flatten)]
    pub common: CommonOptions,
}

const EXEC_HELP: &str = "\
Known clients get host, port, user, TLS options and the token or password in the way that each of them understands: mysql, mysqldump,
mysqladmin, mysqlimport, mysqlslap and the like (Oracle's and MariaDB's), mysqlsh, mycli, mydumper and myloader.

Any other program is told by placeholders in its arguments, {host} {port} {user} {database} {ca} {defaults_file}, and by the
variables RDSCONN_HOST, RDSCONN_PORT, RDSCONN_USER, RDSCONN_CA, RDSCONN_ENDPOINT, RDSCONN_ADDRESS, MYSQL_HOST and MYSQL_TCP_PORT.
{defaults_file} is an option file with the token or password. Recipes are kept as [clients.NAME] in config.toml.

The exit code is the client's own; 127 if it is not found, 126 if it cannot be run.";

/// `rdsconn tunnel HOST`.
#[derive(Debug, Args)]
pub(crate) struct Tunnel {
    /// The database
    #[arg(value_name = "HOST")]
    pub host: String,
    /// Where clients connect [default: a free port of 127.0.0.1]
    #[arg(long, value_name = "127.0.0.1:PORT|unix:PATH")]
    pub listen: Option<String>,
    /// Print listener, endpoint, user and process id as JSON
    #[arg(long)]
    pub json: bool,
    /// How long open connections may go on after SIGTERM
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub drain: Duration,
    #[command(flatten)]
    pub target: TargetOptions,
    #[command(flatten)]
    pub common: CommonOptions,
}

/// `rdsconn token HOST`.
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The database
    #[arg(value_name = "HOST")]
    pub host: String,
    /// Print token, endpoint, user and expiry as JSON
    #[arg(long)]
    pub json: bool,
    /// Mint a new token, whatever the cache holds
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub target: TargetOptions,
    #[command(flatten)]
    pub common: CommonOptions,
}

/// `rdsconn explain HOST`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The database
    #[arg(value_name = "HOST")]
    pub host: String,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub target: TargetOptions,
    #[command(flatten)]
    pub common: CommonOptions,
}

/// `rdsconn conventions …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Conventions {
    /// List all conventions, in the order in which they are asked
    List {
        #[command(flatten)]
        common: CommonOptions,
    },
    /// Check convention files and run their tests; without PATH, all of the user's own
    Check {
        /// Files or folders
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        common: CommonOptions,
    },
    /// Write a commented config.toml and an example convention; never overwrites
    Init {
        #[command(flatten)]
        common: CommonOptions,
    },
}

/// `rdsconn helper …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Helper {
    /// Link rdsconn beside every MySQL Shell as its credential helper, and have the Shell use it
    Install {
        /// Leave MySQL Shell's options alone: choose the helper with --credential-store-helper=rdsconn
        #[arg(long)]
        no_persist: bool,
        #[command(flatten)]
        shells: Shells,
        #[command(flatten)]
        common: CommonOptions,
    },
    /// Show every MySQL Shell, which helper it uses, and whether ours answers
    Status {
        #[command(flatten)]
        shells: Shells,
        #[command(flatten)]
        common: CommonOptions,
    },
    /// Have MySQL Shell use the helper it used before, and remove the links
    Uninstall {
        #[command(flatten)]
        shells: Shells,
        #[command(flatten)]
        common: CommonOptions,
    },
}

/// Which MySQL Shells are meant.
#[derive(Debug, Args)]
pub(crate) struct Shells {
    /// This mysqlsh only; may be repeated [default: all of PATH and the usual folders]
    #[arg(long = "shell", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// `rdsconn cache …`.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// List the tokens that are kept, without the tokens
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: CommonOptions,
    },
    /// Remove all tokens
    Clear {
        #[command(flatten)]
        common: CommonOptions,
    },
}

/// The shells that completions exist for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// The names come from the room that has the formats, so that help and completions cannot miss one.
fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse::<Format>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_bare_host_is_a_query_and_a_command_is_a_command() {
        let bare = Arguments::try_parse_from(["rdsconn", "orders.prod", "select 1", "-u", "dba"]).unwrap();
        assert_eq!(bare.query.host.as_deref(), Some("orders.prod"));
        assert_eq!(bare.query.sql.as_deref(), Some("select 1"));
        assert!(bare.command.is_none());
        let spelled = Arguments::try_parse_from(["rdsconn", "query", "explain", "select 1"]).unwrap();
        assert!(matches!(spelled.command, Some(Command::Query(query)) if query.host.as_deref() == Some("explain")));
    }
}
