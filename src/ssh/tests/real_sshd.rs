//! The same against a real `sshd`, started as a private process on a free port with its own keys, where it is installed.

use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::backend::{Connection, Dialer, Traffic};
use crate::ssh::{Error, SshSession, connect};
use crate::target::Address;

const PROGRAM: &str = "/usr/sbin/sshd";

/// A running `sshd` and its folder; ends with the test.
pub(super) struct Sshd {
    child: Child,
    address: SocketAddr,
    host_key: PrivateKey,
    user_key: PrivateKey,
    folder: tempfile::TempDir,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The login name `sshd` knows us by; `None` where there is none.
fn our_name() -> Option<String> {
    let output = Command::new("id").arg("-un").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|name| !name.is_empty())
}

impl Sshd {
    /// Starts one with more configuration lines; `None`, loudly, where it cannot be.
    pub(super) async fn start(host_key: PrivateKey, lines: &str) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            eprintln!("SKIPPED: {PROGRAM} is not installed, so nothing was tried against a real sshd");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let user_key = ed25519();
        write_key(&path("host_key"), &host_key);
        write_key(&path("id"), &user_key);
        write_private(&path("authorized_keys"), &user_key.public_key().to_openssh().unwrap());
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let (host_key_path, authorized) = (path("host_key"), path("authorized_keys"));
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n{lines}\n",
            host_key_path.display(),
            authorized.display(),
        );
        std::fs::write(path("sshd_config"), config).unwrap();
        if rustix::process::getuid().is_root() {
            // Where it drops its privileges to; Debian makes the folder only when its service starts.
            let _ = std::fs::create_dir_all("/run/sshd");
        }
        let log = std::fs::File::create(path("log")).unwrap();
        let mut program = Command::new(PROGRAM);
        program.arg("-D").arg("-e").arg("-f").arg(path("sshd_config"));
        let child = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut sshd = Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), host_key, user_key, folder };
        sshd.wait_until_it_listens().await;
        Some(sshd)
    }

    async fn wait_until_it_listens(&mut self) {
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(self.address).await.is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "sshd ended: {}", self.log());
            assert!(std::time::Instant::now() < deadline, "sshd does not listen: {}", self.log());
            tokio::task::yield_now().await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(super) fn bastion(&self) -> Bastion {
        let mut bastion = bastion_at(self.address, self.folder.path());
        bastion.user = our_name().unwrap();
        record_host_key(&bastion, self.host_key.public_key());
        bastion
    }

    async fn session(&self) -> SshSession {
        connect(self.bastion(), &settings(), Person::nobody()).await.unwrap()
    }
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (driver, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (driver.unwrap(), accepted.unwrap().0)
}

fn address_of(listener: &TcpListener) -> Address {
    Address { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() }
}

#[tokio::test]
async fn logs_in_and_carries_bytes_both_ways() {
    for host_key in [ed25519(), rsa()] {
        let Some(sshd) = Sshd::start(host_key, "").await else { return };
        let session = sshd.session().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connection = session.dial(&address_of(&listener)).await.unwrap();
        let (mut database, _) = listener.accept().await.unwrap();
        let (mut driver, relayed) = pair().await;
        let sent = vec![3; 3_000_000];
        let database = async {
            let mut heard = Vec::new();
            database.read_to_end(&mut heard).await.unwrap();
            database.write_all(&heard[..1_000_000]).await.unwrap();
            database.shutdown().await.unwrap();
        };
        let driver = async {
            driver.write_all(&sent).await.unwrap();
            driver.shutdown().await.unwrap();
            let mut heard = Vec::new();
            driver.read_to_end(&mut heard).await.unwrap();
            heard
        };
        let (traffic, (), heard) = tokio::join!(connection.relay(relayed.into()), database, driver);
        assert!(heard == sent[..1_000_000], "the answer came back changed");
        assert_eq!(traffic.unwrap(), Traffic { sent: 3_000_000, received: 1_000_000 });
        session.close().await;
    }
}

#[tokio::test]
async fn a_driver_that_hangs_up_hangs_up_on_the_database() {
    let Some(sshd) = Sshd::start(ed25519(), "").await else { return };
    let session = sshd.session().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connection = session.dial(&address_of(&listener)).await.unwrap();
    let (mut database, _) = listener.accept().await.unwrap();
    let (mut driver, relayed) = pair().await;
    let database = async { while database.write_all(&[7; 10_000]).await.is_ok() {} };
    let driver = async {
        driver.read_exact(&mut [0; 1000]).await.unwrap();
        drop(driver);
    };
    let (traffic, (), ()) = tokio::join!(connection.relay(relayed.into()), database, driver);
    traffic.unwrap();
}

#[tokio::test]
async fn r4_an_idle_connection_outlives_many_probes() {
    let Some(sshd) = Sshd::start(ed25519(), "LogLevel DEBUG2").await else { return };
    let settings = Settings { keepalive_interval: Duration::from_millis(100), ..settings() };
    let session = connect(sshd.bastion(), &settings, Person::nobody()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connection = session.dial(&address_of(&listener)).await.unwrap();
    let (mut database, _) = listener.accept().await.unwrap();
    let (mut driver, relayed) = pair().await;
    let relay = tokio::spawn(connection.relay(relayed.into()));
    let deadline = std::time::Instant::now() + Duration::from_mins(1);
    // More than may stay unanswered.
    while sshd.log().matches("keepalive@openssh.com").count() < 3 * settings.keepalive_count {
        assert!(std::time::Instant::now() < deadline, "{}", sshd.log());
        tokio::task::yield_now().await;
    }
    database.write_all(b"still here").await.unwrap();
    driver.read_exact(&mut [0; 10]).await.unwrap();
    assert!(!relay.is_finished());
}

#[tokio::test]
async fn a_closed_port_and_forbidden_forwarding_carry_the_words_of_sshd() {
    let Some(sshd) = Sshd::start(ed25519(), "").await else { return };
    let session = sshd.session().await;
    let closed = address_of(&TcpListener::bind("127.0.0.1:0").await.unwrap());
    let error = session.dial(&closed).await.unwrap_err();
    let Error::DatabaseUnreachable { reason: Some(reason), .. } = error else { panic!("{error:?}") };
    assert!(reason.contains("refused"), "{reason}");

    let Some(sshd) = Sshd::start(ed25519(), "AllowTcpForwarding no").await else { return };
    let error = sshd.session().await.dial(&closed).await.unwrap_err();
    assert!(matches!(error, Error::ForwardingProhibited { reason: Some(_), .. }), "{error:?}");
}

#[tokio::test]
async fn t5_old_algorithms_of_a_real_server_are_refused() {
    let table = [
        ("key exchange", "KexAlgorithms diffie-hellman-group14-sha1"),
        ("cipher", "Ciphers aes128-cbc"),
        ("MAC", "Ciphers aes128-ctr\nMACs hmac-sha1"),
        ("host key algorithm", "HostKeyAlgorithms ssh-rsa"),
    ];
    for (expected, line) in table {
        let Some(sshd) = Sshd::start(rsa(), line).await else { return };
        let bastion = Bastion { user_known_hosts: Vec::new(), ..sshd.bastion() };
        let error = connect(bastion, &settings(), Person::nobody()).await.unwrap_err();
        assert!(matches!(error, Error::NoCommonAlgorithm { kind, .. } if kind == expected), "{line}: {error:?}");
    }
}

#[tokio::test]
async fn refused_users_and_too_many_keys_are_told() {
    let Some(sshd) = Sshd::start(ed25519(), "MaxAuthTries 2").await else { return };
    let mut bastion = sshd.bastion();
    let stranger = |number: usize| {
        let path = sshd.folder.path().join(format!("stranger{number}"));
        write_key(&path, &ed25519());
        IdentityFile { path, is_default: false }
    };
    bastion.identities = (0..5).map(stranger).collect();
    let error = connect(bastion.clone(), &settings(), Person::nobody()).await.unwrap_err();
    let Error::AuthenticationRefused { attempts, message, .. } = &error else { panic!("{error:?}") };
    assert!(!attempts.is_empty());
    assert!(message.as_deref().is_some_and(|message| message.contains("Too many")), "{message:?}");

    bastion.identities.truncate(1);
    let error = connect(bastion, &settings(), Person::nobody()).await.unwrap_err();
    let Error::AuthenticationRefused { methods, .. } = &error else { panic!("{error:?}") };
    assert_eq!(methods, &["publickey"]);
}

#[tokio::test]
async fn a_key_of_a_real_agent_logs_in() {
    let Some(sshd) = Sshd::start(ed25519(), "").await else { return };
    let socket = sshd.folder.path().join("agent");
    let agent = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn();
    let Ok(mut agent) = agent else {
        eprintln!("SKIPPED: ssh-agent is not installed");
        return;
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    let mut client = loop {
        match russh::keys::agent::client::AgentClient::connect_uds(&socket).await {
            Ok(client) => break client,
            Err(error) => assert!(std::time::Instant::now() < deadline, "{error}"),
        }
        tokio::task::yield_now().await;
    };
    client.add_identity(&sshd.user_key, &[]).await.unwrap();
    let bastion = Bastion { identities: Vec::new(), agent: Some(socket), ..sshd.bastion() };
    let result = connect(bastion, &settings(), Person::nobody()).await;
    agent.kill().unwrap();
    agent.wait().unwrap();
    result.unwrap();
}
