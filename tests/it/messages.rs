//! The words of every case, byte for byte: what is on the screen when it happens. `UPDATE_MESSAGES=1` writes the files anew;
//! read the difference before committing it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cases;
use crate::support::environment;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/messages")
}

/// A command as it would be typed.
fn typed(arguments: &[&str]) -> String {
    let quoted = arguments.iter().map(|argument| {
        let is_plain = argument.chars().all(|character| character.is_alphanumeric() || "@:/.,=_-".contains(character));
        if is_plain { (*argument).to_owned() } else { format!("'{argument}'") }
    });
    ["rdsconn".to_owned()].into_iter().chain(quoted).collect::<Vec<_>>().join(" ")
}

#[test]
fn r29_every_message_is_what_was_agreed() {
    let update = std::env::var_os("UPDATE_MESSAGES").is_some();
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for case in cases::all() {
        let mut test = environment();
        (case.prepare)(&mut test);
        let output = test.rdsconn(case.arguments);
        cases::release(&test);
        let home = test.home().display().to_string();
        let transcript =
            format!("$ {}\n{}{}[exit {}]\n", typed(case.arguments), output.stdout, output.stderr, output.code)
                .replace(&home, "/home/dba");
        assert_eq!(output.code, case.code, "{}\n{transcript}", case.name);
        let path = folder().join(format!("{}.txt", case.name));
        if update {
            std::fs::write(&path, &transcript).unwrap();
        }
        let agreed = std::fs::read_to_string(&path).unwrap_or_default();
        if agreed != transcript {
            wrong.push(format!("{}: agreed\n{agreed}\nfound\n{transcript}", path.display()));
        }
        assert!(names.insert(format!("{}.txt", case.name)), "{} is there twice", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let files: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, names, "a transcript without its case, or the other way round");
}

/// Each has a line that says what happened and one that says what to do: ours, or the argument parser's.
#[test]
fn r29_every_message_says_what_happened_and_what_to_do() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\nerror: "), "{}", path.display());
        let advises = ["\nhint: ", "    hint: ", "\n  tip: ", "try '--help'"].iter().any(|words| text.contains(words));
        assert!(advises, "{} gives no advice", path.display());
    }
}
