//! Keys of every kind, refusals, and host keys known, unknown, changed and revoked.

use std::path::Path;
use std::sync::Arc;

use russh::keys::ssh_key::{Cipher, Kdf};
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey};
use tokio::net::UnixListener;

use super::bastion_server::{Behaviour, RunningBastion};
use super::*;
use crate::backend::Dialer as _;
use crate::os::WholeFile;
use crate::ssh::host_key::fingerprint;
use crate::ssh::{AttemptOutcome, Error, SshSession, connect};

/// A bastion that lets `accepted` in, and our view of it with its host key recorded and `id` holding `offered`.
async fn set_up(folder: &Path, accepted: &[&PrivateKey], offered: &PrivateKey) -> (RunningBastion, Bastion) {
    let host_key = ed25519();
    let public = host_key.public_key().clone();
    let server = Behaviour::new(host_key, accepted).start().await;
    let bastion = bastion_at(server.address, folder);
    record_host_key(&bastion, &public);
    write_key(&folder.join("id"), offered);
    (server, bastion)
}

#[tokio::test]
async fn every_key_type_logs_in() {
    let curve = EcdsaCurve::NistP256;
    for user_key in [ed25519(), key(Algorithm::Ecdsa { curve }), rsa()] {
        let folder = tempfile::tempdir().unwrap();
        let (server, bastion) = set_up(folder.path(), &[&user_key], &user_key).await;
        let person = Person::nobody();
        let session = connect(bastion, &settings(), person.clone()).await.unwrap();
        assert_eq!(session.learned_host_key(), None);
        assert_eq!(person.trust_questions(), []);
        assert!(session.is_repeatable());
        let signed = server.seen.lock().unwrap().algorithms.clone();
        let expected =
            if user_key.algorithm().is_rsa() { "rsa-sha2-512".to_owned() } else { user_key.algorithm().to_string() };
        assert_eq!(signed, [expected], "no SHA-1, whatever the key");
    }
}

#[tokio::test]
async fn a_refused_key_is_named_with_what_the_server_would_take() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = ed25519();
    let (_server, bastion) = set_up(folder.path(), &[&ed25519()], &stranger).await;
    let error = connect(bastion, &settings(), Person::nobody()).await.unwrap_err();
    let Error::AuthenticationRefused { user, attempts, methods, message, .. } = error else { panic!("{error:?}") };
    assert_eq!(user, "ada");
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome, AttemptOutcome::Refused);
    assert_eq!(attempts[0].fingerprint, Some(fingerprint(stranger.public_key())));
    assert!(methods.contains(&"password".to_owned()), "{methods:?}");
    assert_eq!(message.as_deref(), Some("authorised users only"));
}

#[tokio::test]
async fn a_second_factor_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let (host_key, user_key) = (ed25519(), ed25519());
    let public = host_key.public_key().clone();
    let server = Behaviour { second_factor: true, ..Behaviour::new(host_key, &[&user_key]) }.start().await;
    let bastion = bastion_at(server.address, folder.path());
    record_host_key(&bastion, &public);
    write_key(&folder.path().join("id"), &user_key);
    let error = connect(bastion, &settings(), Person::nobody()).await.unwrap_err();
    let Error::FurtherAuthentication { methods, .. } = error else { panic!("{error:?}") };
    assert_eq!(methods, ["password"]);
}

#[tokio::test]
async fn files_that_cannot_be_used_are_told_and_the_next_key_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let user_key = ed25519();
    let (_server, mut bastion) = set_up(folder.path(), &[], &user_key).await;
    let path = |name: &str| folder.path().join(name);
    write_private(&path("broken"), "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----");
    write_key(&path("open"), &user_key);
    rustix::fs::chmod(path("open"), rustix::fs::Mode::from_raw_mode(0o644)).unwrap();
    write_private(&path("public"), &ed25519().public_key().to_openssh().unwrap());
    let explicit = |name: &str| IdentityFile { path: path(name), is_default: false };
    bastion.identities = ["absent", "broken", "open", "public", "id"].map(explicit).to_vec();
    bastion.identities.push(IdentityFile { path: path("absent default"), is_default: true });
    let error = connect(bastion, &settings(), Person::nobody()).await.unwrap_err();
    let Error::AuthenticationRefused { attempts, .. } = error else { panic!("{error:?}") };
    let outcome_of = |name: &str| {
        let attempt = attempts.iter().find(|attempt| attempt.key.ends_with(&format!("/{name}")));
        attempt.map(|attempt| attempt.outcome.clone())
    };
    assert_eq!(outcome_of("absent"), Some(AttemptOutcome::Missing));
    assert!(matches!(outcome_of("broken"), Some(AttemptOutcome::Malformed(_))));
    assert_eq!(outcome_of("open"), Some(AttemptOutcome::TooOpen { mode: 0o644 }));
    assert_eq!(outcome_of("public"), Some(AttemptOutcome::PublicOnly));
    assert_eq!(outcome_of("id"), Some(AttemptOutcome::Refused));
    assert_eq!(outcome_of("absent default"), None);
}

/// An encrypted key whose derivation is quick: the tests check the asking.
fn encrypted(key: &PrivateKey) -> PrivateKey {
    let kdf = Kdf::Bcrypt { salt: b"sixteen bytes 16".to_vec(), rounds: 1 };
    key.encrypt_with(Cipher::Aes256Ctr, kdf, 7, "right").unwrap()
}

#[tokio::test]
async fn a_passphrase_is_asked_for_up_to_three_times() {
    let user_key = ed25519();
    let table: [(&[&str], u32, Option<AttemptOutcome>); 4] = [
        (&["right"], 1, None),
        (&["wrong", "wrong", "right"], 3, None),
        (&["wrong", "wrong", "wrong", "right"], 3, Some(AttemptOutcome::WrongPassphrase)),
        (&[], 1, Some(AttemptOutcome::NoPassphrase)),
    ];
    for (typed, questions, failure) in table {
        let folder = tempfile::tempdir().unwrap();
        let (_server, bastion) = set_up(folder.path(), &[&user_key], &encrypted(&user_key)).await;
        let person = Person::who_types(typed);
        let result = connect(bastion, &settings(), person.clone()).await;
        assert_eq!(person.passphrase_questions(), questions);
        assert!(!result.as_ref().is_ok_and(SshSession::is_repeatable), "it would be asked for again");
        match (result, failure) {
            (Ok(_), None) => {}
            (Err(Error::AuthenticationRefused { attempts, .. }), Some(outcome)) => {
                assert_eq!(attempts[0].outcome, outcome);
            }
            (result, _) => panic!("{typed:?}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn no_passphrase_is_asked_for_when_the_server_refuses_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = set_up(folder.path(), &[&ed25519()], &encrypted(&ed25519())).await;
    let person = Person::who_types(&["right"]);
    assert!(connect(bastion, &settings(), person.clone()).await.is_err());
    assert_eq!(person.passphrase_questions(), 0);
}

/// Serves an agent that holds some keys; the protocol is russh's own.
async fn start_agent(folder: &Path, keys: &[&PrivateKey]) -> std::path::PathBuf {
    #[derive(Clone)]
    struct Willing;
    impl russh::keys::agent::server::Agent for Willing {
        async fn confirm_request(&self, _: russh::keys::agent::server::MessageType) -> bool {
            true
        }
    }
    let socket = folder.join("agent");
    let listener = UnixListener::bind(&socket).unwrap();
    let connections = futures_util::stream::unfold(listener, |listener| async move {
        let accepted = listener.accept().await.map(|(stream, _)| stream);
        Some((accepted, listener))
    });
    tokio::spawn(russh::keys::agent::server::serve(Box::pin(connections), Willing));
    let mut client = russh::keys::agent::client::AgentClient::connect_uds(&socket).await.unwrap();
    for key in keys {
        client.add_identity(key, &[]).await.unwrap();
    }
    socket
}

#[tokio::test]
async fn the_agent_signs_and_its_named_keys_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let (other, named) = (ed25519(), ed25519());
    let (server, mut bastion) = set_up(folder.path(), &[&named], &named).await;
    // Only the public half is on disk: the agent must do it.
    std::fs::remove_file(folder.path().join("id")).unwrap();
    write_private(&folder.path().join("id.pub"), &named.public_key().to_openssh().unwrap());
    bastion.agent = Some(start_agent(folder.path(), &[&other, &named]).await);
    assert!(connect(bastion, &settings(), Person::nobody()).await.unwrap().is_repeatable());
    assert_eq!(server.seen.lock().unwrap().offered, [fingerprint(named.public_key())]);
}

#[tokio::test]
async fn an_rsa_key_of_the_agent_signs_with_sha2() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mut bastion) = set_up(folder.path(), &[&rsa()], &ed25519()).await;
    bastion.identities.clear();
    bastion.agent = Some(start_agent(folder.path(), &[&rsa()]).await);
    connect(bastion, &settings(), Person::nobody()).await.unwrap();
    assert_eq!(server.seen.lock().unwrap().algorithms, ["rsa-sha2-512"]);
}

#[tokio::test]
async fn t22_identities_only_keeps_the_other_keys_of_the_agent_to_ourselves() {
    let folder = tempfile::tempdir().unwrap();
    let (in_agent, on_disk) = (ed25519(), ed25519());
    let (server, mut bastion) = set_up(folder.path(), &[&in_agent], &on_disk).await;
    bastion.agent = Some(start_agent(folder.path(), &[&in_agent]).await);
    bastion.identities_only = true;
    assert!(connect(bastion.clone(), &settings(), Person::nobody()).await.is_err());
    assert_eq!(server.seen.lock().unwrap().offered, [fingerprint(on_disk.public_key())]);
    bastion.identities_only = false;
    connect(bastion, &settings(), Person::nobody()).await.unwrap();
}

#[tokio::test]
async fn an_agent_that_is_gone_or_talks_nonsense_does_not_stop_the_key_files() {
    let folder = tempfile::tempdir().unwrap();
    let user_key = ed25519();
    let (_server, mut bastion) = set_up(folder.path(), &[&user_key], &user_key).await;
    bastion.agent = Some(folder.path().join("nobody"));
    connect(bastion.clone(), &settings(), Person::nobody()).await.unwrap();
    let socket = folder.path().join("nonsense");
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, &[0xff; 64]).await;
        }
    });
    bastion.agent = Some(socket);
    connect(bastion, &settings(), Person::nobody()).await.unwrap();
}

#[tokio::test]
async fn t4_an_unknown_host_key_is_asked_about_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (host_key, user_key) = (ed25519(), ed25519());
    let server = Behaviour::new(host_key.clone(), &[&user_key]).start().await;
    let mut bastion = bastion_at(server.address, folder.path());
    write_key(&folder.path().join("id"), &user_key);
    bastion.hash_known_hosts = true;

    let error = connect(bastion.clone(), &settings(), Person::nobody()).await.unwrap_err();
    let Error::UnknownHostKey { host, fingerprint: shown, .. } = error else { panic!("{error:?}") };
    assert_eq!(host, format!("[127.0.0.1]:{}", server.address.port()));
    assert_eq!(shown, fingerprint(host_key.public_key()));
    assert!(!folder.path().join("known_hosts").exists(), "nothing is recorded without a yes");

    bastion.host_key_policy = HostKeyPolicy::Refuse;
    let person = Person::who_trusts();
    assert!(connect(bastion.clone(), &settings(), person.clone()).await.is_err());
    assert_eq!(person.trust_questions(), [], "strict means that nobody is asked");

    bastion.host_key_policy = HostKeyPolicy::Ask;
    let session = connect(bastion.clone(), &settings(), person.clone()).await.unwrap();
    assert_eq!(person.trust_questions()[0].fingerprint, shown);
    assert_eq!(session.learned_host_key().unwrap().not_recorded, None);
    assert!(session.is_repeatable());
    let file = WholeFile::read(&folder.path().join("known_hosts"), 10_000).unwrap().unwrap();
    assert_eq!(file.mode, 0o600);
    assert!(file.bytes.starts_with(b"|1|"), "HashKnownHosts is followed");

    connect(bastion, &settings(), Person::nobody()).await.unwrap();
}

#[tokio::test]
async fn r21_a_known_hosts_file_that_cannot_be_written_is_a_note_and_not_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let user_key = ed25519();
    let server = Behaviour::new(ed25519(), &[&user_key]).start().await;
    let mut bastion = bastion_at(server.address, folder.path());
    write_key(&folder.path().join("id"), &user_key);
    // Its folder is a file.
    bastion.user_known_hosts = vec![folder.path().join("id/known_hosts")];
    let session = connect(bastion, &settings(), Person::who_trusts()).await.unwrap();
    assert!(session.learned_host_key().unwrap().not_recorded.is_some());
    assert!(!session.is_repeatable(), "it would be asked about again");
}

#[tokio::test]
async fn t4_accept_new_takes_a_new_host_and_never_another_key_of_a_known_one() {
    let folder = tempfile::tempdir().unwrap();
    let user_key = ed25519();
    let server = Behaviour::new(ed25519(), &[&user_key]).start().await;
    let mut bastion = bastion_at(server.address, folder.path());
    write_key(&folder.path().join("id"), &user_key);
    bastion.host_key_policy = HostKeyPolicy::AcceptNew;
    let person = Person::nobody();
    let session = connect(bastion.clone(), &settings(), person.clone()).await.unwrap();
    assert!(session.learned_host_key().is_some());
    assert_eq!(person.trust_questions(), []);

    // Known without its port, with another key: asked, not taken.
    let mut known_elsewhere = bastion.clone();
    known_elsewhere.user_known_hosts = vec![folder.path().join("elsewhere")];
    let line = line_for("127.0.0.1", ed25519().public_key(), None).unwrap();
    append_line(&known_elsewhere.user_known_hosts[0], &line).unwrap();
    assert!(connect(known_elsewhere, &settings(), person.clone()).await.is_err());
    assert_eq!(person.trust_questions().len(), 1);
}

#[tokio::test]
async fn t4_changed_revoked_and_short_host_keys_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (host_key, user_key) = (ed25519(), ed25519());
    let server = Behaviour::new(host_key.clone(), &[&user_key]).start().await;
    write_key(&folder.path().join("id"), &user_key);
    let person = Person::who_trusts();
    let with_lines = |name: &str, lines: &[String]| {
        let mut bastion = bastion_at(server.address, folder.path());
        bastion.user_known_hosts = vec![folder.path().join(name)];
        for line in lines {
            append_line(&bastion.user_known_hosts[0], line).unwrap();
        }
        bastion
    };
    let name = bastion_at(server.address, folder.path()).known_hosts_name();
    let right = line_for(&name, host_key.public_key(), None).unwrap();
    let wrong = line_for(&name, ed25519().public_key(), None).unwrap();

    let settings = settings();
    let error =
        connect(with_lines("changed", std::slice::from_ref(&wrong)), &settings, person.clone()).await.unwrap_err();
    assert!(matches!(&error, Error::ChangedHostKey { line: 1, recorded, .. } if recorded.len() == 1), "{error:?}");

    let error =
        connect(with_lines("revoked", &[right.clone(), format!("@revoked {right}")]), &settings, person.clone());
    assert!(matches!(error.await.unwrap_err(), Error::RevokedHostKey { line: 2, .. }));

    let revoked_everywhere = format!("@revoked * {}", right.split_once(' ').unwrap().1);
    let error = connect(with_lines("everywhere", &[right.clone(), revoked_everywhere]), &settings, person.clone());
    assert!(matches!(error.await.unwrap_err(), Error::RevokedHostKey { line: 2, .. }));

    let rsa_only = line_for(&name, rsa().public_key(), None).unwrap();
    let error = connect(with_lines("type", &[rsa_only]), &settings, person.clone()).await.unwrap_err();
    assert!(matches!(&error, Error::HostKeyTypeMissing { offered, .. } if offered == &["ssh-ed25519"]), "{error:?}");

    let broken = format!("{name} ssh-ed25519 AAAA");
    let error = connect(with_lines("broken", &[broken, right.clone()]), &settings, person.clone()).await.unwrap_err();
    assert!(matches!(error, Error::KnownHostsLine { line: 1, .. }));

    connect(with_lines("second", &[wrong, right]), &settings, person.clone()).await.unwrap();
    assert_eq!(person.trust_questions(), [], "none of these is a question");

    let short_server = Behaviour::new(rsa(), &[&user_key]).start().await;
    let mut bastion = bastion_at(short_server.address, folder.path());
    bastion.least_rsa_bits = 3072;
    let error = connect(bastion, &settings, person).await.unwrap_err();
    assert!(matches!(error, Error::ShortHostKey { bits: 2048, least: 3072, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_with_several_host_keys_is_asked_for_the_recorded_one() {
    let folder = tempfile::tempdir().unwrap();
    let user_key = ed25519();
    let host_keys = vec![ed25519(), key(Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }), rsa()];
    for recorded in host_keys.clone() {
        let server =
            Behaviour { host_keys: host_keys.clone(), ..Behaviour::new(ed25519(), &[&user_key]) }.start().await;
        let files = folder.path().join(recorded.algorithm().as_str());
        let bastion = bastion_at(server.address, &files);
        record_host_key(&bastion, recorded.public_key());
        write_key(&files.join("id"), &user_key);
        let session = connect(bastion, &settings(), Arc::new(Person::default())).await.unwrap();
        assert_eq!(session.learned_host_key(), None);
    }
}
