//! `conventions list | check | init` through the real binary: a first configuration that works, and what is shipped.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rdsconn_lab::environment::TestEnv;

use crate::support::{ACME, HOST, acme, environment};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn shipped(folder: &str) -> String {
    format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))
}

/// A home in which not even the folders of the lab exist.
fn fresh() -> TestEnv {
    let test = environment();
    std::fs::remove_dir(test.path(".config")).unwrap();
    test
}

#[test]
fn r29_init_then_check_then_explain() {
    let test = fresh();
    let begun = test.rdsconn(["conventions", "init"]).succeeded();
    let folder = test.path(".config/rdsconn");
    let (config, example) = (folder.join("config.toml"), folder.join("conventions/example.toml"));
    assert_eq!(begun.stdout, format!("wrote {}\nwrote {}\n", config.display(), example.display()));
    for file in [&config, &example] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    for folder in [&test.path(".config"), &folder, &folder.join("conventions")] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let checked = test.rdsconn(["conventions", "check"]).succeeded();
    assert_eq!(checked.stdout, format!("{}: ok, 3 tests\n", example.display()));
    assert_eq!(checked.stderr, "");
    let explained = test.rdsconn(["explain", HOST]).succeeded();
    assert!(explained.stdout.contains("convention   example\n"), "{}", explained.stdout);
}

/// Every line of the starter that is commented out must be right once it is not.
#[test]
fn the_starters_commented_lines_work() {
    let test = fresh();
    assert_eq!(test.rdsconn(["conventions", "init"]).code, 0);
    let config = test.path(".config/rdsconn/config.toml");
    let written = std::fs::read_to_string(&config).unwrap();
    let (prose, settings): (Vec<_>, Vec<_>) =
        written.lines().partition(|line| line.starts_with('#') && !line.contains(" = ") && !line.contains('['));
    assert_eq!(prose.len(), 2, "{prose:?}");
    let lines: Vec<_> = settings.iter().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect();
    test.write_config(&lines.join("\n"));
    assert_eq!(test.rdsconn(["conventions", "check"]).succeeded().stderr, "");
    let explained = test.rdsconn(["explain", "orders.example.com"]).succeeded().stdout;
    assert!(explained.contains("acme-prod") && explained.contains("bastion-prod"), "{explained}");
}

#[test]
fn init_never_overwrites_and_adds_only_what_is_missing() {
    let test = environment();
    let mine = "[defaults]\nuser = \"me\"\n";
    let config = test.write_config(mine);
    let begun = test.rdsconn(["conventions", "init"]).succeeded();
    assert!(begun.stdout.starts_with(&format!("left as it is {}\nwrote ", config.display())), "{}", begun.stdout);
    assert_eq!(std::fs::read_to_string(&config).unwrap(), mine);
    let example = test.write_convention("example", ACME);
    let again = test.rdsconn(["conventions", "init", "-q"]).succeeded();
    assert_eq!(again.stdout.matches("left as it is").count(), 2);
    assert_eq!(again.stderr, "");
    assert_eq!(std::fs::read_to_string(example).unwrap(), ACME);
}

#[test]
fn t14_init_does_not_write_through_a_link() {
    let test = environment();
    let victim = test.path("victim");
    std::fs::create_dir(test.path(".config/rdsconn")).unwrap();
    std::os::unix::fs::symlink(&victim, test.path(".config/rdsconn/config.toml")).unwrap();
    let begun = test.rdsconn(["conventions", "init"]).succeeded();
    assert!(begun.stdout.starts_with("left as it is"), "{}", begun.stdout);
    assert!(!victim.exists());
}

#[test]
fn init_elsewhere_and_nowhere() {
    let mut test = fresh();
    let named = test.path("else where/config.toml");
    assert_eq!(test.rdsconn(["conventions", "init", "--config", named.to_str().unwrap()]).code, 0);
    let explained = test.rdsconn(["explain", HOST, "--config", named.to_str().unwrap()]).succeeded();
    assert!(explained.stdout.contains("else where/conventions/example.toml:"), "{}", explained.stdout);
    assert!(!test.path(".config").exists());
    test.unset("HOME").unset("XDG_CONFIG_HOME");
    let lost = test.rdsconn(["conventions", "init"]).ended_with(2);
    assert!(lost.stderr.contains("\nhint: name the file with --config FILE\n"), "{}", lost.stderr);
    // A disk that takes nothing is told of, not passed over.
    let full = test.rdsconn(["conventions", "init", "--config", "/proc/rdsconn/config.toml"]).ended_with(2);
    assert!(full.stderr.starts_with("error: /proc/rdsconn/conventions cannot be written\n"), "{}", full.stderr);
}

#[test]
fn what_is_shipped_passes_its_own_tests() {
    let test = environment();
    for (folder, least) in [("conventions", 5), ("conventions/examples", 4)] {
        let checked = test.rdsconn(["conventions", "check", &shipped(folder)]).succeeded();
        let lines: Vec<_> = checked.stdout.lines().collect();
        assert!(lines.len() >= least, "{}", checked.stdout);
        // Not one warning either: each has hosts that match and hosts that do not.
        assert!(lines.iter().all(|line| line.contains(".toml: ok, ") && !line.contains("ok, 0")), "{}", checked.stdout);
    }
}

#[test]
fn the_examples_can_be_used_side_by_side() {
    let test = environment();
    for entry in std::fs::read_dir(shipped("conventions/examples")).unwrap() {
        let path = entry.unwrap().path();
        test.write_convention(path.file_stem().unwrap().to_str().unwrap(), &std::fs::read_to_string(&path).unwrap());
    }
    for (host, convention) in [
        (HOST, "acme"),
        ("billing.live.globex.example", "accounts"),
        ("shop.par.proxy.umbrella.example", "proxy"),
        ("orders.cluster-c9akciq32rgb.us-east-1.rds.amazonaws.com", "rds-names"),
        ("pay-prd-3", "short-names"),
    ] {
        let explained = test.rdsconn(["explain", host]).succeeded().stdout;
        assert!(explained.contains(&format!("convention   {convention}\n")), "{explained}");
    }
}

#[test]
fn list_shows_the_users_own_first_and_every_built_in_one() {
    let test = acme();
    let listed = test.rdsconn(["conventions", "list"]).succeeded().stdout;
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(rows[0], ["acme", "user"]);
    let built_in: Vec<_> = rows[1..].iter().map(|row| (row[0], row[1])).collect();
    let expected = ["rds", "rds-china", "rds-global", "rds-isolated", "rds-sovereign"].map(|name| (name, "built-in"));
    assert_eq!(built_in, expected);
}

#[test]
fn check_shows_every_fault_and_every_warning() {
    let test = environment();
    test.write_convention("bad", &ACME.replace("endpoint =", "endpont =").replace("${env}", "${stage}"));
    test.write_convention("untested", ACME);
    test.write_convention("unused", &format!("{}[[test]]\nhost = \"x\"\nmatch = false\n", ACME.replace("-${env}", "")));
    let checked = test.rdsconn(["conventions", "check"]).ended_with(2);
    for written in [
        "bad.toml:8:1: unknown key \"endpont\" in [target]\n",
        "bad.toml:6:17: profile: no capture is called \"stage\"\n",
        "bad.toml:10:20: bastion: no capture is called \"stage\"\n",
        "untested.toml: warning: no [[test]] has match = false\n",
        "unused.toml: warning: the capture \"env\" is not used\n",
    ] {
        assert!(checked.stdout.contains(written), "{written}\n{}", checked.stdout);
    }
    assert_eq!(checked.stderr, "error: 1 of 3 conventions cannot be used\n");
}

/// A file in a repository belongs to whoever wrote it; to check it is not to trust it.
#[test]
fn check_takes_files_of_a_repository_and_the_own_folder_strictly() {
    let test = environment();
    test.write_file_with_mode("checkout/acme.toml", ACME, 0o666);
    assert_eq!(test.rdsconn(["conventions", "check", "checkout"]).code, 0);
    assert_eq!(test.rdsconn(["conventions", "check", "checkout/acme.toml"]).code, 0);
    let absent = test.rdsconn(["conventions", "check", "checkout/absent.toml"]).ended_with(2);
    assert!(absent.stdout.contains("checkout/absent.toml does not exist"), "{}", absent.stdout);
    let own = test.write_convention("acme", ACME);
    std::fs::set_permissions(own, std::fs::Permissions::from_mode(0o666)).unwrap();
    let checked = test.rdsconn(["conventions", "check"]).ended_with(2);
    assert!(
        checked.stdout.contains("acme.toml can be written by everybody (mode 0666)\n    hint: "),
        "{}",
        checked.stdout
    );
}
