//! What a stand-in does after it was started, one step after another. Pure: written by tests, read by the program.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// One step. What it tells are [`super::Event`]s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Tells what it was given: arguments, environment, descriptors and so on, as they were at the start.
    Given,
    /// Reads the option files that its first arguments name, so many times, and tells what was in them. Steps that need
    /// options take what was read last; without this step they are read once, when they are first needed.
    Options(u32),
    /// From now on catches these signals (names without `SIG`) and tells each.
    Catch(Vec<String>),
    /// Waits until this signal, which is caught, has come since the last such step.
    AwaitSignal(String),
    /// Waits for a line on standard input and tells it.
    AwaitLine,
    /// Reads standard input to its end and tells how much it was.
    AwaitEnd,
    /// Waits until this file exists.
    AwaitFile(PathBuf),
    /// Waits until it is killed.
    AwaitDeath,
    /// Tells the size of its terminal.
    Size,
    /// Prints a line on standard output.
    Print(String),
    /// Prints a line on standard error.
    PrintError(String),
    /// Writes so many bytes to standard output.
    Write(u64),
    /// Tells this name, so that a test knows how far it has come.
    Mark(String),
    /// Opens so many connections to the host and port in its options, and holds them.
    Connect(u64),
    /// Reads each connection to its end, all at once, and tells what came; see [`crate::streams::fetch`].
    Fetch,
    /// Sends so many bytes on each connection, all at once; see [`crate::streams::deliver`].
    Deliver(u64),
    /// Sends so many bytes on each connection and reads them back, all at once; see [`crate::streams::round_trip`].
    RoundTrip(u64),
    /// Logs in as its options say and runs this SQL; prints rows as `mysql --batch` does.
    Query(String),
    /// Is MySQL Shell: refuses what that refuses, logs in, runs what `-e` says.
    Shell,
    /// Sends itself a signal (its name without `SIG`), with the default effect unless it is caught.
    Kill(String),
    /// Ends with this status.
    Exit(u8),
}

/// Steps in their order. At the end of them the program ends with status 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(pub Vec<Step>);

impl Plan {
    /// Of these steps.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// What a client does that nobody planned for: tells what it was given, reads its option files once.
    pub fn usual() -> Self {
        Self::new([Step::Given, Step::Options(1)])
    }
}

/// As it is kept in the environment: a step a line.
impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| writeln!(out, "{step}"))
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.lines().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => out.write_str("given"),
            Self::Options(times) => write!(out, "options {times}"),
            Self::Catch(names) => write!(out, "catch {}", names.join(",")),
            Self::AwaitSignal(name) => write!(out, "await-signal {name}"),
            Self::AwaitLine => out.write_str("await-line"),
            Self::AwaitEnd => out.write_str("await-end"),
            Self::AwaitFile(path) => write!(out, "await-file {}", path.display()),
            Self::AwaitDeath => out.write_str("await-death"),
            Self::Size => out.write_str("size"),
            Self::Print(text) => write!(out, "print {text}"),
            Self::PrintError(text) => write!(out, "print-error {text}"),
            Self::Write(bytes) => write!(out, "write {bytes}"),
            Self::Mark(name) => write!(out, "mark {name}"),
            Self::Connect(connections) => write!(out, "connect {connections}"),
            Self::Fetch => out.write_str("fetch"),
            Self::Deliver(bytes) => write!(out, "deliver {bytes}"),
            Self::RoundTrip(bytes) => write!(out, "round-trip {bytes}"),
            Self::Query(sql) => write!(out, "query {sql}"),
            Self::Shell => out.write_str("shell"),
            Self::Kill(name) => write!(out, "kill {name}"),
            Self::Exit(status) => write!(out, "exit {status}"),
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let number = || rest.parse::<u64>().map_err(|_| format!("no number: {text}"));
        let small = || u8::try_from(number()?).map_err(|_| format!("no status: {text}"));
        let owned = || rest.to_owned();
        Ok(match word {
            "given" => Self::Given,
            "options" => Self::Options(u32::try_from(number()?).map_err(|_| format!("too often: {text}"))?),
            "catch" => Self::Catch(rest.split(',').map(str::to_owned).collect()),
            "await-signal" => Self::AwaitSignal(owned()),
            "await-line" => Self::AwaitLine,
            "await-end" => Self::AwaitEnd,
            "await-file" => Self::AwaitFile(rest.into()),
            "await-death" => Self::AwaitDeath,
            "size" => Self::Size,
            "print" => Self::Print(owned()),
            "print-error" => Self::PrintError(owned()),
            "write" => Self::Write(number()?),
            "mark" => Self::Mark(owned()),
            "connect" => Self::Connect(number()?),
            "fetch" => Self::Fetch,
            "deliver" => Self::Deliver(number()?),
            "round-trip" => Self::RoundTrip(number()?),
            "query" => Self::Query(owned()),
            "shell" => Self::Shell,
            "kill" => Self::Kill(owned()),
            "exit" => Self::Exit(small()?),
            _ => return Err(format!("no step: {text}")),
        })
    }
}
