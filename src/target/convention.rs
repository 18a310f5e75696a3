//! A convention: how a team's host names turn into targets. Matching and expanding; [`super::convention_file`] reads one
//! from its text, [`super::convention_test`] runs the cases in it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use regex::bytes::Regex;

use super::host::HostName;
use super::layers::{FieldValues, Origin, Sourced};
use super::model::Field;
use super::pattern::Pattern;
use super::shape::RdsShape;
use super::template::Template;
use super::value::{self, ValueProblem};

/// Who wrote a convention. A user's wins over a built-in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConventionLayer {
    /// From the user's folder.
    User,
    /// Compiled in.
    BuiltIn,
}

impl ConventionLayer {
    /// `user` or `built-in`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::BuiltIn => "built-in",
        }
    }
}

/// One convention file, checked.
#[derive(Debug)]
pub struct Convention {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) layer: ConventionLayer,
    pub(super) pattern: Pattern,
    pub(super) compiled: OnceLock<Option<Regex>>,
    pub(super) lookups: BTreeMap<String, Lookup>,
    pub(super) templates: Vec<FieldTemplate>,
    pub(super) test_count: usize,
    pub(super) warnings: Vec<Warning>,
}

/// `[lookup.NAME]`.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    pub(super) line: usize,
    pub(super) values: BTreeMap<String, String>,
}

/// One line of `[target]`.
#[derive(Debug, Clone)]
pub(super) struct FieldTemplate {
    pub(super) field: Field,
    pub(super) template: Template,
    pub(super) line: usize,
}

/// What `conventions check` remarks on in a file that is otherwise right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A capture that no template uses.
    #[error("the capture {name:?} is not used")]
    UnusedCapture {
        /// Its name.
        name: String,
        /// Line of the pattern.
        line: usize,
    },
    /// No case says what must not match.
    #[error("no [[test]] has match = false")]
    NoNegativeTest,
    /// No case says what must match.
    #[error("no [[test]] names a host that matches")]
    NoPositiveTest,
    /// Names are matched in lower case.
    #[error("the pattern asks for the upper-case letter {letter:?}, but names are matched in lower case")]
    UpperCase {
        /// The letter.
        letter: char,
        /// Line of the pattern.
        line: usize,
    },
}

/// What a convention says about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The pattern does not match.
    No,
    /// These fields.
    Yes(FieldValues),
    /// It matches, but gives nothing to use.
    Failed(MatchFailure),
}

/// Why a convention that matches a name gives no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchFailure {
    /// A lookup table lacks the captured key.
    #[error("[lookup.{name}] in {}:{line} has no {key:?}", path.display())]
    UnknownKey {
        /// Name of the capture and its table.
        name: String,
        /// What was captured.
        key: String,
        /// The keys there are.
        known: Vec<String>,
        /// The convention.
        path: PathBuf,
        /// Line of the table.
        line: usize,
    },
    /// A value is not allowed after expansion.
    #[error("{} {} from {origin} {problem}", field.name(), value::Shown(.value))]
    Value {
        /// The field.
        field: Field,
        /// The value after expansion.
        value: String,
        /// The convention and line.
        origin: Origin,
        /// What is wrong with it.
        problem: ValueProblem,
    },
}

impl Convention {
    /// The stem of the file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file; for a built-in one its path in the source.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Who wrote it.
    pub const fn layer(&self) -> ConventionLayer {
        self.layer
    }

    /// The pattern as written.
    pub fn pattern(&self) -> &str {
        self.pattern.text()
    }

    /// How many `[[test]]` cases it has.
    pub const fn test_count(&self) -> usize {
        self.test_count
    }

    /// What is worth a remark, though it does no harm.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Applies the convention to a name.
    pub fn apply(&self, host: &HostName) -> Match {
        if !self.pattern.may_match(host.as_str()) {
            return Match::No;
        }
        // It was compiled once when the file was loaded, so it compiles again.
        let Some(regex) = self.compiled.get_or_init(|| self.pattern.compile().ok()) else { return Match::No };
        self.apply_with(regex, host)
    }

    pub(super) fn apply_with(&self, regex: &Regex, host: &HostName) -> Match {
        let Some(captures) = regex.captures(host.as_str().as_bytes()) else { return Match::No };
        let mut values: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
        for name in regex.capture_names().flatten() {
            let caught = captures.name(name).map_or("", |caught| {
                // The name is ASCII, so every part of it is text.
                host.as_str().get(caught.range()).unwrap_or_default()
            });
            let value = match self.lookups.get(name) {
                None => (caught, false),
                Some(lookup) => match lookup.values.get(caught) {
                    Some(value) => (value.as_str(), true),
                    None => return Match::Failed(self.unknown_key(name, caught, lookup)),
                },
            };
            values.insert(name, value);
        }
        self.expand(&values)
    }

    fn unknown_key(&self, name: &str, key: &str, lookup: &Lookup) -> MatchFailure {
        MatchFailure::UnknownKey {
            name: name.to_owned(),
            key: key.to_owned(),
            known: lookup.values.keys().cloned().collect(),
            path: self.path.clone(),
            line: lookup.line,
        }
    }

    fn expand(&self, values: &BTreeMap<&str, (&str, bool)>) -> Match {
        let mut fields = FieldValues::new();
        for FieldTemplate { field, template, line } in &self.templates {
            let (text, tail) = template.expand(|name| values.get(name).copied().unwrap_or_default());
            let origin = Origin::Convention {
                path: self.path.clone(),
                line: *line,
                built_in: self.layer == ConventionLayer::BuiltIn,
            };
            let is_typed = tail.start > 0;
            if let Err(problem) = check_expanded(*field, &text, is_typed, &text[tail]) {
                return Match::Failed(MatchFailure::Value { field: *field, value: text, origin, problem });
            }
            fields.insert(*field, Sourced { text, origin });
        }
        Match::Yes(fields)
    }
}

/// The rules for a value, and one more for what is partly the user's typing: a name typed by a script must not choose
/// whose server the token goes to, so the domain is either RDS's or written in the convention.
fn check_expanded(field: Field, text: &str, is_typed: bool, tail: &str) -> Result<(), ValueProblem> {
    value::check(field, text)?;
    let is_foreign = field == Field::Endpoint
        && is_typed
        && tail.matches('.').count() < 2
        && RdsShape::parse(&text.to_ascii_lowercase()).is_none();
    if is_foreign { Err(ValueProblem::NotAnRdsName) } else { Ok(()) }
}
