//! A private mariadbd: its own data folder, socket, port and certificate, and no option file of the system's.
//!
//! It announces `mysql_clear_password` as RDS does and lets IAM users in by what the lab's PAM service says. It is tuned
//! to start fast and to lose everything in a power failure.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::janitor::Janitor;
use super::requirements::Programs;
use super::server::{Server, free_port, lost_its_port};
use super::{Frozen, run_tool};
use crate::certificates::CertificateFiles;

/// Who the server runs as: `auth_pam_tool`, which checks tokens, is only open to this user, as packaged.
const SYSTEM_USER: &str = "mysql";

const SOCKET: &str = "server.sock";

/// The password of the user `app`.
pub const APP_PASSWORD: &str = "app-password";
/// The user whose login is kept in a secret, who may do everything.
pub const MASTER_USER: &str = "master";
/// The password of [`MASTER_USER`].
pub const MASTER_PASSWORD: &str = "master-password";

/// A running mariadbd.
#[derive(Debug)]
pub struct Database {
    server: Mutex<Server>,
    programs: Programs,
    directory: PathBuf,
    janitor: Arc<Janitor>,
    port: u16,
    service: String,
}

impl Database {
    /// Fills a data folder; needs neither the PAM service nor a port yet.
    pub(super) fn prepare(programs: &Programs, lab: &Path) -> Result<PathBuf, String> {
        let directory = lab.join("mysql");
        let (user, group) = system_user()?;
        for folder in [directory.clone(), directory.join("data"), directory.join("tmp")] {
            fs::DirBuilder::new().mode(0o750).create(&folder).map_err(|error| error.to_string())?;
            chown(&folder, Some(user), Some(group)).map_err(|error| error.to_string())?;
        }
        let setup = directory.join("sample.sql");
        fs::write(&setup, crate::embedded::SAMPLE).map_err(|error| error.to_string())?;
        let config = directory.join("install.cnf");
        fs::write(&config, common_configuration(&directory)).map_err(|error| error.to_string())?;
        let mut install = Command::new(&programs.install_db);
        install
            .arg(format!("--defaults-file={}", config.display()))
            .args(["--skip-test-db", "--auth-root-authentication-method=socket", "--auth-root-socket-user=root"])
            .arg(format!("--extra-file={}", setup.display()));
        run_tool(&mut install)?;
        Ok(directory)
    }

    pub(super) fn start(
        programs: &Programs,
        directory: PathBuf,
        janitor: &Arc<Janitor>,
        certificates: &CertificateFiles,
        service: &str,
    ) -> Result<Self, String> {
        let (user, group) = system_user()?;
        chown(&certificates.server_key, Some(user), Some(group)).map_err(|error| error.to_string())?;
        let mut last = String::new();
        for _ in 0..5 {
            let port = free_port();
            let config = server_configuration(&directory, port, certificates);
            fs::write(directory.join("server.cnf"), config).map_err(|error| error.to_string())?;
            match launch(programs, &directory, janitor) {
                Ok(server) => {
                    let (programs, janitor) = (programs.clone(), Arc::clone(janitor));
                    let service = service.to_owned();
                    let database = Self { server: Mutex::new(server), programs, directory, janitor, port, service };
                    database.administer(&include_str!("accounts.sql").replace("@service@", &database.service));
                    return Ok(database);
                }
                Err(error) if lost_its_port(&error) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL as the administrator over the private socket; returns the rows, tab-separated, without headings.
    pub fn administer(&self, sql: &str) -> String {
        let mut client = Command::new(&self.programs.mariadb);
        client
            .args(["--no-defaults", "--user=root", "--batch", "--skip-column-names", "--default-character-set=utf8mb4"])
            .arg(format!("--socket={}", self.directory.join(SOCKET).display()))
            .args(["--execute", sql]);
        run_tool(&mut client).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Adds a user who logs in with a token and may do everything in the database `orders`.
    pub fn add_iam_user(&self, name: &str) {
        let name = format!("'{}'@'%'", name.replace('\\', "\\\\").replace('\'', "''"));
        let service = &self.service;
        self.administer(&format!(
            "CREATE OR REPLACE USER {name} IDENTIFIED VIA pam USING '{service}' REQUIRE SSL; GRANT ALL ON orders.* TO {name}"
        ));
    }

    /// Everything the server has logged, over all its lives.
    pub fn log(&self) -> String {
        self.server().log()
    }

    /// Kills it: its clients see their connections cut.
    pub fn kill(&self) {
        self.server().kill();
    }

    /// Shuts it down in an orderly way.
    pub fn stop(&self) {
        self.server().stop();
    }

    /// Holds it still until the guard is dropped: connections are accepted by the kernel, and then nothing.
    pub fn freeze(&self) -> Frozen<'_> {
        self.server().freeze();
        Frozen::new(&self.server)
    }

    /// Kills it and starts it again on the same port, with the same data.
    pub fn restart(&self) {
        let mut server = self.server();
        server.kill();
        *server = launch(&self.programs, &self.directory, &self.janitor)
            .unwrap_or_else(|error| panic!("the database does not start again: {error}"));
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn launch(programs: &Programs, directory: &Path, janitor: &Arc<Janitor>) -> Result<Server, String> {
    let mut command = Command::new(&programs.mariadbd);
    command.arg(format!("--defaults-file={}", directory.join("server.cnf").display()));
    let socket = directory.join(SOCKET);
    Server::start(command, &directory.join("server.log"), janitor, || greets(&socket))
}

fn common_configuration(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "[mysqld]\nuser = {SYSTEM_USER}\ndatadir = {directory}/data\ntmpdir = {directory}/tmp\n\
         character-set-server = utf8mb4\nskip-name-resolve\nplugin-load-add = auth_pam\n\
         innodb-buffer-pool-size = 24M\ninnodb-log-file-size = 4M\ninnodb-flush-method = nosync\n\
         innodb-flush-log-at-trx-commit = 0\ninnodb-doublewrite = OFF\nskip-log-bin\nperformance-schema = OFF\n"
    )
}

fn server_configuration(directory: &Path, port: u16, certificates: &CertificateFiles) -> String {
    let mut text = common_configuration(directory);
    let directory = directory.display();
    // Writing into a String cannot fail.
    let _ = write!(
        text,
        "bind-address = 127.0.0.1\nport = {port}\nsocket = {directory}/{SOCKET}\npid-file = {directory}/server.pid\n\
         ssl-ca = {}\nssl-cert = {}\nssl-key = {}\n",
        certificates.ca.display(),
        certificates.server.display(),
        certificates.server_key.display(),
    );
    // LOCAL INFILE is on so that a client that refuses it is seen to refuse.
    text.push_str(
        "pam_use_cleartext_plugin = ON\nrequire-secure-transport = ON\nlocal-infile = ON\nmax-connections = 500\n\
         max-allowed-packet = 64M\n",
    );
    text
}

/// Asked on the socket, which opens together with the port, because until the accounts are made nobody is greeted on the
/// port. A greeting of protocol 10 follows the four bytes of a packet's header.
fn greets(socket: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(socket) else { return false };
    let mut start = [0; 5];
    stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
        && stream.read_exact(&mut start).is_ok()
        && start[4] == 10
}

fn system_user() -> Result<(u32, u32), String> {
    let table = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    table
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find_map(|fields| match fields[..] {
            [SYSTEM_USER, _, user, group, ..] => Some((user.parse().ok()?, group.parse().ok()?)),
            _ => None,
        })
        .ok_or_else(|| format!("there is no user {SYSTEM_USER}"))
}
