//! Reads a convention from its text and refuses whatever is not exactly right, all faults at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use regex::bytes::Regex;

use super::convention::{Convention, ConventionLayer, FieldTemplate, Lookup, Warning};
use super::convention_test::{self, Case};
use super::document::{Content, Entry, Source};
use super::fault::{Fault, Problem};
use super::fields::{FieldReader, WrittenField};
use super::model::Field;
use super::pattern::Pattern;
use super::template::Template;
use super::value;

const KEYS: &[&str] = &["pattern", "lookup", "target", "test"];

impl Convention {
    /// Reads one file and runs its tests; those of a built-in one were run when the program was tested. `path` is only shown
    /// and remembered; its stem is the convention's name.
    pub fn parse(path: &Path, layer: ConventionLayer, text: &str) -> Result<Self, Vec<Fault>> {
        let source = Source::new(path, text);
        let entries = source.parse_toml()?;
        let mut draft = Draft::new(&source);
        draft.read(&entries);
        draft.finish(layer)
    }
}

/// A convention half read.
struct Draft<'a> {
    reader: FieldReader<'a>,
    pattern: Option<(Pattern, Regex, usize)>,
    lookups: BTreeMap<String, Lookup>,
    templates: Vec<FieldTemplate>,
    cases: Vec<Case>,
}

impl<'a> Draft<'a> {
    fn new(source: &'a Source<'a>) -> Self {
        Self {
            reader: FieldReader::new(source, "a convention"),
            pattern: None,
            lookups: BTreeMap::new(),
            templates: Vec::new(),
            cases: Vec::new(),
        }
    }

    fn read(&mut self, entries: &[Entry]) {
        let by_key = |key: &str| entries.iter().find(|entry| entry.key == key);
        for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            self.reader.refuse_key_of(entry, KEYS);
        }
        for key in ["pattern", "target"] {
            if by_key(key).is_none() {
                self.reader.refuse(0, Problem::MissingKey { key, section: "a convention".to_owned() });
            }
        }
        if let Some(entry) = by_key("pattern") {
            self.pattern(entry);
        }
        if let Some(entry) = by_key("lookup") {
            self.lookups(entry);
        }
        if let Some(entry) = by_key("target") {
            self.target(entry);
        }
        if let Some(entry) = by_key("test") {
            self.tests(entry);
        }
    }

    fn pattern(&mut self, entry: &Entry) {
        let Some(text) = self.reader.string(entry) else { return };
        match Pattern::parse(text) {
            Ok((pattern, regex)) => self.pattern = Some((pattern, regex, entry.offset)),
            Err(problem) => {
                let offset = self.reader.source.inside(&entry.value, text, problem.offset());
                self.reader.refuse(offset, Problem::Pattern(problem));
            }
        }
    }

    fn captures(&self) -> Vec<String> {
        let captures = self.pattern.iter().flat_map(|(pattern, ..)| pattern.captures());
        captures.map(|capture| capture.name.clone()).collect()
    }

    fn lookups(&mut self, entry: &Entry) {
        let known = self.captures();
        for table in self.reader.table(entry).unwrap_or_default() {
            // Without a pattern there is a fault already; which captures it lacks cannot be said.
            if self.pattern.is_some() && !known.contains(&table.key) {
                let problem = Problem::LookupWithoutCapture { name: table.key.clone(), known: known.clone() };
                self.reader.refuse(table.offset, problem);
            }
            let mut values = BTreeMap::new();
            for pair in self.reader.table(table).unwrap_or_default() {
                if let Some(value) = self.reader.string(pair) {
                    values.insert(pair.key.clone(), value.to_owned());
                }
            }
            let (line, _) = self.reader.source.position(table.offset);
            self.lookups.insert(table.key.clone(), Lookup { line, values });
        }
    }

    fn target(&mut self, entry: &Entry) {
        "[target]".clone_into(&mut self.reader.section);
        let known = self.captures();
        let mut seen = Vec::new();
        for line in self.reader.table(entry).unwrap_or_default() {
            if Field::named(&line.key).is_none() {
                self.reader.refuse_key(line, &[]);
            } else if let Some(written) = self.reader.field(line, &mut seen) {
                self.template(line, &written, &known);
            }
        }
    }

    fn template(&mut self, entry: &Entry, written: &WrittenField, known: &[String]) {
        let template = match Template::parse(&written.text, known) {
            Ok(template) => template,
            // The pattern's own fault is enough; every name would seem unknown.
            Err(_) if self.pattern.is_none() => return,
            Err(problem) => {
                let offset = self.reader.source.inside(&entry.value, &written.text, problem.offset());
                let problem = Problem::Template { key: entry.key.clone(), problem, known: known.to_vec() };
                return self.reader.refuse(offset, problem);
            }
        };
        if let Some(text) = template.constant()
            && let Err(problem) = value::check(written.field, text)
        {
            let problem = Problem::Value { key: entry.key.clone(), value: text.to_owned(), problem };
            return self.reader.refuse(entry.value.offset, problem);
        }
        let (line, _) = self.reader.source.position(entry.offset);
        self.templates.push(FieldTemplate { field: written.field, template, line });
    }

    fn tests(&mut self, entry: &Entry) {
        "[[test]]".clone_into(&mut self.reader.section);
        let Content::List(items) = &entry.value.content else {
            return self.reader.refuse_kind("test", &entry.value, "written as [[test]]");
        };
        for item in items {
            let Content::Table(lines) = &item.content else {
                self.reader.refuse_kind("test", item, "written as [[test]]");
                continue;
            };
            if let Some(case) = Case::read(&mut self.reader, item.offset, lines) {
                self.cases.push(case);
            }
        }
    }

    fn finish(mut self, layer: ConventionLayer) -> Result<Convention, Vec<Fault>> {
        let path = self.reader.source.path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
            self.reader.refuse(0, Problem::FileName);
            return Err(self.reader.faults);
        };
        let Some((pattern, regex, offset)) = self.pattern.take() else { return Err(self.reader.faults) };
        let mut convention = Convention {
            name: name.to_owned(),
            path: path.to_owned(),
            layer,
            pattern,
            compiled: OnceLock::new(),
            lookups: std::mem::take(&mut self.lookups),
            templates: std::mem::take(&mut self.templates),
            test_count: self.cases.len(),
            warnings: Vec::new(),
        };
        // A test of a convention that is broken otherwise would only repeat that in other words.
        if self.reader.faults.is_empty() && layer == ConventionLayer::User {
            for case in &self.cases {
                if let Err(failure) = convention_test::run(&convention, &regex, case) {
                    self.reader.refuse(case.offset, Problem::Test(failure));
                }
            }
        }
        if !self.reader.faults.is_empty() {
            return Err(self.reader.faults);
        }
        if layer == ConventionLayer::BuiltIn {
            // It was read because it is about to be used.
            convention.compiled = OnceLock::from(Some(regex));
        }
        let (line, _) = self.reader.source.position(offset);
        convention.warnings = warnings(&convention, &self.cases, line);
        Ok(convention)
    }
}

fn warnings(convention: &Convention, cases: &[Case], line: usize) -> Vec<Warning> {
    let is_used = |name: &str| convention.templates.iter().any(|line| line.template.names().any(|used| used == name));
    // A capture with a lookup table is used even if no template names it: the table decides what matches.
    let unused = convention.pattern.captures().iter().map(|capture| capture.name.as_str());
    let unused = unused.filter(|name| !is_used(name) && !convention.lookups.contains_key(*name));
    let mut warnings: Vec<Warning> =
        unused.map(|name| Warning::UnusedCapture { name: name.to_owned(), line }).collect();
    warnings.extend(convention.pattern.impossible_letter().map(|letter| Warning::UpperCase { letter, line }));
    if !cases.iter().any(|case| case.matches) {
        warnings.push(Warning::NoPositiveTest);
    }
    if cases.iter().all(|case| case.matches) {
        warnings.push(Warning::NoNegativeTest);
    }
    warnings
}

#[cfg(test)]
mod tests;
