//! What the real lab needs of the machine, and what to install where something is missing.

use std::fmt;
use std::path::{Path, PathBuf};

/// What is not there: Debian package names, or `root`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(pub Vec<String>);

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.join(", "))
    }
}

/// The programs the lab starts, by absolute path: sshd insists on that.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) sshd: PathBuf,
    pub(super) ssh_keygen: PathBuf,
    pub(super) mariadbd: PathBuf,
    pub(super) install_db: PathBuf,
    pub(super) mariadb: PathBuf,
    pub(super) cc: PathBuf,
}

/// `auth_pam.so` is part of Debian's server package; other systems pack it apart.
const PLUGIN_FOLDERS: [&str; 3] =
    ["/usr/lib/mysql/plugin", "/usr/lib64/mariadb/plugin", "/usr/lib/x86_64-linux-gnu/mariadb/plugin"];

impl Programs {
    /// Finds everything, or says all that is missing at once.
    pub(super) fn find() -> Result<Self, Missing> {
        let mut missing: Vec<String> = Vec::new();
        let mut lack = |what: &str| {
            if !missing.iter().any(|known| known == what) {
                missing.push(what.to_owned());
            }
        };
        if !rustix::process::geteuid().is_root() {
            lack("root (for a file in /etc/pam.d)");
        }
        let mut program = |name: &str, package: &str| {
            find_program(name).unwrap_or_else(|| {
                lack(package);
                PathBuf::new()
            })
        };
        let programs = Self {
            sshd: program("sshd", "openssh-server"),
            ssh_keygen: program("ssh-keygen", "openssh-client"),
            mariadbd: program("mariadbd", "mariadb-server"),
            install_db: program("mariadb-install-db", "mariadb-server"),
            mariadb: program("mariadb", "mariadb-client"),
            cc: program("cc", "gcc"),
        };
        if !Path::new("/usr/include/security/pam_modules.h").exists() {
            lack("libpam0g-dev");
        }
        if !PLUGIN_FOLDERS.iter().any(|folder| Path::new(folder).join("auth_pam.so").exists()) {
            lack("mariadb-server");
        }
        if missing.is_empty() { Ok(programs) } else { Err(Missing(missing)) }
    }
}

/// Looks where system programs are, whatever the caller's `PATH` says of the administrator's folders.
fn find_program(name: &str) -> Option<PathBuf> {
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists())
}
