//! The credential helper through the real binary, called as both generations of MySQL Shell call it: whose secrets it has,
//! and what it says where it has none.

use rdsconn_lab::environment::{Output, ProfileCredentials, TestEnv};
use rdsconn_lab::real::{ENDPOINT, ENDPOINT_PORT, REGION, static_key};
use rdsconn_lab::shell::{Generation, Input, Shell, ShellError, real_shell};
use rdsconn_lab::verifier::Verifier;

use crate::hostile_urls::hostile;
use crate::stage::{HOST, Stage};
use crate::support::{ACME, KEY_ID, SECRET_KEY, acme, counted_profile, environment, kept, script, times_asked};

pub(crate) const BOTH: [Generation; 2] = [Generation::First, Generation::Second];
const NOT_FOUND: &str = "Could not find the secret\n";

/// Whether this is a token of the lab's key for this endpoint and user.
#[track_caller]
pub(crate) fn assert_token(token: &str, endpoint: &str, port: u16, user: &str) {
    let verifier = Verifier::new(endpoint, port, REGION, vec![static_key()]);
    assert_eq!(verifier.verify(token, user), Ok(()), "{token}");
}

/// One call with this request, its two streams apart.
pub(crate) fn call(place: &TestEnv, command: &str, request: &[u8]) -> Output {
    let helper = Shell::new(place, Generation::Second).folder().join("mysql-secret-store-rdsconn");
    let mut running = place.start(helper, [command]);
    running.send(request);
    running.finish()
}

#[track_caller]
fn assert_not_found(output: &Output, about: &str) {
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (1, "", NOT_FOUND), "{about:?}");
}

#[test]
fn a_name_of_a_convention_gets_a_token_for_its_endpoint() {
    for generation in BOTH {
        let place = acme();
        let shell = Shell::new(&place, generation);
        let endpoint = crate::support::ENDPOINT;
        for (url, user, port) in [
            (format!("dba@{HOST}:3306"), "dba", 3306),
            (format!("dba@{HOST}"), "dba", 3306),
            (format!("dba@{}.:3306", HOST.to_uppercase()), "dba", 3306),
            (format!("reader@{HOST}"), "reader", 3306),
            (format!("a.b+c%40x%2Fy@{HOST}:3307"), "a.b+c@x/y", 3307),
        ] {
            let token = shell.get(&url).unwrap().unwrap_or_else(|| panic!("{generation:?}: {url}: nothing"));
            assert_token(&token, endpoint, port, user);
        }
        let listed = shell.list().unwrap();
        let expected = [
            format!("a.b+c%40x%2Fy@{endpoint}:3307"),
            format!("dba@{endpoint}:3306"),
            format!("reader@{endpoint}:3306"),
        ];
        let mut sorted = listed.clone();
        sorted.sort();
        assert_eq!(sorted, expected);
        if generation == Generation::Second {
            assert_eq!(shell.list_of("generic"), Ok(Vec::new()));
        }
    }
}

/// What is said is the JSON object and not one byte more, whatever in the surroundings asks for more words.
#[test]
fn the_answer_is_one_object_to_the_byte() {
    let mut place = acme();
    for name in ["RDSCONN_VERBOSE", "RDSCONN_LOG", "RUST_LOG", "RUST_BACKTRACE", "CLICOLOR_FORCE"] {
        place.set(name, "1");
    }
    place.set("TERM", "dumb").set("RDSCONN_COLOR", "always").set("RDSCONN_FORMAT", "json");
    for (request, url) in [
        (format!(r#"{{"SecretType":"password","ServerURL":"dba@{HOST}"}}"#), format!("dba@{HOST}")),
        (format!(r#"{{"SecretType":"password","SecretID":"dba@{HOST}"}}"#), format!("dba@{HOST}")),
        (
            format!(r#" {{"More":[1,{{}}],"ServerURL":"dba@{HOST}:3306","SecretType":"password"}} "#),
            format!("dba@{HOST}:3306"),
        ),
    ] {
        let output = call(&place, "get", request.as_bytes()).succeeded();
        let start = format!(r#"{{"SecretType":"password","SecretID":"{url}","ServerURL":"{url}","Secret":""#);
        let token = output
            .stdout
            .strip_prefix(&start)
            .and_then(|rest| rest.strip_suffix("\"}"))
            .unwrap_or_else(|| panic!("{}", output.stdout));
        assert_token(token, crate::support::ENDPOINT, 3306, "dba");
        assert_eq!(output.stderr, "");
    }
}

#[test]
fn what_is_not_ours_is_not_found() {
    let place = acme();
    counted_profile(&place, "default", Some(REGION));
    let request = |url: &str| format!(r#"{{"SecretType":"password","ServerURL":"{url}"}}"#);
    for url in [
        "dba@orders.staging.use1.db.acme.example",
        "dba@unknown",
        "dba@unknown:3306",
        "ssh://ops@bastion-prod:22",
        "file:/home/dba/.ssh/id_rsa",
        "dba@/tmp%2Fmysql.sock",
        "dba@127.0.0.1:3306",
        "dba@localhost",
        "dba@[::1]:3306",
        "dba@[2001:db8::1]:3306",
    ] {
        assert_not_found(&call(&place, "get", request(url).as_bytes()), url);
        for generation in BOTH {
            assert_eq!(Shell::new(&place, generation).get(url), Ok(None), "{generation:?}: {url}");
        }
    }
    for (secret_type, id) in [("generic", format!("dba@{HOST}")), ("key", format!("dba@{HOST}"))] {
        let request = format!(r#"{{"SecretType":"{secret_type}","SecretID":"{id}"}}"#);
        assert_not_found(&call(&place, "get", request.as_bytes()), secret_type);
    }
    assert_eq!((times_asked(&place), kept(&place).len()), (0, 0));
}

/// T13: a convention that takes every name for its own, and credentials that tell when they are asked for.
#[test]
fn t13_two_hundred_hostile_urls_mint_nothing() {
    let place = environment();
    place.write_convention(
        "all",
        &format!("pattern = '.+'\n[target]\nprofile = \"all\"\nregion = \"{REGION}\"\nendpoint = \"{ENDPOINT}\"\n"),
    );
    counted_profile(&place, "all", None);
    let urls = hostile();
    assert!(urls.len() >= 200);
    // An empty name is no name, and a million bytes are tried once below.
    for url in urls.iter().filter(|url| url.len() < 10_000) {
        let request = serde_json::json!({"SecretType": "password", "SecretID": url, "ServerURL": url}).to_string();
        assert_not_found(&call(&place, "get", request.as_bytes()), url);
    }
    assert_eq!((times_asked(&place), kept(&place).len()), (0, 0));
    let token = Shell::new(&place, Generation::Second).get("u@h").unwrap().unwrap();
    assert_token(&token, ENDPOINT, ENDPOINT_PORT, "u");
    assert_eq!(times_asked(&place), 1, "the same convention answers a good name");
}

/// T13: the surroundings of a Shell may be anybody's. They say who signs, and not where to or as whom.
#[test]
fn t13_variables_lead_no_answer_elsewhere() {
    let mut place = acme();
    place.set("RDSCONN_ENDPOINT", "evil.cluster-c9abc.us-east-1.rds.amazonaws.com").set("RDSCONN_PORT", "3399");
    place.set("RDSCONN_ADDRESS", "127.0.0.1:1").set("RDSCONN_USER", "root").set("RDSCONN_BASTION", "evil");
    for listener in [None, Some("127.0.0.1:3306")] {
        if let Some(listener) = listener {
            place.set("RDSCONN_LISTENER", listener);
        }
        for generation in BOTH {
            let shell = Shell::new(&place, generation);
            let token = shell.get(&format!("dba@{HOST}")).unwrap().unwrap();
            assert_token(&token, crate::support::ENDPOINT, 3306, "dba");
            assert_eq!(shell.get("dba@unknown"), Ok(None), "an endpoint in a variable makes no name known");
        }
    }
}

/// The Shell says `erase` after error 1045.
#[test]
fn erase_drops_the_kept_token_and_says_nothing() {
    for generation in BOTH {
        let place = acme();
        let shell = Shell::new(&place, generation);
        let (url, other) = (format!("dba@{HOST}:3306"), format!("reader@{HOST}"));
        assert_eq!(shell.erase(&url), Ok(()), "there was none");
        assert!(shell.get(&url).unwrap().is_some() && shell.get(&other).unwrap().is_some());
        assert_eq!(kept(&place).len(), 2);
        assert_eq!(shell.erase(&url), Ok(()));
        let left = kept(&place);
        assert_eq!((left.len(), left[0]["user"].as_str()), (1, Some("reader")), "{left:?}");
        assert_eq!(shell.erase(&url), Ok(()));
        assert_eq!(shell.erase("dba@unknown"), Err(ShellError::Helper(NOT_FOUND.trim().to_owned())));
    }
}

#[test]
fn passwords_are_kept_for_nobody() {
    for generation in BOTH {
        let place = acme();
        let shell = Shell::new(&place, generation);
        assert_eq!(shell.store(&format!("dba@{HOST}"), "hunter2"), Ok(()), "a token needs no keeping");
        assert_eq!(shell.list(), Ok(Vec::new()));
        let Err(ShellError::Helper(words)) = shell.store("dba@unknown", "hunter2") else { panic!("it was kept") };
        assert_eq!(words.lines().count(), 1, "{words}");
        assert!(words.contains("keeps no passwords") && !words.contains("hunter2"), "{words}");
    }
}

/// Another way to log in is not ours: another helper may have the password.
#[test]
fn a_database_with_a_password_is_left_to_others() {
    let place = acme();
    place.write_config(&format!(
        "[hosts.\"old.example\"]\nendpoint = \"{ENDPOINT}\"\nauth = \"password\"\nprofile = \"acme-prod\"\n"
    ));
    let shell = Shell::new(&place, Generation::Second);
    assert_eq!(shell.get("dba@old.example"), Ok(None));
    assert!(shell.get(&format!("dba@{HOST}")).unwrap().is_some());
}

/// AWS says no: one line that says why and what to do.
#[test]
fn a_token_that_cannot_be_had_is_one_line() {
    let place = environment();
    place.write_convention("acme", ACME);
    for generation in BOTH {
        let Err(ShellError::Helper(words)) = Shell::new(&place, generation).get(&format!("dba@{HOST}")) else {
            panic!("without a profile")
        };
        assert!(words.lines().count() == 1 && words.contains("acme-prod"), "{words}");
    }
    let keys = ProfileCredentials::Static { id: KEY_ID, secret: SECRET_KEY, session_token: None };
    place.write_aws_profile("acme-prod", None, &keys);
    assert!(Shell::new(&place, Generation::First).get(&format!("dba@{HOST}")).unwrap().is_some());
}

/// The token opens the door: a real client on a real server.
#[test]
fn a_real_client_logs_in_with_the_token() {
    let Some(stage) = Stage::real() else { return };
    let lab = stage.servers.real();
    for (generation, client) in [(Generation::First, "mariadb"), (Generation::Second, "mysql")] {
        let token = Shell::new(&stage.home, generation).get(&format!("dba@{HOST}")).unwrap().unwrap();
        let options = format!(
            "[client]\nhost = 127.0.0.1\nport = {}\nuser = dba\nssl-ca = {}\npassword = \"{token}\"\n",
            lab.database().port(),
            lab.ca_file().display()
        );
        let options = stage.home.write_file("client.cnf", options);
        let output =
            stage.home.run(client, [&format!("--defaults-file={}", options.display()), "-N", "-e", "select 41 + 1"]);
        assert_eq!(output.succeeded().stdout, "42\n");
    }
}

/// Where a real MySQL Shell is at hand, it takes our helper for one.
#[test]
fn a_real_shell_takes_our_helper() {
    let Some(program) = real_shell() else {
        eprintln!("SKIPPED the real MySQL Shell: there is no mysqlsh on PATH");
        return;
    };
    let place = acme();
    let program = std::fs::canonicalize(program).unwrap();
    let installed = program.with_file_name("mysql-secret-store-rdsconn");
    if !installed.exists() {
        eprintln!("SKIPPED the real MySQL Shell: rdsconn is not installed beside {}", program.display());
        return;
    }
    let listed = place.run(&program, ["--", "shell", "list-credential-helpers"]).succeeded();
    assert!(listed.stdout.contains("rdsconn"), "{}", listed.stdout);
}

/// The Shell asks every helper at each start: nothing is read, and the pipe may stay open.
#[test]
fn version_needs_nothing() {
    let mut place = environment();
    place.write_config("this is = = no file\n");
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "PATH", "TMPDIR"] {
        for generation in BOTH {
            let heard = Shell::new(&place, generation).version();
            assert_eq!(heard.code, 0);
            assert_eq!(heard.text(), format!("rdsconn {}", env!("CARGO_PKG_VERSION")), "without {name}");
        }
        place.unset(name);
    }
}

/// Shells before 9.4 leave the pipe of `list` open, and wait for the answer.
#[test]
fn list_does_not_wait_for_a_pipe_that_is_left_open() {
    let place = acme();
    let shell = Shell::new(&place, Generation::First);
    assert_eq!(shell.list(), Ok(Vec::new()));
    let heard = shell.call("list", &Input::Open(br#"{"SecretType":"password"}"#.to_vec()));
    assert_eq!((heard.code, heard.output.as_slice()), (0, &b"[]"[..]));
}

/// A link of any such name is the helper, and no command of ours.
#[test]
fn the_name_makes_the_helper() {
    let place = acme();
    let link = place.path("mysql-secret-store-other");
    std::os::unix::fs::symlink(place.program(), &link).unwrap();
    for arguments in [&["--help"][..], &["token", HOST], &[], &["get", "get"]] {
        let output = place.run(&link, arguments).ended_with(1);
        assert!(output.stdout.is_empty() && output.stderr.contains("usage: "), "{arguments:?}: {}", output.stderr);
        assert_eq!(output.stderr.lines().count(), 1);
    }
    let bare = script(&place, "caller", &format!("exec -a rdsconn {} --version", place.program().display()));
    assert!(place.run("bash", [bare]).succeeded().stdout.starts_with("rdsconn "));
}
