//! `{host}` and its like, in the arguments of programs that are not known by name and in recipes.
//!
//! A placeholder is a known name in braces. `{{host}}` stands for the text `{host}`. Every other brace is itself, so that
//! JSON, awk and shell scripts pass unharmed. In a recipe, where every name in braces has to be known, `{{name}}` stands for
//! `{name}` whatever the name is.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use super::{Access, Error};

/// The names there are.
pub(super) const NAMES: [&str; 6] = ["host", "port", "user", "database", "ca", "defaults_file"];

/// Replaces placeholders in an argument.
pub(super) fn fill(text: &OsStr, access: &Access) -> OsString {
    filled(text, access, |name| NAMES.contains(&name))
}

fn filled(text: &OsStr, access: &Access, is_escaped: fn(&str) -> bool) -> OsString {
    let mut filled = Vec::new();
    let mut rest = text.as_bytes();
    while let Some(start) = rest.iter().position(|byte| *byte == b'{') {
        let (before, from) = rest.split_at(start);
        filled.extend_from_slice(before);
        let (value, length) = piece(from, access, is_escaped);
        filled.extend_from_slice(&value);
        rest = &from[length..];
    }
    filled.extend_from_slice(rest);
    OsString::from_vec(filled)
}

/// Replaces placeholders in a text of a recipe, which [`check`] has seen.
pub(super) fn fill_text(text: &str, access: &Access) -> OsString {
    filled(text.as_ref(), access, |_| true)
}

/// Refuses a text of a recipe with a name in braces that is no placeholder: there it is a slip of the pen.
pub(super) fn check(text: &str) -> Result<(), Error> {
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let from = &rest[start..];
        if let Some(name) = name_in(from.as_bytes(), b"{{", b"}}") {
            rest = &from[name.len() + 4..];
        } else if let Some(name) = name_in(from.as_bytes(), b"{", b"}") {
            if !NAMES.contains(&name) {
                return Err(Error::Placeholder { text: text.to_owned(), name: name.to_owned(), known: &NAMES });
            }
            rest = &from[name.len() + 2..];
        } else {
            rest = &from[1..];
        }
    }
    Ok(())
}

/// Whether any of these texts names the option file.
pub(super) fn name_the_option_file<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> bool {
    const PLACEHOLDER: &[u8] = b"{defaults_file}";
    texts.into_iter().any(|text| text.windows(PLACEHOLDER.len()).any(|window| window == PLACEHOLDER))
}

/// What stands for the text that begins with this brace, and how much of the text that is.
fn piece(from: &[u8], access: &Access, is_escaped: fn(&str) -> bool) -> (Vec<u8>, usize) {
    if let Some(name) = name_in(from, b"{{", b"}}").filter(|name| is_escaped(name)) {
        return (format!("{{{name}}}").into_bytes(), name.len() + 4);
    }
    match name_in(from, b"{", b"}").and_then(|name| Some((value(name, access)?, name.len() + 2))) {
        Some(found) => found,
        None => (vec![b'{'], 1),
    }
}

fn name_in<'a>(from: &'a [u8], open: &[u8], close: &[u8]) -> Option<&'a str> {
    let inner = from.strip_prefix(open)?;
    let end = inner.iter().position(|byte| !byte.is_ascii_lowercase() && *byte != b'_')?;
    let name = std::str::from_utf8(&inner[..end]).ok()?;
    (end > 0 && inner[end..].starts_with(close)).then_some(name)
}

fn value(name: &str, access: &Access) -> Option<Vec<u8>> {
    Some(match name {
        "host" => access.connect.host.clone().into_bytes(),
        "port" => access.connect.port.to_string().into_bytes(),
        "user" => access.user.clone().into_bytes(),
        "database" => access.database.clone().unwrap_or_default().into_bytes(),
        "ca" => access.ca_file.as_os_str().as_bytes().to_vec(),
        "defaults_file" => access.option_file.as_os_str().as_bytes().to_vec(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::access;
    use super::*;

    #[test]
    fn only_known_names_are_replaced_in_arguments() {
        let mut access = access();
        access.database = None;
        let cases = [
            ("{host}:{port}", "127.0.0.1:40001"),
            ("h={host},P={port},u={user},D={database}", "h=127.0.0.1,P=40001,u=dba,D="),
            ("F={defaults_file}", "F=/run/user/1/rdsconn/a/option"),
            ("{\"host\":\"{host}\"}", "{\"host\":\"127.0.0.1\"}"),
            ("awk '{ print $1 }'", "awk '{ print $1 }'"),
            ("{}", "{}"),
            ("{unknown} {Host} {host", "{unknown} {Host} {host"),
            ("{{host}}", "{host}"),
            ("{{other}} {{{host}}}", "{{other}} {{host}}"),
            ("${host}", "$127.0.0.1"),
            ("{ca}", "/run/user/1/rdsconn/a/ca.pem"),
        ];
        for (text, expected) in cases {
            assert_eq!(fill(text.as_ref(), &access), expected, "{text}");
        }
    }

    #[test]
    fn any_name_is_escaped_in_a_recipe() {
        for (text, expected) in [
            ("{{other}} {{host}} {host}", "{other} {host} 127.0.0.1"),
            ("{\"a\": {\"b\": {}}}", "{\"a\": {\"b\": {}}}"),
        ] {
            assert!(check(text).is_ok(), "{text}");
            assert_eq!(fill_text(text, &access()), expected, "{text}");
        }
    }

    #[test]
    fn arguments_need_not_be_text() {
        let text = OsString::from_vec(b"\xff{port}\xfe{".to_vec());
        assert_eq!(fill(&text, &access()).into_vec(), b"\xff40001\xfe{");
    }

    #[test]
    fn a_value_is_not_looked_at_again() {
        let mut access = access();
        access.user = "{port}".to_owned();
        assert_eq!(fill("{user}".as_ref(), &access), "{port}");
    }

    #[test]
    fn a_recipe_may_not_name_what_there_is_not() {
        for text in ["{host}", "{{hots}}", "{\"a\": {\"b\": 1}}", "{ host }", "{", "}{", "{host", "{Host}"] {
            assert!(check(text).is_ok(), "{text}");
        }
        let error = check("--h={hots}").unwrap_err().to_string();
        assert!(
            error.contains("\"--h={hots}\"") && error.contains("{hots}") && error.contains("{host}, {port}"),
            "{error}"
        );
        assert!(check("{password}").is_err());
    }
}
