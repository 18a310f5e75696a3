//! What a bastion's name means: the real `ssh -G`, stand-ins for it, and the reader that serves without it.

use std::path::PathBuf;

use super::*;
use crate::os::{Program, WholeFile};
use crate::ssh::directives::{Treatment, Values, treatment};
use crate::ssh::{Error, open, plan};
use crate::target::BastionName;

fn named(host: &str) -> BastionName {
    BastionName { user: None, host: host.to_owned(), port: None }
}

/// Settings with a configuration file of this text, and the machine's own programs if `with_ssh`.
fn configured(folder: &Path, text: &str, with_ssh: bool) -> Settings {
    let file = folder.join("ssh_config");
    std::fs::write(&file, text).unwrap();
    let path = if with_ssh { "/usr/local/bin:/usr/bin:/bin".to_owned() } else { folder.display().to_string() };
    let home = folder.display().to_string();
    let environment = Environment::of([("PATH", &path), ("HOME", &home), ("USER", "ada"), ("SSH_AUTH_SOCK", "/agent")]);
    Settings { ssh_config: Some(file), environment, ..settings() }
}

fn has_ssh(settings: &Settings) -> bool {
    let found = Program::find("ssh", &settings.environment).is_some();
    if !found {
        eprintln!("SKIPPED: ssh is not installed, so its -G was not asked");
    }
    found
}

const CONFIG: &str = "
Host prod !never
    HostName 10.1.2.3
    User ec2-user
    Port 2222
    IdentityFile ~/.ssh/%n-%r
    IdentityFile /keys/id_%h_%p
    IdentitiesOnly yes
    IdentityAgent /run/agent
    UserKnownHostsFile /known/one /known/two
    GlobalKnownHostsFile none
    HostKeyAlias Prod-Bastion
    StrictHostKeyChecking accept-new
    HashKnownHosts yes
    AddressFamily inet
    ServerAliveInterval 60
    ForwardAgent yes
Host *
    User nobody
    IdentityFile none
";

#[tokio::test]
async fn the_real_ssh_and_the_reader_agree() {
    let folder = tempfile::tempdir().unwrap();
    let by_reader = plan(&named("prod"), &configured(folder.path(), CONFIG, false)).await.unwrap();
    assert_eq!((by_reader.host.as_str(), by_reader.port, by_reader.user.as_str()), ("10.1.2.3", 2222, "ec2-user"));
    let paths: Vec<PathBuf> = by_reader.identities.iter().map(|identity| identity.path.clone()).collect();
    assert_eq!(paths, [folder.path().join(".ssh/prod-ec2-user"), PathBuf::from("/keys/id_10.1.2.3_2222")]);
    assert!(by_reader.identities_only && by_reader.hash_known_hosts);
    assert_eq!(by_reader.agent.as_deref(), Some(Path::new("/run/agent")));
    assert_eq!(by_reader.user_known_hosts, [PathBuf::from("/known/one"), PathBuf::from("/known/two")]);
    assert!(by_reader.global_known_hosts.is_empty());
    assert_eq!(by_reader.known_hosts_name(), "prod-bastion");
    assert_eq!(by_reader.host_key_policy, HostKeyPolicy::AcceptNew);
    assert_eq!(by_reader.family, AddressFamily::Inet);

    let settings = configured(folder.path(), CONFIG, true);
    if has_ssh(&settings) {
        let by_ssh = plan(&named("prod"), &settings).await.unwrap();
        assert!(by_ssh.allowed.cipher.is_some());
        // The aliases differ in case only, which known_hosts does not see; only ssh tells the algorithms it allows.
        assert_eq!(by_ssh.known_hosts_name(), by_reader.known_hosts_name());
        let host_key_alias = by_reader.host_key_alias.clone();
        assert_eq!(Bastion { allowed: AllowedAlgorithms::default(), host_key_alias, ..by_ssh }, by_reader);
    }
}

#[tokio::test]
async fn what_the_name_itself_says_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    for with_ssh in [false, true] {
        let settings = configured(folder.path(), CONFIG, with_ssh);
        if with_ssh && !has_ssh(&settings) {
            continue;
        }
        let name = BastionName { user: Some("root".to_owned()), host: "prod".to_owned(), port: Some(2200) };
        let bastion = plan(&name, &settings).await.unwrap();
        assert_eq!((bastion.user.as_str(), bastion.port, bastion.name.as_str()), ("root", 2200, "root@prod:2200"));
        let other = plan(&named("::1"), &settings).await.unwrap();
        assert_eq!((other.host.as_str(), other.port, other.user.as_str()), ("::1", 22, "nobody"));
        assert_eq!(other.agent.as_deref(), Some(Path::new("/agent")));
        assert_eq!(other.host_key_policy, HostKeyPolicy::Ask);
    }
}

#[tokio::test]
async fn a_directive_that_is_not_followed_is_an_error_and_never_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let table = [
        ("ProxyJump hop.example", "proxyjump"),
        ("ProxyCommand nc %h %p", "proxycommand"),
        ("CertificateFile /keys/cert.pub", "certificatefile"),
        ("BindAddress 127.0.0.2", "bindaddress"),
        ("KnownHostsCommand /bin/keys", "knownhostscommand"),
        ("RevokedHostKeys /keys/revoked", "revokedhostkeys"),
    ];
    for (line, expected) in table {
        for with_ssh in [false, true] {
            let settings = configured(folder.path(), &format!("Host *\n  {line}\n"), with_ssh);
            if with_ssh && !has_ssh(&settings) {
                continue;
            }
            let error = plan(&named("bastion"), &settings).await.unwrap_err();
            assert!(
                matches!(&error, Error::UnsupportedDirective { directive, .. } if directive == expected),
                "{error:?}"
            );
        }
    }
    let settings = configured(folder.path(), "PubkeyAuthentication no\n", true);
    if has_ssh(&settings) {
        let error = plan(&named("bastion"), &settings).await.unwrap_err();
        assert!(matches!(error, Error::UnsupportedDirective { .. }), "{error:?}");
        let settings = configured(folder.path(), "ProxyJump none\nPreferredAuthentications publickey,password\n", true);
        plan(&named("bastion"), &settings).await.unwrap();
    }
}

#[tokio::test]
async fn weaker_host_key_checking_is_not_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    for (value, expected) in [("no", HostKeyPolicy::Ask), ("off", HostKeyPolicy::Ask), ("yes", HostKeyPolicy::Refuse)] {
        for with_ssh in [false, true] {
            let settings = configured(folder.path(), &format!("StrictHostKeyChecking {value}\n"), with_ssh);
            if with_ssh && !has_ssh(&settings) {
                continue;
            }
            assert_eq!(plan(&named("bastion"), &settings).await.unwrap().host_key_policy, expected, "{value}");
        }
    }
}

#[tokio::test]
async fn a_broken_configuration_is_told_in_the_words_of_ssh_or_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let settings = configured(folder.path(), "Host *\n  Nonsense yes\n", true);
    if has_ssh(&settings) {
        let error = plan(&named("bastion"), &settings).await.unwrap_err();
        let Error::ConfigRefused { message, .. } = &error else { panic!("{error:?}") };
        assert!(message.contains("line 2"), "{message}");
    }
    let settings = configured(folder.path(), "Host *\n  Nonsense yes\n", false);
    let error = plan(&named("bastion"), &settings).await.unwrap_err();
    assert!(matches!(error, Error::ConfigLine { line: 2, .. }), "{error:?}");
    let missing = Settings { ssh_config: Some(folder.path().join("absent")), ..settings.clone() };
    assert!(matches!(plan(&named("bastion"), &missing).await.unwrap_err(), Error::UnreadableFile { .. }));
    rustix::fs::chmod(folder.path().join("ssh_config"), rustix::fs::Mode::from_raw_mode(0o666)).unwrap();
    let error = plan(&named("bastion"), &settings).await.unwrap_err();
    assert!(error.to_string().contains("lets others write it"), "{error}");
}

#[tokio::test]
async fn every_directive_of_the_installed_ssh_is_known() {
    let environment = Environment::of([("PATH", "/usr/local/bin:/usr/bin:/bin")]);
    let Some(ssh) = Program::find("ssh", &environment) else {
        eprintln!("SKIPPED: ssh is not installed, so its directives were not compared");
        return;
    };
    let query = Program::new(ssh, &environment).argument("-F").argument("none").argument("-G").argument("host");
    let output = String::from_utf8(query.capture().await.unwrap().stdout).unwrap();
    let unknown: Vec<String> = Values::parse(&output).unknown().map(|(name, _)| name.clone()).collect();
    assert_eq!(unknown, [""; 0]);
    assert_eq!(treatment("hostname"), Treatment::Honoured);
}

/// A folder with a program named `ssh` of this script.
fn stand_in(folder: &Path, script: &str) -> Settings {
    let settings = configured(folder, "", false);
    let (text, path) = (folder.join("script"), folder.join("ssh"));
    std::fs::write(&text, format!("#!/bin/sh\n{script}\n")).unwrap();
    // Written by another process: a file that this one has open for writing is "busy" to programs started meanwhile by
    // tests beside this one.
    let copied = std::process::Command::new("/bin/cp").arg(&text).arg(&path).status().unwrap();
    assert!(copied.success());
    rustix::fs::chmod(&path, rustix::fs::Mode::from_raw_mode(0o700)).unwrap();
    settings
}

/// Records what it was given, one argument a line, and answers.
fn recorder(folder: &Path) -> Settings {
    let record = folder.join("record").display().to_string();
    stand_in(folder, &format!("printf '%s\\n' \"$@\" >> '{record}'; echo 'user ada'; echo 'port 22'"))
}

#[tokio::test]
async fn t7_the_name_reaches_ssh_as_an_operand() {
    let folder = tempfile::tempdir().unwrap();
    let settings = recorder(folder.path());
    let name = BastionName { user: Some("ada".to_owned()), host: "bastion".to_owned(), port: Some(2222) };
    plan(&name, &settings).await.unwrap();
    let record = WholeFile::read(&folder.path().join("record"), 10_000).unwrap().unwrap();
    let config = folder.path().join("ssh_config").display().to_string();
    let expected = ["-G", "-F", &config, "-p", "2222", "-l", "ada", "--", "bastion", ""].join("\n");
    assert_eq!(String::from_utf8(record.bytes).unwrap(), expected);
}

#[tokio::test]
async fn t7_a_hostile_name_starts_no_program() {
    let folder = tempfile::tempdir().unwrap();
    let settings = recorder(folder.path());
    let long = "a".repeat(300);
    for host in ["-oProxyCommand=touch /tmp/x", "a b", "a;id", "a\nb", "$(id)", "`id`", "bücher", "", &long] {
        let error = plan(&named(host), &settings).await.unwrap_err();
        assert!(matches!(error, Error::InvalidName { .. }), "{host:?}: {error:?}");
    }
    let hops = [named("one"), named("two")];
    let error = open(&hops, &settings, Person::nobody()).await.unwrap_err();
    assert!(matches!(error, Error::SeveralHops { hops } if hops == ["one", "two"]));
    assert!(matches!(open(&[], &settings, Person::nobody()).await.unwrap_err(), Error::NoBastion));
    assert!(!folder.path().join("record").exists());
}

#[tokio::test]
async fn a_directive_of_a_newer_ssh_counts_only_if_it_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let same = stand_in(folder.path(), "echo 'user ada'; echo 'futuredirective yes'");
    plan(&named("bastion"), &same).await.unwrap();
    let script =
        "echo 'user ada'; case \"$*\" in *none*) echo 'futuredirective no';; *) echo 'futuredirective yes';; esac";
    let changed = stand_in(folder.path(), script);
    let error = plan(&named("bastion"), &changed).await.unwrap_err();
    assert!(matches!(error, Error::UnsupportedDirective { directive, .. } if directive == "futuredirective"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let table = [
        "exit 255",
        "echo 'user ada'; echo 'hostname -oProxyCommand=id'",
        "echo 'user ada'; echo 'hostname a b'",
        "echo 'user ada'; echo 'port 99999'",
        "echo 'user ada'; echo 'port 0'",
        "echo 'port 22'",
        "echo 'user ada'; echo 'hostkeyalias *'",
        "echo 'user ada'; echo 'identityfile %x'",
        "printf 'user \\377\\n'",
    ];
    for script in table {
        let error = plan(&named("bastion"), &stand_in(folder.path(), script)).await.unwrap_err();
        assert!(matches!(error, Error::ConfigRefused { .. } | Error::ConfigValue { .. }), "{script}: {error:?}");
    }
}
