//! Mistakes and misfortunes that need no server: how to come by each, what is typed, and the exit code. The words are in
//! messages/, one file for each case.

use std::os::unix::fs::PermissionsExt as _;

use rdsconn_lab::environment::{ProfileCredentials, TestEnv};

use crate::client_cases::{CLIENTS, LISTENERS};
use crate::credential_cases::CREDENTIALS;
use crate::password_cases::PASSWORDS;
use crate::support::{ACME, ENDPOINT, HOST, add_aws_config, add_sso};

/// One thing that goes wrong.
pub(crate) struct Case {
    /// The stem of its file in messages/.
    pub(crate) name: &'static str,
    /// What comes before.
    pub(crate) prepare: fn(&mut TestEnv),
    /// What is typed after `rdsconn`.
    pub(crate) arguments: &'static [&'static str],
    /// What the shell sees.
    pub(crate) code: i32,
}

pub(crate) const fn case(
    code: i32,
    name: &'static str,
    prepare: fn(&mut TestEnv),
    arguments: &'static [&'static str],
) -> Case {
    Case { name, prepare, arguments, code }
}

const NAME_OF_300: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Names that cannot be resolved, or not be names.
const HOSTS: [Case; 14] = [
    case(3, "host_unknown", nothing, &["explain", "nowhere.example"]),
    case(3, "host_unknown_to_the_conventions", acme, &["explain", "orders.staging.use1.db.acme.example"]),
    case(3, "host_misspelled", entry, &["explain", "orders.exmaple.com"]),
    case(3, "host_ambiguous", ambiguous, &["explain", HOST]),
    case(
        3,
        "host_without_lookup_key",
        |test| convention(test, &ACME.replace("euw1 =", "usw2 =")),
        &["explain", "orders.prod.euw1.db.acme.example"],
    ),
    case(2, "host_like_an_option", acme, &["explain", "--", "-oProxyCommand=id"]),
    case(2, "host_like_an_option_unguarded", acme, &["-oProxyCommand=id"]),
    case(2, "host_with_newline", acme, &["token", "orders.example.com\nid"]),
    case(2, "host_too_long", acme, &[NAME_OF_300, "select 1"]),
    case(2, "host_international", acme, &["explain", "b\u{fc}cher.example"]),
    case(2, "host_with_password", acme, &["dba:hunter2@orders.example.com", "select 1"]),
    case(2, "host_is_an_address", acme, &["explain", "[::1]:3306"]),
    case(2, "host_of_another_scheme", acme, &["explain", "postgres://orders.example.com"]),
    case(
        2,
        "host_known_without_endpoint",
        |test| config(test, "[hosts.plain]\nuser = \"dba\"\n"),
        &["explain", "plain"],
    ),
];

/// Files that are wrong or not to be trusted.
const FILES: [Case; 18] = [
    case(
        2,
        "convention_pattern",
        |test| convention(test, &ACME.replace("[a-z0-9-]+", "[a-z0-9-+")),
        &["explain", HOST],
    ),
    case(
        2,
        "convention_unknown_key",
        |test| convention(test, &ACME.replace("endpoint =", "endpont =")),
        &["explain", HOST],
    ),
    case(
        2,
        "convention_unknown_capture",
        |test| convention(test, &ACME.replace("${env}", "${environment}")),
        &["explain", HOST],
    ),
    case(
        2,
        "convention_test_fails",
        |test| convention(test, &format!("{ACME}[[test]]\nhost = \"orders.prod\"\n")),
        &["explain", HOST],
    ),
    case(2, "convention_not_toml", |test| convention(test, "pattern = = 'x'\n"), &["explain", HOST]),
    case(2, "convention_smuggles_an_option", smuggling, &["explain", "a.-oproxycommand"]),
    case(
        2,
        "convention_checked",
        |test| convention(test, &ACME.replace("endpoint =", "endpont =")),
        &["conventions", "check"],
    ),
    case(
        2,
        "file_not_utf8",
        |test| drop(test.write_file(".config/rdsconn/conventions/acme.toml", b"# caf\xe9\n")),
        &["explain", HOST],
    ),
    case(2, "file_writable", |test| loosen(test, ".config/rdsconn/config.toml", 0o666), &["explain", HOST]),
    case(2, "folder_writable", |test| loosen(test, ".config/rdsconn/conventions", 0o770), &["explain", HOST]),
    case(2, "file_is_a_folder", |test| drop(test.write_file(".config/rdsconn/config.toml/x", "")), &["explain", HOST]),
    case(2, "file_named_and_absent", nothing, &["explain", HOST, "--config", "my files/config.toml"]),
    case(2, "cache_storage_unknown", |test| config(test, "[cache]\ntokens = \"keyring\"\n"), &["cache", "list"]),
    case(
        2,
        "helper_delegate_unknown",
        |test| config(test, "[helper]\ndelegate = \"~/bin/helper\"\n"),
        &["token", HOST],
    ),
    case(
        2,
        "hosts_name_unquoted",
        |test| config(test, "[hosts.orders.example.com]\nuser = \"dba\"\n"),
        &["explain", HOST],
    ),
    case(
        2,
        "hosts_yaml_unknown_key",
        |test| hosts(test, "yaml", "orders.example.com:\n  usr: dba\n"),
        &["explain", HOST],
    ),
    case(
        2,
        "hosts_json_syntax",
        |test| hosts(test, "json", "{\"orders.example.com\": {\"user\": \"dba\",}}\n"),
        &["explain", HOST],
    ),
    case(
        2,
        "hosts_repeated",
        |test| hosts(test, "toml", "[orders]\nuser = \"a\"\n[Orders]\nuser = \"b\"\n"),
        &["explain", HOST],
    ),
];

/// Values that are wrong, missing or contradictory, and mistakes on the command line.
const VALUES: [Case; 14] = [
    case(2, "value_of_a_flag", nothing, &["explain", ENDPOINT, "--port", "0"]),
    case(2, "value_of_a_variable", |test| set(test, "RDSCONN_PORT", "mysql"), &["explain", ENDPOINT]),
    case(2, "value_of_a_file", |test| config(test, "[defaults]\nregion = \"virginia\"\n"), &["explain", ENDPOINT]),
    case(2, "value_too_weak", nothing, &["explain", ENDPOINT, "--ssl-mode", "REQUIRED"]),
    case(2, "user_missing", nothing, &["token", ENDPOINT]),
    case(2, "region_missing", nothing, &["token", "-u", "dba", "--endpoint", "db.example.com", "db"]),
    case(2, "bastion_missing", nothing, &["token", "-u", "dba", "--route", "tunnel", ENDPOINT]),
    case(2, "route_not_available", nothing, &["token", "-u", "dba", "--route", "data-api", ENDPOINT]),
    case(2, "sql_file_missing", nothing, &[ENDPOINT, "-u", "dba", "-f", "absent.sql"]),
    case(2, "flag_unknown", nothing, &["explain", "--regoin", "us-east-1", ENDPOINT]),
    case(2, "flag_with_a_wrong_word", nothing, &[ENDPOINT, "--format", "xml"]),
    case(2, "host_missing", nothing, &[]),
    case(2, "shell_missing", nothing, &["helper", "install", "--shell", "/opt/mysql-shell/bin/mysqlsh"]),
    case(2, "command_misspelled", nothing, &["conventions", "chekc"]),
];

/// AWS says no, or cannot be asked.
const AWS: [Case; 15] = [
    case(4, "aws_profile_unknown", nothing, &["token", "-u", "dba", "--profile", "acme prod", ENDPOINT]),
    case(
        4,
        "aws_profile_misspelled",
        |test| profile(test, "acme-prod"),
        &["token", "-u", "dba", "--profile", "acme-pord", ENDPOINT],
    ),
    case(4, "aws_profile_empty", |test| profile(test, "acme"), &["token", "-u", "dba", "--profile", "acme", ENDPOINT]),
    case(4, "aws_nothing", nothing, &["token", "-u", "dba", ENDPOINT]),
    case(4, "aws_sso_expired", expired, &["token", "-u", "dba", "--profile", "sso", ENDPOINT]),
    case(4, "aws_sso_expired_below_a_role", expired, &["token", "-u", "dba", "--profile", "role", ENDPOINT]),
    case(4, "aws_sso_expired_by_default", expired_default, &["token", "-u", "dba", ENDPOINT]),
    case(4, "aws_process_fails", |test| process(test, "sh -c 'echo \"the vault is locked\" >&2; exit 3'"), TOKEN),
    case(4, "aws_process_garbage", |test| process(test, "echo AKIA wJalr"), TOKEN),
    case(4, "aws_process_not_json", |test| process(test, r#"echo '{"Version": 1, "AccessKeyId": "AKIA"}'"#), TOKEN),
    case(4, "aws_process_expired", |test| process(test, EXPIRED), TOKEN),
    case(
        5,
        "aws_process_slow",
        |test| process(test, "cat never"),
        &["token", "-u", "dba", "--profile", "acme", "--connect-timeout", "0.5", ENDPOINT],
    ),
    case(
        4,
        "aws_login_session",
        |test| add_aws_config(test, "[profile acme]\nlogin_session = arn:aws:sts::1:x\n"),
        TOKEN,
    ),
    case(
        4,
        "aws_role_without_source",
        |test| add_aws_config(test, "[profile acme]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = gone\n"),
        TOKEN,
    ),
    case(2, "aws_files_broken", |test| add_aws_config(test, "[profile acme\n"), TOKEN),
];

/// The way to the database, as far as it can be wrong without one.
const WAYS: [Case; 6] = [
    case(5, "bastion_down", bastion_down, &[HOST, "select 1"]),
    case(2, "bastion_behind_another", |test| bastion(test, "ProxyJump gate"), &[HOST, "select 1"]),
    case(2, "bastion_config_broken", |test| bastion(test, "Prot 22"), &[HOST, "select 1"]),
    case(2, "bastions_in_a_chain", bastion_down, &[HOST, "-J", "one,two", "select 1"]),
    case(5, "database_down", bastion_down, &[HOST, "-J", "none", "--address", "127.0.0.1:1", "select 1"]),
    case(
        2,
        "roots_missing",
        bastion_down,
        &[HOST, "-J", "none", "--address", "127.0.0.1:1", "--ssl-ca", "absent.pem", "select 1"],
    ),
];

const TOKEN: &[&str] = &["token", "-u", "dba", "--profile", "acme", ENDPOINT];
const EXPIRED: &str = r#"echo '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T", "Expiration": "2020-01-01T00:00:00Z"}'"#;

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    HOSTS
        .iter()
        .chain(&FILES)
        .chain(&VALUES)
        .chain(&AWS)
        .chain(&WAYS)
        .chain(&PASSWORDS)
        .chain(&CLIENTS)
        .chain(&LISTENERS)
        .chain(&CREDENTIALS)
}

fn nothing(_: &mut TestEnv) {}

fn acme(test: &mut TestEnv) {
    convention(test, ACME);
}

fn convention(test: &TestEnv, written: &str) {
    test.write_convention("acme", written);
}

fn config(test: &TestEnv, written: &str) {
    test.write_config(written);
}

fn hosts(test: &TestEnv, kind: &str, written: &str) {
    test.write_file(format!(".config/rdsconn/hosts.{kind}"), written);
}

fn set(test: &mut TestEnv, name: &str, value: &str) {
    test.set(name, value);
}

fn entry(test: &mut TestEnv) {
    config(test, &format!("[hosts.\"orders.example.com\"]\nendpoint = \"{ENDPOINT}\"\n"));
}

fn ambiguous(test: &mut TestEnv) {
    acme(test);
    test.write_convention("second", &ACME.replace("\"dba\"", "\"reader\"").replace("bastion-", "gate-"));
}

fn smuggling(test: &mut TestEnv) {
    let written = "pattern = '(?<name>[a-z]+)\\.(?<hop>.*)'\n[target]\nendpoint = \"${name}.c9abc.us-east-1.rds.amazonaws.com\"\n\
                bastion = \"${hop}\"\n";
    convention(test, written);
}

fn loosen(test: &TestEnv, inside: &str, mode: u32) {
    config(test, "[defaults]\n");
    convention(test, ACME);
    std::fs::set_permissions(test.path(inside), std::fs::Permissions::from_mode(mode)).unwrap();
}

fn profile(test: &TestEnv, name: &str) {
    test.write_aws_profile(name, Some("us-east-1"), &ProfileCredentials::None);
}

/// Lets go of a `cat` that waits for the pipe `never`: the SDK does not end a program that is too slow.
pub(crate) fn release(test: &TestEnv) {
    let pipe = test.path("never");
    if pipe.exists() {
        // To open both ends never waits; to close them is the end of the file for whoever reads.
        drop(std::fs::OpenOptions::new().read(true).write(true).open(pipe).unwrap());
    }
}

fn process(test: &TestEnv, command: &str) {
    let fifo = test.run("mkfifo", ["never"]);
    assert_eq!(fifo.code, 0, "{}", fifo.stderr);
    test.write_aws_profile("acme", None, &ProfileCredentials::Process(command));
}

fn expired(test: &mut TestEnv) {
    add_sso(test, "not-used", "2020-01-01T00:00:00Z");
}

fn expired_default(test: &mut TestEnv) {
    expired(test);
    add_aws_config(test, "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = dba\n");
}

/// A bastion on a port of this machine where nobody listens.
fn bastion_down(test: &mut TestEnv) {
    bastion(test, "IdentitiesOnly yes");
}

fn bastion(test: &TestEnv, directive: &str) {
    convention(test, ACME);
    let keys = ProfileCredentials::Static { id: "AKIA", secret: "secret", session_token: None };
    test.write_aws_profile("acme-prod", None, &keys);
    let known_hosts = test.write_known_hosts("");
    test.write_ssh_config(&format!(
        "Host bastion-prod\n  HostName 127.0.0.1\n  Port 1\n  User ops\n  UserKnownHostsFile {}\n  {directive}\n",
        known_hosts.display()
    ));
}
