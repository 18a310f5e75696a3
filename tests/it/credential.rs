//! `rdsconn credential` from scripts: what is stored and where, who AWS says it is, and what every AWS tool gets from it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use rdsconn_lab::environment::{Output, TestEnv};
use rdsconn_lab::verifier::Refusal;

use crate::credential_cases::{PASSPHRASE, give_passphrase, plant};
use crate::credentials::Aws;
use crate::support::{ENDPOINT, HOST, KEY_ID, SECRET_KEY, acme, environment, everything, kept, verifier};

const TEMPORARY_ID: &str = "ASIAIOSFODNN7EXAMPLE";
const TOKEN: &str = "CanarySessionTokenIQoJb3JpZ2luX2VjEPz//8=";
const FOLDER: &str = ".local/share/rdsconn/credentials";

/// What STS says of the keys of the user Ada.
pub(crate) fn ada() -> (u16, String) {
    let text = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                <Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>AIDAEXAMPLE</UserId><Account>123456789012</Account>\
                </GetCallerIdentityResult></GetCallerIdentityResponse>";
    (200, text.to_owned())
}

pub(crate) fn refusal(code: &str, message: &str) -> (u16, String) {
    let text = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    (403, text)
}

fn with_sts(aws: &Aws) -> TestEnv {
    let mut test = environment();
    test.set("AWS_ENDPOINT_URL_STS", format!("http://{}", aws.address()));
    give_passphrase(&mut test, PASSPHRASE);
    test
}

fn add(test: &TestEnv, name: &str, options: &[&str]) -> Output {
    let arguments = [&["credential", "add", name, "--access-key-id", KEY_ID], options].concat();
    test.rdsconn_with_input(arguments, format!("{SECRET_KEY}\n"))
}

fn files(test: &TestEnv) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(test.path(FOLDER)) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != ".lock");
    names.sort_unstable();
    names
}

fn exported(test: &TestEnv, name: &str) -> serde_json::Value {
    serde_json::from_str(&test.rdsconn(["credential", "export", name]).succeeded().stdout).unwrap()
}

#[test]
fn a_credential_from_its_first_day_to_its_last() {
    let aws = Aws::start(|_| ada());
    let test = with_sts(&aws);
    let output = add(&test, "prod", &["--description", "the warehouse", "--region", "eu-west-1"]).succeeded();
    let file = files(&test).into_iter().find(|name| Path::has_extension(name, "age")).unwrap();
    let expected = format!(
        "stored prod in {}\nAWS knows it as arn:aws:iam::123456789012:user/ada of account 123456789012\n",
        test.path(FOLDER).join(&file).display()
    );
    assert_eq!(output.stdout, expected);
    assert!(output.stderr.starts_with("note: an encrypted file is used: there is no keyring"), "{}", output.stderr);
    let request = &aws.requests()[0];
    assert!(request.contains("Action=GetCallerIdentity"), "{request}");
    for inside in ["", "prod.json", &file] {
        let mode = std::fs::metadata(test.path(FOLDER).join(inside)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, if inside.is_empty() { 0o700 } else { 0o600 }, "{inside}");
    }

    // Without the secret, and without a passphrase.
    let mut blind = test;
    blind.unset("RDSCONN_PASSPHRASE_FILE");
    let listed = blind.rdsconn(["credential", "list"]).succeeded().stdout;
    assert_eq!(listed, format!("prod  eu-west-1  {KEY_ID}  file  the warehouse\n"));
    let shown = blind.rdsconn(["credential", "show", "prod"]).succeeded().stdout;
    for line in [
        "description        the warehouse\n",
        "secret access key  ****************\n",
        "region             eu-west-1\n",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&blind.rdsconn(["credential", "show", "prod", "--json"]).succeeded().stdout).unwrap();
    assert_eq!(
        (&json["region"], &json["store"], &json["temporary"]),
        (&"eu-west-1".into(), &"file".into(), &false.into())
    );
    let list: serde_json::Value =
        serde_json::from_str(&blind.rdsconn(["credential", "list", "--json"]).succeeded().stdout).unwrap();
    assert_eq!(list, serde_json::json!([json]));

    let mut test = blind;
    give_passphrase(&mut test, PASSPHRASE);
    let keys = exported(&test, "prod");
    assert_eq!(keys, serde_json::json!({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET_KEY}));
    let tested = test.rdsconn(["credential", "test", "prod"]).succeeded().stdout;
    assert_eq!(tested, "account  123456789012\narn      arn:aws:iam::123456789012:user/ada\nuser id  AIDAEXAMPLE\n");

    assert_eq!(test.rdsconn(["credential", "remove", "prod"]).succeeded().stdout, "");
    assert_eq!(files(&test), [""; 0]);
    test.rdsconn(["credential", "show", "prod"]).ended_with(2);
}

/// Whether a name ends so; a word of its own because a file's name is text here.
struct Path;

impl Path {
    fn has_extension(name: &str, extension: &str) -> bool {
        std::path::Path::new(name).extension().is_some_and(|found| found == extension)
    }
}

#[test]
fn keys_that_aws_does_not_accept_are_not_stored() {
    let far = "Thu, 01 Jan 2026 00:00:00 GMT";
    for (answer, date, code, words, advice) in [
        (
            refusal("InvalidClientTokenId", "The security token included in the request is invalid."),
            None,
            4,
            "security token",
            "copy the keys",
        ),
        (
            refusal(
                "SignatureDoesNotMatch",
                &format!("The signature does not match.\nThe Canonical String was x-amz-security-token:{TOKEN}"),
            ),
            None,
            4,
            "does not match",
            "copy the keys",
        ),
        (refusal("ExpiredToken", "The token has expired"), None, 4, "expired", "copy the keys"),
        (refusal("SignatureDoesNotMatch", "Signature not yet current"), Some(far), 4, "clock is", "--no-test"),
        ((200, "<html>log in to the hotel</html>".to_owned()), None, 5, "", "--no-test"),
        ((302, String::new()), None, 5, "", "--no-test"),
    ] {
        let aws = match date {
            Some(date) => Aws::start_at(date, move |_| answer.clone()),
            None => Aws::start(move |_| answer.clone()),
        };
        let test = with_sts(&aws);
        let output = add(&test, "prod", &[]).ended_with(code);
        assert!(output.stderr.contains("error: the keys were not stored: "), "{}", output.stderr);
        assert!(output.stderr.contains(words) && output.stderr.contains(advice), "{}", output.stderr);
        assert!(!everything(&output).contains("Canary"), "{}", output.stderr);
        assert_eq!((output.stdout.as_str(), files(&test).len()), ("", 0));
    }
    let mut test = environment();
    give_passphrase(&mut test, PASSPHRASE);
    test.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    assert!(add(&test, "prod", &[]).ended_with(5).stderr.contains("--no-test"));
    add(&test, "prod", &["--no-test"]).succeeded();
    // A test of what is stored says the same, and leaves it.
    test.rdsconn(["credential", "test", "prod"]).ended_with(5);
    assert_eq!(files(&test).len(), 2);
}

#[test]
fn secrets_come_from_stdin_or_descriptors() {
    let mut test = environment();
    give_passphrase(&mut test, PASSPHRASE);
    let temporary = ["credential", "add", "one", "--no-test", "--access-key-id", TEMPORARY_ID];
    test.rdsconn_with_input(temporary, format!("  {SECRET_KEY} \r\n{TOKEN}\n")).succeeded();
    let secret = test.write_file("secret", SECRET_KEY);
    let token = test.write_file("token", format!("{TOKEN}\n"));
    let script = format!(
        "exec {} credential add two --no-test --access-key-id {TEMPORARY_ID} --secret-fd 3 --session-token-fd 4 3<{} 4<{}",
        test.program().display(),
        secret.display(),
        token.display()
    );
    test.run("sh", ["-c", &script]).succeeded();
    for name in ["one", "two"] {
        let keys = exported(&test, name);
        assert_eq!((&keys["SecretAccessKey"], &keys["SessionToken"]), (&SECRET_KEY.into(), &TOKEN.into()));
    }
    for (id, input) in [
        (TEMPORARY_ID, SECRET_KEY.to_owned()),
        (KEY_ID, format!("{SECRET_KEY}\n{TOKEN}\n")),
        (KEY_ID, SECRET_KEY[1..].to_owned()),
        (KEY_ID, format!("\n{SECRET_KEY}\n")),
    ] {
        let output =
            test.rdsconn_with_input(["credential", "add", "three", "--no-test", "--access-key-id", id], &input);
        assert!(!everything(&output.ended_with(2)).contains("wJalr"));
    }
    assert!(!files(&test).iter().any(|file| file.starts_with("three")));
}

#[test]
fn what_is_stored_is_replaced_only_by_force() {
    let mut test = environment();
    give_passphrase(&mut test, PASSPHRASE);
    add(&test, "prod", &["--no-test", "--description", "first"]).succeeded();
    let before = files(&test);
    add(&test, "prod", &["--no-test"]).ended_with(2);
    assert_eq!(files(&test), before);
    add(&test, "prod", &["--no-test", "--force", "--description", "second"]).succeeded();
    assert_ne!(files(&test), before);
    assert!(test.rdsconn(["credential", "list"]).succeeded().stdout.ends_with("second\n"));
}

/// The file of another AWS tool: nothing in it changes, and the profile that is added works for all of them.
#[test]
fn a_profile_is_added_and_nothing_else_is_touched() {
    let test = environment();
    plant(&test, "prod");
    let before = "# mine\r\n[profile a]\nregion=eu-west-1\n\n[sso-session x]\nsso_region = us-east-1";
    let config = test.write_file_with_mode(".aws/config", before, 0o640);
    let mut test = test;
    give_passphrase(&mut test, PASSPHRASE);
    let output = test.rdsconn(["credential", "add", "prod", "--aws-profile", "warehouse"]).succeeded();
    assert_eq!(output.stdout, format!("added AWS profile warehouse to {}\n", config.display()));
    let program = std::fs::canonicalize(test.program()).unwrap();
    let section = format!(
        "\n\n[profile warehouse]\ncredential_process = {} credential export prod\nregion = eu-west-1\n",
        program.display()
    );
    assert_eq!(std::fs::read_to_string(&config).unwrap(), format!("{before}{section}"));
    assert_eq!(std::fs::metadata(&config).unwrap().permissions().mode() & 0o7777, 0o640);
    // Once is enough, under any way to write the name.
    for existing in ["warehouse", "a"] {
        let again = test.rdsconn(["credential", "add", "prod", "--aws-profile", existing]).ended_with(2);
        assert!(again.stderr.contains("is defined already"), "{}", again.stderr);
    }
    for bad in ["a b", "x]\n[profile y", "-"] {
        test.rdsconn(["credential", "add", "prod", &format!("--aws-profile={bad}")]).ended_with(2);
    }
    assert_eq!(std::fs::read_to_string(&config).unwrap(), format!("{before}{section}"));
    // The SDK's own reader of such profiles gets the keys.
    let token = test.rdsconn(["token", ENDPOINT, "-u", "dba", "--profile", "warehouse"]).succeeded().stdout;
    assert_eq!(verifier(None).verify(token.trim_end(), "dba"), Ok(()));
    if test.run("sh", ["-c", "command -v aws"]).code == 0 {
        let aws = ["configure", "export-credentials", "--profile", "warehouse", "--format", "process"];
        let keys = test.run("aws", aws).stdout;
        assert!(keys.contains(SECRET_KEY) || keys.is_empty(), "the AWS CLI got something else");
    }
    // In a home without AWS files they are made, for nobody else.
    let fresh = environment();
    plant(&fresh, "prod");
    fresh.rdsconn(["credential", "add", "prod", "--aws-profile"]).succeeded();
    let config = fresh.path(".aws/config");
    assert!(std::fs::read_to_string(&config).unwrap().starts_with("[profile prod]\n"));
    assert_eq!(std::fs::metadata(config).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn a_program_in_a_folder_with_a_space_is_quoted() {
    let test = environment();
    plant(&test, "prod");
    std::fs::create_dir(test.path("my programs")).unwrap();
    let program = test.path("my programs/rdsconn");
    assert_eq!(test.run("cp", [test.program(), &program]).code, 0);
    test.run(&program, ["credential", "add", "prod", "--aws-profile"]).succeeded();
    let mut test = test;
    give_passphrase(&mut test, PASSPHRASE);
    let token = test.rdsconn(["token", ENDPOINT, "-u", "dba", "--profile", "prod"]).succeeded().stdout;
    assert_eq!(verifier(None).verify(token.trim_end(), "dba"), Ok(()));
}

#[test]
fn r8_a_kept_token_needs_no_passphrase() {
    let mut test = environment();
    plant(&test, "prod");
    give_passphrase(&mut test, PASSPHRASE);
    let arguments = ["token", ENDPOINT, "-u", "dba", "--credential", "prod"];
    let first = test.rdsconn(arguments).succeeded().stdout;
    assert_eq!(verifier(None).verify(first.trim_end(), "dba"), Ok(()));
    test.unset("RDSCONN_PASSPHRASE_FILE");
    assert_eq!(kept(&test).len(), 1);
    assert_eq!(test.rdsconn(arguments).succeeded().stdout, first);
    test.rdsconn([&arguments[..], &["--fresh"]].concat()).ended_with(2);
    // Other keys under the same name: another identity, and the kept token is not theirs.
    plant(&test, "other");
    test.rdsconn(["token", ENDPOINT, "-u", "dba", "--credential", "missing"]).ended_with(2);
}

/// A convention names a profile; a credential that is typed is stronger, one in the same file is a contradiction.
#[test]
fn t20_the_stronger_of_profile_and_credential_acts() {
    let mut test = acme();
    plant(&test, "prod");
    give_passphrase(&mut test, "wrong, so that it shows who was asked");
    let by_profile = ["token", HOST, "-J", "none"];
    test.rdsconn(by_profile).succeeded();
    let by_credential = [&by_profile[..], &["--credential", "prod"]].concat();
    let refused = test.rdsconn(&by_credential).ended_with(4);
    assert!(refused.stderr.contains("the passphrase does not open"), "{}", refused.stderr);
    give_passphrase(&mut test, PASSPHRASE);
    let token = test.rdsconn(&by_credential).succeeded().stdout;
    assert_eq!(verifier(None).verify(token.trim_end(), "dba"), Ok(()));
    let explained = test.rdsconn(["explain", HOST, "--credential", "prod"]).succeeded().stdout;
    assert!(explained.contains("flag --credential") && !explained.contains("\nprofile "), "{explained}");
    test.rdsconn([&by_credential[..], &["--profile", "acme-prod"]].concat()).ended_with(2);
    // The region of a host without one is that of the credential.
    let plain = ["token", "db", "--endpoint", "db.example.com", "-u", "dba", "--credential", "prod"];
    let token = test.rdsconn(plain).succeeded().stdout;
    assert!(token.contains("%2Feu-west-1%2F"), "{token}");
    assert_ne!(verifier(None).verify(token.trim_end(), "dba"), Err(Refusal::WrongRegion("us-east-1".to_owned())));
}

#[test]
fn a_missing_permission_is_named() {
    let aws = Aws::start(|request| {
        if request.contains("GetCallerIdentity") {
            ada()
        } else if request.starts_with("POST /Execute ") {
            (
                400,
                r#"{"__type":"BadRequestException","message":"Transaction rdsconn-permission-test is not found"}"#
                    .to_owned(),
            )
        } else {
            let message =
                "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: secretsmanager:GetSecretValue";
            (400, format!(r#"{{"__type":"AccessDeniedException","Message":"{message}"}}"#))
        }
    });
    let mut test = environment();
    test.set("AWS_ENDPOINT_URL", format!("http://{}", aws.address()));
    plant(&test, "prod");
    give_passphrase(&mut test, PASSPHRASE);
    let cluster = "arn:aws:rds:us-east-1:123456789012:cluster:orders";
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-AbCdEf";
    let way = ["--route", "data-api", "--cluster-arn", cluster, "--secret-arn", secret];
    let output = test.rdsconn([&["credential", "test", "prod", ENDPOINT][..], &way].concat()).ended_with(4);
    assert!(output.stdout.contains("secretsmanager:GetSecretValue  not allowed: User: arn"), "{}", output.stdout);
    assert!(output.stdout.contains("rds-data:ExecuteStatement      allowed\n"), "{}", output.stdout);
    assert!(
        output.stderr.contains(&format!("hint: the credential needs secretsmanager:GetSecretValue on {secret}")),
        "{}",
        output.stderr
    );
    let json = [&["credential", "test", "prod", ENDPOINT, "--json"][..], &way].concat();
    let json: serde_json::Value = serde_json::from_str(&test.rdsconn(json).ended_with(4).stdout).unwrap();
    assert_eq!(json["permissions"][0]["allowed"], false);
    assert_eq!(json["permissions"][1]["allowed"], true);
    let by_token = test.rdsconn(["credential", "test", "prod", ENDPOINT]).succeeded().stdout;
    assert!(by_token.contains("rds-db:connect  not known: only a login shows it"), "{by_token}");
}

#[test]
fn r11_two_hundred_exports_at_once_all_get_the_same() {
    let mut test = environment();
    plant(&test, "prod");
    give_passphrase(&mut test, PASSPHRASE);
    let before = files(&test);
    let all: Vec<_> = (0..200).map(|_| test.start_rdsconn(["credential", "export", "prod"])).collect();
    let said: BTreeSet<String> = all.into_iter().map(|running| running.finish().succeeded().stdout).collect();
    assert_eq!(said.len(), 1, "{} different answers", said.len());
    assert!(said.first().unwrap().contains(SECRET_KEY));
    assert_eq!(files(&test), before);
}

/// Every command as loud as it can be: no secret but the one that `export` is asked for.
#[test]
fn t17_no_command_tells_a_secret() {
    let aws = Aws::start(|_| ada());
    let test = with_sts(&aws);
    let canaries = [SECRET_KEY, TOKEN, PASSPHRASE];
    let mut said = String::new();
    let input = format!("{SECRET_KEY}\n{TOKEN}\n");
    let temporary = ["credential", "add", "prod", "-vvv", "--access-key-id", TEMPORARY_ID, "--aws-profile"];
    said += &everything(&test.rdsconn_with_input(temporary, &input).succeeded());
    for arguments in [
        &["credential", "list", "-vvv"][..],
        &["credential", "list", "-vvv", "--json"],
        &["credential", "show", "prod", "-vvv"],
        &["credential", "test", "prod", "-vvv"],
        &["credential", "add", "prod", "-vvv", "--access-key-id", TEMPORARY_ID],
        &["explain", ENDPOINT, "--credential", "prod", "-vvv"],
        &["credential", "show", "nothing", "-vvv"],
    ] {
        said += &everything(&test.rdsconn(arguments));
    }
    said += &test.rdsconn(["credential", "export", "prod", "-vvv"]).succeeded().stderr;
    for entry in std::fs::read_dir(test.path(FOLDER)).unwrap() {
        said += &String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap());
    }
    said += &std::fs::read_to_string(test.path(".aws/config")).unwrap();
    said += &everything(&test.rdsconn(["credential", "remove", "prod", "-vvv"]));
    for canary in canaries {
        assert!(!said.contains(canary), "{canary} in {said}");
    }
    assert!(said.contains("arn:aws:iam::123456789012:user/ada"), "{said}");
}
