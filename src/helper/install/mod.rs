//! Puts the helper beside every MySQL Shell, has the Shell use it, and undoes both.
//!
//! The Shell looks for helpers in the folder of its own executable, links resolved, and nowhere else; which one it uses is an
//! option that it keeps in `options.json`, one file for all Shells of a user. That file is only read here: it is changed
//! through the Shell itself. A Shell that is told to use a helper which is not beside it complains at every start, so the
//! option is set last and taken back first.

mod memory;
mod options;
mod shells;
mod steps;

use std::path::PathBuf;

pub use options::{ChosenBy, Options, OptionsProblem, VARIABLE};
pub use shells::{Search, Shell};
pub use steps::Installer;

use crate::os::ProgramError;

/// What stands where the helper's link belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nothing.
    Absent,
    /// A way to the program that is running.
    Ours,
    /// A link to something else, or to nothing any more.
    Elsewhere {
        /// Its text.
        leads_to: PathBuf,
    },
    /// No link, and not this program: it is left alone.
    Occupied,
    /// It cannot be looked at.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// What the helper beside a Shell says to `version`, on which alone the Shell decides whether to use it.
#[derive(Debug)]
pub enum Probe {
    /// It ended with 0, and said this.
    Answers {
        /// First line.
        version: String,
    },
    /// It ended otherwise.
    Fails {
        /// First line.
        said: String,
    },
    /// It could not be run.
    NotRun(ProgramError),
}

impl Probe {
    /// Whether the Shell would use it.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Answers { .. })
    }
}

/// One Shell, as it is now.
#[derive(Debug)]
pub struct ShellStatus {
    /// Which.
    pub shell: Shell,
    /// What stands where our helper belongs.
    pub link: Link,
    /// What it says, if it is there.
    pub probe: Option<Probe>,
}

/// All there is to say about the present state.
#[derive(Debug)]
pub struct Status {
    /// Every Shell found.
    pub shells: Vec<ShellStatus>,
    /// The Shells' own setting.
    pub options: Options,
    /// Who decides which helper is used, and what is used.
    pub chosen: ChosenBy,
    /// What was used before us, if we were installed: `Some(None)` is the Shell's own default.
    pub remembered: Option<Option<String>>,
}

/// What became of one Shell's link.
#[derive(Debug)]
pub enum Linked {
    /// It was made.
    Made,
    /// It was there, and led elsewhere.
    Replaced {
        /// What it led to.
        led_to: PathBuf,
    },
    /// It was there.
    AlreadyThere,
    /// Only root may write there.
    NeedsRoot {
        /// What to run, quoted for a shell.
        command: String,
    },
    /// Something that is not ours stands there.
    Occupied,
    /// The system refused.
    Failed(std::io::Error),
}

/// One Shell, after `install`.
#[derive(Debug)]
pub struct InstalledShell {
    /// Which.
    pub shell: Shell,
    /// What became of the link.
    pub linked: Linked,
    /// What the helper there says, if it is there.
    pub probe: Option<Probe>,
    /// Every user's Shell runs what stands in this folder, and this program is one that you, or your group, can change.
    pub exposes_others: bool,
}

/// What became of the Shell's setting.
#[derive(Debug)]
pub enum Persisted {
    /// The Shells use us from now on.
    Done,
    /// They did already.
    AlreadyOurs,
    /// It was not asked for.
    NotAsked,
    /// Some Shell has no working helper of ours beside it, and would complain at each start.
    Withheld,
    /// `options.json` cannot be understood, so that nobody could put it back.
    Unreadable(OptionsProblem),
    /// What was used before could not be written down.
    NotRemembered(std::io::Error),
    /// The Shell did not do it.
    Refused {
        /// Which Shell.
        executable: PathBuf,
        /// What it said, or why it was not run.
        said: String,
    },
}

/// After `install`.
#[derive(Debug)]
pub struct Installed {
    /// Every Shell found; nothing was done if there is none.
    pub shells: Vec<InstalledShell>,
    /// The Shell's setting.
    pub persisted: Persisted,
    /// The helper that was used before us, to be offered as the delegate. `None`: the Shell's default, which is the delegate
    /// without being named.
    pub previous: Option<String>,
}

/// What became of the Shell's setting at the end.
#[derive(Debug)]
pub enum Restored {
    /// The Shells use this helper again; `None` is their own default.
    Done(Option<String>),
    /// They use something else than us already.
    NotOurs,
    /// `options.json` cannot be understood.
    Unreadable(OptionsProblem),
    /// No Shell could be asked to do it, or the Shell refused. The links are left: a Shell that is told to use what is not
    /// there complains.
    Refused {
        /// What the Shell said, or that there is none.
        said: String,
    },
}

/// What became of one link at the end.
#[derive(Debug)]
pub enum Unlinked {
    /// It is gone.
    Removed,
    /// Only root may.
    NeedsRoot {
        /// What to run, quoted for a shell.
        command: String,
    },
    /// The system refused.
    Failed(std::io::Error),
}

/// After `uninstall`.
#[derive(Debug)]
pub struct Uninstalled {
    /// The Shell's setting.
    pub restored: Restored,
    /// Every link of ours that was found.
    pub links: Vec<(PathBuf, Unlinked)>,
}

#[cfg(test)]
mod tests;
