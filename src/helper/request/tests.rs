//! Every request form of both generations, every way in which one can be wrong, and a proptest over all bytes.

use proptest::prelude::*;

use super::*;

fn id(secret_type: &str, url: &str) -> SecretId {
    SecretId { secret_type: SecretType::of(secret_type.to_owned()), url: url.to_owned() }
}

#[test]
fn requests_of_both_generations() {
    use Command::{Erase, Get, Store};
    use Generation::{First, Second};
    for (command, json, generation, expected) in [
        (Get, r#"{"SecretType":"password","ServerURL":"u@h:3306"}"#, First, id("password", "u@h:3306")),
        (Erase, r#"{"SecretType":"password","ServerURL":"u@h"}"#, First, id("password", "u@h")),
        (Store, r#"{"SecretType":"password","ServerURL":"u@h","Secret":"s"}"#, First, id("password", "u@h")),
        (Get, r#"{"SecretType":"password","SecretID":"u@h","ServerURL":"u@h"}"#, Second, id("password", "u@h")),
        (Get, r#"{"SecretType":"password","SecretID":"u@h"}"#, Second, id("password", "u@h")),
        (Erase, r#"{"SecretType":"generic","SecretID":"any key"}"#, Second, id("generic", "any key")),
        (Store, r#"{"SecretType":"generic","SecretID":"k","ServerURL":"k","Secret":"rx"}"#, Second, id("generic", "k")),
        (Store, r#"{"SecretType":"password","SecretID":"k","Secret":""}"#, Second, id("password", "k")),
        // Unknown members, of any type, and white space.
        (
            Get,
            r#" { "More":[{"SecretType":1}], "SecretType":"password", "ServerURL":"u@h", "x":null } "#,
            First,
            id("password", "u@h"),
        ),
        // ServerURL is the one that both generations write.
        (Get, r#"{"SecretType":"password","SecretID":"a","ServerURL":"b"}"#, Second, id("password", "b")),
        (Get, r#"{"SecretType":"oauth","SecretID":"a"}"#, Second, id("oauth", "a")),
        (Get, r#"{"SecretType":"password","ServerURL":"u@\u0000h"}"#, First, id("password", "u@\0h")),
        (Get, r#"{"SecretType":"","ServerURL":""}"#, First, id("", "")),
        // A `get` with a secret in it is still a `get`.
        (Get, r#"{"SecretType":"password","ServerURL":"u@h","Secret":7}"#, First, id("password", "u@h")),
    ] {
        let expected = Request { id: expected, generation };
        assert_eq!(Request::parse(command, json.as_bytes()), Ok(expected), "{json}");
    }
}

#[test]
fn mistakes_have_the_reference_helpers_texts() {
    use Command::{Get, Store};
    for (command, json, expected) in [
        (Get, "", "Failed to parse JSON: The document is empty."),
        (Get, " \n\t", "Failed to parse JSON: The document is empty."),
        (Get, "get", "Failed to parse JSON: Invalid value."),
        (Get, "{", "Failed to parse JSON: Invalid value."),
        (Get, r#"{"SecretType":"password","ServerURL":"u@h""#, "Failed to parse JSON: Invalid value."),
        (Get, r#"{"SecretType":"password","ServerURL":"\ud800"}"#, "Failed to parse JSON: Invalid value."),
        (
            Get,
            r#"{"SecretType":"password","ServerURL":"u@h"}x"#,
            "Failed to parse JSON: The document root must not be followed by other values.",
        ),
        (Get, "[]", "Failed to parse JSON: The document root should be an object."),
        (Get, "null", "Failed to parse JSON: The document root should be an object."),
        (Get, r#""text""#, "Failed to parse JSON: The document root should be an object."),
        (Get, "{}", r#""SecretType" is missing"#),
        (Get, r#"{"ServerURL":"u@h"}"#, r#""SecretType" is missing"#),
        (Get, r#"{"secrettype":"password","ServerURL":"u@h"}"#, r#""SecretType" is missing"#),
        (Get, r#"{"SecretType":"password"}"#, r#""SecretID" is missing"#),
        (Get, r#"{"SecretType":"password","serverurl":"u@h"}"#, r#""SecretID" is missing"#),
        (Store, r#"{"SecretType":"password","ServerURL":"u@h"}"#, r#""Secret" is missing"#),
        (Store, "{}", r#""Secret" is missing"#),
        (Get, r#"{"SecretType":1,"ServerURL":"u@h"}"#, r#""SecretType" should be a string"#),
        (Get, r#"{"SecretType":null,"ServerURL":"u@h"}"#, r#""SecretType" should be a string"#),
        (Get, r#"{"SecretType":"password","ServerURL":["u@h"]}"#, r#""ServerURL" should be a string"#),
        (Get, r#"{"SecretType":"password","SecretID":{}}"#, r#""SecretID" should be a string"#),
        (Get, r#"{"SecretType":"password","SecretID":1.5,"ServerURL":"u@h"}"#, r#""SecretID" should be a string"#),
        (Store, r#"{"SecretType":"password","ServerURL":"u@h","Secret":true}"#, r#""Secret" should be a string"#),
        (Get, r#"{"SecretType":"password","ServerURL":"u@h","ServerURL":"u@i"}"#, r#""ServerURL" is given twice"#),
        (
            Get,
            r#"{"SecretType":"password","SecretType":"generic","ServerURL":"u@h"}"#,
            r#""SecretType" is given twice"#,
        ),
    ] {
        let problem = Request::parse(command, json.as_bytes()).unwrap_err();
        assert_eq!(problem.to_string(), expected, "{json}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_a_request_for_nobodys_secret() {
    for url in [&b"u@h\xff"[..], b"\xc3@h", b"u\xe2\x82@h"] {
        let json = [br#"{"SecretType":"password","ServerURL":""#, url, br#""}"#].concat();
        let request = Request::parse(Command::Get, &json).unwrap();
        assert!(request.id.url.contains('\u{fffd}'));
        assert_eq!(crate::helper::ServerUrl::parse(&request.id.url), None, "{url:?}");
    }
}

#[test]
fn depth_and_size_are_no_danger() {
    let deep = format!(r#"{{"x":{}"#, "[".repeat(1_000_000));
    assert_eq!(Request::parse(Command::Get, deep.as_bytes()), Err(RequestProblem::Malformed));
    let long = format!(r#"{{"SecretType":"password","ServerURL":"u@h","Secret":"{}"}}"#, "x".repeat(4_000_000));
    assert!(Request::parse(Command::Store, long.as_bytes()).is_ok());
}

#[test]
fn filters_of_list() {
    for (json, expected) in [
        ("", Ok(None)),
        (" \n", Ok(None)),
        (r#"{"SecretType":"password"}"#, Ok(Some(SecretType::Password))),
        (r#"{"SecretType":"generic"}"#, Ok(Some(SecretType::Generic))),
        (r#"{"SecretType":"x","SecretID":1}"#, Ok(Some(SecretType::Other("x".to_owned())))),
        ("{}", Err(RequestProblem::Missing("SecretType"))),
        (r#"{"SecretType":1}"#, Err(RequestProblem::NotAString("SecretType"))),
        ("garbage", Err(RequestProblem::Malformed)),
    ] {
        assert_eq!(parse_filter(json.as_bytes()), expected, "{json}");
    }
}

#[test]
fn a_request_is_complete_at_its_last_brace() {
    let json = br#"{"SecretType":"generic"}"#;
    for end in 0..json.len() {
        assert!(!is_complete(&json[..end]), "{end}");
    }
    assert!(is_complete(json));
    // What can no longer become a request is not waited for either.
    assert!(is_complete(b"x"));
}

#[test]
fn t17_no_problem_repeats_what_was_sent() {
    for json in
        [r#"{"Secret":"CANARY"#, r"CANARY", r#"{"Secret":"CANARY","Secret":"CANARY"}"#, r#"{"CANARY":"CANARY"}"#]
    {
        let problem = Request::parse(Command::Store, json.as_bytes()).unwrap_err();
        assert!(!format!("{problem} {problem:?}").contains("CANARY"), "{problem:?}");
    }
}

/// Something that is nearly always a request, and the bytes that tear it.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let key = prop::sample::select(vec!["SecretType", "SecretID", "ServerURL", "Secret", "Other"]);
    let text = prop_oneof!["password", "generic", "[a-z]{0,5}@[a-z.]{0,8}(:[0-9]{1,5})?", any::<String>()];
    let value = prop_oneof![
        8 => text.prop_map(serde_json::Value::from),
        1 => any::<i64>().prop_map(serde_json::Value::from),
        1 => Just(serde_json::json!([{"a": null}])),
    ];
    prop::collection::vec((key, value), 0..6).prop_map(|members| {
        let members: Vec<String> =
            members.into_iter().map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key))).collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
        for command in [Command::Get, Command::Store] {
            let _ = Request::parse(command, &bytes);
        }
        let _ = parse_filter(&bytes);
        let _ = is_complete(&bytes);
    }

    #[test]
    fn torn_requests_are_read_without_a_panic(mut bytes in nearly(), at: prop::sample::Index, byte: u8) {
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Request::parse(Command::Store, &bytes);
        let _ = parse_filter(&bytes[..at]);
    }

    #[test]
    fn what_is_accepted_means_the_same_when_it_is_written_again(bytes in nearly()) {
        if let Ok(request) = Request::parse(Command::Get, &bytes) {
            prop_assert_eq!(Request::parse(Command::Get, request.to_json().as_bytes()), Ok(request));
        }
    }
}
