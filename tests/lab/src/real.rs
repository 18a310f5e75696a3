//! The real lab: a private sshd and a private mariadbd that accepts IAM tokens, as RDS does.
//!
//! Nothing of it is a system service and nothing outlives the test process. It needs root for one file in `/etc/pam.d`
//! (and MariaDB's own user to run as); where that or a program is missing, tests say so and run on the embedded lab.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use crate::certificates::{CertificateFiles, Certificates};
use crate::environment::{ProfileCredentials, TestEnv};
use crate::verifier::{AccessKey, Gate, Verifier};

mod bastion;
mod database;
mod iam;
pub(crate) mod janitor;
mod requirements;
pub(crate) mod server;
#[cfg(test)]
mod tests;

pub use bastion::{Bastion, BastionOptions, Forwarding, KeyType, PASSPHRASE};
pub use database::{APP_PASSWORD, Database, MASTER_PASSWORD, MASTER_USER};
pub use requirements::Missing;

use iam::IamService;
use janitor::Janitor;
use requirements::Programs;
use server::Server;

/// The name in the database's certificate, for which tokens are signed. Nobody resolves it: the database is dialled at
/// 127.0.0.1.
pub const ENDPOINT: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";
/// A second name in the certificate, as a cluster's reader endpoint is.
pub const READER_ENDPOINT: &str = "orders.cluster-ro-c9abc.us-east-1.rds.amazonaws.com";
/// The port tokens are signed for; not the one the database listens on.
pub const ENDPOINT_PORT: u16 = 3306;
/// The region tokens are signed for.
pub const REGION: &str = "us-east-1";
/// The profile with a user's keys that [`RealLab::furnish`] writes.
pub const STATIC_PROFILE: &str = "lab-static";
/// The profile with temporary credentials that [`RealLab::furnish`] writes.
pub const SESSION_PROFILE: &str = "lab-session";
/// The bastion's alias in the `ssh_config` that [`RealLab::furnish`] writes.
pub const BASTION_ALIAS: &str = "bastion-lab";

/// Both servers, and the gate between the database and IAM. Dropping it ends everything and removes every file.
#[derive(Debug)]
pub struct RealLab {
    bastion: Bastion,
    database: Database,
    gate: Arc<Gate>,
    certificates: Certificates,
    certificate_files: CertificateFiles,
    directory: PathBuf,
    iam: IamService,
    // The last to go: its shell removes the folder the others live in.
    _janitor: Arc<Janitor>,
}

impl RealLab {
    /// Starts a lab of the test's own, which it may break.
    ///
    /// # Panics
    /// If everything is installed and a server does not start all the same; with the server's log.
    pub fn start() -> Result<Self, Missing> {
        let programs = Programs::find()?;
        Ok(Self::assemble(&programs).unwrap_or_else(|error| panic!("the real lab does not start: {error}")))
    }

    /// The lab all tests of this process share; they may not stop, freeze or reconfigure it. `None`, said loudly once,
    /// where something is missing.
    ///
    /// # Panics
    /// If something is missing and `CI` is set: there it has to be installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<RealLab>> = OnceLock::new();
        SHARED.get_or_init(Self::start_or_skip).as_ref()
    }

    /// A lab of the test's own, or `None` under the same conditions as [`RealLab::shared`].
    pub fn start_or_skip() -> Option<Self> {
        match Self::start() {
            Ok(lab) => Some(lab),
            Err(missing) => {
                assert!(std::env::var_os("CI").is_none(), "the real lab must run here, but there is no {missing}");
                // Not eprintln!, which the test harness swallows.
                let _ = writeln!(std::io::stderr(), "\nSKIPPED real lab: missing {missing}");
                None
            }
        }
    }

    fn assemble(programs: &Programs) -> Result<Self, String> {
        let janitor = Arc::new(Janitor::start());
        let directory = tempfile::Builder::new()
            .prefix("rdsconn-lab-")
            // Not TMPDIR: that may be in a folder that the database's user cannot enter.
            .tempdir_in("/tmp")
            .map_err(|error| format!("a temporary folder: {error}"))?
            .keep();
        janitor.remove_in_the_end(&directory);
        // The database's user must reach its own folder inside.
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o711)).map_err(|error| error.to_string())?;
        let certificates = Certificates::new(ENDPOINT, &[READER_ENDPOINT]);
        let certificate_files = certificates.write_to(&directory).map_err(|error| error.to_string())?;
        let keys = vec![static_key(), session_key()];
        let gate = Arc::new(Gate::new(Verifier::new(ENDPOINT, ENDPOINT_PORT, REGION, keys)));

        let iam = IamService::start(programs, &directory, &janitor, &gate)?;
        let (bastion, database) = thread::scope(|scope| {
            let bastion = scope.spawn(|| Bastion::start(programs, &directory, &janitor));
            let database = Database::prepare(programs, &directory)
                .and_then(|data| Database::start(programs, data, &janitor, &certificate_files, iam.name()));
            (bastion.join().unwrap_or_else(|_| Err("the bastion's thread panicked".to_owned())), database)
        });
        let (bastion, database) = (bastion?, database?);
        Ok(Self { bastion, database, gate, certificates, certificate_files, directory, iam, _janitor: janitor })
    }

    /// The sshd.
    pub fn bastion(&self) -> &Bastion {
        &self.bastion
    }

    /// The mariadbd.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The verifier of tokens, its clock and keys, and who logged in.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The lab's certificates; the database shows `server`.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The certificate of the authority that vouches for the database, for `ssl_ca`.
    pub fn ca_file(&self) -> &Path {
        &self.certificate_files.ca
    }

    /// The certificate of an authority that does not.
    pub fn other_ca_file(&self) -> &Path {
        &self.certificate_files.other_ca
    }

    /// The PAM service that checks tokens: a file of this name in /etc/pam.d, gone when the lab is.
    pub fn pam_service(&self) -> &str {
        self.iam.name()
    }

    /// The lab's folder, gone when the lab is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes into a test's home what a user of this lab has: the AWS profiles [`STATIC_PROFILE`] and
    /// [`SESSION_PROFILE`], `known_hosts`, and an `ssh_config` with [`BASTION_ALIAS`].
    pub fn furnish(&self, home: &TestEnv) {
        for (profile, key) in [(STATIC_PROFILE, static_key()), (SESSION_PROFILE, session_key())] {
            let session_token = key.session_token.as_deref();
            let credentials = ProfileCredentials::Static { id: &key.id, secret: &key.secret, session_token };
            home.write_aws_profile(profile, Some(REGION), &credentials);
        }
        let known_hosts = home.write_known_hosts(&self.bastion.known_hosts());
        home.write_ssh_config(&self.bastion.ssh_host(BASTION_ALIAS, &known_hosts));
    }
}

/// The access key of [`STATIC_PROFILE`]; documented by AWS as an example, so no scanner mistakes it for a leak.
pub fn static_key() -> AccessKey {
    AccessKey {
        id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: None,
    }
}

/// The temporary access key of [`SESSION_PROFILE`], with a session token of a usual length.
pub fn session_key() -> AccessKey {
    AccessKey {
        id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
        secret: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY".to_owned(),
        session_token: Some("IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ+/".repeat(16)),
    }
}

/// Holds a server still; lets it go on when dropped.
#[derive(Debug)]
pub struct Frozen<'a> {
    server: &'a Mutex<Server>,
}

impl<'a> Frozen<'a> {
    fn new(server: &'a Mutex<Server>) -> Self {
        Self { server }
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).thaw();
    }
}

/// Runs a tool of the lab's own to its end; returns its output, or an error with everything it said.
fn run_tool(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    Err(format!("{command:?} ended with {}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
