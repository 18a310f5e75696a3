//! What the offline tests share: an environment for the real binary, one account's worth of names, and a recording `ssh`.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use rdsconn_lab::environment::{Output, ProfileCredentials, TestEnv};
use rdsconn_lab::verifier::{AccessKey, Verifier};

/// The RDS name that most tests connect to in their minds.
pub(crate) const ENDPOINT: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";
/// A name that only the test's own files know.
pub(crate) const HOST: &str = "orders.prod.use1.db.acme.example";
pub(crate) const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The convention of the README.
pub(crate) const ACME: &str = r#"pattern = '(?<service>[a-z0-9-]+)\.(?<env>dev|prod)\.(?<region>use1|euw1)\.db\.acme\.example'
[lookup.region]
use1 = "us-east-1"
euw1 = "eu-west-1"
[target]
profile = "acme-${env}"
region = "${region}"
endpoint = "${service}.cluster-c9abc.${region}.rds.amazonaws.com"
user = "dba"
bastion = "bastion-${env}"
"#;

/// An empty home for the real binary.
pub(crate) fn environment() -> TestEnv {
    TestEnv::new(env!("CARGO_BIN_EXE_rdsconn"))
}

/// A home with the README's convention and a profile with static keys for it.
pub(crate) fn acme() -> TestEnv {
    let test = environment();
    acme_in(&test);
    test
}

/// Gives a home the README's convention and a profile with static keys for it.
pub(crate) fn acme_in(test: &TestEnv) {
    test.write_convention("acme", ACME);
    let keys = ProfileCredentials::Static { id: KEY_ID, secret: SECRET_KEY, session_token: None };
    test.write_aws_profile("acme-prod", None, &keys);
}

/// The database's side of a token for [`ENDPOINT`].
pub(crate) fn verifier(session_token: Option<&str>) -> Verifier {
    let session_token = session_token.map(str::to_owned);
    let key = AccessKey { id: KEY_ID.to_owned(), secret: SECRET_KEY.to_owned(), session_token };
    Verifier::new(ENDPOINT, 3306, "us-east-1", vec![key])
}

/// Adds lines to the AWS configuration file.
pub(crate) fn add_aws_config(test: &TestEnv, lines: &str) {
    test.append_file(".aws/config", lines);
}

/// An SSO session `corp`, the profile `sso` on it and the profile `role` that takes its credentials from `sso`; the login
/// is as far gone as `expires` says.
pub(crate) fn add_sso(test: &TestEnv, access_token: &str, expires: &str) {
    add_aws_config(
        test,
        "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.example/start\n\
         [profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = dba\n\
         [profile role]\nrole_arn = arn:aws:iam::111122223333:role/dba\nsource_profile = sso\n",
    );
    let token = format!(
        r#"{{"startUrl":"https://corp.awsapps.example/start","region":"us-east-1","accessToken":"{access_token}","expiresAt":"{expires}"}}"#
    );
    // The AWS CLI names the file by the SHA-1 of the session's name.
    test.write_file(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", token);
}

/// What the recording `ssh` was started with.
pub(crate) struct Recorded {
    /// One for each start: the arguments behind the program's name.
    pub(crate) arguments: Vec<Vec<String>>,
    /// `NAME=value` of all starts.
    pub(crate) environment: String,
}

/// Puts an `ssh` first on the path that writes down how it is started and answers as `ssh -G` does, with a bastion on a
/// port of this machine where nobody listens.
pub(crate) fn record_ssh(test: &mut TestEnv) {
    let folder = test.path("bin");
    let record = test.path("record");
    std::fs::create_dir(&record).unwrap();
    // `$$` differs from start to start; the arguments may hold anything but NUL.
    let script = format!(
        "#!/bin/sh\nprintf '%s\\0' \"$@\" > {0}/$$.arguments\ncat /proc/self/environ | tr '\\0' '\\n' > {0}/$$.environment\n\
         printf 'host x\\nhostname 127.0.0.1\\nport 1\\nuser ops\\nuserknownhostsfile /dev/null\\n'\n",
        record.display()
    );
    let program = test.write_file("bin/ssh", script);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let path = std::env::var("PATH").unwrap();
    test.set("PATH", format!("{}:{path}", folder.display()));
}

/// Takes what the recording `ssh` has written down.
pub(crate) fn take_recorded(test: &TestEnv) -> Recorded {
    let mut recorded = Recorded { arguments: Vec::new(), environment: String::new() };
    for entry in std::fs::read_dir(test.path("record")).unwrap() {
        let path = entry.unwrap().path();
        let written = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        if path.extension().is_some_and(|extension| extension == "arguments") {
            let mut arguments: Vec<String> = written.split('\0').map(str::to_owned).collect();
            // Each argument ends in NUL.
            assert_eq!(arguments.pop().as_deref(), Some(""));
            recorded.arguments.push(arguments);
        } else {
            recorded.environment.push_str(&written);
        }
        std::fs::remove_file(path).unwrap();
    }
    recorded
}

/// Both streams, to be searched.
pub(crate) fn everything(output: &Output) -> String {
    let mut all = output.stdout.clone();
    let _ = write!(all, "\n{}", output.stderr);
    all
}

/// Runs rdsconn as a user who is not root, whatever the tests run as: on a home that belongs to that user. `None`, with a
/// loud remark, where that cannot be done.
pub(crate) fn as_ordinary_user(test: &TestEnv, arguments: &[&str]) -> Option<Output> {
    as_ordinary_user_after(test, arguments, |_| ())
}

/// The same, after what root may do to the home once it belongs to that user.
pub(crate) fn as_ordinary_user_after(test: &TestEnv, arguments: &[&str], prepare: impl Fn(&TestEnv)) -> Option<Output> {
    if rustix::process::geteuid().as_raw() != 0 {
        return Some(test.rdsconn(arguments));
    }
    let program = test.path("rdsconn");
    std::fs::copy(test.program(), &program).unwrap();
    assert_eq!(test.run("chown", ["-R", "65534:65534", test.home().to_str().unwrap()]).code, 0);
    prepare(test);
    let switch = ["--reuid=65534", "--regid=65534", "--clear-groups", "--", program.to_str().unwrap()];
    let found =
        std::process::Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED what an ordinary user may not read: the tests run as root, and setpriv is not installed");
        return None;
    }
    Some(test.run("setpriv", switch.iter().chain(arguments)))
}

/// Puts a script into a home. It is written by another process: a file that this one has open for writing cannot be run.
pub(crate) fn script(place: &TestEnv, inside: &str, text: &str) -> std::path::PathBuf {
    let source = place.write_file(format!("{inside}.text"), format!("#!/bin/sh\n{text}\n"));
    let program = place.path(inside);
    assert_eq!(place.run("/bin/cp", [&source, &program]).code, 0);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::remove_file(source).unwrap();
    program
}

/// Gives a profile credentials that come from a program, which counts how often it is asked.
pub(crate) fn counted_profile(test: &TestEnv, profile: &str, region: Option<&str>) {
    let answer = format!(r#"{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}"#);
    let asked = test.path("asked");
    let program = script(test, "credentials", &format!("echo asked >> {}\necho '{answer}'", asked.display()));
    let command = program.display().to_string();
    test.write_aws_profile(profile, region, &ProfileCredentials::Process(&command));
}

/// How often the program of [`counted_profile`] was asked.
pub(crate) fn times_asked(test: &TestEnv) -> usize {
    std::fs::read_to_string(test.path("asked")).unwrap_or_default().lines().count()
}

/// What `cache list --json` tells.
pub(crate) fn kept(test: &TestEnv) -> Vec<serde_json::Value> {
    serde_json::from_str(&test.rdsconn(["cache", "list", "--json"]).succeeded().stdout).unwrap()
}
