//! Helpers that are scripts, good ones and bad ones, as both Shells see them.

use super::*;

const ID: &str = r#""SecretID":"u@h","ServerURL":"u@h""#;

fn helper(test: &TestEnv, script: &str) -> PathBuf {
    let source = test.write_file("helper.source", format!("#!/bin/sh\n{script}\n"));
    let path = test.home().join("mysql-secret-store-test");
    // Written by another process: a file that this one has open for writing cannot be run by it.
    assert!(std::process::Command::new("/bin/cp").arg(&source).arg(&path).status().unwrap().success());
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    path
}

fn both(script: &str, check: impl Fn(&Shell<'_>, Generation)) {
    for generation in [Generation::First, Generation::Second] {
        let test = TestEnv::new("/bin/false");
        let path = helper(&test, script);
        check(&Shell::with_helper(&test, generation, path), generation);
    }
}

#[test]
fn a_call_is_the_path_the_command_and_one_json_object() {
    both("echo \"$0 $# $1\"; cat; echo . >&2", |shell, generation| {
        let path = shell.helper.display();
        let request = match generation {
            Generation::First => r#"{"SecretType":"password","ServerURL":"u@h","Secret":"s"}"#,
            Generation::Second => r#"{"SecretType":"password","SecretID":"u@h","ServerURL":"u@h","Secret":"s"}"#,
        };
        let heard = shell.call("store", &Input::Closed(shell.request("password", "u@h", Some("s"))));
        assert_eq!((heard.code, heard.text()), (0, format!("{path} 1 store\n{request}.")));
    });
}

#[test]
fn answers_are_read_as_the_shell_reads_them() {
    for (script, expected) in [
        (format!(r#"printf '{{"SecretType":"password",{ID},"Secret":"s","More":1}}'"#), Ok(Some("s"))),
        (format!(r#"printf ' {{"SecretType":"password",{ID},"Secret":""}} \n\n'"#), Ok(Some(""))),
        ("echo 'Could not find the secret' >&2; exit 1".to_owned(), Ok(None)),
        ("echo 'Could not find the secret'; exit 3".to_owned(), Ok(None)),
        ("echo 'Could not find the secret.'; exit 1".to_owned(), Err("Could not find the secret.")),
        ("exit 1".to_owned(), Err("")),
        (
            format!(r#"printf '{{"SecretType":"password",{ID},"Secret":"s"}}'; echo warning >&2"#),
            Err("Failed to parse JSON output: The document root must not be followed by other values."),
        ),
        ("true".to_owned(), Err("Failed to parse JSON output: The document is empty.")),
        (
            format!(r#"printf '{{"SecretType":"token",{ID},"Secret":"s"}}'"#),
            Err(r#"Failed to parse JSON output: unknown secret type "token""#),
        ),
        (
            format!(r#"printf '{{"SecretType":"password",{ID}}}'"#),
            Err("Failed to parse JSON output: \"Secret\" is missing"),
        ),
    ] {
        both(&script, |shell, _| {
            let found = shell.get("u@h").map_err(|error| error.to_string());
            assert_eq!(found, expected.map(|secret| secret.map(str::to_owned)).map_err(str::to_owned), "{script}");
        });
    }
}

#[test]
fn the_first_generation_needs_the_old_name_and_knows_one_type() {
    both(r#"printf '{"SecretType":"password","SecretID":"u@h","Secret":"s"}'"#, |shell, generation| {
        assert_eq!(shell.get("u@h").is_ok(), generation == Generation::Second);
    });
    let entries = r#"printf '[{"SecretType":"password","ServerURL":"a@h"},{"SecretType":"generic","SecretID":"k"}]'"#;
    both(entries, |shell, generation| match generation {
        Generation::First => assert!(shell.list().is_err()),
        Generation::Second => {
            assert_eq!(shell.list().unwrap(), ["a@h"]);
            assert_eq!(shell.list_of("generic").unwrap(), ["k"]);
        }
    });
}

#[test]
fn a_command_without_an_answer_says_nothing() {
    both("cat > /dev/null", |shell, _| {
        assert_eq!((shell.erase("u@h"), shell.store("u@h", "s")), (Ok(()), Ok(())));
    });
    both("echo done", |shell, _| assert!(shell.erase("u@h").is_err()));
    both("echo no; exit 1", |shell, _| assert_eq!(shell.store("u@h", "s"), Err(ShellError::Helper("no".to_owned()))));
}

#[test]
#[should_panic(expected = "the Shell waits for ever: version")]
fn a_helper_that_reads_during_version_hangs_the_first_generation() {
    let test = TestEnv::new("/bin/false");
    let path = helper(&test, "exec cat");
    Shell::with_helper(&test, Generation::First, path).patience(Duration::from_millis(200)).version();
}

#[test]
fn a_helper_that_reads_during_version_is_fine_with_the_second() {
    let test = TestEnv::new("/bin/false");
    let path = helper(&test, "exec cat");
    assert_eq!(Shell::with_helper(&test, Generation::Second, path).version().code, 0);
}

#[test]
fn the_program_under_test_is_linked_beside_the_shell() {
    let test = TestEnv::new("/bin/echo");
    let shell = Shell::new(&test, Generation::First);
    assert_eq!(shell.version().text(), "version");
    assert!(shell.folder().ends_with("shell/bin"));
}
