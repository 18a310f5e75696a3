//! Runs other programs and captures what they print: the only place that starts one.
//!
//! No shell is ever involved. What a program may take is bounded in time and in size, its standard input is empty, and its
//! environment is the one handed in, less the secrets that no child of ours needs. Nothing here knows which programs exist.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::Environment;

/// A program to run, with everything that bounds it.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Environment,
    time_limit: Duration,
    output_limit: usize,
}

/// What a program printed before it ended.
#[derive(Debug)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// All of its standard error.
    pub stderr: Vec<u8>,
}

/// What became of looking a program up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It can be run.
    Found(PathBuf),
    /// There is something of that name, but it cannot be run.
    NotExecutable(PathBuf),
    /// There is nothing of that name.
    Missing,
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is not there, not executable, or the process table is full.
    #[error("cannot start {}", path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Its output could not be read.
    #[error("cannot read what {} prints", path.display())]
    Read {
        /// The program.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It did not end in time and was killed.
    #[error("{} did not end within {} s", path.display(), limit.as_secs_f32())]
    Slow {
        /// The program.
        path: PathBuf,
        /// How long it had.
        limit: Duration,
    },
    /// It printed more than anybody would read and was killed.
    #[error("{} printed more than {limit} bytes", path.display())]
    Verbose {
        /// The program.
        path: PathBuf,
        /// How much it was allowed.
        limit: usize,
    },
}

impl Program {
    /// A program by its full path, with an empty argument list, ten seconds and 256 KiB of output.
    pub fn new(path: impl Into<PathBuf>, environment: &Environment) -> Self {
        Self {
            path: path.into(),
            arguments: Vec::new(),
            environment: environment.clone(),
            time_limit: Duration::from_secs(10),
            output_limit: 256 * 1024,
        }
    }

    /// Looks a program up in the absolute folders of `PATH`. Relative ones are left out: nothing is run from the folder
    /// that happens to be the current one.
    pub fn find(name: &str, environment: &Environment) -> Option<PathBuf> {
        let path = environment.path("PATH")?;
        std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|candidate| is_executable(candidate))
    }

    /// Looks a program up as a shell does: a name with a slash is a path, any other is searched for in `PATH`, where the
    /// first that can be run wins over an earlier one that cannot.
    pub fn look_up(name: &OsStr, environment: &Environment) -> Lookup {
        let path = Path::new(name);
        if name.as_encoded_bytes().contains(&b'/') {
            return match (is_executable(path), path.exists()) {
                (true, _) => Lookup::Found(path.to_owned()),
                (false, true) => Lookup::NotExecutable(path.to_owned()),
                (false, false) => Lookup::Missing,
            };
        }
        let folders = environment.path("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
        let candidates = folders
            .unwrap_or_default()
            .into_iter()
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(path));
        let files: Vec<PathBuf> = candidates.filter(|candidate| !name.is_empty() && candidate.is_file()).collect();
        match files.iter().find(|file| is_executable(file)).or(files.first()) {
            Some(file) if is_executable(file) => Lookup::Found(file.clone()),
            Some(file) => Lookup::NotExecutable(file.clone()),
            None => Lookup::Missing,
        }
    }

    /// Adds one argument, taken as it is.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Sets how long it may take.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Sets how many bytes it may print, counted on each of the two streams.
    #[must_use]
    pub fn output_limit(mut self, limit: usize) -> Self {
        self.output_limit = limit;
        self
    }

    /// Runs it to its end. A program that fails is not an error here: its status says so.
    pub async fn capture(self) -> Result<Captured, ProgramError> {
        let mut child = self.start()?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            let source = std::io::Error::other("no pipe to the program");
            return Err(ProgramError::Read { path: self.path, source });
        };
        let work = async {
            let streams = tokio::try_join!(self.read(stdout), self.read(stderr))?;
            let status = child.wait().await.map_err(|source| self.unreadable(source))?;
            Ok(Captured { status, stdout: streams.0, stderr: streams.1 })
        };
        // Leaving early drops the child, which kills it.
        match tokio::time::timeout(self.time_limit, work).await {
            Ok(captured) => captured,
            Err(_) => Err(ProgramError::Slow { path: self.path.clone(), limit: self.time_limit }),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts programs")]
    fn start(&self) -> Result<tokio::process::Child, ProgramError> {
        tokio::process::Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.variables().filter(|(name, _)| !is_secret_variable(name)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ProgramError::Start { path: self.path.clone(), source })
    }

    async fn read(&self, stream: impl AsyncRead + Unpin) -> Result<Vec<u8>, ProgramError> {
        let mut bytes = Vec::new();
        let limit = self.output_limit as u64 + 1;
        stream.take(limit).read_to_end(&mut bytes).await.map_err(|source| self.unreadable(source))?;
        if bytes.len() > self.output_limit {
            return Err(ProgramError::Verbose { path: self.path.clone(), limit: self.output_limit });
        }
        Ok(bytes)
    }

    fn unreadable(&self, source: std::io::Error) -> ProgramError {
        ProgramError::Read { path: self.path.clone(), source }
    }
}

/// Whether a variable carries a secret, which no program started by us needs: AWS keys and tokens under every name they
/// have or may get, and the password of the MySQL clients. The names of files and profiles stay.
pub fn is_secret_variable(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let of_aws =
        name.starts_with("AWS_") && !name.ends_with("_FILE") && (name.contains("SECRET") || name.contains("TOKEN"));
    of_aws || name == "MYSQL_PWD"
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, environment: &Environment) -> Program {
        Program::new("/bin/sh", environment).argument("-c").argument(script)
    }

    #[tokio::test]
    async fn captures_both_streams_and_the_status() {
        let captured = shell("echo out; echo err >&2; exit 3", &Environment::default()).capture().await.unwrap();
        assert_eq!((captured.stdout.as_slice(), captured.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(captured.status.code(), Some(3));
    }

    #[tokio::test]
    async fn arguments_are_not_interpreted() {
        let program = Program::new("/bin/echo", &Environment::default()).argument("$HOME; `id` *").argument("-- x");
        assert_eq!(program.capture().await.unwrap().stdout, b"$HOME; `id` * -- x\n");
    }

    #[tokio::test]
    async fn t15_environment_is_the_given_one_without_secrets() {
        let environment = Environment::of([
            ("AWS_PROFILE", "yes"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "yes"),
            ("AWS_SECRET_ACCESS_KEY", "no"),
            ("AWS_SESSION_TOKEN", "no"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "no"),
            ("MYSQL_PWD", "no"),
        ]);
        let captured = Program::new("/usr/bin/env", &environment).capture().await.unwrap();
        let kept = "AWS_PROFILE=yes\nAWS_WEB_IDENTITY_TOKEN_FILE=yes\n";
        assert_eq!(String::from_utf8(captured.stdout).unwrap(), kept);
    }

    #[tokio::test]
    async fn a_program_that_never_ends_is_cut_off() {
        let program = shell("exec sleep 600", &Environment::of([("PATH", "/bin:/usr/bin")]));
        let limit = Duration::from_millis(50);
        assert!(matches!(program.time_limit(limit).capture().await, Err(ProgramError::Slow { .. })));
    }

    #[tokio::test]
    async fn a_program_that_never_stops_printing_is_cut_off() {
        let program = shell("while :; do echo yes; done", &Environment::default()).output_limit(1000);
        assert!(matches!(program.capture().await, Err(ProgramError::Verbose { limit: 1000, .. })));
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = Program::new("/nowhere/ssh", &Environment::default()).capture().await.unwrap_err();
        assert_eq!(error.to_string(), "cannot start /nowhere/ssh");
    }

    #[test]
    fn nothing_is_found_in_relative_folders() {
        let environment = Environment::of([("PATH", ".:bin:/bin:/usr/bin")]);
        let found = Program::find("sh", &environment).unwrap();
        assert!(found.is_absolute(), "{}", found.display());
        assert_eq!(Program::find("sh", &Environment::of([("PATH", "bin:.")])), None);
        assert_eq!(Program::find("no-such-program-here", &environment), None);
    }
}
