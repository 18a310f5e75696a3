//! MySQL: the login gate, the roots it trusts, statements and their values.
//!
//! The only room that names mysql_async, and the only one that decides which TLS roots count. It neither prints nor prompts.

mod error;
mod gate;
mod inspect;
mod refusal;
mod session;
mod trust;
mod values;

pub use error::{CertificateFault, Error, ServerFault};
pub use gate::Gate;
pub use inspect::{Certificate, Inspection, greeting_objection, inspect, is_whole_greeting};
pub use refusal::refusal;
pub use session::Session;

/// The roots that a login trusts, in PEM form, for clients that are to trust the same ones.
pub fn trusted_roots(extra: Option<&std::path::Path>) -> Result<Vec<u8>, Error> {
    trust::roots(extra)
}
