//! The operating system: environment, private files, programs, terminal. The ground floor: any room may stand on it.
//!
//! The only room that reads the environment and the file system or starts a program. It knows nothing of databases.

mod environment;
pub mod files;

pub use environment::Environment;
