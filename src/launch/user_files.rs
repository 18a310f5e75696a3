//! The user's own option files, less what rdsconn sets.
//!
//! They are not included by name but read here and copied without the options of [`super::option_names`], for two reasons.
//! An option such as `dns-srv-name`, `ssl-capath` or `ssl-crl` cannot be taken back by a later one: an empty value is an
//! error in Oracle's and MariaDB's clients alike. And a file that was written for one family, with `ssl-mode` in it, say,
//! would otherwise stop the programs of the other.
//!
//! Syntax and order of the files are those of MySQL's `mysys/my_default.cc`, which MariaDB shares.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::Family;
use super::option_names::may_stay;
use crate::os::{Environment, option_file, option_files_in};

/// Lines that are longer would be split by some clients, and their ends taken for options of their own.
const LONGEST_LINE: usize = 4000;

/// How deep files may include one another, as in the clients.
const DEEPEST: usize = 10;

/// The files that a client reads without being told, in its order. Seen with `--help` of all of them; the folder `etc`
/// beside the program's `bin` is where builds outside `/usr` look.
pub(super) fn standard(family: Family, program: &Path, environment: &Environment) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from("/etc/my.cnf"), PathBuf::from("/etc/mysql/my.cnf")];
    let prefix = program.parent().filter(|folder| folder.ends_with("bin")).and_then(Path::parent);
    files.extend(
        prefix
            .filter(|prefix| *prefix != Path::new("/usr") && *prefix != Path::new("/"))
            .map(|prefix| prefix.join("etc/my.cnf")),
    );
    let homes: &[&str] = match family {
        Family::MariaDb | Family::Mydumper(super::Library::MariaDb) => &["MARIADB_HOME", "MYSQL_HOME"],
        _ => &["MYSQL_HOME"],
    };
    files.extend(homes.iter().find_map(|name| environment.path(name)).map(|home| home.join("my.cnf")));
    files.extend(environment.home().map(|home| home.join(".my.cnf")));
    files
}

/// The harmless part of these files, as one text in their order. What cannot be read is as if it were not there, and so is
/// a file that everybody can write, which the clients ignore as well.
pub(super) fn harmless(family: Family, files: &[PathBuf]) -> String {
    let mut text = String::new();
    for file in files {
        copy(family, file, 0, &mut text);
    }
    text
}

fn copy(family: Family, file: &Path, depth: usize, text: &mut String) {
    let Some(bytes) = option_file(file) else { return };
    let mut group = None;
    for line in bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()) {
        match parse(line) {
            Line::Group(name) => group = start(name, text),
            Line::Option { name, rest } if group.is_some() && line.len() <= LONGEST_LINE && may_stay(family, name) => {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{name}{rest}");
            }
            Line::Include(files) if depth < DEEPEST => {
                let mut files = VecDeque::from(files);
                while let Some(file) = files.pop_front() {
                    copy(family, &file, depth + 1, text);
                }
                // The lines that follow belong to the group in which the directive stands.
                group = group.and_then(|name| start(name, text));
            }
            _ => {}
        }
    }
}

fn start<'a>(name: &'a str, text: &mut String) -> Option<&'a str> {
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'[' && byte != b']');
    is_plain.then(|| {
        let _ = writeln!(text, "[{name}]");
        name
    })
}

enum Line<'a> {
    Group(&'a str),
    /// `rest` is empty, or the equals sign and everything after it, as written.
    Option {
        name: &'a str,
        rest: &'a str,
    },
    Include(Vec<PathBuf>),
    /// Empty, a comment, or nothing that can be told apart without doubt.
    Other,
}

fn parse(line: &str) -> Line<'_> {
    let line = line.trim_matches(|character: char| character.is_ascii_whitespace() || character == '\x0b');
    if let Some(rest) = line.strip_prefix('[') {
        return rest.split_once(']').map_or(Line::Other, |(name, _)| Line::Group(name.trim()));
    }
    if let Some(folder) = line.strip_prefix("!includedir") {
        return Line::Include(option_files_in(Path::new(folder.trim())));
    }
    if let Some(file) = line.strip_prefix("!include") {
        return Line::Include(vec![PathBuf::from(file.trim())]);
    }
    let uncommented = |text: &str| text.find('#').map_or(text.len(), |end| end);
    let (name, rest) = match line.find('=').filter(|equals| *equals < uncommented(line)) {
        Some(equals) => line.split_at(equals),
        None => (&line[..uncommented(line)], ""),
    };
    let name = name.trim();
    let is_name = !name.is_empty()
        && !name.starts_with('-')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let is_value = !rest.contains(|character: char| character.is_control() && character != '\t');
    if is_name && is_value { Line::Option { name, rest } } else { Line::Other }
}

#[cfg(test)]
mod tests;
