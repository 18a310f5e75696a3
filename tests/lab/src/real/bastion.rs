//! A private sshd: its own configuration, host keys, accepted keys and port, and nothing of the system's.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::janitor::Janitor;
use super::requirements::Programs;
use super::server::{Server, free_port, lost_its_port};
use super::{Frozen, run_tool};
use crate::environment::SshHost;

/// A kind of SSH key, for hosts and for users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// `ssh-ed25519`.
    Ed25519,
    /// `ecdsa-sha2-nistp256`.
    Ecdsa,
    /// `ssh-rsa`, 2048 bits; signatures with SHA-2.
    Rsa,
}

impl KeyType {
    /// All of them, in the order of preference.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::Ecdsa, Self::Rsa];

    fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Ecdsa => "ecdsa",
            Self::Rsa => "rsa",
        }
    }
}

/// What the bastion lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forwarding {
    /// Every address.
    Any,
    /// Only these `host:port`, compared as text (`PermitOpen`).
    Only(Vec<String>),
    /// Nothing (`AllowTcpForwarding no`).
    Nothing,
}

/// How the bastion behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BastionOptions {
    /// What may be reached through it.
    pub forwarding: Forwarding,
    /// The types of host key it shows.
    pub host_keys: Vec<KeyType>,
    /// Whether it shows other host keys than at first, as a stranger in its place would.
    pub changed_host_keys: bool,
    /// Lines for `sshd_config`; they win over the lab's own.
    pub extra: Vec<String>,
}

impl Default for BastionOptions {
    fn default() -> Self {
        Self {
            forwarding: Forwarding::Any,
            host_keys: KeyType::ALL.to_vec(),
            changed_host_keys: false,
            extra: Vec::new(),
        }
    }
}

/// A running sshd and the keys that go with it.
#[derive(Debug)]
pub struct Bastion {
    server: Mutex<Server>,
    programs: Programs,
    directory: PathBuf,
    janitor: Arc<Janitor>,
    port: u16,
    user: String,
}

/// What unlocks [`Bastion::encrypted_key`].
pub const PASSPHRASE: &str = "open sesame 7";

impl Bastion {
    pub(super) fn start(programs: &Programs, lab: &Path, janitor: &Arc<Janitor>) -> Result<Self, String> {
        let directory = lab.join("ssh");
        fs::DirBuilder::new().mode(0o700).create(&directory).map_err(|error| error.to_string())?;
        make_keys(programs, &directory)?;
        // sshd of Debian refuses to start as root without it, and only its service makes it.
        fs::create_dir_all("/run/sshd").map_err(|error| format!("/run/sshd: {error}"))?;
        let user = run_tool(Command::new("id").arg("-un"))?.trim().to_owned();
        let mut last = String::new();
        for _ in 0..5 {
            let port = free_port();
            match launch(programs, &directory, janitor, port, &BastionOptions::default()) {
                Ok(server) => {
                    let (programs, janitor) = (programs.clone(), Arc::clone(janitor));
                    return Ok(Self { server: Mutex::new(server), programs, directory, janitor, port, user });
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

    /// The only login name it knows: whoever runs the tests.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A private key it accepts, without a passphrase.
    pub fn key(&self, key_type: KeyType) -> PathBuf {
        self.directory.join(format!("user_{}", key_type.name()))
    }

    /// A private key it accepts, locked with [`PASSPHRASE`].
    pub fn encrypted_key(&self) -> PathBuf {
        self.directory.join("user_encrypted")
    }

    /// A private key it does not accept.
    pub fn stranger_key(&self) -> PathBuf {
        self.directory.join("user_stranger")
    }

    /// The public half of its host key, as `TYPE BASE64`.
    pub fn host_key(&self, key_type: KeyType) -> String {
        public_key(&self.directory.join(format!("host_{}.pub", key_type.name())))
    }

    /// The fingerprint of its host key, as `SHA256:…`.
    pub fn host_key_fingerprint(&self, key_type: KeyType) -> String {
        let file = self.directory.join(format!("host_{}.pub", key_type.name()));
        let line = run_tool(Command::new(&self.programs.ssh_keygen).args(["-l", "-E", "sha256", "-f"]).arg(file))
            .expect("ssh-keygen reads its own file");
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    }

    /// Every host key as `known_hosts` lines for `127.0.0.1` and this port.
    pub fn known_hosts(&self) -> String {
        self.known_hosts_at(self.port)
    }

    /// The same lines for another port of `127.0.0.1`, such as a proxy's.
    pub fn known_hosts_at(&self, port: u16) -> String {
        KeyType::ALL.map(|key_type| format!("[127.0.0.1]:{port} {}\n", self.host_key(key_type))).concat()
    }

    /// An `ssh_config` block that reaches it as `alias` with the ed25519 key.
    pub fn ssh_host(&self, alias: &str, known_hosts: &Path) -> SshHost {
        SshHost {
            alias: alias.to_owned(),
            host_name: Ipv4Addr::LOCALHOST.to_string(),
            port: self.port,
            user: self.user.clone(),
            identity_files: vec![self.key(KeyType::Ed25519)],
            known_hosts: known_hosts.to_owned(),
        }
    }

    /// Everything sshd has logged, over all its lives.
    pub fn log(&self) -> String {
        self.server().log()
    }

    /// Kills it and every connection through it.
    pub fn kill(&self) {
        self.server().kill();
    }

    /// Holds it and every connection through it still until the guard is dropped.
    pub fn freeze(&self) -> Frozen<'_> {
        self.server().freeze();
        Frozen::new(&self.server)
    }

    /// Kills it and starts it again on the same port with `options`.
    pub fn restart(&self, options: &BastionOptions) {
        let mut server = self.server();
        server.kill();
        *server = launch(&self.programs, &self.directory, &self.janitor, self.port, options)
            .unwrap_or_else(|error| panic!("the bastion does not start again: {error}"));
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn launch(
    programs: &Programs,
    directory: &Path,
    janitor: &Arc<Janitor>,
    port: u16,
    options: &BastionOptions,
) -> Result<Server, String> {
    let config = directory.join("sshd_config");
    fs::write(&config, configuration(directory, port, options)).map_err(|error| error.to_string())?;
    let mut command = Command::new(&programs.sshd);
    command.arg("-D").arg("-e").arg("-f").arg(&config);
    Server::start(command, &directory.join("sshd.log"), janitor, || greets(port))
}

fn configuration(directory: &Path, port: u16, options: &BastionOptions) -> String {
    let mut lines = options.extra.clone();
    let prefix = if options.changed_host_keys { "changed" } else { "host" };
    for key_type in &options.host_keys {
        let file = format!("{prefix}_{}", key_type.name());
        // No third RSA key is made.
        let file = if file == "changed_rsa" { "user_rsa".to_owned() } else { file };
        lines.push(format!("HostKey {}/{file}", directory.display()));
    }
    match &options.forwarding {
        Forwarding::Any => lines.push("AllowTcpForwarding yes".to_owned()),
        Forwarding::Only(addresses) => lines.push(format!("PermitOpen {}", addresses.join(" "))),
        Forwarding::Nothing => lines.push("AllowTcpForwarding no".to_owned()),
    }
    lines.push(format!("Port {port}"));
    lines.push(format!("AuthorizedKeysFile {}/authorized_keys", directory.display()));
    let fixed = [
        "ListenAddress 127.0.0.1",
        "PidFile none",
        "UsePAM no",
        // The lab's folder is in /tmp, which everybody may write to.
        "StrictModes no",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "X11Forwarding no",
        "AllowAgentForwarding no",
        "PermitUserRC no",
        "PrintMotd no",
        "PrintLastLog no",
        "UseDNS no",
        "LogLevel VERBOSE",
        // Many tests connect at once.
        "MaxStartups 200",
        "MaxSessions 100",
    ];
    lines.extend(fixed.map(str::to_owned));
    lines.push(String::new());
    lines.join("\n")
}

fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let mut banner = [0; 4];
    stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
        && stream.read_exact(&mut banner).is_ok()
        && &banner == b"SSH-"
}

fn make_keys(programs: &Programs, directory: &Path) -> Result<(), String> {
    let mut plans: Vec<(String, KeyType, &str)> = vec![
        ("user_encrypted".to_owned(), KeyType::Ed25519, PASSPHRASE),
        ("user_stranger".to_owned(), KeyType::Ed25519, ""),
    ];
    for owner in ["host", "changed", "user"] {
        plans.extend(KeyType::ALL.map(|key_type| (format!("{owner}_{}", key_type.name()), key_type, "")));
    }
    // They take half a second each, most of the lab's start: a host that changed its RSA key shows the user's.
    plans.retain(|(name, ..)| name != "changed_rsa");
    let running: Vec<_> = plans
        .iter()
        .map(|(name, key_type, passphrase)| {
            let mut command = Command::new(&programs.ssh_keygen);
            command.args(["-q", "-t", key_type.name(), "-N", passphrase, "-C", name, "-a", "4"]);
            if *key_type == KeyType::Rsa {
                command.args(["-b", "2048"]);
            }
            command.arg("-f").arg(directory.join(name)).spawn().map_err(|error| format!("ssh-keygen: {error}"))
        })
        .collect::<Result<_, _>>()?;
    for mut keygen in running {
        let status = keygen.wait().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("ssh-keygen ended with {status}"));
        }
    }
    let accepted = ["user_ed25519", "user_ecdsa", "user_rsa", "user_encrypted"];
    let keys = accepted.map(|name| public_key(&directory.join(format!("{name}.pub"))) + "\n").concat();
    fs::write(directory.join("authorized_keys"), keys).map_err(|error| error.to_string())
}

/// `TYPE BASE64` of a public key file, its comment left out.
fn public_key(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}
