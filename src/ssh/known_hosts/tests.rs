//! The reader against a table, against `ssh-keygen -F`, and against damage.

#![expect(clippy::disallowed_methods, reason = "the oracle is a real program with a real file")]

use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
const OTHER: &str = "AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF";

fn look_up(text: &str, name: &str) -> Result<Records, Error> {
    let mut records = Records::default();
    KnownHostsFile::of(Path::new("/known_hosts"), text).look_up(name, &mut records).map(|()| records)
}

/// Lines, the name looked up, and the numbers of the lines that record a key for it, then those that revoke one.
type Case = (&'static str, &'static str, &'static [usize], &'static [usize]);

const CASES: &[Case] = &[
    ("host ssh-ed25519 KEY", "host", &[1], &[]),
    ("host ssh-ed25519 KEY comment with words", "host", &[1], &[]),
    ("other ssh-ed25519 KEY\nhost ssh-ed25519 KEY", "host", &[2], &[]),
    ("a,host,b ssh-ed25519 KEY", "host", &[1], &[]),
    ("HOST ssh-ed25519 KEY", "host", &[1], &[]),
    ("[host]:2222 ssh-ed25519 KEY", "[host]:2222", &[1], &[]),
    ("[host]:2222 ssh-ed25519 KEY", "host", &[], &[]),
    ("host ssh-ed25519 KEY", "[host]:2222", &[], &[]),
    ("*.example ssh-ed25519 KEY", "a.example", &[1], &[]),
    ("[*.example]:2222 ssh-ed25519 KEY", "[a.example]:2222", &[1], &[]),
    ("h?st ssh-ed25519 KEY", "host", &[1], &[]),
    ("*,!host ssh-ed25519 KEY", "host", &[], &[]),
    ("*,![host]:2222 ssh-ed25519 KEY", "[host]:2222", &[], &[]),
    ("!other ssh-ed25519 KEY", "host", &[], &[]),
    ("host\tssh-ed25519\tKEY", "host", &[1], &[]),
    ("  \thost ssh-ed25519 KEY", "host", &[1], &[]),
    ("host  ssh-ed25519   KEY", "host", &[1], &[]),
    ("host ssh-ed25519 KEY\r\nother ssh-ed25519 KEY\r\n", "host", &[1], &[]),
    ("# host ssh-ed25519 KEY\n\n   \nhost ssh-ed25519 KEY", "host", &[4], &[]),
    ("host ssh-ed25519 KEY\nhost ssh-ed25519 OTHER", "host", &[1, 2], &[]),
    ("@revoked host ssh-ed25519 KEY\nhost ssh-ed25519 KEY", "host", &[2], &[1]),
    ("@revoked * ssh-ed25519 KEY", "host", &[], &[1]),
    ("@cert-authority *.example ssh-ed25519 KEY", "a.example", &[], &[]),
    ("|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 KEY", "192.168.1.61", &[1], &[]),
    ("|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 KEY", "192.168.1.62", &[], &[]),
    ("|1|short=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 KEY", "192.168.1.61", &[], &[]),
    ("|2|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 KEY", "192.168.1.61", &[], &[]),
    ("broken line\nhost ssh-ed25519 KEY", "host", &[2], &[]),
    ("2001:db8::1 ssh-ed25519 KEY", "2001:db8::1", &[1], &[]),
];

fn text_of(case: &str) -> String {
    case.replace("KEY", KEY).replace("OTHER", OTHER)
}

#[test]
fn lines_are_read_as_openssh_reads_them() {
    for (text, name, keys, revoked) in CASES {
        let records = look_up(&text_of(text), name).unwrap();
        let lines = |records: &[Record]| records.iter().map(|record| record.line).collect::<Vec<_>>();
        assert_eq!(lines(&records.keys), *keys, "{text}");
        assert_eq!(lines(&records.revoked), *revoked, "{text}");
    }
}

/// The lines that `ssh-keygen -F` finds, with their marker; `None` where the program is not installed.
fn oracle(text: &str, name: &str) -> Option<Vec<(usize, String)>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    std::fs::write(&path, text).unwrap();
    let mut program = Command::new("ssh-keygen");
    let output = program.args(["-F", name, "-f"]).arg(&path).stdin(Stdio::null()).output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: ssh-keygen is not installed, so known_hosts was not compared with it");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = text.lines().filter_map(|line| line.strip_prefix("# Host ")?.split_once(" found: line "));
    let found = found.map(|(_, rest)| {
        let mut words = rest.split_whitespace();
        (words.next().unwrap().parse().unwrap(), words.next().unwrap_or_default().to_owned())
    });
    Some(found.collect())
}

fn assert_agrees(text: &str, name: &str) {
    let Some(found) = oracle(text, name) else { return };
    let lines = |marker: &str| {
        let marked = found.iter().filter(|(_, found)| found == marker);
        marked.map(|(line, _)| *line).collect::<Vec<_>>()
    };
    let records = look_up(text, name).unwrap();
    let ours = |records: &[Record]| records.iter().map(|record| record.line).collect::<Vec<_>>();
    assert_eq!(ours(&records.keys), lines(""), "{name} in {text:?}");
    assert_eq!(ours(&records.revoked), lines("REVOKED"), "{name} in {text:?}");
}

#[test]
fn the_table_agrees_with_ssh_keygen() {
    for (text, name, ..) in CASES {
        assert_agrees(&text_of(text), name);
    }
}

proptest! {
    // Each case runs a program.
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_files_agree_with_ssh_keygen(
        lines in prop::collection::vec(
            (
                prop::sample::select(vec!["", "@revoked ", "@cert-authority ", "# "]),
                prop::collection::vec("!?[ab*?.]{1,4}|!?\\[[ab*]{1,2}\\]:22", 1..4),
                prop::sample::select(vec![" ", "\t", "  "]),
            ),
            1..5,
        ),
        name in "[ab.]{1,4}|\\[[ab]{1,2}\\]:22",
    ) {
        let line = |(marker, names, gap): &(&str, Vec<String>, &str)| {
            format!("{marker}{}{gap}ssh-ed25519{gap}{KEY}", names.join(","))
        };
        let text = lines.iter().map(line).collect::<Vec<_>>().join("\n");
        assert_agrees(&text, &name);
    }
}

#[test]
fn hashed_and_plain_lines_of_our_own_are_found_by_ssh_keygen() {
    let key = PublicKey::from_openssh(&format!("ssh-ed25519 {KEY}")).unwrap();
    for name in ["host", "[host.example]:2222", "2001:db8::1"] {
        for salt in [None, Some([7; SALT_LENGTH])] {
            let line = line_for(name, &key, salt.as_ref()).unwrap();
            assert_eq!(look_up(&line, name).unwrap().keys.len(), 1, "{line}");
            assert_agrees(&line, name);
        }
    }
}

#[test]
fn r23_a_relevant_line_that_cannot_be_understood_is_refused_and_others_are_passed_over() {
    let table = [
        "host",
        "host ssh-ed25519",
        "host ssh-ed25519 AAAA",
        "host ssh-ed25519 not*base64",
        "host ssh-rsa KEY",
        "host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU",
        "@unknown host ssh-ed25519 KEY",
        "@revoked host ssh-ed25519 AAAA",
        "* ssh-ed25519 AAAA",
    ];
    for broken in table {
        let text = format!("{broken}\nhost ssh-ed25519 KEY");
        let error = look_up(&text_of(&text), "host").unwrap_err();
        assert!(matches!(error, Error::KnownHostsLine { line: 1, .. }), "{broken}: {error:?}");
        let elsewhere = text.replace("host ssh", "elsewhere ssh").replace("* ssh", "elsewhere ssh");
        if broken != "host" {
            assert_eq!(look_up(&text_of(&elsewhere), "host").unwrap(), Records::default(), "{broken}");
        }
    }
    // Protocol 1 keys are gone, and a type that is not known here still makes the host known.
    assert_eq!(look_up("host 1024 35 1234", "host").unwrap(), Records::default());
    let newer = "host ssh-new@example.com AAAAE3NzaC1uZXdAZXhhbXBsZS5jb20AAAAB";
    assert!(matches!(look_up(newer, "host"), Ok(records) if records.keys.len() == 1), "{:?}", look_up(newer, "host"));
}

#[test]
fn r23_no_flipped_bit_and_no_cut_makes_another_key_known() {
    let text = format!("host ssh-ed25519 {KEY}\n");
    let right = look_up(&text, "host").unwrap().keys.remove(0).blob;
    let check = |damaged: &str| {
        if let Ok(records) = look_up(damaged, "host") {
            for record in records.keys {
                // What is left is the right key, or one that will not match it: never an empty or partial one.
                assert_eq!(record.blob.len(), right.len(), "{damaged:?}");
            }
        }
    };
    for index in 0..text.len() {
        check(&text[..index]);
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            check(&String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn an_unreadable_file_is_an_error_and_an_absent_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    assert!(KnownHostsFile::read(&folder.path().join("absent")).unwrap().is_none());
    assert!(matches!(KnownHostsFile::read(folder.path()), Err(Error::UnreadableFile { .. })));
}

proptest! {
    #[test]
    fn r23_no_text_makes_the_reader_panic(text in "\\PC{0,300}", name in "\\PC{0,30}") {
        let _ = look_up(&text, &name);
    }
}
