//! Quoting, read back by an independent reader of the format, and the limits (T15).

use proptest::prelude::*;

use super::*;

fn file(format: Format, limit: Option<usize>) -> OptionFile {
    OptionFile { program: "/usr/bin/mysql".into(), format, limit, is_regular: false, is_without_password: false }
}

fn options() -> Format {
    Format::Options { before: "[mysql]\npager=less\n".into(), client: vec![("ssl-fp", "1A".into())] }
}

/// The value of the last `name` in `[client]`, read as `mysys/my_default.cc` reads it: white space off both ends, a comment
/// begins at a `#` outside quotes, quotes off both ends, and then the escapes, of which unknown ones stay as they are.
fn read_back(text: &str, name: &str) -> Option<String> {
    let mut group = "";
    let mut found = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix('[') {
            group = rest.split(']').next().unwrap();
        } else if let Some((key, value)) = line.split_once('=') {
            if group == "client" && key.trim() == name {
                found = Some(value_of(value));
            }
        }
    }
    found
}

fn value_of(raw: &str) -> String {
    let (mut quote, mut escaped, mut end) = (None, false, raw.len());
    for (index, character) in raw.char_indices() {
        if matches!(character, '"' | '\'') && !escaped {
            match quote {
                None => quote = Some(character),
                Some(open) if open == character => quote = None,
                Some(_) => {}
            }
        }
        if quote.is_none() && character == '#' {
            end = index;
            break;
        }
        escaped = quote.is_some() && character == '\\' && !escaped;
    }
    let mut value = raw[..end].trim();
    for mark in ['"', '\''] {
        if value.len() > 1 && value.starts_with(mark) && value.ends_with(mark) {
            value = &value[1..value.len() - 1];
            break;
        }
    }
    let mut read = String::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            read.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => read.push('\n'),
            Some('t') => read.push('\t'),
            Some('r') => read.push('\r'),
            Some('b') => read.push('\x08'),
            Some('s') => read.push(' '),
            Some(same @ ('\\' | '"' | '\'')) => read.push(same),
            Some(other) => read.extend(['\\', other]),
            None => read.push('\\'),
        }
    }
    read
}

#[test]
fn a_token_is_written_as_it_is() {
    let token =
        "orders.cluster-c9abc.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=dba&X-Amz-Signature=0a%2F";
    let text = file(options(), Some(PIECEWISE)).text(&token.into()).unwrap();
    let expected = format!("[mysql]\npager=less\n[client]\nssl-fp=\"1A\"\npassword=\"{token}\"\n");
    assert_eq!(text.expose_secret(), expected);
}

#[test]
fn t15_what_a_client_would_cut_or_print_is_refused() {
    let limited = file(options(), Some(PIECEWISE));
    assert!(limited.text(&"x".repeat(PIECEWISE).into()).is_ok());
    // It is the quoted length that counts.
    for (password, length) in [("x".repeat(PIECEWISE + 1), 4084), ("\\".repeat(2042), 4084)] {
        let error = limited.text(&password.into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the password has {length} bytes in an option file, of which /usr/bin/mysql reads 4083")
        );
    }
    assert!(file(options(), None).text(&"x".repeat(100_000).into()).is_ok());
}

#[test]
fn t15_errors_do_not_hold_the_password() {
    let canary = "CANARY\0";
    for format in [options(), Format::Line] {
        let error = file(format, None).text(&canary.into()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }
}

#[test]
fn a_line_holds_what_mycli_can_read() {
    let line = file(Format::Line, None);
    for password in ["abc", "a b\"'\\#;=", "pässwörd", &"x".repeat(9000)] {
        assert_eq!(line.text(&password.into()).unwrap().expose_secret(), format!("{password}\n"));
    }
    for password in ["a\nb", "a\r", " a", "a ", "\ta", "\u{a0}a", "a\u{1f}", "a\0b", "€"] {
        assert!(matches!(line.text(&password.into()), Err(Error::PasswordCharacter { .. })), "{password:?}");
    }
}

proptest! {
    #[test]
    fn a_password_is_read_back(password in prop::collection::vec(
        prop_oneof![any::<char>(), prop::sample::select("\"'\\#;=[]!\n\r\t\x08 nrtbs%{}".chars().collect::<Vec<_>>())],
        0..40,
    )) {
        let password: String = password.into_iter().filter(|character| *character != '\0').collect();
        let text = file(options(), None).text(&password.as_str().into()).unwrap();
        let text = text.expose_secret();
        prop_assert_eq!(text.split('\n').count(), 6, "a line break gets out: {:?}", text);
        prop_assert_eq!(read_back(text, "password"), Some(password));
        prop_assert_eq!(read_back(text, "ssl-fp"), Some("1A".to_owned()));
    }
}

#[test]
fn where_a_helper_answers_the_file_holds_the_users_own_options_alone() {
    let file = OptionFile { is_without_password: true, ..file(options(), Some(PIECEWISE)) };
    assert_eq!(file.text(&"x".repeat(PIECEWISE + 1).into()).unwrap().expose_secret(), "[mysql]\npager=less\n");
}
