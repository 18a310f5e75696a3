//! Where passphrases come from, and what is not taken for one.

use super::*;

fn add(home: &Home, as_name: &str) -> Result<Record, Error> {
    home.vault().add(&new(as_name, ID), Choice::File, false).map(|added| added.record)
}

fn open(home: &Home, as_name: &str) -> Result<String, Arc<Error>> {
    home.vault().source(&name(as_name)).unwrap().open().map(|keys| keys.access_key_id)
}

#[test]
fn a_new_passphrase_is_asked_for_twice_and_has_a_length() {
    let home = Home::new(absent, &["short", PASSPHRASE, "correct house", PASSPHRASE, PASSPHRASE]);
    add(&home, "prod").unwrap();
    let asked = home.person.asked();
    assert_eq!(asked.len(), 5);
    assert!(asked[1].contains("TooShort(8)") && asked[3].contains("Differs"), "{asked:?}");
    assert_eq!((asked[2].as_str(), asked[4].as_str()), ("Repeated", "Repeated"));

    let home = Home::new(absent, &[PASSPHRASE, "a slip", PASSPHRASE, "a slip", PASSPHRASE, "a slip", "never asked"]);
    assert!(matches!(add(&home, "prod"), Err(Error::PassphrasesDiffer)));
    let home = Home::new(absent, &["1234567", "", "a"]);
    assert!(matches!(add(&home, "prod"), Err(Error::PassphraseTooShort { least: 8 })));
    let home = Home::new(absent, &[]);
    assert!(matches!(add(&home, "prod"), Err(Error::NoPassphrase { .. })));
    assert!(home.files().is_empty());
}

#[test]
fn a_wrong_passphrase_is_asked_for_again_twice() {
    let home = Home::new(absent, &[PASSPHRASE, PASSPHRASE, "wrong", "wrong again", PASSPHRASE]);
    add(&home, "prod").unwrap();
    home.person.asked();
    assert_eq!(open(&home, "prod").unwrap(), ID);
    assert_eq!(home.person.asked().len(), 3);

    let home = Home::new(absent, &[PASSPHRASE, PASSPHRASE, "1", "2", "3", PASSPHRASE]);
    add(&home, "prod").unwrap();
    home.person.asked();
    let source = home.vault().source(&name("prod")).unwrap();
    assert!(matches!(&*source.open().unwrap_err(), Error::WrongPassphrase { .. }));
    assert!(matches!(&*source.open().unwrap_err(), Error::WrongPassphrase { .. }));
    assert_eq!(home.person.asked().len(), 3, "who has failed is not asked again");

    let home = Home::new(absent, &[PASSPHRASE, PASSPHRASE]);
    add(&home, "prod").unwrap();
    assert!(matches!(&*open(&home, "prod").unwrap_err(), Error::NoPassphrase { .. }));
}

fn with_file(text: &[u8], permissions: u32) -> Home {
    let home = Home::new(absent, &["never asked"]);
    let file = home.folder.path().join("passphrase");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(permissions)).unwrap();
    Home { passphrase_file: Some(file), ..home }
}

#[test]
fn a_private_file_with_the_passphrase_asks_nobody() {
    for text in ["correct horse", "correct horse\n", "correct horse\r\n", "correct horse\nsomething else\n"] {
        let home = with_file(text.as_bytes(), 0o600);
        add(&home, "prod").unwrap();
        assert_eq!(open(&home, "prod").unwrap(), ID, "{text:?}");
        assert!(home.person.asked().is_empty());
        // One try: the file will not say anything else the second time.
        std::fs::write(home.passphrase_file.as_ref().unwrap(), "another horse").unwrap();
        assert!(matches!(&*open(&home, "prod").unwrap_err(), Error::WrongPassphrase { .. }));
    }
}

#[test]
fn t14_a_file_that_is_not_private_gives_no_passphrase() {
    for mode in [0o644, 0o640, 0o660, 0o601] {
        let error = add(&with_file(b"correct horse", mode), "prod").unwrap_err();
        assert!(matches!(error, Error::PassphraseFile(PrivateFileError::Open { .. })), "{mode:o} {error}");
    }
    for text in [b"".as_slice(), b"\n", b"\ncorrect horse", b"\xff\xff\xff\xff\xff\xff\xff\xff"] {
        let error = add(&with_file(text, 0o600), "prod").unwrap_err();
        assert!(matches!(error, Error::PassphraseFileEmpty { .. }), "{text:?} {error}");
    }
    assert!(matches!(add(&with_file(b"short", 0o600), "prod"), Err(Error::PassphraseTooShort { .. })));
    assert!(matches!(
        add(&with_file(&[b'x'; 5000], 0o600), "prod"),
        Err(Error::PassphraseFile(PrivateFileError::TooLarge { .. }))
    ));
    let home = with_file(b"correct horse", 0o600);
    std::fs::remove_file(home.passphrase_file.as_ref().unwrap()).unwrap();
    assert!(matches!(add(&home, "prod"), Err(Error::PassphraseFileMissing { .. })));
}
