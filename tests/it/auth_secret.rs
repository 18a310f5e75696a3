//! `auth = "secret"`: user and password from Secrets Manager, through the same gate as a token. What Secrets Manager says is
//! said by a server of the test's own; who is let in is decided by the embedded database, and by the real one.

use base64::Engine as _;
use rdsconn_lab::embedded::Account;
use rdsconn_lab::hostile::{HostileDatabase, HostileOptions, Login, Tls};
use rdsconn_lab::real::{APP_PASSWORD, ENDPOINT, ENDPOINT_PORT, static_key};
use rdsconn_lab::shell::Shell;

use crate::clients;
use crate::secrets_manager::{ARN, Answer, SecretsManager};
use crate::shell_helper::BOTH;
use crate::stage::{HOST, Stage};
use crate::support::everything;

/// What no output, log or file may show.
const CANARY: &str = "CanaryOfASecret3b8e";

const SECRET: [&str; 4] = ["--auth", "secret", "--secret-arn", ARN];

/// A stage whose homes ask this Secrets Manager.
fn asking(mut stage: Stage, answers: impl IntoIterator<Item = Answer>) -> (Stage, SecretsManager) {
    let manager = SecretsManager::start(answers);
    manager.serve(&mut stage.home);
    (stage, manager)
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&SECRET[..], more].concat()
}

#[test]
fn a_secret_logs_in_on_either_route_as_whom_it_says() {
    for stage in [Some(Stage::embedded()), Stage::real()].into_iter().flatten() {
        let direct = match stage.name() {
            "real" => format!("127.0.0.1:{}", stage.servers.real().database().port()),
            _ => stage.parts().database.address().to_string(),
        };
        let (stage, manager) = asking(stage, [Answer::login("app", APP_PASSWORD)]);
        // The convention names another user, for all hosts; the secret knows better.
        for route in [&[][..], &["-J", "none", "--address", &direct]] {
            let query = arguments(&[route, &["-N", "select user() like 'app@%'"]].concat());
            let output = stage.query(&query).succeeded();
            assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("1\n", ""), "{}", stage.name());
        }
        let asked = manager.asked();
        assert_eq!(asked.len(), 2, "once for each run");
        for asked in asked {
            // Signed for the region of the ARN, which is not the endpoint's, by the profile's key.
            let scope = format!("Credential={}/", static_key().id);
            assert!(asked.headers.contains(&scope), "{}", asked.headers);
            assert!(asked.headers.contains("/eu-west-1/secretsmanager/aws4_request"), "{}", asked.headers);
            assert!(asked.headers.contains("secretsmanager.GetSecretValue"), "{}", asked.headers);
            let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(body, serde_json::json!({"SecretId": ARN}));
        }
    }
}

/// What is in the secret beside user and password leads nowhere.
#[test]
fn t1_the_host_in_a_secret_is_not_where_its_password_goes() {
    let stage = Stage::embedded();
    let trap = HostileDatabase::start(HostileOptions::default(), &stage.parts().certificates).unwrap();
    let text = serde_json::json!({
        "engine": "mysql", "host": trap.address().ip().to_string(), "port": trap.address().port(),
        "username": "app", "password": APP_PASSWORD, "dbname": "nowhere",
    });
    let (stage, _manager) = asking(stage, [Answer::secret(&text.to_string())]);
    assert_eq!(stage.query(&arguments(&["-N", "select 1"])).succeeded().stdout, "1\n");
    assert_eq!(trap.connections(), 0);
}

#[test]
fn both_kinds_of_password_accounts_are_served() {
    let stage = Stage::embedded();
    stage.parts().database.set_account(Account::caching_sha2("modern", CANARY));
    let (stage, _manager) = asking(stage, [Answer::login("modern", CANARY)]);
    for _ in 0..2 {
        stage.query(&arguments(&["select 1"])).succeeded();
    }
    // The first login of a server's life brings the password itself, inside TLS; the next a scramble.
    let logins = stage.parts().database.logins();
    assert_eq!(
        logins.iter().map(|login| (login.secure, login.full)).collect::<Vec<_>>(),
        [(true, true), (true, false)]
    );
}

/// A password that is changed after it was read: one more reading, one more login.
#[test]
fn a_rotated_password_is_read_once_more() {
    for stage in [Some(Stage::embedded()), Stage::real()].into_iter().flatten() {
        let (stage, manager) =
            asking(stage, [Answer::login("app", "rotated away"), Answer::login("app", APP_PASSWORD)]);
        stage.query(&arguments(&["select 1"])).succeeded();
        assert_eq!(manager.asked().len(), 2, "{}", stage.name());
    }
}

#[test]
fn a_refused_password_is_not_tried_again_and_again() {
    let (stage, manager) = asking(
        Stage::embedded(),
        ["one", "two", "three"].map(|password| Answer::login("app", &format!("{CANARY} {password}"))),
    );
    let output = stage.query(&arguments(&["select 1"])).ended_with(4);
    assert_eq!((manager.asked().len(), stage.parts().database.refusals().len()), (2, 2));
    assert!(output.stderr.contains("refused the login of \"app\""), "{}", output.stderr);
    assert!(output.stderr.contains("if it is being rotated just now"), "{}", output.stderr);
    assert!(!everything(&output).contains(CANARY));
    // Unchanged, it is not even tried a second time.
    let (stage, manager) = asking(Stage::embedded(), [Answer::login("app", CANARY)]);
    stage.query(&arguments(&["select 1"])).ended_with(4);
    assert_eq!((manager.asked().len(), stage.parts().database.refusals().len()), (2, 1));
}

#[test]
fn whoever_is_named_for_this_call_must_be_whom_the_secret_is_for() {
    let (mut stage, manager) = asking(Stage::embedded(), [Answer::login("app", APP_PASSWORD)]);
    let output = stage.query(&arguments(&["-u", "reader", "select 1"])).ended_with(2);
    assert_eq!(
        output.stderr,
        format!(
            "error: the secret {ARN} is for the user \"app\", and flag --user says \"reader\"\nhint: leave --user out to log \
             in as app\nhint: or name the secret of reader with --secret-arn\n"
        )
    );
    let host = format!("reader@{HOST}");
    let output = stage.home.rdsconn(arguments(&[&host, "select 1"])).ended_with(2);
    assert!(output.stderr.contains("HOST says \"reader\""), "{}", output.stderr);
    stage.query(&arguments(&["-u", "app", "select 1"])).succeeded();
    stage.home.set("RDSCONN_USER", "reader");
    let output = stage.query(&arguments(&["select 1"])).ended_with(2);
    assert!(output.stderr.contains("run unset RDSCONN_USER"), "{}", output.stderr);
    assert_eq!(manager.asked().len(), 4);
    assert_eq!(stage.parts().database.logins().len(), 1);
}

/// Every way in which Secrets Manager can fail has words and a code of its own, and none shows what was read.
#[test]
fn t17_failures_of_secrets_manager_are_told_apart() {
    let json = |text: &str| Answer::secret(text);
    let refusal = |code: &str, message: &str| Answer::refusal(400, code, message);
    let binary = base64::engine::general_purpose::STANDARD.encode(CANARY);
    let year = "date: Sat, 01 Jan 2000 00:00:00 GMT";
    let secret = format!(r#"{{"ARN":"{ARN}","SecretString":"{{\"username\":\"app\",\"password\":\"{CANARY}\"}}"}}"#);
    let cases: Vec<(Answer, i32, &str)> = vec![
        (
            refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
            4,
            "knows no secret",
        ),
        (
            refusal(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
            ),
            4,
            "has no current value",
        ),
        (
            refusal(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
            ),
            4,
            "scheduled for deletion",
        ),
        (
            refusal(
                "AccessDeniedException",
                "User: arn:aws:sts::1:x is not authorized to perform: secretsmanager:GetSecretValue on resource: y",
            ),
            4,
            "AWS refused secretsmanager:GetSecretValue",
        ),
        (refusal("AccessDeniedException", "Access to KMS is not allowed"), 4, "AWS refused kms:Decrypt"),
        (refusal("DecryptionFailure", "the key is disabled"), 4, "the KMS key of"),
        (
            refusal("UnrecognizedClientException", "The security token included in the request is invalid."),
            4,
            "a region that the account has not switched on knows nobody",
        ),
        (
            refusal("ExpiredTokenException", "The security token included in the request is expired"),
            4,
            "the security token has expired",
        ),
        (
            refusal("InvalidSignatureException", "Signature not yet current: 20300101T000000Z").with_header(year),
            4,
            "caused by: this machine's clock is ",
        ),
        (
            refusal("InvalidParameterException", "The parameter SecretId is odd"),
            4,
            "caused by: InvalidParameterException: The parameter SecretId is odd",
        ),
        (json(&format!("not JSON {CANARY}")), 2, "is not a JSON object"),
        (json(&format!(r#"{{"password":"{CANARY}"}}"#)), 2, "has no \"username\""),
        (json(&format!(r#"{{"username":"app","pass":"{CANARY}"}}"#)), 2, "has no \"password\""),
        (json(&format!(r#"{{"username":"app","password":["{CANARY}"]}}"#)), 2, "\"password\" that is not a text"),
        (Answer::new(200, format!(r#"{{"ARN":"{ARN}","SecretBinary":"{binary}"}}"#)), 2, "is binary"),
        (Answer::new(200, format!(r#"{{"ARN":"{ARN}"}}"#)), 4, "has no current value"),
        (Answer::new(200, secret.clone()).cut_after(secret.len() - 9), 5, "is a proxy in between"),
        (Answer::new(200, &secret[..secret.len() - 9]), 5, "is a proxy in between"),
        (Answer::new(200, format!("<html>{CANARY}</html>")), 5, "is a proxy in between"),
        (Answer::new(302, "").with_header("location: http://127.0.0.1:9/"), 5, "HTTP status 302"),
        (Answer::new(407, "<html>log in to the proxy</html>"), 5, "HTTP status 407"),
    ];
    let (stage, manager) = asking(Stage::embedded(), [Answer::new(200, "")]);
    for (answer, code, words) in cases {
        let before = manager.asked().len();
        manager.answer([answer]);
        let output = stage.query(&arguments(&["-vvv", "select 1"])).ended_with(code);
        assert!(output.stderr.contains(words), "{words}:\n{}", output.stderr);
        assert!(output.stderr.contains("\nhint: "), "{}", output.stderr);
        assert!(!everything(&output).contains(CANARY), "{}", output.stderr);
        assert_eq!(manager.asked().len(), before + 1, "asked once: {words}");
    }
    assert_eq!(stage.parts().database.logins().len(), 0);
}

/// R12: what passes is waited for.
#[test]
fn r12_throttling_is_outlasted() {
    let busy = [
        Answer::refusal(400, "ThrottlingException", "Rate exceeded"),
        Answer::new(503, "<html>Service Unavailable</html>"),
        Answer::login("app", APP_PASSWORD),
    ];
    let (stage, manager) = asking(Stage::embedded(), busy);
    stage.query(&arguments(&["select 1"])).succeeded();
    assert_eq!(manager.asked().len(), 3);
}

#[test]
fn nobody_at_the_address_of_secrets_manager_is_a_matter_of_the_network() {
    let mut stage = Stage::embedded();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    stage.home.set("AWS_ENDPOINT_URL_SECRETS_MANAGER", format!("http://127.0.0.1:{port}"));
    let output = stage.query(&arguments(&["select 1"])).ended_with(5);
    assert!(output.stderr.contains(&format!("error: the secret {ARN} cannot be read\n")), "{}", output.stderr);
    assert!(output.stderr.contains("caused by: the service cannot be reached\n"), "{}", output.stderr);
}

/// T1: the password of a secret goes where a token goes, and to nobody else.
#[test]
fn t1_a_secret_goes_only_to_a_server_that_proved_to_be_the_endpoint() {
    let logins = [
        Login::InitialPlugin,
        Login::Switch,
        Login::SwitchTwice,
        Login::SwitchInCommandPhase,
        Login::FullAuthentication,
        Login::PublicKey,
    ];
    let (stage, _manager) = asking(Stage::embedded(), [Answer::login("app", CANARY)]);
    for (tls, is_good) in [
        (Tls::Absent, false),
        (Tls::SelfSigned, false),
        (Tls::WrongName, false),
        (Tls::OtherAuthority, false),
        (Tls::Expired, false),
        (Tls::Garbage, false),
        (Tls::Good, true),
    ] {
        for login in logins {
            let options = HostileOptions { tls, login, ..HostileOptions::default() };
            let database = HostileDatabase::start(options, &stage.parts().certificates).unwrap();
            stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
            let output = stage.query(&arguments(&["select 1"]));
            let case = format!("{tls:?}, {login:?}: {}", output.stderr);
            let in_clear = [Login::Switch, Login::FullAuthentication, Login::PublicKey].contains(&login);
            assert_eq!(database.record().contains(CANARY.as_bytes()), is_good && in_clear, "{case}");
            assert_eq!(output.code == 5, !is_good || login == Login::SwitchTwice, "{case}");
            assert!(!everything(&output).contains(CANARY), "{case}");
        }
    }
}

/// What cannot work is said before anybody is asked anything.
#[test]
fn what_is_missing_or_misplaced_is_said_offline() {
    let (stage, manager) = asking(Stage::embedded(), [Answer::login("app", APP_PASSWORD)]);
    let output = stage.query(&["--auth", "secret", "select 1"]).ended_with(2);
    assert!(output.stderr.contains("auth \"secret\" needs a secret"), "{}", output.stderr);
    let output = stage.query(&["--auth", "secret", "--secret-arn", "prod/orders", "select 1"]).ended_with(2);
    assert!(output.stderr.contains("is not an ARN"), "{}", output.stderr);
    let output = stage.query(&arguments(&["--ssl-mode", "REQUIRED", "select 1"])).ended_with(2);
    assert!(output.stderr.contains("is too weak for auth = \"secret\""), "{}", output.stderr);
    let output = stage.home.rdsconn([&["token", HOST][..], &SECRET].concat()).ended_with(2);
    assert!(output.stderr.contains("a token is for auth = \"iam\""), "{}", output.stderr);
    assert_eq!((output.stdout.as_str(), manager.asked().len()), ("", 0));
}

/// T15: a client gets user and password by its option file, and nothing that would make it send the password in clear.
#[test]
fn t15_clients_get_the_secret_by_their_option_file() {
    let stage = clients::embedded();
    let told = "cat /proc/$$/cmdline /proc/$$/environ | tr '\\0' '\\n'; for argument; do case $argument in \
                --defaults-file=*) cat \"${argument#*=}\";; esac; done";
    clients::client(&stage.home, "mysql", clients::ORACLE, told);
    let (stage, manager) = asking(stage, [Answer::login("app", r#"a"b\c#d 'e' é"#)]);
    let output = stage.home.rdsconn(clients::line("mysql", &SECRET, &[])).succeeded();
    assert!(output.stdout.contains("--user=app\n"), "{}", output.stdout);
    assert!(output.stdout.contains("\npassword=\"a\\\"b\\\\c#d 'e' é\"\n"), "{}", output.stdout);
    assert!(!output.stdout.contains("cleartext"), "{}", output.stdout);
    assert_eq!(output.stdout.matches("c#d").count(), 1, "{}", output.stdout);
    assert_eq!(manager.asked().len(), 1);
}

#[test]
fn real_clients_log_in_with_a_secret() {
    clients::on_each(|stage| {
        let manager = SecretsManager::start([Answer::login("app", APP_PASSWORD)]);
        for client in
            clients::terminals().into_iter().filter(|client| clients::has_native_password(&stage.home, client))
        {
            // The stage is lent: the variable is set for this call alone.
            let variable = format!("AWS_ENDPOINT_URL_SECRETS_MANAGER={}", manager.url());
            let line = clients::line(client, &SECRET, &["-N", "-e", "select user() like 'app@%'"]);
            let command = [&[variable.as_str(), stage.home.program().to_str().unwrap()], &line[..]].concat();
            let output = stage.home.run("env", command).succeeded();
            assert_eq!(output.stdout, "1\n", "{} {client}: {}", stage.name(), output.stderr);
        }
    });
}

/// A tunnel needs no password, and asks nobody for one until MySQL Shell does.
#[test]
fn a_tunnel_does_not_read_the_secret_and_answers_the_shell_with_it() {
    let (stage, manager) = asking(Stage::embedded(), [Answer::login("app", CANARY)]);
    let line = [&["tunnel", HOST, "--json"][..], &SECRET].concat();
    let tunnel = stage.home.start_rdsconn(line);
    tunnel.wait_for("}\n");
    let told: serde_json::Value = serde_json::from_str(&tunnel.so_far()).unwrap();
    assert_eq!((&told["user"], manager.asked().len()), (&serde_json::Value::Null, 0));
    let listener = told["listener"].as_str().unwrap();
    for generation in BOTH {
        let shell = Shell::new(&stage.home, generation);
        assert_eq!(shell.get(&format!("app@{listener}")), Ok(Some(CANARY.to_owned())));
        assert_eq!(shell.get(&format!("dba@{listener}")), Ok(None));
        assert_eq!(shell.store(&format!("app@{listener}"), "hunter2"), Ok(()));
    }
    assert_eq!(manager.asked().len(), 1, "what was read is good for a minute");
    assert_eq!(Shell::new(&stage.home, BOTH[0]).erase(&format!("app@{listener}")), Ok(()));
    assert_eq!(Shell::new(&stage.home, BOTH[0]).get(&format!("app@{listener}")), Ok(Some(CANARY.to_owned())));
    assert_eq!(manager.asked().len(), 2);
}

/// MySQL Shell on a name of ours: the password of the secret for whom it is, nothing for others, and nothing is kept.
#[test]
fn the_shell_helper_answers_for_the_user_of_the_secret() {
    let (stage, manager) = asking(Stage::embedded(), [Answer::login("app", CANARY)]);
    stage.home.write_config(&format!("[hosts.\"{HOST}\"]\nauth = \"secret\"\nsecret_arn = \"{ARN}\"\n"));
    for generation in BOTH {
        let shell = Shell::new(&stage.home, generation);
        assert_eq!(shell.get(&format!("app@{HOST}")), Ok(Some(CANARY.to_owned())));
        assert_eq!(shell.get(&format!("dba@{HOST}")), Ok(None));
        let asked = manager.asked().len();
        assert_eq!(shell.store(&format!("app@{HOST}"), "hunter2"), Ok(()));
        assert_eq!(shell.erase(&format!("app@{HOST}")), Ok(()));
        assert_eq!(shell.list(), Ok(Vec::new()));
        assert_eq!(manager.asked().len(), asked, "nobody is asked for these");
    }
    manager.answer([Answer::refusal(400, "AccessDeniedException", "no")]);
    let error = Shell::new(&stage.home, BOTH[1]).get(&format!("app@{HOST}")).unwrap_err();
    assert!(format!("{error:?}").contains("AWS refused secretsmanager:GetSecretValue"), "{error:?}");
}
