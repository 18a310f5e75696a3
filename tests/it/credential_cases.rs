//! What goes wrong with stored credentials and needs no server; and credentials that are laid out as rdsconn stores them, by
//! another hand: the age library itself, with a passphrase that costs next to nothing.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use rdsconn_lab::environment::TestEnv;

use crate::cases::{Case, case};
use crate::support::{ENDPOINT, KEY_ID, SECRET_KEY, add_aws_config};

pub(crate) const PASSPHRASE: &str = "correct horse battery";

const FOLDER: &str = ".local/share/rdsconn/credentials";
const ID: &str = "0123456789abcdef0123456789abcdef";

/// Mistakes and misfortunes.
pub(crate) const CREDENTIALS: [Case; 18] = [
    case(2, "credential_name", nothing, &["credential", "show", "../prod"]),
    case(2, "credential_unknown", nothing, &["credential", "export", "prod"]),
    case(2, "credential_misspelled", in_file, &["credential", "export", "pord"]),
    case(2, "credential_unknown_to_a_target", in_file, &["token", "-u", "dba", "--credential", "dev", ENDPOINT]),
    case(
        2,
        "credential_beside_a_profile",
        in_file,
        &["token", "-u", "dba", "--credential", "prod", "--profile", "acme", ENDPOINT],
    ),
    case(2, "credential_exists", in_file, &["credential", "add", "prod", "--access-key-id", KEY_ID]),
    case(2, "credential_id_shape", nothing, &["credential", "add", "prod", "--access-key-id", "AKIAIOSFODNN7"]),
    case(2, "credential_region_shape", nothing, &["credential", "add", "prod", "--region", "virginia"]),
    case(2, "credential_without_id", nothing, &["credential", "add", "prod"]),
    case(2, "credential_without_secret", nothing, &["credential", "add", "prod", "--access-key-id", KEY_ID]),
    case(2, "credential_descriptor", nothing, &["credential", "add", "prod", "--secret-fd", "63"]),
    case(2, "credential_without_passphrase", in_file, &["credential", "export", "prod"]),
    case(
        4,
        "credential_wrong_passphrase",
        |test| passphrase(test, "another", 0o600),
        &["credential", "export", "prod"],
    ),
    case(
        2,
        "credential_passphrase_open",
        |test| passphrase(test, PASSPHRASE, 0o644),
        &["credential", "export", "prod"],
    ),
    case(2, "credential_damaged", |test| drop(test.write_file(record(), "{\"name\": ")), &["credential", "list"]),
    case(2, "credential_cut", cut, &["token", "-u", "dba", "--credential", "prod", ENDPOINT]),
    case(
        4,
        "credential_without_keyring",
        |test| write_record(test, "prod", "keyring"),
        &["credential", "export", "prod"],
    ),
    case(
        2,
        "credential_profile_exists",
        |test| {
            in_file(test);
            add_aws_config(test, "[profile acme]\n");
        },
        &["credential", "add", "prod", "--aws-profile", "acme"],
    ),
];

fn nothing(_: &mut TestEnv) {}

fn record() -> String {
    format!("{FOLDER}/prod.json")
}

fn in_file(test: &mut TestEnv) {
    plant(test, "prod");
}

fn passphrase(test: &mut TestEnv, said: &str, mode: u32) {
    plant(test, "prod");
    give_passphrase(test, said);
    std::fs::set_permissions(test.path("passphrase"), std::fs::Permissions::from_mode(mode)).unwrap();
}

fn cut(test: &mut TestEnv) {
    passphrase(test, PASSPHRASE, 0o600);
    let path = test.path(sealed("prod"));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() - 9]).unwrap();
}

/// Names a private file with a passphrase in it.
pub(crate) fn give_passphrase(test: &mut TestEnv, said: &str) {
    let path = test.write_file("passphrase", format!("{said}\n"));
    test.set("RDSCONN_PASSPHRASE_FILE", path);
}

fn sealed(name: &str) -> String {
    format!("{FOLDER}/{name}.{ID}.age")
}

fn write_record(test: &TestEnv, name: &str, store: &str) {
    let written = format!(
        r#"{{"rdsconn_credential": 1, "name": "{name}", "id": "{ID}", "description": "the warehouse", "region": "eu-west-1",
 "access_key_id": "{KEY_ID}", "created": "2026-11-21T08:00:00Z", "store": "{store}"}}"#
    );
    test.write_file(format!("{FOLDER}/{name}.json"), written);
}

/// Puts a credential into a home, in a file.
pub(crate) fn plant(test: &TestEnv, name: &str) {
    write_record(test, name, "file");
    let mut recipient = age::scrypt::Recipient::new(age::secrecy::SecretString::from(PASSPHRASE));
    recipient.set_work_factor(1);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut bytes = Vec::new();
    let mut writer = encryptor.wrap_output(&mut bytes).unwrap();
    write!(writer, r#"{{"Version":1,"AccessKeyId":"{KEY_ID}","SecretAccessKey":"{SECRET_KEY}"}}"#).unwrap();
    writer.finish().unwrap();
    test.write_file(sealed(name), bytes);
}
