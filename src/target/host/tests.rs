//! What HOST may be: the tables of T7, a corpus of hostile strings, and properties.

use proptest::prelude::*;

use super::*;

#[test]
fn every_form_is_read() {
    for (text, host, user, port, database) in [
        ("orders", "orders", None, None, None),
        ("Orders.PROD.Example.", "orders.prod.example", None, None, None),
        ("a_b-c.d", "a_b-c.d", None, None, None),
        ("dba@orders", "orders", Some("dba"), None, None),
        ("orders:3307", "orders", None, Some(3307), None),
        ("orders/shop", "orders", None, None, Some("shop")),
        ("orders/", "orders", None, None, None),
        ("dba@orders:3307/shop", "orders", Some("dba"), Some(3307), Some("shop")),
        ("jane@acme.com@orders", "orders", Some("jane@acme.com"), None, None),
        ("100%@orders", "orders", Some("100%"), None, None),
        ("orders/shop@home", "orders", None, None, Some("shop@home")),
        ("mysql://orders", "orders", None, None, None),
        ("MySQL://orders/", "orders", None, None, None),
        ("mysql://jane%40acme@orders:3307/my%20shop", "orders", Some("jane@acme"), Some(3307), Some("my shop")),
        ("mysql://a%2Fb@orders", "orders", Some("a/b"), None, None),
        ("mysql://%c3%bc@orders", "orders", Some("ü"), None, None),
    ] {
        let read = HostArgument::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read.host.as_str(), host, "{text}");
        assert_eq!((read.user.as_deref(), read.port, read.database.as_deref()), (user, port, database), "{text}");
    }
}

#[test]
fn t7_hostile_forms_are_refused_with_a_reason() {
    for (text, reason) in [
        ("", "\"\" is empty"),
        (".", "is empty"),
        ("..", "empty part"),
        ("-oProxyCommand=touch x", "begins with a hyphen"),
        ("--", "begins with a hyphen"),
        ("a b", "the character ' '"),
        ("a;rm", "the character ';'"),
        ("$HOME", "the character '$'"),
        ("a\\b", "the character '\\'"),
        ("a\nb", "the character U+000A"),
        ("a\0", "the character U+0000"),
        ("a\u{1b}[2J", "the character U+001B"),
        ("a..b", "empty part between its dots"),
        (".a", "empty part between its dots"),
        ("a..", "empty part between its dots"),
        ("bücher.example", "punycode"),
        ("\u{202e}gro.live", "the character U+202E"),
        ("a%0a", "the character '%'"),
        ("a?b", "the character '?'"),
        ("::1", "is an address"),
        ("[::1]:3306", "is an address"),
        ("[orders]", "is an address"),
        ("orders:", "not a port"),
        ("orders:0", "not a port"),
        ("orders:65536", "not a port"),
        ("orders:+1", "not a port"),
        ("orders:1:2", "not a port"),
        ("@orders", "the user in HOST is empty"),
        ("-u@orders", "the user in HOST begins with a hyphen"),
        ("a\tb@orders", "the character U+0009"),
        ("this-user-is-longer-than-32-chars@orders", "at most 32"),
        ("orders/-e", "the database in HOST begins with a hyphen"),
        ("orders/a\nb", "the character U+000A"),
        ("http://orders", "\"http://\", which is not mysql://"),
        ("mysqlx://orders", "which is not mysql://"),
        ("mysql://", "is empty"),
        ("mysql://orders?ssl-mode=DISABLED", "the character '?'"),
        ("mysql://orders/shop?ssl-mode=DISABLED", "takes no options after '?'"),
        ("mysql://orders/shop#x", "takes no options after '#'"),
        ("mysql://a%0ab@orders", "the character U+000A"),
        ("mysql://a%zz@orders", "not valid percent-encoding"),
        ("mysql://a%f@orders", "not valid percent-encoding"),
        ("mysql://a%ff@orders", "not valid percent-encoding"),
        ("mysql://or%64ers", "the character '%'"),
    ] {
        let error = HostArgument::parse(text).expect_err(text).to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
        assert!(!error.contains(|c: char| c.is_control()), "{text:?}: {error}");
    }
    let long = HostArgument::parse(&"a.".repeat(150)).unwrap_err().to_string();
    assert!(long.contains("at most 253") && long.len() < 250, "{long}");
    assert!(HostArgument::parse(&"a".repeat(64)).unwrap_err().to_string().contains("more than 63"));
    assert!(HostName::parse(&format!("{}.{}", "a".repeat(63), "b.".repeat(94))).is_ok());
}

#[test]
fn a_password_is_refused_and_never_repeated() {
    for text in [
        "dba:hunter2@orders",
        "mysql://dba:hunter2@orders",
        "mysql://dba:hunter2@orders:3306/shop?x=hunter2",
        "dba:hunter2/hunter2@orders",
        "mysql://dba:hunter2/hunter2@orders",
        "dba:hunter2@hunter2@orders",
        "dba:@orders",
    ] {
        let error = HostArgument::parse(text).unwrap_err();
        assert_eq!(error, HostError::Password, "{text}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

/// A small generator with a fixed seed, so that the corpus is the same everywhere.
struct Corpus(u64);

impl Corpus {
    fn next(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn t7_ten_thousand_hostile_strings_never_pass_as_anything_but_a_plain_name() {
    const PIECES: [&str; 40] = [
        "-oProxyCommand=",
        "--",
        "-",
        ";rm -rf ~",
        "\n",
        "\r",
        "\0",
        "$(id)",
        "`id`",
        "$HOME",
        "\\",
        "%0a",
        "%00",
        "%2d",
        "..",
        "/",
        "//",
        "../",
        "@",
        ":",
        "::1",
        "[",
        "]",
        "?",
        "#",
        "&",
        "|",
        ">",
        "'",
        "\"",
        " ",
        "\t",
        "\u{1b}[31m",
        "\u{202e}",
        "ü",
        "orders",
        "a.b",
        "_",
        "3306",
        "mysql://",
    ];
    let mut corpus = Corpus(7);
    let mut passed = 0;
    for _ in 0..10_000 {
        let text: String = (0..=corpus.next(6)).map(|_| PIECES[corpus.next(PIECES.len())]).collect();
        let Ok(read) = HostArgument::parse(&text) else { continue };
        passed += 1;
        let name = read.host.as_str();
        assert!(!name.starts_with('-') && !name.is_empty() && name.len() <= HOST_NAME_LIMIT, "{text:?}");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)), "{text:?}");
        for part in [read.user, read.database].into_iter().flatten() {
            assert!(!part.starts_with('-') && !part.contains(|c: char| c.is_control()) && !part.is_empty(), "{text:?}");
        }
        assert_ne!(read.port, Some(0));
    }
    assert!(passed > 100, "the corpus must reach past the first check: {passed}");
}

proptest! {
    #[test]
    fn t7_any_text_is_read_or_refused(text in "\\PC{0,60}|.{0,60}") {
        if let Err(error) = HostArgument::parse(&text) {
            let shown = error.to_string();
            prop_assert!(!shown.contains(|c: char| c.is_control()));
        }
    }

    #[test]
    fn what_is_put_together_comes_apart(
        host in "[a-z0-9_]{1,10}(\\.[a-z0-9_-]{1,10}){0,3}",
        user in proptest::option::of("[a-z][a-z0-9@._%-]{0,20}"),
        port in proptest::option::of(1..=u16::MAX),
        database in proptest::option::of("[a-z][a-z0-9_$@]{0,20}"),
    ) {
        let mut text = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        text.push_str(&host);
        text.extend(port.map(|port| format!(":{port}")));
        text.extend(database.as_ref().map(|database| format!("/{database}")));
        let read = HostArgument::parse(&text);
        let host = HostName::parse(&host).unwrap();
        prop_assert_eq!(read, Ok(HostArgument { host, user, port, database }));
    }

    #[test]
    fn a_name_once_read_reads_the_same(text in "[A-Za-z0-9._-]{0,40}") {
        if let Ok(name) = HostName::parse(&text) {
            prop_assert_eq!(HostName::parse(name.as_str()), Ok(name));
        }
    }
}
