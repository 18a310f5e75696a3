//! Where the SQL comes from: arguments, a file, or stdin; read in pieces, so that a dump of any size runs in little memory.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};

use tokio::io::AsyncReadExt as _;

use super::arguments::Query;
use super::exit_status::ExitStatus;
use super::report::{Failure, Report};
use crate::query::{Error, Splitter, Statement};

/// How much is read at a time.
const PIECE: usize = 64 * 1024;

/// The statements to run.
#[derive(Debug)]
pub(crate) struct Script {
    splitter: Splitter,
    input: Option<Input>,
    long: bool,
}

#[derive(Debug)]
enum Input {
    File(File),
    Stdin(tokio::io::Stdin),
}

impl Script {
    /// SQL, then each `-e`, then `-f`; with none of them, stdin if it is not a terminal.
    pub(crate) fn new(arguments: &Query) -> Result<Self, Failure> {
        let texts: Vec<&String> = arguments.sql.iter().chain(&arguments.execute).collect();
        let input = match &arguments.file {
            Some(path) if path.as_os_str() == "-" => Some(Input::Stdin(tokio::io::stdin())),
            Some(path) => match crate::os::open_file(path) {
                Ok(file) => Some(Input::File(file)),
                Err(error) => {
                    let mut report = Report::new(ExitStatus::Usage, &error);
                    report.causes.insert(0, report.error);
                    report.error = format!("the file {} cannot be read", path.display());
                    return Err(report.into());
                }
            },
            None if !texts.is_empty() => None,
            None if io::stdin().is_terminal() => {
                return Err(Report::usage("no SQL was given".to_owned())
                    .hint("add it as an argument, with -e or -f, or pipe it in; this version starts no client")
                    .into());
            }
            None => Some(Input::Stdin(tokio::io::stdin())),
        };
        let mut splitter = Splitter::new();
        for text in &texts {
            splitter.push(text.as_bytes());
            splitter.push(b"\n;\n");
        }
        if input.is_none() {
            splitter.finish();
        }
        Ok(Self { splitter, long: input.is_some() || texts.len() > 1, input })
    }

    /// Whether it helps to say at which line something went wrong.
    pub(crate) fn is_long(&self) -> bool {
        self.long
    }

    /// The next statement that has been read as a whole.
    pub(crate) fn next_statement(&mut self) -> Result<Option<Statement<'_>>, Error> {
        self.splitter.next_statement()
    }

    /// Reads on. `false` when there is nothing more.
    pub(crate) async fn read(&mut self) -> io::Result<bool> {
        let Some(input) = &mut self.input else { return Ok(false) };
        let mut piece = vec![0; PIECE];
        let length = match input {
            Input::File(file) => file.read(&mut piece)?,
            Input::Stdin(stdin) => stdin.read(&mut piece).await?,
        };
        if length == 0 {
            self.input = None;
            self.splitter.finish();
        } else {
            self.splitter.push(&piece[..length]);
        }
        Ok(true)
    }
}
