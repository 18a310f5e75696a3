//! The three commands: install, status, uninstall.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::memory::Memory;
use super::options::OPTION;
use super::{
    Installed, InstalledShell, Link, Linked, Options, Persisted, Probe, Restored, Search, Shell, ShellStatus, Status,
    Uninstalled, Unlinked, shells,
};
use crate::helper::command::NAME;
use crate::helper::reply::one_line;
use crate::os::links::Entry;
use crate::os::{Captured, Environment, FileIdentity, Program, links};

/// A Shell loads an interpreter or two before it sets an option, and runs every helper beside it.
const SHELL_LIMIT: Duration = Duration::from_mins(1);

/// Installs the helper and takes it away again.
#[derive(Debug)]
pub struct Installer<'a> {
    environment: &'a Environment,
    search: Search,
    program: PathBuf,
    identity: FileIdentity,
    memory: PathBuf,
}

impl<'a> Installer<'a> {
    /// For the running program. `memory` is the file in which it remembers what was there before.
    ///
    /// Links will lead to the name under which the program is found in `PATH`, if it is: a package manager moves what that
    /// name leads to with every version.
    pub fn new(environment: &'a Environment, search: Search, memory: PathBuf) -> io::Result<Self> {
        let this = FileIdentity::of_this_program()?;
        let found =
            Program::find(NAME, environment).filter(|path| FileIdentity::of(path).is_ok_and(|other| other == this));
        Self::of(environment, search, memory, found.map_or_else(links::this_program, Ok)?)
    }

    /// For any program.
    pub(super) fn of(
        environment: &'a Environment,
        search: Search,
        memory: PathBuf,
        program: PathBuf,
    ) -> io::Result<Self> {
        let identity = FileIdentity::of(&program)?;
        Ok(Self { environment, search, program, identity, memory })
    }

    /// What the links lead to.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// How things stand. Changes nothing.
    pub async fn status(&self) -> Status {
        let mut shells = Vec::new();
        for shell in self.shells() {
            let link = self.look(&shell.link());
            let probe = if link == Link::Absent { None } else { Some(self.probe(&shell).await) };
            shells.push(ShellStatus { shell, link, probe });
        }
        let options = Options::read(self.environment);
        let chosen = options.chosen(self.environment);
        let remembered = Memory::read(&self.memory).map(|memory| memory.previous_helper);
        Status { shells, options, chosen, remembered }
    }

    /// Makes the links, tries each, and has the Shells use the helper if `persist` says so.
    pub async fn install(&self, persist: bool) -> Installed {
        let mut installed = Vec::new();
        for shell in self.shells() {
            let linked = self.link(&shell.link());
            let is_there = matches!(linked, Linked::Made | Linked::Replaced { .. } | Linked::AlreadyThere);
            let probe = if is_there { Some(self.probe(&shell).await) } else { None };
            let exposes_others = self.exposes_others(&shell);
            installed.push(InstalledShell { shell, linked, probe, exposes_others });
        }
        let options = Options::read(self.environment);
        let named = options.helper.as_ref().ok().cloned().flatten();
        let is_ours = named.as_deref() == Some(NAME);
        let known = Memory::read(&self.memory);
        // Installed a second time, we are what is used: what was before that still counts.
        let previous = if is_ours { known.clone().and_then(|memory| memory.previous_helper) } else { named };
        let memory = self.remember(known.unwrap_or_default(), previous.clone(), &installed);
        let persisted = match (memory, options.helper) {
            _ if !persist => Persisted::NotAsked,
            (_, Err(problem)) => Persisted::Unreadable(problem),
            (_, Ok(_)) if is_ours => Persisted::AlreadyOurs,
            (Err(error), _) => Persisted::NotRemembered(error),
            (Ok(()), Ok(_)) => self.persist(&installed).await,
        };
        Installed { shells: installed, persisted, previous }
    }

    /// Has the Shells use what they used before, and removes the links.
    pub async fn uninstall(&self) -> Uninstalled {
        let memory = Memory::read(&self.memory);
        let shells = self.shells();
        let restored = match Options::read(self.environment).helper {
            Err(problem) => Restored::Unreadable(problem),
            Ok(helper) if helper.as_deref() != Some(NAME) => Restored::NotOurs,
            Ok(_) => {
                let previous = memory.as_ref().and_then(|memory| memory.previous_helper.clone());
                match self.set_helper(shells.first(), previous.as_deref()).await {
                    Ok(()) => Restored::Done(previous),
                    Err(said) => Restored::Refused { said },
                }
            }
        };
        if matches!(restored, Restored::Refused { .. } | Restored::Unreadable(_)) {
            return Uninstalled { restored, links: Vec::new() };
        }
        let mut paths: Vec<PathBuf> = shells.iter().map(Shell::link).collect();
        paths.extend(memory.unwrap_or_default().links);
        paths.sort_unstable();
        paths.dedup();
        let links: Vec<_> = paths.into_iter().filter_map(|path| Some((path.clone(), self.unlink(&path)?))).collect();
        if links.iter().all(|(_, unlinked)| matches!(unlinked, Unlinked::Removed)) {
            // If it stays, the next installation writes it anew.
            let _ = links::remove(&self.memory);
        }
        Uninstalled { restored, links }
    }

    fn shells(&self) -> Vec<Shell> {
        shells::find(&self.search, self.environment)
    }

    fn link(&self, path: &Path) -> Linked {
        let (made, led_to) = match self.look(path) {
            Link::Ours => return Linked::AlreadyThere,
            Link::Occupied => return Linked::Occupied,
            Link::Unknown { reason } => return Linked::Failed(io::Error::other(reason)),
            Link::Absent => (links::make(&self.program, path), None),
            Link::Elsewhere { leads_to } => (links::replace(&self.program, path), Some(leads_to)),
        };
        outcome(made, led_to, &self.program, path)
    }

    fn look(&self, path: &Path) -> Link {
        match links::look(path) {
            Ok(Entry::Nothing) => Link::Absent,
            Ok(_) if FileIdentity::of(path).is_ok_and(|there| there == self.identity) => Link::Ours,
            Ok(Entry::Link(leads_to)) => Link::Elsewhere { leads_to },
            Ok(Entry::Other) => Link::Occupied,
            Err(error) => Link::Unknown { reason: error.to_string() },
        }
    }

    /// `None` for what is not ours to remove. A link of ours may lead to a version that is gone.
    fn unlink(&self, path: &Path) -> Option<Unlinked> {
        let is_ours = match self.look(path) {
            Link::Ours => matches!(links::look(path), Ok(Entry::Link(_))),
            Link::Elsewhere { leads_to } => leads_to == self.program || leads_to.file_name() == Some(NAME.as_ref()),
            Link::Absent | Link::Occupied | Link::Unknown { .. } => false,
        };
        is_ours.then(|| match links::remove(path) {
            Ok(()) => Unlinked::Removed,
            Err(error) if needs_root(&error) => Unlinked::NeedsRoot { command: format!("sudo rm {}", quoted(path)) },
            Err(error) => Unlinked::Failed(error),
        })
    }

    fn remember(&self, mut memory: Memory, previous: Option<String>, installed: &[InstalledShell]) -> io::Result<()> {
        memory.previous_helper = previous;
        for link in installed.iter().filter(|one| one.probe.is_some()).map(|one| one.shell.link()) {
            if !memory.links.contains(&link) {
                memory.links.push(link);
            }
        }
        if installed.is_empty() { Ok(()) } else { memory.write(&self.memory) }
    }

    async fn persist(&self, installed: &[InstalledShell]) -> Persisted {
        let is_good = |one: &InstalledShell| one.probe.as_ref().is_some_and(Probe::is_good);
        let Some(first) = installed.first() else { return Persisted::Withheld };
        if !installed.iter().all(is_good) {
            return Persisted::Withheld;
        }
        match self.set_helper(Some(&first.shell), Some(NAME)).await {
            Ok(()) => Persisted::Done,
            Err(said) => Persisted::Refused { executable: first.shell.executable.clone(), said },
        }
    }

    /// Asks a Shell to keep this as its helper, or its own default.
    async fn set_helper(&self, shell: Option<&Shell>, helper: Option<&str>) -> Result<(), String> {
        let Some(shell) = shell else { return Err("no MySQL Shell was found".to_owned()) };
        let program = Program::new(&shell.executable, self.environment).time_limit(SHELL_LIMIT);
        let program = program.argument("--").argument("shell").argument("options");
        let program = match helper {
            Some(name) => program.argument("set-persist").argument(OPTION).argument(name),
            None => program.argument("unset-persist").argument(OPTION),
        };
        match program.capture().await {
            Ok(captured) if captured.status.success() => Ok(()),
            Ok(captured) => Err(first_line(&captured)),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn probe(&self, shell: &Shell) -> Probe {
        match Program::new(shell.link(), self.environment).argument("version").capture().await {
            Ok(captured) if captured.status.success() => Probe::Answers { version: first_line(&captured) },
            Ok(captured) => Probe::Fails { said: first_line(&captured) },
            Err(error) => Probe::NotRun(error),
        }
    }

    /// Whether everybody's Shell looks for helpers there, and this program can be changed by somebody who is not root.
    fn exposes_others(&self, shell: &Shell) -> bool {
        let is_roots =
            |path: &Path| links::resolve(path).and_then(|path| links::is_roots_alone(&path)).unwrap_or(false);
        is_roots(&shell.executable) && !is_roots(&self.program)
    }
}

fn outcome(made: io::Result<()>, led_to: Option<PathBuf>, program: &Path, path: &Path) -> Linked {
    let flags = if led_to.is_some() { "-sfn" } else { "-s" };
    match (made, led_to) {
        (Ok(()), None) => Linked::Made,
        (Ok(()), Some(led_to)) => Linked::Replaced { led_to },
        (Err(error), _) if needs_root(&error) => {
            Linked::NeedsRoot { command: format!("sudo ln {flags} {} {}", quoted(program), quoted(path)) }
        }
        (Err(error), _) => Linked::Failed(error),
    }
}

fn needs_root(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// What a program said first, on either stream.
fn first_line(captured: &Captured) -> String {
    let lines = [&captured.stdout, &captured.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    lines.iter().flat_map(|text| text.lines()).map(one_line).find(|line| !line.is_empty()).unwrap_or_default()
}

/// A path as one word of a POSIX shell.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte));
    if is_plain && !text.is_empty() { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_root_is_a_command_to_run() {
        use io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem};
        let (program, path) = (Path::new("/home/a b/rdsconn"), Path::new("/usr/bin/mysql-secret-store-rdsconn"));
        let fresh = "sudo ln -s '/home/a b/rdsconn' /usr/bin/mysql-secret-store-rdsconn";
        let stale = "sudo ln -sfn '/home/a b/rdsconn' /usr/bin/mysql-secret-store-rdsconn";
        for (kind, led_to, expected) in [
            (PermissionDenied, None, Some(fresh)),
            (ReadOnlyFilesystem, None, Some(fresh)),
            (PermissionDenied, Some(PathBuf::from("/gone")), Some(stale)),
            (NotFound, None, None),
        ] {
            let command = match outcome(Err(kind.into()), led_to, program, path) {
                Linked::NeedsRoot { command } => Some(command),
                _ => None,
            };
            assert_eq!(command.as_deref(), expected, "{kind:?}");
        }
    }

    #[test]
    fn paths_are_one_word() {
        for (path, expected) in [
            ("/usr/bin/mysql-secret-store-rdsconn", "/usr/bin/mysql-secret-store-rdsconn"),
            ("/My Apps/x", "'/My Apps/x'"),
            ("/it's/$(x)", r"'/it'\''s/$(x)'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(Path::new(path)), expected);
        }
    }
}
