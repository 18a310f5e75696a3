//! The stand-in for client programs does what it was planned to do, and tells what it was given.

use std::io::Write as _;
use std::path::PathBuf;

use rdsconn_lab::client::{self, Event, Guise, PLAN, Plan, Print, REPORT, Step};
use rdsconn_lab::environment::{Key, Output, Signal, TestEnv};
use rdsconn_lab::streams::{Role, Service};

use crate::rig::Rig;

/// A home with clients of the usual names in its `bin`, found by `PATH`.
struct Stage {
    home: TestEnv,
}

impl Stage {
    fn new() -> Self {
        let mut home = TestEnv::new("rdsconn");
        let path = std::env::var("PATH").unwrap();
        home.set("PATH", format!("{}:{path}", home.path("bin").display()));
        Self { home }
    }

    fn install(&self, name: &str, guise: &Guise) -> PathBuf {
        client::install(&self.home.path("bin"), name, guise)
    }

    fn plan(&mut self, steps: impl IntoIterator<Item = Step>) {
        self.home.set(PLAN, Plan::new(steps).to_string());
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Output {
        self.home.run(self.home.path("bin").join(name), arguments)
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn each_is_taken_for_what_it_was_installed_as() {
    assert_eq!(client::program().canonicalize().unwrap(), PathBuf::from(env!("CARGO_BIN_EXE_rdsconn-client")));
    let stage = Stage::new();
    for (name, guise, expected) in [
        ("mysql", Guise::Oracle(text("8.0.40")), "mysql  Ver 8.0.40 for Linux on x86_64"),
        ("mysqldump", Guise::MariaDb(text("10.11.19")), "mysqldump  Ver 15.1 Distrib 10.11.19-MariaDB,"),
        ("mariadb", Guise::MariaDb(text("11.8.9")), "mariadb from 11.8.9-MariaDB, client"),
        ("mysqlsh", Guise::Shell(text("8.0.40")), "mysqlsh   Ver 8.0.40 for Linux on x86_64 - for MySQL 8.0.40 ("),
        ("mycli", Guise::Mycli(text("2.30.1")), "Version: 2.30.1\n"),
        ("mydumper", Guise::Mydumper(text("0.19.3-2")), "mydumper v0.19.3-2, built against MySQL"),
        ("dbeaver", Guise::Other(text("DBeaver 25")), "DBeaver 25\n"),
    ] {
        stage.install(name, &guise);
        let by_path = stage.run(name, &["--version"]).succeeded().stdout;
        assert!(by_path.starts_with(expected), "{by_path}");
        // As found by PATH, under its bare name.
        assert_eq!(stage.home.run("env", [name, "--version"]).succeeded().stdout, by_path);
    }
    stage.install("broken", &Guise::Fails(3));
    assert_eq!(stage.run("broken", &["--version"]).ended_with(3).stdout, "");
    stage.install("stuck", &Guise::Hangs);
    let stuck = stage.home.start(stage.home.path("bin/stuck"), ["--version"]);
    stuck.signal(Signal::TERM);
    assert_eq!(stuck.finish().code, 128 + 15);
}

#[test]
fn r15_what_a_client_was_given_is_told() {
    let mut stage = Stage::new();
    stage.install("mysql", &Guise::Oracle(text("9.7.4")));
    stage.home.set("SOME_NAME", "some value");
    let given = client::given(&stage.run("mysql", &["--first", "", "two words", "--", "-x"]).succeeded().stdout);
    let called = stage.home.path("bin/mysql").display().to_string();
    assert_eq!(given.arguments, [called.as_str(), "--first", "", "two words", "--", "-x"]);
    assert_eq!(given.environment["SOME_NAME"], "some value");
    assert_eq!(given.own_descriptors().keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    assert!(given.descriptors[&1].starts_with("pipe:"), "{:?}", given.descriptors);
    assert_eq!(given.directory, stage.home.home().display().to_string());
    // Started by setsid(1), in the same process.
    assert_eq!((given.group, given.session), (given.process, given.process));
    assert_eq!((given.foreground, given.terminal, given.parent_death_signal), (None, None, None));
    assert_eq!((given.blocked.len(), given.ignored.len()), (0, 0), "{:?} {:?}", given.blocked, given.ignored);

    // From a shell that leaves a descriptor open, ignores signals and limits core files.
    let script = "ulimit -Sc 0; ulimit -Hc 4; trap '' HUP USR1; exec 7</dev/null; cd /; mysql; true";
    let given = client::given(&stage.home.run("bash", ["-c", script]).succeeded().stdout);
    assert_eq!(given.descriptors.get(&7).map(String::as_str), Some("/dev/null"));
    assert_eq!((given.directory.as_str(), given.ignored.len()), ("/", 2));
    assert!(given.ignored.contains("HUP") && given.ignored.contains("USR1"));
    assert_eq!(given.core_limit, (Some(0), Some(4096)));
    assert_eq!(given.arguments, ["mysql"]);
    let script = "exec setpriv --pdeathsig TERM mysql";
    let given = client::given(&stage.home.run("bash", ["-c", script]).succeeded().stdout);
    assert_eq!(given.parent_death_signal.as_deref(), Some("TERM"));

    let report = stage.home.path("report");
    stage.home.set(REPORT, &report);
    let terminal = stage.home.start_on_terminal(&called, [""; 0]);
    let pid = terminal.pid();
    assert_eq!(terminal.finish().succeeded().stdout, "");
    let given = client::given(&std::fs::read_to_string(report).unwrap());
    assert_eq!((given.terminal, given.foreground, given.group), (Some((40, 120)), Some(pid), pid));
}

#[test]
fn t11_option_files_are_read_and_passwords_told_by_their_prints() {
    const TOKEN: &str = "orders.example:3306/?Action=connect&X-Amz-Signature=0f\"\\#";
    let mut stage = Stage::new();
    stage.install("mysql", &Guise::Oracle(text("9.7.4")));
    stage.plan([Step::Options(2)]);
    stage.home.run("mkfifo", ["fifo"]).succeeded();
    let fifo = stage.home.path("fifo");
    stage.home.write_file(".my.cnf", "[client]\nuser=own\npassword=old\n");
    let include = format!("!include {}\n", stage.home.path(".my.cnf").display());
    let escaped = TOKEN.replace('\\', "\\\\").replace('"', "\\\"");
    let running = stage.home.start(stage.home.path("bin/mysql"), [format!("--defaults-file={}", fifo.display())]);
    for round in 0..2 {
        if round == 1 {
            // The first reader must have gone, else it reads on in the second writing.
            running.wait_for("\"event\":\"options\"");
        }
        let mut writer = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
        write!(writer, "{include}[client]\npassword=\"{escaped}\"\n").unwrap();
    }
    let output = running.finish().succeeded();
    assert!(!output.stdout.contains("Signature") && !output.stdout.contains("old"), "{}", output.stdout);
    let readings = client::readings(&output.stdout);
    assert_eq!(readings.len(), 2);
    for entries in &readings {
        assert_eq!(client::in_force(entries, &["client"], "password").unwrap().print, Print::of(TOKEN.as_bytes()));
        assert_eq!(client::in_force(entries, &["client"], "user").unwrap().value.as_deref(), Some("own"));
    }
    // The user's own file comes after an extra one, and wins.
    stage.plan([Step::Options(1)]);
    let extra = stage.home.write_file("extra", "[client]\npassword=new\nuser=extra\n");
    let output = stage.run("mysql", &[&format!("--defaults-extra-file={}", extra.display())]).succeeded();
    let entries = &client::readings(&output.stdout)[0];
    assert_eq!(client::in_force(entries, &["client"], "password").unwrap().print, Print::of(b"old"));
    let misplaced = stage.run("mysql", &["--host=x", &format!("--defaults-file={}", extra.display())]).ended_with(1);
    assert!(misplaced.stderr.contains("unknown option --defaults-file"), "{}", misplaced.stderr);
    assert!(stage.run("mysql", &["--defaults-file=/no/where"]).ended_with(1).stderr.contains("required defaults file"));
}

#[test]
fn r16_statuses_and_signals_are_as_planned() {
    let mut stage = Stage::new();
    let path = stage.install("mysql", &Guise::Oracle(text("9.7.4")));
    for (step, code) in
        [(Step::Exit(0), 0), (Step::Exit(255), 255), (Step::Kill(text("TERM")), 143), (Step::Kill(text("KILL")), 137)]
    {
        stage.plan([Step::Print(text("out")), Step::PrintError(text("err")), step, Step::Print(text("never"))]);
        let output = stage.run("mysql", &[]);
        assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (code, "out\n", "err\n"));
    }
    stage.plan([
        Step::Write(1_000_000),
        Step::AwaitEnd,
        Step::AwaitFile(stage.home.path("go")),
        Step::Mark(text("gone")),
    ]);
    let mut running = stage.home.start(&path, [""; 0]);
    running.send("12345");
    running.close_input();
    running.wait_for("\"bytes\":5");
    stage.home.write_file("go", "");
    let output = running.finish().succeeded();
    assert_eq!(output.stdout.bytes().filter(|byte| *byte == b'.').count(), 1_000_000);
    assert!(matches!(&Event::read(&output.stdout.replace('.', ""))[..], [Event::End(5), Event::Mark(_)]));
    stage.home.set(PLAN, "fly");
    assert!(stage.run("mysql", &[]).ended_with(1).stderr.contains("no step: fly"));
}

#[test]
fn r14_a_client_on_a_terminal_gets_what_is_typed() {
    let mut stage = Stage::new();
    stage.install("mysql", &Guise::Oracle(text("9.7.4")));
    let caught = ["INT", "QUIT", "WINCH", "CONT"].map(text).to_vec();
    stage.plan([
        Step::Catch(caught),
        Step::Mark(text("caught")),
        Step::AwaitSignal(text("INT")),
        Step::AwaitSignal(text("QUIT")),
        Step::AwaitSignal(text("WINCH")),
        Step::Size,
        Step::AwaitSignal(text("CONT")),
        Step::AwaitLine,
        Step::AwaitDeath,
    ]);
    let mut shell = stage.home.start_shell();
    shell.type_line("mysql");
    shell.terminal().wait_for_next("\"caught\"");
    shell.press(Key::Interrupt);
    shell.terminal().wait_for_next("\"INT\"");
    shell.press(Key::Quit);
    shell.terminal().wait_for_next("\"QUIT\"");
    shell.terminal().resize(24, 80);
    shell.terminal().wait_for_next("[24,80]");
    shell.press(Key::Suspend);
    assert_eq!(shell.wait_for_prompt().status, 148);
    shell.type_line("fg");
    shell.terminal().wait_for_next("\"CONT\"");
    shell.type_line("typed");
    shell.terminal().wait_for_next("\"text\":\"typed\"");
    // Not caught.
    shell.type_line("");
    let client = shell.terminal().foreground();
    rustix::process::kill_process(rustix::process::Pid::from_raw(client.try_into().unwrap()).unwrap(), Signal::HUP)
        .unwrap();
    assert_eq!(shell.wait_for_prompt().status, 129);
}

#[test]
fn connections_carry_what_was_planned() {
    let mut stage = Stage::new();
    stage.install("some-program", &Guise::Other(text("1")));
    for (role, step, bytes) in [
        (Role::Source { bytes: 200_000 }, Step::Fetch, 200_000),
        (Role::Sink, Step::Deliver(300_000), 300_000),
        (Role::Echo, Step::RoundTrip(100_000), 100_000),
    ] {
        let service = Service::start(role).unwrap();
        stage.plan([Step::Connect(3), step]);
        let port = service.address().port().to_string();
        let output = stage.run("some-program", &["--host", "127.0.0.1", "-P", &port]).succeeded();
        let events = Event::read(&output.stdout);
        assert!(matches!(events[0], Event::Connected(3)), "{events:?}");
        let whole = |event: &Event| matches!(event, Event::Stream(carried, true) if *carried == bytes);
        assert!(events.len() == 4 && events[1..].iter().all(whole), "{events:?}");
    }
}

/// A home where the embedded database can be logged in to.
fn with_database(guise: &Guise, name: &str) -> (Stage, Rig, Vec<String>) {
    let (stage, rig) = (Stage::new(), Rig::new());
    stage.install(name, guise);
    stage.home.write_file("ca.pem", rig.certificates.authority.pem());
    stage.home.write_file("other.pem", rig.certificates.other_authority.pem());
    let options = stage.home.write_file("options", format!("[client]\npassword=\"{}\"\n", rig.token("dba")));
    let arguments = [
        format!("--defaults-file={}", options.display()),
        format!("--port={}", rig.database.address().port()),
        "--host=127.0.0.1".to_owned(),
        "--user=dba".to_owned(),
    ];
    (stage, rig, arguments.to_vec())
}

#[test]
fn t15_mysql_shell_refuses_what_the_real_one_refuses() {
    let (stage, rig, common) = with_database(&Guise::Shell(text("9.6.0")), "mysqlsh");
    let run = |extra: &[&str]| {
        let common = common.iter().map(String::as_str);
        stage.run(
            "mysqlsh",
            &common.chain(extra.iter().copied()).chain(["--sql", "-e", "select 6*7 n"]).collect::<Vec<_>>(),
        )
    };
    let clear = "--auth-method=mysql_clear_password";
    let logins = || rig.database.logins().len();
    assert_eq!(run(&[clear, "--ssl-mode=VERIFY_CA", "--ssl-ca=ca.pem"]).succeeded().stdout, "n\n42\n");
    assert_eq!(logins(), 1);
    assert_eq!(run(&[clear, "--ssl-mode=REQUIRED"]).succeeded().stdout, "n\n42\n");
    for (extra, words) in [
        (&[clear][..], "not supported over insecure channels"),
        (&[clear, "--ssl-mode=DISABLED"], "not supported over insecure channels"),
        (&[clear, "--ssl-mode=PREFERRED"], "ssl-mode=REQUIRED"),
        (&["--ssl-mode=REQUIRED"], "2059"),
        (&[clear, "--ssl-mode=VERIFY_CA"], "CA certificate is required"),
        (&[clear, "--ssl-mode=VERIFY_CA", "--ssl-ca=other.pem"], "2026"),
        (&[clear, "--ssl-mode=VERIFY_IDENTITY", "--ssl-ca=ca.pem"], "2026"),
        (&["--enable-cleartext-plugin"], "unknown option --enable-cleartext-plugin"),
        (&["--defaults-extra-file=x"], "unknown option --defaults-extra-file"),
    ] {
        let refused = run(extra).ended_with(1);
        assert!(refused.stderr.contains(words), "{extra:?}: {}", refused.stderr);
    }
    assert_eq!(logins(), 2);
    // The same words in an option file.
    let token = rig.token("dba");
    for (line, taken) in [("enable-cleartext-plugin", false), ("loose-enable-cleartext-plugin", true)] {
        stage.home.write_file("options", format!("[client]\n{line}\npassword=\"{token}\"\n"));
        let output = run(&[clear, "--ssl-mode=VERIFY_CA", "--ssl-ca=ca.pem"]);
        assert_eq!(output.code, i32::from(!taken), "{line}: {}", output.stderr);
        assert!(output.stderr.contains("unknown option"));
    }
    // A wrong password is the server's to refuse.
    stage.home.write_file("options", "[client]\npassword=wrong\n");
    assert!(run(&[clear, "--ssl-mode=REQUIRED"]).ended_with(1).stderr.contains("1045"));
}

#[test]
fn other_flavours_log_in_with_their_own_options() {
    for (guise, extra, refused) in [
        (
            Guise::Oracle(text("9.7.4")),
            &["--enable-cleartext-plugin", "--ssl-mode=VERIFY_CA", "--ssl-ca=ca.pem"][..],
            None,
        ),
        (Guise::Oracle(text("9.7.4")), &["--ssl-mode=VERIFY_CA", "--ssl-ca=ca.pem"], Some("2059")),
        (Guise::MariaDb(text("10.11.19")), &["--ssl-ca=ca.pem"], None),
        (Guise::MariaDb(text("10.11.19")), &["--ssl-ca=other.pem"], Some("2026")),
        (Guise::MariaDb(text("10.11.19")), &["--ssl-ca=ca.pem", "--ssl-verify-server-cert"], Some("2026")),
    ] {
        let (mut stage, _rig, common) = with_database(&guise, "mysql");
        stage.plan([Step::Query(text("select database(), null; select 2"))]);
        let arguments: Vec<&str> =
            common.iter().map(String::as_str).chain(extra.iter().copied()).chain(["orders"]).collect();
        let output = stage.run("mysql", &arguments);
        match refused {
            None => assert_eq!(output.succeeded().stdout, "database()\tNULL\norders\tNULL\n2\n2\n"),
            Some(words) => assert!(output.ended_with(1).stderr.contains(words), "{guise:?} {extra:?}"),
        }
    }
}
