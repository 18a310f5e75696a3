//! `rdsconn credential …` as it was typed.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, where a backtick would be printed")]

use clap::{Args, Subcommand, ValueEnum};

use super::{CommonOptions, TargetOptions};

/// `rdsconn credential …`.
#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// Store AWS access keys under a name: in the system's keyring, else in a file that a passphrase opens
    Add(Box<AddCredential>),
    /// List what is stored, without secrets
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: CommonOptions,
    },
    /// Show what is known of a credential, its secret masked
    Show {
        /// The credential
        name: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: CommonOptions,
    },
    /// Ask AWS who a credential is; with HOST, also what it may do of what the way to HOST needs
    Test(Box<TestCredential>),
    /// Remove a credential and its secret
    Remove {
        /// The credential
        name: String,
        /// Also where it is damaged, or the keyring does not let go of the secret
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        common: CommonOptions,
    },
    /// Print the keys as JSON, as AWS's credential_process does: for every AWS tool
    Export {
        /// The credential
        name: String,
        #[command(flatten)]
        common: CommonOptions,
    },
}

impl CredentialCommand {
    /// The options of every command.
    pub(crate) fn common(&self) -> &CommonOptions {
        match self {
            Self::Add(add) => &add.common,
            Self::Test(test) => &test.common,
            Self::List { common, .. }
            | Self::Show { common, .. }
            | Self::Remove { common, .. }
            | Self::Export { common, .. } => common,
        }
    }
}

/// `rdsconn credential add NAME`.
#[derive(Debug, Args)]
#[command(
    after_help = "What is not given is asked for on the terminal. In a script the secret access key is the first line of \
                  stdin, or of the descriptor that --secret-fd names; the session token of temporary keys is the second \
                  line of stdin, or the first of the descriptor that --session-token-fd names. No secret is ever taken \
                  from an argument or a variable.\n\nThe passphrase of an encrypted file is asked for, or is the first \
                  line of the private file that RDSCONN_PASSPHRASE_FILE names."
)]
pub(crate) struct AddCredential {
    /// What the keys are stored as
    pub name: String,
    /// What they are for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// AWS region, where nothing else names one [default: us-east-1]
    #[arg(long, visible_alias = "aws-region", value_name = "REGION")]
    pub region: Option<String>,
    /// Access key id; no secret
    #[arg(long, value_name = "ID")]
    pub access_key_id: Option<String>,
    /// Read the secret access key from this descriptor
    #[arg(long, value_name = "N")]
    pub secret_fd: Option<u16>,
    /// Read the session token from this descriptor
    #[arg(long, value_name = "N")]
    pub session_token_fd: Option<u16>,
    /// Where the secret is stored
    #[arg(long, value_enum, value_name = "STORE", default_value_t = StoreChoice::Auto)]
    pub store: StoreChoice,
    /// Replace what is stored under the name
    #[arg(long)]
    pub force: bool,
    /// Do not ask AWS whether it knows the keys
    #[arg(long)]
    pub no_test: bool,
    /// Add a profile to the AWS configuration that gets its keys from here [default: called as the credential]; for a
    /// credential that is stored already, only that
    #[arg(long, value_name = "PROFILE", num_args = 0..=1, default_missing_value = "")]
    pub aws_profile: Option<String>,
    #[command(flatten)]
    pub common: CommonOptions,
}

/// `--store`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreChoice {
    /// The keyring where there is one, else a file
    Auto,
    /// The keyring, or nowhere
    Keyring,
    /// A file that a passphrase opens
    File,
}

/// `rdsconn credential test NAME [HOST]`.
#[derive(Debug, Args)]
pub(crate) struct TestCredential {
    /// The credential
    pub name: String,
    /// A database that it is to be used for
    #[arg(value_name = "HOST")]
    pub host: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub target: TargetOptions,
    #[command(flatten)]
    pub common: CommonOptions,
}
