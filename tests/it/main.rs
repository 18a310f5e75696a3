//! The one integration-test binary: a single link of the whole dependency tree instead of one for each area.

#![expect(clippy::disallowed_methods, reason = "tests have their own files and programs, outside the program's rooms")]

mod bastion;
mod bastion_config;
mod completions;
mod layering;
mod listener;
mod query;
mod stage;
mod terminal;
mod terminal_questions;
