//! What a client finds in its environment, and what it does not.
//!
//! No secret is ever put there from here: `--password-env` only names a variable, which the caller fills.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::{Access, Family, Flavour};
use crate::os::{Environment, is_secret_variable};

/// Variables that could undo what a client is given. Read in the sources of the clients, and `DSN` seen with mycli 1.26.
const UNDOING: [&str; 12] = [
    // Oracle's library sends a token with no check of TLS where this is set.
    "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN",
    // Plug-ins that are loaded into the client and given the password.
    "LIBMYSQL_PLUGINS",
    "LIBMYSQL_PLUGIN_DIR",
    "MARIADB_PLUGIN_DIR",
    // MariaDB 11.4 and later: no verification at all.
    "MARIADB_TLS_DISABLE_PEER_VERIFICATION",
    // Wins over MYSQL_HOST in MariaDB 11.8.
    "MARIADB_HOST",
    "MYSQL_UNIX_PORT",
    "MARIADB_UNIX_PORT",
    // mycli: a socket, a user, or a whole other database.
    "MYSQL_UNIX_SOCKET",
    "MYSQL_USER",
    "MYSQL_DSN",
    "DSN",
];

/// Names that must not be inherited. Other programs keep `DSN` and the like, which are theirs to understand.
pub(super) fn removed(flavour: Flavour, environment: &Environment) -> Vec<OsString> {
    let names = environment.variables().map(|(name, _)| name);
    let is_removed = |name: &&OsStr| {
        is_secret_variable(name)
            || name.to_str().is_some_and(|name| match flavour {
                Flavour::Known { .. } => UNDOING.contains(&name),
                Flavour::Other => name == UNDOING[0],
            })
    };
    names.filter(is_removed).map(OsStr::to_owned).collect()
}

/// Variables for every client.
pub(super) fn set(flavour: Flavour, access: &Access) -> BTreeMap<OsString, OsString> {
    let port = access.connect.port.to_string();
    let mut set: BTreeMap<OsString, OsString> = [
        ("RDSCONN_HOST", access.connect.host.clone()),
        ("RDSCONN_PORT", port.clone()),
        ("RDSCONN_LISTENER", access.connect.to_string()),
        ("RDSCONN_ENDPOINT", access.endpoint.to_string()),
        ("RDSCONN_ADDRESS", access.address.to_string()),
        ("RDSCONN_USER", access.user.clone()),
        ("MYSQL_HOST", access.connect.host.clone()),
        ("MYSQL_TCP_PORT", port),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into();
    set.insert("RDSCONN_CA".into(), access.ca_file.clone().into());
    // ~/.mylogin.cnf is read after every other file, even after --defaults-file, so that a password in it would win. This
    // variable names another file instead; one that is not there is no error. MariaDB knows neither.
    if !matches!(flavour, Flavour::Known { family: Family::MariaDb, .. }) {
        set.insert("MYSQL_TEST_LOGIN_FILE".into(), access.option_file.with_extension("no-login-file").into());
    }
    set
}

/// Whether a recipe may set this variable for a client that is known by name.
pub(super) fn is_ours(name: &str) -> bool {
    const SET: [&str; 3] = ["MYSQL_HOST", "MYSQL_TCP_PORT", "MYSQL_TEST_LOGIN_FILE"];
    name.starts_with("RDSCONN_") || SET.contains(&name) || UNDOING.contains(&name) || is_secret_variable(name.as_ref())
}

/// Whether this can be the name of the variable that carries a password: a plain name that means nothing else to the
/// client, to the loader or to rdsconn.
pub(super) fn can_carry_password(name: &str) -> bool {
    const TAKEN: [&str; 10] =
        ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "PWD", "MYSQL_HOST", "MYSQL_TCP_PORT"];
    const PREFIXES: [&str; 6] = ["LD_", "DYLD_", "LC_", "XDG_", "RDSCONN_", "MYSQL_TEST_"];
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_plain
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
        && !TAKEN.contains(&name)
        && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
