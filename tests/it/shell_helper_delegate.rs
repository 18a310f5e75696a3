//! Another helper behind ours: what is not ours goes to it and comes back as it is.

use rdsconn_lab::environment::TestEnv;
use rdsconn_lab::shell::{Generation, Input, Shell, ShellError};

use crate::shell_helper::BOTH;
use crate::stage::HOST;
use crate::support::{acme, script};

/// Writes down what it is asked, and knows one secret.
const OTHER: &str = r#"
input=
[ "$1" = version ] || input=$(cat)
printf '%s %s\n' "$1" "$input" >> "$HOME/asked-other"
case "$1 $input" in
version*) echo "other 1.0" ;;
get*other.example*) printf '{"SecretType":"password","SecretID":"u@other.example","ServerURL":"u@other.example","Secret":"h\u00fcnter2","More":1}\n\n' ;;
get*odd.example*) echo "  no\n such  " >&2; echo thing; exit 7 ;;
get*) echo "Could not find the secret" >&2; exit 1 ;;
store*full.example*) echo "the disk is full"; exit 3 ;;
store*|erase*) ;;
list*) printf '[{"SecretType":"password","SecretID":"u@other.example","ServerURL":"u@other.example"},{"SecretType":"generic","SecretID":"k","ServerURL":"k"}]' ;;
esac"#;

fn asked(place: &TestEnv) -> Vec<String> {
    let text = std::fs::read_to_string(place.path("asked-other")).unwrap_or_default();
    let _ = std::fs::remove_file(place.path("asked-other"));
    text.lines().map(str::to_owned).collect()
}

/// A home with the other helper where `delegate` finds it.
fn with_other(delegate: &str) -> TestEnv {
    let place = acme();
    script(&place, "shell/bin/mysql-secret-store-login-path", OTHER);
    let path = script(&place, "elsewhere/helper", OTHER);
    place.write_config(&delegate.replace("PATH", path.to_str().unwrap()));
    place
}

const DELEGATES: [&str; 4] =
    ["", "[helper]\ndelegate = \"auto\"\n", "[helper]\ndelegate = \"login-path\"\n", "[helper]\ndelegate = \"PATH\"\n"];

#[test]
fn what_is_not_ours_goes_to_the_other_helper_and_back_unchanged() {
    for delegate in DELEGATES {
        let place = with_other(delegate);
        for generation in BOTH {
            let shell = Shell::new(&place, generation);
            let ours = format!("dba@{HOST}");
            assert!(shell.get(&ours).unwrap().is_some());
            assert_eq!(shell.store(&ours, "hunter2"), Ok(()));
            assert_eq!(shell.erase(&ours), Ok(()));
            assert_eq!(asked(&place), Vec::<String>::new(), "{delegate}: what is ours is nobody else's business");

            assert_eq!(shell.get("u@other.example"), Ok(Some("hünter2".to_owned())), "{delegate}");
            let request = String::from_utf8(shell.request("password", "u@other.example", None)).unwrap();
            assert_eq!(asked(&place), [format!("get {request}")]);
            for url in ["ssh://ops@gate:22", "file:/home/u/key", "u@unknown", "u@/tmp%2Fs"] {
                assert_eq!(shell.get(url), Ok(None), "{delegate}: {url}");
            }
            assert_eq!(shell.store("u@other.example", "hunter2"), Ok(()));
            assert_eq!(shell.store("u@full.example", "x"), Err(ShellError::Helper("the disk is full".to_owned())));
            assert_eq!(shell.erase("u@other.example"), Ok(()));
            let heard = shell.call("get", &Input::Closed(shell.request("password", "u@odd.example", None)));
            assert_eq!((heard.code, String::from_utf8_lossy(&heard.output).as_ref()), (7, "  no\n such  \nthing\n"));
            drop(asked(&place));
        }
    }
}

#[test]
fn lists_are_merged() {
    let place = with_other("");
    for generation in BOTH {
        let shell = Shell::new(&place, generation);
        assert!(shell.get(&format!("dba@{HOST}")).unwrap().is_some());
        let urls = shell.list().unwrap();
        assert_eq!(urls, [format!("dba@{}:3306", crate::support::ENDPOINT), "u@other.example".to_owned()]);
        if generation == Generation::Second {
            assert_eq!(shell.list_of("generic"), Ok(vec!["k".to_owned()]));
        }
    }
}

/// A helper that is named and not there is told; the platform's own, which nobody named, is not missed.
#[test]
fn a_helper_that_is_named_must_be_there() {
    for (delegate, is_told) in
        [("", false), ("[helper]\ndelegate = \"keychain\"\n", true), ("[helper]\ndelegate = \"/nowhere/x\"\n", true)]
    {
        let place = acme();
        place.write_config(delegate);
        for generation in BOTH {
            let shell = Shell::new(&place, generation);
            match shell.get("u@unknown") {
                Ok(None) => assert!(!is_told, "{delegate}"),
                Err(ShellError::Helper(words)) => {
                    assert!(is_told && words.contains("the other helper") && words.lines().count() == 1, "{words}");
                }
                other => panic!("{other:?}"),
            }
            assert!(shell.get(&format!("dba@{HOST}")).unwrap().is_some(), "what is ours is not kept up by it");
        }
    }
}

/// Ours, under another name, behind ours: nobody asks in a circle.
#[test]
fn a_helper_that_leads_back_to_us_is_refused() {
    let place = acme();
    let shell = Shell::new(&place, Generation::Second);
    std::os::unix::fs::symlink(place.program(), shell.folder().join("mysql-secret-store-login-path")).unwrap();
    assert_eq!(shell.get("u@unknown"), Ok(None));
    place.write_config("[helper]\ndelegate = \"login-path\"\n");
    let Err(ShellError::Helper(words)) = shell.get("u@unknown") else { panic!("it asked itself") };
    assert!(words.contains("is rdsconn itself"), "{words}");
    script(&place, "circle", "exec \"$HOME/shell/bin/mysql-secret-store-rdsconn\" \"$@\"");
    place.write_config(&format!("[helper]\ndelegate = \"{}\"\n", place.path("circle").display()));
    assert_eq!(shell.get("u@unknown"), Ok(None));
}
