//! Patterns: what is refused, and that the fixed parts never rule out a match.

use proptest::prelude::*;

use super::*;

fn problem(text: &str) -> PatternProblem {
    Pattern::parse(text).err().unwrap_or_else(|| panic!("{text} must be refused"))
}

#[test]
fn refuses_with_the_place() {
    for (text, offset) in [("a(b)", 1), ("(?<x>a)(?:b(c))", 11)] {
        assert_eq!(problem(text), PatternProblem::UnnamedCapture { offset });
    }
    for (text, offset) in
        [("a(", 1), ("a)", 1), ("[a", 0), ("ab\\q", 2), ("(?<x>a)(?<x>b)", 10), ("a(?=b)", 1), ("(?<x>a)\\1", 7)]
    {
        let problem = problem(text);
        assert!(matches!(problem, PatternProblem::Syntax { .. }) && problem.offset() == offset, "{text}: {problem:?}");
    }
    assert!(matches!(problem("a)|(?:b"), PatternProblem::Syntax { .. }), "the anchors cannot be escaped");
    assert!(matches!(problem("(?x)a # comment"), PatternProblem::Syntax { .. }));
}

#[test]
fn t8_large_and_nested_patterns_are_refused() {
    assert_eq!(problem(&"a".repeat(1 << 20)), PatternProblem::TooLong { length: 1 << 20, limit: LENGTH_LIMIT });
    for text in [
        "(?:(?:(?:a{100}){100}){100}){100}",
        "(?:a{1000}){1000}",
        "(?:(?:[a-z]{1,999}){1,999}){1,999}",
        "(?:.{0,65535}b){500}",
    ] {
        assert_eq!(problem(text), PatternProblem::TooLarge { limit: SIZE_LIMIT }, "{text}");
    }
    assert!(matches!(problem(&format!("{}a{}", "(?:".repeat(60), ")".repeat(60))), PatternProblem::Syntax { .. }));
}

#[test]
fn matches_the_whole_name() {
    let (_, regex) = Pattern::parse("a|(?<x>ab)").unwrap();
    for (name, matches) in [("a", true), ("ab", true), ("abc", false), ("xab", false), ("a\n", false), ("b", false)] {
        assert_eq!(regex.is_match(name.as_bytes()), matches, "{name:?}");
    }
    assert!(!Pattern::parse("(?m)^a$").unwrap().1.is_match(b"a\nb"));
}

#[test]
fn fixed_parts_are_found() {
    for (text, yes, no) in [
        ("orders", &["orders"][..], &["order", "xorders", "ordersx"][..]),
        (
            r"(?<s>[a-z-]+)\.db\.(?<e>dev|prod)\.example",
            &["a.db.x.example"],
            &["a.example", "a.db.example", "a.db.x.examplex"],
        ),
        (r"team7-(?<s>[a-z]+)", &["team7-", "team7-x"], &["team77", "x-team7-"]),
        (r"(?<s>[a-z]+)-team7\.(?<e>dev|prod)", &["-team7.", "a-team7.dev"], &["a-team8.dev"]),
        ("(?<x>abc)?", &["", "abc", "z"], &[]),
        ("", &["", "a"], &[]),
        ("ab(?<x>.*)ba", &["abba", "abxba"], &["aba"]),
        ("(?i)abc", &["ABC", "abc", "xyz"], &[]),
    ] {
        let (pattern, _) = Pattern::parse(text).unwrap();
        for name in yes {
            assert!(pattern.may_match(name), "{text} may match {name}");
        }
        for name in no {
            assert!(!pattern.may_match(name), "{text} cannot match {name}");
        }
    }
}

#[test]
fn fingerprints_tell_names_apart() {
    let name = Fingerprint::of("orders-team4711.prod.use1.db.acme.example");
    let passed = (0..10_000).filter(|number| {
        let pattern = Pattern::parse(&format!(r"[a-z]+-team{number}\.(?:dev|prod)\.use1\.db\.acme\.example"));
        pattern.unwrap().0.fingerprint().may_be_within(name)
    });
    let passed = passed.count();
    assert!((1..200).contains(&passed), "{passed} of 10,000 are left to be looked at");
}

#[test]
fn an_upper_case_letter_is_noticed() {
    assert_eq!(Pattern::parse("Orders").unwrap().0.impossible_letter(), Some('O'));
    assert_eq!(Pattern::parse(r"orders\.(?<x>\S\D)(?i:A)").unwrap().0.impossible_letter(), None);
}

/// Patterns made of few letters, so that many names match.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "a", "b", "ab", "-", r"\.", "[ab]", "[^a]", ".", "(?i:A)", "^", "$", r"\b", "", r"\w",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            inner.clone().prop_map(|part| format!("(?:{part})?")),
            inner.clone().prop_map(|part| format!("(?:{part})*")),
            inner.prop_map(|part| format!("(?:{part}){{2}}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2000), ..ProptestConfig::default() })]

    #[test]
    fn the_fixed_parts_never_rule_out_a_match(text in pattern(), names in proptest::collection::vec("[ab.-]{0,8}", 8)) {
        let Ok((pattern, regex)) = Pattern::parse(&text) else { return Ok(()) };
        for name in names {
            prop_assert!(!regex.is_match(name.as_bytes()) || pattern.may_match(&name), "{text} on {name}");
            let is_sieved = !pattern.fingerprint().may_be_within(Fingerprint::of(&name));
            prop_assert!(!regex.is_match(name.as_bytes()) || !is_sieved, "{text} on {name}");
        }
    }

    #[test]
    fn any_text_is_a_pattern_or_refused(text in ".{0,60}") {
        if let Err(problem) = Pattern::parse(&text) {
            prop_assert!(problem.offset() <= text.len());
        }
    }
}
