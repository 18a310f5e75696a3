//! The real client programs that tests run against the lab: Debian's own, and those of `tests/lab/clients`, which `.ci/run`
//! fetches. Where one is missing, that is said loudly, once, and its tests do nothing; in CI Debian's own must be there.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::wire::lock;

/// A client program that is there and runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealClient {
    /// The program.
    pub path: PathBuf,
    /// The first line of what it answers to `--version`.
    pub version: String,
}

impl RealClient {
    /// The folder it is in, for a `PATH`.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

/// One of Oracle's MySQL clients, version 9: `mysql`, `mysqldump`, `mysqladmin`, `mysqlimport`, `mysqlslap`, `mysqlshow`,
/// `mysqlcheck`.
pub fn oracle(program: &str) -> Option<RealClient> {
    fetched("oracle", program, "Ver ")
}

/// One of MariaDB's clients, version 11.8 or later: `mariadb`, `mariadb-dump`, `mariadb-admin`, `mariadb-import`,
/// `mariadb-slap`, `mariadb-show`.
pub fn mariadb_11_8(program: &str) -> Option<RealClient> {
    fetched("mariadb-11.8", program, "-MariaDB")
}

/// One of Debian's MariaDB clients, under its own name or MySQL's.
///
/// # Panics
/// Where it is missing and `CI` is set.
pub fn mariadb(program: &str) -> Option<RealClient> {
    packaged(program, "mariadb-client", "MariaDB")
}

/// Debian's mycli.
///
/// # Panics
/// Where it is missing and `CI` is set.
pub fn mycli() -> Option<RealClient> {
    packaged("mycli", "mycli", "Version")
}

/// Debian's mydumper.
///
/// # Panics
/// Where it is missing and `CI` is set.
pub fn mydumper() -> Option<RealClient> {
    packaged("mydumper", "mydumper", "mydumper")
}

/// Debian's myloader.
///
/// # Panics
/// Where it is missing and `CI` is set.
pub fn myloader() -> Option<RealClient> {
    packaged("myloader", "mydumper", "myloader")
}

/// MySQL Shell, where `PATH` has one; no Debian package does.
pub fn mysqlsh() -> Option<RealClient> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join("mysqlsh")).find(|path| path.is_file());
    let found = found.ok_or_else(|| "it is not in PATH".to_owned());
    found.and_then(|path| ask(&path, "mysqlsh")).map_err(|why| say_missing("mysqlsh", &why)).ok()
}

fn packaged(program: &str, package: &str, expected: &str) -> Option<RealClient> {
    let path = Path::new("/usr/bin").join(program);
    match ask(&path, expected) {
        Ok(client) => Some(client),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "{program} must run here, from the package {package}: {why}");
            say_missing(program, &format!("{why}; it is in the package {package}"));
            None
        }
    }
}

fn fetched(tree: &str, program: &str, expected: &str) -> Option<RealClient> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients").join(tree).join("bin");
    let path = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()));
    path.and_then(|folder| ask(&folder.join(program), expected))
        .map_err(|why| say_missing(&format!("{tree} {program}"), &format!("{why}; tests/lab/clients fetches it")))
        .ok()
}

fn ask(path: &Path, expected: &str) -> Result<RealClient, String> {
    let output =
        Command::new(path).arg("--version").output().map_err(|error| format!("{}: {error}", path.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.lines().next().unwrap_or_default().to_owned();
    if output.status.success() && version.contains(expected) {
        Ok(RealClient { path: path.to_owned(), version })
    } else {
        Err(format!("{} answers {version:?} with {}", path.display(), output.status))
    }
}

fn say_missing(client: &str, why: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if lock(&SAID).insert(client.to_owned()) {
        // Not eprintln!, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "\nSKIPPED real client {client}: {why}");
    }
}
