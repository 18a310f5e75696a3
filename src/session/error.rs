//! Why a target could not be opened, by the stage that failed.

use std::io;

/// Why a target could not be opened. `T`, `D` and `E` are the errors of the password provider, the dialer and the executor.
#[derive(Debug, thiserror::Error)]
pub enum Error<T, D, E> {
    /// No token, no password.
    #[error(transparent)]
    Password(T),
    /// The bastion or the way from it to the database.
    #[error(transparent)]
    Dial(D),
    /// No loopback port for the tunnel.
    #[error("no loopback port can be opened for the tunnel")]
    Listener(#[source] io::Error),
    /// The login.
    #[error(transparent)]
    Login(E),
}
