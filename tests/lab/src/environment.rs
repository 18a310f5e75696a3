//! A home of its own for every test: temporary, empty, and the only thing a program under test can see.
//!
//! Nothing of the environment the tests run in reaches a program except `PATH`, by which `ssh`, `aws` and the MySQL
//! clients are found. Note that `ssh` takes `~` from the password database and not from `HOME`: a test that runs it must
//! name its files, which [`TestEnv::write_ssh_config`] does.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub use crate::program::{Answer, Key, Output, Running, Shell};
pub use rustix::process::Signal;

/// How long a program may run unless a test says otherwise: far longer than any needs, on a loaded machine too.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a profile's credentials come from.
#[derive(Debug, Clone)]
pub enum ProfileCredentials<'a> {
    /// An access key, with a session token if it is temporary.
    Static {
        /// `aws_access_key_id`.
        id: &'a str,
        /// `aws_secret_access_key`.
        secret: &'a str,
        /// `aws_session_token`.
        session_token: Option<&'a str>,
    },
    /// `credential_process`: a command that prints the credentials as JSON.
    Process(&'a str),
    /// None: the profile has only a region.
    None,
}

/// What a program under test is run with.
pub struct TestEnv {
    home: TempDir,
    program: PathBuf,
    variables: BTreeMap<OsString, OsString>,
    patience: Duration,
}

impl TestEnv {
    /// An empty home for the `rdsconn` binary at `program`; an integration test passes `env!("CARGO_BIN_EXE_rdsconn")`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let home = tempfile::Builder::new().prefix("rdsconn-home-").tempdir().expect("a temporary folder");
        let mut environment = Self { home, program: program.into(), variables: BTreeMap::new(), patience: PATIENCE };
        environment.set("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        for (name, value) in [
            ("TZ", "UTC"),
            ("LANG", "C.UTF-8"),
            ("LC_ALL", "C.UTF-8"),
            ("TERM", "xterm-256color"),
            ("USER", "tester"),
            ("LOGNAME", "tester"),
            // Without it a test that has no credentials would wait for a metadata service.
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            environment.set(name, value);
        }
        for (name, inside) in [
            ("HOME", ""),
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_CACHE_HOME", ".cache"),
            ("XDG_DATA_HOME", ".local/share"),
            ("XDG_STATE_HOME", ".local/state"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TMPDIR", "tmp"),
        ] {
            let folder = environment.path(inside);
            private_folder(&folder);
            environment.set(name, folder);
        }
        for (name, inside) in [
            ("AWS_CONFIG_FILE", ".aws/config"),
            ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
            ("RDSCONN_SSH_CONFIG", ".ssh/config"),
        ] {
            environment.set(name, environment.path(inside));
        }
        // A named but absent ssh_config is an error, as it is for ssh.
        environment.write_file(".ssh/config", "");
        environment
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path inside the home folder.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref();
        if inside.as_os_str().is_empty() { self.home().to_owned() } else { self.home().join(inside) }
    }

    /// Sets an environment variable for every program started from now on.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> &mut Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Removes an environment variable.
    pub fn unset(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.variables.remove(name.as_ref());
        self
    }

    /// Changes how long a program may run before the test fails; one minute at first.
    pub fn set_patience(&mut self, patience: Duration) -> &mut Self {
        self.patience = patience;
        self
    }

    /// Writes a file that only its owner may read, in folders that only their owner may enter.
    pub fn write_file(&self, inside: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        self.place(inside.as_ref(), contents.as_ref(), true)
    }

    /// Writes a file as [`TestEnv::write_file`] does, with the permissions `mode`.
    pub fn write_file_with_mode(&self, inside: impl AsRef<Path>, contents: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.write_file(inside, contents);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions of a test's file");
        path
    }

    /// Adds to the end of a file, or makes it.
    pub fn append_file(&self, inside: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        self.place(inside.as_ref(), contents.as_ref(), false)
    }

    fn place(&self, inside: &Path, contents: &[u8], anew: bool) -> PathBuf {
        let path = self.path(inside);
        if let Some(folder) = path.parent() {
            private_folder(folder);
        }
        let mut options = OpenOptions::new();
        options.create(true).mode(0o600).write(true).truncate(anew).append(!anew);
        let mut file = options.open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        file.write_all(contents).expect("a test's file can be written");
        path
    }

    /// Adds a profile to the AWS files, its keys in `credentials`, the rest in `config`, as the AWS CLI writes them.
    pub fn write_aws_profile(&self, name: &str, region: Option<&str>, credentials: &ProfileCredentials<'_>) {
        let mut config = if name == "default" { "[default]\n".to_owned() } else { format!("[profile {name}]\n") };
        if let Some(region) = region {
            let _ = writeln!(config, "region = {region}");
        }
        match credentials {
            ProfileCredentials::Static { id, secret, session_token } => {
                let mut keys = format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
                if let Some(session_token) = session_token {
                    let _ = writeln!(keys, "aws_session_token = {session_token}");
                }
                self.append_file(".aws/credentials", keys);
            }
            ProfileCredentials::Process(command) => {
                let _ = writeln!(config, "credential_process = {command}");
            }
            ProfileCredentials::None => (),
        }
        self.append_file(".aws/config", config);
    }

    /// Writes `conventions/NAME.toml` in rdsconn's configuration folder.
    pub fn write_convention(&self, name: &str, toml: &str) -> PathBuf {
        self.write_file(format!(".config/rdsconn/conventions/{name}.toml"), toml)
    }

    /// Writes `config.toml` in rdsconn's configuration folder.
    pub fn write_config(&self, toml: &str) -> PathBuf {
        self.write_file(".config/rdsconn/config.toml", toml)
    }

    /// Writes the `ssh_config` file that `RDSCONN_SSH_CONFIG` names. Its text must name every file it needs: `~` is not
    /// this home. [`SshHost`] makes such texts.
    pub fn write_ssh_config(&self, text: &impl ToString) -> PathBuf {
        self.write_file(".ssh/config", text.to_string())
    }

    /// Writes `.ssh/known_hosts`.
    pub fn write_known_hosts(&self, lines: &str) -> PathBuf {
        self.write_file(".ssh/known_hosts", lines)
    }

    /// A command in this environment and home, not started yet: for benches, and for streams of the test's own.
    pub fn command<A: AsRef<OsStr>>(&self, program: impl AsRef<OsStr>, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(&self.variables).current_dir(self.home());
        command
    }

    /// Starts any program with pipes, away from the terminal the tests run on.
    pub fn start<A: AsRef<OsStr>>(&self, program: impl AsRef<OsStr>, args: impl IntoIterator<Item = A>) -> Running {
        // setsid(1) execs the program in the same process: its pid and exit code are the program's.
        let command = if cfg!(target_os = "linux") {
            let all = std::iter::once(program.as_ref().to_owned())
                .chain(args.into_iter().map(|argument| argument.as_ref().to_owned()));
            self.command("setsid", all)
        } else {
            self.command(program, args)
        };
        Running::with_pipes(command, self.patience)
    }

    /// Starts any program on a terminal of its own.
    pub fn start_on_terminal<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
    ) -> Running {
        Running::on_terminal(self.command(program, args), self.patience)
    }

    /// Starts an interactive `bash` with job control on a terminal of its own; it has shown its first prompt.
    #[track_caller]
    pub fn start_shell(&self) -> Shell {
        Shell::start(self, self.patience)
    }

    /// Runs any program to its end, with nothing on its standard input.
    #[track_caller]
    pub fn run<A: AsRef<OsStr>>(&self, program: impl AsRef<OsStr>, args: impl IntoIterator<Item = A>) -> Output {
        self.start(program, args).finish()
    }

    /// Runs rdsconn to its end, with nothing on its standard input.
    #[track_caller]
    pub fn rdsconn<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.run(&self.program, args)
    }

    /// Runs rdsconn to its end with `input` on its standard input.
    #[track_caller]
    pub fn rdsconn_with_input<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
        input: impl AsRef<[u8]>,
    ) -> Output {
        let mut running = self.start(&self.program, args);
        running.send(input);
        running.finish()
    }

    /// Starts rdsconn with pipes.
    pub fn start_rdsconn<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Running {
        self.start(&self.program, args)
    }

    /// Starts rdsconn on a terminal.
    pub fn rdsconn_on_terminal<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Running {
        self.start_on_terminal(&self.program, args)
    }

    /// The rdsconn binary this environment was made for.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

impl Drop for TestEnv {
    /// The kernel's keyring is one for all homes of a user, and small: what this home's programs have kept there goes with it.
    fn drop(&mut self) {
        if !self.program.ends_with("rdsconn") {
            return;
        }
        let mut command = Command::new(&self.program);
        command
            .args(["cache", "clear"])
            .env_clear()
            .env("HOME", self.variables.get(OsStr::new("HOME")).cloned().unwrap_or_default());
        // No file of the test's is read or removed: the folder goes as a whole.
        command.env("XDG_CONFIG_HOME", self.path("none")).env("XDG_CACHE_HOME", self.path("none"));
        // A test may have used a program that does not run.
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// One `Host` block of an `ssh_config`, complete enough that nothing of the user's own SSH files is used.
#[derive(Debug, Clone)]
pub struct SshHost {
    /// The alias, as a convention's `bastion` names it.
    pub alias: String,
    /// The name or address dialled.
    pub host_name: String,
    /// The port dialled.
    pub port: u16,
    /// The login name.
    pub user: String,
    /// The private keys offered, in order.
    pub identity_files: Vec<PathBuf>,
    /// Where host keys are looked up.
    pub known_hosts: PathBuf,
}

impl std::fmt::Display for SshHost {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { alias, host_name, port, user, known_hosts, .. } = self;
        writeln!(out, "Host {alias}\n  HostName {host_name}\n  Port {port}\n  User {user}")?;
        writeln!(out, "  UserKnownHostsFile {}\n  GlobalKnownHostsFile none", known_hosts.display())?;
        // The agent of whoever runs the tests must not be asked.
        writeln!(out, "  IdentitiesOnly yes\n  IdentityAgent none")?;
        self.identity_files.iter().try_for_each(|file| writeln!(out, "  IdentityFile {}", file.display()))
    }
}

fn private_folder(folder: &Path) {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
}

#[cfg(test)]
mod tests;
