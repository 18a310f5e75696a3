//! The sections of config.toml that are about the program rather than about a database: typed and strict, acted on by others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::target::{Content, Entry, FieldReader, Problem};

/// `[helper]`: what the MySQL Shell helper does with names that are not ours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Helper {
    /// Who is asked instead.
    pub delegate: Delegate,
}

/// `delegate = "auto" | NAME | PATH`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Delegate {
    /// The helper that MySQL Shell itself would have used.
    #[default]
    Auto,
    /// The helper of this name beside ours.
    Name(String),
    /// This program.
    Path(PathBuf),
}

/// `[ssh]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ssh {
    /// How long a bastion's connection is kept for the next command; `None` if it is not kept.
    pub persist: Option<Duration>,
    /// The `ssh_config` to use instead of the user's own.
    pub config: Option<PathBuf>,
}

/// `[cache] tokens`: where tokens are kept for the next command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cache {
    /// The best place there is.
    #[default]
    Auto,
    /// A private file.
    File,
    /// Nowhere.
    None,
}

/// `[clients.NAME]`: how a client of the user's own is started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientRecipe {
    /// A name to look up in PATH, or a path.
    pub program: String,
    /// Arguments, with placeholders such as `{host}`.
    pub arguments: Vec<String>,
    /// Variables, with the same placeholders.
    pub environment: BTreeMap<String, String>,
}

/// `[helper]`.
pub(super) fn helper(reader: &mut FieldReader<'_>, entries: &[Entry]) -> Helper {
    let mut helper = Helper::default();
    for entry in entries {
        match entry.key.as_str() {
            "delegate" => match reader.string(entry) {
                None | Some("auto") => {}
                Some(text) if is_name(text) => helper.delegate = Delegate::Name(text.to_owned()),
                Some(text) if text.starts_with('/') => helper.delegate = Delegate::Path(PathBuf::from(text)),
                Some(text) => refuse(reader, entry, text, "\"auto\", a helper's name or an absolute path"),
            },
            _ => reader.refuse_key_of(entry, &["delegate"]),
        }
    }
    helper
}

/// `[ssh]`.
pub(super) fn ssh(reader: &mut FieldReader<'_>, entries: &[Entry], home: Option<&Path>) -> Ssh {
    let mut ssh = Ssh::default();
    for entry in entries {
        match entry.key.as_str() {
            "persist" => {
                if let Some(text) = reader.string(entry) {
                    match duration(text) {
                        Some(duration) => ssh.persist = Some(duration).filter(|duration| !duration.is_zero()),
                        None => refuse(reader, entry, text, "a time such as \"90s\", \"10m\", \"1h\" or \"0s\""),
                    }
                }
            }
            "config" => {
                if let Some(text) = reader.string(entry) {
                    match absolute(text, home) {
                        Some(path) => ssh.config = Some(path),
                        None => refuse(reader, entry, text, "a path from / or from ~/"),
                    }
                }
            }
            _ => reader.refuse_key_of(entry, &["persist", "config"]),
        }
    }
    ssh
}

/// `[cache]`.
pub(super) fn cache(reader: &mut FieldReader<'_>, entries: &[Entry]) -> Cache {
    let mut cache = Cache::default();
    for entry in entries {
        match entry.key.as_str() {
            "tokens" => match reader.string(entry) {
                None | Some("auto") => {}
                Some("file") => cache = Cache::File,
                Some("none") => cache = Cache::None,
                Some(text) => refuse(reader, entry, text, "\"auto\", \"file\" or \"none\""),
            },
            _ => reader.refuse_key_of(entry, &["tokens"]),
        }
    }
    cache
}

/// `[clients.NAME]`, all of them.
pub(super) fn clients(reader: &mut FieldReader<'_>, entries: &[Entry]) -> BTreeMap<String, ClientRecipe> {
    let mut clients = BTreeMap::new();
    for entry in entries {
        if !is_name(&entry.key) {
            reader.refuse(
                entry.offset,
                Problem::Setting {
                    key: "the client".to_owned(),
                    value: entry.key.clone(),
                    expected: "a name of letters, digits, '.', '_' and '-'",
                },
            );
        }
        reader.section = format!("[clients.{}]", entry.key);
        if let Some(lines) = reader.table(entry) {
            let recipe = recipe(reader, entry, lines);
            clients.insert(entry.key.clone(), recipe);
        }
    }
    clients
}

fn recipe(reader: &mut FieldReader<'_>, owner: &Entry, lines: &[Entry]) -> ClientRecipe {
    let mut recipe = ClientRecipe::default();
    for line in lines {
        match line.key.as_str() {
            "program" => match reader.string(line) {
                Some("") => refuse(reader, line, "", "a program"),
                text => text.unwrap_or_default().clone_into(&mut recipe.program),
            },
            "arguments" => recipe.arguments = strings(reader, line),
            "environment" => {
                for pair in reader.table(line).unwrap_or_default() {
                    if let Some(text) = reader.string(pair) {
                        recipe.environment.insert(pair.key.clone(), text.to_owned());
                    }
                }
            }
            _ => reader.refuse_key_of(line, &["program", "arguments", "environment"]),
        }
    }
    if !lines.iter().any(|line| line.key == "program") {
        reader.refuse(owner.offset, Problem::MissingKey { key: "program", section: reader.section.clone() });
    }
    recipe
}

fn strings(reader: &mut FieldReader<'_>, entry: &Entry) -> Vec<String> {
    let Content::List(items) = &entry.value.content else {
        reader.refuse_kind(&entry.key, &entry.value, "a list of strings");
        return Vec::new();
    };
    let mut strings = Vec::with_capacity(items.len());
    for item in items {
        match &item.content {
            Content::Text(text) => strings.push(text.clone()),
            _ => reader.refuse_kind(&entry.key, item, "a list of strings"),
        }
    }
    strings
}

fn refuse(reader: &mut FieldReader<'_>, entry: &Entry, value: &str, expected: &'static str) {
    let problem = Problem::Setting { key: entry.key.clone(), value: value.to_owned(), expected };
    reader.refuse(entry.value.offset, problem);
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['-', '.'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn absolute(text: &str, home: Option<&Path>) -> Option<PathBuf> {
    if let Some(rest) = text.strip_prefix("~/") {
        return home.map(|home| home.join(rest));
    }
    text.starts_with('/').then(|| PathBuf::from(text))
}

/// A whole number and one of `s`, `m`, `h`.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return None,
    };
    let number = text.strip_suffix(unit)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u32>().ok().map(|number| Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("10m", Some(600)),
            ("90s", Some(90)),
            ("1h", Some(3600)),
            ("0s", Some(0)),
            ("10", None),
            ("m", None),
            ("-1s", None),
            ("+1s", None),
            ("1.5h", None),
            ("10 m", None),
            ("", None),
            ("99999999999s", None),
        ] {
            assert_eq!(duration(text).map(|duration| duration.as_secs()), seconds, "{text:?}");
        }
    }
}
