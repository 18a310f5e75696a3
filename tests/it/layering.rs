//! Holds the shape of the source: which room may see which, which crate may be named where, where a secret may be exposed,
//! how long a file may be, and that each one says what it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex::Regex;

/// What each room may import from the library. A room that is not listed may import nothing.
const MAY_IMPORT: [(&str, &[&str]); 15] = [
    ("target", &[]),
    ("os", &[]),
    ("backend", &["target"]),
    ("config", &["target", "os"]),
    ("aws", &["target", "backend", "os"]),
    ("cache", &["target", "backend", "os"]),
    ("credential", &["target", "backend", "os"]),
    ("ssh", &["target", "backend", "os"]),
    ("mysql", &["target", "backend", "os"]),
    ("session", &["target", "backend", "os"]),
    ("launch", &["target", "backend", "os"]),
    ("query", &["target", "backend"]),
    ("helper", &["target", "os"]),
    (
        "cli",
        &[
            "target",
            "os",
            "backend",
            "config",
            "aws",
            "cache",
            "credential",
            "ssh",
            "mysql",
            "session",
            "launch",
            "query",
            "helper",
        ],
    ),
    ("main", &["os", "cli"]),
];

/// Crates that only some rooms may name.
const NAMED_ONLY_IN: [(&str, &[&str]); 17] = [
    (r"aws_(config|types|runtime|sigv4|credential_types|smithy_\w+|sdk_\w+)", &["aws"]),
    ("http_body", &["aws"]),
    ("russh", &["ssh"]),
    ("mysql_async", &["mysql"]),
    ("rustls", &["mysql"]),
    ("regex", &["target"]),
    ("toml", &["target", "config"]),
    ("serde_saphyr", &["config"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("unicode_width", &["query"]),
    ("linux_keyutils", &["os"]),
    ("age", &["credential"]),
    ("keyring_core", &["credential"]),
    (r"(zbus_secret_service|apple_native)_keyring_store", &["credential"]),
    ("secrecy", &["aws", "backend", "cache", "cli", "credential", "helper", "launch", "mysql", "os", "ssh"]),
];

/// Every place where a secret is turned into plain text, with how often.
const EXPOSES_SECRETS: [(&str, usize); 15] = [
    ("src/aws/credentials.rs", 2),
    ("src/backend.rs", 2),
    ("src/cache/entry.rs", 3),
    ("src/cli/commands/credential/answers.rs", 1),
    ("src/cli/commands/exec.rs", 1),
    ("src/cli/commands/token.rs", 1),
    ("src/cli/passwords.rs", 1),
    ("src/credential/keys.rs", 3),
    ("src/credential/passphrase.rs", 3),
    ("src/helper/live/wire.rs", 1),
    ("src/helper/reply.rs", 1),
    ("src/launch/option_file.rs", 3),
    ("src/mysql/gate.rs", 1),
    ("src/os/option_pipe.rs", 3),
    ("src/ssh/identity.rs", 6),
];

/// "About 400 lines": a file that is longer wants to be two.
const LONGEST_FILE: usize = 420;

struct Source {
    path: PathBuf,
    room: String,
    text: String,
}

impl Source {
    /// The code without comments, and without the tests at its end.
    fn code(&self) -> String {
        let code = self.text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        lines.join("\n")
    }

    fn is_test(&self) -> bool {
        self.path.file_stem().is_some_and(|stem| stem == "tests")
            || self.path.components().any(|part| part.as_os_str() == "tests")
    }
}

fn collect(folder: &Path, sources: &mut Vec<Source>) {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(base.join(folder)).unwrap() {
        let name = folder.join(entry.unwrap().file_name());
        if base.join(&name).is_dir() {
            collect(&name, sources);
        } else if name.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(base.join(&name)).unwrap();
            let room =
                name.components().nth(1).unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
            sources.push(Source { path: name, room, text });
        }
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    collect(Path::new(folder), &mut sources);
    assert!(!sources.is_empty(), "{folder} holds no source");
    sources
}

#[test]
fn a_room_imports_only_what_the_table_allows() {
    let allowed: BTreeMap<_, _> = MAY_IMPORT.into_iter().collect();
    let import = Regex::new(r"\b(?:crate|rdsconn)::(?:\{([^}]*)\}|(\w+))").unwrap();
    for source in sources("src").iter().filter(|source| source.room != "lib") {
        let rooms =
            allowed.get(source.room.as_str()).unwrap_or_else(|| panic!("{:?} is in no known room", source.path));
        for found in import.captures_iter(&source.code()) {
            let names = found.get(1).or(found.get(2)).unwrap().as_str();
            for name in names.split(',').map(|name| name.trim().split("::").next().unwrap()) {
                assert!(
                    name == source.room || rooms.contains(&name),
                    "{:?} imports {name}, which {} may not see",
                    source.path,
                    source.room
                );
            }
        }
    }
}

#[test]
fn a_crate_is_named_only_in_its_room() {
    for (name, rooms) in NAMED_ONLY_IN {
        let pattern = Regex::new(&format!(r"(?:^|[^\w:]){name}::")).unwrap();
        for source in sources("src").iter().filter(|source| !source.is_test()) {
            if pattern.is_match(&source.code()) {
                assert!(rooms.contains(&source.room.as_str()), "{:?} names {name}", source.path);
            }
        }
    }
}

#[test]
fn t17_secrets_are_exposed_only_where_it_is_allowed() {
    let mut found = BTreeMap::new();
    for source in sources("src").iter().filter(|source| !source.is_test()) {
        let count = source.code().matches("expose_secret()").count();
        if count > 0 {
            found.insert(source.path.to_string_lossy().into_owned(), count);
        }
    }
    let allowed: BTreeMap<_, _> = EXPOSES_SECRETS.into_iter().map(|(path, count)| (path.to_owned(), count)).collect();
    assert_eq!(found, allowed);
}

#[test]
fn every_file_says_what_it_is_and_is_short() {
    for source in sources("src").iter().chain(&sources("tests")) {
        assert!(source.text.starts_with("//! "), "{:?} does not open with what it is", source.path);
        let lines = source.text.lines().count();
        assert!(lines <= LONGEST_FILE, "{:?} has {lines} lines", source.path);
    }
}

#[test]
fn every_test_file_is_part_of_the_binary() {
    let main = include_str!("main.rs");
    for source in sources("tests/it").iter().filter(|source| source.path.components().count() == 3) {
        let stem = source.path.file_stem().unwrap().to_string_lossy();
        assert!(stem == "main" || main.contains(&format!("mod {stem};")), "{:?} is never run", source.path);
    }
}

#[test]
fn nothing_is_left_unfinished_or_slept_over() {
    // The lab may pause between two looks at something that has a deadline; a test may not.
    let unfinished = Regex::new(r"\b(todo|unimplemented)!\(|#\[ignore|\bthread::sleep\b").unwrap();
    for source in sources("src").iter().chain(&sources("tests/it")) {
        if source.path.ends_with("layering.rs") {
            continue;
        }
        assert!(!unfinished.is_match(&source.text), "{:?} is not finished", source.path);
    }
}
