//! What tests write the program reads, and the other way round.

use super::*;

#[test]
fn plans_and_guises_survive_their_way_through_text() {
    let text = |text: &str| text.to_owned();
    let plan = Plan::new([
        Step::Given,
        Step::Options(2),
        Step::Catch(vec![text("INT"), text("TERM")]),
        Step::AwaitSignal(text("INT")),
        Step::AwaitLine,
        Step::AwaitEnd,
        Step::AwaitFile("/tmp/some file".into()),
        Step::AwaitDeath,
        Step::Size,
        Step::Print(text("two words  and blanks")),
        Step::PrintError(text("")),
        Step::Write(1 << 40),
        Step::Mark(text("here")),
        Step::Connect(3),
        Step::Fetch,
        Step::Deliver(5),
        Step::RoundTrip(6),
        Step::Query(text("select 'a b'; select 2")),
        Step::Shell,
        Step::Kill(text("HUP")),
        Step::Exit(255),
    ]);
    assert_eq!(plan.to_string().parse(), Ok(plan));
    for wrong in ["exit 256", "exit", "fly", "write much"] {
        assert!(wrong.parse::<Plan>().is_err(), "{wrong}");
    }
    for guise in [
        Guise::Oracle(text("8.0.40")),
        Guise::MariaDb(text("11.8.9")),
        Guise::Shell(text("8.0.40")),
        Guise::Mycli(text("2.30.1")),
        Guise::Mydumper(text("0.19.3-2")),
        Guise::Other(text("some thing 1.2")),
        Guise::Fails(3),
        Guise::Hangs,
    ] {
        assert_eq!(guise.to_string().parse(), Ok(guise));
    }
    assert!("emperor".parse::<Guise>().is_err());
}

#[test]
fn only_what_a_client_told_is_read() {
    let text =
        "+----+\n{\"event\":\"signal\",\"name\":\"INT\"}\r\n{\"other\":1}\nERROR 1\n{\"event\":\"end\",\"bytes\":7}";
    let events = Event::read(text);
    assert!(matches!(&events[..], [Event::Signal(name), Event::End(7)] if name == "INT"), "{events:?}");
    let entry = |group: &str, value: &str| Entry {
        file: String::new(),
        group: group.to_owned(),
        name: "port".to_owned(),
        value: Some(value.to_owned()),
        print: Print::of(value.as_bytes()),
    };
    let entries = [entry("client", "1"), entry("mysql", "2"), entry("mysqldump", "3"), entry("client", "4")];
    let port = |groups: &[&str]| in_force(&entries, groups, "port").and_then(|entry| entry.value.clone());
    assert_eq!(port(&["client", "mysql"]).as_deref(), Some("4"));
    assert_eq!(port(&["mysqldump"]).as_deref(), Some("3"));
    assert_eq!(port(&["mariadb"]), None);
}
