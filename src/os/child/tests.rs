//! What a child is given and what comes back, without a terminal and without the launcher; those are tried on the real
//! program, in `tests/it/child.rs`.

#![expect(clippy::disallowed_methods, reason = "what is tested is looked at without its own help")]

use super::*;

fn shell(script: &str) -> ChildProgram {
    let mut program = ChildProgram::new("/bin/sh", "sh");
    program.arguments = vec!["-c".into(), script.into()];
    // Here `/proc/self/exe` is the test.
    program.launcher = None;
    program
}

#[tokio::test]
async fn r15_the_end_of_a_child_is_told_as_it_was() {
    for (script, end, code) in [
        ("exit 0", ChildEnd::Exited(0), 0),
        ("exit 3", ChildEnd::Exited(3), 3),
        ("exit 255", ChildEnd::Exited(255), 255),
        ("kill -TERM $$", ChildEnd::Signalled(15), 143),
        ("kill -KILL $$", ChildEnd::Signalled(9), 137),
    ] {
        let mut child = shell(script).start().unwrap();
        assert_eq!(child.wait().await.unwrap(), end, "{script}");
        // And again as often as one asks.
        assert_eq!(child.wait().await.unwrap().code(), code, "{script}");
    }
}

#[test]
fn programs_that_cannot_be_run_are_told_from_those_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "text").unwrap();
    assert!(matches!(check_program(&plain), Err(ChildError::NotRunnable { .. })));
    assert!(matches!(check_program(folder.path()), Err(ChildError::NotRunnable { .. })));
    assert!(matches!(check_program(&plain.join("inner")), Err(ChildError::NotRunnable { .. })));
    let absent = check_program(&folder.path().join("absent")).unwrap_err();
    assert!(matches!(absent, ChildError::NotFound { .. }));
    assert_eq!(absent.to_string(), format!("{} does not exist", folder.path().join("absent").display()));
    assert!(check_program(Path::new("/bin/sh")).is_ok());
}

#[tokio::test]
async fn a_script_without_its_interpreter_is_there_and_cannot_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    std::fs::write(&path, "#!/nowhere/interpreter\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let program = ChildProgram { launcher: None, ..ChildProgram::new(&path, "script") };
    assert!(matches!(program.start(), Err(ChildError::NotRunnable { .. })));
}

#[tokio::test]
async fn r16_a_child_that_is_dropped_is_killed() {
    let (reader, writer) = io::pipe().unwrap();
    let mut program = shell("exec sleep 600");
    program.environment = vec![("PATH".into(), "/bin:/usr/bin".into())];
    program.inherit = vec![writer.into()];
    let child = program.start().unwrap();
    let pid = child.pid;
    drop(child);
    // The child had the only other end.
    let mut rest = Vec::new();
    io::Read::read_to_end(&mut &reader, &mut rest).unwrap();
    assert_eq!(rustix::process::test_kill_process(pid), Err(Errno::SRCH));
}

#[test]
fn t15_a_descriptor_is_inherited_only_while_a_child_is_started() {
    let is_closed = |descriptor: &OwnedFd| fcntl_getfd(descriptor).unwrap().contains(FdFlags::CLOEXEC);
    let descriptors = [OwnedFd::from(io::pipe().unwrap().0), OwnedFd::from(io::pipe().unwrap().1)];
    assert!(descriptors.iter().all(is_closed));
    let inherited = Inherited::keep(&descriptors).unwrap();
    assert!(!descriptors.iter().any(is_closed));
    drop(inherited);
    assert!(descriptors.iter().all(is_closed));
}
