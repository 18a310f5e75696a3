//! From files, environment and flags to [`Settings`], and from a host name to its target with an origin for each field.
//!
//! Reads files through `os::files` only, writes none but the starter files, and asks neither network nor terminal. Nothing
//! is looked up in the working directory.

mod built_in;
mod checks;
mod conventions;
mod error;
mod hosts;
mod overrides;
mod resolve;
mod sections;
mod settings;
mod starter;
mod yaml;

pub use checks::{CheckError, CheckedFile, check_conventions};
pub use error::{Ambiguity, Candidate, ConfigError, Difference, ResolveError};
pub use overrides::Overrides;
pub use resolve::Resolution;
pub use sections::{Cache, ClientRecipe, Delegate, Helper, Ssh};
pub use settings::{Location, Settings};
pub use starter::{Created, write_starter};
