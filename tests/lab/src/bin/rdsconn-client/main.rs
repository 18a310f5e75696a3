//! The stand-in for MySQL's client programs, called by whatever name a test installed it under. What it is taken for and
//! what it does is written in [`rdsconn_lab::client`]; here it is done.

#![expect(clippy::disallowed_methods, reason = "the lab has its own files and programs, outside the program's rooms")]

use std::io::{BufRead as _, Read as _, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rdsconn_lab::client::{self, Guise, Plan, Step};
use rdsconn_lab::streams::{self, Duplex as _};
use rustix::process::{getpid, kill_process};
use serde_json::json;

mod arguments;
mod given;
mod option_file;
mod shell;
mod signals;
mod teller;

use arguments::Arguments;
use signals::Signals;
use teller::Teller;

fn main() -> ExitCode {
    // First of all: everything that follows opens files.
    let given = given::look();
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let called = PathBuf::from(arguments.first().cloned().unwrap_or_default());
    let name = called.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let guise = guise(&called, &name);
    if arguments.iter().skip(1).any(|argument| argument == "--version" || argument == "-V") {
        return version(&guise, &name);
    }
    let plan = match std::env::var(client::PLAN) {
        Ok(text) => text.parse(),
        Err(_) if matches!(guise, Guise::Shell(_)) => Ok(Plan::new([Step::Shell])),
        Err(_) => Ok(Plan::usual()),
    };
    let result = plan.and_then(|plan| {
        let teller = Teller::open()?;
        let arguments = Arguments::read(&arguments, &guise)?;
        let mut client =
            Client { given, arguments, guise, teller, signals: Signals::default(), connections: Vec::new() };
        plan.0.iter().find_map(|step| client.step(step).transpose()).unwrap_or(Ok(0))
    });
    match result {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{name}: {error}");
            ExitCode::from(1)
        }
    }
}

/// What was installed with it, else what the name says.
fn guise(called: &Path, name: &str) -> Guise {
    let path = if called.components().count() > 1 {
        Some(called.to_owned())
    } else {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|folder| folder.join(called)).find(|path| path.exists())
    };
    path.and_then(|path| std::fs::read_to_string(client::guise_file(&path)).ok())
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| Guise::of_name(name))
}

fn version(guise: &Guise, name: &str) -> ExitCode {
    match guise {
        Guise::Hangs => loop {
            std::thread::park();
        },
        Guise::Fails(status) => ExitCode::from(*status),
        _ => {
            let _ = std::io::stdout().write_all(guise.answer(name).unwrap_or_default().as_bytes());
            ExitCode::SUCCESS
        }
    }
}

struct Client {
    given: serde_json::Value,
    arguments: Arguments,
    guise: Guise,
    teller: Teller,
    signals: Signals,
    connections: Vec<TcpStream>,
}

impl Client {
    /// `Some` status when this was the last step.
    fn step(&mut self, step: &Step) -> Result<Option<u8>, String> {
        let io = |error: std::io::Error| error.to_string();
        match step {
            Step::Given => self.teller.tell(&self.given),
            Step::Options(times) => {
                for _ in 0..*times {
                    let entries = self.arguments.read_files()?;
                    let entries: Vec<_> = entries.iter().map(option_file::Entry::to_json).collect();
                    self.teller.tell(&json!({"event": "options", "entries": entries}));
                }
            }
            Step::Catch(names) => self.signals.catch(names, &self.teller)?,
            Step::AwaitSignal(name) => self.signals.wait(name),
            Step::AwaitLine => {
                let mut line = String::new();
                std::io::stdin().lock().read_line(&mut line).map_err(io)?;
                self.teller.tell(&json!({"event": "line", "text": line.trim_end_matches('\n')}));
            }
            Step::AwaitEnd => {
                let bytes = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).map_err(io)?;
                self.teller.tell(&json!({"event": "end", "bytes": bytes}));
            }
            Step::AwaitFile(path) => {
                while !path.exists() {
                    // There is nothing to wait on until it is there.
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            Step::AwaitDeath => loop {
                std::thread::park();
            },
            Step::Size => self.teller.tell(&json!({"event": "size", "terminal": given::terminal_size()})),
            Step::Print(text) => writeln!(std::io::stdout(), "{text}").map_err(io)?,
            Step::PrintError(text) => writeln!(std::io::stderr(), "{text}").map_err(io)?,
            Step::Write(bytes) => {
                let (mut zeros, mut out) = (std::io::repeat(b'.').take(*bytes), std::io::stdout().lock());
                std::io::copy(&mut zeros, &mut out).and_then(|_| out.flush()).map_err(io)?;
            }
            Step::Mark(name) => self.teller.tell(&json!({"event": "mark", "name": name})),
            Step::Connect(count) => self.connect(*count)?,
            Step::Fetch => self.with_connections(|stream, _| {
                let arrived = streams::fetch(&mut { stream })?;
                Ok((arrived.bytes, arrived.intact))
            }),
            Step::Deliver(bytes) => {
                let bytes = *bytes;
                self.with_connections(move |stream, seed| Ok((bytes, streams::deliver(stream, seed, bytes)?)));
            }
            Step::RoundTrip(bytes) => {
                let bytes = *bytes;
                self.with_connections(move |stream, seed| {
                    let arrived = streams::round_trip(stream, seed, bytes)?;
                    Ok((arrived.bytes, arrived.intact && arrived.bytes == bytes))
                });
            }
            Step::Query(sql) => {
                let mut session = self.arguments.log_in(&self.guise)?;
                shell::run(&mut session, sql)?;
            }
            Step::Shell => return shell::play(&self.arguments).map(Some),
            Step::Kill(name) => kill_process(getpid(), signals::named(name)?).map_err(|error| error.to_string())?,
            Step::Exit(status) => return Ok(Some(*status)),
        }
        Ok(None)
    }

    fn connect(&mut self, count: u64) -> Result<(), String> {
        let (host, port) = self.arguments.address()?;
        for _ in 0..count {
            let stream =
                TcpStream::connect((host.as_str(), port)).map_err(|error| format!("{host}:{port}: {error}"))?;
            self.connections.push(stream);
        }
        self.teller.tell(&json!({"event": "connected", "connections": self.connections.len()}));
        Ok(())
    }

    /// On all connections at once; tells of each as it ends.
    fn with_connections(
        &self,
        transfer: impl Fn(TcpStream, u64) -> std::io::Result<(u64, bool)> + Clone + Send + 'static,
    ) {
        let threads: Vec<_> = (1..)
            .zip(&self.connections)
            .map(|(seed, stream)| {
                let (transfer, teller, stream) = (transfer.clone(), self.teller.clone(), stream.second());
                std::thread::spawn(move || match stream.and_then(|stream| transfer(stream, seed)) {
                    Ok((bytes, intact)) => teller.tell(&json!({"event": "stream", "bytes": bytes, "intact": intact})),
                    Err(error) => teller.tell(&json!({"event": "failed", "why": error.to_string()})),
                })
            })
            .collect();
        for thread in threads {
            let _ = thread.join();
        }
    }
}
