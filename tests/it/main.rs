//! The one integration-test binary: a single link of the whole dependency tree instead of one for each area.

#![expect(clippy::disallowed_methods, reason = "tests have their own files and programs, outside the program's rooms")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong in a test's preparations is the test's failure"
)]
#![expect(clippy::print_stderr, reason = "what is skipped is said loudly")]

mod auth_password;
mod auth_secret;
mod bad_input;
mod bastion;
mod bastion_config;
mod cases;
mod child;
mod client_cases;
mod clients;
mod completions;
mod conventions;
mod credential;
mod credential_cases;
mod credential_keyring;
mod credential_routes;
mod credential_terminal;
mod credentials;
mod data_api;
mod exec;
mod exec_flavours;
mod exec_hostile;
mod exec_programs;
mod exec_reconnect;
mod exec_secrets;
mod exec_status;
mod exec_terminal;
mod exec_user_files;
mod exit_codes;
mod explain;
mod helper_install;
mod hostile;
#[path = "../../src/helper/server_url/tests/hostile.rs"]
mod hostile_urls;
mod injection;
mod interrupt;
mod layering;
mod listener;
mod messages;
mod password_cases;
mod query;
mod secrets;
mod secrets_manager;
mod shell_helper;
mod shell_helper_delegate;
mod shell_helper_input;
mod shell_helper_live;
mod stage;
mod support;
mod terminal;
mod terminal_questions;
mod token;
mod token_cache;
mod tunnel;
mod tunnel_hostile;
mod tunnel_like_ssh;
