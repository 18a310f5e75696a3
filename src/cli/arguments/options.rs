//! The options that many commands share: those that set a field of the target, and those of every command.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, where a backtick would be printed")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

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
    /// direct, tunnel or data-api [default: tunnel where there is a bastion]
    #[arg(long, value_name = "ROUTE")]
    pub route: Option<String>,
    /// Where the password comes from: iam (a token), secret (Secrets Manager) or password (asked for) [default: iam]
    #[arg(long, value_name = "AUTH")]
    pub auth: Option<String>,
    /// VERIFY_IDENTITY or VERIFY_CA; REQUIRED, with --auth password only, trusts whoever answers with the password
    /// [default: VERIFY_IDENTITY]
    #[arg(long, value_name = "MODE", ignore_case = true)]
    pub ssl_mode: Option<String>,
    /// PEM file of roots to trust beside those of RDS
    #[arg(long, value_name = "FILE")]
    pub ssl_ca: Option<String>,
    /// Stored credential, instead of a profile (see rdsconn credential)
    #[arg(long, value_name = "NAME")]
    pub credential: Option<String>,
    /// Cluster, for the Data API [default: looked up by the endpoint]
    #[arg(long, value_name = "ARN")]
    pub cluster_arn: Option<String>,
    /// Secret with the login, for the Data API and for auth "secret" [default: the cluster's own]
    #[arg(long, value_name = "ARN")]
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

impl CommonOptions {
    /// None of them, and not a word.
    pub(crate) fn silent() -> Self {
        Self { config: None, ssh_config: None, connect_timeout: None, quiet: true, verbose: 0, color: Color::Never }
    }
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// A number of seconds, whole or not.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 86_400.0 => Ok(Duration::from_secs_f64(number)),
        _ => Err("a number of seconds, more than 0 and at most 86400".to_owned()),
    }
}
