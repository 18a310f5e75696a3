//! Clients are told apart by what they answer to `--version`, whatever they are called, and each gets the options that it
//! understands; scripts stand in for all of them and tell.

use rdsconn_lab::environment::Output;

use crate::clients::{CANARY, ORACLE, client, embedded, exec, on_each};

const MARIADB_10_11: &str = "mysql  Ver 15.1 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)";
const MARIADB_11_8: &str = "mysql from 11.8.9-MariaDB, client 15.2 for debian-linux-gnu (x86_64)";
const SHELL: &str = "mysqlsh   Ver 9.6.0 for Linux on x86_64 - for MySQL 9.6.0 (MySQL Community Server (GPL))";

/// Prints each argument on a line, then what the option file holds; clients are given it first or as a password's.
const TELL: &str = "for argument; do echo \"argument $argument\"; done\n\
                    for argument; do case \"$argument\" in\n\
                    --defaults-file=/dev/null) ;;\n\
                    --defaults-file=*|--password-file=*) cat \"${argument#*=}\" ;; esac; done";

fn arguments(output: &Output) -> Vec<&str> {
    output.stdout.lines().filter_map(|line| line.strip_prefix("argument ")).collect()
}

#[test]
fn each_flavour_gets_its_own_options_and_the_token_in_a_file() {
    on_each(|stage| {
        for (name, version, wanted, unwanted) in [
            (
                "mysql",
                &ORACLE.replace("9.7.4", "8.0.43"),
                &["--protocol=TCP", "--ssl-mode=VERIFY_CA", "--enable-cleartext-plugin", "--local-infile=0"][..],
                &["--ssl-fp", "--ssl-verify-server-cert"][..],
            ),
            (
                "mysql",
                &ORACLE.replace("9.7.4", "8.4.6"),
                &["--ssl-mode=VERIFY_CA", "--enable-cleartext-plugin", "--database=orders"],
                &["--ssl-fp"],
            ),
            ("mysqladmin", &ORACLE.to_owned(), &["--ssl-mode=VERIFY_CA"], &["--local-infile", "--database", "orders"]),
            ("mysqldump", &ORACLE.to_owned(), &["--ssl-mode=VERIFY_CA", "orders"], &["--local-infile", "--database"]),
            (
                "mysql",
                &MARIADB_10_11.to_owned(),
                &["--protocol=TCP", "--local-infile=0", "--database=orders"],
                &["--ssl-mode", "--enable-cleartext-plugin", "--ssl-fp", "--ssl-verify-server-cert"],
            ),
            (
                "mysql",
                &MARIADB_11_8.to_owned(),
                &["--protocol=TCP", "--ssl-verify-server-cert", "--ssl-fp="],
                &["--ssl-mode", "--enable-cleartext-plugin"],
            ),
            (
                "mysqlsh",
                &SHELL.to_owned(),
                &["--mysql", "--ssl-mode=VERIFY_CA", "--auth-method=mysql_clear_password", "--save-passwords=never"],
                &["--protocol", "--database"],
            ),
            (
                "mycli",
                &"mycli, version 2.30.1".to_owned(),
                &["--ssl-mode=on", "--use-keyring=false", "--password-file="],
                &["--defaults-file", "--protocol"],
            ),
            (
                "mycli",
                &"Version: 1.26.1".to_owned(),
                &["--ssl", "--defaults-file=/dev/null", "--password-file="],
                &["--ssl-mode"],
            ),
            (
                "mydumper",
                &"mydumper 0.10.0, built against MySQL 10.11.14".to_owned(),
                &["--ssl", "--ca="],
                &["--ssl-mode", "orders", "--database"],
            ),
        ] {
            client(&stage.home, name, version, TELL);
            let output = exec(stage, name, &["--last"]).succeeded();
            let told = arguments(&output);
            let what = format!("{} {version}: {told:?}", stage.name());
            for common in ["--host=127.0.0.1", "--user=dba", "--port="] {
                assert!(told.iter().any(|argument| argument.starts_with(common)), "{common} {what}");
            }
            for wanted in wanted {
                assert!(told.iter().any(|argument| argument.starts_with(wanted)), "{wanted} {what}");
            }
            for unwanted in unwanted {
                let (name, rest) = (*unwanted, |rest: &str| rest.is_empty() || rest.starts_with('='));
                assert!(!told.iter().any(|argument| argument.strip_prefix(name).is_some_and(rest)), "{name} {what}");
            }
            // Programs of MySQL's family read a defaults file only as their first argument.
            assert!(name == "mycli" || told[0].starts_with("--defaults-file="), "{what}");
            assert_eq!(told.last(), Some(&"--last"), "{what}");
            let tokens = output.stdout_bytes.windows(CANARY.len()).filter(|window| *window == CANARY).count();
            assert_eq!(tokens, 1, "{what}");
        }
    });
}

/// A name alone tells nothing: MariaDB's are installed as `mysql` in many places, and Oracle's may be linked as `mariadb`.
#[test]
fn the_version_decides_and_not_the_name() {
    let stage = embedded();
    for (name, version, is_oracle) in [
        ("mysql", MARIADB_10_11, false),
        ("mysql", ORACLE, true),
        ("mariadb", ORACLE, true),
        ("mariadb", MARIADB_11_8, false),
    ] {
        client(&stage.home, name, version, TELL);
        let output = exec(&stage, name, &[]).succeeded();
        assert_eq!(arguments(&output).contains(&"--ssl-mode=VERIFY_CA"), is_oracle, "{name} {version}");
    }
}

/// The user's own files are read for what a version is asked for, too: one with options for another family must not be in
/// the way.
#[test]
fn a_file_for_another_family_is_not_in_the_way_of_the_version() {
    let stage = embedded();
    let text = format!(
        "#!/bin/sh\ntest \"$1\" = --no-defaults && {{ echo '{ORACLE}'; exit; }}\n\
         test \"$1\" = --version && {{ echo \"unknown variable 'x=1'\" >&2; exit 7; }}\n{TELL}\n"
    );
    crate::clients::program(&stage.home, "mysql", &text);
    let output = exec(&stage, "mysql", &[]).succeeded();
    assert!(arguments(&output).contains(&"--ssl-mode=VERIFY_CA"), "{}", output.stdout);
}
