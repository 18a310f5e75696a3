//! The embedded bastion against OpenSSH's client.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rdsconn_lab::embedded::{Bastion, BastionOptions, Conduct, Key};

use crate::rig::ENDPOINT;

const PATIENCE: Duration = Duration::from_secs(20);

struct Rig {
    folder: tempfile::TempDir,
    key: Key,
    bastion: Bastion,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::generate();
        key.write(&folder.path().join("key")).unwrap();
        let bastion = Bastion::start(BastionOptions::new(&key)).unwrap();
        std::fs::write(folder.path().join("known_hosts"), bastion.known_hosts_line() + "\n").unwrap();
        Self { folder, key, bastion }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `ssh -W host:port`; none where there is no such program.
    fn ssh(&self, user: &str, destination: &str) -> Option<Command> {
        if Command::new("ssh").arg("-V").output().is_err() {
            eprintln!("SKIPPED: no `ssh` program here");
            return None;
        }
        let mut command = Command::new("ssh");
        command
            .args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes"])
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", self.file("known_hosts").display()))
            .arg("-i")
            .arg(self.file("key"))
            .args(["-p", &self.bastion.address().port().to_string(), "-W", destination])
            .arg(format!("{user}@127.0.0.1"))
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Some(command)
    }

    fn fails(&self, user: &str, destination: &str) -> Option<String> {
        let output: Output = self.ssh(user, destination)?.stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success());
        Some(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// A server that gives every connection its bytes back, until the client has no more.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut from = stream.try_clone().unwrap();
                let _ = std::io::copy(&mut from, &mut stream);
            });
        }
    });
    address
}

#[test]
fn an_endpoint_that_exists_nowhere_is_forwarded() {
    let rig = Rig::new();
    rig.bastion.route(ENDPOINT, 3306, echo());
    let Some(mut command) = rig.ssh("ops", &format!("{ENDPOINT}:3306")) else { return };
    let mut ssh = command.spawn().unwrap();
    let mut input = ssh.stdin.take().unwrap();
    let sent: Vec<u8> = (0..=250).cycle().take(3_000_000).collect();
    let expected = sent.clone();
    let writer = std::thread::spawn(move || input.write_all(&sent));
    let mut back = Vec::new();
    ssh.stdout.take().unwrap().read_to_end(&mut back).unwrap();
    writer.join().unwrap().unwrap();
    assert!(back == expected);
    assert!(ssh.wait().unwrap().success());
    assert!(rig.bastion.wait_until(PATIENCE, |visits| visits.channels == 0));
    let visits = rig.bastion.visits();
    assert_eq!((visits.connections, visits.sessions, visits.other_channels), (1, 1, 0));
    assert_eq!(visits.asked, [(ENDPOINT.to_owned(), 3306)]);
}

#[test]
fn refusals_carry_their_own_reasons() {
    let rig = Rig::new();
    rig.bastion.route(ENDPOINT, 3306, echo());
    let destination = format!("{ENDPOINT}:3306");
    let Some(nowhere) = rig.fails("ops", "other.example:3306") else { return };
    assert!(nowhere.contains("open failed: connect failed"), "{nowhere}");
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    rig.bastion.route("down.example", 3306, closed);
    assert!(rig.fails("ops", "down.example:3306").unwrap().contains("connect failed"));
    assert!(rig.fails("root", &destination).unwrap().contains("Permission denied (publickey)"));
    rig.bastion.set_conduct(Conduct::ForwardingProhibited);
    assert!(rig.fails("ops", &destination).unwrap().contains("administratively prohibited"));
    rig.bastion.set_conduct(Conduct::EveryoneRefused);
    assert!(rig.fails("ops", &destination).unwrap().contains("Permission denied (publickey)"));
    rig.bastion.set_conduct(Conduct::Proper);
    rig.bastion.set_host_key(Key::generate());
    assert!(rig.fails("ops", &destination).unwrap().contains("HOST IDENTIFICATION HAS CHANGED"));
}

#[test]
fn r1_a_cut_gives_never_more_than_was_allowed() {
    let rig = Rig::new();
    rig.bastion.route(ENDPOINT, 3306, echo());
    let Some(mut command) = rig.ssh("ops", &format!("{ENDPOINT}:3306")) else { return };
    rig.bastion.cut_after(100_000);
    let mut ssh = command.spawn().unwrap();
    let mut input = ssh.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&vec![7; 1_000_000]));
    let mut back = Vec::new();
    ssh.stdout.take().unwrap().read_to_end(&mut back).unwrap();
    assert!(back.len() <= 100_000, "{}", back.len());
    assert!(!ssh.wait().unwrap().success());
    // ssh closed the pipe; how much fitted into it before does not matter.
    let _ = writer.join().unwrap();
}

#[test]
fn a_locked_key_opens_with_its_passphrase_only() {
    let rig = Rig::new();
    rig.key.write_encrypted(&rig.file("locked"), "open sesame").unwrap();
    let public = |passphrase: &str| {
        Command::new("ssh-keygen").args(["-y", "-P", passphrase, "-f"]).arg(rig.file("locked")).output()
    };
    let Ok(opened) = public("open sesame") else {
        eprintln!("SKIPPED: no `ssh-keygen` program here");
        return;
    };
    assert!(String::from_utf8_lossy(&opened.stdout).starts_with(&rig.key.public_line()));
    assert!(!public("wrong").unwrap().status.success());
}
