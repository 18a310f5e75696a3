//! Tables and properties of named values. Holds no code of the program.

use proptest::prelude::*;

use super::*;
use ParameterValue as V;

fn given(arguments: &[&str]) -> Parameters {
    Parameters::new(arguments.iter().map(|argument| parse_parameter(argument).unwrap()).collect()).unwrap()
}

fn inline(sql: &str, arguments: &[&str]) -> String {
    String::from_utf8(given(arguments).inline(sql.as_bytes()).unwrap().into_owned()).unwrap()
}

fn text(value: &str) -> V {
    V::Text(value.to_owned())
}

#[test]
fn arguments_become_named_values() {
    for (argument, name, value) in [
        ("name=value", "name", text("value")),
        ("_n1=", "_n1", text("")),
        ("name=a:b=c d", "name", text("a:b=c d")),
        ("name:string=it's", "name", text("it's")),
        ("n:int=-5", "n", V::Integer(-5)),
        ("n:long=+9223372036854775807", "n", V::Integer(i64::MAX)),
        ("n:LONG=-9223372036854775808", "n", V::Integer(i64::MIN)),
        ("d:double=-1.5e-3", "d", V::Double("-1.5e-3".to_owned())),
        ("d:double=.5", "d", V::Double(".5".to_owned())),
        ("b:boolean=true", "b", V::Boolean(true)),
        ("b:boolean=False", "b", V::Boolean(false)),
        ("b:boolean=0", "b", V::Boolean(false)),
        ("d:decimal=+0012.50", "d", V::Decimal("12.50".to_owned())),
        ("d:decimal=-.5", "d", V::Decimal("-0.5".to_owned())),
        ("d:decimal=18446744073709551615.", "d", V::Decimal("18446744073709551615".to_owned())),
        ("d:date=2024-02-29", "d", V::Date("2024-02-29".to_owned())),
        ("d:date=2000-02-29", "d", V::Date("2000-02-29".to_owned())),
        ("t:time=23:59:59.999999", "t", V::Time("23:59:59.999999".to_owned())),
        ("t:timestamp=2026-10-20 12:30:00", "t", V::Timestamp("2026-10-20 12:30:00".to_owned())),
        ("t:timestamp=2026-10-20T12:30:00.5", "t", V::Timestamp("2026-10-20 12:30:00.5".to_owned())),
        (r#"j:json={"a": [1, null]}"#, "j", V::Json(r#"{"a": [1, null]}"#.to_owned())),
        (
            "u:uuid=123E4567-e89b-12d3-a456-426614174000",
            "u",
            V::Uuid("123E4567-e89b-12d3-a456-426614174000".to_owned()),
        ),
        ("b:blob=AP8=", "b", V::Binary(vec![0, 255])),
        ("b:blob=", "b", V::Binary(Vec::new())),
        ("n:null=", "n", V::Null),
        ("n:null", "n", V::Null),
    ] {
        assert_eq!(parse_parameter(argument), Ok(Parameter { name: name.to_owned(), value }), "{argument}");
    }
}

#[test]
fn a_value_that_is_not_of_its_type_is_refused() {
    let digits = "1".repeat(66);
    for (kind, values) in [
        ("int", &["", "x", "1.5", "9223372036854775808", "-9223372036854775809", " 1", "1e3"][..]),
        ("double", &["", ".", "inf", "NaN", "infinity", "1e400", "-1e400", "1e", "e5", "0x10", "1_0", " 1", "1.2.3"]),
        ("boolean", &["", "yes", "2"]),
        ("decimal", &["", ".", "-", "1e5", "1,5", "--1", &digits, "0.1234567890123456789012345678901"]),
        (
            "date",
            &[
                "",
                "2023-02-29",
                "1900-02-29",
                "2024-13-01",
                "2024-00-01",
                "2024-04-31",
                "2024-01-00",
                "0000-00-00",
                "24-01-01",
                "2024-1-1",
                "2024-01-01-",
                "2024-01-01 ",
                "2024/01/01",
                "+024-01-01",
                "0000-01-01",
            ],
        ),
        (
            "time",
            &[
                "",
                "24:00:00",
                "12:60:00",
                "12:00:60",
                "12:00",
                "1:00:00",
                "12:00:00.",
                "12:00:00.1234567",
                "12:00:00.1x",
                "-01:00:00",
                "12:00:00:00",
                "12:00:00.1.2",
            ],
        ),
        (
            "timestamp",
            &[
                "",
                "2024-01-01",
                "2024-01-01 24:00:00",
                "2023-02-29 12:00:00",
                "2024-01-01 12:00:00Z",
                "2024-01-01 12:00:00+01:00",
                "2024-01-01  12:00:00",
                "2024-01-01t12:00:00",
            ],
        ),
        ("json", &["", "{", "nul", "{} {}", "'a'"]),
        (
            "uuid",
            &[
                "",
                "123e4567e89b12d3a456426614174000",
                "123e4567-e89b-12d3-a456-42661417400g",
                "123e4567-e89b-12d3-a456-426614174000-",
                "{123e4567-e89b-12d3-a456-426614174000}",
            ],
        ),
        ("blob", &["A", "AP8", "!!!!", "AP8= "]),
        ("null", &["x", "null"]),
    ] {
        for value in values {
            let error = parse_parameter(&format!("p:{kind}={value}")).unwrap_err();
            assert!(
                matches!(&error, ParameterError::Value { kind: found, .. } if *found == kind),
                "{kind} {value}: {error}"
            );
        }
    }
}

#[test]
fn an_argument_of_another_shape_is_refused() {
    for (argument, expected) in [
        ("", "a parameter is NAME=VALUE or NAME:TYPE=VALUE"),
        ("name", "a parameter is NAME=VALUE or NAME:TYPE=VALUE"),
        ("name:int", "a parameter is NAME=VALUE or NAME:TYPE=VALUE"),
        ("=x", r#""" cannot name a parameter: letters, digits and _ can, and no digit comes first"#),
        ("1a=x", r#""1a" cannot name a parameter: letters, digits and _ can, and no digit comes first"#),
        ("é=x", r#""é" cannot name a parameter: letters, digits and _ can, and no digit comes first"#),
        (
            "when:instant=x",
            "the parameter when has the unknown type \"instant\"; the types are string, long, int, double, boolean, decimal, \
             date, time, timestamp, json, uuid, blob, null",
        ),
        ("d:date=2023-02-29", "the parameter d is no date: \"2023-02-29\"; it must be YYYY-MM-DD, a day that exists"),
    ] {
        assert_eq!(parse_parameter(argument).unwrap_err().to_string(), expected, "{argument}");
    }
    let twice = ["a=1", "b=1", "a=2"].map(|argument| parse_parameter(argument).unwrap());
    assert_eq!(Parameters::new(twice.to_vec()).unwrap_err(), ParameterError::Repeated { name: "a".to_owned() });
}

/// `-psecret` is how mysql takes a password.
#[test]
fn t17_what_may_be_a_password_is_not_repeated() {
    for argument in ["hunter2", "hunter2:x"] {
        assert!(!parse_parameter(argument).unwrap_err().to_string().contains("hunter2"));
    }
}

#[test]
fn values_are_put_in_as_literals_of_their_type() {
    for (argument, literal) in [
        ("v=it's", "'it''s'"),
        ("v=", "''"),
        ("v=a\nb\t\"`;--", "'a\nb\t\"`;--'"),
        ("v=é", "_utf8mb4 X'C3A9'"),
        (r"v=a\", "_utf8mb4 X'615C'"),
        ("v=a\u{7f}", "_utf8mb4 X'617F'"),
        ("v:int=5", "5"),
        ("v:int=-5", "(-5)"),
        ("v:int=-9223372036854775808", "(-9223372036854775808)"),
        ("v:double=100", "1e2"),
        ("v:double=-0.1", "(-1e-1)"),
        ("v:double=1.7976931348623157e308", "1.7976931348623157e308"),
        ("v:decimal=5", "5."),
        ("v:decimal=-0.50", "(-0.50)"),
        ("v:boolean=true", "TRUE"),
        ("v:boolean=false", "FALSE"),
        ("v:date=2026-10-20", "DATE'2026-10-20'"),
        ("v:time=12:30:00.5", "TIME'12:30:00.5'"),
        ("v:timestamp=2026-10-20 12:30:00", "TIMESTAMP'2026-10-20 12:30:00'"),
        (r#"v:json={"a":"it's"}"#, r#"'{"a":"it''s"}'"#),
        ("v:uuid=123e4567-e89b-12d3-a456-426614174000", "'123e4567-e89b-12d3-a456-426614174000'"),
        ("v:blob=AP8=", "_binary X'00FF'"),
        ("v:blob=", "_binary X''"),
        ("v:null", "NULL"),
    ] {
        assert_eq!(inline("a=:v)", &[argument]), format!("a= {literal} )"), "{argument}");
    }
    // Where the statement may be read in two ways, no value stands there in its own letters: an old server takes the `*/` of a
    // value for the end of what is meant for new ones.
    assert_eq!(inline("1 /*!80000 + :v */", &["v=*/ or 1"]), "1 /*!80000 +  _utf8mb4 X'2A2F206F722031'  */");
    assert_eq!(inline("1 /*M!80000 + :v */", &["v=or 1"]), "1 /*M!80000 +  _utf8mb4 X'6F722031'  */");
    assert_eq!(inline(r"':v\' :v' , :v", &["v=or 1"]), r"':v\' :v' ,  _utf8mb4 X'6F722031' ");
    let sql = given(&["v=or 1"]).inline(b"'\xff' = :v").unwrap().into_owned();
    assert_eq!(sql, b"'\xff' =  _utf8mb4 X'6F722031' ");
}

#[test]
fn names_are_found_where_the_server_would_read_code() {
    for (sql, expected) in [
        ("select :a, :b, :a", "select  1 ,  2 ,  1 "),
        ("select ':a', \":a\", `:a`, :a", "select ':a', \":a\", `:a`,  1 "),
        ("select 1 -- :a\n, :a # :a", "select 1 -- :a\n,  1  # :a"),
        ("select /* :a */ /*+ :a */ /*!50000 :a */", "select /* :a */ /*+ :a */ /*!50000  1  */"),
        ("set @a:=:a", "set @a:= 1 "),
        ("select a::a, x:a", "select a::a, x:a"),
        ("-:a.5@:a", "- 1 .5@ 1 "),
        ("select 1", "select 1"),
    ] {
        assert_eq!(inline(sql, &["a:int=1", "b:int=2"]), expected, "{sql}");
    }
}

#[test]
fn a_name_without_a_value_is_an_error_where_values_are_given() {
    let mut parameters = given(&["a=1", "B=2"]);
    let error = ParameterError::Unknown { name: "b".to_owned(), known: vec!["a".to_owned(), "B".to_owned()] };
    assert_eq!(parameters.inline(b"select :a, :b"), Err(error.clone()));
    assert_eq!(parameters.used(b"select :a, :b"), Err(error));
    // Not run, so nothing was used.
    assert_eq!(parameters.unused().collect::<Vec<_>>(), ["a", "B"]);
    // Without any, the text goes through untouched: nobody asked for named values.
    let mut none = Parameters::default();
    assert!(none.is_empty());
    assert_eq!(none.inline(b"select :a").unwrap(), Cow::Borrowed(b"select :a"));
    assert_eq!(none.used(b"select :a"), Ok(Vec::new()));
}

#[test]
fn what_was_used_is_remembered() {
    let mut parameters = given(&["a=1", "b=2", "c=3", "d=4"]);
    let names = |used: Vec<Parameter>| used.into_iter().map(|parameter| parameter.name).collect::<Vec<_>>();
    assert_eq!(names(parameters.used(b"select :c, :a, :c, ':d'").unwrap()), ["a", "c"]);
    assert_eq!(parameters.unused().collect::<Vec<_>>(), ["b", "d"]);
    parameters.inline(b"select :d").unwrap();
    assert_eq!(parameters.unused().collect::<Vec<_>>(), ["b"]);
}

/// What a server reads each byte as: `c`ode, a comment, or the quote that it stands within. Written anew, as the server does
/// it, for both meanings of the backslash.
fn reading(sql: &[u8], escapes: bool) -> Vec<u8> {
    let mut reading = Vec::with_capacity(sql.len());
    let (mut state, mut at) = (b'c', 0);
    while at < sql.len() {
        let rest = &sql[at..];
        let (next, length) = match state {
            b'c' if rest.starts_with(b"/*") => (b'*', 2),
            b'c' if rest[0] == b'#' => (b'-', 1),
            b'c' if rest.starts_with(b"--") && rest.get(2).is_none_or(u8::is_ascii_whitespace) => (b'-', 2),
            b'c' if matches!(rest[0], b'\'' | b'"' | b'`') => (rest[0], 1),
            // Outside of strings it is no escape for a server, but the client takes it for one.
            b'c' if rest[0] == b'\\' => (b'c', 2),
            b'*' if rest.starts_with(b"*/") => (b'c', 2),
            b'-' if rest[0] == b'\n' => (b'c', 1),
            b'\'' | b'"' if escapes && rest[0] == b'\\' => (state, 2),
            quote @ (b'\'' | b'"' | b'`') if rest[0] == quote => (b'c', 1),
            state => (state, 1),
        };
        let length = length.min(rest.len());
        reading.extend(std::iter::repeat_n(state, length));
        state = next;
        at += length;
    }
    reading
}

/// Statements made of what matters to a reader, with `:v` in many places.
fn statement() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "'", "\"", "`", "\\", ";", "-- ", "#", "/*", "*/", "/*!", "\n", " ", ":v", " :v ", ":v", ":", "=", " a", " 1",
        ".", "@", "é", "(", ")", "''", " N",
    ]);
    proptest::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

fn value() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => proptest::sample::select(vec!["'", "\"", "\\", "`", ";", "-- ", "/*", "*/", "#", "\n", "é", "\0", "or 1=1", "\u{20ac}"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(word, 0..8).prop_map(|words| words.concat())
}

/// Undoes [`write_text`].
fn read_text(literal: &str) -> String {
    match literal.strip_prefix("_utf8mb4 X'") {
        None => literal[1..literal.len() - 1].replace("''", "'"),
        Some(digits) => {
            let digits = digits.strip_suffix('\'').unwrap().as_bytes();
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            String::from_utf8(digits.chunks(2).map(byte).collect()).unwrap()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4096), ..ProptestConfig::default() })]

    /// Whatever the value, and whether or not a backslash escapes: the statement around it is read as before, and the value
    /// is one string. Where the two readings differ, the value is not there in its own letters.
    #[test]
    fn no_value_breaks_out(sql in statement(), value in value()) {
        let parameter = Parameter { name: "v".to_owned(), value: V::Text(value.clone()) };
        let mut parameters = Parameters::new(vec![parameter]).unwrap();
        let places = parameters.places(sql.as_bytes()).unwrap();
        let text = parameters.inline(sql.as_bytes()).unwrap();
        let (mut literal, mut expected) = (Vec::new(), Vec::new());
        let twofold = sql.contains('\\') || sql.contains("/*!");
        write_literal(&mut literal, &V::Text(value.clone()), !twofold);
        prop_assert_eq!(read_text(std::str::from_utf8(&literal).unwrap()), value);
        if twofold {
            prop_assert!(literal.iter().all(|byte| byte.is_ascii_hexdigit() || b"_utf8mb4 X'".contains(byte)));
            prop_assert_eq!(memchr::memchr_iter(b'\'', &literal).count(), 2);
        }
        for escapes in [true, false] {
            if twofold && !escapes || sql.contains("/*!") {
                continue;
            }
            let (before, after) = (reading(sql.as_bytes(), escapes), reading(&text, escapes));
            expected.clear();
            let mut done = 0;
            for (start, end, _) in &places {
                prop_assert_eq!(before[*start], b'c');
                expected.extend_from_slice(&before[done..*start]);
                expected.push(b'c');
                expected.extend(reading(&literal, escapes));
                expected.push(b'c');
                done = *end;
            }
            expected.extend_from_slice(&before[done..]);
            prop_assert_eq!(&after, &expected, "{}", String::from_utf8_lossy(&text));
            // One string, from its first quote to its last byte.
            let inside = reading(&literal, escapes);
            prop_assert_eq!(*inside.last().unwrap(), b'\'');
        }
    }

    #[test]
    fn any_argument_is_taken_or_refused(argument in "[a-z]{0,3}(:(string|int|long|double|boolean|decimal|date|time|timestamp|json|uuid|blob|null|x))?=?.{0,12}") {
        if let Ok(parameter) = parse_parameter(&argument) {
            let mut text = Vec::new();
            write_literal(&mut text, &parameter.value, true);
            for escapes in [true, false] {
                let reading = reading(&text, escapes);
                // It ends as it begins: outside of comments and strings.
                prop_assert!(*reading.last().unwrap() == b'c' || text.ends_with(b"'"));
                prop_assert!(!reading.contains(&b'-') && !reading.contains(&b'*'));
            }
        }
    }

    #[test]
    fn numbers_keep_their_value(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        let mut text = Vec::new();
        write_literal(&mut text, &V::Double(number.to_string()), true);
        let text = String::from_utf8(text).unwrap();
        let back: f64 = text.trim_matches(['(', ')']).parse().unwrap();
        prop_assert_eq!(back.to_bits(), number.to_bits());
    }
}
