//! Both sides over real sockets: who answers, who is believed, and who is not.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::server::holds;
use super::wire::{LONGEST_QUESTION, WireClaim, WireQuestion, receive, send};
use super::*;
use crate::helper::{Answer, Granted, Loopback};
use crate::os::private_socket;

const PATIENCE: Patience = Patience { claim: Duration::from_secs(20), verdict: Duration::from_secs(20) };
const PORT: u16 = 33061;

struct Target(&'static str);

impl Behind for Target {
    async fn token(&self, user: &str) -> Answer<SecretString> {
        match user {
            "dba" => Answer::Ours(SecretString::from(format!("TOKEN of {}", self.0))),
            "broken" => Answer::Failed("the SSO session\nhas expired".to_owned()),
            _ => Answer::NotOurs,
        }
    }

    async fn forget(&self, user: &str) -> Answer<()> {
        if user == "dba" { Answer::Ours(()) } else { Answer::NotOurs }
    }
}

fn question(verb: Verb, user: &str, port: u16) -> Question {
    Question { verb, listener: Listener { loopback: Loopback::V4, port, user: user.to_owned() } }
}

fn listeners(port: u16) -> [SocketAddr; 1] {
    [SocketAddr::from(([127, 0, 0, 1], port))]
}

fn text(answer: Answer<Granted>) -> String {
    match answer {
        Answer::Ours(Granted::Token(secret)) => secret.expose_secret().to_owned(),
        Answer::Ours(Granted::Done) => "done".to_owned(),
        Answer::NotOurs => "not ours".to_owned(),
        Answer::Failed(text) => format!("failed: {text}"),
    }
}

/// A folder for one run, and the path of its socket.
fn run_folder(base: &Path, name: &str) -> PathBuf {
    let folder = base.join(name);
    crate::os::files::create_private_folder(&folder).unwrap();
    folder.join("ask")
}

#[tokio::test]
async fn t12_the_process_that_holds_the_port_answers_for_its_own_target() {
    let base = tempfile::tempdir().unwrap();
    let (one, other) = (run_folder(base.path(), "1"), run_folder(base.path(), "2"));
    let (first, second) = (private_socket::bind(&one).unwrap(), private_socket::bind(&other).unwrap());
    // And one that was killed.
    let killed = run_folder(base.path(), "0");
    drop(private_socket::bind(&killed).unwrap());
    let sockets = private_socket::find(base.path(), std::ffi::OsStr::new("ask"));
    assert_eq!(sockets.len(), 3);
    let asking = async {
        for (verb, user, port, expected) in [
            (Verb::Get, "dba", PORT, "TOKEN of orders"),
            (Verb::Get, "dba", PORT + 1, "TOKEN of billing"),
            (Verb::Get, "dba", PORT + 2, "not ours"),
            (Verb::Get, "root", PORT, "not ours"),
            (Verb::Get, "broken", PORT, "failed: the SSO session has expired"),
            (Verb::Claim, "anybody", PORT, "done"),
            (Verb::Claim, "anybody", PORT + 2, "not ours"),
            (Verb::Erase, "dba", PORT, "done"),
            (Verb::Erase, "root", PORT, "not ours"),
        ] {
            assert_eq!(
                text(ask(&sockets, &question(verb, user, port), PATIENCE).await),
                expected,
                "{verb:?} {user} {port}"
            );
        }
    };
    let (held, also_held) = (listeners(PORT), listeners(PORT + 1));
    tokio::select! {
        () = serve(first, &held, &Target("orders")) => {}
        () = serve(second, &also_held, &Target("billing")) => {}
        () = asking => {}
    }
}

#[tokio::test]
async fn t12_nothing_is_granted_for_the_port_of_a_process_that_was_killed() {
    let base = tempfile::tempdir().unwrap();
    let path = run_folder(base.path(), "1");
    let socket = private_socket::bind(&path).unwrap();
    let question = question(Verb::Get, "dba", PORT);
    let held = listeners(PORT);
    let target = Target("orders");
    tokio::select! {
        () = serve(socket, &held, &target) => {}
        answer = ask(std::slice::from_ref(&path), &question, PATIENCE) => assert_eq!(text(answer), "TOKEN of orders"),
    }
    // The socket's name is there still; nobody is behind it.
    assert!(path.exists());
    assert_eq!(text(ask(&[path], &question, PATIENCE).await), "not ours");
    assert_eq!(text(ask(&[], &question, PATIENCE).await), "not ours");
}

/// A process that says whatever it is told to.
async fn impostor(
    path: &Path,
    question: &Question,
    first: impl Fn(WireQuestion) -> Vec<u8>,
    patience: Patience,
) -> String {
    let socket = private_socket::bind(path).unwrap();
    let speak = async {
        let mut stream = socket.accept().await.unwrap().0;
        let asked: WireQuestion = receive(&mut stream, LONGEST_QUESTION).await.unwrap();
        stream.write_all(&first(asked)).await.unwrap();
        // Until the helper has had enough.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    };
    let paths = [path.to_owned()];
    tokio::join!(speak, async { text(ask(&paths, question, patience).await) }).1
}

fn framed(json: &str) -> Vec<u8> {
    [&u32::try_from(json.len()).unwrap().to_be_bytes(), json.as_bytes()].concat()
}

type Speech<'a> = Box<dyn Fn(WireQuestion) -> Vec<u8> + 'a>;

#[tokio::test]
async fn t12_only_an_answer_to_this_question_is_believed() {
    let base = tempfile::tempdir().unwrap();
    let path = run_folder(base.path(), "1");
    let question = question(Verb::Get, "dba", PORT);
    let claim = |nonce: &str, port: u16| framed(&format!(r#"{{"nonce":"{nonce}","port":{port},"is_mine":true}}"#));
    let token =
        |nonce: &str, port: u16| framed(&format!(r#"{{"nonce":"{nonce}","port":{port},"verdict":{{"token":"T"}}}}"#));
    let ended = format!("failed: the rdsconn process of port {PORT} ended before it answered");
    // The honest one first: the table's others differ in one thing each.
    let honest = |asked: WireQuestion| [claim(&asked.nonce, asked.port), token(&asked.nonce, asked.port)].concat();
    assert_eq!(impostor(&path, &question, honest, PATIENCE).await, "T");
    let speeches: Vec<(Speech<'_>, &str)> = vec![
        (Box::new(|asked| [claim("another", asked.port), token(&asked.nonce, asked.port)].concat()), "not ours"),
        (Box::new(|asked| [claim(&asked.nonce, 1), token(&asked.nonce, asked.port)].concat()), "not ours"),
        (Box::new(|asked| [claim(&asked.nonce, asked.port), token("another", asked.port)].concat()), &ended),
        (Box::new(|asked| [claim(&asked.nonce, asked.port), token(&asked.nonce, 1)].concat()), &ended),
        (Box::new(|asked| token(&asked.nonce, asked.port)), "not ours"),
        (Box::new(|_| framed("{}")), "not ours"),
        (Box::new(|_| u32::MAX.to_be_bytes().to_vec()), "not ours"),
        (
            Box::new(|asked| {
                framed(&format!(r#"{{"nonce":"{}","port":{PORT},"is_mine":true,"more":1}}"#, asked.nonce))
            }),
            "not ours",
        ),
        (
            Box::new(|asked| [claim(&asked.nonce, PORT), framed(r#"{"nonce":"","port":1,"verdict":"done"}"#)].concat()),
            &ended,
        ),
    ];
    for (speech, expected) in speeches {
        assert_eq!(impostor(&path, &question, speech, PATIENCE).await, expected);
    }
}

#[tokio::test]
async fn a_process_that_stands_still_costs_its_patience_and_no_more() {
    let base = tempfile::tempdir().unwrap();
    let path = run_folder(base.path(), "1");
    let question = question(Verb::Get, "dba", PORT);
    let short = Patience { claim: Duration::from_millis(20), ..PATIENCE };
    assert_eq!(impostor(&path, &question, |_| Vec::new(), short).await, "not ours");
    let short = Patience { verdict: Duration::from_millis(20), ..PATIENCE };
    let claim = |asked: WireQuestion| framed(&format!(r#"{{"nonce":"{}","port":{PORT},"is_mine":true}}"#, asked.nonce));
    let expected = format!("failed: the rdsconn process of port {PORT} did not answer within 0 s");
    assert_eq!(impostor(&path, &question, claim, short).await, expected);
}

#[tokio::test]
async fn r24_garbage_ends_an_exchange_and_not_the_process() {
    let base = tempfile::tempdir().unwrap();
    let path = run_folder(base.path(), "1");
    let socket = private_socket::bind(&path).unwrap();
    let question = WireQuestion {
        version: 2,
        nonce: "n".to_owned(),
        verb: Verb::Get,
        loopback: Loopback::V4,
        port: PORT,
        user: "dba".to_owned(),
    };
    let asking = async {
        for garbage in
            [&b""[..], b"\0", b"\0\0\0\x02{", b"\xff\xff\xff\xff", b"\0\0\0\x02{}", b"GET / HTTP/1.1\r\n\r\n"]
        {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            stream.write_all(garbage).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            // A reset is an end, too.
            let _ = stream.read_to_end(&mut answer).await;
            assert_eq!(answer, b"");
        }
        // Another version of the program.
        let mut stream = UnixStream::connect(&path).await.unwrap();
        send(&mut stream, &question).await.unwrap();
        let claim: WireClaim = receive(&mut stream, 1_000).await.unwrap();
        assert!(!claim.is_mine);
        let good = super::Question {
            verb: Verb::Get,
            listener: Listener { loopback: Loopback::V4, port: PORT, user: "dba".to_owned() },
        };
        assert_eq!(text(ask(std::slice::from_ref(&path), &good, PATIENCE).await), "TOKEN of orders");
    };
    let held = listeners(PORT);
    tokio::select! {
        () = serve(socket, &held, &Target("orders")) => {}
        () = asking => {}
    }
}

#[tokio::test]
async fn many_questions_at_once_are_all_answered() {
    let base = tempfile::tempdir().unwrap();
    let path = run_folder(base.path(), "1");
    let socket = private_socket::bind(&path).unwrap();
    let paths = [path];
    let question = question(Verb::Get, "dba", PORT);
    let asking = futures_util::future::join_all((0..200).map(|_| ask(&paths, &question, PATIENCE)));
    let held = listeners(PORT);
    tokio::select! {
        () = serve(socket, &held, &Target("orders")) => {}
        answers = asking => for answer in answers {
            assert_eq!(text(answer), "TOKEN of orders");
        }
    }
}

#[test]
fn t12_localhost_is_ours_only_if_nobody_else_can_be_reached_by_it() {
    let (v4, v6) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from(std::net::Ipv6Addr::LOCALHOST));
    let [on_4, on_6] = [v4, v6].map(|address| SocketAddr::from((address, PORT)));
    let elsewhere = SocketAddr::from(([10, 0, 0, 1], PORT));
    for (listeners, loopback, is_free, expected) in [
        (&[on_4][..], Loopback::V4, false, true),
        (&[on_4], Loopback::V6, true, false),
        (&[on_6], Loopback::V6, false, true),
        (&[on_6], Loopback::V4, true, false),
        (&[on_4], Loopback::Localhost, true, true),
        (&[on_4], Loopback::Localhost, false, false),
        (&[on_6], Loopback::Localhost, true, true),
        (&[on_6], Loopback::Localhost, false, false),
        (&[on_4, on_6], Loopback::Localhost, false, true),
        (&[elsewhere], Loopback::V4, true, false),
        (&[elsewhere], Loopback::Localhost, true, false),
        (&[], Loopback::Localhost, true, false),
    ] {
        assert_eq!(holds(listeners, loopback, PORT, |_, _| is_free), expected, "{listeners:?} {loopback:?} {is_free}");
        assert!(!holds(listeners, loopback, PORT + 1, |_, _| true));
    }
}

#[test]
fn t17_debug_shows_no_token() {
    let granted = format!("{:?}", Answer::Ours(Granted::Token(SecretString::from("CANARY"))));
    assert!(!granted.contains("CANARY"), "{granted}");
}
