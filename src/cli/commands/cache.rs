//! `rdsconn cache list|clear`: what is kept for the next command.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::cache::{Kept, Place};
use crate::cli::arguments::CacheCommand;
use crate::cli::context::Context;
use crate::cli::printer::Printer;
use crate::cli::report::Failure;
use crate::os::{Environment, timestamp};

/// Runs the command.
pub(crate) fn run(command: &CacheCommand, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    match command {
        CacheCommand::List { json, common } => {
            let kept = Context::load(common, environment, printer)?.cache().list(SystemTime::now());
            if *json {
                let entries: Vec<Value> = kept.iter().map(as_json).collect();
                return printer.data(&format!("{:#}\n", Value::from(entries))).map_err(Failure::Output);
            }
            if kept.is_empty() {
                printer.remark("no token is kept");
            }
            let lines: Vec<String> = kept.iter().map(as_line).collect();
            printer.lines(&lines).map_err(Failure::Output)
        }
        CacheCommand::Clear { common } => {
            let count = Context::load(common, environment, printer)?.cache().clear();
            printer.remark(&format!("removed {count} {}", if count == 1 { "token" } else { "tokens" }));
            Ok(())
        }
    }
}

fn as_line(kept: &Kept) -> String {
    let Kept { endpoint, region, user, not_after, identity, place } = kept;
    let place = place_words(place);
    format!("{user}@{endpoint} {region} until {} in {place} (identity {identity})", timestamp(*not_after))
}

fn as_json(kept: &Kept) -> Value {
    json!({
        "user": kept.user,
        "endpoint": kept.endpoint.to_string(),
        "region": kept.region,
        "expires": timestamp(kept.not_after),
        "identity": kept.identity,
        "place": place_words(&kept.place),
    })
}

fn place_words(place: &Place) -> String {
    match place {
        Place::Keyring => "the kernel's keyring".to_owned(),
        Place::Folder(path) => path.display().to_string(),
    }
}
