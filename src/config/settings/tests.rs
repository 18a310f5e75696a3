//! Loading files from a temporary folder: every format, every fault with its place, and files that are not to be trusted.

use std::path::Path;

use rustix::fs::{Mode, chmod};

use super::super::resolve::tests::{ACME, Folder, origin};
use super::*;

fn fault_of(files: &[(&str, &str)]) -> String {
    match Folder::new(files).load() {
        Err(ConfigError::Faults { faults }) => faults
            .iter()
            .map(|fault| {
                format!(
                    "{}:{}:{}: {}\n",
                    fault.path.file_name().unwrap().display(),
                    fault.line,
                    fault.column,
                    fault.problem
                )
            })
            .collect::<Vec<_>>()
            .concat(),
        other => panic!("expected faults, got {other:?}"),
    }
}

#[test]
fn hosts_are_read_from_every_format() {
    let folder = Folder::new(&[
        ("config.toml", "client = 'mysqlsh'\n[hosts.one]\nendpoint = 'one.example.com'\n"),
        ("hosts.toml", "[two]\nendpoint = 'two.example.com'\nbastion = ['a', 'me@b:2222']\n"),
        ("hosts.yaml", "three:\n  aws_profile: acme\n  endpoint: three.example.com\n  port: 3307\n"),
        ("hosts.json", "{\"four\": {\"endpoint\": \"four.example.com\", \"ssl_ca\": \"~/ca.pem\"}}"),
    ]);
    assert_eq!(folder.resolve("one").unwrap().target.client.as_deref(), Some("mysqlsh"));
    assert_eq!(folder.resolve("two").unwrap().target.text(Field::Bastion).as_deref(), Some("a,me@b:2222"));
    let three = folder.resolve("three").unwrap();
    assert_eq!((three.target.profile.as_deref(), three.target.endpoint.as_ref().unwrap().port), (Some("acme"), 3307));
    assert_eq!(origin(&three, Field::Port), format!("{}:4", folder.path("hosts.yaml").display()));
    assert_eq!(folder.resolve("four").unwrap().target.ssl_ca.as_deref(), Some(Path::new("/home/dba/ca.pem")));
}

#[test]
fn faults_have_file_line_and_column() {
    let host = "endpoint = 'x.example.com'";
    for (files, expected) in [
        (
            &[("config.toml", "[defaults]\nuser = 'x'\nprofle = 'y'\n")][..],
            "config.toml:3:1: unknown key \"profle\" in [defaults]\n",
        ),
        (&[("config.toml", "[defalts]\n")], "config.toml:1:2: unknown key \"defalts\" in config.toml\n"),
        (&[("config.toml", "[defaults]\nuser = 3\n")], "config.toml:2:8: \"user\" must be a string, not an integer\n"),
        (
            &[("config.toml", "[defaults]\nport = 70000\n")],
            "config.toml:2:8: port \"70000\" is not a port from 1 to 65535\n",
        ),
        (
            &[("config.toml", "[defaults]\nssl_mode = 'DISABLED'\n")],
            "config.toml:2:12: ssl_mode \"DISABLED\" is none of VERIFY_IDENTITY, VERIFY_CA, REQUIRED\n",
        ),
        (
            &[("config.toml", "[hosts.a.b]\nuser = 'x'\n")],
            "config.toml:1:8: the host name in \"a\" has dots and no quotes\n",
        ),
        (
            &[("config.toml", "[hosts.a]\nprofile = 'x'\naws_profile = 'y'\n")],
            "config.toml:3:1: \"aws_profile\" is set twice\n",
        ),
        (
            &[("config.toml", "[ssh]\npersist = 'soon'\n")],
            "config.toml:2:11: persist \"soon\" is not a time such as \"90s\", \"10m\", \"1h\" or \"0s\"\n",
        ),
        (
            &[("config.toml", "[cache]\ntokens = 'memory'\n")],
            "config.toml:2:10: tokens \"memory\" is not \"auto\", \"file\" or \"none\"\n",
        ),
        (&[("config.toml", "[clients.x]\n")], "config.toml:1:10: [clients.x] has no \"program\"\n"),
        (&[("hosts.yaml", "a:\n  endpoint: x\n  usr: y\n")], "hosts.yaml:3:3: unknown key \"usr\" in the host \"a\"\n"),
        (&[("hosts.json", "{\"a\":\n {\"user\": null}}")], "hosts.json:2:11: \"user\" must be a string, not nothing\n"),
        (
            &[("hosts.yaml", "-oProxyCommand=x:\n  user: y\n")],
            "hosts.yaml:1:1: the host name \"-oProxyCommand=x\" begins with a hyphen, as an option does\n",
        ),
    ] {
        assert_eq!(fault_of(files), expected, "{files:?}");
    }
    let twice = fault_of(&[("hosts.toml", &format!("[a]\n{host}\n")), ("hosts.yaml", "b: {}\nA: {}\n")]);
    assert!(
        twice.starts_with("hosts.yaml:2:1: the host \"a\" is also in ") && twice.ends_with("hosts.toml:1\n"),
        "{twice}"
    );
}

#[test]
fn every_fault_of_every_file_is_reported_at_once() {
    let faults = fault_of(&[
        ("config.toml", "[defaults]\nx = 1\ny = 2\n"),
        ("hosts.yaml", "a: [\n"),
        ("conventions/a.toml", "pattern = '('\n[target]\n"),
        ("conventions/b.toml", "[target]\n"),
    ]);
    let files: Vec<&str> = faults.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(files, ["config.toml", "config.toml", "hosts.yaml", "a.toml", "b.toml"], "{faults}");
}

#[test]
fn a_named_file_must_exist_and_its_folder_counts() {
    let folder =
        Folder::new(&[("hosts.toml", "[a]\nendpoint = 'a.example.com'\n"), ("other.toml", "client = 'mycli'\n")]);
    let environment = Environment::of([("RDSCONN_CONFIG", folder.path("other.toml").to_str().unwrap())]);
    let settings = Settings::load(&environment, None).unwrap();
    assert_eq!(settings.host_names().collect::<Vec<_>>(), ["a"]);
    let missing = folder.path("missing.toml");
    let error = Settings::load(&environment, Some(&missing)).unwrap_err();
    assert!(matches!(error, ConfigError::File(FileError::Missing { path }) if path == missing));
    let nowhere = Settings::load(&Environment::default(), None).unwrap();
    assert!(nowhere.location.is_none() && nowhere.host_names().next().is_none());
}

#[test]
fn t8_a_file_that_others_can_write_is_refused() {
    let folder = Folder::new(&[("config.toml", ""), ("hosts.yaml", ""), ("conventions/acme.toml", ACME)]);
    for name in ["config.toml", "hosts.yaml", "conventions/acme.toml", "conventions", ""] {
        let path = folder.path(name);
        let usual = if name.contains('.') { 0o600 } else { 0o700 };
        for mode in [0o664, 0o646, 0o666, 0o777] {
            chmod(&path, Mode::from_raw_mode(mode)).unwrap();
            let error = folder.load().unwrap_err();
            let ConfigError::File(FileError::Writable { path: refused, mode: shown, is_folder }) = &error else {
                panic!("{name} {mode:o}: {error:?}")
            };
            assert_eq!((refused.components().eq(path.components()), *shown, *is_folder), (true, mode, usual == 0o700));
            chmod(&path, Mode::from_raw_mode(usual)).unwrap();
        }
        chmod(&path, Mode::from_raw_mode(usual | 0o044)).unwrap();
        assert!(folder.load().is_ok(), "{name} may be read by all");
    }
}
