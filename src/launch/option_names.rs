//! Which options of a client decide where it connects, as whom, with which password and over which TLS: what rdsconn sets
//! and nothing else may change, neither an argument nor the user's own option files.

use super::{Family, Tool};

/// What an option would change.
const HOST: &str = "the host";
const PORT: &str = "the port";
const WAY: &str = "the way of connecting";
const USER: &str = "the user";
const PASSWORD: &str = "the password";
const AUTHENTICATION: &str = "the authentication";
const TLS: &str = "TLS";
const FILES: &str = "the option files";

/// Oracle's and MariaDB's programs, of all versions. Every name that begins with `ssl` or `tls` comes on top.
const MYSQL: [(&str, &str); 27] = [
    ("host", HOST),
    // Replaces host and port, even those of the command line, and cannot be taken back by an empty value.
    ("dns-srv-name", HOST),
    ("network-namespace", HOST),
    ("port", PORT),
    ("socket", WAY),
    ("protocol", WAY),
    ("pipe", WAY),
    ("shared-memory-base-name", WAY),
    ("user", USER),
    ("password", PASSWORD),
    ("password1", PASSWORD),
    ("password2", PASSWORD),
    ("password3", PASSWORD),
    ("plugin-dir", AUTHENTICATION),
    ("default-auth", AUTHENTICATION),
    ("register-factor", AUTHENTICATION),
    ("oci-config-file", AUTHENTICATION),
    ("authentication-oci-client-config-profile", AUTHENTICATION),
    ("authentication-kerberos-client-mode", AUTHENTICATION),
    ("authentication-openid-connect-client-id-token-file", AUTHENTICATION),
    ("defaults-file", FILES),
    ("defaults-extra-file", FILES),
    ("defaults-group-suffix", FILES),
    ("no-defaults", FILES),
    ("print-defaults", FILES),
    ("login-path", FILES),
    ("no-login-paths", FILES),
];

/// What MySQL Shell has beside these.
const SHELL: [(&str, &str); 27] = [
    ("uri", HOST),
    ("ssh", HOST),
    ("ssh-identity-file", HOST),
    ("ssh-config-file", HOST),
    ("redirect-primary", HOST),
    ("redirect-secondary", HOST),
    ("mysqlx", WAY),
    ("mx", WAY),
    ("sqlx", WAY),
    ("sqln", WAY),
    ("node", WAY),
    ("dbuser", USER),
    ("dbpassword", PASSWORD),
    ("no-password", PASSWORD),
    ("save-passwords", PASSWORD),
    ("auth-method", AUTHENTICATION),
    ("mysql-plugin-dir", AUTHENTICATION),
    ("host", HOST),
    ("port", PORT),
    ("socket", WAY),
    ("user", USER),
    ("password", PASSWORD),
    ("password1", PASSWORD),
    ("password2", PASSWORD),
    ("password3", PASSWORD),
    ("fido-register-factor", AUTHENTICATION),
    ("plugin-authentication-kerberos-client-mode", AUTHENTICATION),
];

const MYCLI: [(&str, &str); 32] = [
    ("host", HOST),
    ("hostname", HOST),
    ("dsn", HOST),
    ("ssh-user", HOST),
    ("ssh-host", HOST),
    ("ssh-port", HOST),
    ("ssh-password", HOST),
    ("ssh-key-filename", HOST),
    ("ssh-config-path", HOST),
    ("ssh-config-host", HOST),
    ("ssh-jump", HOST),
    ("ssh-options", HOST),
    ("kubectl-resource", HOST),
    ("kubectl-options", HOST),
    ("boundary-id", HOST),
    ("port", PORT),
    ("socket", WAY),
    ("user", USER),
    ("username", USER),
    ("vault-username-field", USER),
    ("pass", PASSWORD),
    ("password", PASSWORD),
    ("password-file", PASSWORD),
    ("use-keyring", PASSWORD),
    ("vault-address", PASSWORD),
    ("vault-mount", PASSWORD),
    ("vault-secret", PASSWORD),
    ("vault-password-field", PASSWORD),
    ("enable-cleartext-plugin", AUTHENTICATION),
    ("login-path", FILES),
    ("defaults-file", FILES),
    ("defaults-group-suffix", FILES),
];

const MYDUMPER: [(&str, &str); 14] = [
    ("host", HOST),
    ("port", PORT),
    ("socket", WAY),
    ("protocol", WAY),
    ("user", USER),
    ("password", PASSWORD),
    ("ask-password", PASSWORD),
    ("key", TLS),
    ("cert", TLS),
    ("ca", TLS),
    ("capath", TLS),
    ("cipher", TLS),
    ("defaults-file", FILES),
    ("defaults-extra-file", FILES),
];

/// Options of the user's own files that are dropped although they may be given as arguments: a server must not be able to
/// ask for files because a file says so once and for all, and a source address that suits a network does not suit a tunnel.
const DROPPED_FROM_FILES: [&str; 4] =
    ["local-infile", "load-data-local-dir", "bind-address", "enable-cleartext-plugin"];

/// What a long option would change, if it is one that rdsconn sets. The name comes without its dashes and its value.
///
/// Oracle's and MariaDB's programs take `_` for `-`, any beginning of a name that is unambiguous, and the name behind
/// `loose-`, `skip-`, `disable-`, `enable-` or `maximum-`. A beginning that only some version takes is refused as well.
pub(super) fn meaning(family: Family, name: &str) -> Option<&'static str> {
    let name = name.replace('_', "-").to_ascii_lowercase();
    let mut name = name.as_str();
    if takes_beginnings(family) {
        while let Some(rest) = SPECIAL_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)) {
            name = rest;
        }
    }
    let is_tls = ["ssl", "tls"].iter().any(|word| name.starts_with(word));
    if is_tls {
        return Some(TLS);
    }
    let is_named =
        |known: &str| known == name || (takes_beginnings(family) && !name.is_empty() && known.starts_with(name));
    names(family).iter().find(|(known, _)| is_named(known)).map(|(_, what)| *what)
}

/// Whether an option of the user's own files stays in effect.
pub(super) fn may_stay(family: Family, name: &str) -> bool {
    let dashed = name.replace('_', "-");
    let dropped = DROPPED_FROM_FILES.iter().any(|dropped| {
        // As an abbreviation only where it is long enough to be meant: `local` is an option of its own.
        dashed.ends_with(dropped) || (dashed.len() > "local".len() && dropped.starts_with(dashed.as_str()))
    });
    // The group [client] is everybody's: what Oracle's programs know there counts for the others, too.
    !dropped && [family, Family::Oracle].into_iter().all(|family| meaning(family, name).is_none())
}

const SPECIAL_PREFIXES: [&str; 6] = ["loose-", "skip-", "disable-", "enable-", "maximum-", "autoset-"];

fn names(family: Family) -> &'static [(&'static str, &'static str)] {
    match family {
        Family::Oracle | Family::MariaDb => &MYSQL,
        Family::Shell => &SHELL,
        Family::Mycli => &MYCLI,
        Family::Mydumper(_) => &MYDUMPER,
    }
}

fn takes_beginnings(family: Family) -> bool {
    matches!(family, Family::Oracle | Family::MariaDb)
}

/// What a short option would change, if it is one that rdsconn sets.
pub(super) fn short_meaning(family: Family, letter: char) -> Option<&'static str> {
    match (letter, family) {
        ('h', _) | ('d', Family::Mycli) => Some(HOST),
        ('P', _) => Some(PORT),
        ('S', _) => Some(WAY),
        ('u', _) => Some(USER),
        ('p', _) | ('a', Family::Mydumper(_)) => Some(PASSWORD),
        ('g', Family::Mycli) => Some(FILES),
        _ => None,
    }
}

/// Letters of short options that take a value, either attached or as the next argument.
pub(super) fn short_with_value(family: Family, tool: Tool) -> &'static str {
    match (family, tool) {
        (Family::Shell, _) => "DPSefhu",
        (Family::Mycli, _) => "DPRSdeghlu",
        (Family::Mydumper(_), Tool::ParallelLoad) => "BLPSdhpqstuv",
        (Family::Mydumper(_), _) => "BFILOPSTUhilopqrstuvxz",
        (_, Tool::Dump) => "DPSThjruw",
        (_, Tool::Admin) => "PSchiu",
        (_, Tool::Import) => "PSchju",
        (_, Tool::Slap) => "FPScehiquxy",
        (_, Tool::Show) => "PSchu",
        (_, Tool::Check) => "PShu",
        (_, _) => "DPSehu",
    }
}

/// Long options whose value may come as the next argument, and may look like an option or an operand itself. They have a
/// value in every version of every program that has them.
pub(super) fn long_with_value(family: Family, name: &str) -> bool {
    const MYSQL: [&str; 44] = [
        "execute",
        "init-command",
        "init-command-add",
        "database",
        "default-character-set",
        "character-sets-dir",
        "delimiter",
        "prompt",
        "tee",
        "histignore",
        "where",
        "result-file",
        "tab",
        "log-error",
        "ignore-error",
        "ignore-table",
        "ignore-table-data",
        "ignore-database",
        "include-user",
        "exclude-user",
        "compatible",
        "fields-terminated-by",
        "fields-enclosed-by",
        "fields-optionally-enclosed-by",
        "fields-escaped-by",
        "lines-terminated-by",
        "max-allowed-packet",
        "net-buffer-length",
        "connect-timeout",
        "compression-algorithms",
        "columns",
        "ignore-lines",
        "use-threads",
        "skip-database",
        "create",
        "create-schema",
        "engine",
        "query",
        "pre-query",
        "post-query",
        "pre-system",
        "post-system",
        "bind-address",
        "as-of",
    ];
    const SHELL: [&str; 18] = [
        "execute",
        "schema",
        "database",
        "pager",
        "result-format",
        "log-level",
        "log-file",
        "log-sql",
        "dba",
        "histignore",
        "connect-timeout",
        "compression-algorithms",
        "compression-level",
        "credential-store-helper",
        "server-public-key-path",
        "debug",
        "show-warnings",
        "max-allowed-packet",
    ];
    const MYCLI: [&str; 19] = [
        "execute",
        "database",
        "prompt",
        "toolbar",
        "logfile",
        "checkpoint",
        "myclirc",
        "local-infile",
        "init-command",
        "charset",
        "character-set",
        "batch",
        "format",
        "throttle",
        "keepalive-ticks",
        "completions",
        "color",
        "pager",
        "tee",
    ];
    match family {
        Family::Oracle | Family::MariaDb => MYSQL.contains(&name),
        Family::Shell => SHELL.contains(&name),
        Family::Mycli => MYCLI.contains(&name),
        Family::Mydumper(_) => false,
    }
}
