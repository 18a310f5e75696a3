//! What each field takes and refuses.

use proptest::prelude::*;

use super::*;

#[test]
fn fields_take_what_is_right() {
    for (field, texts) in [
        (Field::Profile, &["acme-prod", "Acme/DBA", "user@example.com", "my profile", "prüf"][..]),
        (Field::Region, &["us-east-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-12", "us-isob-east-1"]),
        (Field::Endpoint, &["a.b.us-east-1.rds.amazonaws.com", "A.Example.", "db_1"]),
        (Field::Port, &["1", "3306", "65535", "03306"]),
        (Field::Address, &["10.0.0.7", "10.0.0.7:3307", "db.internal:1", "[::1]:3306", "::1", "[fe80::1]", "db."]),
        (Field::User, &["dba", "jane@acme.com", "a b", "$x", "ü"]),
        (Field::Database, &["shop", "my-shop", "$x"]),
        (Field::Bastion, &["gate", "me@gate:2222", "a,b,c", "none", "me+x@[::1]:22", "Alias_1"]),
        (Field::Route, &["direct", "tunnel", "data-api"]),
        (Field::Auth, &["iam", "secret", "password"]),
        (Field::SslMode, &["VERIFY_IDENTITY", "verify_ca", "REQUIRED"]),
        (Field::SslCa, &["/etc/ca.pem", "~/ca.pem", "ca.pem"]),
        (Field::SecretArn, &["arn:aws:secretsmanager:us-east-1:123456789012:secret:db/x-AbCdEf"]),
        (Field::Client, &["mysqlsh", "/usr/bin/mysql"]),
    ] {
        for text in texts {
            assert_eq!(check(field, text), Ok(()), "{field:?} {text}");
        }
    }
}

#[test]
fn t7_fields_refuse_what_is_not() {
    for (field, texts) in [
        (Field::Profile, &["", "-p", "a\nb", "a;b", "$(id)", "`id`", "a'b", "a\\b", "a/../b", "a%0ab"][..]),
        (
            Field::Region,
            &[
                "",
                "us-east",
                "US-EAST-1",
                "us--east-1",
                "useast1",
                "us-east-1a",
                "-us-east-1",
                "us-east-1/..",
                "us-east-123",
            ],
        ),
        (
            Field::Endpoint,
            &[
                "",
                "-a",
                "a:3306",
                "a/b",
                "evil.com/..",
                "a..b",
                "10.0.0.7",
                "::1",
                "[::1]",
                "a b",
                "a%0ab",
                "ü.example",
            ],
        ),
        (Field::Port, &["", "0", "65536", "-1", "+1", "0x10", "3306 ", "٣"]),
        (Field::Address, &["", "-a", "a:", "a:0", "[::1", "[::1]x", "[a]", "a:b:c", "fe80::1%eth0", "a/b", ":3306"]),
        (Field::User, &["", "-u", "a\0", "a\n", "\u{202e}abc", "123456789012345678901234567890123"]),
        (Field::Database, &["", "-D", "a\tb"]),
        (
            Field::Bastion,
            &[
                "",
                "-oProxyCommand=x",
                "a,-oProxyCommand=x",
                "-l@a",
                "a b",
                "a;b",
                "a,,b",
                "a$b",
                "a/b",
                "a\\b",
                "a@",
                "@a",
                "ssh://a",
                "a:0",
                "a\n",
                "%h",
                "a:22:33",
                "DOM\\me@a",
                "me@-a",
            ],
        ),
        (Field::Route, &["", "Direct", "ssh"]),
        (Field::Auth, &["", "IAM", "none"]),
        (Field::SslMode, &["", "DISABLED", "PREFERRED", "verify"]),
        (Field::SslCa, &["", "-ca", "/etc/../x", "a\nb"]),
        (Field::ClusterArn, &["", "cluster", "arn:aws:rds;x", "arn: "]),
        (Field::Client, &["", "-x", "a b", "../x", "a;b"]),
    ] {
        for text in texts {
            assert!(check(field, text).is_err(), "{field:?} {text:?}");
        }
    }
}

#[test]
fn addresses_and_bastions_come_apart() {
    for (text, shown) in [
        ("db.Internal", "db.internal:3306"),
        ("db:1", "db:1"),
        ("::1", "[::1]:3306"),
        ("[::1]:33", "[::1]:33"),
        ("10.0.0.7", "10.0.0.7:3306"),
    ] {
        assert_eq!(parse_address(text, 3306).unwrap().to_string(), shown);
    }
    for text in ["gate", "me@gate", "gate:2222", "me@gate:2222", "[::1]", "me@[::1]:22", "a@b@gate"] {
        assert_eq!(BastionName::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(parse_bastions("none"), Ok(Vec::new()));
}

#[test]
fn paths_need_an_anchor() {
    let home = Path::new("/home/dba");
    assert_eq!(parse_path("~/ca.pem", Some(home), false), Ok(PathBuf::from("/home/dba/ca.pem")));
    assert_eq!(parse_path("~/ca.pem", None, true), Err(ValueProblem::NoHome));
    assert_eq!(parse_path("ca.pem", Some(home), false), Err(ValueProblem::RelativePath));
    assert_eq!(parse_path("ca.pem", Some(home), true), Ok(PathBuf::from("ca.pem")));
    assert_eq!(parse_path("~root/ca.pem", Some(home), true), Err(ValueProblem::RelativePath));
    assert_eq!(parse_path("~/../x", Some(home), true), Err(ValueProblem::ParentFolder));
}

#[test]
fn shown_texts_are_harmless_and_short() {
    assert_eq!(Shown("a\n\"\\\u{1b}\u{202e}ü").to_string(), "\"a\\n\\\"\\\\\\u{1b}\\u{202e}ü\"");
    assert!(Shown(&"x".repeat(10_000)).to_string().len() < 120);
}

proptest! {
    #[test]
    fn t7_no_value_begins_an_option_or_holds_a_control_character(index in 0..Field::ALL.len(), text in ".{0,40}") {
        let field = Field::ALL[index];
        if check(field, &text).is_ok() {
            prop_assert!(!text.starts_with('-') && !text.is_empty());
            prop_assert!(!text.contains(|c: char| c.is_control()));
        }
    }

    #[test]
    fn t7_a_bastion_is_one_plain_word(text in "[a-zA-Z0-9@:.,\\[\\]%$;/\\\\ \n-]{0,24}") {
        if let Ok(hop) = BastionName::parse(&text) {
            let shown = hop.to_string();
            prop_assert!(!shown.starts_with('-') && !hop.host.starts_with('-'));
            prop_assert!(shown.chars().all(|c| c.is_ascii_alphanumeric() || "@:._-+[]".contains(c)));
            prop_assert_eq!(BastionName::parse(&shown), Ok(hop));
        }
    }
}
