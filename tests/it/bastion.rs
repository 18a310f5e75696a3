//! Bastions that are down, silent, unknown, changed, revoked or unwilling, and databases that are: each ends in its own
//! code, with a cause and a hint, and nothing is dialled behind the bastion's back.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rdsconn_lab::embedded::{Conduct, Key};
use rdsconn_lab::environment::{Output, SshHost};
use rdsconn_lab::real::{BASTION_ALIAS, BastionOptions, Forwarding, KeyType};

use crate::stage::{Servers, Stage, on_each};

/// What the stage's `ssh_config` says of its bastion.
pub(crate) fn ssh_host(stage: &Stage) -> SshHost {
    let known_hosts = stage.home.path(".ssh/known_hosts");
    match &stage.servers {
        Servers::Embedded(embedded) => SshHost {
            alias: BASTION_ALIAS.to_owned(),
            host_name: embedded.bastion.address().ip().to_string(),
            port: embedded.bastion.address().port(),
            user: embedded.bastion.user().to_owned(),
            identity_files: vec![stage.home.path(".ssh/id_ed25519")],
            known_hosts,
        },
        Servers::Real(lab) => lab.bastion().ssh_host(BASTION_ALIAS, &known_hosts),
    }
}

/// The key that the embedded bastion accepts.
pub(crate) fn own_key(stage: &Stage) -> Key {
    Key::read(&stage.home.path(".ssh/id_ed25519")).unwrap()
}

/// The bastion's name in `known_hosts`.
pub(crate) fn known_name(stage: &Stage) -> String {
    format!("[127.0.0.1]:{}", ssh_host(stage).port)
}

fn host_key(stage: &Stage) -> String {
    match &stage.servers {
        Servers::Embedded(embedded) => embedded.bastion.known_hosts_line().split_once(' ').unwrap().1.to_owned(),
        Servers::Real(lab) => lab.bastion().host_key(KeyType::Ed25519),
    }
}

/// `SHA256:…` of the bastion's Ed25519 key.
pub(crate) fn fingerprint(stage: &Stage) -> String {
    match &stage.servers {
        Servers::Embedded(embedded) => embedded.bastion.fingerprint(),
        Servers::Real(lab) => lab.bastion().host_key_fingerprint(KeyType::Ed25519),
    }
}

/// A port that refuses connections for as long as the first value lives: bound, and nobody listens.
pub(crate) fn closed_port() -> (OwnedFd, u16) {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
    (socket, address.port())
}

#[track_caller]
pub(crate) fn says(output: &Output, texts: &[&str]) {
    assert_eq!(output.stdout, "");
    for text in texts {
        assert!(output.stderr.contains(text), "{text:?} is missing in:\n{}", output.stderr);
    }
}

#[test]
fn a_bastion_that_is_down_is_exit_5() {
    on_each(|stage| {
        let (_held, port) = closed_port();
        stage.home.write_ssh_config(&SshHost { port, ..ssh_host(stage) });
        let output = stage.query(&["select 1"]).ended_with(5);
        let error = format!("error: cannot connect to bastion {BASTION_ALIAS} at 127.0.0.1:{port}\n");
        says(&output, &[&error, "  caused by: Connection refused", "hint: check the network or VPN"]);
    });
}

#[test]
fn a_silent_bastion_is_exit_5() {
    let silent = format!("error: bastion {BASTION_ALIAS} did not finish the SSH handshake within 0.5 s\n");
    let stage = Stage::embedded();
    stage.parts().bastion.set_conduct(Conduct::Silent);
    let output = stage.query(&["--connect-timeout", "0.5", "select 1"]).ended_with(5);
    says(&output, &[&silent, "hint: give it longer with --connect-timeout SECONDS"]);
    let Some(stage) = Stage::own_real() else { return };
    let _frozen = stage.servers.real().bastion().freeze();
    says(&stage.query(&["--connect-timeout", "0.5", "select 1"]).ended_with(5), &[&silent]);
}

#[test]
fn a_bastion_that_refuses_the_user_is_exit_4() {
    on_each(|stage| {
        let key = stage.home.path(".ssh/stranger");
        Key::generate().write(&key).unwrap();
        let host = SshHost { identity_files: vec![key.clone()], ..ssh_host(stage) };
        stage.home.write_ssh_config(&host);
        let output = stage.query(&["select 1"]).ended_with(4);
        let error = format!("error: bastion {BASTION_ALIAS} refused {}: {} (refused)\n", host.user, key.display());
        says(&output, &[&error, "hint: run ssh -v -- bastion-lab"]);
    });
}

#[test]
fn a_key_that_others_can_read_is_left_out_and_the_chmod_is_named() {
    let stage = Stage::embedded();
    let key = stage.home.path(".ssh/id_ed25519");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let output = stage.query(&["select 1"]).ended_with(4);
    says(&output, &["mode 0644 lets others read it", &format!("hint: run chmod 600 {}\n", key.display())]);
}

/// T5: whatever an sshd is made to offer, only what is safe is used.
#[test]
fn t5_a_bastion_with_nothing_safe_to_offer_is_exit_5() {
    let Some(stage) = Stage::own_real() else { return };
    let bastion = stage.servers.real().bastion();
    for (line, kind) in [
        ("KexAlgorithms diffie-hellman-group14-sha1", "key exchange"),
        ("KexAlgorithms diffie-hellman-group-exchange-sha1", "key exchange"),
        ("Ciphers aes128-cbc,3des-cbc", "cipher"),
        ("MACs hmac-sha1,hmac-md5\nCiphers aes256-ctr", "MAC"),
    ] {
        let extra = line.lines().map(ToOwned::to_owned).collect();
        bastion.restart(&BastionOptions { extra, ..BastionOptions::default() });
        let output = stage.query(&["select 1"]).ended_with(5);
        says(&output, &[&format!("offers no safe {kind}; it offers "), "hint: the bastion's sshd is too old"]);
    }
    // The key type that is recorded, but only with a SHA-1 signature.
    let extra = vec!["HostKeyAlgorithms ssh-rsa".to_owned()];
    let host_keys = vec![KeyType::Rsa];
    bastion.restart(&BastionOptions { extra, host_keys, ..BastionOptions::default() });
    let output = stage.query(&["select 1"]).ended_with(5);
    says(&output, &["offers no host key of a recorded type", "it offers ssh-rsa\n"]);
    bastion.restart(&BastionOptions { extra: vec!["Compression yes".to_owned()], ..BastionOptions::default() });
    stage.query(&["select 1"]).succeeded();
}

#[test]
fn t4_an_unknown_host_key_is_refused_without_a_terminal() {
    on_each(|stage| {
        for lines in ["", "# nothing of this host\nother.example ssh-ed25519 AAAA\n"] {
            let known_hosts = stage.home.write_known_hosts(lines);
            // Only the type whose fingerprint the case knows.
            let only = "HostKeyAlgorithms ssh-ed25519\n";
            stage.home.write_ssh_config(&format!("{}{only}", ssh_host(stage)));
            let output = stage.query(&["select 1"]).ended_with(5);
            let error = format!(
                "error: the ssh-ed25519 host key of {} is not known: {}\n",
                known_name(stage),
                fingerprint(stage)
            );
            says(&output, &[&error, "hint: compare the fingerprint"]);
            assert_eq!(std::fs::read_to_string(known_hosts).unwrap(), lines, "{}", stage.name());
        }
    });
}

#[test]
fn t4_a_changed_host_key_is_refused_and_the_line_is_named() {
    on_each(|stage| {
        let lines = format!("# moved in March\n\n{} {}\n", known_name(stage), Key::generate().public_line());
        let known_hosts = stage.home.write_known_hosts(&lines);
        let output = stage.query(&["select 1"]).ended_with(5);
        let line = format!("{}:3", known_hosts.display());
        let error = format!("error: the host key of {} has changed: ssh-ed25519 ", known_name(stage));
        let edit = format!("hint: if the change is known and right, edit {line}");
        says(&output, &[&error, &fingerprint(stage), &line, "hint: somebody may be listening in", &edit]);
        assert_eq!(std::fs::read_to_string(known_hosts).unwrap(), lines, "{}", stage.name());
    });
}

/// The same on a real sshd that comes back with other keys.
#[test]
fn t4_a_bastion_that_was_replaced_is_refused() {
    let Some(stage) = Stage::own_real() else { return };
    stage.query(&["select 1"]).succeeded();
    let options = BastionOptions { changed_host_keys: true, ..BastionOptions::default() };
    stage.servers.real().bastion().restart(&options);
    let output = stage.query(&["select 1"]).ended_with(5);
    says(&output, &["error: the host key of [127.0.0.1]:", "has changed", "known_hosts:1"]);
}

#[test]
fn t4_a_revoked_host_key_is_refused() {
    on_each(|stage| {
        let (name, key) = (known_name(stage), host_key(stage));
        let known_hosts = stage.home.write_known_hosts(&format!("{name} {key}\n@revoked * {key}\n"));
        let output = stage.query(&["select 1"]).ended_with(5);
        let error =
            format!("error: the host key of {name} is revoked by {}:2: {}", known_hosts.display(), fingerprint(stage));
        says(&output, &[&error, "hint: this key is known to be in the wrong hands"]);
    });
}

/// Root may read every file, so a folder stands where the file should be.
#[test]
fn t4_an_unreadable_known_hosts_is_exit_2_and_nothing_is_dialled() {
    let stage = Stage::embedded();
    let path = stage.home.path(".ssh/known_hosts");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let output = stage.query(&["select 1"]).ended_with(2);
    let error = format!("error: cannot read {}\n", path.display());
    says(&output, &[&error, "  caused by: not a regular file", "hint: run ls -l"]);
    assert_eq!(stage.parts().bastion.visits().connections, 0);
}

#[test]
fn forwarding_prohibited_is_exit_5_in_ssh_s_own_words() {
    let stage = Stage::embedded();
    let before = stage.parts().database.connections();
    stage.parts().bastion.set_conduct(Conduct::ForwardingProhibited);
    let output = stage.query(&["select 1"]).ended_with(5);
    let refused = format!("error: bastion {BASTION_ALIAS} does not allow forwarding to ");
    says(&output, &[&refused, "hint: the bastion's sshd must allow it"]);
    assert_eq!(stage.parts().database.connections(), before);

    let Some(stage) = Stage::own_real() else { return };
    let options = BastionOptions { forwarding: Forwarding::Nothing, ..BastionOptions::default() };
    stage.servers.real().bastion().restart(&options);
    let output = stage.query(&["select 1"]).ended_with(5);
    says(&output, &[&refused, ": open failed\n", "hint: the bastion's sshd must allow it"]);
}

#[test]
fn a_database_down_behind_the_bastion_is_exit_5_in_ssh_s_own_words() {
    on_each(|stage| {
        let (_held, port) = closed_port();
        if let Servers::Embedded(embedded) = &stage.servers {
            embedded.bastion.route("127.0.0.1", port, SocketAddr::from(([127, 0, 0, 1], port)));
        }
        let address = format!("127.0.0.1:{port}");
        let output = stage.query(&["--address", &address, "select 1"]).ended_with(5);
        let error = format!("error: bastion {BASTION_ALIAS} cannot connect to {address}");
        let hint = format!("hint: see whether {address} is up and whether its security group lets the bastion in");
        says(&output, &[&error, &hint]);
        if stage.name() == "real" {
            says(&output, &[&format!("{error}: Connection refused\n")]);
        }
    });
}

#[test]
fn a_wrong_database_user_is_exit_4_with_the_hints_of_1045() {
    on_each(|stage| {
        let output = stage.query(&["-u", "dbz", "select 1"]).ended_with(4);
        let signed = "hint: the token was signed for region us-east-1, endpoint orders.cluster-c9abc.us-east-1.rds.amazonaws.com:3306, user dbz";
        let create = "hint: the user must exist: CREATE USER 'dbz' IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'";
        let iam = "hint: IAM authentication must be on";
        says(&output, &["1045", "Access denied for user 'dbz'", signed, create, "rds-db:connect", iam]);
    });
}

/// `SSH_ASKPASS` and stdin are no way in either.
#[test]
fn an_encrypted_key_without_a_terminal_is_exit_4() {
    on_each(|stage| {
        let host = match &stage.servers {
            Servers::Embedded(_) => {
                let key = stage.home.path(".ssh/locked");
                own_key(stage).write_encrypted(&key, "open sesame").unwrap();
                SshHost { identity_files: vec![key], ..ssh_host(stage) }
            }
            Servers::Real(lab) => SshHost { identity_files: vec![lab.bastion().encrypted_key()], ..ssh_host(stage) },
        };
        stage.home.write_ssh_config(&host);
        let output = stage.query_with_input(&["-e", "select 1"], b"open sesame\n").ended_with(4);
        let why = format!("{} (encrypted, and no passphrase was given)\n", host.identity_files[0].display());
        let hint = format!("hint: run ssh-add {}, or run rdsconn on a terminal", host.identity_files[0].display());
        says(&output, &[&why, &hint]);
    });
}

/// The address means something to the bastion only, and the bastion is the only one that dials.
#[test]
fn t19_the_database_is_dialled_by_the_bastion_alone() {
    let stage = Stage::embedded();
    let parts = stage.parts();
    let before = parts.database.connections();
    let (name, port) = ("only-the-bastion-knows.invalid", 3399);
    parts.bastion.route(name, port, parts.database.address());
    let output = stage.query(&["-N", "--address", &format!("{name}:{port}"), "select 1"]).succeeded();
    assert_eq!(output.stdout, "1\n");
    let visits = parts.bastion.visits();
    assert_eq!((visits.asked, visits.sessions), (vec![(name.to_owned(), port)], 1));
    assert_eq!(parts.database.connections(), before + 1);
}

/// The database stands open on this very machine: a tunnel that fails must not be mended by going there directly.
#[test]
fn t19_no_failure_of_the_bastion_leads_to_a_direct_connection() {
    let stage = Stage::embedded();
    let parts = stage.parts();
    let before = parts.database.connections();
    let address = parts.database.address().to_string();
    let run = |code| {
        stage.query(&["--connect-timeout", "0.5", "--address", &address, "select 1"]).ended_with(code);
        assert_eq!(parts.database.connections(), before);
    };
    // It has no route to that address.
    run(5);
    for (conduct, code) in [(Conduct::ForwardingProhibited, 5), (Conduct::EveryoneRefused, 4), (Conduct::Silent, 5)] {
        parts.bastion.set_conduct(conduct);
        run(code);
    }
    let (_held, port) = closed_port();
    stage.home.write_ssh_config(&SshHost { port, ..ssh_host(&stage) });
    run(5);
    stage.home.write_known_hosts("");
    run(5);
    // The proof that the address could have been dialled.
    let direct = stage.query(&["--route", "direct", "--address", &address, "-N", "select 1"]).succeeded();
    assert_eq!((direct.stdout.as_str(), parts.database.connections()), ("1\n", before + 1));
}
