//! MySQL Shell behind our own tunnel asks for a port of this machine: the live process of that port answers for its own
//! target, and nobody else for anything (T12).

use std::net::TcpListener;

use rdsconn_lab::environment::{Running, Signal, TestEnv};
use rdsconn_lab::real::{ENDPOINT, ENDPOINT_PORT};
use rdsconn_lab::shell::{Generation, Shell};

use crate::shell_helper::{BOTH, assert_token};
use crate::stage::{HOST, Stage};
use crate::support::{kept, script, times_asked};

/// Holds a tunnel open; its port.
fn tunnel(home: &TestEnv, arguments: &[&str]) -> (Running, u16) {
    let all: Vec<&str> = ["tunnel", HOST].into_iter().chain(arguments.iter().copied()).collect();
    let tunnel = home.start_rdsconn(all);
    tunnel.wait_for("\n");
    let port = tunnel.so_far().trim().rsplit(':').next().unwrap().parse().unwrap();
    (tunnel, port)
}

/// A user of another name, for a second tunnel.
const READER: [&str; 2] = ["-u", "reader"];

#[test]
fn a_tunnel_answers_for_its_own_port_and_user() {
    let stage = Stage::embedded();
    // From the moment that the port is told.
    let (tunnel, port) = tunnel(&stage.home, &[]);
    for generation in BOTH {
        let shell = Shell::new(&stage.home, generation);
        for host in ["127.0.0.1", "localhost", "LocalHost"] {
            let token = shell.get(&format!("dba@{host}:{port}")).unwrap().unwrap_or_else(|| panic!("{host}: nothing"));
            assert_token(&token, ENDPOINT, ENDPOINT_PORT, "dba");
        }
        for url in [
            format!("reader@127.0.0.1:{port}"),
            format!("root@localhost:{port}"),
            format!("dba@127.0.0.1:{}", other_port(port)),
            format!("dba@[::1]:{port}"),
            format!("dba@127.0.0.2:{port}"),
            "dba@127.0.0.1".to_owned(),
        ] {
            assert_eq!(shell.get(&url), Ok(None), "{url}");
        }
        assert_eq!(shell.store(&format!("dba@127.0.0.1:{port}"), "hunter2"), Ok(()));
        assert!(shell.store(&format!("dba@127.0.0.1:{}", other_port(port)), "hunter2").is_err());
        assert_eq!(kept(&stage.home).len(), 1);
        assert_eq!(shell.erase(&format!("dba@127.0.0.1:{port}")), Ok(()));
        assert_eq!(shell.erase(&format!("dba@127.0.0.1:{port}")), Ok(()));
        assert_eq!(kept(&stage.home).len(), 0);
    }
    tunnel.signal(Signal::TERM);
    tunnel.finish().succeeded();
    assert_eq!(Shell::new(&stage.home, Generation::First).get(&format!("dba@127.0.0.1:{port}")), Ok(None));
}

fn other_port(port: u16) -> u16 {
    if port == u16::MAX { port - 1 } else { port + 1 }
}

#[test]
fn two_tunnels_answer_each_for_its_own() {
    let stage = Stage::embedded();
    let (first, first_port) = tunnel(&stage.home, &[]);
    let (second, second_port) = tunnel(&stage.home, &READER);
    let shell = Shell::new(&stage.home, Generation::Second);
    for (user, port, other) in [("dba", first_port, second_port), ("reader", second_port, first_port)] {
        let token = shell.get(&format!("{user}@127.0.0.1:{port}")).unwrap().unwrap();
        assert_token(&token, ENDPOINT, ENDPOINT_PORT, user);
        assert_eq!(shell.get(&format!("{user}@127.0.0.1:{other}")), Ok(None));
    }
    // One that is stopped costs its patience, and holds nobody else up.
    first.signal(Signal::STOP);
    assert!(shell.get(&format!("reader@127.0.0.1:{second_port}")).unwrap().is_some());
    assert_eq!(shell.get(&format!("dba@127.0.0.1:{first_port}")), Ok(None));
    first.signal(Signal::CONT);
    assert!(shell.get(&format!("dba@127.0.0.1:{first_port}")).unwrap().is_some());
    drop((first, second));
}

/// T12: our process was killed, and another program listens at its port since.
#[test]
fn t12_nothing_is_minted_for_a_port_that_was_taken_over() {
    let stage = Stage::embedded();
    let (tunnel, port) = tunnel(&stage.home, &[]);
    let shell = Shell::new(&stage.home, Generation::Second);
    let url = format!("dba@127.0.0.1:{port}");
    assert!(shell.get(&url).unwrap().is_some());
    stage.home.rdsconn(["cache", "clear"]).succeeded();
    tunnel.signal(Signal::KILL);
    tunnel.finish().ended_with(137);
    let listens = || TcpListener::bind(("127.0.0.1", port));
    // What has passed through it may still be on its way; nobody else wants this very port.
    let taken = listens();
    assert_eq!(shell.get(&url), Ok(None));
    assert_eq!(shell.get(&format!("dba@localhost:{port}")), Ok(None));
    assert!(shell.store(&url, "hunter2").is_err());
    drop(taken);
    // And somebody else's program, where the tests may become somebody else.
    if rustix::process::geteuid().as_raw() == 0 {
        let listener = "use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], \
                        ReuseAddr => 1, Listen => 5) or die $!; $| = 1; print \"listens\\n\"; <STDIN>";
        let port_text = port.to_string();
        let foreign = stage.home.start(
            "setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", "--", "perl", "-e", listener, &port_text],
        );
        foreign.wait_for("listens");
        assert_eq!(shell.get(&url), Ok(None));
    }
    assert_eq!(kept(&stage.home).len(), 0, "and nothing was signed");
}

/// A Shell's options of the command line, what stands in its option file, and what its helper says about the port.
const SHELL: &str = r#"
if [ "$1" = --version ]; then echo "mysqlsh   Ver 9.6.0 for Linux on x86_64 - for MySQL 9.6.0"; exit; fi
echo "helper=${MYSQLSH_CREDENTIAL_STORE_HELPER-none}"
for argument in "$@"; do
    echo "argument=$argument"
    case "$argument" in --defaults-file=*) sed 's/^/option=/' "${argument#--defaults-file=}" ;; esac
done
env | sed -n 's/^RDSCONN_/&/p'
helper=${0%/*}/mysql-secret-store-rdsconn
[ -e "$helper" ] || exit 0
for user in "$RDSCONN_USER" root; do
    printf '{"SecretType":"password","ServerURL":"%s@%s:%s"}' "$user" "$RDSCONN_HOST" "$RDSCONN_PORT" | "$helper" get 2>&1
    echo " <- $user"
done
"#;

#[test]
fn exec_has_a_shell_use_our_helper_where_it_is_installed() {
    let stage = Stage::embedded();
    let program = script(&stage.home, "tools/mysqlsh", SHELL);
    let run = |arguments: &[&str]| {
        let all: Vec<&str> =
            ["exec", program.to_str().unwrap(), HOST].into_iter().chain(arguments.iter().copied()).collect();
        stage.home.rdsconn(all).succeeded().stdout
    };
    let without = run(&[]);
    assert!(without.contains("helper=none\n"), "{without}");
    assert!(without.contains("option=password"), "{without}");

    std::os::unix::fs::symlink(stage.home.program(), program.with_file_name("mysql-secret-store-rdsconn")).unwrap();
    let with = run(&[]);
    assert!(with.contains("helper=rdsconn\n"), "{with}");
    assert!(!with.contains("option=password") && with.contains("argument=--defaults-file="), "{with}");
    assert!(with.contains("Could not find the secret\n <- root"), "{with}");
    let answer = with.lines().find_map(|line| line.strip_suffix(" <- dba")).unwrap_or_else(|| panic!("{with}"));
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    assert_token(answer["Secret"].as_str().unwrap(), ENDPOINT, ENDPOINT_PORT, "dba");
    assert_eq!(times_asked(&stage.home), 0);
}

/// On a direct route the Shell goes to the address itself: no port of this machine is answered for, and the password stands
/// in the option file.
#[test]
fn t12_a_direct_route_answers_for_no_port() {
    let stage = Stage::embedded();
    let program = script(&stage.home, "tools/mysqlsh", SHELL);
    std::os::unix::fs::symlink(stage.home.program(), program.with_file_name("mysql-secret-store-rdsconn")).unwrap();
    let address = stage.parts().database.address().to_string();
    let output = stage.home.rdsconn(["exec", "-J", "none", "--address", &address, program.to_str().unwrap(), HOST]);
    let text = output.succeeded().stdout;
    assert!(text.contains("helper=none\n") && text.contains("option=password"), "{text}");
    assert!(text.contains("Could not find the secret\n <- dba"), "{text}");
}
