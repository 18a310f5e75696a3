//! Exact host names with their fields: the `[hosts]` tables of config.toml and the files hosts.toml, hosts.yaml, hosts.json.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::target::{
    Content, Entry, Fault, Field, FieldReader, FieldValues, HostName, Origin, Problem, Source, Sourced,
};

/// What the files say about one exact name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostEntry {
    pub(super) fields: FieldValues,
    pub(super) path: PathBuf,
    pub(super) line: usize,
}

/// All exact names.
pub(super) type Hosts = BTreeMap<HostName, HostEntry>;

/// Adds the entries of one table of names. A name that is there already is a fault which names both places.
pub(super) fn add(hosts: &mut Hosts, source: &Source<'_>, entries: &[Entry], faults: &mut Vec<Fault>) {
    for entry in entries {
        let mut reader = FieldReader::new(source, format!("the host {:?}", entry.key));
        let host = match HostName::parse(&entry.key) {
            Ok(host) => Some(host),
            Err(problem) => {
                let problem = Problem::Value { key: "the host name".to_owned(), value: entry.key.clone(), problem };
                reader.refuse(entry.offset, problem);
                None
            }
        };
        let fields = read_fields(&mut reader, entry);
        let (line, _) = source.position(entry.offset);
        if let Some(host) = host {
            match hosts.get(&host) {
                None => {
                    hosts.insert(host, HostEntry { fields, path: source.path().to_owned(), line });
                }
                Some(first) => {
                    let (first_path, first_line) = (first.path.clone(), first.line);
                    let problem = Problem::RepeatedHost { host: host.to_string(), first_path, first_line };
                    reader.refuse(entry.offset, problem);
                }
            }
        }
        faults.append(&mut reader.faults);
    }
}

/// The names of a hosts file, which may stand under `hosts` as they do in config.toml. A host that is called `hosts` holds
/// fields, not tables.
pub(super) fn without_wrapper(entries: &[Entry]) -> &[Entry] {
    match entries {
        [Entry { key, value, .. }] if key == "hosts" => match &value.content {
            Content::Table(names) if names.iter().all(|name| matches!(name.value.content, Content::Table(_))) => names,
            _ => entries,
        },
        _ => entries,
    }
}

fn read_fields(reader: &mut FieldReader<'_>, entry: &Entry) -> FieldValues {
    let Some(lines) = reader.table(entry) else { return FieldValues::new() };
    // TOML reads [hosts.orders.example.com] as a table in a table: the quotes were forgotten.
    if lines.iter().any(|line| matches!(line.value.content, Content::Table(_)) && Field::named(&line.key).is_none()) {
        reader.refuse(entry.offset, Problem::UnquotedHost { key: entry.key.clone() });
        return FieldValues::new();
    }
    read_literal(reader, lines, |path, line| Origin::File { path, line }, &[])
}

/// Reads fields that are written out. Keys among `others` are left to the caller.
pub(super) fn read_literal(
    reader: &mut FieldReader<'_>,
    lines: &[Entry],
    origin: impl Fn(PathBuf, usize) -> Origin,
    others: &[&str],
) -> FieldValues {
    let mut fields = FieldValues::new();
    let mut seen = Vec::new();
    for line in lines.iter().filter(|line| !others.contains(&line.key.as_str())) {
        if Field::named(&line.key).is_none() {
            reader.refuse_key(line, others);
        } else if let Some(written) = reader.field(line, &mut seen)
            && reader.check(line, &written)
        {
            let (number, _) = reader.source.position(line.offset);
            let origin = origin(reader.source.path().to_owned(), number);
            fields.insert(written.field, Sourced { text: written.text, origin });
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::yaml;
    use super::*;

    type Parse = fn(&Source<'_>) -> Result<Vec<Entry>, Vec<Fault>>;

    const FILES: [(Parse, &str); 3] = [
        (
            |source| source.parse_toml(),
            "[\"orders.example.com\"]\nprofile = \"acme\"\nport = 3307\nbastion = [\"a\", \"b\"]\n[two]\nuser = 'x'\n",
        ),
        (yaml::parse_yaml, "orders.example.com:\n  profile: acme\n  port: 3307\n  bastion: [a, b]\ntwo: {user: x}\n"),
        (
            yaml::parse_json,
            "{\"orders.example.com\": {\"profile\": \"acme\",\n\"port\": 3307, \"bastion\": [\"a\"]}}\n",
        ),
    ];

    fn read(parse: Parse, text: &str) -> Result<Hosts, Vec<Fault>> {
        let source = Source::new(Path::new("hosts"), text);
        let (mut hosts, mut faults) = (Hosts::new(), Vec::new());
        add(&mut hosts, &source, &parse(&source)?, &mut faults);
        if faults.is_empty() { Ok(hosts) } else { Err(faults) }
    }

    /// R23: a hosts file cut anywhere, or with any bit flipped, is read or refused with a place; it never panics.
    #[test]
    fn r23_damaged_files_are_read_or_refused_with_a_place() {
        for (parse, text) in FILES {
            assert!(read(parse, text).is_ok());
            let cuts = (0..text.len()).map(|end| text.as_bytes()[..end].to_vec());
            let flips = (0..text.len() * 8).map(|bit| {
                let mut bytes = text.as_bytes().to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            });
            let mut refused = 0;
            for damaged in cuts.chain(flips).filter_map(|bytes| String::from_utf8(bytes).ok()) {
                let Err(faults) = read(parse, &damaged) else { continue };
                refused += 1;
                let lines = damaged.lines().count() + 1;
                assert!(
                    faults.iter().all(|fault| fault.line >= 1 && fault.line <= lines && fault.column >= 1),
                    "{damaged:?}"
                );
                assert!(!faults.is_empty());
            }
            assert!(refused > 100, "{refused}");
        }
    }
}
