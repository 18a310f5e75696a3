//! The operating system: environment, private files, programs, terminal. The ground floor: any room may stand on it.
//!
//! The only room that reads the environment and the file system or starts a program. It knows nothing of databases.

mod environment;
mod programs;
mod whole_files;

pub use environment::Environment;
pub use programs::{Captured, Program, ProgramError};
pub use whole_files::{WholeFile, append_line};
