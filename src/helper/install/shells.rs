//! Finds every MySQL Shell of this machine, and the folder in which each looks for helpers.

use std::path::{Path, PathBuf};

use crate::helper::command::{NAME, PREFIX};
use crate::os::{Environment, links};

/// What the program is called.
const PROGRAM: &str = "mysqlsh";
/// Where packages put it, beside the folders of `PATH`.
const USUAL_FOLDERS: [&str; 7] = [
    "/usr/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/home/linuxbrew/.linuxbrew/bin",
    "/usr/local/mysql-shell/bin",
    "/opt/mysql-shell/bin",
    "/usr/local/mysql/bin",
];

/// Which Shells are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// All of `PATH` and of the usual folders.
    Everywhere,
    /// These programs, or links to them.
    Only(Vec<PathBuf>),
}

/// One MySQL Shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    /// Where it was found, links as they are; more than one if several lead to it.
    pub found_at: Vec<PathBuf>,
    /// The program itself.
    pub executable: PathBuf,
    /// A wrapper: the Shell itself is elsewhere, and looks for helpers there.
    pub is_script: bool,
}

impl Shell {
    /// Where our link belongs.
    pub fn link(&self) -> PathBuf {
        self.executable.with_file_name(format!("{PREFIX}{NAME}"))
    }
}

/// Finds them, in the order of the search, each once.
pub(super) fn find(search: &Search, environment: &Environment) -> Vec<Shell> {
    let candidates = match search {
        Search::Only(paths) => paths.clone(),
        Search::Everywhere => {
            let path = environment.path("PATH").unwrap_or_default();
            let named = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
            named.chain(USUAL_FOLDERS.map(PathBuf::from)).map(|folder| folder.join(PROGRAM)).collect()
        }
    };
    let mut shells: Vec<Shell> = Vec::new();
    for candidate in candidates {
        let Some(shell) = resolve(&candidate) else { continue };
        match shells.iter_mut().find(|known| known.executable == shell.executable) {
            Some(known) if known.found_at.contains(&candidate) => {}
            Some(known) => known.found_at.push(candidate),
            None => shells.push(shell),
        }
    }
    shells
}

/// `None` for what is not there, and for a link to another program, such as the one that starts snaps.
fn resolve(candidate: &Path) -> Option<Shell> {
    let executable = links::resolve(candidate).ok()?;
    let is_shell = executable.file_name()?.to_str()?.starts_with(PROGRAM);
    let is_script = links::is_script(&executable).ok()?;
    is_shell.then(|| Shell { found_at: vec![candidate.to_owned()], executable, is_script })
}
