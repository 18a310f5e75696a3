//! Where a bastion's meaning comes from: ssh_config files, flags, agents, with and without the `ssh` program; and that no
//! stage waits for one that it does not need.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use rdsconn_lab::embedded::{Conduct, Key};
use rdsconn_lab::environment::{ProfileCredentials, Signal, SshHost};
use rdsconn_lab::real::{BASTION_ALIAS, REGION, static_key};

use crate::bastion::{says, ssh_host};
use crate::stage::{HOST, Stage, on_each};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A `PATH` on which there is nothing but what the tests themselves start.
fn without_ssh(stage: &mut Stage) {
    let folder = stage.home.path("empty-bin");
    std::fs::create_dir(&folder).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let setsid = std::env::split_paths(&path).map(|folder| folder.join("setsid")).find(|file| file.is_file());
    std::os::unix::fs::symlink(setsid.unwrap(), folder.join("setsid")).unwrap();
    stage.home.set("PATH", folder);
}

/// The case, with the `ssh` program and without it.
fn with_ssh_and_without(case: impl Fn(&Stage)) {
    case(&Stage::embedded());
    let mut stage = Stage::embedded();
    without_ssh(&mut stage);
    case(&stage);
}

#[test]
fn the_main_job_needs_no_ssh_program() {
    let stages = [Some(Stage::embedded()), Stage::real()];
    for mut stage in stages.into_iter().flatten() {
        without_ssh(&mut stage);
        assert_eq!(stage.query(&["-N", "select 1"]).succeeded().stdout, "1\n", "{}", stage.name());
    }
}

#[test]
fn a_jump_or_a_proxy_is_refused_and_never_passed_over() {
    with_ssh_and_without(|stage| {
        let marker = stage.home.path("proxy-ran");
        let command = format!("touch {}", marker.display());
        for (directive, value) in [("ProxyJump", "other.example"), ("ProxyCommand", command.as_str())] {
            stage.home.write_ssh_config(&format!("{}  {directive} {value}\n", ssh_host(stage)));
            let output = stage.query(&["select 1"]).ended_with(2);
            let error = format!(
                "error: ssh_config for {BASTION_ALIAS} sets {} {value}, which is not supported yet\n",
                directive.to_lowercase()
            );
            says(&output, &[&error, "hint: add a Host block"]);
        }
        assert_eq!(stage.parts().bastion.visits().connections, 0);
        assert!(!marker.exists());
    });
}

#[test]
fn a_directive_that_is_switched_off_does_no_harm() {
    with_ssh_and_without(|stage| {
        stage.home.write_ssh_config(&format!("{}  ProxyJump none\n", ssh_host(stage)));
        stage.query(&["select 1"]).succeeded();
    });
}

#[test]
fn a_broken_ssh_config_is_exit_2() {
    with_ssh_and_without(|stage| {
        stage.home.write_ssh_config(&"Host *\n  Port none-of-these\n");
        let output = stage.query(&["select 1"]).ended_with(2);
        says(&output, &["none-of-these", "hint: "]);
        assert_eq!(stage.parts().bastion.visits().connections, 0);
    });
}

#[test]
fn the_ssh_config_file_may_be_named_in_three_ways() {
    let mut stage = Stage::embedded();
    let file = stage.home.path("elsewhere.conf");
    let nowhere = stage.home.write_file("nowhere.conf", "Host *\n  ProxyJump never.example\n");
    stage.home.write_file("elsewhere.conf", ssh_host(&stage).to_string());
    let named = |file: &Path| format!("[ssh]\nconfig = \"{}\"\n", file.display());
    // The flag wins over the variable, the variable over the file.
    stage.home.write_config(&named(&nowhere));
    stage.home.set("RDSCONN_SSH_CONFIG", &nowhere);
    for flag in ["-F", "--ssh-config"] {
        stage.query(&[flag, file.to_str().unwrap(), "select 1"]).succeeded();
    }
    stage.query(&["select 1"]).ended_with(2);
    stage.home.set("RDSCONN_SSH_CONFIG", &file);
    stage.query(&["select 1"]).succeeded();
    stage.home.unset("RDSCONN_SSH_CONFIG");
    stage.query(&["select 1"]).ended_with(2);
    stage.home.write_config(&named(&file));
    stage.query(&["select 1"]).succeeded();
}

#[test]
fn a_bastion_may_be_spelled_out() {
    on_each(|stage| {
        let SshHost { user, port, identity_files, known_hosts, .. } = ssh_host(stage);
        let general = format!(
            "Host *\n  IdentityFile {}\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile none\n  IdentityAgent none\n  IdentitiesOnly yes\n",
            identity_files[0].display(),
            known_hosts.display()
        );
        stage.home.write_ssh_config(&general);
        let spelled = format!("{user}@127.0.0.1:{port}");
        for flag in ["-J", "--bastion"] {
            let output = stage.query(&[flag, &spelled, "-N", "select 1"]).succeeded();
            assert_eq!(output.stdout, "1\n", "{}", stage.name());
        }
    });
}

#[test]
fn t7_a_bastion_that_looks_like_an_option_is_refused() {
    let stage = Stage::embedded();
    let marker = stage.home.path("injected");
    for name in [format!("-oProxyCommand=touch {}", marker.display()), "a b".to_owned(), "x;id".to_owned()] {
        let output = stage.query(&[&format!("--bastion={name}"), "select 1"]).ended_with(2);
        says(&output, &["error: "]);
    }
    assert!(!marker.exists());
    assert_eq!(stage.parts().bastion.visits().connections, 0);
}

/// A key that only the agent holds serves, unless ssh_config rules it out; and the agent itself is never passed on.
#[test]
fn t22_the_agent_signs_and_is_never_forwarded() {
    let mut stage = Stage::embedded();
    let socket = stage.home.path("agent.sock");
    let agent = stage.home.start("ssh-agent", ["-D", "-a", socket.to_str().unwrap()]);
    agent.wait_for("SSH_AUTH_SOCK");
    stage.home.set("SSH_AUTH_SOCK", &socket);
    let key = stage.home.path(".ssh/id_ed25519");
    stage.home.run("ssh-add", ["-q", key.to_str().unwrap()]).succeeded();
    std::fs::remove_file(&key).unwrap();
    let stranger = stage.home.path(".ssh/stranger");
    Key::generate().write(&stranger).unwrap();

    let host = SshHost { identity_files: vec![stranger], ..ssh_host(&stage) }.to_string();
    let open =
        host.replace("IdentitiesOnly yes", "IdentitiesOnly no").replace("IdentityAgent none", "ForwardAgent yes");
    stage.home.write_ssh_config(&open);
    assert_eq!(stage.query(&["-N", "select 1"]).succeeded().stdout, "1\n");
    assert_eq!(stage.parts().bastion.visits().other_channels, 0);

    stage.home.write_ssh_config(&host.replace("IdentityAgent none", "ForwardAgent yes"));
    stage.query(&["select 1"]).ended_with(4);
    stage.home.write_ssh_config(&host.replace("IdentitiesOnly yes", "IdentitiesOnly no"));
    stage.query(&["select 1"]).ended_with(4);
}

/// A profile whose credentials come from a script.
fn write_profile(stage: &Stage, script: &str) {
    let file = stage.home.write_file_with_mode("credentials.sh", format!("#!/bin/sh\n{script}\n"), 0o700);
    stage.home.write_aws_profile("scripted", Some(REGION), &ProfileCredentials::Process(file.to_str().unwrap()));
}

fn pipe(stage: &Stage) -> PathBuf {
    let path = stage.home.path("pipe");
    stage.home.run("mkfifo", [&path]).succeeded();
    path
}

/// The credentials are held back until the bastion has seen the login: if SSH waited for them, neither would ever come.
#[test]
fn the_bastion_does_not_wait_for_the_credentials() {
    let stage = Stage::embedded();
    let pipe = pipe(&stage);
    let key = static_key();
    write_profile(
        &stage,
        &format!(
            "read go < {}\necho '{{\"Version\": 1, \"AccessKeyId\": \"{}\", \"SecretAccessKey\": \"{}\"}}'",
            pipe.display(),
            key.id,
            key.secret
        ),
    );
    let running = stage.home.start_rdsconn([HOST, "--profile", "scripted", "-N", "select 1"]);
    let bastion = &stage.parts().bastion;
    assert!(bastion.wait_until(PATIENCE, |visits| visits.channels == 1), "{:?}", bastion.visits());
    // Open both ways, so that this does not wait for a reader that may have gone.
    let mut pipe = std::fs::OpenOptions::new().read(true).write(true).open(pipe).unwrap();
    pipe.write_all(b"go\n").unwrap();
    assert_eq!(running.finish().succeeded().stdout, "1\n");
}

/// And the other way round: the bastion never says a word, and the credentials are asked for all the same.
#[test]
fn the_credentials_do_not_wait_for_the_bastion() {
    let stage = Stage::embedded();
    let pipe = pipe(&stage);
    write_profile(&stage, &format!("echo asked > {}\nexit 1", pipe.display()));
    stage.parts().bastion.set_conduct(Conduct::Silent);
    let mut pipe = std::fs::OpenOptions::new().read(true).write(true).open(pipe).unwrap();
    let running = stage.home.start_rdsconn([HOST, "--profile", "scripted", "select 1"]);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut word = [0; 5];
        let _ = sender.send(pipe.read_exact(&mut word).map(|()| word));
    });
    assert_eq!(&receiver.recv_timeout(PATIENCE).unwrap().unwrap(), b"asked");
    // The script fails, which ends the program without waiting for the bastion either.
    let output = running.finish();
    says(&output, &["error: the credential_process of AWS profile \"scripted\" gave no credentials\n"]);
    assert_eq!(stage.parts().bastion.visits().sessions, 0);
}

#[test]
fn r15_a_signal_while_the_bastion_is_silent_ends_the_program() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let stage = Stage::embedded();
        stage.parts().bastion.set_conduct(Conduct::Silent);
        let running = stage.home.start_rdsconn([HOST, "select 1"]);
        assert!(stage.parts().bastion.wait_until(PATIENCE, |visits| visits.connections == 1));
        running.signal(signal);
        let output = running.finish().ended_with(code);
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    }
}
