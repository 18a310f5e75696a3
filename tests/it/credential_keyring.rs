//! Credentials in a real keyring: a private D-Bus session with GNOME's keyring on it, unlocked, locked, stopped and absent.

use std::path::PathBuf;
use std::time::Instant;

use rdsconn_lab::environment::{Running, Signal, TestEnv};

use crate::credential_cases::{PASSPHRASE, give_passphrase};
use crate::support::{ENDPOINT, KEY_ID, SECRET_KEY, environment, verifier};

const OTHER_ID: &str = "AKIAI44QH8DHBEXAMPLE";
const UNLOCKING: &str = "the password of the login keyring";

/// A home with a message bus of its own, on which nothing is started by itself.
struct Desktop {
    test: TestEnv,
    socket: PathBuf,
    _bus: Running,
}

impl Desktop {
    fn start() -> Option<Self> {
        let mut test = environment();
        for (program, package) in [("dbus-daemon", "dbus"), ("gnome-keyring-daemon", "gnome-keyring")] {
            if test.run("sh", ["-c", &format!("command -v {program}")]).code != 0 {
                eprintln!(
                    "SKIPPED credentials in a real keyring: {program} is not installed (Debian package {package})"
                );
                return None;
            }
        }
        let socket = test.path("run/bus");
        let configuration = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\"><busconfig><type>session</type>\
             <listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow send_destination=\"*\" \
             eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
            socket.display()
        );
        let configuration = test.write_file("bus.conf", configuration);
        test.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
        let options = ["--nofork", "--print-address", "--config-file"].map(str::to_owned);
        let bus = test.start("dbus-daemon", options.into_iter().chain([configuration.display().to_string()]));
        bus.wait_for("unix:path=");
        Some(Self { test, socket, _bus: bus })
    }

    /// GNOME's keyring, with its login keyring open, or with one that stays locked. It is on the bus when this returns.
    fn keyring(&self, is_unlocked: bool) -> Running {
        let start = if is_unlocked { "--unlock" } else { "--start" };
        let mut running = self.test.start("gnome-keyring-daemon", [start, "--foreground", "--components=secrets"]);
        if is_unlocked {
            running.send(UNLOCKING);
        }
        running.close_input();
        let deadline = Instant::now() + std::time::Duration::from_mins(1);
        let question = [
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets",
        ];
        while !self.test.run("dbus-send", question).stdout.contains("true") {
            assert!(Instant::now() < deadline, "the keyring does not come up: {}", running.so_far());
        }
        running
    }

    fn add(&self, id: &str, options: &[&str]) -> rdsconn_lab::environment::Output {
        let arguments = [&["credential", "add", "prod", "--no-test", "--access-key-id", id], options].concat();
        self.test.rdsconn_with_input(arguments, format!("{SECRET_KEY}\n"))
    }

    fn files(&self) -> Vec<String> {
        let folder = self.test.path(".local/share/rdsconn/credentials");
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != ".lock");
        names.sort_unstable();
        names
    }
}

#[test]
fn t17_a_keyring_that_is_open_keeps_the_secret_and_asks_nobody() {
    let Some(desktop) = Desktop::start() else { return };
    let _keyring = desktop.keyring(true);
    let test = &desktop.test;
    assert_eq!(desktop.add(KEY_ID, &[]).succeeded().stdout, "stored prod in the keyring\n");
    assert_eq!(desktop.files(), ["prod.json"]);
    let record = std::fs::read_to_string(test.path(".local/share/rdsconn/credentials/prod.json")).unwrap();
    assert!(!record.contains(SECRET_KEY));
    let token = test.rdsconn(["token", ENDPOINT, "-u", "dba", "--credential", "prod"]).succeeded().stdout;
    assert_eq!(verifier(None).verify(token.trim_end(), "dba"), Ok(()));
    // Replaced, and the old one is gone from the keyring: as another program sees it.
    desktop.add(OTHER_ID, &["--force"]).succeeded();
    let export = test.rdsconn(["credential", "export", "prod"]).succeeded().stdout;
    assert!(export.contains(OTHER_ID) && export.contains(SECRET_KEY));
    let seen = test.run("secret-tool", ["search", "--all", "service", "rdsconn"]);
    if seen.code == 0 {
        assert!(seen.stdout.contains(OTHER_ID) && !seen.stdout.contains(KEY_ID), "{}", seen.stdout);
    } else {
        eprintln!(
            "SKIPPED the keyring as another program sees it: secret-tool is not installed (Debian package libsecret-tools)"
        );
    }
    test.rdsconn(["credential", "remove", "prod"]).succeeded();
    assert_eq!(desktop.files(), [""; 0]);
    assert!(!test.run("secret-tool", ["search", "--all", "service", "rdsconn"]).stdout.contains(OTHER_ID));
}

/// R11: the keyring serves many at once.
#[test]
fn r11_many_read_the_keyring_at_once() {
    let Some(desktop) = Desktop::start() else { return };
    let _keyring = desktop.keyring(true);
    desktop.add(KEY_ID, &["--store", "keyring"]).succeeded();
    let all: Vec<_> = (0..40).map(|_| desktop.test.start_rdsconn(["credential", "export", "prod"])).collect();
    for running in all {
        assert!(running.finish().succeeded().stdout.contains(SECRET_KEY));
    }
}

#[test]
fn a_locked_keyring_is_told_apart_and_a_file_serves() {
    let Some(mut desktop) = Desktop::start() else { return };
    let open = desktop.keyring(true);
    desktop.add(KEY_ID, &[]).succeeded();
    open.signal(Signal::TERM);
    open.finish();
    let _locked = desktop.keyring(false);
    let refused = desktop.test.rdsconn(["credential", "export", "prod"]).ended_with(4);
    assert!(refused.stderr.contains("caused by: the keyring is locked"), "{}", refused.stderr);
    let kept = desktop.test.rdsconn(["credential", "remove", "prod"]).ended_with(4);
    assert!(kept.stderr.contains("rdsconn credential remove prod --force"), "{}", kept.stderr);
    assert_eq!(desktop.files(), ["prod.json"]);
    desktop.add(OTHER_ID, &["--force", "--store", "keyring"]).ended_with(4);
    give_passphrase(&mut desktop.test, PASSPHRASE);
    let stored = desktop.add(OTHER_ID, &["--force"]).succeeded();
    assert!(stored.stderr.contains("note: an encrypted file is used: the keyring is locked"), "{}", stored.stderr);
    assert!(stored.stderr.contains("warning: the old secret is still in the keyring"), "{}", stored.stderr);
    assert!(desktop.test.rdsconn(["credential", "export", "prod"]).succeeded().stdout.contains(OTHER_ID));
}

/// There is no hang: nobody on the bus, a keyring that is stopped, a bus that takes connections and says nothing.
#[test]
fn who_does_not_answer_is_not_waited_for() {
    let Some(mut desktop) = Desktop::start() else { return };
    give_passphrase(&mut desktop.test, PASSPHRASE);
    let nobody = desktop.add(KEY_ID, &["--store", "keyring"]).ended_with(4);
    assert!(nobody.stderr.contains("there is no keyring, or it is not running"), "{}", nobody.stderr);
    let keyring = desktop.keyring(true);
    keyring.signal(Signal::STOP);
    let stopped = desktop.add(KEY_ID, &[]).succeeded();
    assert!(stopped.stderr.contains("has not answered within 5 s"), "{}", stopped.stderr);
    keyring.signal(Signal::CONT);
    let silent = desktop.test.path("run/silent");
    let _listener = std::os::unix::net::UnixListener::bind(&silent).unwrap();
    desktop.test.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", silent.display()));
    let stored = desktop.add(OTHER_ID, &["--force"]).succeeded();
    assert!(stored.stderr.contains("has not answered within 5 s"), "{}", stored.stderr);
    assert!(desktop.socket.exists());
}
