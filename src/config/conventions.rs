//! Loads the user's folder of conventions: every file is read, checked and tested, on as many threads as help.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::Path;
use std::thread;

use crate::os::files::{FileError, TrustedFolder};
use crate::target::{Convention, ConventionLayer, Fault};

use super::error::ConfigError;

/// The largest convention file; the pattern itself has a smaller limit.
pub(super) const CONVENTION_LIMIT: u64 = 4 << 20;
/// Below this many files a thread costs more than it saves.
const FILES_A_THREAD: usize = 16;

/// All conventions of a folder, by name. None if the folder does not exist. One broken file is an error: what it was meant
/// to say about a name is not known.
pub(super) fn load(folder: &Path) -> Result<Vec<Convention>, ConfigError> {
    let Some(folder) = TrustedFolder::open(folder)? else { return Ok(Vec::new()) };
    let names = folder.names("toml")?;
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(names.len() / FILES_A_THREAD).max(1);
    let share = names.len().div_ceil(threads).max(1);
    let mut loads: Vec<Load> = Vec::new();
    thread::scope(|scope| {
        let mut shares = names.chunks(share);
        let first = shares.next();
        let others: Vec<_> = shares.map(|names| scope.spawn(|| Load::of(&folder, names))).collect();
        loads.extend(first.map(|names| Load::of(&folder, names)));
        // A thread that died could not say what its files hold: that must not pass for "no files".
        loads.extend(
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
        );
    });
    let mut all = Load::default();
    for load in loads {
        all.conventions.extend(load.conventions);
        all.faults.extend(load.faults);
        all.error = all.error.or(load.error);
    }
    match all {
        Load { error: Some(error), .. } => Err(error.into()),
        Load { conventions, faults, .. } if faults.is_empty() => Ok(conventions),
        Load { faults, .. } => Err(ConfigError::Faults { faults }),
    }
}

/// What came of a share of the files.
#[derive(Default)]
struct Load {
    conventions: Vec<Convention>,
    faults: Vec<Fault>,
    error: Option<FileError>,
}

impl Load {
    fn of(folder: &TrustedFolder, names: &[OsString]) -> Self {
        let mut load = Self::default();
        for name in names {
            match folder.read(name, CONVENTION_LIMIT) {
                Ok(Some(text)) => match Convention::parse(&folder.path().join(name), ConventionLayer::User, &text) {
                    Ok(convention) => load.conventions.push(convention),
                    Err(mut faults) => load.faults.append(&mut faults),
                },
                // Removed since the folder was listed.
                Ok(None) => {}
                Err(error) => {
                    load.error = Some(error);
                    break;
                }
            }
        }
        load
    }
}
