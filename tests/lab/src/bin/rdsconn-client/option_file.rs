//! MySQL's option files, as its clients read them: groups, quotes, escapes, comments, `!include`.
//!
//! Source: <https://dev.mysql.com/doc/refman/8.4/en/option-files.html>.

use std::fs;
use std::path::{Path, PathBuf};

use rdsconn_lab::client::Print;
use serde_json::{Value, json};

/// One option where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) file: PathBuf,
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

impl Entry {
    /// For the test; a password is told by its print only.
    pub(crate) fn to_json(&self) -> Value {
        let value = self.value.clone().unwrap_or_default();
        let print = Print::of(value.as_bytes());
        let shown = self.value.as_ref().filter(|_| !self.name.contains("pass"));
        json!({
            "file": self.file.to_string_lossy(),
            "group": self.group,
            "name": self.name,
            "value": shown,
            "length": print.length,
            "sha256": print.sha256,
        })
    }
}

/// Reads files one after another. Absent ones are passed over, unless they were asked for by name.
pub(crate) fn read_all(files: &[(PathBuf, bool)]) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for (file, asked_for) in files {
        match fs::read(file) {
            Ok(bytes) => read(file, &String::from_utf8_lossy(&bytes), &mut entries, 0)?,
            Err(error) if !asked_for && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("Could not open required defaults file: {}: {error}", file.display())),
        }
    }
    Ok(entries)
}

/// Every file is opened once and read to its end before those it includes.
fn read(file: &Path, text: &str, entries: &mut Vec<Entry>, depth: usize) -> Result<(), String> {
    if depth > 10 {
        return Err(format!("{}: included too deep", file.display()));
    }
    let mut group = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(directive) = line.strip_prefix('!') {
            for included in included(directive)? {
                let bytes = fs::read(&included).map_err(|error| format!("{}: {error}", included.display()))?;
                read(&included, &String::from_utf8_lossy(&bytes), entries, depth + 1)?;
            }
        } else if let Some(name) = line.strip_prefix('[') {
            let end =
                name.find(']').ok_or_else(|| format!("Wrong group definition in config file {}", file.display()))?;
            name[..end].trim().clone_into(&mut group);
        } else if !line.is_empty() && !line.starts_with(['#', ';']) {
            if group.is_empty() {
                return Err(format!("Found option without preceding group in config file {}", file.display()));
            }
            let (name, value) = match line.split_once('=') {
                Some((name, value)) => (name, Some(unquoted(value.trim()))),
                None => (line, None),
            };
            let name = name.trim().replace('_', "-");
            entries.push(Entry { file: file.to_owned(), group: group.clone(), name, value });
        }
    }
    Ok(())
}

fn included(directive: &str) -> Result<Vec<PathBuf>, String> {
    if let Some(folder) = directive.strip_prefix("includedir ") {
        let entries = fs::read_dir(folder.trim()).map_err(|error| format!("{folder}: {error}"))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|ending| ending == "cnf"));
        files.sort();
        return Ok(files);
    }
    let file = directive.strip_prefix("include ").ok_or_else(|| format!("no directive: !{directive}"))?;
    Ok(vec![file.trim().into()])
}

/// A `#` outside quotes begins a comment; a backslash escapes, in quotes and outside.
fn unquoted(value: &str) -> String {
    let quote = value.chars().next().filter(|first| ['"', '\''].contains(first));
    let mut out = String::new();
    let mut letters = value.chars().skip(usize::from(quote.is_some()));
    while let Some(letter) = letters.next() {
        if Some(letter) == quote || quote.is_none() && letter == '#' {
            break;
        }
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('s') => out.push(' '),
            Some(known @ ('"' | '\'' | '\\')) => out.push(known),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    if quote.is_none() { out.trim_end().to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_manual_says() {
        for (line, expected) in [
            ("plain", "plain"),
            ("two words ", "two words"),
            ("cut # here", "cut"),
            ("\"kept # here\" # not this", "kept # here"),
            ("'a\"b'", "a\"b"),
            (r#""q\"u\\o\tt\sed""#, "q\"u\\o\tt ed"),
            (r"\d", r"\d"),
            ("", ""),
        ] {
            assert_eq!(unquoted(line), expected, "{line}");
        }
    }

    #[test]
    fn files_are_read_in_order_with_what_they_include() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("d")).unwrap();
        fs::write(path("d/2.cnf"), "[client]\nport=2\n").unwrap();
        fs::write(path("d/1.cnf"), "[client]\nport=1\n").unwrap();
        fs::write(path("d/no.txt"), "[client]\nport=no\n").unwrap();
        let text = format!(
            "# first\n[client]\nuser = \"me\"\nssl_ca=/x\ncompress\n!includedir {}\n[mysql]\n;note\npassword='p#w'\n",
            path("d").display()
        );
        fs::write(path("main.cnf"), text).unwrap();
        let entries = read_all(&[(path("absent.cnf"), false), (path("main.cnf"), true)]).unwrap();
        let shown: Vec<_> = entries
            .iter()
            .map(|entry| (entry.group.as_str(), entry.name.as_str(), entry.value.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            shown,
            [
                ("client", "user", "me"),
                ("client", "ssl-ca", "/x"),
                ("client", "compress", "-"),
                ("client", "port", "1"),
                ("client", "port", "2"),
                ("mysql", "password", "p#w"),
            ]
        );
        let told = entries[5].to_json().to_string();
        assert!(told.contains("\"length\":3") && told.contains("sha256") && !told.contains("p#w"), "{told}");
        assert!(read_all(&[(path("absent.cnf"), true)]).unwrap_err().contains("required defaults file"));
    }
}
