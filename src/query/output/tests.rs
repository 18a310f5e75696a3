//! What each format writes, as tables. Holds no code of the program.

use super::*;
use crate::backend::ColumnKind;
use crate::backend::ColumnKind::{Binary, Bit, Decimal, Float, Integer, Json as Document, Temporal, Text};

/// A row as the tests write it.
pub(super) type Cells = Vec<Option<Vec<u8>>>;

struct TestRow<'a>(&'a Cells);

impl Row for TestRow<'_> {
    fn cell(&self, index: usize) -> Option<&[u8]> {
        self.0[index].as_deref()
    }
}

/// Remembers what it was told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    results: Vec<(Outcome, u64)>,
    paged: u32,
}

impl Listener for Heard {
    fn result(&mut self, outcome: &Outcome, rows: u64) {
        self.results.push((outcome.clone(), rows));
    }

    fn table_is_paged(&mut self) {
        self.paged += 1;
    }
}

/// One result set.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Cells>,
}

pub(super) fn columns(columns: &[(&str, ColumnKind)]) -> Vec<Column> {
    columns.iter().map(|(name, kind)| Column { name: (*name).into(), kind: *kind }).collect()
}

fn set(names: &[(&str, ColumnKind)], rows: &[&[Option<&[u8]>]]) -> Set {
    let rows = rows.iter().map(|row| row.iter().map(|cell| cell.map(<[u8]>::to_vec)).collect()).collect();
    Set { columns: columns(names), rows }
}

/// A result set of one row of one column.
fn cell(kind: ColumnKind, cell: &[u8]) -> Set {
    set(&[("c", kind)], &[&[Some(cell)]])
}

pub(super) fn send<W: Write>(output: &mut Output<W, Heard>, set: &Set, complete: bool) -> io::Result<()> {
    output.columns(&set.columns)?;
    for row in &set.rows {
        output.row(&TestRow(row))?;
    }
    if complete { output.end(&Outcome { has_rows: true, ..Outcome::default() }) } else { Ok(()) }
}

/// Everything that is written for complete result sets.
pub(super) fn written(style: Style, sets: &[Set]) -> Vec<u8> {
    let mut output = Output::new(Vec::new(), style, Heard::default());
    for set in sets {
        send(&mut output, set, true).unwrap();
    }
    output.finish().unwrap();
    output.into_writer()
}

fn text(style: Style, sets: &[Set]) -> String {
    String::from_utf8(written(style, sets)).unwrap()
}

/// One of every kind, with the values that other tools bend.
fn exact() -> Set {
    set(
        &[
            ("i", Integer),
            ("u", Integer),
            ("f", Float),
            ("d", Decimal),
            ("t", Text),
            ("at", Temporal),
            ("j", Document),
            ("b", Bit),
            ("x", Binary),
            ("n", Text),
        ],
        &[
            &[
                Some(b"-9223372036854775808"),
                Some(b"18446744073709551615"),
                Some(b"1.5e-7"),
                Some(b"12345678901234567890.1234567890"),
                Some("tab\tnew\nline \\ é 語".as_bytes()),
                Some(b"2024-02-29 23:59:59.123456"),
                Some(b"{\"k\": [1, 12345678901234567890.5]}"),
                Some(b"\x01\x02"),
                Some(b"\x00\xff"),
                None,
            ],
            &[
                Some(b"0"),
                Some(b"00042"),
                Some(b"-0"),
                Some(b"0.00"),
                Some(b""),
                Some(b"0000-00-00 00:00:00"),
                Some(b"null"),
                Some(b"\xff\xff\xff\xff\xff\xff\xff\xff"),
                Some(b""),
                Some(b"NULL"),
            ],
        ],
    )
}

#[test]
fn every_kind_is_exact_in_every_format() {
    for (format, expected) in [
        (Format::Tsv, &b"i\tu\tf\td\tt\tat\tj\tb\tx\tn\n\
            -9223372036854775808\t18446744073709551615\t1.5e-7\t12345678901234567890.1234567890\ttab\\tnew\\nline \\\\ \xc3\xa9 \xe8\xaa\x9e\t2024-02-29 23:59:59.123456\t{\"k\": [1, 12345678901234567890.5]}\t258\t\\0\xff\tNULL\n\
            0\t00042\t-0\t0.00\t\t0000-00-00 00:00:00\tnull\t18446744073709551615\t\tNULL\n"[..]),
        (Format::Csv, b"i,u,f,d,t,at,j,b,x,n\n\
            -9223372036854775808,18446744073709551615,1.5e-7,12345678901234567890.1234567890,\"tab\tnew\nline \\ \xc3\xa9 \xe8\xaa\x9e\",2024-02-29 23:59:59.123456,\"{\"\"k\"\": [1, 12345678901234567890.5]}\",258,\0\xff,\n\
            0,00042,-0,0.00,\"\",0000-00-00 00:00:00,null,18446744073709551615,\"\",NULL\n"),
        (Format::Jsonl, "{\"i\":-9223372036854775808,\"u\":18446744073709551615,\"f\":1.5e-7,\"d\":\"12345678901234567890.1234567890\",\"t\":\"tab\\tnew\\nline \\\\ é 語\",\"at\":\"2024-02-29 23:59:59.123456\",\"j\":{\"k\": [1, 12345678901234567890.5]},\"b\":258,\"x\":\"AP8=\",\"n\":null}\n\
            {\"i\":0,\"u\":42,\"f\":-0,\"d\":\"0.00\",\"t\":\"\",\"at\":\"0000-00-00 00:00:00\",\"j\":null,\"b\":18446744073709551615,\"x\":\"\",\"n\":\"NULL\"}\n".as_bytes()),
        (Format::Markdown, "| i | u | f | d | t | at | j | b | x | n |\n| ---: | ---: | ---: | ---: | --- | --- | --- | ---: | --- | --- |\n\
            | -9223372036854775808 | 18446744073709551615 | 1.5e-7 | 12345678901234567890.1234567890 | tab\tnew<br>line \\\\ é 語 | 2024-02-29 23:59:59.123456 | {\"k\": [1, 12345678901234567890.5]} | 258 | 0x00FF | NULL |\n\
            | 0 | 00042 | -0 | 0.00 |  | 0000-00-00 00:00:00 | null | 18446744073709551615 | 0x | NULL |\n".as_bytes()),
        (Format::Vertical, "*************************** 1. row ***************************\n i: -9223372036854775808\n u: 18446744073709551615\n f: 1.5e-7\n d: 12345678901234567890.1234567890\n t: tab\tnew\nline \\ é 語\nat: 2024-02-29 23:59:59.123456\n j: {\"k\": [1, 12345678901234567890.5]}\n b: 258\n x: 0x00FF\n n: NULL\n\
            *************************** 2. row ***************************\n i: 0\n u: 00042\n f: -0\n d: 0.00\n t: \nat: 0000-00-00 00:00:00\n j: null\n b: 18446744073709551615\n x: 0x\n n: NULL\n".as_bytes()),
    ] {
        let found = written(Style::new(format), &[exact()]);
        assert_eq!(found.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{format}");
    }
}

#[test]
fn a_table_is_the_box_of_mysql() {
    let found = set(
        &[("id", Integer), ("name", Text), ("語", Decimal)],
        &[
            &[Some(b"1"), Some("日本".as_bytes()), Some(b"1.50")],
            &[Some(b"200"), None, None],
            &[Some(b"3"), Some(b"a\nb\tc\rd\0"), Some(b"-1")],
        ],
    );
    let expected = concat!(
        "+-----+-------------+------+\n",
        "| id  | name        | 語   |\n",
        "+-----+-------------+------+\n",
        "|   1 | 日本        | 1.50 |\n",
        "| 200 | NULL        | NULL |\n",
        "|   3 | a\\nb\\tc\\rd\\0 |   -1 |\n",
        "+-----+-------------+------+\n",
    );
    // The escapes are one character longer than what they stand for.
    let expected = expected.replace("+-------------+", "+--------------+").replace("name        |", "name         |");
    let expected = expected.replace("日本        |", "日本         |").replace("NULL        |", "NULL         |");
    assert_eq!(text(Style::new(Format::Table), std::slice::from_ref(&found)), expected);
    let bare = Style { headers: false, ..Style::new(Format::Table) };
    let lines: Vec<_> = expected.lines().collect();
    assert_eq!(text(bare, &[found]), format!("{}\n", [lines[0], lines[3], lines[4], lines[5], lines[6]].join("\n")));
}

#[test]
fn json_cells_are_what_they_are_or_strings() {
    for (kind, bytes, expected) in [
        (Integer, &b"007"[..], "7"),
        (Integer, b"1x", "\"1x\""),
        (Float, b"inf", "\"inf\""),
        (Float, b"1e400", "\"1e400\""),
        (Decimal, b"1.10", "\"1.10\""),
        (Temporal, b"-838:59:59.000001", "\"-838:59:59.000001\""),
        (Text, b"\"\\\x01\x1b\x08", r#""\"\\\u0001\u001B\u0008""#),
        (Text, b"a\xffb", r#"{"base64":"Yf9i"}"#),
        (Decimal, b"\xff", r#"{"base64":"/w=="}"#),
        (Document, b"{\r\n  \"a\": \"b\\nc\"\n}", "{    \"a\": \"b\\nc\" }"),
        (Document, b"{broken", "\"{broken\""),
        (Document, b"1 2", "\"1 2\""),
        (Document, b"\"\xff\"", r#"{"base64":"Iv8i"}"#),
        (Bit, b"123456789", "\"MTIzNDU2Nzg5\""),
        (Bit, b"\0", "0"),
    ] {
        let expected = format!("{{\"c\":{expected}}}\n");
        assert_eq!(text(Style::new(Format::Jsonl), &[cell(kind, bytes)]), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn repeated_names_are_numbered_around_names_that_exist() {
    for (names, expected) in [
        (&["a", "a", "a"][..], &["a", "a_2", "a_3"][..]),
        (&["a", "a", "a_2"], &["a", "a_3", "a_2"]),
        (&["a_2", "a", "a", "a_2"], &["a_2", "a", "a_3", "a_2_2"]),
        (&["a", "A", ""], &["a", "A", ""]),
    ] {
        let set = Set {
            columns: names.iter().map(|name| Column { name: (*name).into(), kind: Integer }).collect(),
            rows: vec![names.iter().map(|_| Some(b"1".to_vec())).collect()],
        };
        let line = text(Style::new(Format::Jsonl), &[set]);
        let expected: Vec<_> = expected.iter().map(|name| format!("\"{name}\":1")).collect();
        assert_eq!(line, format!("{{{}}}\n", expected.join(",")));
    }
}

#[test]
fn result_sets_are_told_apart() {
    let one = set(&[("a", Integer)], &[&[Some(b"1")], &[None]]);
    let none = set(&[("b", Text)], &[]);
    let sets = [one.clone(), none, one];
    for (format, expected) in [
        (Format::Tsv, "a\n1\nNULL\nb\na\n1\nNULL\n"),
        (Format::Csv, "a\n1\n\n\nb\n\na\n1\n\n"),
        (Format::Json, "[\n{\"a\":1},\n{\"a\":null}\n]\n[]\n[\n{\"a\":1},\n{\"a\":null}\n]\n"),
        (Format::Jsonl, "{\"a\":1}\n{\"a\":null}\n{\"a\":1}\n{\"a\":null}\n"),
        (Format::Markdown, "| a |\n| ---: |\n| 1 |\n| NULL |\n\n| b |\n| --- |\n\n| a |\n| ---: |\n| 1 |\n| NULL |\n"),
    ] {
        assert_eq!(text(Style::new(format), &sets), expected, "{format}");
    }
    let bare = |format| text(Style { headers: false, ..Style::new(format) }, &sets[..1]);
    assert_eq!(bare(Format::Tsv), "1\nNULL\n");
    assert_eq!(bare(Format::Csv), "1\n\n");
    assert_eq!(bare(Format::Vertical), "1\nNULL\n");
    assert_eq!(bare(Format::Markdown), "| 1 |\n| NULL |\n");
    assert_eq!(bare(Format::Jsonl), "{\"a\":1}\n{\"a\":null}\n");
    for format in [Format::Table, Format::Vertical] {
        assert_eq!(text(Style::new(format), &sets[1..2]), "", "{format}");
    }
}

#[test]
fn g_in_capitals_makes_one_statement_vertical_where_that_breaks_no_file() {
    for format in Format::ALL {
        let mut output = Output::new(Vec::new(), Style::new(format), Heard::default());
        output.set_vertical(true);
        send(&mut output, &cell(Text, b"x"), true).unwrap();
        output.set_vertical(false);
        send(&mut output, &cell(Text, b"y"), true).unwrap();
        let found = String::from_utf8(output.into_writer()).unwrap();
        let changes = matches!(format, Format::Table | Format::Tsv);
        assert_eq!(found.contains("1. row"), changes || format == Format::Vertical, "{format}");
        assert_eq!(found.matches("1. row").count(), if format == Format::Vertical { 2 } else { usize::from(changes) });
    }
}

#[test]
fn raw_tsv_is_as_the_server_sent_it() {
    let set = cell(Text, b"a\\\n\t\0\xff");
    assert_eq!(written(Style { raw: true, ..Style::new(Format::Tsv) }, &[set]), b"c\na\\\n\t\0\xff\n");
    // A name that holds a tab would shift every column after it.
    let named = self::set(&[("a\tb", Text)], &[]);
    assert_eq!(written(Style::new(Format::Tsv), &[named]), b"a\\tb\n");
}

#[test]
fn outcomes_and_row_counts_are_told_in_order() {
    let mut output = Output::new(Vec::new(), Style::new(Format::Tsv), Heard::default());
    let changed = Outcome { affected_rows: 3, warnings: 1, ..Outcome::default() };
    output.end(&changed).unwrap();
    send(&mut output, &set(&[("a", Integer)], &[&[Some(b"1")], &[None]]), true).unwrap();
    output.end(&changed).unwrap();
    send(&mut output, &cell(Text, b"x"), false).unwrap();
    assert!(output.is_incomplete());
    assert_eq!(output.rows(), 1);
    let rows = Outcome { has_rows: true, ..Outcome::default() };
    assert_eq!(output.listener().results, [(changed.clone(), 0), (rows, 2), (changed, 0)]);
    assert!(output.row(&TestRow(&vec![Some(b"y".to_vec())])).is_ok());
    output.finish().unwrap();
    assert!(output.row(&TestRow(&vec![Some(b"y".to_vec())])).is_err(), "after the end");
    assert!(output.columns(&[]).is_err(), "no columns");
    assert_eq!(output.into_writer(), b"a\n1\nNULL\nc\nx\ny\n");
}

#[test]
fn r20_a_long_table_is_paged_and_says_so_once() {
    let row = |text: String| vec![Some(text.into_bytes())];
    let mut long = Set { columns: columns(&[("c", Text)]), rows: (0..2500).map(|n| row(n.to_string())).collect() };
    let run = |set: &Set| {
        let mut output = Output::new(Vec::new(), Style::new(Format::Table), Heard::default());
        send(&mut output, set, true).unwrap();
        send(&mut output, set, true).unwrap();
        (output.listener().paged, String::from_utf8(output.into_writer()).unwrap())
    };
    let (paged, found) = run(&long);
    assert_eq!(paged, 1);
    // The second page needs more width: 3 digits, then 4.
    assert_eq!(found.lines().filter(|line| line.starts_with('+')).count(), 2 * (3 + 3));
    assert_eq!(found.lines().filter(|line| line.starts_with("| c ")).count(), 2 * 2);
    assert!(found.contains("| 999 |\n+-----+\n+------+\n| c    |\n+------+\n| 1000 |\n"));
    assert!(found.contains("| 1999 |\n| 2000 |\n"), "a page that fits goes on in the same box");
    long.rows.truncate(1000);
    assert_eq!(run(&long).0, 0, "a table of exactly one page");
    // One cell that is longer than a page neither stays in memory nor pads the rows around it.
    long.rows.insert(1, row("x".repeat(3 << 20)));
    let (paged, found) = run(&long);
    assert_eq!(paged, 1);
    assert!(found.len() < 2 * ((3 << 20) + 1100 * 4200), "{}", found.len());
}

#[test]
fn names_do_not_change_the_widths_where_they_are_not_shown() {
    let set = set(&[("a_long_name", Text)], &[&[Some(b"x")]]);
    let bare = Style { headers: false, ..Style::new(Format::Table) };
    assert_eq!(text(bare, &[set]), "+---+\n| x |\n+---+\n");
}
