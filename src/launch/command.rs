//! A client's start, put together: command line, environment, option file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::arguments::{self, CommandLine};
use super::option_file::{Format, PIECEWISE};
use super::{Access, Client, Error, Family, Flavour, Library, OptionFile, Tool, Version};
use super::{environment as variables, placeholders, refusal, user_files};
use crate::os::Environment;

/// Which credential helper one MySQL Shell process uses.
const SHELL_HELPER: &str = "MYSQLSH_CREDENTIAL_STORE_HELPER";

/// What the user asked for beside the client and the host.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The arguments after `--`: untouched and last for a client that is known by name; with placeholders for any other.
    pub arguments: Vec<OsString>,
    /// The credential helper that answers for this run's port, if one is installed: MySQL Shell then asks it for each
    /// connection, and gets no password from us.
    pub shell_helper: Option<&'static str>,
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
    /// Whether the client itself refuses a server that offers no TLS. If not, it would send the password in clear to
    /// whoever takes the offer of TLS out of the server's greeting: whoever forwards its connection must cut it where the
    /// greeting does not offer TLS (the flag `CLIENT_SSL`, 0x0800, of the protocol's initial handshake packet). Its
    /// further checks do not depend on anybody else.
    pub insists_on_tls: bool,
}

/// Checks everything that can be checked before there is a way: refuses arguments that would undo what rdsconn sets,
/// unknown placeholders of a recipe, and clients that cannot log in safely.
pub fn check(client: &Client, flavour: Flavour, wishes: &Wishes) -> Result<(), Error> {
    if let Some(name) = wishes.password_variable.as_ref().filter(|name| !variables::can_carry_password(name)) {
        return Err(Error::PasswordVariable { name: name.clone() });
    }
    if let Some(recipe) = client.recipe() {
        recipe.arguments.iter().chain(recipe.environment.values()).try_for_each(|text| placeholders::check(text))?;
    }
    let Flavour::Known { family, tool, version } = flavour else { return Ok(()) };
    arguments::check(client.program(), family, version)?;
    let mut names = client.recipe().into_iter().flat_map(|recipe| recipe.environment.keys());
    if let Some(name) = names.find(|name| variables::is_ours(name)) {
        return Err(Error::RecipeVariable { program: client.program().to_owned(), name: name.clone() });
    }
    refusal::refuse(family, tool, &recipe_and_user(client, wishes, &|text| text.into()))
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
    let (line, option_file) = match flavour {
        Flavour::Known { family, tool, version } => {
            let line = known(client, (family, tool, version), access, wishes);
            if !access.is_tunnel && !line.insists_on_tls {
                let lack =
                    "would send the password in clear to a server without TLS, and there is no tunnel to prevent it";
                return Err(Error::Unsuitable { program: client.program().to_owned(), version, lack });
            }
            (line, Some(known_file(client, family, version, access, environment, wishes)))
        }
        Flavour::Other => other(client, access, wishes),
    };
    let mut set = variables::set(flavour, access);
    if let (Flavour::Known { family: Family::Shell, .. }, Some(helper)) = (flavour, wishes.shell_helper) {
        set.insert(SHELL_HELPER.into(), helper.into());
    }
    for (name, text) in client.recipe().iter().flat_map(|recipe| &recipe.environment) {
        set.insert(name.into(), placeholders::fill_text(text, access));
    }
    Ok(ClientCommand {
        program: client.program().to_owned(),
        arguments: line.arguments,
        environment: set,
        remove: variables::removed(flavour, environment),
        option_file,
        password_variable: wishes.password_variable.clone(),
        insists_on_tls: line.insists_on_tls,
    })
}

fn known(
    client: &Client,
    (family, tool, version): (Family, Tool, Version),
    access: &Access,
    wishes: &Wishes,
) -> CommandLine {
    let mut line = arguments::of(family, tool, version, access);
    let last = recipe_and_user(client, wishes, &|text| placeholders::fill_text(text, access));
    let names_databases = refusal::names_databases(family, tool, &last);
    line.arguments.extend(arguments::operand(tool, names_databases, access));
    line.arguments.extend(last);
    line
}

/// The arguments of the recipe, then those of the command line.
fn recipe_and_user(client: &Client, wishes: &Wishes, filled: &dyn Fn(&str) -> OsString) -> Vec<OsString> {
    let recipe =
        client.recipe().iter().flat_map(|recipe| &recipe.arguments).map(|text| filled(text)).collect::<Vec<_>>();
    recipe.into_iter().chain(wishes.arguments.iter().cloned()).collect()
}

fn known_file(
    client: &Client,
    family: Family,
    version: Version,
    access: &Access,
    environment: &Environment,
    wishes: &Wishes,
) -> OptionFile {
    let program = client.program().to_owned();
    if family == Family::Mycli {
        let format = Format::Line;
        return OptionFile { program, format, limit: None, is_regular: false, is_without_password: false };
    }
    let before = match family {
        // The library reads more than mydumper itself does, and what it reads wins over the command line.
        Family::Mydumper(_) => String::new(),
        _ => user_files::harmless(family, &user_files::standard(family, &program, environment)),
    };
    let pin = match family {
        Family::Mydumper(library @ Library::MariaDb) => arguments::pin(library, access),
        _ => None,
    };
    let takes_any = family == Family::Oracle && version >= Version::new(9, 7, 0);
    OptionFile {
        program,
        format: Format::Options { before, client: pin.map(|pin| ("ssl-fp", pin)).into_iter().collect() },
        limit: (!takes_any).then_some(PIECEWISE),
        // Read in its source: glib's reader of key files, which came after 0.10, takes regular files only.
        is_regular: matches!(family, Family::Mydumper(_)) && version >= Version::new(0, 11, 0),
        is_without_password: family == Family::Shell && wishes.shell_helper.is_some(),
    }
}

/// A program that is not known by name. What it does about TLS is its own affair and its user's.
fn other(client: &Client, access: &Access, wishes: &Wishes) -> (CommandLine, Option<OptionFile>) {
    let recipe = client.recipe();
    let written: Vec<OsString> = recipe_and_user(client, wishes, &|text| text.into());
    let values = recipe.iter().flat_map(|recipe| recipe.environment.values()).map(String::as_bytes);
    let wants_file =
        placeholders::name_the_option_file(written.iter().map(|argument| argument.as_bytes()).chain(values));
    let option_file = wants_file.then(|| OptionFile {
        program: client.program().to_owned(),
        // A whole description: most programs that take such a file take nothing else.
        format: Format::Options { before: String::new(), client: description(access) },
        limit: Some(PIECEWISE),
        is_regular: false,
        is_without_password: false,
    });
    let recipe = recipe.iter().flat_map(|recipe| &recipe.arguments).map(|text| placeholders::fill_text(text, access));
    let arguments =
        recipe.chain(wishes.arguments.iter().map(|argument| placeholders::fill(argument, access))).collect();
    (CommandLine { arguments, insists_on_tls: false }, option_file)
}

fn description(access: &Access) -> Vec<(&'static str, String)> {
    let mut options = vec![
        ("host", access.connect.host.clone()),
        ("port", access.connect.port.to_string()),
        ("protocol", "tcp".to_owned()),
        ("user", access.user.clone()),
    ];
    options.extend(access.ca_file.to_str().map(|path| ("ssl-ca", path.to_owned())));
    options
}
