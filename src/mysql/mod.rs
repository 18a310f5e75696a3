//! MySQL: the login gate, the roots it trusts, statements and their values.
//!
//! The only room that names mysql_async, and the only one that decides which TLS roots count. It neither prints nor prompts.

mod error;
mod gate;
mod session;
mod trust;
mod values;

pub use error::{CertificateFault, Error, ServerFault};
pub use gate::Gate;
pub use session::Session;
