//! T15 and T17: canaries. Every secret a run can meet is a word that occurs nowhere else; every command runs as talkative as
//! it can be, when it succeeds and when it fails, and none of the words may be seen. Only `token` shows a token, on stdout.

use std::net::SocketAddr;

use base64::Engine as _;
use rdsconn_lab::certificates::Certificates;
use rdsconn_lab::embedded::{Bastion, BastionOptions, Database, DatabaseOptions, Key};
use rdsconn_lab::environment::{Output, ProfileCredentials, Signal, SshHost, TestEnv};
use rdsconn_lab::verifier::{AccessKey, Verifier};

use crate::cases;
use crate::support::{ACME, ENDPOINT, HOST, KEY_ID, add_sso, environment, everything, record_ssh, take_recorded};

const SECRET: &str = "CanarySecretKey7f3a";
const SESSION: &str = "CanarySessionToken91bc";
const PROCESS: &str = "CanaryProcessOutput55de";
const SSO: &str = "CanarySsoAccessToken0a77";
const PASSPHRASE: &str = "CanaryPassphraseC2e8";
const PASSWORD: &str = "CanaryMysqlPwd4d19";

/// What a signed token has and nothing else does. The signature is a new one in every run; so is where it ends.
const OF_TOKENS: [&str; 3] = ["X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Credential"];

fn assert_clean(what: &str, shown: &str) {
    for canary in [SECRET, SESSION, PROCESS, SSO, PASSPHRASE, PASSWORD] {
        let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(canary);
        let hexadecimal = canary.bytes().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        // The first and last characters of base64 depend on what stands beside.
        for form in [
            canary,
            &canary.to_lowercase(),
            &encoded[4..encoded.len() - 4],
            &hexadecimal,
            &format!("{:?}", canary.as_bytes()),
        ] {
            assert!(!shown.contains(form), "{what} shows {canary}:\n{shown}");
        }
    }
    for part in OF_TOKENS {
        assert!(!shown.contains(part), "{what} shows a token:\n{shown}");
    }
}

#[test]
#[should_panic(expected = "a text shows Canary")]
fn a_canary_that_is_shown_is_noticed() {
    assert_clean("a text", &format!("secret={SECRET};"));
}

/// `token` may show the token on stdout, when it succeeds; nothing else may show anything.
fn assert_output_clean(arguments: &[&str], output: &Output) {
    let what = format!("rdsconn {}", arguments.join(" "));
    assert!(!output.stderr.contains("panicked"), "{what}\n{}", output.stderr);
    assert_clean(&what, &output.stderr);
    if arguments.contains(&"token") && output.code == 0 {
        assert!(!output.stdout.contains(SECRET) && !output.stdout.contains(PROCESS), "{what}\n{}", output.stdout);
    } else {
        assert_clean(&what, &output.stdout);
    }
}

fn add_secrets_to_the_environment(test: &mut TestEnv) {
    test.set("AWS_ACCESS_KEY_ID", KEY_ID).set("AWS_SECRET_ACCESS_KEY", SECRET).set("AWS_SESSION_TOKEN", SESSION);
    test.set("AWS_SECURITY_TOKEN", SESSION)
        .set("AWS_CONTAINER_AUTHORIZATION_TOKEN", SESSION)
        .set("MYSQL_PWD", PASSWORD);
    // As talkative as the libraries can be made.
    test.set("RUST_LOG", "trace").set("RUST_BACKTRACE", "full").set("AWS_LOG", "trace");
}

fn loudly<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    // Before `--` nothing is changed by it, behind it `-vvv` would be SQL.
    let quiet = arguments.is_empty() || arguments.contains(&"conventions") && !arguments.contains(&"check");
    let end = arguments.iter().position(|argument| *argument == "--").unwrap_or(arguments.len());
    let mut all = arguments.to_vec();
    if !quiet {
        all.insert(end, "-vvv");
    }
    all
}

#[test]
fn t17_no_mistake_and_no_misfortune_shows_a_secret() {
    for case in cases::all() {
        let mut test = environment();
        (case.prepare)(&mut test);
        add_secrets_to_the_environment(&mut test);
        let arguments = loudly(case.arguments);
        let output = test.rdsconn(&arguments);
        cases::release(&test);
        assert_output_clean(&arguments, &output);
    }
}

#[test]
fn t17_every_command_with_secrets_all_around() {
    let mut test = environment();
    test.write_convention("acme", ACME);
    let keys = ProfileCredentials::Static { id: KEY_ID, secret: SECRET, session_token: Some(SESSION) };
    test.write_aws_profile("acme-prod", None, &keys);
    add_secrets_to_the_environment(&mut test);
    // A token that cannot be written is not shown elsewhere instead.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = test.command(test.program(), ["token", HOST, "-vvv"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_clean("token to a full disk", &String::from_utf8(output.stderr).unwrap());
    for arguments in [
        &["explain", HOST, "-vvv"][..],
        &["explain", HOST, "--json", "-vvv"],
        &["conventions", "list", "-vvv"],
        &["conventions", "check", "-vvv"],
        &["token", HOST, "-vvv"],
        &["token", HOST, "--json", "-vvv"],
        &["token", "-u", "dba", ENDPOINT, "-vvv"],
        &["man"],
        &["completions", "fish"],
        &["--help"],
        &["conventions", "init", "-vvv"],
    ] {
        let output = test.rdsconn(arguments);
        assert_eq!(output.code, 0, "{arguments:?} {}", output.stderr);
        assert_output_clean(arguments, &output);
    }
}

/// What a helper program prints are credentials, also when they are not what was expected.
#[test]
fn t17_what_a_credential_process_prints_is_never_shown() {
    let answers = [
        PROCESS.as_bytes().to_vec(),
        format!("{{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"{PROCESS}\"").into_bytes(),
        format!("{{\"Version\": 1, \"AccessKeyId\": \"{PROCESS}\"}}").into_bytes(),
        format!("{{\"Version\": 2, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"{PROCESS}\"}}").into_bytes(),
        format!("{{\"Version\": \"{PROCESS}\"}}").into_bytes(),
        format!("{{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"\\q{PROCESS}\"}}").into_bytes(),
        format!("{{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": {PROCESS}}}").into_bytes(),
        format!("{{\"Version\": 1, {PROCESS}: \"A\"}}").into_bytes(),
        format!("{{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"{PROCESS}\", \"Expiration\": \"{PROCESS}\"}}").into_bytes(),
        format!("{{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"{PROCESS}\", \"Expiration\": \"2020-01-01T00:00:00Z\"}}").into_bytes(),
        [PROCESS.as_bytes(), b"\xff\xfe"].concat(),
        Vec::new(),
    ];
    for answer in answers {
        for status in [0, 3] {
            let test = environment();
            let file = test.write_file("answer", &answer);
            let command = format!("sh -c 'cat {}; exit {status}'", file.display());
            test.write_aws_profile("acme", None, &ProfileCredentials::Process(&command));
            let arguments = ["token", "-u", "dba", "--profile", "acme", ENDPOINT, "-vvv"];
            let output = test.rdsconn(arguments).ended_with(4);
            assert_output_clean(&arguments, &output);
        }
    }
}

#[test]
fn t17_the_sso_token_in_the_cache_is_never_shown() {
    for expires in ["2020-01-01T00:00:00Z", "not a date", SSO, "\", \"broken"] {
        let test = environment();
        add_sso(&test, SSO, expires);
        for profile in ["sso", "role"] {
            let arguments = ["token", "-u", "dba", "--profile", profile, ENDPOINT, "-vvv"];
            let output = test.rdsconn(arguments).ended_with(4);
            assert!(output.stderr.contains("hint: run aws sso login --profile sso\n"), "{}", output.stderr);
            assert_output_clean(&arguments, &output);
        }
    }
}

/// T15: a program that is started gets neither secrets in its arguments nor in its environment.
#[test]
fn t15_ssh_is_started_without_secrets() {
    let mut test = environment();
    record_ssh(&mut test);
    test.write_convention("acme", ACME);
    let keys = ProfileCredentials::Static { id: KEY_ID, secret: SECRET, session_token: Some(SESSION) };
    test.write_aws_profile("acme-prod", None, &keys);
    add_secrets_to_the_environment(&mut test);
    test.set("SSH_AUTH_SOCK", test.path("agent")).set("AWS_PROFILE", "kept");
    let arguments = [HOST, "-vvv", "select 1"];
    let output = test.rdsconn(arguments).ended_with(5);
    assert_output_clean(&arguments, &output);
    let recorded = take_recorded(&test);
    assert_eq!(recorded.arguments.len(), 1);
    assert_clean("the command line of ssh", &recorded.arguments[0].join(" "));
    assert_clean("the environment of ssh", &recorded.environment);
    // What ssh and the programs in its configuration need is still there.
    for name in ["HOME=", "PATH=", "SSH_AUTH_SOCK=", "AWS_PROFILE=kept", "AWS_CONFIG_FILE="] {
        assert!(recorded.environment.lines().any(|line| line.starts_with(name)), "{name}\n{}", recorded.environment);
    }
}

struct Rig {
    test: TestEnv,
    database: Database,
    _bastion: Bastion,
}

/// A bastion that takes a key with a passphrase, and a database behind it that takes tokens.
fn rig() -> Rig {
    let access =
        AccessKey { id: KEY_ID.to_owned(), secret: SECRET.to_owned(), session_token: Some(SESSION.to_owned()) };
    let certificates = Certificates::new(ENDPOINT, &[]);
    let verifier = Verifier::new(ENDPOINT, 3306, "us-east-1", vec![access]);
    let database = Database::start(DatabaseOptions::new(&certificates.server, verifier)).unwrap();
    let key = Key::generate();
    let mut options = BastionOptions::new(&key);
    options.routes.insert((ENDPOINT.to_owned(), 3306), database.address());
    let bastion = Bastion::start(options).unwrap();
    let mut test = environment();
    test.write_convention("acme", ACME);
    let keys = ProfileCredentials::Static { id: KEY_ID, secret: SECRET, session_token: Some(SESSION) };
    test.write_aws_profile("acme-prod", None, &keys);
    add_secrets_to_the_environment(&mut test);
    let ca = test.write_file("ca.pem", certificates.authority.pem());
    test.set("RDSCONN_SSL_CA", ca);
    let identity = test.path(".ssh/id_ed25519");
    key.write_encrypted(&identity, PASSPHRASE).unwrap();
    let address: SocketAddr = bastion.address();
    test.write_ssh_config(&SshHost {
        alias: "bastion-prod".to_owned(),
        host_name: address.ip().to_string(),
        port: address.port(),
        user: bastion.user().to_owned(),
        identity_files: vec![identity],
        known_hosts: test.write_known_hosts(&format!("{}\n", bastion.known_hosts_line())),
    });
    Rig { test, database, _bastion: bastion }
}

#[test]
fn t17_a_whole_login_shows_no_secret() {
    let rig = rig();
    let mut running = rig.test.rdsconn_on_terminal([HOST, "-vvv", "select 'the rows' as answer"]);
    running.wait_for("Passphrase for ");
    running.send(format!("{PASSPHRASE}but-wrong\r"));
    running.wait_for("Wrong passphrase. ");
    running.send(format!("{PASSPHRASE}\r"));
    let screen = running.finish().succeeded().stdout;
    assert!(screen.contains("the rows"), "{screen}");
    assert_clean("the terminal", &screen);
    assert_eq!(rig.database.logins().len(), 1);
}

/// Ctrl-C at the prompt, and a signal from elsewhere: the terminal shows again what is typed.
#[test]
fn r15_a_prompt_that_is_given_up_leaves_the_terminal_as_it_was() {
    let rig = rig();
    for (keys, code) in [("\x03", "130"), ("\x04", "4"), ("", "143")] {
        let script =
            format!("trap : INT TERM; {} {HOST} 'select 1'; echo ended with $?; stty -a", rig.test.program().display());
        let mut running = rig.test.start_on_terminal("sh", ["-c", &script]);
        running.wait_for("Passphrase for ");
        match keys {
            "" => running.signal_group(Signal::TERM),
            keys => running.send(keys),
        }
        let screen = running.finish().succeeded().stdout;
        assert!(screen.contains(&format!("ended with {code}\r\n")), "{screen}");
        assert!(!screen.contains("Wrong passphrase"), "{screen}");
        let modes: Vec<_> = screen.split_whitespace().collect();
        for mode in ["echo", "icanon", "isig"] {
            assert!(modes.contains(&mode), "{mode} is off: {screen}");
        }
    }
}

#[test]
fn t17_failed_logins_show_no_secret() {
    // Without a terminal nobody can be asked for the passphrase.
    let Rig { mut test, database, _bastion } = rig();
    let arguments = [HOST, "-vvv", "select 1"];
    let output = test.rdsconn(arguments).ended_with(4);
    assert!(output.stderr.contains("no passphrase was given"), "{}", output.stderr);
    assert_output_clean(&arguments, &output);
    // Straight to the database: as nobody, with a token for another region, and under another name.
    test.set("RDSCONN_BASTION", "none").set("RDSCONN_ADDRESS", database.address().to_string());
    for (further, code) in [
        (&["-u", "nobody"][..], 4),
        (&["--region", "eu-west-1"], 4),
        (&["--endpoint", "other.cluster-c9abc.us-east-1.rds.amazonaws.com"], 5),
        (&["--ssl-ca", "/dev/null"], 2),
        (&[], 0),
    ] {
        let arguments = [&arguments[..], further].concat();
        let output = test.rdsconn(&arguments);
        assert_eq!(output.code, code, "{arguments:?}\n{}", everything(&output));
        assert_output_clean(&arguments, &output);
    }
}
