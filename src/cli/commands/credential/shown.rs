//! What is stored, without its secrets: for people and for scripts.

use serde_json::{Value, json};

use crate::cli::credentials::Credentials;
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::credential::{Listed, Record};
use crate::query::escape_for_terminal;

/// In the place of a secret. Says nothing about its length.
const MASK: &str = "****************";

/// `rdsconn credential list`. One that cannot be read does not hide the others; the command fails with it in the end.
pub(super) fn list(credentials: &Credentials, json: bool, printer: Printer) -> Result<(), Failure> {
    let listed = credentials.vault.records().map_err(Report::from)?;
    if json {
        let entries: Vec<Value> = listed.iter().map(|one| as_json(credentials, one)).collect();
        printer.data(&format!("{:#}\n", Value::from(entries))).map_err(Failure::Output)?;
    } else {
        let records: Vec<&Record> = listed.iter().filter_map(|one| one.record.as_ref().ok()).collect();
        if listed.is_empty() {
            printer.remark("no credential is stored");
        }
        printer.lines(&table(&records)).map_err(Failure::Output)?;
    }
    match listed.into_iter().find_map(|one| one.record.err()) {
        Some(error) => Err(Report::from(&error).into()),
        None => Ok(()),
    }
}

/// `rdsconn credential show`.
pub(super) fn show(credentials: &Credentials, name: &str, json: bool, printer: Printer) -> Result<(), Failure> {
    let record = credentials.record(name)?;
    if json {
        let object = record_as_json(credentials, &record);
        return printer.data(&format!("{object:#}\n")).map_err(Failure::Output);
    }
    let place = match credentials.vault.sealed_path(&record) {
        Some(path) => path.display().to_string(),
        None => "the keyring".to_owned(),
    };
    let mut lines = vec![
        ("name", record.name.to_string()),
        ("description", record.description.to_string()),
        ("region", record.region.as_str().to_owned()),
        ("access key id", record.access_key_id.clone()),
        ("secret access key", MASK.to_owned()),
    ];
    if record.is_temporary() {
        lines.push(("session token", MASK.to_owned()));
    }
    lines.extend([("stored", record.created.clone()), ("in", place)]);
    let line =
        |(label, text): &(&str, String)| format!("{label:<18} {}", escape_for_terminal(text)).trim_end().to_owned();
    printer.lines(&lines.iter().map(line).collect::<Vec<_>>()).map_err(Failure::Output)
}

fn table(records: &[&Record]) -> Vec<String> {
    let row = |record: &&Record| {
        [
            record.name.to_string(),
            record.region.as_str().to_owned(),
            record.access_key_id.clone(),
            record.store.word().to_owned(),
            record.description.to_string(),
        ]
    };
    let rows: Vec<[String; 5]> = records.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths = [0, 1, 2, 3].map(width);
    let line = |[name, region, id, store, description]: &[String; 5]| {
        let [a, b, c, d] = widths;
        let description = escape_for_terminal(description);
        format!("{name:<a$}  {region:<b$}  {id:<c$}  {store:<d$}  {description}").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn as_json(credentials: &Credentials, listed: &Listed) -> Value {
    match &listed.record {
        Ok(record) => record_as_json(credentials, record),
        Err(error) => json!({ "name": listed.name.as_str(), "error": error.to_string() }),
    }
}

fn record_as_json(credentials: &Credentials, record: &Record) -> Value {
    json!({
        "name": record.name.as_str(),
        "description": record.description.to_string(),
        "region": record.region.as_str(),
        "access_key_id": record.access_key_id,
        "temporary": record.is_temporary(),
        "stored": record.created,
        "store": record.store.word(),
        "file": credentials.vault.sealed_path(record).map(|path| path.display().to_string()),
    })
}
