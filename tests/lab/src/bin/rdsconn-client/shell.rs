//! MySQL Shell, as far as a program that starts it must know it: which options it takes, from where, and when it refuses to
//! send a password as it is. Then it logs in and runs SQL.
//!
//! Sources: `mysqlshdk/shellcore/shell_options.cc` of MySQL Shell, and MySQL Shell 9.6 itself.

use std::io::{BufRead as _, Write};

use rdsconn_lab::client::Guise;
use rdsconn_lab::driver::{Answer, Session};

use crate::arguments::Arguments;

/// Option files are put in front of the command line, so that these hold for both.
const OPTIONS: [&str; 78] = [
    "uri",
    "host",
    "port",
    "connect-timeout",
    "socket",
    "user",
    "dbuser",
    "password",
    "dbpassword",
    "password1",
    "password2",
    "password3",
    "compress",
    "compression-algorithms",
    "compression-level",
    "zstd-compression-level",
    "import",
    "schema",
    "database",
    "register-factor",
    "recreate-schema",
    "mx",
    "mysqlx",
    "mc",
    "mysql",
    "redirect-primary",
    "redirect-secondary",
    "cluster",
    "replicaset",
    "sql",
    "sqlc",
    "sqlx",
    "js",
    "javascript",
    "py",
    "python",
    "json",
    "table",
    "tabbed",
    "vertical",
    "E",
    "result-format",
    "get-server-public-key",
    "server-public-key-path",
    "interactive",
    "i",
    "force",
    "log-file",
    "log-level",
    "log-sql",
    "verbose",
    "passwords-from-stdin",
    "show-warnings",
    "column-type-info",
    "histignore",
    "pager",
    "name-cache",
    "no-name-cache",
    "A",
    "nw",
    "no-wizard",
    "no-password",
    "ssl-key",
    "ssl-cert",
    "ssl-ca",
    "ssl-capath",
    "ssl-cipher",
    "ssl-crl",
    "ssl-crlpath",
    "ssl-mode",
    "tls-version",
    "tls-ciphersuites",
    "auth-method",
    "quiet-start",
    "execute",
    "file",
    "credential-store-helper",
    "save-passwords",
];

/// Does what it is asked for; gives the status.
pub(crate) fn play(arguments: &Arguments) -> Result<u8, String> {
    let entries = arguments.in_files()?;
    let from_files = entries.iter().map(|entry| entry.name.as_str());
    for name in from_files.chain(arguments.options.iter().map(|(name, _)| name.as_str())) {
        if name.starts_with("loose-") {
            let _ = writeln!(std::io::stderr(), "mysqlsh: [Warning] unknown option '--{name}'");
        } else if !OPTIONS.contains(&name) {
            return Err(format!("unknown option --{name}"));
        }
    }
    if arguments.value(&["auth-method"])?.as_deref() == Some("mysql_clear_password") {
        match arguments.value(&["ssl-mode"])?.unwrap_or_default().to_ascii_uppercase().as_str() {
            "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY" => {}
            "PREFERRED" => {
                return Err(
                    "Clear password authentication requires a secure channel, please use ssl-mode=REQUIRED to \
                            guarantee a secure channel."
                        .to_owned(),
                );
            }
            _ => return Err("Clear password authentication is not supported over insecure channels.".to_owned()),
        }
    }
    let mut session = arguments.log_in(&Guise::Shell(String::new()))?;
    if let Some(sql) = arguments.value(&["execute"])? {
        run(&mut session, &sql)?;
        return Ok(0);
    }
    for line in std::io::stdin().lock().lines() {
        match line.map_err(|error| error.to_string())?.trim() {
            "" => {}
            "\\q" | "\\quit" | "\\exit" => break,
            sql => run(&mut session, sql)?,
        }
    }
    Ok(0)
}

/// Runs SQL and prints rows as `--tabbed` does.
pub(crate) fn run(session: &mut Session, sql: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    for Answer { columns, rows } in session.query(sql).map_err(|error| error.to_string())? {
        if columns.is_empty() {
            continue;
        }
        let lines = rows.iter().map(|row| {
            let values = row.iter().map(|value| match value {
                Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                None => "NULL".to_owned(),
            });
            values.collect::<Vec<_>>().join("\t")
        });
        for line in std::iter::once(columns.join("\t")).chain(lines) {
            writeln!(out, "{line}").map_err(|error| error.to_string())?;
        }
    }
    out.flush().map_err(|error| error.to_string())
}
