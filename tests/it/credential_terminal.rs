//! `rdsconn credential` on a terminal: the questions of the form, what is shown of the answers, and what is left behind
//! however it ends; and the `age` program, which asks for its passphrase there.

use rdsconn_lab::environment::{Key, Output, Running, Signal, TestEnv};
use rdsconn_lab::verifier::{AccessKey, Verifier};
use rdsconn_lab::watch::Watch;

use crate::credential::{ada, refusal};
use crate::credential_cases::{PASSPHRASE, plant};
use crate::credentials::Aws;
use crate::support::{ENDPOINT, KEY_ID, SECRET_KEY, environment};

const TEMPORARY_ID: &str = "ASIAIOSFODNN7EXAMPLE";
const TOKEN: &str = "CanarySessionTokenIQoJb3JpZ2luX2VjEPz//8=";

fn home(aws: &Aws) -> TestEnv {
    let mut test = environment();
    test.set("AWS_ENDPOINT_URL_STS", format!("http://{}", aws.address()));
    test
}

/// Types the answers, each when its question is there.
fn answer(running: &mut Running, answers: &[(&str, &str)]) {
    for (question, answer) in answers {
        running.wait_for_next(question);
        running.send(format!("{answer}\n"));
    }
}

fn text(output: &Output) -> String {
    output.stdout.replace("\r\n", "\n")
}

/// Also T15 and T17: what is typed is neither shown nor seen from outside.
#[test]
fn t15_t17_the_form_is_asked_and_its_secrets_are_nowhere() {
    let aws = Aws::start(|_| ada());
    let test = home(&aws);
    let program = test.program().to_str().unwrap();
    let waiting = ["-c", "read go; exec \"$@\"", "sh", program, "credential", "add", "prod", "-vvv"];
    let mut running = test.start_on_terminal("sh", waiting);
    let needles = [("secret", SECRET_KEY), ("token", TOKEN), ("passphrase", PASSPHRASE)];
    let watch = Watch::over(running.pid(), &needles.map(|(name, needle)| (name, needle.as_bytes())));
    running.send("go\n");
    answer(
        &mut running,
        &[
            ("Description (may be empty): ", "the warehouse"),
            ("AWS region [us-east-1]: ", "virginia"),
            ("\"virginia\" is not an AWS region\r\nAWS region [us-east-1]: ", ""),
            ("Access key id: ", "ASIA123"),
            ("it has 7 characters\r\nAccess key id: ", TEMPORARY_ID),
            ("Secret access key (not shown): ", "too short"),
            ("Session token (not shown): ", TOKEN),
            ("it has 9 characters\r\nSecret access key (not shown): ", SECRET_KEY),
            ("Session token (not shown): ", TOKEN),
            ("New passphrase for the credential prod: ", "short"),
            ("It must have at least 8 characters. New passphrase for the credential prod: ", PASSPHRASE),
            ("The same passphrase again: ", "another one"),
            ("The two differ. New passphrase for the credential prod: ", PASSPHRASE),
            ("The same passphrase again: ", PASSPHRASE),
        ],
    );
    let shown = text(&running.finish().succeeded());
    let seen = watch.finish();
    assert!(seen.found.is_empty() && seen.saw("rdsconn") && seen.samples > 1, "{:#?}", seen.found);
    for (name, needle) in needles {
        assert!(!shown.contains(needle), "{name} in {shown}");
    }
    assert!(
        shown.contains("\nstored prod in ") && shown.contains("AWS knows it as arn:aws:iam::123456789012:user/ada"),
        "{shown}"
    );
    let listed = test.rdsconn(["credential", "list"]).succeeded().stdout;
    assert_eq!(listed, format!("prod  us-east-1  {TEMPORARY_ID}  file  the warehouse\n"));

    // The same passphrase opens it, on the terminal, for a token.
    let mut running = test.rdsconn_on_terminal(["token", ENDPOINT, "-u", "dba", "--credential", "prod"]);
    answer(
        &mut running,
        &[
            ("Passphrase of the credential prod: ", "wrong"),
            ("Wrong passphrase. Passphrase of the credential prod: ", PASSPHRASE),
        ],
    );
    let shown = text(&running.finish().succeeded());
    let token = shown.lines().last().unwrap();
    let key =
        AccessKey { id: TEMPORARY_ID.to_owned(), secret: SECRET_KEY.to_owned(), session_token: Some(TOKEN.to_owned()) };
    let verifier = Verifier::new(ENDPOINT, 3306, "us-east-1", vec![key]);
    assert_eq!(verifier.verify(token, "dba"), Ok(()), "{shown}");
}

#[test]
fn a_lasting_key_has_no_session_token_to_be_asked_for() {
    let test = environment();
    let mut running = test.rdsconn_on_terminal([
        "credential",
        "add",
        "prod",
        "--no-test",
        "--region",
        "eu-west-1",
        "--description",
        "",
    ]);
    answer(&mut running, &[("Access key id: ", KEY_ID), ("Secret access key (not shown): ", SECRET_KEY)]);
    answer(&mut running, &[("New passphrase for the credential prod: ", PASSPHRASE), ("again: ", PASSPHRASE)]);
    let shown = text(&running.finish().succeeded());
    assert!(!shown.contains("Session token") && !shown.contains("Description"), "{shown}");
}

#[test]
fn three_wrong_passphrases_are_enough() {
    let test = environment();
    plant(&test, "prod");
    let mut running = test.rdsconn_on_terminal(["credential", "export", "prod"]);
    let question = "Passphrase of the credential prod: ";
    answer(&mut running, &[(question, "one"), (question, "two"), (question, "three")]);
    let shown = text(&running.finish().ended_with(4));
    assert!(shown.contains("the passphrase does not open"), "{shown}");
    // The end of input is no passphrase.
    let mut running = test.rdsconn_on_terminal(["credential", "export", "prod"]);
    running.wait_for(question);
    running.press(Key::EndOfInput);
    running.finish().ended_with(2);
}

#[test]
fn to_replace_a_credential_is_a_decision() {
    let test = environment();
    plant(&test, "prod");
    let question = "A credential prod is stored already. Replace it? (yes/no) ";
    let mut running = test.rdsconn_on_terminal(["credential", "add", "prod", "--no-test"]);
    answer(&mut running, &[(question, "y"), (question, "no")]);
    assert!(text(&running.finish().ended_with(2)).contains("is stored already"));
    let mut running = test.rdsconn_on_terminal(["credential", "add", "prod", "--no-test"]);
    answer(&mut running, &[(question, "yes"), ("Description", "second"), ("region", ""), ("key id: ", KEY_ID)]);
    answer(&mut running, &[("Secret", SECRET_KEY), ("New passphrase", PASSPHRASE), ("again: ", PASSPHRASE)]);
    running.finish().succeeded();
    assert!(test.rdsconn(["credential", "list"]).succeeded().stdout.ends_with("file  second\n"));
}

/// What AWS does not know is told before a passphrase is thought of.
#[test]
fn keys_that_aws_does_not_know_ask_for_no_passphrase() {
    let aws = Aws::start(|_| refusal("InvalidClientTokenId", "The security token included in the request is invalid."));
    let mut running =
        home(&aws).rdsconn_on_terminal(["credential", "add", "prod", "--description", "x", "--region", "us-east-1"]);
    answer(&mut running, &[("Access key id: ", KEY_ID), ("Secret access key (not shown): ", SECRET_KEY)]);
    let shown = text(&running.finish().ended_with(4));
    assert!(shown.contains("the keys were not stored") && !shown.contains("passphrase"), "{shown}");
}

/// Ctrl-C and signals at a secret: the terminal is as it was, nothing is stored.
#[test]
fn r15_a_signal_at_a_secret_restores_the_terminal() {
    for (signal, code) in [(None, 130), (Some(Signal::TERM), 143), (Some(Signal::HUP), 129)] {
        for (arguments, question) in [
            (
                &[
                    "credential",
                    "add",
                    "prod",
                    "--no-test",
                    "--description",
                    "",
                    "--region",
                    "us-east-1",
                    "--access-key-id",
                    KEY_ID,
                ][..],
                "Secret access key",
            ),
            (&["credential", "export", "old"], "Passphrase of"),
            (&["token", ENDPOINT, "-u", "dba", "--credential", "old"], "Passphrase of"),
        ] {
            let test = environment();
            plant(&test, "old");
            let script = "trap : INT TERM HUP; stty noflsh; stty -a; echo begin; \"$0\" \"$@\"; echo \"code=$?\"; stty -a; echo end";
            let program = test.program().to_str().unwrap();
            let mut running = test.start_on_terminal("sh", [&["-c", script, program], arguments].concat());
            running.wait_for(question);
            match signal {
                None => running.send("half a sec\x03"),
                Some(signal) => running.signal_group(signal),
            }
            let shown = text(&running.finish());
            let (before, rest) = shown.split_once("begin\n").unwrap();
            let (said, rest) = rest.split_once("code=").unwrap();
            let (ended, after) = rest.split_once('\n').unwrap();
            assert_eq!(
                (ended, after.strip_suffix("end\n")),
                (code.to_string().as_str(), Some(before)),
                "{arguments:?} {shown}"
            );
            assert!(!said.contains("half") && said.ends_with('\n'), "{said:?}");
            assert!(!test.path(".local/share/rdsconn/credentials/prod.json").exists());
        }
    }
}

/// The file is an age file like any other: its own program opens it.
#[test]
fn the_age_program_opens_the_file() {
    let mut test = environment();
    if test.run("sh", ["-c", "command -v age"]).code != 0 {
        eprintln!("SKIPPED the age program: it is not installed (Debian package age)");
        return;
    }
    crate::credential_cases::give_passphrase(&mut test, PASSPHRASE);
    let arguments = ["credential", "add", "prod", "--no-test", "--access-key-id", KEY_ID];
    let said = test.rdsconn_with_input(arguments, SECRET_KEY).succeeded().stdout;
    let path = said.trim_end().strip_prefix("stored prod in ").unwrap();
    let opened = test.path("opened.json");
    let mut running = test.start_on_terminal("age", ["--decrypt", "--output", opened.to_str().unwrap(), path]);
    running.wait_for("passphrase");
    running.send(format!("{PASSPHRASE}\n"));
    running.finish().succeeded();
    let keys: serde_json::Value = serde_json::from_slice(&std::fs::read(opened).unwrap()).unwrap();
    assert_eq!((&keys["AccessKeyId"], &keys["SecretAccessKey"]), (&KEY_ID.into(), &SECRET_KEY.into()));
}
