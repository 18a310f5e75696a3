//! Which URLs are ours, and two hundred that are not.

use proptest::prelude::*;

use super::*;

mod hostile;

use hostile::hostile;

fn database(text: &str) -> Option<(String, String, u16)> {
    match ServerUrl::parse(text)? {
        ServerUrl::Database(named) => Some((named.user?, named.host.to_string(), named.port?)),
        ServerUrl::Listener(_) => None,
    }
}

#[test]
fn databases_by_name() {
    let long = format!("u@{}.example", ["a".repeat(63).as_str(); 3].join("."));
    let long_host = long.strip_prefix("u@").unwrap().to_owned();
    for (url, user, host, port) in [
        ("dba@orders.prod", "dba", "orders.prod", 3306),
        ("dba@orders.prod:3306", "dba", "orders.prod", 3306),
        ("dba@orders.prod:65535", "dba", "orders.prod", 65535),
        ("dba@Orders.PROD:1", "dba", "orders.prod", 1),
        // A final dot is how DNS writes the same name in full.
        ("dba@orders.prod.", "dba", "orders.prod", 3306),
        ("a.b+c%40x%2Fy%20z@h", "a.b+c@x/y z", "h", 3306),
        ("a%3Ab@h", "a:b", "h", 3306),
        ("%c3%bc@h", "ü", "h", 3306),
        ("ü@h", "ü", "h", 3306),
        ("%2561@h", "%61", "h", 3306),
        (
            "iam_user-1.x@db-1.c9abc.us-east-1.rds.amazonaws.com:3307",
            "iam_user-1.x",
            "db-1.c9abc.us-east-1.rds.amazonaws.com",
            3307,
        ),
        ("u@xn--bcher-kva.example", "u", "xn--bcher-kva.example", 3306),
        ("u@10.0.0.5", "u", "10.0.0.5", 3306),
        ("u@localhost.example", "u", "localhost.example", 3306),
        ("u@127.0.0.1.example", "u", "127.0.0.1.example", 3306),
        (&long, "u", &long_host, 3306),
    ] {
        assert_eq!(database(url), Some((user.to_owned(), host.to_owned(), port)), "{url}");
    }
}

#[test]
fn listeners_of_this_machine() {
    use Loopback::{Localhost, V4, V6};
    for (url, user, loopback, port) in [
        ("iam_user@127.0.0.1", "iam_user", V4, 3306),
        ("iam_user@127.0.0.1:33907", "iam_user", V4, 33907),
        ("u@LocalHost:1", "u", Localhost, 1),
        ("u@localhost", "u", Localhost, 3306),
        ("U_1@[::1]:33907", "U_1", V6, 33907),
        ("u@[::1]", "u", V6, 3306),
        ("u@[0:0:0:0:0:0:0:1]:5", "u", V6, 5),
        ("a%40b@127.0.0.1:5", "a@b", V4, 5),
    ] {
        let expected = ServerUrl::Listener(Listener { loopback, port, user: user.to_owned() });
        assert_eq!(ServerUrl::parse(url), Some(expected), "{url}");
    }
}

#[test]
fn urls_are_written_as_the_shell_writes_them() {
    for url in ["dba@orders.prod:3306", "a.b+c%40x%2Fy%20z@h:1", "%C3%BC@h:3306"] {
        let Some(ServerUrl::Database(named)) = ServerUrl::parse(url) else { panic!("{url}") };
        assert_eq!(to_url(&named), url);
    }
}

#[test]
fn t13_two_hundred_hostile_urls_are_not_ours() {
    let urls = hostile();
    assert!(urls.len() >= 200, "{}", urls.len());
    for url in urls {
        assert_eq!(ServerUrl::parse(&url), None, "{url:?}");
    }
}

proptest! {
    #[test]
    fn t13_what_is_looked_up_is_the_literal_host(url in r"[a-zA-Z0-9%@:/.\[\]\\?# _\-]{0,24}|.{0,30}|[a-z%0-9]{1,4}@[a-zA-Z0-9.:\[\]%\-]{0,16}") {
        let Some(found) = ServerUrl::parse(&url) else { return Ok(()) };
        let (_, place) = url.rsplit_once('@').unwrap();
        match found {
            ServerUrl::Database(named) => {
                let host = named.host.as_str();
                let rest = place.to_ascii_lowercase();
                let rest = rest.strip_prefix(host).unwrap();
                let rest = rest.strip_prefix('.').unwrap_or(rest);
                let port = named.port.unwrap();
                let is_all = rest == format!(":{port}") || rest.is_empty() && port == DEFAULT_PORT;
                prop_assert!(is_all, "{}", rest);
                prop_assert!(HostName::parse(host).is_ok());
                prop_assert_eq!(ServerUrl::parse(&to_url(&named)), Some(ServerUrl::Database(named)));
            }
            ServerUrl::Listener(listener) => {
                let host = place.rsplit_once(':').filter(|(_, port)| *port == listener.port.to_string()).map_or(place, |(host, _)| host);
                let is_known = host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host.starts_with('[');
                prop_assert!(is_known, "{host}");
            }
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(url: String) {
        let _ = ServerUrl::parse(&url);
    }
}
