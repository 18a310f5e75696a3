//! What the form of a credential asks for: from options, from stdin or descriptors, else on the terminal.

use std::io::IsTerminal as _;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::arguments::AddCredential;
use crate::cli::exit_status::ExitStatus;
use crate::cli::report::Report;
use crate::credential::{Description, Name, New, Region, ShapeError, access_keys, check_access_key_id};
use crate::os::{HandedDescriptor, HandedError, RequestInput, terminal};

/// A secret and a session token of any length that AWS gives out.
const LARGEST_INPUT: usize = 64 * 1024;

/// What was typed and handed over, before anybody is asked.
pub(super) struct Given {
    description: Option<Description>,
    region: Option<Region>,
    access_key_id: Option<String>,
    secret: Option<HandedDescriptor>,
    token: Option<HandedDescriptor>,
    is_terminal: bool,
}

impl Given {
    /// Takes the descriptors, which must happen before anything is opened, and checks what can be checked.
    pub(super) fn take(arguments: &AddCredential) -> Result<Self, Report> {
        let AddCredential { secret_fd, session_token_fd, description, region, access_key_id, .. } = arguments;
        if let Some(number) = secret_fd.filter(|_| secret_fd == session_token_fd) {
            let error = format!("descriptor {number} is named for the secret access key and for the session token");
            return Err(Report::usage(error).hint("give each a descriptor of its own"));
        }
        let secret = secret_fd.map(HandedDescriptor::take).transpose().map_err(|error| handed(&error, SECRET))?;
        let token = session_token_fd.map(HandedDescriptor::take).transpose().map_err(|error| handed(&error, TOKEN))?;
        if let Some(id) = access_key_id {
            check_access_key_id(id).map_err(shape)?;
        }
        Ok(Self {
            description: parsed(description.as_deref())?,
            region: parsed(region.as_deref())?,
            access_key_id: access_key_id.clone(),
            secret,
            token,
            is_terminal: std::io::stdin().is_terminal(),
        })
    }

    /// Whether anything was given that would be stored.
    pub(super) fn is_nothing(&self) -> bool {
        self.description.is_none()
            && self.region.is_none()
            && self.access_key_id.is_none()
            && self.secret.is_none()
            && self.token.is_none()
    }

    /// Whether somebody can be asked.
    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// The rest: asked for on the terminal, or read.
    pub(super) fn complete(self, name: Name) -> Result<New, Report> {
        if self.is_terminal && self.secret.is_none() { self.ask(name) } else { self.read(name) }
    }

    fn ask(self, name: Name) -> Result<New, Report> {
        let description = match self.description {
            Some(description) => description,
            None => ask("Description (may be empty): ", Description::from_str)?,
        };
        let region = match self.region {
            Some(region) => region,
            None => {
                ask(
                    "AWS region [us-east-1]: ",
                    |text| {
                        if text.is_empty() { Ok(Region::default()) } else { text.parse() }
                    },
                )?
            }
        };
        let id = match self.access_key_id {
            Some(id) => id,
            None => ask("Access key id: ", |text| check_access_key_id(text).map(|_| text.to_owned()))?,
        };
        let handed_token = self.token.map(HandedDescriptor::first_line).transpose();
        let handed_token = handed_token.map_err(|error| handed(&error, TOKEN))?;
        loop {
            let secret = ask_secret("Secret access key (not shown): ")?;
            let token = match (&handed_token, check_access_key_id(&id)) {
                (Some(token), _) => Some(token.clone()),
                (None, Ok(true)) => Some(ask_secret("Session token (not shown): ")?),
                (None, _) => None,
            };
            match access_keys(&id, secret, token) {
                Ok(keys) => return Ok(New { name, description, region, keys }),
                Err(error @ (ShapeError::SecretAccessKey { .. } | ShapeError::SessionToken))
                    if handed_token.is_none() =>
                {
                    complain(&error);
                }
                Err(error) => return Err(shape(error)),
            }
        }
    }

    fn read(self, name: Name) -> Result<New, Report> {
        let Some(id) = self.access_key_id else {
            let error = "no access key id was given, and there is no terminal to ask for it".to_owned();
            return Err(Report::usage(error).hint("give it with --access-key-id; it is no secret"));
        };
        let token = self.token.map(HandedDescriptor::first_line).transpose().map_err(|error| handed(&error, TOKEN))?;
        let (secret, token) = if let Some(secret) = self.secret {
            (secret.first_line().map_err(|error| handed(&error, SECRET))?, token)
        } else {
            let (secret, second) = from_stdin()?;
            (secret, token.or(second))
        };
        let keys = access_keys(&id, trimmed(&secret), token.as_ref().map(trimmed)).map_err(shape)?;
        let (description, region) = (self.description.unwrap_or_default(), self.region.unwrap_or_default());
        Ok(New { name, description, region, keys })
    }
}

const SECRET: &str = "the secret access key cannot be read from --secret-fd";
const TOKEN: &str = "the session token cannot be read from --session-token-fd";

fn handed(error: &HandedError, what: &str) -> Report {
    let why = match error {
        HandedError::Standard { number } => format!("descriptor {number} has another use"),
        HandedError::Unreadable { .. } => return handed_hint(Report::about(ExitStatus::Usage, what, error)),
        HandedError::Terminal { number } => format!("descriptor {number} is a terminal, which would show it"),
        HandedError::Empty => "its first line is empty".to_owned(),
        HandedError::TooLong => "its first line has no end".to_owned(),
        HandedError::NotText => "it is not text".to_owned(),
    };
    let mut report = Report::usage(what.to_owned());
    report.causes.push(why);
    handed_hint(report)
}

fn handed_hint(report: Report) -> Report {
    report.hint("open one for rdsconn: 3<FILE behind the command, or 3< <(COMMAND) in bash")
}

fn shape(error: ShapeError) -> Report {
    Report::from(crate::credential::Error::from(error))
}

fn parsed<T: FromStr<Err = ShapeError>>(text: Option<&str>) -> Result<Option<T>, Report> {
    text.map(str::parse).transpose().map_err(shape)
}

/// The first line of stdin, and the second if there is one.
fn from_stdin() -> Result<(SecretString, Option<SecretString>), Report> {
    let unreadable = |error: std::io::Error| {
        Report::about(ExitStatus::Usage, "the secret access key cannot be read from stdin", &error)
            .hint("pipe it in as one line")
    };
    let bytes = RequestInput::stdin().and_then(|input| input.read_to_end(LARGEST_INPUT)).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let mut lines = text.lines().map(str::trim);
    let secret = lines.next().filter(|line| !line.is_empty()).ok_or_else(|| {
        Report::usage("no secret access key was given".to_owned())
            .hint("pipe it in as one line, name a descriptor with --secret-fd, or run this on a terminal")
    })?;
    let token = lines.next().filter(|line| !line.is_empty()).map(SecretString::from);
    Ok((SecretString::from(secret), token))
}

/// What is pasted often has a space or the end of its line with it.
fn trimmed(secret: &SecretString) -> SecretString {
    SecretString::from(secret.expose_secret().trim())
}

/// Asks until the answer is one.
fn ask<T>(prompt: &str, parse: impl Fn(&str) -> Result<T, ShapeError>) -> Result<T, Report> {
    loop {
        let line = terminal::ask(prompt).ok_or_else(nobody)?;
        match parse(line.trim()) {
            Ok(value) => return Ok(value),
            Err(error) => complain(&error),
        }
    }
}

fn ask_secret(prompt: &str) -> Result<SecretString, Report> {
    terminal::ask_secret(prompt).map(|secret| trimmed(&secret)).ok_or_else(nobody)
}

fn complain(error: &ShapeError) {
    terminal::tell(&format!("{error}\n"));
}

fn nobody() -> Report {
    Report::usage("the questions were not answered, and nothing was stored".to_owned())
        .hint("rdsconn credential add --help says how to give the answers in a script")
}
