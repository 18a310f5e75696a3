//! Makes text harmless to a terminal. Pure.
//!
//! What a server, a bastion or a file says may hold escape sequences that retitle the window, answer queries on the
//! user's behalf, or reorder what is read (the class of CVE-2021-25743). On its way to a terminal every such character
//! is spelled out: a control byte or a byte that is no UTF-8 as `\xNN`, a control character beyond ASCII as `\u{…}`.

use std::borrow::Cow;

/// Which control characters a place can show as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Newline and tab.
    Lines,
    /// None: a newline and a tab come out as `\n` and `\t`.
    Nothing,
}

/// Text for a terminal, where newlines and tabs may stand: messages of several lines, banners.
pub fn escape_for_terminal(text: &str) -> Cow<'_, str> {
    escape(text, Keep::Lines)
}

/// Text for a place within one line of a terminal, so that it cannot pose as the line that follows.
pub fn escape_line_for_terminal(text: &str) -> Cow<'_, str> {
    escape(text, Keep::Nothing)
}

fn escape(text: &str, keep: Keep) -> Cow<'_, str> {
    if text.chars().all(|character| is_harmless(character, keep)) {
        return Cow::Borrowed(text);
    }
    let mut escaped = Vec::with_capacity(text.len() + 16);
    push_for_terminal(&mut escaped, text.as_bytes(), keep);
    Cow::Owned(String::from_utf8_lossy(&escaped).into_owned())
}

/// Appends `bytes`, which may be anything, made harmless. What is appended is always UTF-8.
pub(super) fn push_for_terminal(out: &mut Vec<u8>, bytes: &[u8], keep: Keep) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_character(out, character, keep);
        }
        for byte in chunk.invalid() {
            push_hex_escape(out, *byte);
        }
    }
}

fn push_character(out: &mut Vec<u8>, character: char, keep: Keep) {
    let mut bytes = [0; 4];
    match (character, u8::try_from(character)) {
        _ if is_harmless(character, keep) => out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes()),
        ('\n', _) => out.extend_from_slice(b"\\n"),
        ('\t', _) => out.extend_from_slice(b"\\t"),
        (_, Ok(byte)) if byte.is_ascii() => push_hex_escape(out, byte),
        _ => out.extend(character.escape_unicode().map(|part| part as u8)),
    }
}

fn push_hex_escape(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(b"\\x");
    push_hex(out, &[byte]);
}

/// Appends two upper-case hexadecimal digits for each byte.
pub(super) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

fn is_harmless(character: char, keep: Keep) -> bool {
    match character {
        ' '..='~' => true,
        '\n' | '\t' => keep == Keep::Lines,
        _ => !drives_terminal(character),
    }
}

/// Whether a character acts on the terminal, or on the order and the visibility of what is read, rather than being read.
pub(super) fn drives_terminal(character: char) -> bool {
    matches!(character,
        // C0, DEL, C1.
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Arabic letter mark, left-to-right and right-to-left marks.
        | '\u{61c}' | '\u{200e}' | '\u{200f}'
        // Line and paragraph separators; embeddings and overrides.
        | '\u{2028}'..='\u{202e}'
        // Word joiner and invisible operators; isolates; deprecated format characters.
        | '\u{2060}'..='\u{206f}'
        // Byte order mark; interlinear annotation; tags.
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn t10_control_characters_are_spelled_out() {
        for (text, lines, one_line) in [
            ("plain é 語 👩‍👧", "plain é 語 👩‍👧", "plain é 語 👩‍👧"),
            ("a\nb\tc", "a\nb\tc", r"a\nb\tc"),
            ("\x1b]0;x\x07", r"\x1B]0;x\x07", r"\x1B]0;x\x07"),
            ("a\rb\0", r"a\x0Db\x00", r"a\x0Db\x00"),
            ("\x7f", r"\x7F", r"\x7F"),
            ("\u{9b}31m", r"\u{9b}31m", r"\u{9b}31m"),
            ("\u{202e}gpj.exe\u{2066}", r"\u{202e}gpj.exe\u{2066}", r"\u{202e}gpj.exe\u{2066}"),
            ("\u{feff}\u{200f}", r"\u{feff}\u{200f}", r"\u{feff}\u{200f}"),
        ] {
            assert_eq!(escape_for_terminal(text), lines);
            assert_eq!(escape_line_for_terminal(text), one_line);
        }
        assert!(matches!(escape_for_terminal("as it is\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn t10_every_byte_that_is_no_utf8_is_spelled_out() {
        let mut out = Vec::new();
        push_for_terminal(&mut out, b"a\x9b31m\xff\xc3(", Keep::Lines);
        assert_eq!(out, br"a\x9B31m\xFF\xC3(");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4096), ..ProptestConfig::default() })]

        #[test]
        fn t10_nothing_that_drives_a_terminal_is_left(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut out = Vec::new();
            push_for_terminal(&mut out, &bytes, Keep::Nothing);
            let text = String::from_utf8(out).unwrap();
            prop_assert!(!text.chars().any(drives_terminal), "{text:?}");
        }

        #[test]
        fn t10_nothing_but_newline_and_tab_is_left(text in any::<String>()) {
            let escaped = escape_for_terminal(&text);
            prop_assert!(!escaped.chars().any(|c| drives_terminal(c) && c != '\n' && c != '\t'));
        }
    }
}
