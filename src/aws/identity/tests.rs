//! T20: identities of random configurations, against a model that knows who is meant.

use std::collections::HashMap;
use std::fmt::Write as _;

use futures_util::FutureExt as _;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const CONFIG: &str = "/home/ada/.aws/config";
const CREDENTIALS: &str = "/home/ada/.aws/credentials";

/// Surroundings that exist only in memory.
#[derive(Debug, Clone, Default)]
struct Surroundings {
    files: HashMap<String, String>,
    variables: HashMap<String, String>,
    instance_metadata: bool,
}

impl Surroundings {
    fn with_config(text: &str) -> Self {
        let mut surroundings = Self::default();
        surroundings.set("HOME", "/home/ada").write(CONFIG, text);
        surroundings
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn write(&mut self, path: &str, text: &str) -> &mut Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    fn identity(&self, profile: Option<&str>) -> Option<Identity> {
        let (files, environment) = (Fs::from_map(self.files.clone()), Env::from(self.variables.clone()));
        identity(&files, &environment, profile, self.instance_metadata).now_or_never().expect("nothing is waited for")
    }
}

/// Where the first credentials of a chain come from, and what is true of them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Base {
    Keys { id: String, secret: String, session: Option<String> },
    Environment { id: String, session: Option<String> },
    Session { name: String, url: String, account: String, role: String, login: Option<String> },
    Address { url: String, account: String, role: String, login: Option<String> },
    Process { command: String },
    Web { role: String, name: Option<String>, token: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Role {
    arn: String,
    external_id: Option<String>,
    session_name: Option<String>,
    serial: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Who {
    base: Base,
    /// From the one that is used to the one that the base assumes.
    roles: Vec<Role>,
}

fn sso_cache(login: &str) -> String {
    format!("/home/ada/.aws/sso/cache/{}.json", hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, login.as_bytes())))
}

/// Writes down who it is, under names that mean nothing.
fn written(who: &Who, names: &[String], noise: &str) -> Surroundings {
    let mut config = format!("[profile unrelated]\nregion = {noise}\naws_access_key_id = {noise}\n");
    let mut credentials = String::new();
    let mut surroundings = Surroundings::default();
    for (index, role) in who.roles.iter().enumerate() {
        let _ = writeln!(config, "[profile {}]\nregion = {noise}\nrole_arn = {}", names[index], role.arn);
        let optional = [
            ("external_id", &role.external_id),
            ("role_session_name", &role.session_name),
            ("mfa_serial", &role.serial),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                let _ = writeln!(config, "{name} = {value}");
            }
        }
        let is_last = index + 1 == who.roles.len();
        if is_last && matches!(who.base, Base::Environment { .. }) {
            let _ = writeln!(config, "credential_source = Environment");
        } else {
            let _ = writeln!(config, "source_profile = {}", names[index + 1]);
        }
    }
    let name = &names[who.roles.len()];
    match &who.base {
        Base::Keys { id, secret, session } => {
            let _ = writeln!(credentials, "[{name}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}");
            if let Some(session) = session {
                let _ = writeln!(credentials, "aws_session_token = {session}");
            }
        }
        Base::Environment { id, session } => {
            surroundings.set("AWS_ACCESS_KEY_ID", id).set("AWS_SECRET_ACCESS_KEY", "secret");
            if let Some(session) = session {
                surroundings.set("AWS_SESSION_TOKEN", session);
            }
        }
        Base::Session { name: session, url, account, role, login } => {
            let _ = writeln!(config, "[sso-session {session}]\nsso_start_url = {url}\nsso_region = us-east-1");
            let _ = writeln!(config, "[profile {name}]\nsso_session = {session}\noutput = {noise}");
            let _ = writeln!(config, "sso_account_id = {account}\nsso_role_name = {role}");
            if let Some(login) = login {
                surroundings.write(&sso_cache(session), login);
            }
        }
        Base::Address { url, account, role, login } => {
            let _ = writeln!(config, "[profile {name}]\nsso_start_url = {url}\nsso_region = us-east-1");
            let _ = writeln!(config, "sso_account_id = {account}\nsso_role_name = {role}");
            if let Some(login) = login {
                surroundings.write(&sso_cache(url), login);
            }
        }
        Base::Process { command } => {
            let _ = writeln!(config, "[profile {name}]\ncredential_process = {command}");
        }
        Base::Web { role, name: session, token } => {
            let _ = writeln!(config, "[profile {name}]\nrole_arn = {role}\nweb_identity_token_file = /identity.jwt");
            if let Some(session) = session {
                let _ = writeln!(config, "role_session_name = {session}");
            }
            surroundings.write("/identity.jwt", token);
        }
    }
    surroundings.set("HOME", "/home/ada").write(CONFIG, &config).write(CREDENTIALS, &credentials);
    surroundings
}

/// Few values, so that two identities often differ in one thing only.
fn value() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "ab"]).prop_map(str::to_owned)
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(value())
}

fn base() -> impl Strategy<Value = Base> {
    prop_oneof![
        (value(), value(), maybe()).prop_map(|(id, secret, session)| Base::Keys { id, secret, session }),
        (value(), maybe()).prop_map(|(id, session)| Base::Environment { id, session }),
        (value(), value(), value(), value(), maybe()).prop_map(|(name, url, account, role, login)| Base::Session {
            name,
            url,
            account,
            role,
            login
        }),
        (value(), value(), value(), maybe()).prop_map(|(url, account, role, login)| Base::Address {
            url,
            account,
            role,
            login
        }),
        value().prop_map(|command| Base::Process { command }),
        (value(), maybe(), value()).prop_map(|(role, name, token)| Base::Web { role, name, token }),
    ]
}

fn who() -> impl Strategy<Value = Who> {
    let role = (value(), maybe(), maybe(), maybe()).prop_map(|(arn, external_id, session_name, serial)| Role {
        arn,
        external_id,
        session_name,
        serial,
    });
    (base(), proptest::collection::vec(role, 0..3)).prop_map(|(base, mut roles)| {
        if matches!(base, Base::Environment { .. }) && roles.is_empty() {
            roles.push(Role { arn: "a".to_owned(), external_id: None, session_name: None, serial: None });
        }
        Who { base, roles }
    })
}

/// Two that are the same, that share all but the base or all but the roles, or that share nothing.
fn pair() -> impl Strategy<Value = (Who, Who)> {
    (who(), who(), 0..4).prop_map(|(first, other, shared)| {
        let mut second = if shared == 0 { first.clone() } else { other.clone() };
        match shared {
            1 => second.base = first.base.clone(),
            2 if !matches!(other.base, Base::Environment { .. }) || !first.roles.is_empty() => {
                second.roles.clone_from(&first.roles);
            }
            _ => {}
        }
        if matches!(second.base, Base::Environment { .. }) && second.roles.is_empty() {
            second.roles.clone_from(&other.roles);
        }
        if matches!(second.base, Base::Environment { .. }) && second.roles.is_empty() {
            return (first, other);
        }
        (first, second)
    })
}

fn names() -> impl Strategy<Value = Vec<String>> {
    Just(["one", "two", "three", "four"].map(str::to_owned).to_vec()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Neither the name of a profile nor what is unrelated to credentials has a part in it; everything else has.
    #[test]
    fn t20_two_profiles_have_one_identity_only_if_they_are_the_same(
        pair in pair(), names_of_first in names(), names_of_second in names(), noise in value()
    ) {
        let (first, second) = pair;
        let identity_of_first = written(&first, &names_of_first, "us-east-1").identity(Some(&names_of_first[0]));
        let identity_of_second = written(&second, &names_of_second, &noise).identity(Some(&names_of_second[0]));
        prop_assert!(identity_of_first.is_some() && identity_of_second.is_some());
        prop_assert_eq!(identity_of_first == identity_of_second, first == second);
    }

    /// The same profile as the default one of the surroundings is the same identity.
    #[test]
    fn t20_the_default_profile_is_told_by_what_it_says(pair in pair(), names in names()) {
        let (first, second) = pair;
        let identities = [&first, &second].map(|who| {
            let mut surroundings = written(who, &names, "us-east-1");
            surroundings.set("AWS_PROFILE", &names[0]);
            surroundings.identity(None)
        });
        prop_assert!(identities[0].is_some() && identities[1].is_some());
        // Keys in the environment win over the default profile, whatever it says.
        if !matches!((&first.base, &second.base), (Base::Environment { .. }, Base::Environment { .. })) {
            prop_assert_eq!(identities[0] == identities[1], first == second);
        }
    }
}

#[test]
fn t20_a_name_whose_meaning_changes_is_somebody_else() {
    let keys = |id: &str| format!("[profile p]\naws_access_key_id = {id}\naws_secret_access_key = s\n");
    let [first, second] =
        ["AKIA1", "AKIA2"].map(|id| Surroundings::with_config(&keys(id)).identity(Some("p")).unwrap());
    assert_ne!(first, second);
    let mut elsewhere = Surroundings::with_config("");
    elsewhere.set("AWS_CONFIG_FILE", "/other").write("/other", &keys("AKIA1"));
    assert_eq!(elsewhere.identity(Some("p")), Some(first));
}

#[test]
fn a_login_is_renewed_without_a_change_of_settings() {
    let text = "[sso-session corp]\nsso_start_url = https://x\nsso_region = us-east-1\n\
                [profile p]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = dba\n";
    let mut surroundings = Surroundings::with_config(text);
    let nobody = surroundings.identity(Some("p")).unwrap();
    let first = surroundings.write(&sso_cache("corp"), "first").identity(Some("p")).unwrap();
    let second = surroundings.write(&sso_cache("corp"), "second").identity(Some("p")).unwrap();
    assert!(nobody.settings == first.settings && first.settings == second.settings);
    assert!(nobody.login != first.login && first.login != second.login);
}

#[test]
fn what_only_the_network_knows_has_no_identity() {
    for text in [
        "",
        "[profile other]\naws_access_key_id = a\naws_secret_access_key = b",
        "[profile p]\nregion = us-east-1",
        "[profile p]\naws_access_key_id = a",
        "[profile p]\nlogin_session = arn:aws:sts::1:assumed-role/x",
        "[profile p]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata",
        "[profile p]\nrole_arn = r\ncredential_source = EcsContainer",
        "[profile p]\nrole_arn = r\ncredential_source = Environment",
        "[profile p]\nrole_arn = r",
        "[profile p]\nrole_arn = r\nsource_profile = absent",
        "[profile p]\nrole_arn = r\nsource_profile = q\n[profile q]\nrole_arn = r\nsource_profile = p",
        "[profile p]\nrole_arn = r\nsource_profile = q\n[profile q]\nregion = us-east-1",
        "[profile p]\nrole_arn = r\nsource_profile = q\ncredential_source = Environment\n[profile q]\naws_access_key_id = a\naws_secret_access_key = b",
        "[profile p\nnot a file",
    ] {
        assert_eq!(Surroundings::with_config(text).identity(Some("p")), None, "{text}");
        assert_eq!(Surroundings::with_config(text).set("AWS_PROFILE", "p").identity(None), None, "{text}");
    }
    // A role may start from keys of its own profile.
    let own = "[profile p]\nrole_arn = r\nsource_profile = p\naws_access_key_id = a\naws_secret_access_key = b";
    assert!(Surroundings::with_config(own).identity(Some("p")).is_some());
}

/// Where another source stands behind a login that may fail, the answer may be somebody else's.
#[test]
fn t20_a_login_with_a_container_or_an_instance_behind_it_has_no_identity() {
    let process = "[default]\ncredential_process = give\n";
    let keys = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n";
    for (text, is_known) in [(process, false), (keys, true), ("", false)] {
        for name in OF_A_CONTAINER {
            let mut task = Surroundings::with_config(text);
            task.set(name, "http://169.254.170.2/x");
            assert_eq!(task.identity(None).is_some(), is_known, "{text}");
            if !text.is_empty() {
                assert!(task.identity(Some("default")).is_some(), "a profile that was named stands alone");
            }
        }
        let instance = Surroundings { instance_metadata: true, ..Surroundings::with_config(text) };
        assert_eq!(instance.identity(None).is_some(), is_known, "{text}");
    }
    assert!(Surroundings::with_config(process).identity(None).is_some());
}

#[test]
fn t20_the_environment_comes_before_the_default_profile() {
    let mut surroundings = Surroundings::with_config("[default]\naws_access_key_id = a\naws_secret_access_key = b\n");
    let of_profile = surroundings.identity(None).unwrap();
    let incomplete = surroundings.set("AWS_ACCESS_KEY_ID", "e").set("AWS_SECRET_ACCESS_KEY", "  ").identity(None);
    assert_eq!(incomplete.unwrap(), of_profile);
    let of_environment = surroundings.set("AWS_SECRET_ACCESS_KEY", "f").identity(None).unwrap();
    let of_session = surroundings.set("AWS_SESSION_TOKEN", "t").identity(None).unwrap();
    assert!(of_profile != of_environment && of_environment != of_session);
    assert_eq!(surroundings.identity(Some("default")).unwrap(), of_profile);
}

#[test]
fn t20_a_web_identity_is_told_by_its_token_and_its_role() {
    let with = |token: &str, role: &str, name: &str| {
        let mut surroundings = Surroundings::with_config("");
        surroundings.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/token").set("AWS_ROLE_ARN", role).write("/token", token);
        surroundings.set("AWS_ROLE_SESSION_NAME", name).identity(None).unwrap()
    };
    let all = [with("t", "r", "n"), with("u", "r", "n"), with("t", "s", "n"), with("t", "r", "o")];
    for (index, identity) in all.iter().enumerate() {
        assert_eq!(all.iter().position(|other| other == identity), Some(index));
    }
}

/// Another STS is another world, and what a program prints may hang on its surroundings.
#[test]
fn t20_addresses_and_the_surroundings_of_a_process_count() {
    let role = "[profile p]\nrole_arn = r\nsource_profile = q\nservices = local\n\
                [profile q]\naws_access_key_id = a\naws_secret_access_key = b\n";
    let services = |port: u16| format!("{role}[services local]\nsts =\n  endpoint_url = http://127.0.0.1:{port}\n");
    let [first, second] = [1, 2].map(|port| Surroundings::with_config(&services(port)).identity(Some("p")));
    assert!(first.is_some() && first != second);
    let process = "[profile p]\ncredential_process = give\n";
    for (text, name) in [(role, "AWS_ENDPOINT_URL_STS"), (process, "AWS_PROFILE"), (process, "HOME")] {
        let mut surroundings = Surroundings::with_config(text);
        surroundings.set("AWS_CONFIG_FILE", CONFIG);
        let before = surroundings.identity(Some("p"));
        assert!(before.is_some() && surroundings.set(name, "/other").identity(Some("p")) != before, "{name}");
    }
}

#[test]
fn t17_an_identity_shows_nothing_of_what_it_is_made_of() {
    let text =
        "[profile p]\naws_access_key_id = AKIACANARY\naws_secret_access_key = canary\naws_session_token = canary\n";
    let identity = Surroundings::with_config(text).identity(Some("p")).unwrap();
    for hash in [&identity.settings, &identity.login] {
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    }
    assert!(!format!("{identity:?}").to_lowercase().contains("canary"));
}
