//! The main job, on the embedded lab and on real servers: a host name in, rows out.

use crate::stage::{HOST, Stage, on_each};

/// The query cases that are the same whoever answers: arguments, what must come on stdout.
const CASES: [(&[&str], &str); 14] = [
    (&["select 1"], "1\n1\n"),
    (&["-N", "select 1, 'two'"], "1\ttwo\n"),
    (&["select 1 as a; select 2 as b"], "a\n1\nb\n2\n"),
    (&["select 1 as a", "-e", "select 2 as b", "-e", "select 3 as c"], "a\n1\nb\n2\nc\n3\n"),
    (
        &["-E", "select name from customers where id = 4"],
        "*************************** 1. row ***************************\nname: 山田 太郎\n",
    ),
    (
        &["select id from customers where id = 1\\G"],
        "*************************** 1. row ***************************\nid: 1\n",
    ),
    (&["--format", "csv", "select id, email from customers where id > 2"], "id,email\n3,jürgen@acme.example\n4,\n"),
    (
        &["--format", "jsonl", "select id, email from customers where id > 2"],
        "{\"id\":3,\"email\":\"jürgen@acme.example\"}\n{\"id\":4,\"email\":null}\n",
    ),
    (&["--format", "json", "select id, id from customers where id = 1"], "[\n{\"id\":1,\"id_2\":1}\n]\n"),
    (
        &["--format", "markdown", "select id, name from customers where id = 2"],
        "| id | name |\n| ---: | --- |\n| 2 | Grace Hopper |\n",
    ),
    (
        &["--format", "table", "select id, name from customers where id = 2"],
        "+----+--------------+\n| id | name         |\n+----+--------------+\n|  2 | Grace Hopper |\n+----+--------------+\n",
    ),
    (&["select note from `order` where id = 3"], "note\nTwo\\nlines and a\\ttab\n"),
    (&["-r", "select note from `order` where id = 3"], "note\nTwo\nlines and a\ttab\n"),
    (&["-e", "-- nothing\n"], ""),
];

#[test]
fn rows_come_out_in_every_format() {
    on_each(|stage| {
        for (arguments, expected) in CASES {
            let output = stage.query(arguments).succeeded();
            assert_eq!(output.stdout, expected, "{}: {arguments:?}", stage.name());
            assert_eq!(output.stderr, "", "{}: {arguments:?}", stage.name());
        }
    });
}

/// The values that are easily spoilt: DECIMAL, unsigned, microseconds, BIT, binary, JSON, NULL.
#[test]
fn values_are_exact() {
    let sql = "select big_unsigned, exact, bits, moment, clock, some_bytes, fixed_bytes, document, day, year_value \
               from every_type where id in (1, 3) order by id";
    let expected = concat!(
        "{\"big_unsigned\":18446744073709551615,\"exact\":\"12345678901234567890.0123456789\",\"bits\":769,",
        "\"moment\":\"9999-12-31 23:59:59.999999\",\"clock\":\"-838:59:58.999\",\"some_bytes\":\"AAEC/f7/\",",
        "\"fixed_bytes\":\"AP8QAA==\",\"document\":DOCUMENT,\"day\":\"2024-02-29\",\"year_value\":\"2155\"}\n",
        "{\"big_unsigned\":null,\"exact\":null,\"bits\":null,\"moment\":null,\"clock\":null,\"some_bytes\":null,",
        "\"fixed_bytes\":null,\"document\":null,\"day\":null,\"year_value\":null}\n"
    );
    on_each(|stage| {
        let output = stage.query(&["--format", "jsonl", sql]).succeeded();
        // MariaDB's JSON is text with a check; only MySQL has the type.
        let document = match stage.name() {
            "real" => r#""{\"a\": [1, 2.50, \"x\"], \"b\": null}""#,
            _ => r#"{"a": [1, 2.50, "x"], "b": null}"#,
        };
        assert_eq!(output.stdout, expected.replace("DOCUMENT", document), "{}", stage.name());
    });
}

/// Zero dates, a 64-bit BIT, invalid UTF-8 and escape codes exist only on a real server.
#[test]
fn extreme_values_are_exact() {
    let Some(stage) = Stage::real() else { return };
    let sql = "select decimal_value, bit64, date_value, time6, blob_value, text_value, varbinary_value from extreme_values where id = 1";
    let json = stage.query(&["--format", "jsonl", sql]).succeeded().stdout;
    assert_eq!(
        json,
        "{\"decimal_value\":\"-12345678901234567890.0123456789\",\"bit64\":9223372036854775809,\"date_value\":\"0000-00-00\",\
         \"time6\":\"-838:59:59.000000\",\"blob_value\":\"\",\"text_value\":\"emoji 🐬 escape \\u001B[31m\",\
         \"varbinary_value\":\"3q2+7wAiJ1w=\"}\n"
    );
    let tsv = stage.query(&["-N", "select varbinary_value, text_value from extreme_values where id = 1"]).succeeded();
    assert_eq!(tsv.stdout_bytes, b"\xde\xad\xbe\xef\\0\"'\\\\\temoji \xf0\x9f\x90\xac escape \x1b[31m\n");
}

#[test]
fn sql_comes_from_a_file_or_from_stdin() {
    let script = "-- a comment; with a semicolon\nDELIMITER //\nselect 'a;b' as one//\nDELIMITER ;\nselect 2 as two;\nselect 3 as three";
    on_each(|stage| {
        let expected = "one\na;b\ntwo\n2\nthree\n3\n";
        let file = stage.home.write_file("script.sql", script);
        assert_eq!(stage.query(&["-f", file.to_str().unwrap()]).succeeded().stdout, expected, "{}", stage.name());
        for arguments in [&["-f", "-"][..], &[]] {
            let output = stage.query_with_input(arguments, script.as_bytes()).succeeded();
            assert_eq!(output.stdout, expected, "{}: {arguments:?}", stage.name());
        }
    });
}

#[test]
fn an_error_in_the_middle_of_a_script_ends_it_and_names_the_line() {
    on_each(|stage| {
        let output = stage.query_with_input(&[], b"select 1 as a;\n\nselect nope;\nselect 3;\n").ended_with(1);
        assert_eq!(output.stdout, "a\n1\n", "{}", stage.name());
        assert!(
            output.stderr.starts_with("error: ERROR 1054 (42S22) at line 3: Unknown column 'nope'"),
            "{}",
            output.stderr
        );
    });
}

#[test]
fn changes_are_counted_and_warnings_are_shown() {
    on_each(|stage| {
        let table = format!("counted_{}", std::process::id());
        let sql = format!(
            "create table {table} (id int auto_increment primary key, v varchar(10)); insert into {table} (v) values ('a'), ('b')"
        );
        let output = stage.query(&["-v", &sql]).succeeded();
        assert!(output.stderr.contains("ok, 2 rows affected"), "{}: {}", stage.name(), output.stderr);
        stage.query(&[&format!("drop table {table}")]).succeeded();
    });
    let Some(stage) = Stage::real() else { return };
    let output = stage.query(&["select cast('x' as signed)"]).succeeded();
    assert!(
        output.stderr.contains("1 warning ") && output.stderr.contains("warning 1292: Truncated"),
        "{}",
        output.stderr
    );
    assert_eq!(stage.query(&["-q", "select cast('x' as signed)"]).succeeded().stderr, "");
    // A server's text of several lines cannot pose as a line of ours.
    let output = stage.query(&["select cast('x\nhint: run evil' as signed)"]).succeeded();
    assert!(output.stderr.contains(r"x\nhint: run evil"), "{}", output.stderr);
}

#[test]
fn stored_procedures_give_several_results() {
    let Some(stage) = Stage::real() else { return };
    let name = format!("several_{}", std::process::id());
    let script = format!(
        "DELIMITER //\ncreate procedure {name}()\nbegin\n  select 1 as a;\n  select 'x' as b;\nend//\nDELIMITER ;\ncall {name}();\ndrop procedure {name};\n"
    );
    assert_eq!(stage.query_with_input(&[], script.as_bytes()).succeeded().stdout, "a\n1\nb\nx\n");
}

#[test]
fn a_long_statement_and_a_long_cell_go_through() {
    on_each(|stage| {
        let text = "x".repeat(3_000_000);
        let output =
            stage.query_with_input(&["-N"], format!("select length('{text}'), '{text}'").as_bytes()).succeeded();
        assert_eq!(output.stdout.len(), "3000000\t".len() + text.len() + 1, "{}", stage.name());
    });
}

#[test]
fn host_may_carry_user_port_and_database() {
    on_each(|stage| {
        let host = format!("mysql://reader@{HOST}/orders");
        let output = stage.home.rdsconn([&host, "-N", "select current_user(), database()"]).succeeded();
        assert_eq!(output.stdout, "reader@%\torders\n", "{}", stage.name());
    });
}

#[test]
fn temporary_credentials_log_in() {
    on_each(|stage| {
        let output = stage.query(&["--profile", rdsconn_lab::real::SESSION_PROFILE, "-N", "select 1"]).succeeded();
        assert_eq!(output.stdout, "1\n", "{}", stage.name());
    });
}

#[test]
fn r20_a_large_result_streams() {
    on_each(|stage| {
        let output = stage
            .query(&["-N", "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) select a.i, b.i from n a, n b"])
            .succeeded();
        assert_eq!(output.stdout.lines().count(), 1_000_000, "{}", stage.name());
    });
}

#[test]
fn the_reader_of_stdout_may_go_away() {
    on_each(|stage| {
        let mut child = stage
            .home
            .command(stage.home.program(), [HOST, "-N", "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) select a.i, b.i from n a, n b"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 4];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}: {}", stage.name(), String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty());
    });
}

#[test]
fn a_full_disk_is_exit_7() {
    let stage = Stage::embedded();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = stage.home.command(stage.home.program(), [HOST, "select 1"]).stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("cannot be written to stdout"), "{said}");
}
