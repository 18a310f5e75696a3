//! Whom a stand-in passes itself off as: what it answers to `--version`, as seen on the real programs. Pure.

use std::fmt;
use std::str::FromStr;

/// What a client is taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guise {
    /// One of Oracle's MySQL clients, of a version such as `8.0.40` or `9.7.4`.
    Oracle(String),
    /// One of MariaDB's, of a version such as `10.11.19` or `11.8.9`, whatever its name is.
    MariaDb(String),
    /// MySQL Shell, strict about what it is given; see [`super::Step::Shell`].
    Shell(String),
    /// mycli.
    Mycli(String),
    /// mydumper or myloader.
    Mydumper(String),
    /// A program that prints this, whatever it is.
    Other(String),
    /// A program that fails with this status and prints nothing.
    Fails(u8),
    /// A program that never answers.
    Hangs,
}

impl Guise {
    /// What a program of this name is if nothing else was said.
    pub fn of_name(name: &str) -> Self {
        let version = |text: &str| text.to_owned();
        match name {
            "mysqlsh" => Self::Shell(version("9.6.0")),
            "mycli" => Self::Mycli(version("1.26.1")),
            "mydumper" | "myloader" => Self::Mydumper(version("0.10.0")),
            _ if name.starts_with("mariadb") => Self::MariaDb(version("10.11.19")),
            _ if name.starts_with("mysql") => Self::Oracle(version("9.7.4")),
            _ => Self::Other("rdsconn-client 1.0".to_owned()),
        }
    }

    /// What a program called `name` answers to `--version`; none if it does not answer.
    pub fn answer(&self, name: &str) -> Option<String> {
        let text = match self {
            Self::Oracle(version) => {
                format!("{name}  Ver {version} for Linux on x86_64 (MySQL Community Server - GPL)\n")
            }
            // The words changed with version 11.
            Self::MariaDb(version) if version.starts_with("10.") || version.starts_with("5.") => {
                format!(
                    "{name}  Ver 15.1 Distrib {version}-MariaDB, for debian-linux-gnu (x86_64) using  EditLine wrapper\n"
                )
            }
            Self::MariaDb(version) => {
                format!(
                    "{name} from {version}-MariaDB, client 15.2 for debian-linux-gnu (x86_64) using  EditLine wrapper\n"
                )
            }
            Self::Shell(version) => format!(
                "{name}   Ver {version} for Linux on x86_64 - for MySQL {version} (MySQL Community Server (GPL))\n"
            ),
            Self::Mycli(version) => format!("Version: {version}\n"),
            // A `v` since 0.11.
            Self::Mydumper(version) if version.starts_with("0.10.") => {
                format!("{name} {version}, built against MySQL 10.11.14\n")
            }
            Self::Mydumper(version) => format!("{name} v{version}, built against MySQL 8.0.42 with SSL support\n"),
            Self::Other(text) => format!("{text}\n"),
            Self::Fails(_) | Self::Hangs => return None,
        };
        Some(text)
    }
}

/// As it is kept in a file.
impl fmt::Display for Guise {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oracle(version) => write!(out, "oracle {version}"),
            Self::MariaDb(version) => write!(out, "mariadb {version}"),
            Self::Shell(version) => write!(out, "shell {version}"),
            Self::Mycli(version) => write!(out, "mycli {version}"),
            Self::Mydumper(version) => write!(out, "mydumper {version}"),
            Self::Other(text) => write!(out, "other {text}"),
            Self::Fails(status) => write!(out, "fails {status}"),
            Self::Hangs => out.write_str("hangs"),
        }
    }
}

impl FromStr for Guise {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.to_owned();
        Ok(match kind {
            "oracle" => Self::Oracle(rest),
            "mariadb" => Self::MariaDb(rest),
            "shell" => Self::Shell(rest),
            "mycli" => Self::Mycli(rest),
            "mydumper" => Self::Mydumper(rest),
            "other" => Self::Other(rest),
            "fails" => Self::Fails(rest.parse().map_err(|_| format!("no status: {rest}"))?),
            "hangs" => Self::Hangs,
            _ => return Err(format!("no guise: {text}")),
        })
    }
}
