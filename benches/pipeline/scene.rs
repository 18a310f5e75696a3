//! The real lab, a home that knows it, and the programs that are compared.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use rdsconn_lab::environment::{Running, TestEnv};
use rdsconn_lab::real::{BASTION_ALIAS, ENDPOINT, ENDPOINT_PORT, REGION, RealLab, STATIC_PROFILE, static_key};
use rdsconn_lab::verifier::LONGEST_LIFE;

use crate::figures::timed;

/// The name that the lab's convention knows.
pub(crate) const HOST: &str = "orders.lab";
/// What `ssh` is given, so that both sides encrypt with the same cipher.
pub(crate) const CIPHER: &str = "aes128-gcm@openssh.com";

/// Everything that is measured, ready to run.
pub(crate) struct Scene {
    /// Both servers.
    pub(crate) lab: RealLab,
    /// The files of a user of this lab.
    pub(crate) home: TestEnv,
    /// The AWS CLI, if it is installed.
    pub(crate) aws: Option<PathBuf>,
}

impl Scene {
    /// Starts the lab; `None`, said loudly, where it or the binary is missing.
    pub(crate) fn set() -> Option<Self> {
        let given = std::env::var_os("RDSCONN").map_or_else(|| "target/release/rdsconn".into(), PathBuf::from);
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(given);
        if !program.is_file() {
            println!("SKIPPED every figure: there is no {}; run make release", program.display());
            return None;
        }
        let lab = match RealLab::start() {
            Ok(lab) => lab,
            Err(missing) => {
                println!("SKIPPED every figure: the real lab needs {missing}");
                return None;
            }
        };
        let home = TestEnv::new(program);
        lab.furnish(&home);
        home.write_convention(
            "lab",
            &format!(
                "pattern = '(?<service>[a-z]+)\\.lab'\n[target]\nprofile = \"{STATIC_PROFILE}\"\nregion = \"{REGION}\"\n\
                 endpoint = \"${{service}}.cluster-c9abc.{REGION}.rds.amazonaws.com\"\n\
                 address = \"127.0.0.1:{}\"\nuser = \"dba\"\nbastion = \"{BASTION_ALIAS}\"\nssl_ca = \"{}\"\n\
                 [[test]]\nhost = \"{HOST}\"\nendpoint = \"{ENDPOINT}\"\n[[test]]\nhost = \"lab\"\nmatch = false\n",
                lab.database().port(),
                lab.ca_file().display()
            ),
        );
        // The pipeline that we are measured against makes its token each time.
        home.write_config("[cache]\ntokens = \"none\"\n");
        let aws = find_aws();
        if aws.is_none() {
            println!("SKIPPED figures against the AWS CLI: there is no aws on PATH");
        }
        Some(Self { lab, home, aws })
    }

    /// rdsconn in this home.
    pub(crate) fn rdsconn<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.home.command(self.home.program(), arguments)
    }

    /// The AWS CLI's command for the token that rdsconn mints.
    pub(crate) fn aws_token(&self, aws: &Path) -> Command {
        let port = ENDPOINT_PORT.to_string();
        let mut command = self.home.command(aws, ["rds", "generate-db-auth-token", "--profile", STATIC_PROFILE]);
        command.args(["--region", REGION, "--hostname", ENDPOINT, "--port", &port, "--username", "dba"]);
        command
    }

    /// `ssh -L` to the database, and the port it listens on. Ends when dropped.
    pub(crate) fn tunnel(&self) -> (Running, u16) {
        self.tunnel_to(self.lab.database().port(), Some(CIPHER))
    }

    /// The same to another port of this machine; without a cipher, with OpenSSH's own choice.
    pub(crate) fn tunnel_to(&self, target: u16, cipher: Option<&str>) -> (Running, u16) {
        let port = free_port();
        let mut arguments = self.ssh_forward(port, target);
        arguments.extend(cipher.map(|cipher| format!("-c{cipher}")));
        arguments.extend(["-v", "-N", BASTION_ALIAS].map(str::to_owned));
        let ssh = self.home.start("ssh", arguments);
        ssh.wait_for_error("Local forwarding listening on 127.0.0.1");
        ssh.wait_for_error("Entering interactive session");
        (ssh, port)
    }

    /// `rdsconn tunnel` to a port of this machine, and the port it listens on. Ends when dropped.
    pub(crate) fn own_tunnel_to(&self, target: u16) -> (Running, u16) {
        let address = format!("127.0.0.1:{target}");
        let tunnel = self.home.start_rdsconn(["tunnel", "--address", &address, HOST]);
        tunnel.wait_for("\n");
        let port = tunnel.so_far().trim().rsplit(':').next().and_then(|port| port.parse().ok());
        (tunnel, port.expect("a tunnel prints its listener"))
    }

    /// What `ssh` is told about the tunnel of the pipeline.
    pub(crate) fn ssh_arguments(&self, port: u16) -> Vec<String> {
        let mut arguments = self.ssh_forward(port, self.lab.database().port());
        arguments.extend(["-c", CIPHER].map(str::to_owned));
        arguments
    }

    fn ssh_forward(&self, port: u16, target: u16) -> Vec<String> {
        let config = self.home.path(".ssh/config").display().to_string();
        let forward = format!("{port}:127.0.0.1:{target}");
        ["-F", &config, "-o", "ExitOnForwardFailure=yes", "-L", &forward].map(str::to_owned).to_vec()
    }

    /// An option file for the MariaDB client with a token of the lab's own signer.
    pub(crate) fn option_file(&self, port: u16) -> PathBuf {
        let token = self.lab.gate().verifier().sign(&static_key(), "dba", SystemTime::now(), LONGEST_LIFE);
        self.home.write_file("client.cnf", format!("{}password = \"{token}\"\n", self.client_options(port)))
    }

    /// The same without the token.
    pub(crate) fn client_options(&self, port: u16) -> String {
        format!("[client]\nhost = 127.0.0.1\nport = {port}\nuser = dba\nssl-ca = {}\n", self.lab.ca_file().display())
    }

    /// The MariaDB client with an option file.
    pub(crate) fn mariadb<A: AsRef<OsStr>>(&self, options: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.home.command("mariadb", [format!("--defaults-file={}", options.display())]);
        command.args(arguments);
        command
    }
}

/// Runs a command that must succeed; how long it took, from start to exit.
pub(crate) fn clock(command: &mut Command) -> Duration {
    let (status, time) = timed(|| command.stdin(Stdio::null()).stdout(Stdio::null()).status());
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{command:?}: {status:?}");
    time
}

/// What a command that must succeed printed.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The peak of a command's memory in MiB, as GNU time tells it; `None`, said loudly, without GNU time.
pub(crate) fn peak_memory(scene: &Scene, command: &Command) -> Option<f64> {
    if !Path::new("/usr/bin/time").exists() {
        println!("SKIPPED memory: there is no /usr/bin/time");
        return None;
    }
    let report = scene.home.path("peak");
    let arguments = [OsStr::new("-f"), OsStr::new("%M"), OsStr::new("-o"), report.as_os_str(), command.get_program()];
    let mut timed = scene.home.command("/usr/bin/time", arguments.into_iter().chain(command.get_args()));
    timed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    clock(&mut timed);
    let text = std::fs::read_to_string(&report).expect("time has written its report");
    Some(text.trim().parse::<f64>().expect("a number of KiB") / 1024.0)
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a listener has an address").port()
}

/// The AWS CLI itself: the starter script that a version switcher puts in its place takes time of its own.
fn find_aws() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join("aws")).find(|file| file.is_file())?;
    if !found.components().any(|part| part.as_os_str() == "shims") {
        return Some(found);
    }
    let told = Command::new("pyenv").args(["which", "aws"]).output().ok()?;
    let real = PathBuf::from(String::from_utf8(told.stdout).ok()?.trim());
    Some(if real.is_file() { real } else { found })
}
