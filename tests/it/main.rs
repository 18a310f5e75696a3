//! The one integration-test binary: a single link of the whole dependency tree instead of one for each area.

#![expect(clippy::disallowed_methods, reason = "tests have their own files and programs, outside the program's rooms")]
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what a test calls fails by panicking and says what was skipped, as the test itself does"
)]

mod bad_input;
mod cases;
mod completions;
mod conventions;
mod exit_codes;
mod explain;
mod injection;
mod layering;
mod messages;
mod secrets;
mod services;
mod support;
mod token;
