//! Conventions from text to target: what is refused and where, what a capture cannot smuggle in, and damaged files.

use std::path::Path;

use super::super::{Match, MatchFailure, TestFailure};
use super::*;
use crate::target::HostName;

const ACME: &str = include_str!("../../../conventions/examples/acme.toml");

fn parse(text: &str) -> Result<Convention, Vec<Fault>> {
    Convention::parse(Path::new("acme.toml"), ConventionLayer::User, text)
}

fn faults(text: &str) -> String {
    let faults = parse(text).expect_err(text);
    let lines = faults.iter().map(|fault| format!("{}:{}: {}\n", fault.line, fault.column, fault.problem));
    lines.collect::<Vec<_>>().concat()
}

fn apply(text: &str, host: &str) -> Match {
    parse(text).unwrap().apply(&HostName::parse(host).unwrap())
}

fn value(text: &str, host: &str, field: Field) -> Result<String, String> {
    match apply(text, host) {
        Match::Yes(fields) => Ok(fields[&field].text.clone()),
        Match::Failed(failure) => Err(failure.to_string()),
        Match::No => Err("no match".to_owned()),
    }
}

#[test]
fn faults_have_line_and_column() {
    let target = "[target]\nuser = 'x'\n";
    for (text, expected) in [
        ("", "1:1: a convention has no \"pattern\"\n1:1: a convention has no \"target\"\n".to_owned()),
        ("pattern = 3\n[target]\n", "1:11: \"pattern\" must be a string, not an integer\n".to_owned()),
        (
            &format!("patern = 'a'\n{target}"),
            "1:1: unknown key \"patern\" in a convention\n1:1: a convention has no \"pattern\"\n".to_owned(),
        ),
        (&format!("pattern = 'ab(c)'\n{target}"), "1:14: the pattern has a group without a name\n".to_owned()),
        (
            &format!("pattern = 'ab(?<x>c'\n{target}"),
            "1:14: the pattern is not a regular expression: unclosed group\n".to_owned(),
        ),
        ("pattern = 'a'\n[target]\nuser = 'x-${env}'\n", "3:11: user: no capture is called \"env\"\n".to_owned()),
        (
            "pattern = 'a'\n[target]\nuser = \"$\"\n",
            "3:9: user: a dollar stands alone: write ${name} for a capture or $$ for a dollar\n".to_owned(),
        ),
        ("pattern = 'a'\n[target]\nregio = 'x'\n", "3:1: unknown key \"regio\" in [target]\n".to_owned()),
        (
            "pattern = 'a'\n[target]\nregion = 'x'\n",
            "3:10: region \"x\" is not shaped like an AWS region such as us-east-1\n".to_owned(),
        ),
        (
            "pattern = 'a'\n[target]\nbastion = ['a', 3]\n",
            "3:17: \"bastion\" must be a list of strings, not an integer\n".to_owned(),
        ),
        (
            &format!("pattern = 'a'\n[lookup.env]\nx = 'y'\n{target}"),
            "2:9: [lookup.env] has no capture to look up\n".to_owned(),
        ),
        (
            &format!("pattern = '(?<x>a)'\n[lookup.x]\na = 1\n{target}"),
            "3:5: \"a\" must be a string, not an integer\n".to_owned(),
        ),
        (&format!("pattern = 'a'\n{target}[[test]]\nmatch = false\n"), "4:1: [[test]] has no \"host\"\n".to_owned()),
        (
            &format!("pattern = 'a'\n{target}[[test]]\nhost = 'a'\nmatch = 'no'\n"),
            "6:9: \"match\" must be true or false, not a string\n".to_owned(),
        ),
        (
            &format!("pattern = 'a'\n{target}[[test]]\nhost = 'a'\nhots = 'a'\n"),
            "6:1: unknown key \"hots\" in [[test]]\n".to_owned(),
        ),
        (
            &format!("pattern = 'a'\n{target}[test]\nhost = 'a'\n"),
            "4:1: \"test\" must be written as [[test]], not a table\n".to_owned(),
        ),
        ("pattern = 'a'\npattern = 'b'\n", "2:1: duplicate key\n".to_owned()),
        ("pattern = 'a\n", "1:13: ".to_owned()),
    ] {
        let found = faults(text);
        assert!(found.starts_with(&expected), "{text}\n{found}");
    }
}

#[test]
fn a_misspelt_key_comes_with_the_right_one() {
    let faults = parse("pattern = 'a'\n[target]\nregio = 'x'\nzzz = 'y'\n").unwrap_err();
    let nearest = |fault: &Fault| match &fault.problem {
        Problem::UnknownKey { nearest, .. } => nearest.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(nearest(&faults[0]).as_deref(), Some("region"));
    assert_eq!(nearest(&faults[1]), None);
    assert_eq!(faults[0].source_line, "regio = 'x'");
}

#[test]
fn a_failing_test_is_a_fault_at_its_place() {
    let base = "pattern = 'db-(?<n>[0-9])'\n[lookup.n]\n1 = 'one'\n[target]\nuser = 'u-${n}'\n[[test]]\n";
    for (case, expected) in [
        ("host = 'db-x'", "6:1: the test host \"db-x\" must match, and does not\n"),
        ("host = 'db-1'\nmatch = false", "6:1: the test host \"db-1\" must not match, and does\n"),
        ("host = 'db-1'\nuser = 'u-two'", "6:1: the test host \"db-1\" gives user \"u-one\", expected \"u-two\"\n"),
        (
            "host = 'db-1'\nregion = 'us-east-1'",
            "6:1: the test host \"db-1\" gives region nothing, expected \"us-east-1\"\n",
        ),
        ("host = 'db-2'", "6:1: the test host \"db-2\" matches, but [lookup.n] in acme.toml:2 has no \"2\"\n"),
    ] {
        assert_eq!(faults(&format!("{base}{case}\n")), expected);
    }
    assert!(parse(&format!("{base}host = 'db-2'\nmatch = false\n")).is_ok(), "an unlisted key resolves to nothing");
    let failure = parse(&format!("{base}host = 'db-x'\n")).unwrap_err().remove(0).problem;
    assert_eq!(failure, Problem::Test(TestFailure::NoMatch { host: "db-x".to_owned() }));
}

#[test]
fn a_test_sees_what_follows_from_the_convention() {
    let text = "pattern = 'db'\n[target]\nendpoint = 'db.c9a.us-east-1.rds.amazonaws.com'\nbastion = ['a', 'b']\n\
        [[test]]\nhost = 'DB.'\nregion = 'us-east-1'\nport = 3306\nroute = 'tunnel'\nbastion = ['a', 'b']\nssl_mode = 'VERIFY_IDENTITY'\n";
    parse(text).unwrap_or_else(|faults| panic!("{faults:?}"));
}

#[test]
fn warnings_are_given_for_what_is_only_odd() {
    let warnings = |text: &str| parse(text).unwrap().warnings().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        warnings("# odd\npattern = 'A(?<x>b)(?<y>c)'\n[lookup.y]\nc = 'd'\n[target]\nuser = 'u'\n"),
        [
            "the capture \"x\" is not used",
            "the pattern asks for the upper-case letter 'A', but names are matched in lower case",
            "no [[test]] names a host that matches",
            "no [[test]] has match = false",
        ]
    );
    assert!(warnings(ACME).is_empty());
}

#[test]
fn t8_a_capture_smuggles_nothing_in() {
    let convention = |pattern: &str, line: &str| format!("pattern = '{pattern}'\n[target]\n{line}\n");
    for (pattern, line, host, field, reason) in [
        (r"x\.(?<x>.*)", "bastion = '${x}'", "x.-oproxycommand", Field::Bastion, "begins with a hyphen"),
        (r"x(?<x>.*)", "bastion = 'a,${x}'", "x-l", Field::Bastion, "begins with a hyphen"),
        (r"x(?<x>.*)", "user = '${x}'", "x-e", Field::User, "begins with a hyphen"),
        (r"x(?<x>.*)", "profile = '${x}'", "x-p", Field::Profile, "begins with a hyphen"),
        (r"x(?<x>.*)", "profile = '${x}'", "x", Field::Profile, "is empty"),
        (r"(?<x>.*)", "endpoint = '${x}'", "evil.com", Field::Endpoint, "must be an RDS name"),
        (
            r"(?<x>.*)",
            "endpoint = 'db.c9a.us-east-1.rds.amazonaws.com.${x}'",
            "evil.com",
            Field::Endpoint,
            "must be an RDS name",
        ),
        (r"(?<x>.*)", "endpoint = '${x}.com'", "evil", Field::Endpoint, "must be an RDS name"),
        (r"(?<x>.*)", "endpoint = '${x}/..'", "evil.com", Field::Endpoint, "the character '/'"),
        (r"(?<x>.*)", "endpoint = '${x}%0a'", "evil.com", Field::Endpoint, "the character '%'"),
        (r"(?<x>.*)\.b", "endpoint = '${x}.${x}'", "a.b", Field::Endpoint, "must be an RDS name"),
        (r"x(?<x>.*)", "endpoint = 'a.${x}.db.example'", "x", Field::Endpoint, "empty part"),
        (r"x(?<x>.*)", "endpoint = 'a${x}.db.example'", "x.-", Field::Endpoint, ""),
        (r"x(?<x>.*)", "port = '${x}'", "x0", Field::Port, "not a port"),
        (r"x(?<x>.*)", "region = '${x}'", "xus-east-1.evil", Field::Region, "not shaped like"),
        (r"x(?<x>.*)", "ssl_mode = '${x}'", "xdisabled", Field::SslMode, "is none of"),
        (r"x(?<x>.*)", "address = '${x}'", "x-oproxycommand", Field::Address, "begins with a hyphen"),
    ] {
        match value(&convention(pattern, line), host, field) {
            Ok(_) => assert!(reason.is_empty(), "{line} on {host} must be refused"),
            Err(error) => assert!(
                !reason.is_empty() && error.contains(reason) && error.contains("acme.toml:3"),
                "{line}: {error}"
            ),
        }
    }
}

#[test]
fn t8_a_lookup_smuggles_nothing_in() {
    for (value_text, field) in [
        ("-oProxyCommand=x", "bastion"),
        ("a/b", "bastion"),
        ("a\\nb", "bastion"),
        ("a/..", "endpoint"),
        ("a..b", "endpoint"),
        ("a%0ab", "endpoint"),
        ("\\u0000", "user"),
        ("a/../b", "profile"),
        ("x", "route"),
    ] {
        let text = format!("pattern = 'db-(?<x>a)'\n[lookup.x]\na = \"{value_text}\"\n[target]\n{field} = '${{x}}'\n");
        let outcome = apply(&text, "db-a");
        assert!(matches!(outcome, Match::Failed(MatchFailure::Value { .. })), "{text}: {outcome:?}");
    }
}

#[test]
fn an_endpoint_outside_rds_needs_a_domain_that_the_file_wrote() {
    let convention = |rest: &str| format!("pattern = 'db-(?<x>[a-z.]+)'\n{rest}\n");
    for (rest, host) in [
        ("[target]\nendpoint = '${x}.db.example'", "db-evil.com"),
        ("[target]\nendpoint = 'fixed.example'", "db-a"),
        ("[lookup.x]\na = 'db.partner.example'\n[target]\nendpoint = '${x}'", "db-a"),
        ("[target]\nendpoint = '${x}.c9a.us-east-1.rds.amazonaws.com'", "db-a"),
    ] {
        assert!(matches!(apply(&convention(rest), host), Match::Yes(_)), "{rest}");
    }
}

#[test]
fn t8_a_pattern_of_a_megabyte_is_a_fault() {
    assert!(faults(&format!("pattern = '{}'\n[target]\n", "a".repeat(1 << 20))).contains("at most 4096"));
    assert!(faults("pattern = '(?:(?:a{1000}){1000}){1000}'\n[target]\n").contains("when compiled"));
}

/// R23: a file cut anywhere, or with any bit flipped, is read or refused with a place inside it; it never panics.
#[test]
fn r23_damaged_files_are_read_or_refused_with_a_place() {
    let lines = ACME.lines().count();
    let mut refused = 0;
    let mut check = |bytes: Vec<u8>| {
        // What is no UTF-8 does not get past os::files.
        let Ok(text) = String::from_utf8(bytes) else { return };
        if let Err(faults) = parse(&text) {
            refused += 1;
            assert!(
                !faults.is_empty()
                    && faults.iter().all(|fault| fault.line >= 1 && fault.line <= lines + 1 && fault.column >= 1)
            );
            assert!(faults.iter().all(|fault| !fault.to_string().contains(|c: char| c.is_control() && c != '\n')));
        }
    };
    for end in 0..ACME.len() {
        check(ACME.as_bytes()[..end].to_vec());
    }
    for place in 0..ACME.len() {
        for bit in 0..8 {
            let mut bytes = ACME.as_bytes().to_vec();
            bytes[place] ^= 1 << bit;
            check(bytes);
        }
    }
    assert!(refused > 1000, "{refused}");
}
