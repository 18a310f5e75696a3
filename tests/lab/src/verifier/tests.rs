//! Holds the verifier against botocore's tokens (`vectors.tsv`, made by `vectors.py`) and against every way to spoil one.

use super::encoding::format_timestamp;
use super::*;

const HOST: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn plain_key() -> AccessKey {
    AccessKey { id: "AKIAIOSFODNN7EXAMPLE".to_owned(), secret: SECRET.to_owned(), session_token: None }
}

fn session_key(session_token: &str) -> AccessKey {
    AccessKey {
        id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
        secret: SECRET.to_owned(),
        session_token: Some(session_token.to_owned()),
    }
}

fn instant(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

struct Vector {
    verifier: Verifier,
    signed_at: SystemTime,
    user: &'static str,
    token: &'static str,
}

fn vectors() -> Vec<Vector> {
    let read = |line: &'static str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [host, port, region, seconds, user, session_token, token] = fields[..] else { panic!("{line}") };
        let key = if session_token == "-" { plain_key() } else { session_key(session_token) };
        let signed_at = instant(seconds.parse().unwrap());
        let verifier = Verifier::new(host, port.parse().unwrap(), region, vec![key]).at(signed_at);
        Vector { verifier, signed_at, user, token }
    };
    include_str!("vectors.tsv").lines().map(read).collect()
}

fn first() -> Vector {
    vectors().remove(0)
}

#[test]
fn accepts_what_botocore_signs() {
    assert_eq!(vectors().len(), 20);
    for vector in vectors() {
        assert_eq!(vector.verifier.verify(vector.token, vector.user), Ok(()), "{}", vector.token);
    }
}

#[test]
fn signs_what_botocore_signs() {
    for vector in vectors() {
        let mine = vector.verifier.sign(&vector.verifier.credentials[0], vector.user, vector.signed_at, LONGEST_LIFE);
        assert_eq!(vector.verifier.verify(&mine, vector.user), Ok(()));
        let signature = |token: &str| token.rsplit_once("X-Amz-Signature=").unwrap().1.to_owned();
        assert_eq!(signature(&mine), signature(vector.token), "{}", vector.token);
    }
}

#[test]
fn accepts_parameters_in_any_order() {
    // The Rust signer appends the session token after the signature.
    for vector in vectors() {
        let (authority, query) = vector.token.split_once("/?").unwrap();
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.reverse();
        let reordered = format!("{authority}/?{}", pairs.join("&"));
        assert_eq!(vector.verifier.verify(&reordered, vector.user), Ok(()), "{reordered}");
    }
}

#[test]
fn refuses_every_changed_byte() {
    let Vector { verifier, token, user, .. } = first();
    for position in 0..token.len() {
        for replacement in b' '..=b'~' {
            let mut bytes = token.as_bytes().to_vec();
            if bytes[position] == replacement {
                continue;
            }
            bytes[position] = replacement;
            let tampered = String::from_utf8(bytes).unwrap();
            assert!(verifier.verify(&tampered, user).is_err(), "accepted {tampered}");
        }
    }
}

#[test]
fn refuses_every_removed_byte_and_every_cut() {
    let Vector { verifier, token, user, .. } = first();
    for position in 0..token.len() {
        let mut shorter = token.to_owned();
        shorter.remove(position);
        assert!(verifier.verify(&shorter, user).is_err(), "accepted {shorter}");
        assert!(verifier.verify(&token[..position], user).is_err(), "accepted the first {position} bytes");
    }
    assert!(verifier.verify(&format!("{token}\n"), user).is_err());
}

#[test]
fn ages() {
    let Vector { verifier, signed_at, token, user } = first();
    let at = |age: u64| verifier.clone().at(signed_at + Duration::from_secs(age)).verify(token, user);
    for age in [0, 1, 800, 899, 900] {
        assert_eq!(at(age), Ok(()), "age {age}");
    }
    for age in [901, 2000, 86_400] {
        assert_eq!(at(age), Err(Refusal::Expired), "age {age}");
    }
    let ahead = |lead: u64| verifier.clone().at(signed_at - Duration::from_secs(lead)).verify(token, user);
    assert_eq!(ahead(300), Ok(()));
    assert_eq!(ahead(301), Err(Refusal::FromTheFuture));
    assert_eq!(ahead(400), Err(Refusal::FromTheFuture));
}

#[test]
fn a_shorter_life_ends_sooner() {
    let Vector { verifier, signed_at, user, .. } = first();
    let life = |seconds: u64| verifier.sign(&plain_key(), user, signed_at, Duration::from_secs(seconds));
    let later = verifier.clone().at(signed_at + Duration::from_secs(61));
    assert_eq!(later.verify(&life(60), user), Err(Refusal::Expired));
    assert_eq!(later.verify(&life(62), user), Ok(()));
    for seconds in [0, 901, 3600, u64::MAX] {
        assert_eq!(verifier.verify(&life(seconds), user), Err(Refusal::WrongLife(seconds.to_string())));
    }
}

#[test]
fn names_what_is_wrong() {
    let Vector { verifier, signed_at, token, user } = first();
    let refusal = |token: &str| verifier.verify(token, user).unwrap_err();
    let edited = |from: &str, to: &str| {
        assert!(token.contains(from), "{from}");
        refusal(&token.replacen(from, to, 1))
    };

    assert_eq!(verifier.verify(token, "reader"), Err(Refusal::WrongUser("dba".to_owned())));
    assert_eq!(verifier.verify(token, "DBA"), Err(Refusal::WrongUser("dba".to_owned())));
    assert_eq!(edited("orders.", "Orders."), Refusal::WrongHost(HOST.replace("orders", "Orders")));
    assert_eq!(edited(HOST, "127.0.0.1"), Refusal::WrongHost("127.0.0.1".to_owned()));
    assert_eq!(edited(":3306", ":13306"), Refusal::WrongPort("13306".to_owned()));
    assert_eq!(edited(":3306", ":03306"), Refusal::WrongPort("03306".to_owned()));
    assert_eq!(edited("Action=connect", "Action=select"), Refusal::WrongAction("select".to_owned()));
    assert_eq!(edited("AKIA", "AKIB"), Refusal::UnknownKey("AKIBIOSFODNN7EXAMPLE".to_owned()));
    assert_eq!(edited("us-east-1%2Frds-db", "eu-west-1%2Frds-db"), Refusal::WrongRegion("eu-west-1".to_owned()));
    assert_eq!(edited("rds-db%2F", "rds%2F"), Refusal::WrongScope("20260314/us-east-1/rds/aws4_request".to_owned()));
    assert_eq!(
        edited("%2F20260314%2F", "%2F20260315%2F"),
        Refusal::WrongScope("20260315/us-east-1/rds-db/aws4_request".to_owned())
    );
    assert_eq!(edited("T150926Z", "T150927Z"), Refusal::BadSignature);
    assert_eq!(edited("Expires=900", "Expires=899"), Refusal::BadSignature);
    assert_eq!(edited("Expires=900", "Expires=1000"), Refusal::WrongLife("1000".to_owned()));
    assert_eq!(edited("Action=connect", "Action=connect&Action=connect"), Refusal::DuplicateParameter("Action".into()));
    assert_eq!(edited("DBUser=dba", "DBUser=dba&DBUser=root"), Refusal::DuplicateParameter("DBUser".into()));
    assert_eq!(edited("Action=connect&", ""), Refusal::MissingParameter("Action"));
    assert_eq!(edited("DBUser=dba", "DBUser=dba&x=y"), Refusal::UnexpectedParameter("x".to_owned()));
    assert_eq!(edited("%2F", "%2f"), Refusal::Malformed("a percent-escape"));
    assert_eq!(edited("DBUser=dba", "DBUser=d+a"), Refusal::Malformed("a character that must be escaped"));
    assert_eq!(edited("DBUser=dba", "DBUser=%FF"), Refusal::Malformed("a value that is not UTF-8"));
    assert_eq!(edited("20260314T", "20260230T"), Refusal::Malformed("the date"));
    assert_eq!(refusal(""), Refusal::Malformed("no query"));
    assert_eq!(refusal("secret"), Refusal::Malformed("no query"));
    assert_eq!(refusal(&format!("https://{token}")), Refusal::WrongHost("https".to_owned()));

    let foreign = AccessKey { secret: "another".to_owned(), ..plain_key() };
    let forged = verifier.sign(&foreign, user, signed_at, LONGEST_LIFE);
    assert_eq!(refusal(&forged), Refusal::BadSignature);
}

#[test]
fn session_tokens() {
    for length in [100, 101, 512, 1000, 2048, 3000] {
        let key = session_key(&"Az09+/=".repeat(500)[..length]);
        let verifier =
            Verifier::new(HOST, 3306, "us-east-1", vec![plain_key(), key.clone()]).at(instant(1_773_500_966));
        let token = verifier.sign(&key, "dba", (verifier.now)(), LONGEST_LIFE);
        assert_eq!(verifier.verify(&token, "dba"), Ok(()), "{length}");

        let without = AccessKey { session_token: None, ..key.clone() };
        let bare = verifier.sign(&without, "dba", (verifier.now)(), LONGEST_LIFE);
        assert_eq!(verifier.verify(&bare, "dba"), Err(Refusal::SessionTokenMissing));

        let other = AccessKey { session_token: Some("other".to_owned()), ..key.clone() };
        let wrong = verifier.sign(&other, "dba", (verifier.now)(), LONGEST_LIFE);
        assert_eq!(verifier.verify(&wrong, "dba"), Err(Refusal::SessionTokenWrong));

        let needless = AccessKey { session_token: Some("needless".to_owned()), ..plain_key() };
        let unasked = verifier.sign(&needless, "dba", (verifier.now)(), LONGEST_LIFE);
        assert_eq!(verifier.verify(&unasked, "dba"), Err(Refusal::SessionTokenWrong));
    }
}

#[test]
fn timestamps_go_both_ways() {
    for (text, seconds) in [
        ("19700101T000000Z", 0),
        ("20000229T120000Z", 951_825_600),
        ("20260314T150926Z", 1_773_500_966),
        ("20280229T235959Z", 1_835_481_599),
        ("21000301T000000Z", 4_107_542_400),
    ] {
        assert_eq!(parse_timestamp(text), Some(instant(seconds)), "{text}");
        assert_eq!(format_timestamp(instant(seconds)), text);
    }
    for text in [
        "20260229T000000Z",
        "21000229T000000Z",
        "20261301T000000Z",
        "20260001T000000Z",
        "20260100T000000Z",
        "20260101T240000Z",
        "20260101T006000Z",
        "20260101T000060Z",
        "2026-101T000000Z",
        "20260101T000000",
        "19691231T235959Z",
        "",
    ] {
        assert_eq!(parse_timestamp(text), None, "{text}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", Verifier::new(HOST, 3306, "us-east-1", vec![session_key("session-canary")]));
    assert!(!shown.contains(SECRET) && !shown.contains("session-canary"), "{shown}");
}
