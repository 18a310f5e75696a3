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

/// The statements to run. Each argument is a text of its own: a string that one leaves open does not reach into the next.
#[derive(Debug)]
pub(crate) struct Script {
    splitter: Splitter,
    /// Arguments that have not been split yet, the next one last.
    texts: Vec<String>,
    /// Read when all of them are done.
    input: Option<Input>,
    reading: bool,
    long: bool,
}

#[derive(Debug)]
enum Input {
    File(File),
    Stdin(tokio::io::Stdin),
}

impl Script {
    /// Whether no SQL is given at all, and none can come: a person sits at the terminal.
    pub(crate) fn is_absent(arguments: &Query) -> bool {
        let Query { sql, execute, file, .. } = arguments;
        sql.is_none() && execute.is_empty() && file.is_none() && io::stdin().is_terminal()
    }

    /// SQL, then each `-e`, then `-f`; with none of them, stdin.
    pub(crate) fn new(arguments: &Query) -> Result<Self, Failure> {
        let mut texts: Vec<String> = arguments.sql.iter().chain(&arguments.execute).cloned().collect();
        texts.reverse();
        let input = match &arguments.file {
            Some(path) if path.as_os_str() == "-" => Some(Input::Stdin(tokio::io::stdin())),
            Some(path) => match crate::os::open_file(path) {
                Ok(file) => Some(Input::File(file)),
                Err(error) => {
                    let what = format!("the file {} cannot be read", path.display());
                    let report = Report::about(ExitStatus::Usage, what, &error);
                    return Err(report.hint("name the SQL file with -f FILE; - is stdin").into());
                }
            },
            None if !texts.is_empty() => None,
            None => Some(Input::Stdin(tokio::io::stdin())),
        };
        let mut script =
            Self { long: input.is_some() || texts.len() > 1, splitter: Splitter::new(), texts, input, reading: false };
        script.begin_next();
        Ok(script)
    }

    /// Goes on to the next argument, or to the input. `false` when there is none.
    fn begin_next(&mut self) -> bool {
        self.splitter = Splitter::new();
        if let Some(text) = self.texts.pop() {
            self.splitter.push(text.as_bytes());
            self.splitter.finish();
            return true;
        }
        self.reading = self.input.is_some();
        self.reading
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
        let Some(input) = self.input.as_mut().filter(|_| self.reading) else { return Ok(self.begin_next()) };
        let mut piece = vec![0; PIECE];
        let length = match input {
            Input::File(file) => file.read(&mut piece)?,
            Input::Stdin(stdin) => stdin.read(&mut piece).await?,
        };
        if length == 0 {
            self.input = None;
            self.reading = false;
            self.splitter.finish();
        } else {
            self.splitter.push(&piece[..length]);
        }
        Ok(true)
    }
}
