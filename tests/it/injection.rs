//! T7: whatever is typed for HOST, `-J` or `-u` is refused before anything is started, or reaches `ssh` as one operand
//! after `--`. Ten thousand strings through the library, a hundred of them through the real binary.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use rdsconn::os::Environment;
use rdsconn::ssh;
use rdsconn::target::{BastionName, HostArgument};
use rdsconn_lab::environment::TestEnv;

use crate::support::{HOST, acme, record_ssh, take_recorded};

/// What hostile names are made of, and enough harmless stuff that some of them pass.
const PIECES: [&str; 52] = [
    "-oProxyCommand=touch pwned",
    "-oPermitLocalCommand=yes",
    "-",
    "--",
    "-l",
    "-F/etc/passwd",
    "-E",
    "-W",
    ";touch pwned",
    "|touch pwned",
    "&touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "${HOME}",
    "$HOME",
    "\n",
    "\r\n",
    "\0",
    "\\",
    "\\n",
    "'",
    "\"",
    " ",
    "\t",
    "%h",
    "%0a",
    "%d",
    "@",
    "@@",
    ":",
    ":22",
    ":0",
    ":65536",
    "/",
    "//",
    "..",
    "../../etc",
    "[",
    "]",
    "[::1]",
    "::1",
    "*",
    "?",
    "!",
    "#",
    ",",
    "~",
    "=",
    "ü",
    "\u{202e}",
    "\u{ff0d}o",
    "ssh://",
];
const HARMLESS: [&str; 16] = [
    "a",
    "bastion",
    "prod",
    "ops",
    "ops@",
    "x-1",
    "10.0.0.7",
    ".example.com",
    "_",
    "Z9",
    ".",
    ":2222",
    "-b",
    "gate.example",
    "u.v+w@",
    "none",
];

/// The same ten thousand strings in every run: one to four pieces each, and some very long ones.
fn hostile() -> BTreeSet<String> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut strings: BTreeSet<String> = PIECES.iter().chain(&HARMLESS).map(|piece| (*piece).to_owned()).collect();
    strings.extend([63, 64, 253, 254, 300, 100_000].map(|length| "a".repeat(length)));
    strings.extend([120, 127, 200].map(|length| "a.".repeat(length)));
    strings.insert(String::new());
    while strings.len() < 10_000 {
        let pieces = 1 + draw(4);
        let mut string = String::new();
        for _ in 0..pieces {
            // Two harmless pieces for each hostile one.
            string.push_str(if draw(3) == 0 { PIECES[draw(PIECES.len())] } else { HARMLESS[draw(HARMLESS.len())] });
        }
        strings.insert(string);
    }
    strings
}

fn is_operand(written: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !written.is_empty() && written.len() <= 253 && !written.starts_with('-') && written.chars().all(allowed)
}

fn is_login(written: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@');
    !written.is_empty() && written.len() <= 64 && !written.starts_with('-') && written.chars().all(allowed)
}

/// How `ssh` must be started for a bastion that was accepted, worked out from the text and not by the code under test.
fn expected(bastion: &str) -> Vec<String> {
    let (user, rest) = bastion.rsplit_once('@').map_or((None, bastion), |(user, rest)| (Some(user), rest));
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None if rest.parse::<Ipv6Addr>().is_ok() => (rest, None),
        None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let mut arguments = vec!["-G".to_owned()];
    if let Some(port) = port {
        arguments.extend(["-p".to_owned(), port.parse::<u16>().unwrap().to_string()]);
    }
    if let Some(user) = user {
        arguments.extend(["-l".to_owned(), user.to_owned()]);
    }
    arguments.extend(["--".to_owned(), host.to_owned()]);
    arguments
}

#[test]
fn t7_ten_thousand_hosts_and_bastions() {
    let mut test = acme();
    record_ssh(&mut test);
    let path = format!("{}:/usr/bin:/bin", test.path("bin").display());
    let environment = Environment::of([("PATH", &path), ("HOME", test.home().to_str().unwrap())]);
    let settings = ssh::Settings::new(environment);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut hosts, mut bastions) = (0, 0);
    for written in hostile() {
        if let Ok(argument) = HostArgument::parse(&written) {
            hosts += 1;
            assert!(is_operand(argument.host.as_str()), "{written:?}");
            for part in [argument.user, argument.database].into_iter().flatten() {
                assert!(!part.starts_with('-') && !part.chars().any(char::is_control), "{written:?}");
            }
        }
        let Ok(name) = BastionName::parse(&written) else { continue };
        assert!(is_operand(&name.host) || name.host.parse::<Ipv6Addr>().is_ok(), "{written:?}");
        assert!(name.user.as_deref().is_none_or(is_login), "{written:?}");
        // To start a program takes its time: every fourth one will do.
        bastions += 1;
        if bastions % 4 == 0 {
            runtime.block_on(ssh::plan(&name, &settings)).unwrap();
            assert_eq!(take_recorded(&test).arguments, [expected(&written)], "{written:?}");
        }
    }
    assert!(hosts > 500 && bastions > 500, "{hosts} hosts and {bastions} bastions passed: too few to say anything");
    assert!(!test.path("pwned").exists());
}

/// Through the binary: nothing was started, or `ssh` was, with one operand.
fn check(test: &TestEnv, arguments: &[&str], bastion: &str) -> usize {
    let output = test.rdsconn(arguments);
    let recorded = take_recorded(test).arguments;
    match output.code {
        2 | 3 => assert!(recorded.is_empty(), "{arguments:?} started {recorded:?}"),
        // Nobody listens where the recording ssh says the bastion is.
        5 if bastion.eq_ignore_ascii_case("none") => assert!(recorded.is_empty(), "{arguments:?} started {recorded:?}"),
        5 => {
            let mut expected = expected(bastion);
            let config = test.path(".ssh/config").display().to_string();
            expected.splice(1..1, ["-F".to_owned(), config]);
            assert_eq!(recorded, [expected], "{arguments:?}");
        }
        code => panic!("{arguments:?} ended with {code}\n{}", output.stderr),
    }
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    assert!(!test.path("pwned").exists(), "{arguments:?}");
    recorded.len()
}

#[test]
fn t7_a_hundred_through_the_binary() {
    let mut test = acme();
    record_ssh(&mut test);
    let pieces = PIECES.iter().chain(&HARMLESS).filter(|piece| !piece.contains('\0'));
    let strings: Vec<String> = pieces
        .map(|piece| (*piece).to_owned())
        .chain(hostile().into_iter().filter(|written| !written.contains('\0') && written.len() < 1000).step_by(300))
        .collect();
    assert!(strings.len() >= 90, "{}", strings.len());
    let direct = ["--address", "127.0.0.1:1"];
    let mut started = 0;
    for written in &strings {
        started += check(&test, &[&direct, &["--bastion", written, HOST, "select 1"][..]].concat(), written);
        started += check(&test, &[&direct, &[&format!("--bastion={written}"), HOST, "select 1"][..]].concat(), written);
        started +=
            check(&test, &[&direct, &[&format!("--user={written}"), HOST, "select 1"][..]].concat(), "bastion-prod");
        // Behind `--`, as a script would write it that takes care.
        check(
            &test,
            &[&direct, &["-J", "gate", "-u", "dba", "--region", "us-east-1", "--", written, "select 1"][..]].concat(),
            "gate",
        );
    }
    assert!(started > 100, "{started} runs came as far as ssh: too few to say anything");
}

/// What comes out of a template is as little trusted as what is typed.
#[test]
fn t7_t8_captures_that_carry_options() {
    for hop in ["-oproxycommand=touch pwned", "-l", "a b", "a;b", "$(touch pwned)", "a/b", "..", "a,b"] {
        let mut test = acme();
        record_ssh(&mut test);
        let written = format!(
            "pattern = '(?<hop>[a-z]+)'\n[lookup.hop]\nx = '{hop}'\n[target]\nendpoint = \"db.c9abc.us-east-1.rds.amazonaws.com\"\n\
             user = \"dba\"\nprofile = \"acme-prod\"\nbastion = \"${{hop}}\"\n"
        );
        test.write_convention("free", &written);
        let output = test.rdsconn(["x", "select 1"]).ended_with(2);
        // Two hops are two names; which this version refuses as well.
        let told = if hop == "a,b" { "a chain of bastions" } else { "free.toml:8" };
        assert!(output.stderr.contains(told), "{hop}: {}", output.stderr);
        assert!(take_recorded(&test).arguments.is_empty());
    }
}
