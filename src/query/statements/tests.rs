//! Tables and properties of the splitter. Holds no code of the program.

use proptest::prelude::*;

use super::*;

/// Every statement with its line and whether it is vertical; errors as text.
fn split(text: &[u8]) -> Vec<(String, u64, bool)> {
    let mut splitter = Splitter::new();
    splitter.push(text);
    splitter.finish();
    drain(&mut splitter)
}

fn drain(splitter: &mut Splitter) -> Vec<(String, u64, bool)> {
    let mut found = Vec::new();
    loop {
        match splitter.next_statement() {
            Ok(None) => return found,
            Ok(Some(s)) => found.push((s.sql.escape_ascii().to_string(), s.line, s.vertical)),
            Err(error) => found.push((format!("! {error}"), 0, false)),
        }
    }
}

fn texts(text: &[u8]) -> Vec<String> {
    split(text).into_iter().map(|(sql, _, _)| sql).collect()
}

#[test]
fn texts_are_split_as_by_the_mysql_client() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("  \n\t;; ;\n", &[]),
        ("select 1", &["select 1"]),
        ("select 1;", &["select 1"]),
        (" select 1 ; select 2 ", &["select 1", "select 2"]),
        ("select 1;\r\nselect\r\n2;\r\n", &["select 1", r"select\r\n2"]),
        // Strings.
        ("select ';', \";\", `;`; x", &["select \\';\\', \\\";\\\", `;`", "x"]),
        (r"select 'a\';b'; x", &[r"select \'a\\\';b\'", "x"]),
        (r"select 'a\\'; x", &[r"select \'a\\\\\'", "x"]),
        ("select 'a'';b'; x", &[r"select \'a\'\';b\'", "x"]),
        ("select \"a\"\";b\"; x", &["select \\\"a\\\"\\\";b\\\"", "x"]),
        // A backslash is an ordinary character in a quoted name.
        (r"select `a\`; x", &[r"select `a\\`", "x"]),
        ("select `a``;b`; x", &["select `a``;b`", "x"]),
        ("select '-- # /* ', 1; x", &[r"select \'-- # /* \', 1", "x"]),
        // Comments.
        ("-- a; b\nselect 1;# c; d\nselect 2", &["select 1", "select 2"]),
        ("select 1 -- a; 'b\n+ 2; x", &[r"select 1 -- a; \'b\n+ 2", "x"]),
        ("select 1--1; x", &["select 1--1", "x"]),
        ("select 1 --\n;x", &["select 1 --", "x"]),
        ("--no space\nselect 1", &["select 1"]),
        ("select 1 # ; '\n; x", &[r"select 1 # ; \'", "x"]),
        ("/* only; this */", &[]),
        ("/* only */;\n-- this\n", &[]),
        ("-- this", &[]),
        ("/* tag */ select 1; /* tag; */ select 2", &["/* tag */ select 1", "/* tag; */ select 2"]),
        ("/* a */ -- b\nselect 1", &["select 1"]),
        ("select /* ; ' */ 1; x", &[r"select /* ; \' */ 1", "x"]),
        ("select /*+ BKA(`a;b`) it's */ 1; x", &[r"select /*+ BKA(`a;b`) it\'s */ 1", "x"]),
        ("/*/ not closed; */ select 1; x", &["/*/ not closed; */ select 1", "x"]),
        ("/*!40101 SET NAMES utf8 */;\n/*M!100 x */;", &["/*!40101 SET NAMES utf8 */", "/*M!100 x */"]),
        ("/*!50003 select ';' /* it's ; */ */; x", &[r"/*!50003 select \';\' /* it\'s ; */ */", "x"]),
        // An end that is none is the server's to refuse.
        ("select 'a; b", &[r"select \'a; b"]),
        ("select 1 /* a; b", &["select 1 /* a; b"]),
        ("/* a; b", &["/* a; b"]),
        ("select 'a\\", &[r"select \'a\\"]),
        // Client commands.
        ("select 1\\gselect 2\\G select 3", &["select 1", "select 2", "select 3"]),
        ("select 1\\G;\nselect 2;", &["select 1", "select 2"]),
        ("select '\\G', \\N; x", &[r"select \'\\G\', \\N", "x"]),
        ("\\! rm -rf x; y", &[r"\\! rm -rf x", "y"]),
        // DELIMITER.
        ("delimiter //\nselect 1; select 2//\nDELIMITER ;\nselect 3; x", &["select 1; select 2", "select 3", "x"]),
        ("DELIMITER ;;\r\nselect 1;\r\nselect 2;;\r\nDELIMITER ;\r\nx;y", &[r"select 1;\r\nselect 2", "x", "y"]),
        ("select 1; delimiter $$ and the rest\nselect 2;$$ x", &["select 1", "select 2;", "x"]),
        ("delimiter '//' x\na;b//c", &["a;b", "c"]),
        ("delimiter --\na; b--c", &["a; b", "c"]),
        ("delimiter #\na; b#c", &["a; b", "c"]),
        ("delimiter go\na; b go c", &["a; b", "c"]),
        ("delimiters; x", &["delimiters", "x"]),
        ("select delimiter //\n; x", &["select delimiter //", "x"]),
        ("delimiter", &["! DELIMITER at line 1 names no delimiter"]),
        ("delim", &["delim"]),
        ("\ndelimiter \nselect 1; x", &["! DELIMITER at line 2 names no delimiter", "select 1", "x"]),
        ("delimiter \\\\\nselect 1; x", &["! the delimiter at line 1 contains a backslash", "select 1", "x"]),
        // A byte order mark, whole and broken.
        ("\u{feff}select 1; \u{feff}", &["select 1", r"\xef\xbb\xbf"]),
        ("\u{feff}", &[]),
    ];
    for (text, expected) in cases {
        let found = texts(text.as_bytes());
        assert_eq!(found, *expected, "{text:?}");
        for size in 1..=text.len() {
            assert!(chunks_agree(text.as_bytes(), size), "{text:?} in pieces of {size}");
        }
    }
    assert_eq!(texts(b"\xef\xbb"), [r"\xef\xbb"]);
    assert_eq!(
        texts(b"select '\xff\0\x80;', _binary '\xe2\x82';x"),
        [r"select \'\xff\x00\x80;\', _binary \'\xe2\x82\'", "x"]
    );
}

#[test]
fn a_statement_knows_where_it_starts_and_how_it_is_shown() {
    let text = b"-- one\n\nselect\n 'a\nb';\n/* six\nseven */ select 2\\G\nselect 3; select 4\\g\ndelimiter //\n\nx\n//\n'open\n";
    assert_eq!(
        split(text),
        [
            (r"select\n \'a\nb\'".to_owned(), 3, false),
            (r"/* six\nseven */ select 2".to_owned(), 7, true),
            ("select 3".to_owned(), 8, false),
            ("select 4".to_owned(), 8, false),
            ("x".to_owned(), 11, false),
            (r"\'open\n".to_owned(), 13, false),
        ]
    );
}

#[test]
fn a_dump_goes_through_unharmed() {
    let dump = concat!(
        "/*M!999999\\- enable the sandbox mode */ \n",
        "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n-- Host: localhost\n\n",
        "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n",
        "--\n-- Table structure for table `it's`\n--\n\nDROP TABLE IF EXISTS `it's`;\n",
        "CREATE TABLE `it's` (\n  `a` int DEFAULT NULL COMMENT 'x;y'\n);\n",
        "INSERT INTO `it's` VALUES (1,'a\\'b\\\\'),(2,'c\\n;-- d'),(3,_binary '\\0\\Z\\\"');\n",
        "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `it's` FOR EACH ROW BEGIN\n",
        "  -- it's a comment; really\n  /* and ; this */\n  SET NEW.a = 1;\nEND */;;\nDELIMITER ;\n",
        "/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;\n\n-- Dump completed on 2024-01-01\n",
    );
    let found = split(dump.as_bytes());
    let starts =
        ["/*M!999999", "DROP TABLE", "CREATE TABLE", "INSERT INTO", "/*!50003 CREATE*/", "/*!40101 SET CHARACTER"];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for ((sql, _, _), start) in found.iter().zip(starts) {
        assert!(sql.starts_with(start), "{sql}");
    }
    // The mark without a delimiter belongs to the first statement; servers skip it there.
    assert!(found[0].0.ends_with("/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */"));
    assert!(found[4].0.ends_with(r"SET NEW.a = 1;\nEND */"), "{}", found[4].0);
    assert!(found[3].0.ends_with(r#"(3,_binary \'\\0\\Z\\\"\')"#), "{}", found[3].0);
    assert_eq!(found.iter().map(|(_, line, _)| *line).collect::<Vec<_>>(), [1, 11, 12, 15, 17, 23]);
    for size in 1..100 {
        assert!(chunks_agree(dump.as_bytes(), size), "{size}");
    }
}

#[test]
fn a_statement_is_there_as_soon_as_its_delimiter_is() {
    let mut splitter = Splitter::new();
    for (piece, expected) in [
        ("select 1;", 1),
        ("\nselect 2\\G", 1),
        ("do 1;", 1),
        ("DELETE;", 1),
        ("delimiter //\nselect 3;", 0),
        ("/", 0),
        ("/", 1),
    ] {
        splitter.push(piece.as_bytes());
        assert_eq!(drain(&mut splitter).len(), expected, "{piece}");
    }
}

#[test]
fn without_backslash_escapes_a_string_may_end_in_one() {
    let mut splitter = Splitter::new();
    splitter.set_backslash_escapes(false);
    splitter.push(br"select '\'; x");
    splitter.finish();
    assert_eq!(drain(&mut splitter).len(), 2);
}

#[test]
fn r20_a_long_script_needs_the_memory_of_one_statement() {
    let piece = "insert into t values (1, 'some text; with a delimiter');\n-- and a comment\n".repeat(1000);
    let mut splitter = Splitter::new();
    let mut count = 0;
    for _ in 0..200 {
        splitter.push(piece.as_bytes());
        while splitter.next_statement().unwrap().is_some() {
            count += 1;
        }
        assert!(splitter.buffer.capacity() < 4 * piece.len(), "{}", splitter.buffer.capacity());
    }
    assert_eq!(count, 200_000);
    // What one long statement needed is given back.
    splitter.push(format!("select '{}'", "x".repeat(8 << 20)).as_bytes());
    assert_eq!(splitter.next_statement(), Ok(None));
    for _ in 0..2 {
        splitter.push(b";");
        while splitter.next_statement().unwrap().is_some() {}
    }
    assert!(splitter.buffer.capacity() <= KEPT_CAPACITY, "{}", splitter.buffer.capacity());
}

#[test]
fn r20_a_statement_that_no_server_takes_is_refused_and_nothing_after_it_is_read() {
    for comment in ["", "/* a */\n", "-- a\n"] {
        let mut splitter = Splitter::new();
        splitter.limit = 100;
        splitter.push(format!("select 1;\n{comment}select '").as_bytes());
        assert_eq!(splitter.next_statement().unwrap().unwrap().sql, b"select 1");
        assert_eq!(splitter.next_statement(), Ok(None));
        splitter.push(&[b'x'; 101]);
        let line = if comment.is_empty() { 2 } else { 3 };
        assert_eq!(splitter.next_statement(), Err(Error::StatementTooLong { line, limit: 100 }));
        splitter.push(b"'; drop table t;");
        splitter.finish();
        assert_eq!(splitter.next_statement(), Ok(None));
    }
    // Comments that belong to no statement may be as long as they like.
    let mut splitter = Splitter::new();
    splitter.limit = 100;
    splitter.push(format!("-- {}\nselect 1;", "x".repeat(1000)).as_bytes());
    assert_eq!(splitter.next_statement().unwrap().unwrap().line, 2);
}

#[test]
fn a_delimiter_line_without_end_is_refused() {
    let text = format!("delimiter {}\nselect 1;", " ".repeat(5000));
    assert_eq!(texts(text.as_bytes()), ["! the DELIMITER command at line 1 is longer than 1024 bytes", "select 1"]);
    for size in [1, 7, 1000, 1024, 1040] {
        assert!(chunks_agree(text.as_bytes(), size));
    }
}

/// Texts made of what the splitter looks for, which random bytes seldom hold.
fn script() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => proptest::sample::select(vec![
            "'", "\"", "`", "\\", ";", "--", "-- ", "#", "/*", "*/", "/*!", "/*M!", "/*+", "\n", "\r\n", " ", "delimiter ",
            "DELIMITER //", "delimiter ;\n", "//", "\\g", "\\G", "\\N", "d", "select", "*", "/", "-", "\u{feff}", "é",
        ])
        .prop_map(|word| word.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4096), ..ProptestConfig::default() })]

    #[test]
    fn any_cut_into_pieces_gives_the_same(text in script(), size in 1_usize..20) {
        prop_assert!(chunks_agree(&text, size));
    }

    #[test]
    fn any_bytes_are_taken(text in proptest::collection::vec(any::<u8>(), 0..300), size in 1_usize..40) {
        prop_assert!(chunks_agree(&text, size));
    }

    #[test]
    fn statements_are_parts_of_the_text_in_order(text in script()) {
        let mut splitter = Splitter::new();
        splitter.push(&text);
        splitter.finish();
        let (mut from, mut last_line) = (0, 1);
        loop {
            match splitter.next_statement() {
                Ok(None) => break,
                Err(_) => {}
                Ok(Some(statement)) => {
                    prop_assert!(!statement.sql.is_empty());
                    let at = memmem::find(&text[from..], statement.sql);
                    prop_assert!(at.is_some());
                    from += at.unwrap() + statement.sql.len();
                    prop_assert!(statement.line >= last_line);
                    last_line = statement.line;
                }
            }
        }
    }
}
