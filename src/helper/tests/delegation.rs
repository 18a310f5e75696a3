//! The helper behind ours: found as the Shell finds it, run as the Shell runs it, and heard word for word.

use super::*;

/// Says how it was called, and what it was sent.
const RECORDER: &str =
    r#"echo "$# $1 $0"; cat; echo " $FROM_THE_SHELL $AWS_SECRET_ACCESS_KEY $RDSCONN_HELPER_DELEGATED" >&2; exit 7"#;

struct Rig {
    folder: tempfile::TempDir,
    environment: Environment,
}

impl Rig {
    /// A Shell's folder, from which we were called.
    fn new() -> Self {
        let environment = Environment::of([
            ("PATH", "/usr/bin:/bin"),
            ("FROM_THE_SHELL", "kept"),
            ("AWS_SECRET_ACCESS_KEY", "its own"),
        ]);
        Self { environment, folder: tempfile::tempdir().unwrap() }
    }

    fn helper(&self, name: &str, script: &str) -> PathBuf {
        program(self.folder.path(), &format!("mysql-secret-store-{name}"), script)
    }

    async fn ask(&self, delegate: Delegate, command: &str, request: &str) -> (u8, String) {
        let vault = TestVault::with(delegate, Some(self.folder.path()), &self.environment);
        let reply = exchange(command, Stdin::Closed(request.to_owned().into()), &vault).await;
        (reply.status, format!("{}{}", String::from_utf8_lossy(&reply.stdout), String::from_utf8_lossy(&reply.stderr)))
    }
}

fn named(name: &str) -> Delegate {
    Delegate::Name(name.to_owned())
}

#[tokio::test]
async fn what_is_not_ours_is_passed_on_unchanged() {
    let rig = Rig::new();
    let path = rig.helper("other", RECORDER);
    // Odd white space, an unknown member, a generic secret, a member order of its own: all as it came.
    for (command, request) in [
        ("get", r#"{"SecretType":"password","ServerURL":"ssh://u@h:22"}"#),
        ("get", r#"{"SecretType":"password","SecretID":"u@unknown.example","ServerURL":"u@unknown.example"}"#),
        ("erase", r#" { "More":1, "ServerURL":"u@127.0.0.1:9", "SecretType":"password" } "#),
        ("store", r#"{"SecretType":"generic","SecretID":"k","ServerURL":"k","Secret":"rhush"}"#),
        ("store", r#"{"SecretType":"password","SecretID":"u@/tmp%2Fs","ServerURL":"u@/tmp%2Fs","Secret":"hush"}"#),
    ] {
        let expected = format!("1 {command} {}\n{request} kept its own 1\n", path.display());
        assert_eq!(rig.ask(named("other"), command, request).await, (7, expected.clone()));
        assert_eq!(rig.ask(Delegate::Path(path.clone()), command, request).await, (7, expected));
    }
}

#[tokio::test]
async fn what_is_ours_is_never_passed_on() {
    let rig = Rig::new();
    rig.helper("other", "cat >> \"$0.seen\"");
    for command in ["get", "store", "erase"] {
        for url in ["dba@orders.prod", "dba@broken.prod", "u@127.0.0.1:33061"] {
            let request = format!(r#"{{"SecretType":"password","ServerURL":"{url}","Secret":"hush"}}"#);
            rig.ask(named("other"), command, &request).await;
        }
    }
    rig.ask(named("other"), "get", "garbage").await;
    assert!(!rig.folder.path().join("mysql-secret-store-other.seen").exists());
}

#[tokio::test]
async fn bytes_that_are_not_utf8_are_passed_on_as_they_are() {
    let rig = Rig::new();
    rig.helper("other", "cat");
    let request = b"{\"SecretType\":\"password\",\"ServerURL\":\"\xff@h\xc3\",\"Secret\":\"\xfe\"}".to_vec();
    let vault = TestVault::with(named("other"), Some(rig.folder.path()), &rig.environment);
    let reply = exchange("store", Stdin::Closed(request.clone()), &vault).await;
    assert_eq!((reply.status, reply.stdout.to_vec()), (0, request));
}

#[tokio::test]
async fn lists_are_merged_and_the_other_helper_is_told_the_type() {
    let rig = Rig::new();
    let theirs = r#"{"SecretType":"password","SecretID":"x@h","ServerURL":"x@h"}"#;
    let generic = r#"{"SecretType":"generic","SecretID":"k","ServerURL":"k"}"#;
    let ours = r#"{"SecretType":"password","SecretID":"dba@orders.prod:3306","ServerURL":"dba@orders.prod:3306"}"#;
    rig.helper("other", &format!("cat > \"$0.seen\"; printf '[%s]' '{theirs},{generic}'"));
    for (request, seen, expected) in [
        ("", r#"{"SecretType":"password"}"#, format!("[{ours},{theirs}]")),
        (r#"{"SecretType":"password"}"#, r#"{"SecretType":"password"}"#, format!("[{ours},{theirs}]")),
        (r#"{"SecretType": "generic"}"#, r#"{"SecretType": "generic"}"#, format!("[{generic}]")),
    ] {
        assert_eq!(rig.ask(named("other"), "list", request).await, (0, expected));
        let sent = std::fs::read_to_string(rig.folder.path().join("mysql-secret-store-other.seen")).unwrap();
        assert_eq!(sent, seen);
    }
    rig.helper("failing", "echo no keychain; exit 3");
    assert_eq!(rig.ask(named("failing"), "list", "").await, (3, "no keychain\n".to_owned()));
}

#[tokio::test]
async fn a_helper_that_a_signal_ends_looks_as_it_does_to_a_shell() {
    let rig = Rig::new();
    rig.helper("dying", "cat > /dev/null; printf partial; kill -TERM $$");
    assert_eq!(
        rig.ask(named("dying"), "get", r#"{"SecretType":"password","ServerURL":"u@x"}"#).await,
        (143, "partial".to_owned())
    );
}

#[tokio::test]
async fn the_platforms_own_helper_is_used_if_it_works() {
    const REQUEST: &str = r#"{"SecretType":"password","ServerURL":"u@unknown.example"}"#;
    const NONE: &str = "Could not find the secret\n";
    let name = if cfg!(target_os = "macos") { "keychain" } else { "login-path" };
    let rig = Rig::new();
    assert_eq!(rig.ask(Delegate::Auto, "get", REQUEST).await, (1, NONE.to_owned()));
    // It cannot do anything without a program that is not installed: MySQL Shell would not use it either.
    rig.helper(name, "echo 'Cannot find mysql_config_editor' >&2; exit 1");
    assert_eq!(rig.ask(Delegate::Auto, "get", REQUEST).await, (1, NONE.to_owned()));
    assert_eq!(rig.ask(Delegate::Auto, "list", "").await.0, 0);
    // It works, and says no to this one.
    rig.helper(name, "test \"$1\" = version && exit 0; echo 'Too many secrets' >&2; exit 1");
    assert_eq!(rig.ask(Delegate::Auto, "get", REQUEST).await, (1, "Too many secrets\n".to_owned()));
    // Not executable.
    let path = rig.helper(name, "exit 0");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(rig.ask(Delegate::Auto, "get", REQUEST).await, (1, NONE.to_owned()));
}

#[tokio::test]
async fn a_helper_that_was_named_and_cannot_be_asked_is_an_error() {
    const REQUEST: &str = r#"{"SecretType":"password","ServerURL":"u@unknown.example"}"#;
    let rig = Rig::new();
    let folder = rig.folder.path().display().to_string();
    let missing = format!(
        "the other helper {folder}/mysql-secret-store-gone cannot be asked: No such file or directory (os error 2)\n"
    );
    assert_eq!(rig.ask(named("gone"), "get", REQUEST).await, (1, missing));
    let path = rig.helper("plain", "exit 0");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (status, text) = rig.ask(named("plain"), "get", REQUEST).await;
    assert!(status == 1 && text.contains("mysql-secret-store-plain cannot be asked: Permission denied"), "{text}");
    // Started by a person, from no Shell's folder.
    let located = OtherHelper::new(named("plain"), None, &rig.environment).locate();
    assert!(located.unwrap_err().contains("plain"));
    assert_eq!(OtherHelper::new(Delegate::Auto, None, &rig.environment).locate(), Ok(None));
}

#[tokio::test]
async fn nobody_asks_themselves() {
    let rig = Rig::new();
    let this = std::env::current_exe().unwrap();
    let link = rig.folder.path().join("mysql-secret-store-mirror");
    std::os::unix::fs::symlink(&this, &link).unwrap();
    for delegate in [named("mirror"), Delegate::Path(this), Delegate::Path(link)] {
        let problem =
            OtherHelper::new(delegate, Some(rig.folder.path().into()), &rig.environment).locate().unwrap_err();
        assert!(problem.ends_with("is rdsconn itself"), "{problem}");
    }
    // A script between us and ourselves is not seen through; the variable is.
    rig.helper("other", "exit 0");
    let folder = Some(rig.folder.path().to_owned());
    assert!(OtherHelper::new(named("other"), folder.clone(), &rig.environment).locate().unwrap().is_some());
    let called_back = Environment::of([(DELEGATED, "1")]);
    assert_eq!(OtherHelper::new(named("other"), folder, &called_back).locate(), Ok(None));
}
