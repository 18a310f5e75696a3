//! The token cache through the real binary: what a second command saves, and whose tokens are never confused. The credentials
//! come from a program that counts how often it is asked, which stands for every call to AWS.

use std::io::Read as _;
use std::process::Stdio;

use rdsconn_lab::environment::{ProfileCredentials, TestEnv};
use rdsconn_lab::real::{ENDPOINT_PORT, REGION, STATIC_PROFILE, session_key, static_key};
use rdsconn_lab::shell::{Generation, Shell};
use rdsconn_lab::verifier::{AccessKey, Verifier};

use crate::shell_helper::assert_token;
use crate::stage::{HOST, Stage};
use crate::support::{
    ACME, ENDPOINT, KEY_ID, SECRET_KEY, as_ordinary_user, counted_profile, environment, everything, kept, script,
    times_asked,
};

const STORAGES: [&str; 2] = ["", "[cache]\ntokens = \"file\"\n"];

/// The README's convention, on a profile that counts.
fn counted(config: &str) -> TestEnv {
    let place = environment();
    place.write_convention("acme", ACME);
    counted_profile(&place, "acme-prod", None);
    place.write_config(config);
    place
}

fn token(place: &TestEnv, arguments: &[&str]) -> String {
    place.rdsconn(["token"].iter().chain(arguments)).succeeded().stdout
}

#[test]
fn a_second_command_asks_nobody() {
    for config in STORAGES {
        let place = counted(config);
        let first = token(&place, &[HOST]);
        assert_token(first.trim(), ENDPOINT, 3306, "dba");
        assert_eq!(token(&place, &[HOST]), first);
        let shell = Shell::new(&place, Generation::First);
        assert_eq!(
            shell.get(&format!("dba@{HOST}")).unwrap().unwrap(),
            first.trim(),
            "the helper has it from the same place"
        );
        assert_eq!(times_asked(&place), 1, "{config}");
        // Another user, another port, another endpoint: another token.
        for other in [&[HOST, "-u", "reader"][..], &[HOST, "--port", "3307"], &["other.prod.use1.db.acme.example"]] {
            assert_ne!(token(&place, other), first);
        }
        assert_eq!(times_asked(&place), 4);
        token(&place, &[HOST, "--fresh"]);
        assert_eq!(times_asked(&place), 5);
        let listed = kept(&place);
        assert_eq!(listed.len(), 4, "{listed:?}");
    }
}

#[test]
fn nothing_is_kept_if_that_is_wanted() {
    let place = counted("[cache]\ntokens = \"none\"\n");
    token(&place, &[HOST]);
    token(&place, &[HOST]);
    assert_eq!((times_asked(&place), kept(&place).len()), (2, 0));
    for base in ["run/rdsconn/tokens", ".cache/rdsconn/tokens"] {
        assert!(!place.path(base).exists(), "{base}");
    }
}

#[test]
fn what_is_kept_is_shown_and_cleared() {
    for config in STORAGES {
        let place = counted(config);
        let empty = place.rdsconn(["cache", "list"]).succeeded();
        assert_eq!((empty.stdout.as_str(), empty.stderr.as_str()), ("", "no token is kept\n"));
        let secret = token(&place, &[HOST]);
        let signature = secret.trim().rsplit('=').next().unwrap();
        let plain = place.rdsconn(["cache", "list"]).succeeded();
        assert!(plain.stdout.starts_with(&format!("dba@{ENDPOINT}:3306 us-east-1 until 20")), "{}", plain.stdout);
        assert_eq!((plain.stdout.lines().count(), plain.stderr.as_str()), (1, ""));
        let json = place.rdsconn(["cache", "list", "--json"]).succeeded();
        let listed = kept(&place);
        let entry = &listed[0];
        assert_eq!(entry["endpoint"], format!("{ENDPOINT}:3306"));
        assert_eq!((&entry["user"], &entry["region"]), (&"dba".into(), &"us-east-1".into()));
        for output in [&plain, &json] {
            assert!(!everything(output).contains(signature) && !everything(output).contains(SECRET_KEY));
        }
        let cleared = place.rdsconn(["cache", "clear"]).succeeded();
        assert_eq!((cleared.stdout.as_str(), cleared.stderr.as_str()), ("", "removed 1 token\n"));
        assert_eq!(place.rdsconn(["cache", "clear"]).succeeded().stderr, "removed 0 tokens\n");
        assert!(kept(&place).is_empty());
        token(&place, &[HOST]);
        assert_eq!(times_asked(&place), 2);
    }
}

/// T20: who signs is part of what a token is kept under, and no name of a profile.
#[test]
fn t20_two_profiles_of_one_endpoint_are_never_confused() {
    for config in STORAGES {
        let place = environment();
        place.write_config(config);
        let keys = [(KEY_ID, SECRET_KEY), ("AKIAOTHER", "another"), (KEY_ID, "rotated")];
        let mut tokens = Vec::new();
        for (number, (id, secret)) in keys.into_iter().enumerate() {
            let credentials = ProfileCredentials::Static { id, secret, session_token: None };
            place.write_aws_profile(&format!("p{number}"), None, &credentials);
        }
        for _ in 0..2 {
            for (number, (id, secret)) in keys.into_iter().enumerate() {
                let printed = token(&place, &["--profile", &format!("p{number}"), "-u", "dba", ENDPOINT]);
                let key = AccessKey { id: id.to_owned(), secret: secret.to_owned(), session_token: None };
                assert_eq!(Verifier::new(ENDPOINT, 3306, REGION, vec![key]).verify(printed.trim(), "dba"), Ok(()));
                tokens.push(printed);
            }
        }
        assert_eq!(tokens[..3], tokens[3..], "each its own, twice");
        assert_eq!(kept(&place).len(), 3);
        // The same name, other keys.
        place.write_file(".aws/credentials", "[p0]\naws_access_key_id = AKIANEW\naws_secret_access_key = new\n");
        let key = AccessKey { id: "AKIANEW".to_owned(), secret: "new".to_owned(), session_token: None };
        let printed = token(&place, &["--profile", "p0", "-u", "dba", ENDPOINT]);
        assert_eq!(Verifier::new(ENDPOINT, 3306, REGION, vec![key]).verify(printed.trim(), "dba"), Ok(()));
    }
}

/// T20: the keyring is one for all homes of a user; each home sees its own.
#[test]
fn t20_homes_keep_to_themselves() {
    let (one, other) = (counted(""), counted(""));
    token(&one, &[HOST]);
    assert_eq!((kept(&one).len(), kept(&other).len()), (1, 0));
    other.rdsconn(["cache", "clear"]).succeeded();
    assert_eq!(kept(&one).len(), 1);
}

/// R11: one asks, and everybody has the answer; also if the one who asks first is killed meanwhile.
#[test]
fn r11_two_hundred_commands_ask_once() {
    const MANY: usize = 200;
    for (config, is_killed) in [("", false), (STORAGES[1], true)] {
        let place = environment();
        place.write_config(config);
        place.write_convention("acme", ACME);
        for pipe in ["never", "begun"] {
            place.run("mkfifo", [pipe]).succeeded();
        }
        // Open for both, so that it opens at once; while it is open, nobody is answered.
        let gate = std::fs::File::options().read(true).write(true).open(place.path("never")).unwrap();
        let answer = format!(r#"{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}"#);
        // The gate is entered before it is told that it was.
        let asking = format!("echo asked >> asked; exec 3< never; echo begun > begun; cat <&3; echo '{answer}'");
        let program = script(&place, "credentials", &asking);
        let command = program.display().to_string();
        place.write_aws_profile("acme-prod", None, &ProfileCredentials::Process(&command));
        // Opens when the program opens it.
        let begun = || {
            let mut text = String::new();
            std::fs::File::open(place.path("begun")).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "begun\n");
        };
        let mut commands: Vec<_> = (0..MANY)
            .map(|_| {
                let mut command = place.command(place.program(), ["token", "--connect-timeout", "50", HOST]);
                command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        begun();
        let mut killed = None;
        if is_killed {
            // Who asks has started the program, and holds the lock.
            killed = (0..MANY).find(|number| has_child(commands[*number].id()));
            commands[killed.unwrap()].kill().unwrap();
            begun();
        }
        drop(gate);
        let mut tokens: Vec<String> = Vec::new();
        for (number, command) in commands.into_iter().enumerate() {
            let output = command.wait_with_output().unwrap();
            if Some(number) != killed {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                tokens.push(String::from_utf8(output.stdout).unwrap());
            }
        }
        assert_eq!(times_asked(&place), 1 + usize::from(is_killed), "{config}");
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "{config}");
        assert_token(tokens[0].trim(), ENDPOINT, 3306, "dba");
    }
}

fn has_child(process: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    tasks
        .flatten()
        .any(|task| !std::fs::read_to_string(task.path().join("children")).unwrap_or_default().trim().is_empty())
}

/// A kept token that the database refuses is dropped, and a fresh one tried, once.
#[test]
fn a_kept_token_that_is_refused_is_replaced() {
    let stage = Stage::embedded();
    stage.query(&["select 1"]).succeeded();
    // The key was rotated behind the profile's back: what was kept is of the old one.
    let other = AccessKey { id: "AKIAROTATED".to_owned(), secret: "rotated".to_owned(), session_token: None };
    let verifier = |keys| Verifier::new(rdsconn_lab::real::ENDPOINT, ENDPOINT_PORT, REGION, keys);
    let database = &stage.parts().database;
    let process = |key: &AccessKey| {
        let AccessKey { id, secret, .. } = key;
        let answer = format!(r#"{{"Version": 1, "AccessKeyId": "{id}", "SecretAccessKey": "{secret}"}}"#);
        stage.home.write_file("answer", answer);
    };
    stage.home.write_file(".aws/credentials", "");
    let cat = format!("cat {}", stage.home.path("answer").display());
    stage.home.write_file(".aws/config", format!("[profile {STATIC_PROFILE}]\ncredential_process = {cat}\n"));
    process(&static_key());
    stage.query(&["select 1"]).succeeded();
    let before = database.refusals().len();
    database.set_verifier(verifier(vec![other.clone()]));
    process(&other);
    let output = stage.query(&["select 1"]).succeeded();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("1\n1\n", ""));
    assert_eq!(database.refusals().len(), before + 1, "{:?}", database.refusals());
    stage.query(&["select 1"]).succeeded();
    assert_eq!(database.refusals().len(), before + 1, "the fresh one is kept");
    // Where a fresh one is refused as well, that is the answer, and nothing is tried for ever.
    database.set_verifier(verifier(vec![session_key()]));
    stage.query(&["select 1"]).ended_with(4);
    // A fresh one of the same second is the same one, and not offered again.
    assert!((before + 2..=before + 3).contains(&database.refusals().len()), "{:?}", database.refusals());
    stage.query(&["select 1"]).ended_with(4);
}

/// R21: where nothing can be kept, everything works as if there were no cache, and one line says so.
#[test]
fn r21_a_token_that_cannot_be_kept_is_a_token() {
    let place = counted("[cache]\ntokens = \"file\"\n");
    for base in ["run/rdsconn", ".cache/rdsconn"] {
        place.write_file(base, "a file is in the way of the folder");
    }
    for times in 1..=2 {
        let output = place.rdsconn(["token", HOST]).succeeded();
        assert_token(output.stdout.trim(), ENDPOINT, 3306, "dba");
        assert!(output.stderr.starts_with("warning: the token is not kept"), "{}", output.stderr);
        assert_eq!((output.stderr.lines().count(), times_asked(&place)), (1, times));
        assert_eq!(place.rdsconn(["token", "-q", HOST, "-u", "reader"]).succeeded().stderr, "");
        std::fs::remove_file(place.path("asked")).unwrap();
        (1..=times).for_each(|_| drop(place.append_file("asked", "asked\n")));
    }
    // The Shell reads one text: no warning in it.
    assert!(Shell::new(&place, Generation::First).get(&format!("dba@{HOST}")).unwrap().is_some());
}

/// R21: a home that cannot be written to, and none at all.
#[test]
fn r21_a_read_only_home_and_none_at_all() {
    let mut place = environment();
    let keys = ProfileCredentials::Static { id: KEY_ID, secret: SECRET_KEY, session_token: None };
    place.write_aws_profile("p", None, &keys);
    let arguments = ["token", "--profile", "p", "-u", "dba", ENDPOINT];
    for name in ["XDG_RUNTIME_DIR", "XDG_CACHE_HOME"] {
        place.set(name, "/proc/none");
        let output = place.rdsconn(arguments).succeeded();
        assert_token(output.stdout.trim(), ENDPOINT, 3306, "dba");
    }
    for name in ["HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
        place.unset(name);
        let output = place.rdsconn(arguments).succeeded();
        assert_token(output.stdout.trim(), ENDPOINT, 3306, "dba");
    }
    // Without a home the keyring has tokens of nobody's home.
    place.rdsconn(["cache", "clear"]).succeeded();
    drop(place);
    let place = counted("[cache]\ntokens = \"file\"\n");
    for folder in ["run", ".cache"] {
        std::fs::set_permissions(place.path(folder), std::os::unix::fs::PermissionsExt::from_mode(0o500)).unwrap();
    }
    let Some(output) = as_ordinary_user(&place, &["token", HOST]) else { return };
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output.stderr.starts_with("warning: the token is not kept") && output.stderr.lines().count() == 1,
        "{}",
        output.stderr
    );
}

/// R23: what is broken is as good as not there.
#[test]
fn r23_broken_entries_are_misses() {
    let place = counted("[cache]\ntokens = \"file\"\n");
    token(&place, &[HOST]);
    let entry = || {
        let found = std::fs::read_dir(place.path("run/rdsconn/tokens")).unwrap().flatten().map(|entry| entry.path());
        found.into_iter().find(|path| path.extension().is_some_and(|end| end == "token")).unwrap()
    };
    let whole = std::fs::read(entry()).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for broken in [&whole[..whole.len() - 1], &flipped, b"", &[&whole[..], b"x"].concat()] {
        std::fs::write(entry(), broken).unwrap();
        let asked = times_asked(&place);
        assert!(kept(&place).is_empty());
        let output = place.rdsconn(["token", HOST]).succeeded();
        assert_eq!((output.stderr.as_str(), times_asked(&place)), ("", asked + 1));
        assert_eq!(kept(&place).len(), 1);
    }
}
