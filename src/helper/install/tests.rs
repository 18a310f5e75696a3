//! Shells that are scripts, each with its options file, and an installer let loose on them.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;
use crate::helper::tests::program;
use crate::os::{Environment, WholeFile, files};

/// Keeps the option as a Shell does, and refuses a helper that does not answer.
const SHELL: &str = r#"
file="$MYSQLSH_USER_CONFIG_HOME/options.json"
echo "$*" >> "$MYSQLSH_USER_CONFIG_HOME/calls"
case "$4" in
set-persist)
    if ! "${0%/*}/mysql-secret-store-$6" version > /dev/null 2>&1; then
        echo "ERROR: Argument error: unknown helper $6" >&2
        exit 1
    fi
    printf '{\n    "history.autoSave": "true",\n    "%s": "%s"\n}' "$5" "$6" > "$file" ;;
unset-persist) printf '{\n    "history.autoSave": "true"\n}' > "$file" ;;
*) exit 9 ;;
esac"#;

struct Rig {
    folder: tempfile::TempDir,
    environment: Environment,
    /// Where people find the Shells.
    found_at: Vec<PathBuf>,
}

impl Rig {
    /// Two Shells: one in the folder where it is found, one behind Homebrew's kind of link.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["bin", "brew/bin", "brew/Cellar/mysql-shell/9.4.0/bin", "options", "ours"] {
            files::create_private_folder(&path(name)).unwrap();
        }
        program(&path("bin"), "mysqlsh", SHELL);
        program(&path("brew/Cellar/mysql-shell/9.4.0/bin"), "mysqlsh", SHELL);
        symlink("../Cellar/mysql-shell/9.4.0/bin/mysqlsh", path("brew/bin/mysqlsh")).unwrap();
        program(&path("ours"), "rdsconn", "test \"$1\" = version && echo rdsconn 0.1.0");
        let options = path("options").display().to_string();
        let bins = format!("{}:{}", path("bin").display(), path("brew/bin").display());
        let environment = Environment::of([("MYSQLSH_USER_CONFIG_HOME", &options), ("PATH", &bins)]);
        let found_at = vec![path("bin/mysqlsh"), path("brew/bin/mysqlsh")];
        Self { folder, environment, found_at }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn links(&self) -> [PathBuf; 2] {
        ["bin", "brew/Cellar/mysql-shell/9.4.0/bin"].map(|folder| self.path(folder).join("mysql-secret-store-rdsconn"))
    }

    fn installer(&self) -> Installer<'_> {
        let search = Search::Only(self.found_at.clone());
        Installer::of(&self.environment, search, self.path("state/helper.json"), self.path("ours/rdsconn")).unwrap()
    }

    fn read(&self, name: &str) -> String {
        let file = WholeFile::read(&self.path(name), 10_000).unwrap();
        file.map(|file| String::from_utf8(file.bytes).unwrap()).unwrap_or_default()
    }

    fn set_option(&self, helper: &str) {
        let text = format!(r#"{{"credentialStore.helper": "{helper}"}}"#);
        crate::os::links::write_private(&self.path("options/options.json"), &text).unwrap();
    }

    fn helper(&self) -> Option<String> {
        Options::read(&self.environment).helper.unwrap()
    }
}

fn leads_to(link: &Path) -> Option<PathBuf> {
    std::fs::read_link(link).ok()
}

#[tokio::test]
async fn from_nothing_to_installed_and_back() {
    let rig = Rig::new();
    let ours = rig.installer();
    let installed = ours.install(true).await;
    assert!(matches!(installed.persisted, Persisted::Done), "{:?}", installed.persisted);
    assert_eq!((installed.previous, rig.helper().as_deref()), (None, Some("rdsconn")));
    for (one, link) in installed.shells.iter().zip(rig.links()) {
        assert!(matches!(one.linked, Linked::Made), "{one:?}");
        assert!(matches!(&one.probe, Some(Probe::Answers { version }) if version == "rdsconn 0.1.0"), "{one:?}");
        assert_eq!(leads_to(&link), Some(rig.path("ours/rdsconn")));
    }
    assert_eq!(rig.read("options/calls"), "-- shell options set-persist credentialStore.helper rdsconn\n");

    let status = ours.status().await;
    assert_eq!((status.shells.len(), &status.chosen), (2, &ChosenBy::Options("rdsconn".to_owned())));
    assert!(status.shells.iter().all(|one| one.link == Link::Ours && one.probe.as_ref().is_some_and(Probe::is_good)));
    assert_eq!(status.remembered, Some(None));

    let again = ours.install(true).await;
    assert!(matches!(again.persisted, Persisted::AlreadyOurs));
    assert!(again.shells.iter().all(|one| matches!(one.linked, Linked::AlreadyThere)));

    let gone = ours.uninstall().await;
    assert!(matches!(gone.restored, Restored::Done(None)), "{gone:?}");
    assert_eq!(gone.links.len(), 2);
    assert!(gone.links.iter().all(|(_, unlinked)| matches!(unlinked, Unlinked::Removed)));
    assert_eq!((rig.helper(), rig.links().map(|link| leads_to(&link))), (None, [None, None]));
    assert!(rig.read("options/calls").ends_with("-- shell options unset-persist credentialStore.helper\n"));
    assert_eq!(rig.read("state/helper.json"), "");

    let nothing = ours.uninstall().await;
    assert!(matches!(nothing.restored, Restored::NotOurs) && nothing.links.is_empty(), "{nothing:?}");
}

#[tokio::test]
async fn the_previous_helper_is_remembered_offered_and_restored() {
    let rig = Rig::new();
    program(&rig.path("bin"), "mysql-secret-store-plaintext", "exit 0");
    rig.set_option("plaintext");
    let installed = rig.installer().install(true).await;
    assert_eq!((installed.previous.as_deref(), rig.helper().as_deref()), (Some("plaintext"), Some("rdsconn")));
    // A second time we are the previous one ourselves.
    assert_eq!(rig.installer().install(true).await.previous.as_deref(), Some("plaintext"));
    assert_eq!(rig.installer().status().await.remembered, Some(Some("plaintext".to_owned())));
    let gone = rig.installer().uninstall().await;
    assert!(matches!(&gone.restored, Restored::Done(Some(name)) if name == "plaintext"), "{gone:?}");
    assert_eq!(rig.helper().as_deref(), Some("plaintext"));
}

#[tokio::test]
async fn what_was_chosen_since_is_left_alone() {
    let rig = Rig::new();
    rig.installer().install(true).await;
    rig.set_option("<disabled>");
    let gone = rig.installer().uninstall().await;
    assert!(matches!(gone.restored, Restored::NotOurs), "{gone:?}");
    assert_eq!((gone.links.len(), rig.helper().as_deref()), (2, Some("<disabled>")));
}

#[tokio::test]
async fn the_links_stay_while_a_shell_is_told_to_use_them() {
    let rig = Rig::new();
    rig.set_option("vanished");
    rig.installer().install(true).await;
    // The helper of old days is not there any more: the Shell refuses it.
    let gone = rig.installer().uninstall().await;
    let expected = "ERROR: Argument error: unknown helper vanished";
    assert!(matches!(&gone.restored, Restored::Refused { said } if said == expected), "{gone:?}");
    assert!(gone.links.is_empty() && rig.links().iter().all(|link| leads_to(link).is_some()));
}

#[tokio::test]
async fn links_without_the_option() {
    let rig = Rig::new();
    let installed = rig.installer().install(false).await;
    assert!(matches!(installed.persisted, Persisted::NotAsked));
    assert_eq!((rig.helper(), rig.read("options/calls")), (None, String::new()));
    assert!(rig.links().iter().all(|link| leads_to(link).is_some()));
}

#[tokio::test]
async fn the_option_waits_until_every_shell_has_a_helper_that_answers() {
    let rig = Rig::new();
    let [first, second] = rig.links();
    // Somebody's own program, and the link of a version that is gone.
    program(first.parent().unwrap(), "mysql-secret-store-rdsconn", "exit 0");
    symlink("/gone/rdsconn", &second).unwrap();
    let before = rig.installer().status().await;
    assert_eq!(before.shells[0].link, Link::Occupied);
    assert_eq!(before.shells[1].link, Link::Elsewhere { leads_to: "/gone/rdsconn".into() });
    assert!(matches!(before.shells[1].probe, Some(Probe::NotRun(_))));
    let installed = rig.installer().install(true).await;
    assert!(matches!(installed.shells[0].linked, Linked::Occupied));
    assert!(matches!(&installed.shells[1].linked, Linked::Replaced { led_to } if led_to == Path::new("/gone/rdsconn")));
    assert!(matches!(installed.persisted, Persisted::Withheld), "{:?}", installed.persisted);
    assert_eq!(rig.helper(), None);
    // What is not ours is not removed either.
    assert_eq!(rig.installer().uninstall().await.links.len(), 1);
    assert!(first.exists() && !second.exists());
}

#[tokio::test]
async fn a_helper_that_does_not_answer_is_not_used() {
    let rig = Rig::new();
    program(&rig.path("ours"), "rdsconn", "echo no library; exit 127");
    let installed = rig.installer().install(true).await;
    assert!(matches!(&installed.shells[0].probe, Some(Probe::Fails { said }) if said == "no library"));
    assert!(matches!(installed.persisted, Persisted::Withheld));
}

#[tokio::test]
async fn links_beside_shells_that_moved_away_are_remembered() {
    let rig = Rig::new();
    rig.installer().install(true).await;
    let only_one = Search::Only(vec![rig.found_at[0].clone()]);
    let ours = Installer::of(&rig.environment, only_one, rig.path("state/helper.json"), rig.path("ours/rdsconn"));
    assert_eq!(ours.unwrap().uninstall().await.links.len(), 2);
}

#[tokio::test]
async fn r23_damaged_files_are_said_and_survived() {
    let rig = Rig::new();
    for text in ["", "{", "[]", r#"{"credentialStore.helper": 1}"#, "\u{fffd}"] {
        crate::os::links::write_private(&rig.path("options/options.json"), text).unwrap();
        let installed = rig.installer().install(true).await;
        assert!(matches!(installed.persisted, Persisted::Unreadable(OptionsProblem::Malformed { .. })), "{text}");
        assert_eq!(rig.installer().status().await.chosen, ChosenBy::Unknown);
        assert!(matches!(rig.installer().uninstall().await.restored, Restored::Unreadable(_)));
    }
    rig.set_option("rdsconn");
    crate::os::links::write_private(&rig.path("state/helper.json"), "{\"previous").unwrap();
    assert!(matches!(rig.installer().uninstall().await.restored, Restored::Done(None)));
}

#[tokio::test]
async fn nothing_happens_without_a_shell() {
    let rig = Rig::new();
    let search = Search::Only(vec![rig.path("nowhere/mysqlsh")]);
    let ours =
        Installer::of(&rig.environment, search, rig.path("state/helper.json"), rig.path("ours/rdsconn")).unwrap();
    let installed = ours.install(true).await;
    assert!(installed.shells.is_empty() && matches!(installed.persisted, Persisted::Withheld));
    assert_eq!(rig.read("state/helper.json"), "");
}

#[test]
fn every_shell_is_found_once_where_it_really_is() {
    let rig = Rig::new();
    // A second way to the first one, the starter of snaps, a folder, and something that is not there.
    symlink(rig.path("bin/mysqlsh"), rig.path("ours/mysqlsh")).unwrap();
    program(&rig.path("options"), "snap", "exit 0");
    symlink(rig.path("options/snap"), rig.path("options/mysqlsh")).unwrap();
    let folders =
        ["bin", "brew/bin", "ours", "options", "nowhere", "bin"].map(|name| rig.path(name).display().to_string());
    let environment = Environment::of([("PATH", &format!("relative:{}", folders.join(":")))]);
    let found = shells::find(&Search::Everywhere, &environment);
    // This machine may have Shells of its own.
    let here: Vec<_> = found.into_iter().filter(|shell| shell.found_at[0].starts_with(rig.folder.path())).collect();
    let expected = [
        (vec![rig.path("bin/mysqlsh"), rig.path("ours/mysqlsh")], rig.path("bin/mysqlsh")),
        (vec![rig.path("brew/bin/mysqlsh")], rig.path("brew/Cellar/mysql-shell/9.4.0/bin/mysqlsh")),
    ];
    let shells = expected.map(|(found_at, executable)| Shell { found_at, executable, is_script: true });
    assert_eq!(here, shells);
    assert_eq!(here[1].link(), rig.links()[1]);
}

#[test]
fn the_variable_goes_before_the_option() {
    let rig = Rig::new();
    let folder = rig.path("options").display().to_string();
    let home = rig.path("home");
    for (variables, expected) in [
        (
            [("MYSQLSH_USER_CONFIG_HOME", folder.as_str()), (VARIABLE, "other")],
            ChosenBy::Environment("other".to_owned()),
        ),
        ([("MYSQLSH_USER_CONFIG_HOME", &folder), (VARIABLE, "")], ChosenBy::Default),
        ([("HOME", home.to_str().unwrap()), ("A", "")], ChosenBy::Default),
        ([("B", ""), ("A", "")], ChosenBy::Unknown),
    ] {
        let environment = Environment::of(variables);
        let options = Options::read(&environment);
        assert_eq!(options.chosen(&environment), expected);
        assert_eq!(options.file.is_none(), expected == ChosenBy::Unknown);
    }
}
