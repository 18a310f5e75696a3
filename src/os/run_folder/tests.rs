//! The folder of a run: where it is, who may be in it, and what becomes of those of the dead.

#![expect(clippy::disallowed_methods, reason = "what is tested is looked at without its own help")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;

use super::*;

/// A private folder, and an environment whose temporary folder it is.
fn temporary() -> (tempfile::TempDir, Environment) {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::of([("TMPDIR", folder.path().to_str().unwrap())]);
    (folder, environment)
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The folder of all runs below a temporary folder.
fn runs_in(temporary: &tempfile::TempDir) -> PathBuf {
    temporary.path().join(format!("rdsconn-{}", user()))
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn entries(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn t14_folder_and_files_are_for_the_user_alone_and_go_with_the_run() {
    let (base, environment) = temporary();
    let run = RunFolder::create(&environment).unwrap();
    assert_eq!(run.path().parent().unwrap(), runs_in(&base));
    assert_eq!((mode(run.path()), mode(&runs_in(&base))), (0o700, 0o700));
    let file = run.write("ca.pem", b"text").unwrap();
    assert_eq!(file, run.path().join("ca.pem"));
    assert_eq!((mode(&file), fs::read(&file).unwrap().as_slice()), (0o600, &b"text"[..]));
    let error = run.write("ca.pem", b"other").unwrap_err();
    assert!(matches!(error, RunFolderError::NotWritten { .. }), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"text");
    drop(run);
    assert_eq!(entries(&runs_in(&base)), [""; 0]);
}

#[test]
fn the_runtime_folder_is_used_if_it_is_private() {
    let (base, _) = temporary();
    let runtime = base.path().join("run");
    for (mode, is_used) in [(0o700, true), (0o750, false), (0o755, false), (0o1700, true)] {
        let _ = fs::remove_dir_all(&runtime);
        fs::create_dir(&runtime).unwrap();
        set_mode(&runtime, mode);
        let environment = Environment::of([
            ("TMPDIR", base.path().to_str().unwrap()),
            ("XDG_RUNTIME_DIR", runtime.to_str().unwrap()),
        ]);
        let run = RunFolder::create(&environment).unwrap();
        let expected = if is_used { runtime.join("rdsconn") } else { runs_in(&base) };
        assert_eq!(run.path().parent().unwrap(), expected, "{mode:o}");
    }
    let absent = base.path().join("nowhere/at/all");
    for elsewhere in ["run", "", absent.to_str().unwrap()] {
        let environment = Environment::of([("TMPDIR", base.path().to_str().unwrap()), ("XDG_RUNTIME_DIR", elsewhere)]);
        let run = RunFolder::create(&environment).unwrap();
        assert_eq!(run.path().parent().unwrap(), runs_in(&base), "{elsewhere:?}");
    }
}

#[test]
fn t14_what_is_in_the_way_is_refused_and_untouched() {
    let (base, environment) = temporary();
    let runs = runs_in(&base);
    let elsewhere = base.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();

    symlink(&elsewhere, &runs).unwrap();
    let error = RunFolder::create(&environment).unwrap_err();
    assert!(matches!(error, RunFolderError::NotAFolder { .. }), "{error}");
    assert_eq!(entries(&elsewhere), [""; 0]);
    fs::remove_file(&runs).unwrap();

    fs::write(&runs, "mine").unwrap();
    let error = RunFolder::create(&environment).unwrap_err();
    assert!(matches!(error, RunFolderError::NotAFolder { .. }), "{error}");
    assert_eq!(fs::read(&runs).unwrap(), b"mine");
    fs::remove_file(&runs).unwrap();

    for loose in [0o755, 0o711, 0o770, 0o702] {
        fs::create_dir(&runs).unwrap();
        set_mode(&runs, loose);
        let error = RunFolder::create(&environment).unwrap_err();
        assert!(matches!(error, RunFolderError::Open { mode, .. } if mode == loose), "{loose:o}: {error}");
        assert_eq!(entries(&runs), [""; 0]);
        fs::remove_dir(&runs).unwrap();
    }
}

#[test]
fn t14_a_folder_that_others_can_replace_is_refused() {
    let (base, _) = temporary();
    let loose = base.path().join("loose");
    let inner = loose.join("tmp");
    fs::create_dir_all(&inner).unwrap();
    let environment = Environment::of([("TMPDIR", inner.to_str().unwrap())]);
    for (mode, is_refused) in [(0o777, true), (0o775, true), (0o1777, false), (0o755, false)] {
        set_mode(&loose, mode);
        match RunFolder::create(&environment) {
            Err(RunFolderError::Open { path, mode: found }) => {
                assert!(is_refused && path.ends_with("loose") && found == mode, "{mode:o}: {}", path.display());
            }
            Ok(_) => assert!(!is_refused, "{mode:o}"),
            Err(error) => panic!("{mode:o}: {error}"),
        }
    }
}

#[test]
fn t14_folders_of_somebody_else_are_refused() {
    if user() != 0 {
        eprintln!("SKIPPED folders of somebody else: only root can make one");
        return;
    }
    let (base, environment) = temporary();
    let runs = runs_in(&base);
    fs::create_dir(&runs).unwrap();
    set_mode(&runs, 0o700);
    chown(&runs, Some(65534), None).unwrap();
    let error = RunFolder::create(&environment).unwrap_err();
    assert!(matches!(error, RunFolderError::ForeignOwner { owner: 65534, .. }), "{error}");
    assert_eq!(entries(&runs), [""; 0]);

    chown(base.path(), Some(65534), None).unwrap();
    let error = RunFolder::create(&environment).unwrap_err();
    assert!(matches!(error, RunFolderError::ForeignOwner { owner: 65534, .. }), "{error}");
}

#[test]
fn t14_root_is_known_in_a_sandbox_that_has_none() {
    for (map, expected) in [
        ("         0          0 4294967295\n", true),
        ("         0       1000          1\n", true),
        ("      1000       1000          1\n", false),
        ("       100       1000          1\n         0     100000      65536\n", true),
        ("", false),
    ] {
        assert_eq!(maps_root(map), expected, "{map:?}");
    }
}

#[test]
fn r21_a_folder_that_cannot_be_made_is_named() {
    let (base, _) = temporary();
    let absent = base.path().join("nowhere/at/all");
    for (temporary, reason) in [
        ("/dev/null", "Not a directory"),
        (absent.to_str().unwrap(), "No such file or directory"),
        // Nobody makes a folder here, not even root.
        ("/proc/self", "No such file or directory"),
    ] {
        let error = RunFolder::create(&Environment::of([("TMPDIR", temporary)])).unwrap_err();
        assert!(error.to_string().contains(temporary), "{error}");
        if let RunFolderError::NotMade { source, .. } = &error {
            assert!(source.to_string().contains(reason), "{temporary}: {source}");
        }
    }
}

/// The folder of a run that was killed: there, and its lock free.
fn left_over(runs: &Path, name: &str) -> PathBuf {
    let path = runs.join(name);
    fs::create_dir(&path).unwrap();
    set_mode(&path, 0o700);
    fs::write(path.join(LOCK), "").unwrap();
    path
}

#[test]
fn t12_what_the_dead_left_is_removed_and_what_the_living_have_is_not() {
    let (base, environment) = temporary();
    let living = RunFolder::create(&environment).unwrap();
    let kept = living.write("kept", b"kept").unwrap();
    let runs = runs_in(&base);

    let dead = left_over(&runs, "17-0123456789abcdef");
    fs::write(dead.join("ca.pem"), "text").unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, dead.join("options"), Mode::RUSR).unwrap();
    drop(UnixListener::bind(dead.join("socket")).unwrap());
    symlink(&kept, dead.join("link")).unwrap();
    // Killed before it had its lock.
    fs::create_dir(runs.join("18-0123456789abcdef")).unwrap();
    set_mode(&runs.join("18-0123456789abcdef"), 0o700);

    let next = RunFolder::create(&environment).unwrap();
    let mut expected = [&living, &next].map(|run| run.name.clone());
    expected.sort_unstable();
    assert_eq!(entries(&runs), expected);
    assert_eq!(fs::read(&kept).unwrap(), b"kept");
}

#[test]
fn t14_a_sweep_touches_nothing_else() {
    let (base, environment) = temporary();
    drop(RunFolder::create(&environment).unwrap());
    let runs = runs_in(&base);
    let elsewhere = left_over(base.path(), "elsewhere");
    fs::write(elsewhere.join("file"), "text").unwrap();

    symlink(&elsewhere, runs.join("17-0123456789abcdef")).unwrap();
    fs::write(runs.join("18-0123456789abcdef"), "a file").unwrap();
    for name in ["notes", "17", "17-abc", "-0123456789abcdef", "x7-0123456789abcdef", "17-0123456789abcdeg"] {
        left_over(&runs, name);
    }
    set_mode(&left_over(&runs, "19-0123456789abcdef"), 0o755);
    let with_folder = left_over(&runs, "20-0123456789abcdef");
    fs::create_dir(with_folder.join("inner")).unwrap();
    fs::write(with_folder.join("inner/file"), "text").unwrap();
    // Its lock is a link, and what it leads to is not ours to lock or to make.
    let with_link = runs.join("21-0123456789abcdef");
    fs::create_dir(&with_link).unwrap();
    set_mode(&with_link, 0o700);
    symlink(base.path().join("made"), with_link.join(LOCK)).unwrap();

    let before = entries(&runs);
    drop(RunFolder::create(&environment).unwrap());
    assert_eq!(entries(&runs), before);
    assert_eq!(entries(&elsewhere), [LOCK, "file"]);
    assert_eq!(fs::read(with_folder.join("inner/file")).unwrap(), b"text");
    assert!(!base.path().join("made").exists());
}

#[test]
fn t12_runs_that_start_and_end_at_once_never_sweep_each_other() {
    let (base, environment) = temporary();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let environment = &environment;
            scope.spawn(move || {
                for round in 0..60 {
                    let run = RunFolder::create(environment).unwrap();
                    let text = format!("{thread} {round}");
                    let file = run.write("file", text.as_bytes()).unwrap();
                    let other = RunFolder::create(environment).unwrap();
                    assert_eq!(fs::read_to_string(file).unwrap(), text);
                    drop(other);
                    assert_eq!(entries(run.path()), [LOCK, "file"]);
                }
            });
        }
    });
    assert_eq!(entries(&runs_in(&base)), [""; 0]);
}
