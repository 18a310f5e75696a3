//! T15 and T17 while clients run: sampled from outside, no token in any command line or environment, nothing open in the
//! client but what it was given, and nothing left when it is over. R16: nothing outlives rdsconn.

use std::time::Duration;

use rdsconn_lab::environment::{Output, ProfileCredentials, Running, Signal};
use rdsconn_lab::real::{ENDPOINT, ENDPOINT_PORT, REGION, SESSION_PROFILE};
use rdsconn_lab::verifier::{AccessKey, Verifier};
use rdsconn_lab::watch::{Place, Sightings, Watch};

use crate::clients::{
    ORACLE, all_installed, client, embedded, exec, line, on_each, program, run_folders, terminals, version,
};
use crate::stage::Stage;

/// What a signed token has and nothing else does.
const OF_TOKENS: [(&str, &[u8]); 3] =
    [("action", b"Action=connect"), ("signature", b"X-Amz-Signature"), ("session token", b"X-Amz-Security-Token")];

const PASSWORD: &str = "CanaryMysqlPwd4d19";
const SECRET: &str = "CanarySecretKey7f3a";

/// Starts rdsconn so that it is watched from its first moment.
fn watched(stage: &Stage, arguments: &[&str]) -> (Running, Watch) {
    let program = stage.home.program().to_str().unwrap();
    let waiting = ["-c", "read go; exec \"$@\"", "sh", program];
    let mut running = stage.home.start("sh", waiting.iter().chain(arguments));
    let others = [("password", PASSWORD.as_bytes()), ("secret", SECRET.as_bytes())];
    let needles: Vec<(&str, &[u8])> = OF_TOKENS.into_iter().chain(others).collect();
    let watch = Watch::over(running.pid(), &needles);
    running.send("go\n");
    (running, watch)
}

/// No token anywhere; of what rdsconn itself was started with, nothing in what it starts.
#[track_caller]
fn assert_clean(what: &str, seen: &Sightings) {
    // Only root may look into a process that has forbidden it, as rdsconn has.
    let everything = seen.unreadable.is_empty() || !rustix::process::geteuid().is_root();
    assert!(everything, "{what}: could not look into {:?}", seen.unreadable);
    for sighting in &seen.found {
        let is_own = sighting.place == Place::Environment
            && ["password", "secret"].contains(&sighting.needle.as_str())
            // A process that has no name yet is still a copy of the one that has made it.
            && (sighting.program.is_empty()
                || ["sh", "setsid", "rdsconn"].iter().any(|name| sighting.program.ends_with(name)));
        assert!(is_own, "{what}: {sighting:?}");
    }
}

/// Its name may stand behind that of an interpreter or a loader; what leads to it has it, too.
fn was_seen(seen: &Sightings, client: &str) -> bool {
    let client = client.rsplit('/').next();
    let is_it = |line: &&Vec<String>| line.iter().any(|word| word.rsplit('/').next() == client);
    let leads_to_it = |line: &Vec<String>| line[0] == "rdsconn-launch" || line.iter().any(|word| word == "exec");
    seen.command_lines.iter().filter(is_it).any(|line| !leads_to_it(line))
}

fn add_secrets(stage: &mut Stage) {
    stage.home.set("MYSQL_PWD", PASSWORD).set("AWS_SECRET_ACCESS_KEY", SECRET).set("AWS_SESSION_TOKEN", SECRET);
}

#[test]
fn t15_no_secret_can_be_seen_from_outside_while_clients_run() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    for stage in [Some(embedded()), crate::clients::real()].into_iter().flatten() {
        let mut stage = stage;
        add_secrets(&mut stage);
        program(&stage.home, "reader", "#!/bin/sh\ncat \"$1\" > /dev/null; read line\n");
        // These wait for their input until they have been seen; the rest is as quick as it is.
        let mut cases = vec![("reader", vec!["{defaults_file}"], true)];
        cases.extend(terminals().into_iter().map(|name| (name, vec!["-N"], true)));
        if stage.name() == "real" {
            for (name, arguments) in [
                ("mysqldump", vec!["--no-tablespaces"]),
                ("mydumper", vec!["-B", "orders", "-o", "dump"]),
                ("mycli", vec!["-e", "select 1"]),
            ] {
                cases.extend(all_installed(&[name]).into_iter().map(|name| (name, arguments.clone(), false)));
            }
        }
        for (name, arguments, waits) in cases {
            let what = format!("{} {name}", stage.name());
            let options = ["--profile", SESSION_PROFILE, "-vvv"];
            let (mut running, watch) = watched(&stage, &line(name, &options, &arguments));
            if waits {
                if !watch.wait_until(Duration::from_mins(1), |seen| was_seen(seen, name)) {
                    running.signal(Signal::TERM);
                    panic!("{what} was not among {:?}\n{}", watch.so_far().command_lines, running.finish().stderr);
                }
                running.send("select 1;\n");
            }
            let output = running.finish();
            let seen = watch.finish();
            assert_eq!(output.code, 0, "{what}: {}", output.stderr);
            assert_clean(&what, &seen);
            assert!(!output.stderr.contains("Action=connect"), "{what}: {}", output.stderr);
        }
    }
}

/// What is looked for is found where it is: the variable that was asked for.
#[test]
fn t15_a_token_in_a_variable_can_be_seen() {
    let stage = embedded();
    let script = "echo ready; read line";
    let (mut running, watch) = watched(&stage, &line("sh", &["--password-env", "P"], &["-c", script]));
    running.wait_for("ready\n");
    assert!(watch.wait_until(Duration::from_mins(1), |seen| !seen.found.is_empty()));
    running.send("\n");
    running.finish().succeeded();
    assert!(watch.finish().found.iter().all(|sighting| sighting.place == Place::Environment));
}

#[test]
fn t15_secrets_are_not_in_a_clients_environment() {
    let mut stage = embedded();
    add_secrets(&mut stage);
    for (name, value) in [
        ("AWS_SECURITY_TOKEN", SECRET),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", SECRET),
        ("LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN", "1"),
        ("AWS_PROFILE", "kept"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "kept"),
        ("SSH_AUTH_SOCK", "kept"),
    ] {
        stage.home.set(name, value);
    }
    client(&stage.home, "mysql", ORACLE, "env");
    for name in ["env", "mysql"] {
        let told = exec(&stage, name, &[]).succeeded().stdout;
        assert!(!told.contains(SECRET) && !told.contains(PASSWORD), "{name}: {told}");
        assert!(!told.contains("Action=connect") && !told.contains("CLEARTEXT"), "{name}: {told}");
        for kept in ["AWS_PROFILE=kept", "AWS_WEB_IDENTITY_TOKEN_FILE=kept", "SSH_AUTH_SOCK=kept"] {
            assert!(told.lines().any(|line| line == kept), "{name}: {kept} in {told}");
        }
    }
}

#[test]
fn t15_a_client_has_no_descriptor_but_its_three() {
    on_each(|stage| {
        // What whoever runs the tests has left open is not ours to close, and the last is of `ls` itself.
        let direct = stage.home.run("ls", ["-v", "/proc/self/fd"]).succeeded();
        let output = exec(stage, "ls", &["-v", "/proc/self/fd"]).succeeded();
        assert_eq!(output.stdout, direct.stdout, "{}", stage.name());
        // One that reads no pipes has the option file in memory, as often as it likes.
        let script = "echo \"$1\"; readlink \"/proc/self/fd/${1##*/}\"; grep -c ^password= \"${1#*=}\" \"${1#*=}\"; \
                      echo x 2>/dev/null >> \"${1#*=}\" || echo sealed";
        client(&stage.home, "mydumper", "mydumper v0.16.9-1, built against MySQL 8.0.40", script);
        let output = exec(stage, "mydumper", &[]).succeeded();
        let lines: Vec<&str> = output.stdout.lines().collect();
        let file = lines[0].strip_prefix("--defaults-file=").unwrap();
        assert!(file.starts_with("/dev/fd/"), "{}", output.stdout);
        assert_eq!(lines[1], "/memfd:rdsconn (deleted)");
        assert_eq!(lines[2..], [format!("{file}:1"), format!("{file}:1"), "sealed".to_owned()]);
    });
}

/// A home whose session profile has a session token of so many characters, and a database that knows it.
fn with_session_token(length: usize) -> Stage {
    let stage = embedded();
    let session_token: String = "IQoJb3JpZ2luX2VjEJr".chars().cycle().take(length - 2).chain("==".chars()).collect();
    let key = AccessKey {
        id: "ASIAIOSFODNN7LONG".to_owned(),
        secret: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY".to_owned(),
        session_token: Some(session_token.clone()),
    };
    let credentials =
        ProfileCredentials::Static { id: &key.id, secret: &key.secret, session_token: Some(&session_token) };
    stage.home.write_aws_profile("long", Some(REGION), &credentials);
    stage.parts().database.set_verifier(Verifier::new(ENDPOINT, ENDPOINT_PORT, REGION, vec![key]));
    stage
}

fn long_login(stage: &Stage, name: &str) -> Output {
    stage.home.rdsconn(line(name, &["--profile", "long"], &["-N", "-e", "select 1"]))
}

#[test]
fn a_session_token_of_2500_characters_works() {
    let stage = with_session_token(2500);
    for name in terminals() {
        assert_eq!(long_login(&stage, name).succeeded().stdout, "1\n", "{name}");
    }
}

/// A client that would cut the token and print its end is not started; the words say what to do.
#[test]
fn t17_a_token_that_a_client_cannot_read_is_refused_loudly() {
    let stage = with_session_token(4500);
    for name in terminals() {
        if version(&stage.home, name).contains("MariaDB") {
            let output = long_login(&stage, name).ended_with(2);
            assert!(output.stderr.contains(" bytes in an option file, of which "), "{}", output.stderr);
            assert!(output.stderr.contains("reads 4083\nhint: "), "{}", output.stderr);
        } else {
            assert_eq!(long_login(&stage, name).succeeded().stdout, "1\n", "{name}");
        }
    }
    // A fake one that would tell.
    client(&stage.home, "mysql", &ORACLE.replace("9.7.4", "8.4.3"), "echo started");
    let output = long_login(&stage, "mysql").ended_with(2);
    assert_eq!(output.stdout, "");
    client(&stage.home, "mysql", ORACLE, "cat \"${1#*=}\"");
    assert!(long_login(&stage, "mysql").succeeded().stdout.contains("X-Amz-Security-Token"));
}

#[test]
fn t15_nothing_is_left_when_a_run_is_over() {
    on_each(|stage| {
        let script = "cd \"${RDSCONN_CA%/*}\"; stat -c %a . ..; find . ! -type d ! -perm 600";
        for (further, code) in [("", 0), ("; exit 3", 3), ("; kill -KILL $$", 137)] {
            let output = exec(stage, "sh", &["-c", &format!("{script}{further}"), "sh", "{defaults_file}"]);
            assert_eq!(
                (output.code, output.stdout.as_str()),
                (code, "700\n700\n"),
                "{} {}",
                stage.name(),
                output.stderr
            );
            assert_eq!(run_folders(&stage.home), 0);
        }
        // A run that fails before its client is started.
        stage.home.rdsconn(line("true", &["--profile", "absent"], &[])).ended_with(4);
        assert_eq!(run_folders(&stage.home), 0);
    });
}

/// Ignores what can be ignored, and holds the output open: [`Running::finish`] fails if it is left over.
const STUBBORN: &str = "#!/bin/sh\ntrap '' TERM HUP INT QUIT\necho ready\nexec sleep 600\n";

#[test]
fn r16_a_client_dies_with_rdsconn_and_the_next_run_sweeps() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let stage = embedded();
    program(&stage.home, "stubborn", STUBBORN);
    // As many looks of the watch as come until the client is there, and one after another of them.
    let looks_until_ready = {
        let (running, watch) = watched(&stage, &line("stubborn", &[], &["{defaults_file}"]));
        running.wait_for("ready\n");
        let looks = watch.so_far().samples;
        running.signal(Signal::KILL);
        running.finish().ended_with(137);
        looks
    };
    for round in 0..20 {
        let (running, watch) = watched(&stage, &line("stubborn", &[], &["{defaults_file}"]));
        let looks = looks_until_ready * (round + 1) / 16;
        assert!(watch.wait_until(Duration::from_mins(1), |seen| seen.samples >= looks));
        running.signal(Signal::KILL);
        running.finish().ended_with(137);
        // What the last one has left is all there can be.
        assert!(run_folders(&stage.home) <= 1, "round {round}");
    }
    exec(&stage, "true", &[]).succeeded();
    assert_eq!(run_folders(&stage.home), 0);
    // The bastion sees that nobody is left.
    let bastion = &stage.parts().bastion;
    assert!(bastion.wait_until(Duration::from_mins(1), |visits| visits.channels == 0), "{:?}", bastion.visits());
}
