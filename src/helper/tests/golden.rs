//! Exchanges as MySQL Shell has them, byte for byte, in both generations.

use super::*;

const OURS: &str = r#"{"SecretType":"password","ServerURL":"dba@orders.prod"}"#;
const OURS_2: &str = r#"{"SecretType":"password","SecretID":"dba@orders.prod","ServerURL":"dba@orders.prod"}"#;
const REPLY: &str = r#"{"SecretType":"password","SecretID":"dba@orders.prod","ServerURL":"dba@orders.prod","Secret":"TOKEN/?DBUser=dba@orders.prod:3306"}"#;
const NONE: &str = "Could not find the secret\n";
const KEEPS_NOTHING: &str =
    "rdsconn signs tokens and keeps no passwords, and no other helper is set to keep this one\n";

fn of(url: &str) -> String {
    format!(r#"{{"SecretType":"password","SecretID":"{url}","ServerURL":"{url}"}}"#)
}

fn store(url: &str) -> String {
    format!(r#"{{"SecretType":"password","SecretID":"{url}","ServerURL":"{url}","Secret":"hush"}}"#)
}

#[tokio::test]
async fn one_request_one_reply() {
    let live =
        r#"{"SecretType":"password","SecretID":"u@127.0.0.1:33061","ServerURL":"u@127.0.0.1:33061","Secret":"LIVE"}"#;
    for (command, request, (status, stdout, stderr), asked) in [
        // get, in each form.
        ("get", OURS.to_owned(), (0, REPLY, ""), "get dba@orders.prod:3306"),
        ("get", OURS_2.to_owned(), (0, REPLY, ""), "get dba@orders.prod:3306"),
        (
            "get",
            r#"{"SecretType":"password","SecretID":"dba@orders.prod"}"#.to_owned(),
            (0, REPLY, ""),
            "get dba@orders.prod:3306",
        ),
        ("get", of("u@unknown.example"), (1, "", NONE), "get u@unknown.example:3306"),
        ("get", of("u@broken.prod"), (1, "", "conventions/acme.toml:3: an unknown key\n"), "get u@broken.prod:3306"),
        ("get", of("u@127.0.0.1:33061"), (0, live, ""), "live Get u V4 33061"),
        ("get", of("u@127.0.0.1:33062"), (1, "", NONE), "live Get u V4 33062"),
        ("get", of("u@localhost"), (1, "", NONE), "live Get u Localhost 3306"),
        ("get", of("u@[::1]:33062"), (1, "", NONE), "live Get u V6 33062"),
        // What is never ours reaches nobody.
        ("get", of("ssh://u@orders.prod:22"), (1, "", NONE), ""),
        ("get", of("file:/home/u/.ssh/id_rsa"), (1, "", NONE), ""),
        ("get", of("u@/tmp%2Fs"), (1, "", NONE), ""),
        ("get", of("dba@orders.prod\\u0000"), (1, "", NONE), ""),
        ("get", of("dba@orders%2eprod"), (1, "", NONE), ""),
        ("get", r#"{"SecretType":"generic","SecretID":"dba@orders.prod"}"#.to_owned(), (1, "", NONE), ""),
        ("get", r#"{"SecretType":"next","SecretID":"dba@orders.prod"}"#.to_owned(), (1, "", NONE), ""),
        // erase: nothing is said of a token that was not there.
        ("erase", OURS.to_owned(), (0, "", ""), "erase dba@orders.prod:3306"),
        ("erase", of("u@unknown.example"), (1, "", NONE), "erase u@unknown.example:3306"),
        ("erase", of("u@127.0.0.1:33061"), (0, "", ""), "live Erase u V4 33061"),
        ("erase", of("ssh://u@h"), (1, "", NONE), ""),
        // store: accepted for what is ours, and forgotten.
        ("store", store("dba@orders.prod"), (0, "", ""), "is_ours dba@orders.prod:3306"),
        ("store", store("u@127.0.0.1:33061"), (0, "", ""), "live Claim u V4 33061"),
        ("store", store("u@unknown.example"), (1, "", KEEPS_NOTHING), "is_ours u@unknown.example:3306"),
        ("store", store("u@127.0.0.1:33062"), (1, "", KEEPS_NOTHING), "live Claim u V4 33062"),
        ("store", store("ssh://u@h"), (1, "", KEEPS_NOTHING), ""),
        (
            "store",
            r#"{"SecretType":"generic","SecretID":"k","ServerURL":"k","Secret":"rx"}"#.to_owned(),
            (1, "", KEEPS_NOTHING),
            "",
        ),
        ("store", OURS.to_owned(), (1, "", "\"Secret\" is missing\n"), ""),
        // Mistakes.
        ("get", String::new(), (1, "", "Failed to parse JSON: The document is empty.\n"), ""),
        ("get", "garbage".to_owned(), (1, "", "Failed to parse JSON: Invalid value.\n"), ""),
        ("get", r#"{"ServerURL":"dba@orders.prod"}"#.to_owned(), (1, "", "\"SecretType\" is missing\n"), ""),
        ("get", r#"{"SecretType":"password"}"#.to_owned(), (1, "", "\"SecretID\" is missing\n"), ""),
        (
            "erase",
            r#"{"SecretType":"password","ServerURL":3}"#.to_owned(),
            (1, "", "\"ServerURL\" should be a string\n"),
            "",
        ),
    ] {
        let vault = TestVault::alone();
        let reply = exchange(command, Stdin::Closed(request.clone().into()), &vault).await;
        assert_eq!(String::from_utf8_lossy(&reply.stdout), stdout, "{command} {request}");
        assert_eq!(String::from_utf8_lossy(&reply.stderr), stderr, "{command} {request}");
        assert_eq!(reply.status, status, "{command} {request}");
        assert_eq!(vault.asked.borrow().join(", "), asked, "{command} {request}");
    }
}

#[tokio::test]
async fn list_answers_with_and_without_a_filter_and_never_waits() {
    let ours = r#"[{"SecretType":"password","SecretID":"dba@orders.prod:3306","ServerURL":"dba@orders.prod:3306"}]"#;
    let invalid = "Failed to parse JSON: Invalid value.\n";
    for (stdin, status, stdout, stderr) in [
        (Stdin::Open(Vec::new()), 0, ours, ""),
        (Stdin::Closed(Vec::new()), 0, ours, ""),
        (Stdin::Open(br#"{"SecretType":"password"}"#.to_vec()), 0, ours, ""),
        (Stdin::Open(br#"{"SecretType":"generic"}"#.to_vec()), 0, "[]", ""),
        (Stdin::Open(br#"{"SecretType":"next"}"#.to_vec()), 0, "[]", ""),
        // Half a request, and the rest never comes.
        (Stdin::Open(br#"{"SecretTy"#.to_vec()), 1, "", invalid),
        (Stdin::Open(b"garbage".to_vec()), 1, "", invalid),
    ] {
        let reply = exchange("list", stdin, &TestVault::alone()).await;
        assert_eq!((reply.status, &*String::from_utf8_lossy(&reply.stdout)), (status, stdout));
        assert_eq!(String::from_utf8_lossy(&reply.stderr), stderr);
    }
    let mut vault = TestVault::alone();
    vault.cached = Err(BROKEN.to_owned());
    let reply = exchange("list", Stdin::Open(Vec::new()), &vault).await;
    assert_eq!((reply.status, reply.stderr), (1, format!("{BROKEN}\n").into_bytes()));
}

#[tokio::test]
async fn version_touches_nothing() {
    let mut vault = TestVault::alone();
    vault.cached = Err(BROKEN.to_owned());
    let reply = exchange("version", Stdin::Open(b"{".to_vec()), &vault).await;
    assert_eq!(String::from_utf8_lossy(&reply.stdout), concat!("rdsconn ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!((reply.status, reply.stderr.len()), (0, 0));
    assert!(vault.asked.borrow().is_empty());
}

#[tokio::test]
async fn a_request_without_an_end_is_given_up() {
    let reply = exchange("store", Stdin::Closed(vec![b' '; 5 * 1024 * 1024]), &TestVault::alone()).await;
    assert_eq!((reply.status, reply.stderr), (1, b"the request has more than 4194304 bytes\n".to_vec()));
}

#[tokio::test]
async fn t17_a_stored_secret_is_in_no_reply() {
    for request in [store("u@unknown.example"), store("u@broken.prod"), store("x").replace('}', "")] {
        let reply = exchange("store", Stdin::Closed(request.into()), &TestVault::alone()).await;
        assert_eq!(reply.status, 1);
        assert!(!String::from_utf8_lossy(&reply.stderr).contains("hush") && reply.stdout.is_empty(), "{reply:?}");
    }
}

#[test]
fn a_reply_is_written_whole() {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    Reply::not_found().write(&mut stdout, &mut stderr).unwrap();
    assert_eq!((stdout.as_slice(), stderr.as_slice()), (&b""[..], NONE.as_bytes()));
}
