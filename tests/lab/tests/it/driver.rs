//! The lab's own client against both databases: what it demands of TLS it gets, or it does not log in.

use std::time::SystemTime;

use rdsconn_lab::driver::{Destination, DriverError, Session, Tls};
use rdsconn_lab::real::{APP_PASSWORD, RealLab, static_key};
use rdsconn_lab::verifier::LONGEST_LIFE;

use crate::rig::{ENDPOINT, Rig};

fn destination(rig: &Rig) -> Destination {
    Destination {
        host: "127.0.0.1".to_owned(),
        port: rig.database.address().port(),
        user: "dba".to_owned(),
        password: rig.token("dba"),
        database: Some("orders".to_owned()),
        tls: Tls::VerifyCa(rig.certificates.authority.pem().into()),
        cleartext: true,
    }
}

fn refusal(to: &Destination) -> String {
    match Session::log_in(to) {
        Ok(_) => panic!("logged in: {to:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_token_logs_in_and_queries_are_answered() {
    let rig = Rig::new();
    let mut session = Session::log_in(&destination(&rig)).unwrap();
    let answers = session
        .query("select name, email from customers order by id limit 1; set @a = 1; select null, @a, repeat('x', 70000)")
        .unwrap();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0].columns, ["name", "email"]);
    assert_eq!(answers[0].rows, [[Some(b"Ada Lovelace".to_vec()), Some(b"ada@acme.example".to_vec())]]);
    assert!(answers[1].columns.is_empty() && answers[1].rows.is_empty());
    assert_eq!(answers[2].rows[0][..2], [None, Some(b"1".to_vec())]);
    assert_eq!(answers[2].rows[0][2].as_ref().unwrap().len(), 70_000);
    match session.query("select 1; selec 2") {
        Err(DriverError::Server { code, state, .. }) => assert_eq!((code, state.as_str()), (1064, "42000")),
        other => panic!("{other:?}"),
    }
    assert_eq!(session.query("select 2").unwrap()[0].rows, [[Some(b"2".to_vec())]]);
}

#[test]
fn t3_tls_proves_what_was_demanded() {
    let rig = Rig::with(|options| options.record = true);
    let good = destination(&rig);
    let ca = || rig.certificates.authority.pem().as_bytes().to_vec();
    let other = || rig.certificates.other_authority.pem().as_bytes().to_vec();
    let with = |tls: Tls| Destination { tls, ..good.clone() };
    Session::log_in(&with(Tls::Required)).unwrap();
    assert!(refusal(&with(Tls::VerifyCa(other()))).contains("UnknownIssuer"));
    assert!(refusal(&with(Tls::VerifyCa(Vec::new()))).contains("2026"));
    // The certificate is the endpoint's, and 127.0.0.1 was dialled.
    assert!(refusal(&with(Tls::VerifyIdentity(ca()))).contains("not valid for name"));
    assert!(refusal(&with(Tls::Disabled)).contains("3159"));

    let rig = Rig::with(|options| options.record = true);
    let careful = Destination { cleartext: false, ..destination(&rig) };
    assert!(refusal(&careful).contains("2059"));
    let signature = careful.password.rsplit('=').next().unwrap();
    assert!(!rig.database.record().contains(signature.as_bytes()));
    assert!(ENDPOINT.contains("us-east-1") && careful.password.starts_with(ENDPOINT));
}

#[test]
fn a_real_server_is_logged_in_to() {
    let Some(lab) = RealLab::shared() else { return };
    let token = lab.gate().verifier().sign(&static_key(), "dba", SystemTime::now(), LONGEST_LIFE);
    for (user, password, cleartext) in [("dba", token.as_str(), true), ("app", APP_PASSWORD, false)] {
        let mut session = Session::log_in(&Destination {
            host: "127.0.0.1".to_owned(),
            port: lab.database().port(),
            user: user.to_owned(),
            password: password.to_owned(),
            database: Some("orders".to_owned()),
            tls: Tls::VerifyCa(std::fs::read(lab.ca_file()).unwrap()),
            cleartext,
        })
        .unwrap();
        let answers = session.query("select count(*) from customers; select user()").unwrap();
        assert_eq!(answers[1].rows, [[Some(format!("{user}@127.0.0.1").into_bytes())]]);
    }
}
