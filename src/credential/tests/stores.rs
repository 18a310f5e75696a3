//! Adding, opening, replacing and removing, in the keyring and in files.

use super::*;

#[test]
fn a_credential_in_the_keyring_asks_nobody_and_leaves_no_secret_on_disk() {
    let home = Home::new(working, &[]);
    let vault = home.vault();
    let added = vault.add(&new("ring", ID), Choice::Auto, false).unwrap();
    assert!(added.without_keyring.is_none() && added.left_behind.is_none());
    assert_eq!(home.files(), ["ring.json"]);
    let record = home.vault().record(&name("ring")).unwrap();
    assert_eq!(record, added.record);
    assert_eq!(
        (record.store, record.access_key_id.as_str(), record.region.as_str()),
        (Store::Keyring, ID, "eu-west-1")
    );
    assert!(!std::fs::read_to_string(home.path("ring.json")).unwrap().contains("wJalr"));
    let keys = home.vault().source(&name("ring")).unwrap().open().unwrap();
    assert!(process_output(&keys).contains(SECRET));

    let replaced = vault.add(&new("ring", OTHER_ID), Choice::Auto, true).unwrap().record;
    assert_ne!(replaced.id, record.id);
    // The old secret is gone from the keyring.
    let old = vault.keyring.get(&format!("ring/{}", record.id), home.person.as_ref()).unwrap();
    assert!(old.is_none());
    assert!(vault.remove(&name("ring"), false).unwrap().left_behind.is_none());
    assert!(home.files().is_empty());
    assert!(matches!(vault.record(&name("ring")), Err(Error::NotFound { .. })));
    assert!(vault.keyring.get(&format!("ring/{}", replaced.id), home.person.as_ref()).unwrap().is_none());
    assert!(home.person.asked().is_empty());
}

#[test]
fn t14_without_a_keyring_it_is_a_file_for_nobody_else() {
    let home = Home::new(absent, &[PASSPHRASE, PASSPHRASE, PASSPHRASE]);
    let added = home.vault().add(&new("prod", ID), Choice::Auto, false).unwrap();
    assert!(matches!(added.without_keyring, Some(KeyringFault::Unavailable(_))));
    let file = format!("prod.{}.age", added.record.id);
    assert_eq!(home.files(), [file.clone(), "prod.json".to_owned()]);
    for inside in ["", "prod.json", &file] {
        assert_eq!(mode(&home.path(inside)), if inside.is_empty() { 0o700 } else { 0o600 }, "{inside}");
    }
    assert_eq!(home.vault().sealed_path(&added.record), Some(home.path(&file)));
    let bytes = std::fs::read(home.path(&file)).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("AKIA"));
    home.person.asked();
    let keys = home.vault().source(&name("prod")).unwrap();
    assert_eq!((keys.name(), keys.version()), ("prod", added.record.id));
    assert!(home.person.asked().is_empty(), "nothing is asked before it is needed");
    assert!(process_output(&keys.keys().unwrap()).contains(SECRET));
    assert!(process_output(&keys.keys().unwrap()).contains(SECRET));
    assert_eq!(home.person.asked().len(), 1, "and once only");
}

#[test]
fn there_is_no_hang_where_the_keyring_does_not_answer() {
    let home = Home::new(hanging, &[PASSPHRASE, PASSPHRASE]);
    let added = home.vault().add(&new("slow", ID), Choice::Auto, false).unwrap();
    assert!(matches!(added.without_keyring, Some(KeyringFault::Silent { .. })));
    let error = home.vault().add(&new("slow2", ID), Choice::Keyring, false).unwrap_err();
    assert!(matches!(error, Error::Keyring(KeyringFault::Silent { .. })), "{error}");
    assert!(!home.files().iter().any(|file| file.starts_with("slow2")));
}

#[test]
fn who_waits_for_an_open_keyring_is_told_and_not_for_ever() {
    let home = Home::new(working, &[]);
    let mut vault = Arc::try_unwrap(home.vault()).unwrap();
    let short = Duration::from_millis(50);
    vault.keyring.limits = Limits { connect: Duration::from_mins(1), silence: short, answer: short };
    vault.keyring.connect = || {
        let store = working()?;
        let slow: Arc<CredentialStore> = Arc::new(Slow(store));
        Ok(slow)
    };
    let error = vault.add(&new("window", ID), Choice::Keyring, false).unwrap_err();
    assert!(matches!(error, Error::Keyring(KeyringFault::Silent { .. })), "{error}");
    assert!(home.person.waits.load(Ordering::Relaxed) >= 1);
}

/// A keyring that is there, and then waits for somebody.
#[derive(Debug)]
struct Slow(Arc<CredentialStore>);

impl CredentialStoreApi for Slow {
    fn vendor(&self) -> String {
        self.0.vendor()
    }
    fn id(&self) -> String {
        self.0.id()
    }
    fn build(&self, _: &str, _: &str, _: Option<&HashMap<&str, &str>>) -> keyring_core::Result<Entry> {
        hanging().map(|_| unreachable!())
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[test]
fn what_is_there_is_not_overwritten_unless_it_may() {
    let home = Home::new(absent, &[PASSPHRASE; 4]);
    let first = home.vault().add(&new("prod", ID), Choice::File, false).unwrap().record;
    let again = home.vault().add(&new("prod", OTHER_ID), Choice::File, false).unwrap_err();
    assert!(matches!(again, Error::Exists { .. }), "{again}");
    assert_eq!(home.vault().record(&name("prod")).unwrap(), first);
    let second = home.vault().add(&new("prod", OTHER_ID), Choice::File, true).unwrap().record;
    assert_eq!(home.files(), [format!("prod.{}.age", second.id), "prod.json".to_owned()]);
    // Damaged is not absent.
    std::fs::write(home.path("prod.json"), "{").unwrap();
    let vault = home.vault();
    assert!(vault.is_taken(&name("prod")).unwrap());
    assert!(matches!(vault.add(&new("prod", ID), Choice::File, false), Err(Error::Exists { .. })));
    assert!(matches!(vault.remove(&name("prod"), false), Err(Error::Damaged { .. })));
    vault.remove(&name("prod"), true).unwrap();
    assert!(home.files().is_empty());
}

#[test]
fn names_that_begin_alike_do_not_touch_each_other() {
    let home = Home::new(absent, &[PASSPHRASE; 8]);
    let id = "0123456789abcdef0123456789abcdef";
    let names = ["prod".to_owned(), "prod.eu".to_owned(), format!("prod.{id}")];
    for one in &names {
        home.vault().add(&new(one, ID), Choice::File, false).unwrap();
    }
    assert_eq!(home.files().len(), 6);
    home.vault().remove(&name("prod"), false).unwrap();
    assert_eq!(home.files().len(), 4);
    let listed: Vec<String> = home.vault().records().unwrap().iter().map(|one| one.name.to_string()).collect();
    assert_eq!(listed, [format!("prod.{id}"), "prod.eu".to_owned()]);
}

/// A reader that has the old record in hand gets the new keys.
#[test]
fn r22_a_replacement_in_the_middle_of_an_opening_is_no_error() {
    let home = Home::new(absent, &[PASSPHRASE; 5]);
    home.vault().add(&new("prod", ID), Choice::File, false).unwrap();
    let source = home.vault().source(&name("prod")).unwrap();
    home.vault().add(&new("prod", OTHER_ID), Choice::File, true).unwrap();
    assert_eq!(source.open().unwrap().access_key_id, OTHER_ID);
    let path = home.vault().sealed_path(&home.vault().record(&name("prod")).unwrap()).unwrap();
    let source = home.vault().source(&name("prod")).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(matches!(*source.open().unwrap_err(), Error::SecretMissing { .. }));
}

#[test]
fn r22_many_writers_leave_one_whole_credential() {
    let home = Home::new(absent, &[PASSPHRASE; 1]);
    let file = home.folder.path().join("passphrase");
    std::fs::write(&file, format!("{PASSPHRASE}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let home = Home { passphrase_file: Some(file), ..home };
    home.vault().add(&new("prod", ID), Choice::File, false).unwrap();
    std::thread::scope(|scope| {
        for round in 0..8 {
            let vault = home.vault();
            scope.spawn(move || {
                let id = if round % 2 == 0 { ID } else { OTHER_ID };
                for _ in 0..25 {
                    vault.add(&new("prod", id), Choice::File, true).unwrap();
                }
            });
            let vault = home.vault();
            scope.spawn(move || {
                let mut opened = 0;
                while opened < 25 {
                    // Replaced twice while it was being opened: another try.
                    match vault.source(&name("prod")).unwrap().open() {
                        Ok(keys) => {
                            assert!([ID, OTHER_ID].contains(&keys.access_key_id.as_str()));
                            opened += 1;
                        }
                        Err(error) => assert!(matches!(*error, Error::SecretMissing { .. }), "{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(home.files().len(), 2, "{:?}", home.files());
}

#[test]
fn r23_a_damaged_secret_is_an_error_and_never_other_keys() {
    let home = Home::new(absent, &[PASSPHRASE; 9]);
    let record = home.vault().add(&new("prod", ID), Choice::File, false).unwrap().record;
    let path = home.vault().sealed_path(&record).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let open = || home.vault().source(&name("prod")).unwrap().open();
    let error = open().unwrap_err();
    assert!(matches!(&*error, Error::Damaged { fault: Fault::NotAge, .. }), "{error}");
    assert_eq!(error.to_string(), format!("{} is damaged: it is not a whole age file", path.display()));
    // The file of another credential in its place.
    let other = home.vault().add(&new("other", OTHER_ID), Choice::File, false).unwrap().record;
    std::fs::copy(home.vault().sealed_path(&other).unwrap(), &path).unwrap();
    assert!(matches!(&*open().unwrap_err(), Error::Damaged { fault: Fault::OtherKeys, .. }));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = open().unwrap_err();
    assert!(matches!(&*error, Error::File { source: PrivateFileError::Open { mode: 0o640, .. }, .. }), "{error}");
    let listed = home.vault().records().unwrap();
    assert!(listed.iter().all(|one| one.record.is_ok()));
    std::fs::write(home.path("prod.json"), "{}").unwrap();
    let listed = home.vault().records().unwrap();
    assert_eq!(listed.iter().map(|one| one.record.is_ok()).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn r21_where_nothing_can_be_written_nothing_is_stored_and_it_is_said() {
    let home = Home::new(absent, &[PASSPHRASE; 4]);
    std::fs::create_dir_all(home.path("").parent().unwrap()).unwrap();
    std::fs::write(home.folder.path().join(".local/share/rdsconn/credentials"), "in the way").unwrap();
    let error = home.vault().add(&new("prod", ID), Choice::File, false).unwrap_err();
    assert!(matches!(error, Error::Folder(_)), "{error}");
    let homeless = Vault::new(&Environment::of([]), home.person.clone());
    assert!(matches!(homeless.records(), Err(Error::NoFolder)));
}
