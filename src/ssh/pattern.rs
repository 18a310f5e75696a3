//! The wildcards of ssh_config and known_hosts: `*`, `?` and lists with `!`. Pure.
//!
//! As OpenSSH's match.c: in a list, a matching `!pattern` excludes whatever else matches.

/// Whether a whole text matches a pattern with `*` (any run of characters) and `?` (any one character).
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut position) = (0, 0);
    // Where to go back to: after the last `*`, and one character further in the text. Linear, unlike recursion.
    let mut retry: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, position));
                at += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == text[position] => {
                at += 1;
                position += 1;
            }
            _ => match retry {
                Some((after, start)) => {
                    retry = Some((after, start + 1));
                    (at, position) = (after, start + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

/// Whether a text matches a list: at least one plain pattern matches and no negated one does.
pub(super) fn matches_list<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated, text) => return false,
            Some(_) => {}
            None => found |= matches(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wildcards() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a*b*c", "axbxbxc", true),
            ("?", "", false),
            ("?.example", "a.example", true),
            ("*.example", ".example", true),
            ("[a]:*", "[a]:2222", true),
            ("**a", "bba", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_negated_pattern_excludes() {
        assert!(matches_list(["*.example", "!b.example"], "a.example"));
        assert!(!matches_list(["*.example", "!b.example"], "b.example"));
        assert!(!matches_list(["!b.example"], "a.example"));
    }

    proptest! {
        #[test]
        fn agrees_with_the_recursive_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match pattern.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|skipped| slow(rest, &text[skipped..])),
                    Some((wanted, rest)) => text.split_first().is_some_and(|(first, others)| {
                        (*wanted == b'?' || wanted == first) && slow(rest, others)
                    }),
                }
            }
            prop_assert_eq!(matches(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
