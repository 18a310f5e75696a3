//! A stand-in for the client programs that rdsconn starts: it plays any of them as far as `--version` goes, tells what it
//! was given, reads the option files it was told of, and then does what a test planned for it.
//!
//! The program is `rdsconn-client`; this is how tests install it, plan for it, and read what it told. What it tells is
//! never a secret: of a password only the length and the SHA-256.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

mod guise;
mod plan;
#[cfg(test)]
mod tests;

pub use guise::Guise;
pub use plan::{Plan, Step};

use crate::streams::Digest;

/// The environment variable with the plan; without it a client does [`Plan::usual`].
pub const PLAN: &str = "LAB_CLIENT_PLAN";

/// The environment variable that names the file for [`Event`]s; without it they go to standard output.
pub const REPORT: &str = "LAB_CLIENT_REPORT";

/// The built program. Cargo makes it whenever it builds the lab's binaries or tests, `make test` included.
///
/// # Panics
/// Where it was never built, saying how to.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a file");
    // Tests are in target/PROFILE/deps, programs in target/PROFILE.
    let found = test.ancestors().skip(1).map(|folder| folder.join("rdsconn-client")).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no rdsconn-client near {}: cargo build --workspace --bins", test.display()))
}

/// Installs a client called `name` in `folder`, which is made; gives its path.
pub fn install(folder: &Path, name: &str, guise: &Guise) -> PathBuf {
    fs::create_dir_all(folder).expect("a folder for clients");
    let path = folder.join(name);
    symlink(program(), &path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    fs::write(guise_file(&path), guise.to_string()).expect("a guise beside its client");
    path
}

/// Where the guise of a client is kept.
pub fn guise_file(client: &Path) -> PathBuf {
    let name = client.file_name().unwrap_or_default().to_string_lossy();
    client.with_file_name(format!(".{name}.guise"))
}

/// What is told of a secret instead of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    /// Bytes.
    pub length: usize,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl Print {
    /// Of this secret.
    pub fn of(secret: &[u8]) -> Self {
        let mut digest = Digest::new();
        digest.add(secret);
        let mut sha256 = String::new();
        for byte in digest.finish().sha256 {
            // Writing into a String cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        Self { length: secret.len(), sha256 }
    }
}

/// What a client found when it was started.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// All arguments, the name it was called by first.
    pub arguments: Vec<String>,
    /// The whole environment.
    pub environment: BTreeMap<String, String>,
    /// Open descriptors and what they are, as `/proc/self/fd` names it; see [`Given::own_descriptors`].
    pub descriptors: BTreeMap<u32, String>,
    /// The working directory.
    pub directory: String,
    /// Itself.
    pub process: u32,
    /// Who started it.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// The group in the foreground of its controlling terminal; none without a terminal.
    pub foreground: Option<u32>,
    /// Rows and columns of the terminal on its standard input; none without one.
    pub terminal: Option<(u16, u16)>,
    /// Blocked signals.
    pub blocked: BTreeSet<String>,
    /// Ignored signals, less PIPE, which Rust's own start ignores: for that ask a C program, such as
    /// `grep Sig /proc/self/status`.
    pub ignored: BTreeSet<String>,
    /// The soft and the hard limit on core files; none is unlimited.
    pub core_limit: (Option<u64>, Option<u64>),
    /// The signal it gets when its parent dies.
    pub parent_death_signal: Option<String>,
}

/// One option of an option file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file it stood in.
    pub file: String,
    /// The group, without brackets.
    pub group: String,
    /// The name, without dashes in front.
    pub name: String,
    /// The value, unless there was none or it is a password.
    pub value: Option<String>,
    /// Of the value.
    pub print: Print,
}

/// What a client told. More than one line of it is one event after another.
#[derive(Clone, Debug)]
pub enum Event {
    /// See [`Step::Given`].
    Given(Box<Given>),
    /// See [`Step::Options`]: one reading of all option files.
    Options(Vec<Entry>),
    /// A signal was caught; its name without `SIG`.
    Signal(String),
    /// A line was read.
    Line(String),
    /// The input ended after so many more bytes.
    End(u64),
    /// The terminal's rows and columns; see [`Step::Size`].
    Size(Option<(u16, u16)>),
    /// So many connections are open; see [`Step::Connect`].
    Connected(u64),
    /// A stream came to its end: bytes, and whether they were right. See [`Step::Fetch`] and its like.
    Stream(u64, bool),
    /// Something that was planned did not work.
    Failed(String),
    /// What the test named it; see [`Step::Mark`].
    Mark(String),
}

impl Event {
    /// Reads what a client told, among other lines too.
    pub fn read(text: &str) -> Vec<Self> {
        text.lines().filter_map(|line| Self::from_json(&serde_json::from_str(line.trim()).ok()?)).collect()
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| value[name].as_u64().unwrap_or_default();
        Some(match value["event"].as_str()? {
            "given" => Self::Given(Box::new(Given::from_json(value))),
            "options" => Self::Options(value["entries"].as_array()?.iter().map(Entry::from_json).collect()),
            "signal" => Self::Signal(text("name")),
            "line" => Self::Line(text("text")),
            "end" => Self::End(number("bytes")),
            "size" => Self::Size(pair(&value["terminal"])),
            "connected" => Self::Connected(number("connections")),
            "stream" => Self::Stream(number("bytes"), value["intact"].as_bool()?),
            "failed" => Self::Failed(text("why")),
            "mark" => Self::Mark(text("name")),
            _ => return None,
        })
    }
}

/// The first thing of this kind that a client told.
///
/// # Panics
/// If it told nothing of the kind, with everything it printed.
#[track_caller]
pub fn given(text: &str) -> Given {
    let found = Event::read(text).into_iter().find_map(|event| match event {
        Event::Given(given) => Some(*given),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no client told what it was given:\n{text}"))
}

/// Every reading of the option files that a client told of.
pub fn readings(text: &str) -> Vec<Vec<Entry>> {
    let events = Event::read(text).into_iter();
    events.filter_map(|event| if let Event::Options(entries) = event { Some(entries) } else { None }).collect()
}

/// The option that is in force for a client that reads these groups: the last of them.
pub fn in_force<'a>(entries: &'a [Entry], groups: &[&str], name: &str) -> Option<&'a Entry> {
    entries.iter().rev().find(|entry| groups.contains(&entry.group.as_str()) && entry.name == name)
}

/// Descriptors of this process that are not closed when a program is started.
fn inheritable() -> BTreeSet<u32> {
    let Ok(entries) = fs::read_dir("/proc/self/fdinfo") else { return BTreeSet::new() };
    let number = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path()).ok()?;
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let closed = u64::from_str_radix(flags.trim(), 8).ok()? & 0o2_000_000 != 0;
        if closed { None } else { entry.file_name().to_str()?.parse().ok() }
    };
    entries.flatten().filter_map(number).collect()
}

fn pair(value: &Value) -> Option<(u16, u16)> {
    let at = |index: usize| u16::try_from(value.get(index)?.as_u64()?).ok();
    at(0).zip(at(1))
}

impl Given {
    /// The descriptors, less those that whoever runs the tests leaves open to all of them: a terminal multiplexer's or a
    /// build server's.
    pub fn own_descriptors(&self) -> BTreeMap<u32, String> {
        let common = inheritable();
        self.descriptors
            .iter()
            .filter(|(number, _)| **number < 3 || !common.contains(number))
            .map(|(number, target)| (*number, target.clone()))
            .collect()
    }

    fn from_json(value: &Value) -> Self {
        let strings = |name: &str| {
            let all = value[name].as_array().into_iter().flatten();
            all.map(|text| text.as_str().unwrap_or_default().to_owned())
        };
        let table = |name: &str| {
            let all = value[name].as_object().into_iter().flatten();
            all.map(|(key, text)| (key.clone(), text.as_str().unwrap_or_default().to_owned()))
        };
        let number = |name: &str| value[name].as_u64().and_then(|number| u32::try_from(number).ok());
        Self {
            arguments: strings("arguments").collect(),
            environment: table("environment").collect(),
            descriptors: table("descriptors").filter_map(|(key, name)| Some((key.parse().ok()?, name))).collect(),
            directory: value["directory"].as_str().unwrap_or_default().to_owned(),
            process: number("process").unwrap_or_default(),
            parent: number("parent").unwrap_or_default(),
            group: number("group").unwrap_or_default(),
            session: number("session").unwrap_or_default(),
            foreground: number("foreground"),
            terminal: pair(&value["terminal"]),
            blocked: strings("blocked").collect(),
            ignored: strings("ignored").collect(),
            core_limit: (value["core_limit"][0].as_u64(), value["core_limit"][1].as_u64()),
            parent_death_signal: value["parent_death_signal"].as_str().map(str::to_owned),
        }
    }
}

impl Entry {
    fn from_json(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let length = value["length"].as_u64().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        Self {
            file: text("file"),
            group: text("group"),
            name: text("name"),
            value: value["value"].as_str().map(str::to_owned),
            print: Print { length, sha256: text("sha256") },
        }
    }
}
