//! Refuses arguments of known clients that would send the token elsewhere, as somebody else, or over weaker TLS.
//!
//! An argument is read as the client reads it, as far as that can be known: what is the value of another option, or comes
//! after `--`, is left alone. Where it cannot be known, the answer is no.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use super::option_names::{long_with_value, meaning, short_meaning, short_with_value};
use super::{Error, Family, Tool};

/// Looks through the arguments of a client that is known by name.
pub(super) fn refuse(family: Family, tool: Tool, arguments: &[OsString]) -> Result<(), Error> {
    for word in words(family, tool, arguments) {
        let (argument, what) = match word {
            Word::Long { name, value } => {
                if let Some(what) = meaning(family, &name) {
                    (format!("--{name}"), Some(what))
                } else {
                    // mycli takes a whole URL for the name of a database.
                    let is_url = family == Family::Mycli && name == "database" && value.is_some_and(is_url);
                    (format!("--{name}"), is_url.then_some("the host"))
                }
            }
            Word::Short { letter, value } => {
                let is_url = family == Family::Mycli && letter == 'D' && value.as_deref().is_some_and(is_url);
                let is_protocol = family == Family::Shell && letter == 'm' && value.is_some_and(|value| value != b"c");
                let other = if is_protocol { Some("the way of connecting") } else { is_url.then_some("the host") };
                (format!("-{letter}"), short_meaning(family, letter).or(other))
            }
            Word::Operand(text) => {
                // MySQL Shell connects to whatever its first operand names.
                let is_host = family == Family::Shell || (family == Family::Mycli && is_url(text));
                (shown(text), is_host.then_some("the host"))
            }
        };
        if let Some(what) = what {
            return Err(Error::Argument { argument, what });
        }
    }
    Ok(())
}

/// Whether the arguments hold an operand, such as the name of a database or of a table, or an option that names databases.
pub(super) fn names_databases(family: Family, tool: Tool, arguments: &[OsString]) -> bool {
    words(family, tool, arguments).iter().any(|word| match word {
        Word::Operand(_) => true,
        Word::Long { name, .. } => {
            name.starts_with("all-") || name.starts_with("databases") || name == "system" || name == "tables"
        }
        Word::Short { letter, .. } => matches!(letter, 'A' | 'B' | 'Y'),
    }) || arguments.iter().any(|argument| argument == "--")
}

/// One piece of a command line.
#[derive(Debug, PartialEq, Eq)]
enum Word<'a> {
    Long { name: String, value: Option<&'a [u8]> },
    Short { letter: char, value: Option<Vec<u8>> },
    Operand(&'a [u8]),
}

/// Takes a command line apart, up to `--` or to what MySQL Shell hands on to a script.
fn words(family: Family, tool: Tool, arguments: &[OsString]) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = arguments.iter().map(|argument| argument.as_bytes());
    while let Some(argument) = rest.next() {
        if argument == b"--" {
            break;
        }
        if let Some(long) = argument.strip_prefix(b"--") {
            let end = long.iter().position(|byte| *byte == b'=');
            let name = String::from_utf8_lossy(&long[..end.unwrap_or(long.len())]).into_owned();
            if family == Family::Shell && ["file", "pym", "pyc", "import"].contains(&name.as_str()) {
                break;
            }
            let attached = end.map(|end| &long[end + 1..]);
            let value = if attached.is_none() && long_with_value(family, &name) { rest.next() } else { attached };
            words.push(Word::Long { name, value });
        } else if argument.len() > 1 && argument[0] == b'-' {
            if short(family, tool, &argument[1..], &mut rest, &mut words) {
                break;
            }
        } else {
            words.push(Word::Operand(argument));
        }
    }
    words
}

/// Takes a cluster of short options apart. True if everything after it belongs to a script.
fn short<'a>(
    family: Family,
    tool: Tool,
    cluster: &[u8],
    rest: &mut impl Iterator<Item = &'a [u8]>,
    words: &mut Vec<Word<'_>>,
) -> bool {
    // What may only be attached: the password, and MySQL Shell's `-mc`, `-ifull`, `-Czstd`.
    let attached_only: &[u8] = if family == Family::Shell { b"pmiC" } else { b"p#" };
    for (index, letter) in cluster.iter().enumerate() {
        let after = &cluster[index + 1..];
        if family == Family::Shell && matches!(letter, b'f' | b'c') {
            return true;
        }
        if attached_only.contains(letter) {
            words.push(Word::Short { letter: char::from(*letter), value: Some(after.to_vec()) });
            return false;
        }
        if short_with_value(family, tool).as_bytes().contains(letter) {
            let value = if after.is_empty() { rest.next().map(<[u8]>::to_vec) } else { Some(after.to_vec()) };
            words.push(Word::Short { letter: char::from(*letter), value });
            return false;
        }
        words.push(Word::Short { letter: char::from(*letter), value: None });
    }
    false
}

fn is_url(text: &[u8]) -> bool {
    text.windows(3).any(|window| window == b"://")
}

/// An operand for an error: a URL may hold a password, which ends at the last `@`.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests;
