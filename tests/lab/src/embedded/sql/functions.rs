//! MySQL's functions that the SQL engine lacks, or that it has under the same name with another meaning.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::session::{Identity, Warning};
use super::types::by_value;
use crate::embedded::processes::Process;
use crate::wire::lock;

/// What functions can see of their session.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) identity: Arc<Identity>,
    pub(super) process: Arc<Process>,
    pub(super) database: Arc<Mutex<Option<String>>>,
    pub(super) warnings: Arc<Mutex<Vec<Warning>>>,
}

const PURE: FunctionFlags = FunctionFlags::SQLITE_UTF8.union(FunctionFlags::SQLITE_DETERMINISTIC);

pub(super) fn register(connection: &Connection, around: &Surroundings) -> Result<()> {
    connection.create_collation("by_value", by_value)?;
    session(connection, around)?;
    text(connection)?;
    geometry(connection)?;
    numbers(connection, around)
}

fn session(connection: &Connection, around: &Surroundings) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8;
    let identity = &around.identity;
    let user = format!("{}@{}", identity.user, identity.host);
    let account = format!("{}@%", identity.user);
    for (name, value) in [
        ("user", user.clone()),
        ("session_user", user.clone()),
        ("system_user", user),
        ("current_user", account),
        ("version", identity.version.clone()),
    ] {
        connection.create_scalar_function(name, 0, flags, move |_| Ok(value.clone()))?;
    }
    let id = i64::from(identity.id);
    connection.create_scalar_function("connection_id", 0, flags, move |_| Ok(id))?;
    for name in ["database", "schema"] {
        let database = Arc::clone(&around.database);
        connection.create_scalar_function(name, 0, flags, move |_| Ok(lock(&database).clone()))?;
    }
    let process = Arc::clone(&around.process);
    connection.create_scalar_function("sleep", 1, flags, move |context| {
        let seconds: f64 = context.get(0)?;
        let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
        Ok(i64::from(process.sleep(time)))
    })
}

fn text(connection: &Connection) -> Result<()> {
    connection.create_scalar_function("concat", -1, PURE, |context| {
        let mut out = Vec::new();
        for index in 0..context.len() {
            match bytes(context, index) {
                Some(bytes) => out.extend_from_slice(&bytes),
                None => return Ok(Value::Null),
            }
        }
        Ok(match String::from_utf8(out) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Blob(error.into_bytes()),
        })
    })?;
    // In bytes here, in characters there.
    connection.create_scalar_function("length", 1, PURE, |context| {
        Ok(bytes(context, 0).and_then(|bytes| i64::try_from(bytes.len()).ok()))
    })?;
    connection.create_scalar_function("char_length", 1, PURE, |context| {
        let text = bytes(context, 0).map(|bytes| String::from_utf8_lossy(&bytes).chars().count());
        Ok(text.and_then(|count| i64::try_from(count).ok()))
    })?;
    connection.create_scalar_function("repeat", 2, PURE, |context| {
        let count = usize::try_from(context.get::<i64>(1)?).unwrap_or(0);
        Ok(bytes(context, 0).map(|bytes| String::from_utf8_lossy(&bytes).repeat(count)))
    })?;
    for (name, from_end) in [("take_left", false), ("take_right", true)] {
        connection.create_scalar_function(name, 2, PURE, move |context| {
            let Some(bytes) = bytes(context, 0) else { return Ok(None) };
            let wanted = usize::try_from(context.get::<i64>(1)?).unwrap_or(0);
            let text = String::from_utf8_lossy(&bytes);
            let skipped = if from_end { text.chars().count().saturating_sub(wanted) } else { 0 };
            Ok(Some(text.chars().skip(skipped).take(wanted).collect::<String>()))
        })?;
    }
    for (name, format) in
        [("now", "%Y-%m-%d %H:%M:%S"), ("utc_timestamp", "%Y-%m-%d %H:%M:%S"), ("curdate", "%Y-%m-%d")]
    {
        connection.create_scalar_function(name, -1, FunctionFlags::SQLITE_UTF8, move |_| Ok(formatted_now(format)))?;
    }
    Ok(())
}

fn numbers(connection: &Connection, around: &Surroundings) -> Result<()> {
    let warnings = Arc::clone(&around.warnings);
    connection.create_scalar_function("whole_number", 1, FunctionFlags::SQLITE_UTF8, move |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            #[expect(clippy::cast_possible_truncation, reason = "out of range is clamped, as MySQL does")]
            ValueRef::Real(number) => Value::Integer(number.round() as i64),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                let text = String::from_utf8_lossy(bytes).trim().to_owned();
                let digits = text.strip_prefix('-').unwrap_or(&text);
                let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
                if digits.is_empty() || end < digits.len() {
                    let message = format!("Truncated incorrect INTEGER value: '{text}'");
                    lock(&warnings).push(Warning { level: "Warning", code: 1292, message });
                }
                let whole = digits.get(..end).unwrap_or_default();
                let sign = if text.starts_with('-') { "-" } else { "" };
                match format!("{sign}{whole}").parse() {
                    Ok(number) => Value::Integer(number),
                    // Beyond a signed integer, the digits are kept as they are.
                    Err(_) if !whole.is_empty() => Value::Text(format!("{sign}{whole}")),
                    Err(_) => Value::Integer(0),
                }
            }
        })
    })?;
    connection.create_scalar_function("exact_number", 2, PURE, |context| {
        let scale = usize::try_from(context.get::<i64>(1)?).unwrap_or(0);
        Ok(match context.get_raw(0) {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Real(number) => Some(format!("{number:.scale$}")),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(cut(&String::from_utf8_lossy(bytes), scale)),
        })
    })
}

/// Points as MySQL keeps them: a reference system, then well-known binary, little-endian.
fn geometry(connection: &Connection) -> Result<()> {
    connection.create_scalar_function("point", 2, PURE, |context| {
        let mut bytes = vec![0, 0, 0, 0, 1, 1, 0, 0, 0];
        for index in 0..2 {
            let text = self::bytes(context, index).unwrap_or_default();
            let number: f64 = String::from_utf8_lossy(&text).parse().unwrap_or(0.0);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Ok(Value::Blob(bytes))
    })?;
    connection.create_scalar_function("st_astext", 1, PURE, |context| {
        let bytes = bytes(context, 0).unwrap_or_default();
        let coordinate = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(f64::from_le_bytes);
        Ok(coordinate(9).zip(coordinate(17)).map(|(x, y)| format!("POINT({x} {y})")))
    })
}

/// At most `scale` digits after the point.
fn cut(text: &str, scale: usize) -> String {
    match text.split_once('.') {
        Some((whole, _)) if scale == 0 => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{}", fraction.get(..scale).unwrap_or(fraction)),
        None => text.to_owned(),
    }
}

fn bytes(context: &Context<'_>, index: usize) -> Option<Vec<u8>> {
    match context.get_raw(index) {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into_bytes()),
        ValueRef::Real(number) => Some(number.to_string().into_bytes()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
    }
}

/// UTC, from the engine itself: its date functions need no calendar of ours.
fn formatted_now(format: &str) -> Option<String> {
    let connection = Connection::open_in_memory().ok()?;
    connection.query_row("SELECT strftime(?1, 'now')", [format], |row| row.get(0)).ok()
}
