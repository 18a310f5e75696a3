//! Data that means harm and writers that fail: T10, R1, R20. Holds no code of the program.

use proptest::prelude::*;

use super::reader_tests::any_set;
use super::tests::{Heard, Set, send, written};
use super::*;
use crate::backend::ColumnKind;
use crate::query::escape::drives_terminal;

/// Every style that a format can have on a terminal.
fn terminal_styles() -> impl Iterator<Item = Style> {
    Format::ALL.into_iter().flat_map(|format| {
        [(true, false), (false, false), (true, true)].map(|(headers, raw)| Style {
            format,
            headers,
            raw,
            terminal: true,
        })
    })
}

/// The first character that a terminal would act on. Newlines and tabs are the layout's own.
fn harm(style: Style, sets: &[Set]) -> Option<char> {
    let found = String::from_utf8(written(style, sets)).expect("a terminal is given UTF-8 only");
    found.chars().find(|character| drives_terminal(*character) && !matches!(character, '\n' | '\t'))
}

fn kinds() -> [ColumnKind; 8] {
    use ColumnKind::{Binary, Bit, Decimal, Float, Integer, Json, Temporal, Text};
    [Integer, Float, Decimal, Text, Temporal, Json, Bit, Binary]
}

#[test]
fn t10_no_byte_of_a_cell_or_a_name_drives_the_terminal() {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let every_control: String =
        ('\0'..='\u{ffff}').chain('\u{e0000}'..='\u{e0100}').filter(|c| drives_terminal(*c)).collect();
    let attacks = [
        "\x1b]0;owned\x07",
        "\x1b[2J\x1b[31m",
        "\u{9b}31m",
        "\u{9d}52;c;x\u{9c}",
        "\x1bP+q\x1b\\",
        "\rerror",
        "\u{202e}txt.exe",
        "\x08\x7f",
    ];
    let json = format!("{{\"k\u{9b}\u{7f}\": \"{}\"}}", "\u{202e}\u{9d}\u{feff}\u{e0001}");
    let cells = attacks.iter().map(|text| text.as_bytes().to_vec());
    let cells =
        cells.chain([every_byte, every_control.clone().into_bytes(), json.into_bytes(), b"\x9b31m\xc2".to_vec()]);
    let names: Vec<String> = attacks.iter().map(ToString::to_string).chain([every_control]).collect();
    for cell in cells {
        for kind in kinds() {
            for name in &names {
                let columns = vec![Column { name: name.clone(), kind }; 2];
                let set = Set { columns, rows: vec![vec![Some(cell.clone()), None]] };
                for style in terminal_styles() {
                    assert_eq!(
                        harm(style, std::slice::from_ref(&set)),
                        None,
                        "{style:?} {kind:?} {}",
                        cell.escape_ascii()
                    );
                }
            }
        }
    }
}

#[test]
fn t10_a_cell_cannot_pose_as_another_line() {
    let set = Set {
        columns: vec![Column { name: "a\nb".into(), kind: ColumnKind::Text }],
        rows: vec![vec![Some(b"x\ny".to_vec())]],
    };
    for format in [Format::Table, Format::Tsv, Format::Json, Format::Jsonl, Format::Markdown] {
        for terminal in [true, false] {
            let found =
                String::from_utf8(written(Style { terminal, ..Style::new(format) }, std::slice::from_ref(&set)))
                    .unwrap();
            assert!(!found.lines().any(|line| line.starts_with('y') || line.starts_with('b')), "{format}: {found}");
        }
    }
}

#[test]
fn t10_a_pipe_is_given_what_the_server_sent() {
    let set = Set {
        columns: vec![Column { name: "c".into(), kind: ColumnKind::Text }],
        rows: vec![vec![Some(b"\x1b[31m\x9b\xe2\x80\xae".to_vec())]],
    };
    for format in [Format::Tsv, Format::Csv, Format::Table, Format::Vertical, Format::Markdown] {
        let found = written(Style::new(format), std::slice::from_ref(&set));
        assert!(found.windows(9).any(|part| part == b"\x1b[31m\x9b\xe2\x80\xae"), "{format}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4096), ..ProptestConfig::default() })]

    #[test]
    fn t10_no_result_drives_the_terminal(set in any_set(), headers: bool, raw: bool) {
        for format in Format::ALL {
            let style = Style { format, headers, raw, terminal: true };
            prop_assert_eq!(harm(style, std::slice::from_ref(&set)), None, "{:?}", style);
        }
    }
}

/// Keeps each write apart, and fails from a certain one on.
#[derive(Debug)]
struct Failing {
    writes: Vec<Vec<u8>>,
    left: usize,
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Were it tried again after a failure, the gap would show.
        let Some(left) = self.left.checked_sub(1) else {
            self.left = usize::MAX;
            return Err(io::ErrorKind::StorageFull.into());
        };
        self.left = left;
        self.writes.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// About 300 KB of rows, of very different lengths; a table would pad the others to the longest.
fn bulk(format: Format) -> Set {
    let columns = ["id", "text"].map(|name| Column { name: name.into(), kind: ColumnKind::Text }).to_vec();
    let row = |n: usize| vec![Some(n.to_string().into_bytes()), Some("é\n".repeat((n * 37) % 100).into_bytes())];
    let mut rows: Vec<_> = (0..1500).map(row).collect();
    if format != Format::Table {
        rows[700][1] = Some(vec![b'x'; 150_000]);
    }
    Set { columns, rows }
}

#[test]
fn r1_the_writer_is_handed_whole_rows_until_it_fails_and_nothing_after() {
    for format in Format::ALL {
        let style = Style::new(format);
        let set = bulk(format);
        let whole = written(style, &[set.clone(), set.clone()]);
        let mut completed = false;
        for n in 0..40 {
            let mut output = Output::new(Failing { writes: Vec::new(), left: n }, style, Heard::default());
            let outcome = send(&mut output, &set, true).and_then(|()| send(&mut output, &set, true));
            let finished = output.finish();
            assert_eq!(outcome.is_ok(), finished.is_ok(), "a failure is not forgotten");
            if let Err(error) = finished {
                assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            }
            completed = outcome.is_ok();
            let mut offset = 0;
            for write in &output.into_writer().writes {
                offset += write.len();
                assert_eq!(&whole[offset - write.len()..offset], &write[..], "{format}, {n} writes");
                assert!(
                    ends_with_a_row(format, write),
                    "{format}: {}",
                    write[write.len().saturating_sub(60)..].escape_ascii()
                );
            }
            if completed {
                assert_eq!(offset, whole.len());
                break;
            }
            assert!(offset < whole.len());
        }
        assert!(completed, "{format} wrote in more pieces than expected");
    }
}

fn ends_with_a_row(format: Format, write: &[u8]) -> bool {
    match format {
        // A comma comes with the row that follows it.
        Format::Json => write.ends_with(b"\"}") || write.ends_with(b"}\n]\n"),
        Format::Jsonl => write.ends_with(b"\"}\n"),
        Format::Table => write.ends_with(b"|\n") || write.ends_with(b"+\n"),
        Format::Markdown => write.ends_with(b"|\n"),
        // Cells of the bulk end in a newline of their own here, then comes the row's.
        Format::Vertical | Format::Csv => write.ends_with(b"\n") && !write.ends_with(b": "),
        Format::Tsv => {
            write.ends_with(b"\n")
                && write.split(|byte| *byte == b'\n').rev().nth(1).is_some_and(|line| line.contains(&b'\t'))
        }
    }
}

#[test]
fn r1_an_incomplete_result_ends_in_a_whole_row_and_is_not_closed() {
    let set = Set {
        columns: vec![Column { name: "a".into(), kind: ColumnKind::Integer }],
        rows: vec![vec![Some(b"1".to_vec())], vec![Some(b"2".to_vec())]],
    };
    for (format, expected) in [
        (Format::Json, "[\n{\"a\":1},\n{\"a\":2}\n"),
        (Format::Jsonl, "{\"a\":1}\n{\"a\":2}\n"),
        (Format::Csv, "a\n1\n2\n"),
        (Format::Tsv, "a\n1\n2\n"),
        (Format::Markdown, "| a |\n| ---: |\n| 1 |\n| 2 |\n"),
        (Format::Table, "+---+\n| a |\n+---+\n| 1 |\n| 2 |\n"),
    ] {
        let mut output = Output::new(Vec::new(), Style::new(format), Heard::default());
        send(&mut output, &set, false).unwrap();
        assert!(output.is_incomplete());
        output.finish().unwrap();
        assert_eq!(String::from_utf8(output.into_writer()).unwrap(), expected, "{format}");
        // The next statement's result does not wait for an end that never comes.
        let mut output = Output::new(Vec::new(), Style::new(format), Heard::default());
        send(&mut output, &set, false).unwrap();
        send(&mut output, &set, true).unwrap();
        assert!(String::from_utf8(output.into_writer()).unwrap().starts_with(expected), "{format}");
    }
}

/// Counts, and remembers the longest write.
#[derive(Debug, Default)]
struct Counting {
    longest: usize,
    writes: usize,
    total: usize,
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.longest = self.longest.max(bytes.len());
        self.writes += 1;
        self.total += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn r20_rows_are_passed_on_in_large_pieces_and_not_gathered() {
    let row = vec![Some(vec![b'x'; 50]), None];
    let columns = ["a", "b"].map(|name| Column { name: name.into(), kind: ColumnKind::Text }).to_vec();
    let set = Set { columns, rows: vec![row; 20_000] };
    for format in Format::ALL {
        let mut output = Output::new(Counting::default(), Style::new(format), Heard::default());
        send(&mut output, &set, true).unwrap();
        let Counting { longest, writes, total } = output.into_writer();
        assert!(total > 1_000_000, "{format}");
        assert!(longest < 70_000, "{format}: {longest}");
        assert!(writes <= total / (64 << 10) + 1, "{format}: {writes} writes of {total} bytes");
    }
}
