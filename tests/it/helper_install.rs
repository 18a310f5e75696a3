//! `rdsconn helper install|status|uninstall` on Shells that are scripts. Always with `--shell`: without it every Shell of this
//! machine would be changed.

use std::path::PathBuf;

use rdsconn_lab::environment::{Output, TestEnv};

use crate::support::{environment, script};

/// Keeps its option as a Shell does, and refuses a helper that does not answer.
const SHELL: &str = r#"
file="$HOME/.mysqlsh/options.json"
echo "$*" >> "$HOME/calls"
case "$4" in
set-persist)
    if ! "${0%/*}/mysql-secret-store-$6" version > /dev/null 2>&1; then
        echo "ERROR: Argument error: unknown helper $6" >&2
        exit 1
    fi
    printf '{"history.autoSave": "true", "%s": "%s"}' "$5" "$6" > "$file" ;;
unset-persist) printf '{"history.autoSave": "true"}' > "$file" ;;
*) exit 9 ;;
esac"#;

struct Rig {
    place: TestEnv,
    shell: PathBuf,
    link: PathBuf,
}

impl Rig {
    /// A Shell in a prefix of its own, found by a link.
    fn new() -> Self {
        let place = environment();
        let program = script(&place, "prefix/bin/mysqlsh", SHELL);
        place.write_file(".mysqlsh/options.json", "{}");
        let shell = place.path("mysqlsh");
        std::os::unix::fs::symlink(&program, &shell).unwrap();
        // As a package has it.
        let text = place.home().canonicalize().unwrap();
        Self { place, shell, link: text.join("prefix/bin/mysql-secret-store-rdsconn") }
    }

    fn helper(&self, verb: &str, more: &[&str]) -> Output {
        let arguments = ["helper", verb, "--shell", self.shell.to_str().unwrap()];
        self.place.rdsconn(arguments.iter().chain(more))
    }

    fn options(&self) -> String {
        std::fs::read_to_string(self.place.path(".mysqlsh/options.json")).unwrap()
    }
}

#[test]
fn installed_used_and_taken_away_again() {
    let rig = Rig::new();
    let link = rig.link.display();
    let before = rig.helper("status", &[]).succeeded().stdout;
    assert!(before.contains("not installed") && before.contains("its own default"), "{before}");

    let made = rig.helper("install", &[]).succeeded();
    assert!(made.stdout.contains(&format!("made {link}")), "{}", made.stdout);
    assert!(made.stdout.contains("the helper answers: rdsconn "), "{}", made.stdout);
    assert!(made.stdout.contains("from now on"), "{}", made.stdout);
    assert!(!made.stdout.contains("before, it used"), "{}", made.stdout);
    assert!(rig.options().contains(r#""credentialStore.helper": "rdsconn""#));
    assert_eq!(rig.link.canonicalize().unwrap(), rig.place.program().canonicalize().unwrap());
    assert!(rig.place.run(&rig.link, ["version"]).succeeded().stdout.starts_with("rdsconn "));

    let status = rig.helper("status", &[]).succeeded().stdout;
    assert!(status.contains("installed, answers: rdsconn ") && status.contains("\"rdsconn\""), "{status}");
    let again = rig.helper("install", &[]).succeeded().stdout;
    assert!(again.contains("is there") && again.contains("already"), "{again}");

    let gone = rig.helper("uninstall", &[]).succeeded().stdout;
    assert!(gone.contains("its own default again") && gone.contains(&format!("removed {link}")), "{gone}");
    assert!(!rig.link.exists() && !rig.options().contains("credentialStore"));
    let nothing = rig.helper("uninstall", &[]).succeeded().stdout;
    assert!(nothing.contains("left alone"), "{nothing}");
    let calls = std::fs::read_to_string(rig.place.path("calls")).unwrap();
    assert_eq!(
        calls,
        "-- shell options set-persist credentialStore.helper rdsconn\n-- shell options unset-persist credentialStore.helper\n"
    );
}

#[test]
fn the_helper_that_was_used_before_is_offered_and_put_back() {
    let rig = Rig::new();
    script(&rig.place, "prefix/bin/mysql-secret-store-vault", "echo vault 1");
    rig.place.write_file(".mysqlsh/options.json", r#"{"credentialStore.helper": "vault"}"#);
    let made = rig.helper("install", &[]).succeeded().stdout;
    assert!(made.contains("[helper]\n") && made.contains("delegate = \"vault\""), "{made}");
    let status = rig.helper("status", &[]).succeeded().stdout;
    assert!(status.contains("before rdsconn it used vault"), "{status}");
    // What is advised is what config.toml takes.
    rig.place.write_config("[helper]\ndelegate = \"vault\"\n");
    let again = rig.helper("install", &[]).succeeded().stdout;
    assert!(!again.contains("delegate ="), "{again}");
    let gone = rig.helper("uninstall", &[]).succeeded().stdout;
    assert!(gone.contains("\"vault\" again"), "{gone}");
    assert!(rig.options().contains(r#""credentialStore.helper": "vault""#), "{}", rig.options());
}

#[test]
fn the_option_is_left_alone_if_wanted() {
    let rig = Rig::new();
    let made = rig.helper("install", &["--no-persist"]).succeeded().stdout;
    assert!(made.contains("--credential-store-helper=rdsconn"), "{made}");
    assert_eq!((rig.options().as_str(), rig.link.exists()), ("{}", true));
    let variable = rig.helper("uninstall", &[]).succeeded().stdout;
    assert!(variable.contains("removed") && !rig.link.exists(), "{variable}");
}

#[test]
fn what_only_root_may_do_is_printed_and_is_a_failure() {
    let rig = Rig::new();
    let bin = rig.place.path("prefix/bin");
    let arguments = ["helper", "install", "--shell", rig.shell.to_str().unwrap()];
    if rustix::process::geteuid().as_raw() != 0 {
        std::fs::set_permissions(&bin, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    }
    // A root's folder, for somebody who is not root.
    let lock = |place: &TestEnv| {
        place.run("chown", ["-R", "0:0", bin.to_str().unwrap()]).succeeded();
        place.run("chmod", ["-R", "755", bin.to_str().unwrap()]).succeeded();
    };
    let Some(output) = crate::support::as_ordinary_user_after(&rig.place, &arguments, lock) else { return };
    assert_eq!(output.code, 2, "{}\n{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("  sudo ln -s /"), "{}", output.stdout);
    assert!(output.stdout.contains(&format!(" {}\n", rig.link.display())), "{}", output.stdout);
    assert!(output.stderr.contains("error: ") && output.stderr.contains("hint: "), "{}", output.stderr);
    assert!(!rig.link.exists() && rig.options() == "{}");
    let arguments = ["helper", "status", "--shell", rig.shell.to_str().unwrap()];
    let status = crate::support::as_ordinary_user_after(&rig.place, &arguments, lock).unwrap().succeeded().stdout;
    assert!(status.contains("not installed") && !status.contains("before rdsconn"), "{status}");
    std::fs::set_permissions(&bin, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn a_shell_that_is_not_there_and_one_that_is_none() {
    let rig = Rig::new();
    for (path, verb) in [("/nowhere/mysqlsh", "install"), ("/nowhere/mysqlsh", "status"), ("/bin/sh", "install")] {
        let output = rig.place.rdsconn(["helper", verb, "--shell", path]).ended_with(2);
        assert!(output.stdout.is_empty(), "{}", output.stdout);
        assert!(output.stderr.starts_with(&format!("error: {path} is no MySQL Shell\nhint: ")), "{}", output.stderr);
    }
    // One that is there is served all the same.
    let output = rig.helper("install", &["--shell", "/nowhere/mysqlsh"]).ended_with(2);
    assert!(output.stdout.contains("from now on") && output.stderr.contains("/nowhere/mysqlsh"), "{}", output.stderr);
    assert!(rig.link.exists());
}

/// Something else in our place is left alone, and the option too.
#[test]
fn what_is_not_ours_is_not_replaced() {
    let rig = Rig::new();
    script(&rig.place, "prefix/bin/mysql-secret-store-rdsconn", "echo somebody else");
    let output = rig.helper("install", &[]).ended_with(2);
    assert!(output.stderr.contains("something else"), "{}", output.stderr);
    assert_eq!(rig.options(), "{}");
    let status = rig.helper("status", &[]).succeeded().stdout;
    assert!(status.contains("something else is in its place"), "{status}");
    rig.helper("uninstall", &[]).succeeded();
    assert!(rig.link.exists());
}
