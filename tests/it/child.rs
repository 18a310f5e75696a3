//! A child in our place on the terminal, started through the real launcher: promises R15 and R16, threats T15 and T16.
//!
//! What is tried is the room's own function, in a process of its own: this test program starts itself again as [`drive`].

use std::error::Error as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::Stdio;

use rdsconn::os::{ChildEnd, ChildError, ChildProgram, PrivateText, RunFolder};
use rdsconn_lab::environment::{Running, Signal, TestEnv};
use secrecy::SecretString;

use crate::support::environment;

/// The shell script that the child runs.
const SCRIPT: &str = "CHILD_SCRIPT";
/// The program that the child runs instead.
const PROGRAM: &str = "CHILD_PROGRAM";
/// What is started under the launcher's name.
const LAUNCHER: &str = "CHILD_LAUNCHER";
/// Set: one more descriptor is inherited, and `$TEXT` names it.
const INHERIT: &str = "CHILD_INHERIT";

/// Set: the driver ends as the child did.
const FOLLOW: &str = "CHILD_FOLLOW";

/// More than a small file system holds.
const LARGE: usize = 1 << 16;

/// The process that has the child: not a test of its own, and nothing at all without the variables of those above.
#[test]
fn drive() {
    let variables: Vec<_> = std::env::vars_os().collect();
    let value = |name: &str| std::env::var_os(name);
    let (script, program) = (value(SCRIPT), value(PROGRAM));
    if script.is_none() && program.is_none() {
        return;
    }
    rdsconn::os::harden_process();
    let mut child = match program {
        Some(program) => ChildProgram::new(program, "named"),
        None => ChildProgram::new("/bin/sh", "sh"),
    };
    child.arguments = script.map_or_else(|| vec!["--".into(), "$x; *".into()], |script| vec!["-c".into(), script]);
    child.environment = variables;
    child.launcher = value(LAUNCHER).map(PathBuf::from);
    let surroundings = rdsconn::os::Environment::capture();
    let folder = match RunFolder::create(&surroundings) {
        Ok(folder) => folder,
        Err(error) => return println!("{error}: {}", error.source().unwrap()),
    };
    if let Err(error) = folder.write("large", &vec![b'x'; LARGE]) {
        println!("{error}: {}", error.source().unwrap());
    }
    if value(INHERIT).is_some() {
        let text = PrivateText::new(&folder, "text", &SecretString::from("inherited text")).unwrap();
        child.environment.push(("TEXT".into(), text.path().into()));
        child.inherit.extend(text.into_inherited());
    }
    println!("starting");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let end = runtime.block_on(async {
        let mut child = child.start()?;
        child.wait().await
    });
    match end {
        Ok(ChildEnd::Exited(code)) => println!("the child exited with {code}"),
        Ok(ChildEnd::Signalled(number)) if value(FOLLOW).is_some() => {
            drop(folder);
            panic!("{}", rdsconn::os::signals::end_by(number));
        }
        Ok(ChildEnd::Signalled(number)) => println!("the child was ended by {number}"),
        Err(ChildError::NotFound { .. }) => println!("not found"),
        Err(ChildError::NotRunnable { source, .. }) => println!("not runnable: {source}"),
        Err(error) => println!("{error:?}"),
    }
}

const DRIVE: [&str; 5] = ["child::drive", "--exact", "--nocapture", "--test-threads=1", "--quiet"];

fn this_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// A home in which the driver's child runs `script`.
fn home(script: &str) -> TestEnv {
    let mut test = environment();
    let launcher = test.program().to_owned();
    test.set(SCRIPT, script).set(LAUNCHER, launcher);
    test
}

fn start(test: &TestEnv) -> Running {
    test.start(this_program(), DRIVE)
}

/// Runs a script on a terminal, in a shell with job control; `$DRIVE` is the driver.
fn on_terminal(test: &mut TestEnv, script: &str) -> Running {
    test.set("DRIVE", format!("{} {}", this_program().display(), DRIVE.join(" ")));
    test.start_on_terminal("/bin/sh", ["-c", &format!("set -m; {script}")])
}

/// Tells everything that a program inherits and that rdsconn has changed, or could have left open. Of the signals, those
/// that have names: with the rest the C library does as it likes.
const TELL: &str = r#"
    ulimit -S -c
    for number in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
        test -e /proc/$$/fd/$number && echo "open $number"
    done
    grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status | sed -E 's/\t.*(.{7})$/ \1/'
    env | grep -v '^_=' | sort
"#;

#[test]
fn t15_a_child_is_given_what_a_shell_would_give_it_and_nothing_else() {
    for before in
        ["ulimit -S -c 0", "ulimit -S -c 8", "ulimit -S -c unlimited", "exec 5</dev/null", "trap '' HUP INT QUIT"]
    {
        let test = home(TELL);
        let shell = |arguments: &[&str]| {
            let script = format!("{before} 2>/dev/null; exec \"$@\"");
            test.run("/bin/sh", [&["-c", &script, "sh"], arguments].concat()).succeeded().stdout
        };
        let direct = shell(&["/bin/sh", "-c", TELL]);
        let program = this_program();
        let driven = shell(&[&[program.to_str().unwrap()], &DRIVE[..]].concat());
        let (_, told) = driven.split_once("starting\n").unwrap();
        let (told, end) = told.split_once("the child ").unwrap();
        assert_eq!(told, direct, "after {before}");
        assert!(end.starts_with("exited with 0\n"), "{end}");
    }
}

#[test]
fn t15_a_text_in_memory_reaches_the_child_and_only_it() {
    let mut test = home(r#"cat "$TEXT"; echo; cat "$TEXT"; echo; ls -l /proc/self/fd | grep -c memfd"#);
    let mut test_without = home("ls -l /proc/self/fd | grep -c memfd");
    test.set(INHERIT, "yes");
    test_without.unset(INHERIT);
    let output = start(&test).finish().succeeded();
    assert!(output.stdout.contains("starting\ninherited text\ninherited text\n1\n"), "{}", output.stdout);
    let output = start(&test_without).finish().succeeded();
    assert!(output.stdout.contains("starting\n0\n"), "{}", output.stdout);
}

#[test]
fn arguments_and_name_are_untouched() {
    let mut test = environment();
    let launcher = test.program().to_owned();
    test.set(PROGRAM, "/bin/echo").set(LAUNCHER, launcher);
    assert!(start(&test).finish().succeeded().stdout.contains("starting\n-- $x; *\n"));
    // The name is the child's argv[0]: a script's interpreter is told the path instead.
    test.set(PROGRAM, "/bin/cat").unset("LANG");
    let output = start(&test).finish().succeeded();
    assert!(output.stderr.starts_with("named: "), "{}", output.stderr);
}

#[test]
fn what_cannot_be_run_comes_back_from_the_launcher() {
    let mut test = environment();
    let launcher = test.program().to_owned();
    test.set(LAUNCHER, launcher);
    for (name, contents, mode, expected) in [
        ("no-shebang", "echo \"ran with $1\"\n", 0o700, "ran with --"),
        ("no-interpreter", "#!/nowhere/interpreter\n", 0o700, "not runnable: No such file or directory"),
        ("empty", "", 0o700, "the child exited with 0"),
        ("not-executable", "#!/bin/sh\n", 0o600, "not runnable: Permission denied"),
    ] {
        let program = test.write_file_with_mode(name, contents, mode);
        test.set(PROGRAM, program);
        let output = start(&test).finish().succeeded();
        assert!(output.stdout.contains(&format!("starting\n{expected}")), "{name}: {}", output.stdout);
    }
    test.set(PROGRAM, test.path("absent"));
    assert!(start(&test).finish().stdout.contains("starting\nnot found\n"));
    let folder = test.home().to_owned();
    test.set(PROGRAM, folder);
    assert!(start(&test).finish().stdout.contains("starting\nnot runnable: Is a directory"));
}

/// Without `/proc` there is nothing to launch with.
#[test]
fn a_child_is_started_directly_where_there_is_no_launcher() {
    let mut test = home("echo \"$0 ran\"; exit 3");
    test.set(LAUNCHER, "/nowhere/rdsconn");
    let output = start(&test).finish().succeeded();
    assert!(output.stdout.contains("starting\nsh ran\nthe child exited with 3\n"), "{}", output.stdout);
}

#[test]
fn t16_the_launcher_does_nothing_for_those_who_type_its_name() {
    let test = environment();
    let parent = std::process::id().to_string();
    let made = test.path("made");
    let touch = [parent.as_str(), "0", "/usr/bin/touch", "touch", made.to_str().unwrap()];
    for arguments in [&[][..], &["exec", "mysql", "orders.prod"], &["--help"], &touch] {
        let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        for input in [Stdio::null(), Stdio::piped(), Stdio::from(std::os::fd::OwnedFd::from(socket))] {
            let mut command = test.command(test.program(), arguments);
            let output = command.arg0("rdsconn-launch").stdin(input).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(said, "error: rdsconn-launch is a part of `rdsconn exec` and does nothing by itself\n");
            assert!(output.stdout.is_empty());
        }
    }
    assert!(!made.exists());
}

/// Ignores what can be ignored, and holds the output open: [`Running::finish`] fails if it is left over.
const STUBBORN: &str = "trap '' TERM HUP INT QUIT; echo ready; exec sleep 600";

#[test]
fn r16_a_child_does_not_outlive_a_parent_that_is_killed() {
    let test = home(STUBBORN);
    for round in 0..30 {
        let running = start(&test);
        // Before, while and after the launcher becomes the child.
        running.wait_for(if round % 3 == 0 { "ready\n" } else { "starting\n" });
        running.signal(Signal::KILL);
        assert_eq!(running.finish().code, 137);
    }
}

#[test]
fn t12_what_a_killed_run_left_is_swept_by_the_next() {
    let test = home("echo ready; exec sleep 600");
    let folders = || std::fs::read_dir(test.path("run/rdsconn")).unwrap().count();
    let running = start(&test);
    running.wait_for("ready\n");
    assert_eq!(folders(), 1);
    running.signal(Signal::KILL);
    running.finish();
    assert_eq!(folders(), 1);
    let living = start(&test);
    living.wait_for("ready\n");
    assert_eq!(folders(), 1);
    living.signal(Signal::TERM);
    assert!(living.finish().stdout.contains("the child was ended by 15\n"));
    assert_eq!(folders(), 0);
}

#[test]
fn r21_a_full_or_read_only_file_system_is_said_to_be_one() {
    let mut test = home("true");
    test.unset("XDG_RUNTIME_DIR");
    let mount = |options: &str, then: &str| {
        let script = format!("mount -t tmpfs -o mode=700,{options} tmpfs tmp || exit 99; \"$@\"; {then}");
        let program = this_program();
        let driver = [&["--mount", "sh", "-c", &script, "sh", program.to_str().unwrap()], &DRIVE[..]].concat();
        let output = test.run("unshare", driver);
        if output.code == 0 || output.code == 1 { Some(output.stdout) } else { None }
    };
    let user = rustix::process::geteuid().as_raw();
    for (options, name, reason) in [
        ("ro", String::new(), "Read-only file system (os error 30)"),
        // The mount itself, and the folder of all runs.
        ("nr_inodes=2", String::new(), "No space left on device (os error 28)"),
        ("nr_inodes=3", String::new(), "No space left on device (os error 28)"),
        ("size=4k", "/large".to_owned(), "No space left on device (os error 28)"),
    ] {
        let Some(stdout) = mount(options, &format!("find tmp/rdsconn-{user} -mindepth 1")) else {
            eprintln!("SKIPPED a full and a read-only file system: unshare --mount is not allowed here");
            return;
        };
        let said = stdout.lines().find(|line| line.contains("cannot be")).unwrap_or_else(|| panic!("{stdout}"));
        assert!(said.contains(&format!("/tmp/rdsconn-{user}")) && said.ends_with(reason), "{options}: {said}");
        assert!(name.is_empty() || said.contains(&format!("{name} cannot be written: ")), "{options}: {said}");
        // Neither half a file nor a folder is left.
        assert!(!stdout.contains("\ntmp/"), "{options}: {stdout}");
    }
}

#[test]
fn r15_what_is_sent_to_us_alone_reaches_the_child() {
    let names = [
        (Signal::TERM, "TERM"),
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
    ];
    for (signal, name) in names {
        let script = format!(
            "trap 'echo got {name}; kill -KILL $! 2>/dev/null; exit 7' {name}; sleep 600 >/dev/null & echo ready; wait"
        );
        let test = home(&script);
        let running = start(&test);
        running.wait_for("ready\n");
        running.signal(signal);
        let output = running.finish().succeeded();
        assert!(output.stdout.contains(&format!("got {name}\nthe child exited with 7\n")), "{}", output.stdout);
    }
}

#[test]
fn r15_a_signal_that_was_ignored_before_us_stays_ignored() {
    let test = home("echo ready; read line; echo \"read $line\"");
    let script = "trap '' HUP; exec \"$@\"";
    let program = this_program();
    let mut running = test.start("/bin/sh", [&["-c", script, "sh", program.to_str().unwrap()], &DRIVE[..]].concat());
    running.wait_for("ready\n");
    running.signal(Signal::HUP);
    running.send("on\n");
    let output = running.finish().succeeded();
    assert!(output.stdout.contains("read on\nthe child exited with 0\n"), "{}", output.stdout);
}

#[test]
fn r15_ctrl_c_is_for_the_child() {
    let mut test =
        home("trap 'echo got INT; kill -KILL $! 2>/dev/null; exit 4' INT; sleep 600 >/dev/null & echo ready; wait");
    let mut running = on_terminal(&mut test, "$DRIVE");
    running.wait_for("ready\r\n");
    running.send("\x03");
    let output = running.finish().succeeded();
    assert!(output.stdout.contains("got INT\r\nthe child exited with 4\r\n"), "{}", output.stdout);

    let mut test = home("echo ready; exec sleep 600");
    for (typed, number) in [("\x03", 2), ("\x1c", 3)] {
        let mut running = on_terminal(&mut test, "$DRIVE");
        running.wait_for("ready\r\n");
        running.send(typed);
        let output = running.finish().succeeded();
        assert!(output.stdout.contains(&format!("the child was ended by {number}\r\n")), "{}", output.stdout);
    }
}

/// A child that has left the terminal gets only what we hand on; what was typed, we do not, or others would get it twice.
#[test]
fn r15_what_is_typed_is_not_handed_on() {
    let told = r"trap 'echo got INT' INT; trap 'echo got USR1; kill \$!; exit 4' USR1";
    let test =
        home(&format!("exec setsid sh -c \"{told}; sleep 600 >/dev/null & echo ready; while :; do wait; done\""));
    let mut running = test.start_on_terminal(this_program(), DRIVE);
    running.wait_for("ready\r\n");
    running.send("\x03");
    // The terminal shows it when it has sent its signal, and whatever we hand on of that comes before the next.
    running.wait_for("^C");
    running.signal(Signal::USR1);
    let output = running.finish().succeeded();
    assert!(output.stdout.contains("got USR1\r\nthe child exited with 4\r\n"), "{}", output.stdout);
    assert!(!output.stdout.contains("got INT"), "{}", output.stdout);
}

#[test]
fn r15_ctrl_z_stops_both_and_fg_continues_both() {
    // Stopped from the keyboard, by itself, and by somebody else.
    for (script, typed) in [
        ("echo ready; read a; echo \"read $a\"", "\x1a"),
        ("echo ready; kill -STOP $$; read a; echo \"read $a\"", ""),
        ("echo ready; kill -TTOU $$; read a; echo \"read $a\"", ""),
        ("echo ready; sh -c 'kill -STOP $PPID'; read a; echo \"read $a\"", ""),
    ] {
        let mut test = home(script);
        let mut running = on_terminal(&mut test, "$DRIVE; echo \"shell has $?\"; fg >/dev/null; echo \"ended $?\"");
        running.wait_for("ready\r\n");
        running.send(typed);
        running.wait_for("shell has 1");
        running.send("line\n");
        let output = running.finish().succeeded();
        assert!(output.stdout.contains("read line\r\nthe child exited with 0\r\n"), "{script}: {}", output.stdout);
        assert!(output.stdout.contains("ended 0\r\n"), "{script}: {}", output.stdout);
    }
}

#[test]
fn r15_a_shell_is_told_which_signal_ended_the_child() {
    for number in [1, 2, 3, 6, 9, 11, 13, 15] {
        let mut test = home(&format!("kill -{number} $$"));
        test.set(FOLLOW, "yes");
        let status = test.command(this_program(), DRIVE).stdout(Stdio::null()).status().unwrap();
        assert_eq!((status.signal(), status.core_dumped()), (Some(number), false));
        assert_eq!(std::fs::read_dir(test.path("run/rdsconn")).unwrap().count(), 0);
    }
}

#[test]
fn r15_the_terminal_is_put_back_after_a_child_that_was_killed_in_raw_mode() {
    for (end, expected) in [("kill -KILL $$", "icanon echo"), ("exit 0", "-icanon -echo")] {
        let mut test = home(&format!("stty raw -echo; {end}"));
        let tell = "$DRIVE; set -- $(stty -a | tr ';' '\\n' | grep -owE -e '-?(icanon|echo)'); stty sane; echo; echo \"now $*.\"";
        let output = on_terminal(&mut test, tell).finish().succeeded();
        assert!(output.stdout.contains(&format!("now {expected}.")), "{end}: {}", output.stdout);
    }
}
