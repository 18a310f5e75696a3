//! What the table of [`crate::cases`] cannot hold: files of other people, texts that are no text, streams that fail, files
//! with every bit flipped.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Stdio;

use rdsconn::target::{Convention, ConventionLayer};
use rdsconn_lab::environment::TestEnv;

use crate::support::{ACME, ENDPOINT, HOST, acme, add_aws_config, as_ordinary_user, environment};

const CONFIG: &str = ".config/rdsconn/config.toml";
const CONVENTIONS: &str = ".config/rdsconn/conventions";

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn t8_files_that_others_may_write_are_refused_with_the_chmod() {
    for (inside, mode, refused) in [
        (CONFIG, 0o644, false),
        (CONFIG, 0o664, true),
        (CONFIG, 0o646, true),
        (CONVENTIONS, 0o755, false),
        (CONVENTIONS, 0o775, true),
        (CONVENTIONS, 0o1777, true),
        (".config/rdsconn", 0o777, true),
        (".config/rdsconn/conventions/acme.toml", 0o620, true),
        (".config/rdsconn/hosts.yaml", 0o602, true),
    ] {
        let test = acme();
        test.write_config("");
        test.write_file(".config/rdsconn/hosts.yaml", "");
        set_mode(&test.path(inside), mode);
        let output = test.rdsconn(["explain", HOST]);
        assert_eq!(output.code, if refused { 2 } else { 0 }, "{inside} {mode:o} {}", output.stderr);
        if refused {
            let path = test.path(inside).display().to_string();
            assert!(output.stderr.contains(&format!("run chmod go-w {path}")), "{}", output.stderr);
            // What is advised helps.
            assert_eq!(test.run("chmod", ["go-w", &path]).code, 0);
            assert_eq!(test.rdsconn(["explain", HOST]).code, 0);
        }
    }
}

#[test]
fn t8_a_link_is_judged_by_what_it_leads_to() {
    let test = environment();
    let real = test.write_file("dotfiles/acme.toml", ACME);
    let link = test.path(CONVENTIONS).join("acme.toml");
    std::fs::create_dir_all(link.parent().unwrap()).unwrap();
    symlink(&real, &link).unwrap();
    assert_eq!(test.rdsconn(["explain", HOST]).code, 0);
    set_mode(&real, 0o666);
    let output = test.rdsconn(["explain", HOST]).ended_with(2);
    assert!(output.stderr.contains(&format!("chmod go-w {}", real.display())), "{}", output.stderr);
    set_mode(&real, 0o600);
    set_mode(&test.path("dotfiles"), 0o777);
    let output = test.rdsconn(["explain", HOST]).ended_with(2);
    assert!(output.stderr.contains(&format!("{} can be written by everybody", test.path("dotfiles").display())));
}

#[test]
fn t8_files_of_other_users_are_refused_with_the_chown() {
    if rustix::process::geteuid().as_raw() != 0 {
        eprintln!("SKIPPED files of other users: only root can make them");
        return;
    }
    for inside in [CONFIG, ".config/rdsconn", ".config/rdsconn/conventions/acme.toml", CONVENTIONS] {
        let test = acme();
        let config = test.write_config("");
        assert!(config.ends_with(CONFIG));
        let path = test.path(inside);
        chown(&path, Some(1234), None).unwrap();
        let output = test.rdsconn(["explain", HOST]).ended_with(2);
        let told = format!(
            "error: {0} belongs to user 1234, not to you (user 0) or root\n\
             hint: if you trust what it says, run sudo chown \"$USER\" {0}\n",
            path.display()
        );
        assert_eq!(output.stderr, told);
    }
}

#[test]
fn an_unreadable_file_is_an_error_and_not_an_empty_one() {
    for inside in [CONFIG, ".config/rdsconn/hosts.toml", ".config/rdsconn/conventions/acme.toml", CONVENTIONS] {
        let test = acme();
        test.write_config("");
        test.write_file(".config/rdsconn/hosts.toml", "");
        let path = test.path(inside);
        set_mode(&path, 0o000);
        let Some(output) = as_ordinary_user(&test, &["explain", HOST]) else { return };
        let path = path.display();
        let told = format!(
            "error: {path} cannot be read\n  caused by: Permission denied (os error 13)\nhint: run ls -ld {path}\n"
        );
        assert_eq!((output.code, output.stderr.as_str()), (2, told.as_str()));
    }
}

/// An argument cannot hold NUL; what comes nearest is a text that is not UTF-8. In files and URLs NUL can be written.
#[test]
fn t7_nul_and_texts_that_are_no_text() {
    let test = acme();
    let odd = OsString::from_vec(b"orders\xff.example".to_vec());
    for arguments in [
        vec!["explain".into(), odd.clone()],
        vec![odd.clone(), "select 1".into()],
        vec!["explain".into(), HOST.into(), "-u".into(), odd],
    ] {
        let output = test.rdsconn(arguments).ended_with(2);
        assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
    }
    for host in
        ["mysql://a%00b@orders.example.com", "mysql://orders.example.com/a%00b", "mysql://orders%00.example.com"]
    {
        let output = test.rdsconn(["explain", host]).ended_with(2);
        assert!(!output.stderr.contains('\0'), "{}", output.stderr);
    }
    test.write_file(".config/rdsconn/hosts.json", r#"{"a\u0000b": {"user": "x"}}"#);
    let output = test.rdsconn(["explain", HOST]).ended_with(2);
    assert!(output.stderr.contains("holds the character U+0000"), "{}", output.stderr);
}

#[test]
fn t8_a_capture_cannot_choose_the_server() {
    for (endpoint, host) in [
        ("${name}", "evil.example"),
        ("db.${name}", "evil.example"),
        ("${name}.example", "evil"),
        ("${name}", "orders.c9abc.us-east-1.rds.amazonaws.com.evil.example"),
    ] {
        let test = environment();
        test.write_convention(
            "free",
            &format!("pattern = '(?<name>.+)'\n[target]\nendpoint = \"{endpoint}\"\nuser = \"dba\"\n"),
        );
        let output = test.rdsconn(["explain", host]).ended_with(2);
        assert!(output.stderr.contains("free.toml:3 ends in what HOST says"), "{}", output.stderr);
    }
    // Written out by the author, another domain is the author's business; a real RDS name is one in any case.
    let test = environment();
    test.write_convention(
        "own",
        "pattern = '(?<name>[a-z]+)'\n[target]\nendpoint = \"${name}.db.example.com\"\nuser = \"dba\"\n",
    );
    assert_eq!(test.rdsconn(["explain", "orders"]).code, 0);
}

#[test]
fn t8_patterns_that_would_eat_the_machine_are_refused() {
    let long = format!("pattern = '{}'\n[target]\nuser = \"x\"\n", "a".repeat(1 << 20));
    let nested = "pattern = '((((((a{100}){100}){100}){100}){100}){100})'\n[target]\nuser = \"x\"\n";
    for text in [long.as_str(), nested] {
        let test = environment();
        test.write_convention("heavy", text);
        let output = test.rdsconn(["explain", "a"]).ended_with(2);
        assert!(output.stderr.contains("heavy.toml:1:"), "{}", output.stderr);
        // The line is shown, but not a megabyte of it.
        assert!(output.stderr.len() < 2000, "{} bytes", output.stderr.len());
    }
}

/// Runs rdsconn with standard output of the test's choice: exit code and standard error.
fn with_stdout(test: &TestEnv, arguments: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let mut command = test.command(test.program(), arguments);
    let output = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

const PRINTS: [&[&str]; 8] = [
    &["explain", HOST],
    &["explain", "--json", HOST],
    &["token", HOST],
    &["token", "--json", HOST],
    &["conventions", "list"],
    &["conventions", "check"],
    &["completions", "zsh"],
    &["man", "query"],
];

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for arguments in PRINTS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(with_stdout(&acme(), arguments, writer.into()), (Some(0), String::new()), "{arguments:?}");
    }
}

#[test]
fn r21_a_full_disk_is_told_of() {
    for arguments in PRINTS {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, stderr) = with_stdout(&acme(), arguments, full.into());
        assert_eq!(code, Some(7), "{arguments:?} {stderr}");
        assert!(
            stderr.starts_with("error: the result cannot be written to stdout\n  caused by: No space left"),
            "{stderr}"
        );
        assert!(stderr.contains("\nhint: "), "{stderr}");
    }
}

/// The descriptor is there, but only for reading.
#[test]
fn r21_a_stdout_that_cannot_be_written_is_told_of() {
    let (code, stderr) = with_stdout(&acme(), &["token", HOST], File::open("/dev/null").unwrap().into());
    assert_eq!(code, Some(7), "{stderr}");
}

fn check_faults(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Err(faults) = Convention::parse(Path::new("acme.toml"), ConventionLayer::User, text) else { return };
    assert!(!faults.is_empty());
    for fault in faults {
        assert!(fault.line >= 1 && fault.column >= 1, "{fault}");
        assert!(fault.to_string().starts_with(&format!("acme.toml:{}:{}: ", fault.line, fault.column)), "{fault}");
    }
}

#[test]
fn r23_no_flipped_bit_and_no_cut_of_a_convention_goes_wrong_silently() {
    let text = format!("{ACME}[[test]]\nhost = \"{HOST}\"\nuser = \"dba\"\n[[test]]\nhost = \"x\"\nmatch = false\n");
    for index in 0..text.len() {
        check_faults(&text.as_bytes()[..index]);
        for bit in 0..8 {
            let mut flipped = text.clone().into_bytes();
            flipped[index] ^= 1 << bit;
            check_faults(&flipped);
        }
    }
}

#[test]
fn r23_no_cut_of_the_aws_files_is_a_bug() {
    let whole = "[profile acme]\nregion = us-east-1\nsource_profile = other\nrole_arn = arn:aws:iam::1:role/x\n[profile other]\n\
                 credential_process = false\n";
    for end in (0..=whole.len()).step_by(5) {
        let test = environment();
        add_aws_config(&test, &whole[..end]);
        let output = test.rdsconn(["token", "-u", "dba", "--profile", "acme", ENDPOINT]);
        assert!(matches!(output.code, 2 | 4), "{}: {}\n{}", &whole[..end], output.code, output.stderr);
        assert!(output.stderr.contains("\nhint: "), "{}", output.stderr);
    }
}
