//! The operating system: environment, files, programs, sockets, signals, terminal. The ground floor: any room may stand on it.
//!
//! The only room that reads the environment and the file system or starts a program. It knows nothing of databases.

mod child;
mod clock;
mod descriptor_limit;
mod environment;
mod file_identity;
pub mod files;
mod handed_descriptor;
mod harden;
pub mod keyring;
#[cfg(target_os = "linux")]
pub mod launcher;
pub mod links;
mod option_files;
mod option_pipe;
mod other_helper;
mod port_owner;
mod private_folder;
pub mod private_socket;
mod programs;
mod request_input;
mod run_folder;
pub mod signals;
mod socket_file;
mod socket_owner;
pub mod terminal;
mod whole_files;

pub use child::{Child, ChildEnd, ChildError, ChildProgram, check_program};
pub use clock::timestamp;
pub use descriptor_limit::raise_descriptor_limit;
pub use environment::Environment;
pub use file_identity::FileIdentity;
pub use handed_descriptor::{HandedDescriptor, HandedError};
pub use harden::harden_process;
pub use option_files::{option_file, option_files_in};
pub use option_pipe::{OptionPipe, PrivateText};
pub use other_helper::{Said, run_in_our_place};
pub use port_owner::{PortOwner, port_owner};
pub use private_folder::{LockFile, PrivateFileError, PrivateFolder, PrivateFolderError, read_private};
pub use programs::{Captured, Lookup, Program, ProgramError, is_secret_variable};
pub use request_input::RequestInput;
pub use run_folder::{RunFolder, RunFolderError};
pub use socket_file::{PrivateSocket, PrivateSocketError};
pub use socket_owner::{SocketOwner, socket_owner};
pub use whole_files::{WholeFile, append_line};

/// Reads a file that anybody may have written, such as a CA bundle. Private files go through their own checks.
#[expect(clippy::disallowed_methods, reason = "this is the one place for plain reads")]
pub fn read_file(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// Opens a file that the user named, to be read in pieces.
#[expect(clippy::disallowed_methods, reason = "this is the one place for plain reads")]
pub fn open_file(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    std::fs::File::open(path)
}

/// Stdout as a plain file, without the standard library's buffer: results come in large pieces of their own.
pub fn stdout() -> std::io::Result<std::fs::File> {
    use std::os::fd::AsFd as _;
    Ok(std::fs::File::from(std::io::stdout().as_fd().try_clone_to_owned()?))
}
