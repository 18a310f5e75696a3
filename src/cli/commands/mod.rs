//! One file for each command. A command takes what was typed, joins the rooms it needs, and prints.

pub(super) mod cache;
pub(super) mod conventions;
pub(super) mod credential;
pub(super) mod exec;
pub(super) mod explain;
pub(super) mod generated;
pub(super) mod helper;
pub(super) mod query;
pub(super) mod token;
pub(super) mod tunnel;
