//! The committed completions and manual pages are what the program prints today, and real shells load them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions")
}

fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    let home = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    match Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home.path())
        .env("LC_ALL", "C.UTF-8")
        .output()
    {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("SKIPPED the completions of {program}: it is not installed");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

/// Runs a shell and gives what it printed; it must not complain.
fn shell(program: &str, arguments: &[&str]) -> Option<String> {
    let output = run(program, arguments)?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{program}: {}\n{complaint}", output.status);
    Some(String::from_utf8(output.stdout).unwrap())
}

fn files(folder: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    names
        .filter(|entry| entry.path().is_file() && entry.file_name() != "write")
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_committed_files_are_what_the_program_prints() {
    let fresh = tempfile::tempdir().unwrap();
    let write = folder().join("write");
    let output =
        run(write.to_str().unwrap(), &[env!("CARGO_BIN_EXE_rdsconn"), fresh.path().to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for inner in ["", "man"] {
        let (committed, fresh) = (folder().join(inner), fresh.path().join(inner));
        assert_eq!(files(&committed), files(&fresh), "run make completions");
        for name in files(&fresh) {
            let same = std::fs::read(committed.join(&name)).unwrap() == std::fs::read(fresh.join(&name)).unwrap();
            assert!(same, "{inner}/{name} is stale: run make completions");
        }
    }
}

#[test]
fn bash_loads_and_completes() {
    let script = folder().join("rdsconn.bash");
    let ask = format!(
        "source {}; COMP_WORDS=(rdsconn exp); COMP_CWORD=1; _rdsconn rdsconn exp rdsconn; echo \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    if let Some(answer) = shell("bash", &["--norc", "--noprofile", "-c", &ask]) {
        assert!(answer.split_whitespace().any(|word| word == "explain"), "{answer}");
    }
}

#[test]
fn zsh_loads() {
    let ask = format!(
        "fpath=({} $fpath); autoload -Uz compinit; compinit -u -D; print -r -- $_comps[rdsconn]; autoload +X _rdsconn && print loaded",
        folder().display()
    );
    if let Some(answer) = shell("zsh", &["-f", "-c", &ask]) {
        assert_eq!(answer, "_rdsconn\nloaded\n");
    }
}

#[test]
fn fish_loads_and_completes() {
    let ask = format!("source {}; complete -C 'rdsconn exp'", folder().join("rdsconn.fish").display());
    if let Some(answer) = shell("fish", &["--no-config", "-c", &ask]) {
        assert!(answer.starts_with("explain"), "{answer}");
    }
}

#[test]
fn elvish_loads() {
    let ask = format!(
        "eval (slurp < {}); put $edit:completion:arg-completer[rdsconn]",
        folder().join("rdsconn.elv").display()
    );
    if let Some(output) = run("elvish", &["-norc", "-c", &ask]) {
        // Without a terminal elvish has no editor to hang the completer on; the script itself must compile.
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(!complaint.contains("parse error"), "{complaint}");
    }
}

#[test]
fn powershell_loads() {
    let script = folder().join("_rdsconn.ps1");
    if let Some(output) = run("pwsh", &["-NoProfile", "-File", script.to_str().unwrap()]) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn manual_pages_have_no_formatting_faults() {
    for name in files(&folder().join("man")) {
        let page = folder().join("man").join(name);
        if let Some(output) = run("man", &["--warnings", "-l", "-E", "UTF-8", page.to_str().unwrap()]) {
            assert!(output.status.success(), "{}: {}", page.display(), String::from_utf8_lossy(&output.stderr));
            assert!(output.stderr.is_empty(), "{}: {}", page.display(), String::from_utf8_lossy(&output.stderr));
        }
    }
}
