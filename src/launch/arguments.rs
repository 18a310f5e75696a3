//! What each family of clients is told on its command line, before the arguments of the user.
//!
//! The password is never there. What stands here wins over every option file; what the user writes after it has been
//! through [`super::refusal`].

use std::ffi::OsString;
use std::path::Path;

use super::{Access, Error, Family, Library, Tool, Version};
use crate::target::SslMode;

/// A command line in the making, and what it achieves.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    pub(super) arguments: Vec<OsString>,
    /// Whether the client itself refuses a server that offers no TLS.
    pub(super) insists_on_tls: bool,
}

impl CommandLine {
    fn flag(&mut self, flag: &str) {
        self.arguments.push(flag.into());
    }

    fn option(&mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) {
        let mut argument = OsString::from(name);
        argument.push("=");
        argument.push(value);
        self.arguments.push(argument);
    }

    /// Host, port and user, spelled the same by all.
    fn place(&mut self, access: &Access) {
        self.option("--host", &access.connect.host);
        self.option("--port", access.connect.port.to_string());
        self.option("--user", &access.user);
    }
}

/// From 11.4 on, MariaDB's clients verify by default, also on a numeric loopback address (there without the name), and can
/// pin a certificate.
const MARIADB_VERIFIES: Version = Version::new(11, 4, 0);

/// The command line for one client.
pub(super) fn of(family: Family, tool: Tool, version: Version, access: &Access) -> CommandLine {
    match family {
        Family::Oracle => oracle(tool, access),
        Family::MariaDb => mariadb(tool, version, access),
        Family::Shell => shell(access),
        Family::Mycli => mycli(version, access),
        Family::Mydumper(library) => mydumper(library, version, access),
    }
}

/// Refuses versions that cannot be made to verify a certificate.
pub(super) fn check(program: &Path, family: Family, version: Version) -> Result<(), Error> {
    let unsuitable = |lack| Err(Error::Unsuitable { program: program.to_owned(), version, lack });
    match family {
        // Read in the release notes: --ssl-mode came with 5.7.11.
        Family::Oracle if version < Version::new(5, 7, 11) => unsuitable("cannot be made to insist on verified TLS"),
        // Read in the release notes: --save-passwords came with 8.0.12.
        Family::Shell if version < Version::new(8, 0, 12) => unsuitable("might keep the password"),
        // Read in its source: these can ask libmysqlclient for encryption only.
        Family::Mydumper(Library::Oracle) if version < Version::new(0, 12, 0) => {
            unsuitable("cannot be made to verify a certificate with MySQL's library")
        }
        _ => Ok(()),
    }
}

/// The word of Oracle's `--ssl-mode`, which also mydumper and MySQL Shell take.
fn ssl_mode(access: &Access) -> &'static str {
    if access.verifies_name() {
        SslMode::VerifyIdentity.name()
    } else if access.verifies() {
        SslMode::VerifyCa.name()
    } else {
        SslMode::Required.name()
    }
}

fn oracle(tool: Tool, access: &Access) -> CommandLine {
    let mut line = CommandLine { insists_on_tls: true, ..CommandLine::default() };
    line.option("--defaults-file", &access.option_file);
    line.place(access);
    line.option("--protocol", "TCP");
    line.option("--ssl-mode", ssl_mode(access));
    if access.verifies() {
        line.option("--ssl-ca", &access.ca_file);
    }
    if access.sends_token() {
        line.flag("--enable-cleartext-plugin");
    }
    terminal(&mut line, tool, access);
    line
}

fn mariadb(tool: Tool, version: Version, access: &Access) -> CommandLine {
    let mut line = CommandLine::default();
    line.option("--defaults-file", &access.option_file);
    line.place(access);
    line.option("--protocol", "TCP");
    line.flag("--ssl");
    if access.verifies() {
        line.option("--ssl-ca", &access.ca_file);
    }
    if version >= MARIADB_VERIFIES {
        let pin = access.certificate.filter(|_| access.verifies());
        // The name is checked as well, save where it is a numeric loopback address or the certificate is pinned.
        let can_verify = access.verifies() && (access.is_tunnel || access.verifies_name() || pin.is_some());
        line.flag(if can_verify { "--ssl-verify-server-cert" } else { "--skip-ssl-verify-server-cert" });
        // A pin takes the place of chain and name: with the right print a wrong CA goes unnoticed, with a wrong one
        // nothing else helps. The certificate is the one that we have just verified.
        if let Some(prints) = pin {
            line.option("--ssl-fp", prints.sha256_digits());
        }
        line.insists_on_tls = can_verify;
    } else if access.verifies_name() {
        line.insists_on_tls = true;
        line.flag("--ssl-verify-server-cert");
    }
    // Else: `--ssl-ca` has the chain verified, in all versions, but a server that offers no TLS gets the password in clear.
    // Before 11.4, `--ssl-verify-server-cert` would stop that, but with it the name is checked on a loopback address, too.
    terminal(&mut line, tool, access);
    line
}

/// What only a client at which a person types gets: no file leaves this machine because a server asks for it (T3).
fn terminal(line: &mut CommandLine, tool: Tool, access: &Access) {
    if tool == Tool::Terminal {
        line.option("--local-infile", "0");
        if let Some(database) = &access.database {
            line.option("--database", database);
        }
    }
}

/// MySQL Shell. Not run here; its options were read in the sources of 8.0 to 9.6, and its ways with passwords and TLS were
/// seen with 9.6. The classic protocol is named because 8.4 and earlier try the X protocol first, on a connection of its
/// own. The variable that enables cleartext does so without a look at TLS, which this option does not.
fn shell(access: &Access) -> CommandLine {
    let mut line = CommandLine { insists_on_tls: true, ..CommandLine::default() };
    line.option("--defaults-file", &access.option_file);
    line.flag("--mysql");
    line.place(access);
    line.option("--ssl-mode", ssl_mode(access));
    if access.verifies() {
        line.option("--ssl-ca", &access.ca_file);
    }
    if access.sends_token() {
        line.option("--auth-method", "mysql_clear_password");
    }
    line.option("--save-passwords", "never");
    if let Some(database) = &access.database {
        line.option("--schema", database);
    }
    line
}

/// mycli. Up to 1.x it reads `my.cnf` itself, and there a file's `ssl-ca` or `password` wins over the command line; so it
/// gets an empty one. The password comes on the first line of a file of its own. Whether a server without TLS is refused
/// depends on its driver: `PyMySQL` 1.0 sends the password in clear, 1.2 refuses, which mycli 2.30 demands.
fn mycli(version: Version, access: &Access) -> CommandLine {
    let mut line = CommandLine { insists_on_tls: version >= Version::new(2, 30, 0), ..CommandLine::default() };
    if version.major < 2 {
        line.option("--defaults-file", "/dev/null");
    }
    line.place(access);
    line.option("--password-file", &access.option_file);
    if version.major < 2 {
        line.flag("--ssl");
    } else {
        line.option("--ssl-mode", "on");
        // It would keep the password where its configuration says so.
        line.option("--use-keyring", "false");
    }
    if access.verifies() {
        line.option("--ssl-ca", &access.ca_file);
    }
    if access.verifies_name() {
        line.flag("--ssl-verify-server-cert");
    }
    line.option("--local-infile", "0");
    if let Some(database) = &access.database {
        line.option("--database", database);
    }
    line
}

/// mydumper and myloader. Which database to dump, or to load into, is a filter there and not a default: it is left to the
/// user's arguments, lest a dump be incomplete without a word.
///
/// 0.10 knows `--ssl` and `--ca` alone, with which MariaDB's library verifies the chain; the pin that makes it insist on
/// TLS comes with the option file, where the library reads it. Of later ones the source was read.
fn mydumper(library: Library, version: Version, access: &Access) -> CommandLine {
    let mut line = CommandLine::default();
    line.option("--defaults-file", &access.option_file);
    line.place(access);
    if version < Version::new(0, 12, 0) {
        line.flag("--ssl");
    } else {
        line.option("--protocol", "tcp");
        line.option(
            "--ssl-mode",
            match library {
                Library::Oracle => ssl_mode(access),
                Library::MariaDb if access.verifies_name() => SslMode::VerifyIdentity.name(),
                Library::MariaDb => SslMode::Required.name(),
            },
        );
    }
    if access.verifies() {
        line.option("--ca", &access.ca_file);
    }
    line.insists_on_tls = library == Library::Oracle || pin(library, access).is_some();
    line
}

/// The pin for MariaDB's library in the option file of mydumper. SHA-1, since 3.3 and earlier, which also verify the chain
/// where there is a pin, compare no other print.
pub(super) fn pin(library: Library, access: &Access) -> Option<String> {
    let prints = access.certificate.filter(|_| library == Library::MariaDb && access.verifies())?;
    Some(prints.sha1_digits())
}

/// The default database of a program that takes it as an operand: only where the user's arguments name none, and never
/// for `mysqlslap`, which drops the schema that it is given.
pub(super) fn operand(tool: Tool, names_databases: bool, access: &Access) -> Option<OsString> {
    let takes_it = match tool {
        Tool::Import => true,
        Tool::Dump | Tool::Check | Tool::Show => !names_databases,
        Tool::Terminal | Tool::Admin | Tool::Slap | Tool::ParallelDump | Tool::ParallelLoad => false,
    };
    // A name that begins with a dash is no operand to these programs.
    let database = access.database.as_ref().filter(|name| takes_it && !name.as_bytes().starts_with(b"-"))?;
    Some(OsString::from(database))
}
