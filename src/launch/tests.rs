//! What each client gets, in tables. What real clients make of it is tried with the whole program.

mod finding;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::*;
use crate::os::Environment;
use crate::target::{Address, Auth, Endpoint, SslMode};

const HOST: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";

/// A tunnel to a cluster whose certificate was verified.
pub(super) fn access() -> Access {
    Access {
        connect: Address { host: "127.0.0.1".into(), port: 40001 },
        is_tunnel: true,
        endpoint: Endpoint { host: HOST.into(), port: 3306 },
        address: Address { host: "10.0.0.7".into(), port: 3307 },
        user: "dba".into(),
        database: Some("shop".into()),
        auth: Auth::Iam,
        ssl_mode: SslMode::VerifyIdentity,
        ca_file: PathBuf::from("/run/user/1/rdsconn/a/ca.pem"),
        certificate: Some(CertificatePrints { sha1: [0x1a; 20], sha256: [0x2b; 32] }),
        option_file: PathBuf::from("/run/user/1/rdsconn/a/option"),
    }
}

/// The same database without a tunnel, by its name.
fn direct() -> Access {
    let connect = Address { host: HOST.into(), port: 3306 };
    Access { connect: connect.clone(), address: connect, is_tunnel: false, ..access() }
}

const fn known(family: Family, tool: Tool, (major, minor, patch): (u16, u16, u16)) -> Flavour {
    Flavour::Known { family, tool, version: Version::new(major, minor, patch) }
}

const ORACLE: Flavour = known(Family::Oracle, Tool::Terminal, (9, 7, 4));
const MARIADB_10: Flavour = known(Family::MariaDb, Tool::Terminal, (10, 11, 19));
const MARIADB_11: Flavour = known(Family::MariaDb, Tool::Terminal, (11, 8, 9));
const SHELL: Flavour = known(Family::Shell, Tool::Terminal, (9, 6, 0));
const MYCLI_1: Flavour = known(Family::Mycli, Tool::Terminal, (1, 26, 1));
const MYCLI_2: Flavour = known(Family::Mycli, Tool::Terminal, (2, 30, 1));
const MYDUMPER: Flavour = known(Family::Mydumper(Library::MariaDb), Tool::ParallelDump, (0, 10, 0));
const ALL: [Flavour; 7] = [ORACLE, MARIADB_10, MARIADB_11, SHELL, MYCLI_1, MYCLI_2, MYDUMPER];

fn started(flavour: Flavour, access: &Access, arguments: &[&str]) -> Result<ClientCommand, Error> {
    let wishes = Wishes { arguments: arguments.iter().map(OsString::from).collect(), ..Wishes::default() };
    command(&Client::at("/usr/bin/client", None), flavour, access, &wishes, &Environment::default())
}

/// The command line, with what is the same everywhere made short.
fn line(flavour: Flavour, access: &Access, arguments: &[&str]) -> String {
    let command = started(flavour, access, arguments).unwrap();
    let words: Vec<_> = command.arguments.iter().map(|argument| argument.to_str().unwrap()).collect();
    words.join(" ").replace("/run/user/1/rdsconn/a", "DIR").replace(HOST, "NAME")
}

#[test]
fn t1_t19_command_lines_on_a_tunnel() {
    let print = "2B".repeat(32);
    let mysql = "--defaults-file=DIR/option --host=127.0.0.1 --port=40001 --user=dba --protocol=TCP";
    let cases = [
        (
            ORACLE,
            format!(
                "{mysql} --ssl-mode=VERIFY_CA --ssl-ca=DIR/ca.pem --enable-cleartext-plugin --local-infile=0 --database=shop"
            ),
        ),
        (MARIADB_10, format!("{mysql} --ssl --ssl-ca=DIR/ca.pem --local-infile=0 --database=shop")),
        (
            MARIADB_11,
            format!(
                "{mysql} --ssl --ssl-ca=DIR/ca.pem --ssl-verify-server-cert --ssl-fp={print} --local-infile=0 --database=shop"
            ),
        ),
        (
            SHELL,
            "--defaults-file=DIR/option --mysql --host=127.0.0.1 --port=40001 --user=dba --ssl-mode=VERIFY_CA \
             --ssl-ca=DIR/ca.pem --auth-method=mysql_clear_password --save-passwords=never --schema=shop"
                .to_owned(),
        ),
        (
            MYCLI_1,
            "--defaults-file=/dev/null --host=127.0.0.1 --port=40001 --user=dba --password-file=DIR/option --ssl \
             --ssl-ca=DIR/ca.pem --local-infile=0 --database=shop"
                .to_owned(),
        ),
        (
            MYCLI_2,
            "--host=127.0.0.1 --port=40001 --user=dba --password-file=DIR/option --ssl-mode=on --use-keyring=false \
             --ssl-ca=DIR/ca.pem --local-infile=0 --database=shop"
                .to_owned(),
        ),
        (
            MYDUMPER,
            "--defaults-file=DIR/option --host=127.0.0.1 --port=40001 --user=dba --ssl --ca=DIR/ca.pem".to_owned(),
        ),
    ];
    for (flavour, expected) in cases {
        assert_eq!(line(flavour, &access(), &[]), expected);
        // What the user wrote comes last and untouched.
        assert_eq!(line(flavour, &access(), &["-e", "{port}"]), format!("{expected} -e {{port}}"));
    }
}

#[test]
fn a_direct_route_has_the_name_checked_by_the_client() {
    let cases = [
        (ORACLE, "--ssl-mode=VERIFY_IDENTITY --ssl-ca=DIR/ca.pem"),
        (MARIADB_10, "--ssl --ssl-ca=DIR/ca.pem --ssl-verify-server-cert"),
        (MARIADB_11, "--ssl --ssl-ca=DIR/ca.pem --ssl-verify-server-cert"),
        (SHELL, "--ssl-mode=VERIFY_IDENTITY --ssl-ca=DIR/ca.pem"),
        (MYCLI_2, "--ssl-ca=DIR/ca.pem --ssl-verify-server-cert"),
    ];
    for (flavour, expected) in cases {
        let line = line(flavour, &direct(), &[]);
        assert!(line.contains("--host=NAME --port=3306") && line.contains(expected), "{line}");
    }
    // Asked for or not possible: then the chain alone.
    let chain_only = Access { ssl_mode: SslMode::VerifyCa, ..direct() };
    let other_name = Access { connect: Address { host: "10.0.0.7".into(), port: 3306 }, ..direct() };
    for access in [chain_only, other_name] {
        assert!(line(ORACLE, &access, &[]).contains("--ssl-mode=VERIFY_CA --ssl-ca=DIR/ca.pem"));
        assert!(line(MARIADB_11, &access, &[]).contains("--ssl-verify-server-cert --ssl-fp=2B2B"));
    }
}

#[test]
fn t1_a_client_that_falls_back_to_clear_is_not_started_without_a_tunnel() {
    let unpinned = |access| Access { certificate: None, ..access };
    let by_address = || Access { connect: Address { host: "10.0.0.7".into(), port: 3306 }, ..direct() };
    let cases = [
        (ORACLE, access(), Some(true)),
        (ORACLE, unpinned(by_address()), Some(true)),
        (SHELL, unpinned(by_address()), Some(true)),
        (MYCLI_2, unpinned(by_address()), Some(true)),
        (MARIADB_11, access(), Some(true)),
        (MARIADB_11, unpinned(access()), Some(true)),
        (MARIADB_11, by_address(), Some(true)),
        (MARIADB_11, unpinned(by_address()), None),
        (MARIADB_10, access(), Some(false)),
        (MARIADB_10, direct(), Some(true)),
        (MARIADB_10, by_address(), None),
        (MYCLI_1, access(), Some(false)),
        (MYCLI_1, direct(), None),
        (MYDUMPER, access(), Some(true)),
        (MYDUMPER, unpinned(access()), Some(false)),
        (MYDUMPER, unpinned(direct()), None),
        (known(Family::Mydumper(Library::Oracle), Tool::ParallelDump, (0, 16, 9)), unpinned(direct()), Some(true)),
    ];
    for (flavour, access, expected) in cases {
        match (started(flavour, &access, &[]), expected) {
            (Ok(command), Some(insists)) => assert_eq!(command.insists_on_tls, insists, "{flavour:?} {access:?}"),
            (Err(Error::Unsuitable { .. }), None) => {}
            (other, expected) => panic!("{other:?} instead of {expected:?} for {flavour:?} {access:?}"),
        }
    }
}

#[test]
fn t1_a_password_of_a_person_is_never_sent_as_it_is() {
    for ssl_mode in [SslMode::VerifyIdentity, SslMode::VerifyCa, SslMode::Required] {
        let access = Access { auth: Auth::Password, ssl_mode, ..access() };
        assert!(!line(ORACLE, &access, &[]).contains("cleartext"));
        assert!(!line(SHELL, &access, &[]).contains("clear"));
    }
    let unverified = Access { auth: Auth::Password, ssl_mode: SslMode::Required, ..access() };
    assert!(line(ORACLE, &unverified, &[]).contains("--ssl-mode=REQUIRED --local-infile=0"));
    assert!(line(MARIADB_11, &unverified, &[]).contains("--ssl --skip-ssl-verify-server-cert --local-infile=0"));
}

#[test]
fn the_database_goes_where_each_tool_takes_it() {
    let cases: [(Tool, &[&str], &str); 12] = [
        (Tool::Terminal, &["other"], "--database=shop other"),
        (Tool::Dump, &["--single-transaction"], "shop --single-transaction"),
        (Tool::Dump, &["--where", "id < 5"], "shop --where id < 5"),
        (Tool::Dump, &["other", "orders"], "--enable-cleartext-plugin other orders"),
        (Tool::Dump, &["--all-databases"], "--enable-cleartext-plugin --all-databases"),
        (Tool::Dump, &["-B", "a", "b"], "--enable-cleartext-plugin -B a b"),
        (Tool::Import, &["--local", "orders.txt"], "shop --local orders.txt"),
        (Tool::Show, &[], "--enable-cleartext-plugin shop"),
        (Tool::Check, &["-A"], "--enable-cleartext-plugin -A"),
        (Tool::Admin, &["status"], "--enable-cleartext-plugin status"),
        // It drops the schema it is given.
        (Tool::Slap, &["--query=select 1"], "--enable-cleartext-plugin --query=select 1"),
        (Tool::Check, &[], "--enable-cleartext-plugin shop"),
    ];
    for (tool, arguments, expected) in cases {
        let line = line(known(Family::Oracle, tool, (8, 4, 0)), &access(), arguments);
        assert!(line.ends_with(expected), "{tool:?}: {line}");
    }
    let nameless = Access { database: None, ..access() };
    assert!(!line(ORACLE, &nameless, &[]).contains("database"));
}

#[test]
fn t3_only_who_types_can_ask_for_a_local_file() {
    for flavour in [ORACLE, MARIADB_10, MARIADB_11, MYCLI_1, MYCLI_2] {
        let line = line(flavour, &access(), &["--local-infile=1"]);
        assert!(line.contains("--local-infile=0") && line.ends_with("--local-infile=1"), "{line}");
    }
}

#[test]
fn t15_no_secret_is_inherited_and_ours_are_set() {
    let environment = Environment::of([
        ("PATH", "/bin"),
        ("AWS_PROFILE", "acme"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_SESSION_TOKEN", "t"),
        ("MYSQL_PWD", "p"),
        ("LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN", "1"),
        ("LIBMYSQL_PLUGINS", "evil"),
        ("MARIADB_TLS_DISABLE_PEER_VERIFICATION", "1"),
        ("MARIADB_HOST", "evil"),
        ("DSN", "mysql://evil"),
        ("MYSQL_GROUP_SUFFIX", "_x"),
    ]);
    let client = Client::at("/usr/bin/client", None);
    for flavour in ALL.into_iter().chain([Flavour::Other]) {
        let command = command(&client, flavour, &access(), &Wishes::default(), &environment).unwrap();
        let removed: Vec<_> = command.remove.iter().map(|name| name.to_str().unwrap()).collect();
        let secrets = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN", "MYSQL_PWD"];
        assert!(secrets.iter().all(|name| removed.contains(name)), "{flavour:?} {removed:?}");
        let undoing = ["DSN", "LIBMYSQL_PLUGINS", "MARIADB_HOST", "MARIADB_TLS_DISABLE_PEER_VERIFICATION"];
        let expected = flavour != Flavour::Other;
        assert!(undoing.iter().all(|name| removed.contains(name) == expected), "{flavour:?} {removed:?}");
        assert!(!removed.iter().any(|name| ["PATH", "AWS_PROFILE", "MYSQL_GROUP_SUFFIX"].contains(name)));
        let text = |name: &str| command.environment.get(&OsString::from(name)).and_then(|value| value.to_str());
        for (name, value) in [
            ("RDSCONN_HOST", "127.0.0.1"),
            ("RDSCONN_PORT", "40001"),
            ("RDSCONN_LISTENER", "127.0.0.1:40001"),
            ("RDSCONN_ENDPOINT", &format!("{HOST}:3306")),
            ("RDSCONN_ADDRESS", "10.0.0.7:3307"),
            ("RDSCONN_USER", "dba"),
            ("RDSCONN_CA", "/run/user/1/rdsconn/a/ca.pem"),
            ("MYSQL_HOST", "127.0.0.1"),
            ("MYSQL_TCP_PORT", "40001"),
        ] {
            assert_eq!(text(name), Some(value), "{flavour:?}");
        }
    }
}

fn recipe(arguments: &[&str], environment: &[(&str, &str)]) -> Recipe {
    Recipe {
        program: "report".into(),
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        environment: environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
    }
}

fn with_recipe(flavour: Flavour, recipe: Recipe, arguments: &[&str]) -> Result<ClientCommand, Error> {
    let wishes = Wishes { arguments: arguments.iter().map(OsString::from).collect(), ..Wishes::default() };
    command(&Client::at("/bin/report", Some(recipe)), flavour, &access(), &wishes, &Environment::default())
}

#[test]
fn any_other_program_gets_placeholders_and_asks_for_its_file() {
    let recipe_of = recipe(&["--dsn={user}@{host}:{port}/{database}"], &[("CA", "{ca}"), ("PORT", "{port}")]);
    let command = with_recipe(Flavour::Other, recipe_of, &["{host}", "{\"a\":{}}", "-h", "--ssl=0"]).unwrap();
    assert_eq!(command.arguments, ["--dsn=dba@127.0.0.1:40001/shop", "127.0.0.1", "{\"a\":{}}", "-h", "--ssl=0"]);
    assert_eq!(command.environment[&OsString::from("CA")], "/run/user/1/rdsconn/a/ca.pem");
    assert_eq!(command.environment[&OsString::from("PORT")], "40001");
    assert_eq!((command.option_file, command.insists_on_tls), (None, false));

    for (recipe, arguments) in [
        (recipe(&["F={defaults_file}"], &[]), &[][..]),
        (recipe(&[], &[("F", "{defaults_file}")]), &[]),
        (recipe(&[], &[]), &["{defaults_file}"]),
    ] {
        let file = with_recipe(Flavour::Other, recipe, arguments).unwrap().option_file.unwrap();
        let text = file.text(&"a\"b".into()).unwrap();
        let expected = "[client]\nhost=\"127.0.0.1\"\nport=\"40001\"\nprotocol=\"tcp\"\nuser=\"dba\"\n\
                        ssl-ca=\"/run/user/1/rdsconn/a/ca.pem\"\npassword=\"a\\\"b\"\n";
        assert_eq!(secrecy::ExposeSecret::expose_secret(&text), expected);
    }
}

#[test]
fn a_recipe_for_a_known_client_adds_to_what_it_gets() {
    let prompt = recipe(&["--prompt={host}> "], &[("PAGER", "less")]);
    let command = with_recipe(ORACLE, prompt, &["-N"]).unwrap();
    assert_eq!(command.arguments[command.arguments.len() - 2..], ["--prompt=127.0.0.1> ", "-N"]);
    assert!(command.option_file.is_some());
}

#[test]
fn t21_a_recipe_cannot_undo_what_a_known_client_gets() {
    let argument = with_recipe(ORACLE, recipe(&["--ssl-mode=DISABLED"], &[]), &[]).unwrap_err();
    assert_eq!(argument.to_string(), "the argument \"--ssl-mode\" would change TLS, which rdsconn sets");
    for name in ["MYSQL_PWD", "MYSQL_TEST_LOGIN_FILE", "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN", "RDSCONN_HOST", "MYSQL_HOST"]
    {
        let error = with_recipe(ORACLE, recipe(&[], &[(name, "1")]), &[]).unwrap_err();
        assert_eq!(error.to_string(), format!("a recipe for /bin/report cannot set {name}"));
    }
    assert!(with_recipe(Flavour::Other, recipe(&["{hots}"], &[]), &[]).is_err());
    assert!(with_recipe(Flavour::Other, recipe(&[], &[("A", "{hots}")]), &[]).is_err());
}

#[test]
fn versions_that_cannot_verify_are_refused() {
    for (family, version) in [
        (Family::Oracle, (5, 6, 51)),
        (Family::Oracle, (5, 7, 10)),
        (Family::Shell, (8, 0, 11)),
        (Family::Mydumper(Library::Oracle), (0, 10, 0)),
    ] {
        let result = started(known(family, Tool::Terminal, version), &access(), &[]);
        assert!(matches!(result, Err(Error::Unsuitable { .. })), "{family:?} {version:?}");
    }
}

#[test]
fn t15_the_passwords_variable_is_a_plain_name_of_its_own() {
    let checked = |name: &str| {
        let wishes = Wishes { password_variable: Some(name.to_owned()), ..Wishes::default() };
        check(&Client::at("/bin/x", None), Flavour::Other, &wishes)
    };
    for name in ["MYSQL_PWD", "DB_PASSWORD", "_p", "p1"] {
        assert!(checked(name).is_ok(), "{name}");
    }
    for name in ["", "1A", "A=B", "A B", "PATH", "LD_PRELOAD", "RDSCONN_USER", "MYSQL_TEST_LOGIN_FILE", "HOME", "ä"] {
        assert!(matches!(checked(name), Err(Error::PasswordVariable { .. })), "{name}");
    }
}

#[test]
fn limits_and_kinds_of_option_files() {
    let file = |flavour| started(flavour, &access(), &[]).unwrap().option_file.unwrap();
    let long = secrecy::SecretString::from("x".repeat(5000));
    for (flavour, takes_long) in [
        (ORACLE, true),
        (known(Family::Oracle, Tool::Dump, (8, 0, 36)), false),
        (MARIADB_10, false),
        (MARIADB_11, false),
        (SHELL, false),
        (MYCLI_1, true),
        (MYCLI_2, true),
        (MYDUMPER, false),
    ] {
        assert_eq!(file(flavour).text(&long).is_ok(), takes_long, "{flavour:?}");
        assert!(!file(flavour).must_be_regular());
    }
    let later = known(Family::Mydumper(Library::MariaDb), Tool::ParallelLoad, (0, 16, 9));
    assert!(file(later).must_be_regular());
    let text = file(MYDUMPER).text(&"x".into()).unwrap();
    assert!(secrecy::ExposeSecret::expose_secret(&text).contains(&format!("ssl-fp=\"{}\"", "1A".repeat(20))));
}
