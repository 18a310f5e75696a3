//! How long ten thousand conventions and a thousand hosts entries take to load, and a name to resolve once they are.
//!
//! Needs nothing but this machine; works on the library, not on the binary.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints what it measured, and cannot go on without what it measures"
)]

#[expect(dead_code, reason = "there is no peer to be compared with here")]
mod figures;

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use figures::{Figure, Table, Target, median, timed};
use rdsconn::config::{Overrides, Settings};
use rdsconn::os::Environment;
use rdsconn::target::HostArgument;

const CONVENTIONS: usize = 10_000;
const HOSTS: usize = 1_000;
const LOADS: usize = 5;
const LOOKUPS: usize = 200;

/// One team's file: a scheme of its own, with a look-up, templates and a test, as the README shows.
fn convention(team: usize) -> String {
    format!(
        r#"pattern = '(?<service>[a-z0-9-]+)\.(?<env>dev|prod)\.(?<region>use1|euw1)\.team{team}\.db\.acme\.example'

[lookup.region]
use1 = "us-east-1"
euw1 = "eu-west-1"

[target]
profile = "team{team}-${{env}}"
region = "${{region}}"
endpoint = "${{service}}.cluster-c{team}abc.${{region}}.rds.amazonaws.com"
user = "dba"
bastion = "bastion-${{env}}"

[[test]]
host = "orders.prod.use1.team{team}.db.acme.example"
profile = "team{team}-prod"
"#
    )
}

fn hosts() -> String {
    let mut text = String::new();
    for number in 0..HOSTS {
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "[\"legacy{number}.example.com\"]\nprofile = \"legacy\"\nuser = \"dba\"\n\
             endpoint = \"legacy{number}.c9abc.us-east-1.rds.amazonaws.com\"\n"
        );
    }
    text
}

fn write_settings(home: &Path) {
    let folder = home.join(".config/rdsconn/conventions");
    fs::create_dir_all(&folder).expect("a folder for conventions");
    // What others may write to is refused, whatever the umask here is.
    let private = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    for path in [home, &home.join(".config"), &home.join(".config/rdsconn"), &folder] {
        private(path, 0o700);
    }
    let write = |path: &Path, text: String| {
        fs::write(path, text).expect("a file of settings");
        private(path, 0o600);
    };
    for team in 0..CONVENTIONS {
        write(&folder.join(format!("team{team}.toml")), convention(team));
    }
    write(&home.join(".config/rdsconn/hosts.toml"), hosts());
}

fn main() {
    let home = tempfile::tempdir().expect("a temporary folder");
    write_settings(home.path());
    let environment = Environment::of([("HOME", home.path().to_str().expect("a path in UTF-8"))]);

    let mut table = Table::default();
    let mut loads = Vec::new();
    let mut settings = Settings::default();
    for _ in 0..LOADS {
        let (loaded, time) = timed(|| Settings::load(&environment, None).expect("the settings are right"));
        settings = loaded;
        loads.push(time);
    }
    table.add(Figure::alone(
        format!("load {CONVENTIONS} conventions and {HOSTS} hosts entries, p50"),
        "ms",
        median(&loads),
        Target::Reported,
    ));

    let overrides = Overrides::from_environment(&environment).expect("no variable is set");
    let cases = [
        ("a convention, first to last", "orders.prod.use1.team{}.db.acme.example", true),
        ("an exact host", "legacy{}.example.com", true),
        ("an RDS endpoint", "orders{}.cluster-c9abc.eu-west-1.rds.amazonaws.com", true),
        ("nothing", "orders.prod.use1.team{}.db.other.example", false),
    ];
    for (what, pattern, is_known) in cases {
        let mut times = Vec::new();
        for round in 0..LOOKUPS {
            let number = round * if pattern.starts_with("legacy") { HOSTS } else { CONVENTIONS } / LOOKUPS;
            let host = HostArgument::parse(&pattern.replace("{}", &number.to_string())).expect("a host name");
            let (outcome, time) = timed(|| black_box(settings.resolve(black_box(&host), &overrides)));
            assert_eq!(outcome.is_ok(), is_known, "{what}: {outcome:?}");
            times.push(time);
        }
        // A failure also looks for names that are alike; it is the end of a run, not a part of every one.
        let target = if is_known { Target::AtMost(1.5) } else { Target::Reported };
        table.add(Figure::alone(format!("resolve {what}, p50"), "ms", median(&times), target));
    }
    table.write("resolve");
}
