//! Tables of what is refused and what only looks like it (T1, T15, T19, T21).

use proptest::prelude::*;

use super::*;
use crate::launch::Library;

const SERVERS: [Family; 2] = [Family::Oracle, Family::MariaDb];

fn refused(family: Family, tool: Tool, line: &[&str]) -> Option<(String, &'static str)> {
    let arguments: Vec<OsString> = line.iter().map(OsString::from).collect();
    match refuse(family, tool, &arguments) {
        Ok(()) => None,
        Err(Error::Argument { argument, what }) => Some((argument, what)),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn t1_t19_t21_what_would_undo_our_options_is_refused() {
    let cases: [(&[&str], &str, &str); 42] = [
        (&["-h", "evil"], "-h", "the host"),
        (&["-hevil"], "-h", "the host"),
        (&["--host=evil"], "--host", "the host"),
        (&["--host", "evil"], "--host", "the host"),
        (&["--ho=evil"], "--ho", "the host"),
        (&["--loose-host=evil"], "--loose-host", "the host"),
        (&["--loose_host=evil"], "--loose_host", "the host"),
        (&["--dns-srv-name=evil"], "--dns-srv-name", "the host"),
        (&["--dns_srv=evil"], "--dns_srv", "the host"),
        (&["--network-namespace=x"], "--network-namespace", "the host"),
        (&["-P", "1"], "-P", "the port"),
        (&["--port=1"], "--port", "the port"),
        (&["-S/tmp/s"], "-S", "the way of connecting"),
        (&["--sock=/tmp/s"], "--sock", "the way of connecting"),
        (&["--protocol=SOCKET"], "--protocol", "the way of connecting"),
        (&["-uroot"], "-u", "the user"),
        (&["--user=root"], "--user", "the user"),
        (&["-p"], "-p", "the password"),
        (&["-psecret"], "-p", "the password"),
        (&["--password"], "--password", "the password"),
        (&["--password=x"], "--password", "the password"),
        (&["--password2=x"], "--password2", "the password"),
        (&["--skip-password"], "--skip-password", "the password"),
        (&["--skip-ssl"], "--skip-ssl", "TLS"),
        (&["--loose-skip-ssl"], "--loose-skip-ssl", "TLS"),
        (&["--disable-ssl"], "--disable-ssl", "TLS"),
        (&["--ssl=0"], "--ssl", "TLS"),
        (&["--ssl-mode=DISABLED"], "--ssl-mode", "TLS"),
        (&["--ssl-m=PREFERRED"], "--ssl-m", "TLS"),
        (&["--ssl_mode", "REQUIRED"], "--ssl_mode", "TLS"),
        (&["--ssl-ca=/tmp/x"], "--ssl-ca", "TLS"),
        (&["--skip-ssl-verify-server-cert"], "--skip-ssl-verify-server-cert", "TLS"),
        (&["--tls-version=TLSv1"], "--tls-version", "TLS"),
        (&["--tls-sni-servername=x"], "--tls-sni-servername", "TLS"),
        (&["--defaults-file=/tmp/x"], "--defaults-file", "the option files"),
        (&["--no-defaults"], "--no-defaults", "the option files"),
        (&["--login-path=x"], "--login-path", "the option files"),
        (&["--plugin-dir=/tmp"], "--plugin-dir", "the authentication"),
        (&["--default-auth=evil"], "--default-auth", "the authentication"),
        // Behind others, in clusters, and after what only looks like the end.
        (&["-NBhevil"], "-h", "the host"),
        (&["-e", "select 1", "-h", "evil"], "-h", "the host"),
        (&["shop", "-vvv", "--execute=--", "--host=evil"], "--host", "the host"),
    ];
    for family in SERVERS {
        for (line, argument, what) in cases {
            assert_eq!(refused(family, Tool::Terminal, line), Some((argument.to_owned(), what)), "{family:?} {line:?}");
        }
    }
}

#[test]
fn what_only_looks_like_it_is_left_alone() {
    let cases: [(Tool, &[&str]); 26] = [
        (Tool::Terminal, &["-e", "-h evil --host=evil"]),
        (Tool::Terminal, &["-e", "--host=evil"]),
        (Tool::Terminal, &["-Ne", "-hevil"]),
        (Tool::Terminal, &["-e--skip-ssl"]),
        (Tool::Terminal, &["--execute", "--skip-ssl"]),
        (Tool::Terminal, &["--execute=select '--host=x' -- y"]),
        (Tool::Terminal, &["--init-command=set @a='--port=1'"]),
        (Tool::Terminal, &["--prompt", "-P> "]),
        (Tool::Terminal, &["--", "-h"]),
        (Tool::Terminal, &["shop"]),
        (Tool::Terminal, &["-Dshop", "-N", "-B", "-E", "-v", "-t", "-s", "-A", "-q", "-r", "-f"]),
        (Tool::Terminal, &["--pager=less -S", "--tee=/tmp/x", "--html", "--show-warnings", "--local-infile=1"]),
        (Tool::Terminal, &["--default-character-set=utf8mb4", "--delimiter=//", "--database=shop", "--safe-updates"]),
        (Tool::Terminal, &["--skip-column-names", "--disable-auto-rehash", "--silent", "--unbuffered", "--no-beep"]),
        (Tool::Terminal, &["--connect-timeout=5", "--compress", "--reconnect", "--bind-address=10.0.0.1"]),
        (Tool::Terminal, &["-"]),
        (Tool::Dump, &["shop", "orders", "-w", "-h > 1", "--where", "--port", "-r", "-x.sql", "-T/tmp"]),
        (Tool::Dump, &["--single-transaction", "--no-data", "--no-create-info", "--opt", "--skip-opt", "--hex-blob"]),
        (
            Tool::Dump,
            &["--users", "--databases", "a", "b", "--routines", "--triggers", "--no-tablespaces", "--replace"],
        ),
        (Tool::Dump, &["--ignore-table=a.b", "--set-gtid-purged=OFF", "--quick", "--no-autocommit", "--log-error=x"]),
        (Tool::Admin, &["-i", "1", "-c", "3", "status", "password", "ping"]),
        (Tool::Import, &["--local", "-c", "a,b", "--fields-terminated-by", "-", "shop", "orders.txt"]),
        (Tool::Slap, &["-q", "-h", "--query", "--ssl", "-c", "4", "--post-system=x", "--pre-query=--host"]),
        (Tool::Check, &["-A", "--auto-repair", "--process-views"]),
        (Tool::Show, &["--count", "--status", "shop"]),
        (Tool::Terminal, &[]),
    ];
    for family in SERVERS {
        for (tool, line) in cases {
            assert_eq!(refused(family, tool, line), None, "{family:?} {tool:?} {line:?}");
        }
    }
}

#[test]
fn t19_mysql_shell_is_not_sent_elsewhere() {
    let cases: [(&[&str], Option<(&str, &str)>); 30] = [
        (&["root@evil"], Some(("…@evil", "the host"))),
        (&["mysql://root:pw@evil:1/x"], Some(("…@evil:1/x", "the host"))),
        (&["--sql", "evil"], Some(("evil", "the host"))),
        (&["--uri=evil"], Some(("--uri", "the host"))),
        (&["--uri", "evil"], Some(("--uri", "the host"))),
        (&["--ssh=jump"], Some(("--ssh", "the host"))),
        (&["--redirect-primary"], Some(("--redirect-primary", "the host"))),
        (&["--mysqlx"], Some(("--mysqlx", "the way of connecting"))),
        (&["--mx"], Some(("--mx", "the way of connecting"))),
        (&["-mx"], Some(("-m", "the way of connecting"))),
        (&["-ma"], Some(("-m", "the way of connecting"))),
        (&["--sqlx"], Some(("--sqlx", "the way of connecting"))),
        (&["-h", "evil"], Some(("-h", "the host"))),
        (&["--ssl-mode=REQUIRED"], Some(("--ssl-mode", "TLS"))),
        (&["--auth-method=PLAIN"], Some(("--auth-method", "the authentication"))),
        (&["--save-passwords=always"], Some(("--save-passwords", "the password"))),
        (&["--password="], Some(("--password", "the password"))),
        (&["--no-password"], Some(("--no-password", "the password"))),
        (&["-mc", "--mc", "--mysql", "--sqlc", "--sql", "--js", "--py"], None),
        (&["--sql", "-e", "select '--host'"], None),
        (&["-e", "--uri=evil"], None),
        (&["--execute", "shell.status()"], None),
        (&["--result-format=json", "--json=raw", "-i", "--quiet-start=2", "--no-wizard", "-A"], None),
        (&["--schema", "shop", "-D", "shop", "--database=shop", "--log-level", "8"], None),
        (&["-f", "script.js", "--host", "for the script"], None),
        (&["--file=script.py", "evil@host"], None),
        (&["--file", "script.sql", "-h"], None),
        (&["--pym", "module", "-u", "x"], None),
        (&["-c", "print(1)", "-h"], None),
        (&["--", "util", "dump-instance", "/x", "--host=for the call", "-h"], None),
    ];
    for (line, expected) in cases {
        let expected = expected.map(|(argument, what)| (argument.to_owned(), what));
        assert_eq!(refused(Family::Shell, Tool::Terminal, line), expected, "{line:?}");
    }
}

#[test]
fn t19_mycli_is_not_sent_elsewhere() {
    let cases: [(&[&str], Option<&str>); 19] = [
        (&["mysql://root@evil/x"], Some("…@evil/x")),
        (&["-D", "mysql://evil/x"], Some("-D")),
        (&["--database=mysql://evil/x"], Some("--database")),
        (&["--database", "mysql://evil/x"], Some("--database")),
        (&["--dsn=prod"], Some("--dsn")),
        (&["-d", "prod"], Some("-d")),
        (&["--login-path=x"], Some("--login-path")),
        (&["-gx"], Some("-g")),
        (&["--ssh-jump=x"], Some("--ssh-jump")),
        (&["--kubectl-resource=x"], Some("--kubectl-resource")),
        (&["--boundary-id=x"], Some("--boundary-id")),
        (&["--ssl-mode=off"], Some("--ssl-mode")),
        (&["--pass=x"], Some("--pass")),
        (&["--use-keyring=true"], Some("--use-keyring")),
        (&["-thx"], Some("-h")),
        (&["shop"], None),
        (&["-e", "select '://'", "-t", "--csv"], None),
        (&["--execute", "--host=x", "-D", "shop", "-R", "-h>"], None),
        (&["--", "mysql://x"], None),
    ];
    for (line, expected) in cases {
        let found = refused(Family::Mycli, Tool::Terminal, line).map(|(argument, _)| argument);
        assert_eq!(found.as_deref(), expected, "{line:?}");
    }
}

#[test]
fn t19_mydumper_is_not_sent_elsewhere() {
    let family = Family::Mydumper(Library::MariaDb);
    for (line, expected) in [
        (&["-h", "evil"][..], Some("-h")),
        (&["--host=evil"], Some("--host")),
        (&["-S/x"], Some("-S")),
        (&["-a"], Some("-a")),
        (&["--ca=/x"], Some("--ca")),
        (&["--ssl-mode=DISABLED"], Some("--ssl-mode")),
        (&["--defaults-extra-file=/x"], Some("--defaults-extra-file")),
        (&["-B", "shop", "-o", "/tmp/-h", "-t", "4", "-x", "-h", "--compress", "-G", "-E", "-R"], None),
        (&["--tables-list", "a.b", "--rows=10", "--trx-consistency-only"], None),
    ] {
        let found = refused(family, Tool::ParallelDump, line).map(|(argument, _)| argument);
        assert_eq!(found.as_deref(), expected, "{line:?}");
    }
}

#[test]
fn operands_are_told_from_values() {
    for (line, expected) in [
        (&["shop"][..], true),
        (&["--single-transaction", "shop", "orders"], true),
        (&["--databases", "a"], true),
        (&["-B", "a"], true),
        (&["-A"], true),
        (&["--all-databases"], true),
        (&["--all-d"], true),
        (&["--", "shop"], true),
        (&["--single-transaction"], false),
        (&["--where", "id < 5", "-r", "x.sql", "--ignore-table", "a.b"], false),
        (&["--where=x", "-wid", "-rx"], false),
        (&[], false),
    ] {
        let arguments: Vec<OsString> = line.iter().map(OsString::from).collect();
        assert_eq!(names_databases(Family::Oracle, Tool::Dump, &arguments), expected, "{line:?}");
    }
}

proptest! {
    /// However an option is spelled that the programs would take, it is refused.
    #[test]
    fn t1_no_spelling_gets_through(
        name in prop::sample::select(vec!["ssl", "ssl-mode", "ssl-ca", "tls-version", "host", "port", "socket", "password"]),
        prefixes in prop::collection::vec(prop::sample::select(vec!["loose", "skip", "disable", "enable", "maximum"]), 0..3),
        underscores in any::<bool>(),
        cut in 0_usize..4,
        value in prop::option::of("[ -~]{0,8}"),
    ) {
        let kept = name.len().saturating_sub(cut).max(3);
        let mut spelled = prefixes.iter().map(|prefix| format!("{prefix}-")).collect::<String>() + &name[..kept];
        if underscores {
            spelled = spelled.replace('-', "_");
        }
        let argument = value.map_or(format!("--{spelled}"), |value| format!("--{spelled}={value}"));
        for family in SERVERS {
            prop_assert!(refused(family, Tool::Terminal, &[&argument]).is_some(), "{argument}");
        }
    }

    /// Nothing makes the reader panic, whatever the bytes.
    #[test]
    fn any_bytes_are_read(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..6)) {
        use std::os::unix::ffi::OsStringExt as _;
        let arguments: Vec<OsString> = lines.into_iter().map(OsString::from_vec).collect();
        for family in [Family::Oracle, Family::Shell, Family::Mycli, Family::Mydumper(Library::MariaDb)] {
            let _ = refuse(family, Tool::Terminal, &arguments);
        }
    }
}
