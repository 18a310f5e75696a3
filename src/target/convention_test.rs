//! The `[[test]]` cases of a convention: what they say and whether it holds.

use regex::bytes::Regex;

use super::convention::{Convention, Match, MatchFailure};
use super::document::{Content, Entry};
use super::fault::Problem;
use super::fields::{FieldReader, WrittenField};
use super::host::HostName;
use super::layers::{FieldValues, Layers};
use super::model::Field;
use super::value::Shown;

/// One `[[test]]`.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) offset: usize,
    pub(super) host: HostName,
    pub(super) matches: bool,
    expected: Vec<WrittenField>,
}

/// Why a case does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestFailure {
    /// It must match and does not.
    #[error("the test host {host:?} must match, and does not")]
    NoMatch {
        /// The host of the case.
        host: String,
    },
    /// It must not match and does.
    #[error("the test host {host:?} must not match, and does")]
    UnwantedMatch {
        /// The host of the case.
        host: String,
    },
    /// It matches, but what it gives is of no use.
    #[error("the test host {host:?} matches, but {failure}")]
    Failed {
        /// The host of the case.
        host: String,
        /// Why.
        failure: Box<MatchFailure>,
    },
    /// A field is not what the case says.
    #[error("the test host {host:?} gives {} {}, expected {}", field.name(), found.as_deref().map_or("nothing".to_owned(), |text| Shown(text).to_string()), Shown(.expected))]
    Field {
        /// The host of the case.
        host: String,
        /// The field.
        field: Field,
        /// What the case says.
        expected: String,
        /// What came out.
        found: Option<String>,
    },
}

impl Case {
    pub(super) fn read(reader: &mut FieldReader<'_>, offset: usize, lines: &[Entry]) -> Option<Self> {
        let fault_count = reader.faults.len();
        let (mut host, mut matches, mut expected, mut seen) = (None, true, Vec::new(), Vec::new());
        for line in lines {
            match (line.key.as_str(), &line.value.content) {
                ("host", _) => host = reader.string(line).and_then(|text| test_host(reader, line, text)),
                ("match", Content::Boolean(value)) => matches = *value,
                ("match", _) => reader.refuse_kind("match", &line.value, "true or false"),
                (key, _) if Field::named(key).is_none() => reader.refuse_key(line, &["host", "match"]),
                _ => expected.extend(reader.field(line, &mut seen)),
            }
        }
        if host.is_none() && reader.faults.len() == fault_count {
            reader.refuse(offset, Problem::MissingKey { key: "host", section: reader.section.clone() });
        }
        Some(Self { offset, host: host?, matches, expected })
    }
}

fn test_host(reader: &mut FieldReader<'_>, line: &Entry, text: &str) -> Option<HostName> {
    match HostName::parse(text) {
        Ok(host) => Some(host),
        Err(problem) => {
            let problem = Problem::Value { key: "host".to_owned(), value: text.to_owned(), problem };
            reader.refuse(line.value.offset, problem);
            None
        }
    }
}

/// Runs one case. A lookup without the key counts as "does not match": the name resolves to nothing by this file.
pub(super) fn run(convention: &Convention, regex: &Regex, case: &Case) -> Result<(), TestFailure> {
    let host = || case.host.to_string();
    match (convention.apply_with(regex, &case.host), case.matches) {
        (Match::No | Match::Failed(MatchFailure::UnknownKey { .. }), false) => Ok(()),
        (Match::Yes(_) | Match::Failed(_), false) => Err(TestFailure::UnwantedMatch { host: host() }),
        (Match::No, true) => Err(TestFailure::NoMatch { host: host() }),
        (Match::Failed(failure), true) => Err(TestFailure::Failed { host: host(), failure: Box::new(failure) }),
        (Match::Yes(fields), true) => case.expected.iter().try_for_each(|expected| {
            let found = outcome(&fields, expected.field);
            if found.as_deref() == Some(expected.text.as_str()) {
                return Ok(());
            }
            let (field, expected) = (expected.field, expected.text.clone());
            Err(TestFailure::Field { host: host(), field, expected, found })
        }),
    }
}

/// A field as the convention gives it, or as it follows from what the convention gives, such as the default port.
fn outcome(fields: &FieldValues, field: Field) -> Option<String> {
    if let Some(sourced) = fields.get(&field) {
        return Some(sourced.text.clone());
    }
    let layers = Layers { stated: vec![fields], general: Vec::new() };
    layers.assemble(None).ok().and_then(|assembled| assembled.target.text(field))
}
