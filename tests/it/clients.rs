//! Clients for the tests of `exec`: real ones where they are installed, and scripts that stand in for those that are not and
//! tell what they were given.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use rdsconn_lab::clients as fetched;
use rdsconn_lab::environment::{Output, TestEnv};

use crate::stage::{HOST, Stage};

/// Every token begins its query like this.
pub(crate) const CANARY: &[u8] = b"Action=connect";

/// What Oracle's `mysql` says of itself.
pub(crate) const ORACLE: &str = "mysql  Ver 9.7.4 for Linux on x86_64 (MySQL Community Server - GPL)";

/// Plays a case on the embedded lab, and on the real one where it can be had, with an empty `bin` first on the path.
pub(crate) fn on_each(case: impl Fn(&Stage)) {
    case(&embedded());
    if let Some(stage) = real() {
        case(&stage);
    }
}

/// The embedded lab, with an empty `bin` first on the path.
pub(crate) fn embedded() -> Stage {
    furnished(Stage::embedded())
}

/// The real lab, with an empty `bin` first on the path; `None`, said loudly, where something is missing.
pub(crate) fn real() -> Option<Stage> {
    Stage::real().map(furnished)
}

/// Puts an empty `bin` first on a stage's path.
pub(crate) fn furnished(mut stage: Stage) -> Stage {
    let bin = stage.home.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    stage.home.set("PATH", format!("{}:{path}", bin.display()));
    stage
}

/// Leaves nothing on the path but `bin`, and in it what the tests and rdsconn themselves need.
pub(crate) fn only_bin_on_path(home: &mut TestEnv) {
    let bin = home.path("bin");
    for name in ["ssh", "setsid", "sh", "install"] {
        std::os::unix::fs::symlink(installed(name).unwrap(), bin.join(name)).unwrap();
    }
    home.set("PATH", bin);
}

/// Adds a program of the home's `bin`. The file is written by a process of its own: another test's child could otherwise
/// hold it open for writing in the moment in which it is to be run.
pub(crate) fn program(home: &TestEnv, name: &str, text: &str) -> PathBuf {
    let path = home.path("bin").join(name);
    let mut installing = home.start("install", ["-D", "-m", "700", "/dev/stdin", path.to_str().unwrap()]);
    installing.send(text);
    installing.finish().succeeded();
    path
}

/// A client that tells its version when asked, and else runs this script.
pub(crate) fn client(home: &TestEnv, name: &str, version: &str, script: &str) -> PathBuf {
    let text = format!(
        "#!/bin/sh\nfor argument; do test \"$argument\" != --version || {{ echo '{version}'; exit 0; }}; done\n{script}\n"
    );
    program(home, name, &text)
}

/// Where a program of the machine is.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        // Not eprintln!, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "\nSKIPPED what needs {name}: it is not installed");
    }
    found
}

/// Those of these names that are installed.
pub(crate) fn all_installed<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().copied().filter(|name| installed(name).is_some()).collect()
}

/// Those of these names that are installed, and with them the fetched ones of Oracle's and of MariaDB 11.8, by their paths.
pub(crate) fn real_clients(names: &[&'static str]) -> Vec<&'static str> {
    static PATHS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let fetched = names.iter().filter_map(|name| {
        let is_mariadb = name.starts_with("mariadb");
        let client = if is_mariadb { fetched::mariadb_11_8(name) } else { fetched::oracle(name) };
        let path = client?.path.to_str()?.to_owned();
        let mut paths = PATHS.lock().unwrap();
        let known = paths.get(path.as_str()).copied();
        Some(known.unwrap_or_else(|| {
            let path: &'static str = path.leak();
            paths.insert(path);
            path
        }))
    });
    all_installed(names).into_iter().chain(fetched).collect()
}

/// The clients at which a person types SQL, real ones, told apart only by what they say of themselves.
pub(crate) fn terminals() -> Vec<&'static str> {
    real_clients(&["mysql", "mariadb"])
}

/// What a program says of its version.
pub(crate) fn version(home: &TestEnv, name: &str) -> String {
    home.run(name, ["--no-defaults", "--version"]).stdout
}

/// Whether a client knows `mysql_native_password`, which Oracle's have given up with version 9.
pub(crate) fn has_native_password(home: &TestEnv, name: &str) -> bool {
    !version(home, name).contains("Ver 9.")
}

/// The command line of `rdsconn exec`.
pub(crate) fn line<'a>(client: &'a str, options: &[&'a str], arguments: &[&'a str]) -> Vec<&'a str> {
    [&["exec", client, HOST], options, &["--"], arguments].concat()
}

/// Runs `rdsconn exec CLIENT HOST -- ARGUMENTS` to its end.
#[track_caller]
pub(crate) fn exec(stage: &Stage, client: &str, arguments: &[&str]) -> Output {
    stage.home.rdsconn(line(client, &[], arguments))
}

/// The folders of runs that are there; they are named by process.
pub(crate) fn run_folders(home: &TestEnv) -> usize {
    let Ok(entries) = std::fs::read_dir(home.path("run/rdsconn")) else { return 0 };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(|first: char| first.is_ascii_digit())).count()
}
