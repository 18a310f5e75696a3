//! What can go wrong between the files and a target. Facts only.

use std::path::PathBuf;

use crate::os::files::FileError;
use crate::target::{Fault, Field, LayerError, MatchFailure, Shown};

/// Why the settings cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read or is not to be trusted.
    #[error(transparent)]
    File(#[from] FileError),
    /// Files are not right. Never empty; sorted by file and place.
    #[error("{}{}", faults.first().map(ToString::to_string).unwrap_or_default(), Further(faults.len()))]
    Faults {
        /// All that was found.
        faults: Vec<Fault>,
    },
    /// A variable of ours is not UTF-8.
    #[error("the variable {name} is not UTF-8")]
    Variable {
        /// Its name.
        name: String,
    },
}

struct Further(usize);

impl std::fmt::Display for Further {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 | 1 => Ok(()),
            count => write!(f, " (and {} more)", count - 1),
        }
    }
}

/// Why a host name gives no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No hosts entry, no convention, no endpoint by flag or variable.
    #[error("no hosts entry and no convention knows {}", Shown(.host))]
    NothingMatches {
        /// The name.
        host: String,
        /// Hosts entries that look like it, the most alike first.
        alike: Vec<String>,
        /// How many conventions of the user there are.
        convention_count: usize,
        /// How many hosts entries there are.
        host_count: usize,
    },
    /// Something knows the name, but nothing says what its endpoint is.
    #[error("{} is known, but nothing says what its endpoint is", Shown(.host))]
    NoEndpoint {
        /// The name.
        host: String,
        /// The files that know it.
        known_by: Vec<PathBuf>,
        /// Conventions that match but were left out because their lookup failed.
        failed: Vec<MatchFailure>,
    },
    /// A convention matches and a lookup or a value in it fails.
    #[error(transparent)]
    Convention(Box<MatchFailure>),
    /// Two conventions of the user match and give different targets.
    #[error(transparent)]
    Ambiguous(Box<Ambiguity>),
    /// The values contradict each other or one is not allowed.
    #[error(transparent)]
    Layers(LayerError),
}

/// Two conventions of the user match one name and give different targets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} means two different things: the conventions {} and {} differ in {}", Shown(host), first.name, second.name,
    differences.iter().map(|difference| difference.field.name()).collect::<Vec<_>>().join(", "))]
pub struct Ambiguity {
    /// The name.
    pub host: String,
    /// One convention.
    pub first: Candidate,
    /// The other.
    pub second: Candidate,
    /// The fields in which they differ.
    pub differences: Vec<Difference>,
}

/// A convention that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
}

/// A field in which two targets differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field.
    pub field: Field,
    /// By the first convention.
    pub first: Option<String>,
    /// By the second.
    pub second: Option<String>,
}
