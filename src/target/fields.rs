//! Reads target fields out of a parsed file, the same way for `[target]`, `[[test]]`, `[defaults]` and hosts entries.

use super::document::{Content, Entry, Node, Source};
use super::fault::{Fault, Problem};
use super::model::Field;
use super::value;

/// Reads fields in one section of one file and collects everything that is wrong there.
#[derive(Debug)]
pub struct FieldReader<'a> {
    /// The file.
    pub source: &'a Source<'a>,
    /// The section, as error messages name it.
    pub section: String,
    /// What is wrong so far.
    pub faults: Vec<Fault>,
}

/// A field as written, a list of bastions joined with commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenField {
    /// The field.
    pub field: Field,
    /// Its text.
    pub text: String,
}

impl<'a> FieldReader<'a> {
    /// Begins a section.
    pub fn new(source: &'a Source<'a>, section: impl Into<String>) -> Self {
        Self { source, section: section.into(), faults: Vec::new() }
    }

    /// Notes a fault.
    pub fn refuse(&mut self, offset: usize, problem: Problem) {
        self.faults.push(self.source.fault(offset, problem));
    }

    /// Notes a key that is neither a field nor one of `others`.
    pub fn refuse_key(&mut self, entry: &Entry, others: &[&str]) {
        let mut known: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
        known.extend_from_slice(others);
        self.refuse_key_of(entry, &known);
    }

    /// Notes a key that is none of `known`.
    pub fn refuse_key_of(&mut self, entry: &Entry, known: &[&str]) {
        let nearest = nearest(&entry.key, known.iter().copied());
        let problem = Problem::UnknownKey { key: entry.key.clone(), section: self.section.clone(), nearest };
        self.refuse(entry.offset, problem);
    }

    /// Notes a value of the wrong kind.
    pub fn refuse_kind(&mut self, key: &str, node: &Node, expected: &'static str) {
        let problem = Problem::WrongKind { key: key.to_owned(), expected, found: node.content.kind() };
        self.refuse(node.offset, problem);
    }

    /// The string of an entry; notes a fault if it is none.
    pub fn string<'e>(&mut self, entry: &'e Entry) -> Option<&'e str> {
        if let Content::Text(text) = &entry.value.content {
            return Some(text);
        }
        self.refuse_kind(&entry.key, &entry.value, "a string");
        None
    }

    /// The entries of a table; notes a fault if it is none.
    pub fn table<'e>(&mut self, entry: &'e Entry) -> Option<&'e [Entry]> {
        if let Content::Table(entries) = &entry.value.content {
            return Some(entries);
        }
        self.refuse_kind(&entry.key, &entry.value, "a table");
        None
    }

    /// Reads an entry whose key is the name of a field. `None` if the key is another one, or after noting a fault.
    pub fn field(&mut self, entry: &Entry, seen: &mut Vec<Field>) -> Option<WrittenField> {
        let field = Field::named(&entry.key)?;
        if seen.contains(&field) {
            self.refuse(entry.offset, Problem::Repeated { key: entry.key.clone() });
            return None;
        }
        seen.push(field);
        let text = match (&entry.value.content, field) {
            (Content::Text(text), _) => text.clone(),
            (Content::Integer(number), Field::Port) => number.to_string(),
            (Content::List(items), Field::Bastion) => self.bastions(entry, items)?,
            (_, Field::Port) => return self.wrong_kind(entry, "an integer or a string"),
            (_, Field::Bastion) => return self.wrong_kind(entry, "a string or a list of strings"),
            _ => return self.wrong_kind(entry, "a string"),
        };
        Some(WrittenField { field, text })
    }

    fn wrong_kind<T>(&mut self, entry: &Entry, expected: &'static str) -> Option<T> {
        self.refuse_kind(&entry.key, &entry.value, expected);
        None
    }

    fn bastions(&mut self, entry: &Entry, items: &[Node]) -> Option<String> {
        let mut hops = Vec::with_capacity(items.len());
        for item in items {
            let Content::Text(text) = &item.content else {
                self.refuse_kind(&entry.key, item, "a list of strings");
                return None;
            };
            hops.push(text.as_str());
        }
        Some(if hops.is_empty() { "none".to_owned() } else { hops.join(",") })
    }

    /// Checks a value that is written out in the file.
    pub fn check(&mut self, entry: &Entry, written: &WrittenField) -> bool {
        let Err(problem) = value::check(written.field, &written.text) else { return true };
        let problem = Problem::Value { key: entry.key.clone(), value: written.text.clone(), problem };
        self.refuse(entry.value.offset, problem);
        false
    }
}

/// The known word most like `word`, if it is like enough to be meant.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    known
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len().max(word.len()) / 4)
        .min()
        .map(|(_, known)| known.to_owned())
}
