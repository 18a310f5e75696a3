//! A client's command line and option files, and what they say together: the command line wins, then the last file.

use std::cell::RefCell;
use std::path::PathBuf;

use rdsconn_lab::client::Guise;
use rdsconn_lab::driver::{Destination, Session, Tls};

use crate::option_file::{self, Entry};

/// Options that only count as the first arguments, in the clients' own words.
const FIRST: [&str; 5] = ["defaults-file", "defaults-extra-file", "defaults-group-suffix", "login-path", "no-defaults"];

/// Options whose value may be the next argument.
const WITH_VALUE: [&str; 14] = [
    "host",
    "port",
    "user",
    "database",
    "schema",
    "socket",
    "execute",
    "ssl-ca",
    "ssl-mode",
    "ca",
    "auth-method",
    "file",
    "uri",
    "protocol",
];

#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Name and value, in order; short options under their long names.
    pub(crate) options: Vec<(String, Option<String>)>,
    /// What is no option.
    pub(crate) words: Vec<String>,
    first: Vec<(String, Option<String>)>,
    groups: Vec<&'static str>,
    /// All groups of the option files, once they have been read.
    entries: RefCell<Option<Vec<Entry>>>,
}

impl Arguments {
    pub(crate) fn read(all: &[String], guise: &Guise) -> Result<Self, String> {
        let groups = match guise {
            Guise::Shell(_) => vec!["client", "mysqlsh"],
            Guise::MariaDb(_) => vec!["client", "client-server", "client-mariadb", "mysql", "mariadb-client"],
            _ => vec!["client", "mysql"],
        };
        let mut arguments = Self { groups, ..Self::default() };
        let mut rest = all.iter().skip(1).peekable();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                arguments.words.extend(rest.by_ref().cloned());
                break;
            }
            let Some((name, value)) = option(argument) else {
                arguments.words.push(argument.clone());
                continue;
            };
            if FIRST.contains(&name.as_str()) {
                if !arguments.options.is_empty() || !arguments.words.is_empty() {
                    return Err(format!("unknown option {argument}"));
                }
                arguments.first.push((name, value));
                continue;
            }
            let value = value.or_else(|| if WITH_VALUE.contains(&name.as_str()) { rest.next().cloned() } else { None });
            arguments.options.push((name, value));
        }
        Ok(arguments)
    }

    /// The files to read, and whether each was asked for by name. The system's own are left out: a test cannot write them.
    fn option_files(&self) -> Result<Vec<(PathBuf, bool)>, String> {
        let home = std::env::var_os("HOME").map(|home| (PathBuf::from(home).join(".my.cnf"), false));
        let mut files = Vec::new();
        for (name, value) in &self.first {
            let path = || value.as_ref().map(PathBuf::from).ok_or_else(|| format!("--{name} needs a value"));
            match name.as_str() {
                "no-defaults" => return Ok(Vec::new()),
                "defaults-file" => return Ok(vec![(path()?, true)]),
                "defaults-extra-file" => files.push((path()?, true)),
                _ => {}
            }
        }
        files.extend(home);
        Ok(files)
    }

    /// Reads the option files, again if need be.
    pub(crate) fn read_files(&self) -> Result<Vec<Entry>, String> {
        let entries = option_file::read_all(&self.option_files()?)?;
        *self.entries.borrow_mut() = Some(entries.clone());
        Ok(entries)
    }

    /// What the option files say to this client. Real clients read them once, and so does this one.
    pub(crate) fn in_files(&self) -> Result<Vec<Entry>, String> {
        let known = self.entries.borrow().clone();
        let mut entries = known.map_or_else(|| self.read_files(), Ok)?;
        entries.retain(|entry| self.groups.contains(&entry.group.as_str()));
        Ok(entries)
    }

    /// The last value of an option, by any of its names. The command line is asked first, then the files.
    pub(crate) fn value(&self, names: &[&str]) -> Result<Option<String>, String> {
        let found = self.options.iter().rev().find(|(name, _)| names.contains(&name.as_str()));
        if let Some((_, value)) = found {
            return Ok(Some(value.clone().unwrap_or_default()));
        }
        let entries = self.in_files()?;
        let found = entries.iter().rev().find(|entry| names.contains(&entry.name.as_str()));
        Ok(found.map(|entry| entry.value.clone().unwrap_or_default()))
    }

    pub(crate) fn has(&self, name: &str) -> Result<bool, String> {
        Ok(self.value(&[name])?.is_some())
    }

    /// Where to connect.
    pub(crate) fn address(&self) -> Result<(String, u16), String> {
        let host = self.value(&["host"])?.ok_or("no host was given")?;
        let port = self.value(&["port"])?.ok_or("no port was given")?;
        Ok((host, port.parse().map_err(|_| format!("no port: {port}"))?))
    }

    /// Logs in as a client of this flavour would.
    pub(crate) fn log_in(&self, guise: &Guise) -> Result<Session, String> {
        let roots = self.roots()?;
        let tls = match guise {
            Guise::MariaDb(_) if self.has("ssl-verify-server-cert")? => Tls::VerifyIdentity(roots.unwrap_or_default()),
            Guise::MariaDb(_) => roots.map_or(Tls::Required, Tls::VerifyCa),
            _ => match self.value(&["ssl-mode"])?.unwrap_or_default().to_ascii_uppercase().as_str() {
                "DISABLED" => Tls::Disabled,
                "VERIFY_CA" => Tls::VerifyCa(roots.ok_or("CA certificate is required if ssl-mode is VERIFY_CA")?),
                "VERIFY_IDENTITY" => {
                    Tls::VerifyIdentity(roots.ok_or("CA certificate is required if ssl-mode is VERIFY_IDENTITY")?)
                }
                _ => Tls::Required,
            },
        };
        let enabled =
            std::env::var("LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN").unwrap_or_default().starts_with(['1', 'y', 'Y']);
        let cleartext = match guise {
            Guise::Oracle(_) => enabled || self.has("enable-cleartext-plugin")?,
            Guise::Shell(_) => enabled || self.value(&["auth-method"])?.as_deref() == Some("mysql_clear_password"),
            _ => true,
        };
        let (host, port) = self.address()?;
        let database = self.value(&["database", "schema"])?;
        let destination = Destination {
            host,
            port,
            user: self.value(&["user"])?.ok_or("no user was given")?,
            password: self.value(&["password"])?.ok_or("no password was given")?,
            database: database.or_else(|| self.words.first().filter(|word| !word.contains('@')).cloned()),
            tls,
            cleartext,
        };
        Session::log_in(&destination).map_err(|error| error.to_string())
    }

    fn roots(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(path) = self.value(&["ssl-ca", "ca"])? else { return Ok(None) };
        std::fs::read(&path).map(Some).map_err(|error| format!("{path}: {error}"))
    }
}

/// `--name`, `--name=value`, `-n` and `-nvalue`, under the long name; none if it is no option.
fn option(argument: &str) -> Option<(String, Option<String>)> {
    if let Some(long) = argument.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        return Some((name.to_owned(), value.map(str::to_owned)));
    }
    let mut letters = argument.strip_prefix('-')?.chars();
    let name = match letters.next()? {
        'h' => "host",
        'P' => "port",
        'u' => "user",
        'p' => "password",
        'D' => "database",
        'S' => "socket",
        'e' => "execute",
        'f' => "file",
        other => return Some((other.to_string(), None)),
    };
    let value = letters.as_str();
    Some((name.to_owned(), if value.is_empty() { None } else { Some(value.to_owned()) }))
}
