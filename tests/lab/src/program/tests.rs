//! Terminals and job control, with the system's own programs.

use crate::environment::{Key, TestEnv};

#[test]
fn r14_jobs_are_suspended_brought_back_and_interrupted() {
    let home = TestEnv::new("rdsconn");
    let mut shell = home.start_shell();
    assert_eq!(shell.run("false").status, 1);
    assert_eq!(shell.run("echo $((6*7))").text, "echo $((6*7))\r\n42\r\n");
    let of_shell = shell.terminal().foreground();
    assert_eq!(of_shell, shell.terminal().pid());

    shell.type_line("cat");
    shell.type_line("first");
    shell.terminal().wait_for_next("first\r\nfirst\r\n");
    let of_job = shell.terminal().foreground();
    assert_ne!(of_job, of_shell);
    shell.press(Key::Suspend);
    // 128 + SIGTSTP.
    assert_eq!(shell.wait_for_prompt().status, 148);
    assert_eq!(shell.terminal().foreground(), of_shell);
    shell.type_line("fg");
    shell.terminal().wait_for_next("cat\r\n");
    shell.type_line("second");
    shell.terminal().wait_for_next("second\r\nsecond\r\n");
    assert_eq!(shell.terminal().foreground(), of_job);
    shell.press(Key::EndOfInput);
    assert_eq!(shell.wait_for_prompt().status, 0);

    for (key, status) in [(Key::Interrupt, 130), (Key::Quit, 131)] {
        shell.type_line("cat");
        shell.type_line("third");
        shell.terminal().wait_for_next("third\r\nthird\r\n");
        shell.press(key);
        assert_eq!(shell.wait_for_prompt().status, status, "{key:?}");
    }
}

#[test]
fn a_terminal_changes_its_size() {
    let home = TestEnv::new("rdsconn");
    let mut shell = home.start_shell();
    assert!(shell.run("stty size").text.ends_with("\r\n40 120\r\n"));
    shell.terminal().resize(24, 80);
    assert!(shell.run("stty size").text.ends_with("\r\n24 80\r\n"));
    // What is typed is echoed before it is run: only what the shell itself says tells that it has come so far.
    shell.type_line("trap 'echo chan\\ged' WINCH; echo rea''dy; read line");
    shell.terminal().wait_for_next("ready\r\n");
    shell.terminal().resize(25, 81);
    shell.type_line("");
    assert!(shell.wait_for_prompt().text.contains("changed"));
}

#[test]
fn waiting_for_the_next_text_passes_the_last() {
    let home = TestEnv::new("rdsconn");
    let mut running = home.start("cat", [""; 0]);
    running.send("one two one ");
    assert_eq!(running.wait_for_next("one"), "one");
    assert_eq!(running.wait_for_next("one"), " two one");
    running.send("three");
    assert_eq!(running.wait_for_next("three"), " three");
    running.finish().succeeded();
}
