//! The command line as it was typed. What it means is decided in `context` and in the commands.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, where a backtick would be printed")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::query::Format;

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
    /// Give the token in this variable, too: the weaker way, for programs that can take it in no other; every process of
    /// yours can read it there, and so can what the program starts
    #[arg(long, value_name = "NAME")]
    pub password_env: Option<String>,
    #[command(flatten)]
    pub target: TargetOptions,
    #[command(flatten)]
    pub common: CommonOptions,
}

const EXEC_HELP: &str = "\
Known clients get host, port, user, TLS options and the token in the way that each of them understands: mysql, mysqldump,
mysqladmin, mysqlimport, mysqlslap and the like (Oracle's and MariaDB's), mysqlsh, mycli, mydumper and myloader.

Any other program is told by placeholders in its arguments, {host} {port} {user} {database} {ca} {defaults_file}, and by the
variables RDSCONN_HOST, RDSCONN_PORT, RDSCONN_USER, RDSCONN_CA, RDSCONN_ENDPOINT, RDSCONN_ADDRESS, MYSQL_HOST and MYSQL_TCP_PORT.
{defaults_file} is an option file with the token. Recipes are kept as [clients.NAME] in config.toml.

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

/// Options that set a field of the target.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetOptions {
    /// AWS profile whose credentials sign
    #[arg(long, visible_alias = "aws-profile", value_name = "NAME")]
    pub profile: Option<String>,
    /// AWS region of the endpoint
    #[arg(long, visible_alias = "aws-region", value_name = "REGION")]
    pub region: Option<String>,
    /// RDS name: the token is signed for it and the certificate verified against it
    #[arg(long, value_name = "NAME")]
    pub endpoint: Option<String>,
    /// Port of the endpoint [default: 3306]
    #[arg(short = 'P', long, value_name = "PORT")]
    pub port: Option<String>,
    /// What is dialled, if it is not the endpoint
    #[arg(long, value_name = "HOST[:PORT]")]
    pub address: Option<String>,
    /// Database user
    #[arg(short, long, value_name = "NAME")]
    pub user: Option<String>,
    /// Default database
    #[arg(short = 'D', long, value_name = "NAME")]
    pub database: Option<String>,
    /// SSH bastion, or an alias from ssh_config
    #[arg(short = 'J', long, value_name = "[USER@]HOST[:PORT]")]
    pub bastion: Option<String>,
    /// direct or tunnel [default: tunnel where there is a bastion]
    #[arg(long, value_name = "ROUTE")]
    pub route: Option<String>,
    /// Where the password comes from [default: iam]
    #[arg(long, value_name = "AUTH")]
    pub auth: Option<String>,
    /// VERIFY_IDENTITY or VERIFY_CA [default: VERIFY_IDENTITY]
    #[arg(long, value_name = "MODE", ignore_case = true)]
    pub ssl_mode: Option<String>,
    /// PEM file of roots to trust beside those of RDS
    #[arg(long, value_name = "FILE")]
    pub ssl_ca: Option<String>,
    /// Stored credential, instead of a profile
    #[arg(long, value_name = "NAME", hide = true)]
    pub credential: Option<String>,
    /// Cluster, for the Data API
    #[arg(long, value_name = "ARN", hide = true)]
    pub cluster_arn: Option<String>,
    /// Secret, for the Data API
    #[arg(long, value_name = "ARN", hide = true)]
    pub secret_arn: Option<String>,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "General")]
pub(crate) struct CommonOptions {
    /// Configuration file [default: ~/.config/rdsconn/config.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// SSH configuration file, as for ssh
    #[arg(short = 'F', long, value_name = "FILE")]
    pub ssh_config: Option<PathBuf>,
    /// Time for each stage: bastion, credentials, login [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub connect_timeout: Option<Duration>,
    /// No progress, no remarks
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; may be repeated
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colour in messages
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
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

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 86_400.0 => Ok(Duration::from_secs_f64(number)),
        _ => Err("a number of seconds, more than 0 and at most 86400".to_owned()),
    }
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
