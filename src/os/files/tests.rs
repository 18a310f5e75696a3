//! T8 and T14 on real files: modes, owners, links, pipes.

use std::os::unix::fs::symlink;

use rustix::fs::{CWD, chmod};

use super::*;

const LIMIT: u64 = 1000;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        create_private(&self.path(name), text).unwrap();
        self.path(name)
    }
}

fn set_mode(path: &Path, mode: u32) {
    chmod(path, Mode::from_raw_mode(mode)).unwrap();
}

#[test]
fn t8_modes_decide() {
    let place = Place::new();
    let file = place.file("a.toml", "text");
    for (mode, is_read) in
        [(0o600, true), (0o644, true), (0o444, true), (0o664, false), (0o646, false), (0o666, false), (0o620, false)]
    {
        set_mode(&file, mode);
        match read_trusted(&file, LIMIT) {
            Ok(text) => assert!(is_read && text.as_deref() == Some("text"), "{mode:o}"),
            Err(FileError::Writable { path, mode: shown, is_folder: false }) => {
                assert!(!is_read && shown == mode && path == file);
            }
            Err(error) => panic!("{mode:o}: {error}"),
        }
    }
    set_mode(&file, 0o600);
    for (mode, is_read) in [(0o700, true), (0o755, true), (0o775, false), (0o757, false), (0o1777, false)] {
        set_mode(place.0.path(), mode);
        let refused = matches!(read_trusted(&file, LIMIT), Err(FileError::Writable { is_folder: true, .. }));
        assert_eq!(refused, !is_read, "{mode:o}");
    }
}

#[test]
fn t8_a_link_is_judged_by_what_it_leads_to() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let real = elsewhere.file("real.toml", "text");
    symlink(&real, place.path("link.toml")).unwrap();
    symlink("link.toml", place.path("second.toml")).unwrap();
    for name in ["link.toml", "second.toml"] {
        assert_eq!(read_trusted(&place.path(name), LIMIT).unwrap().as_deref(), Some("text"));
    }
    set_mode(&real, 0o666);
    let refused = read_trusted(&place.path("link.toml"), LIMIT).unwrap_err();
    assert!(
        matches!(&refused, FileError::Writable { path, is_folder: false, .. } if path.ends_with("real.toml")),
        "{refused}"
    );
    set_mode(&real, 0o600);
    set_mode(elsewhere.0.path(), 0o777);
    let refused = read_trusted(&place.path("link.toml"), LIMIT).unwrap_err();
    assert!(matches!(&refused, FileError::Writable { is_folder: true, .. }), "{refused}");
    symlink("nowhere", place.path("broken.toml")).unwrap();
    symlink("loop.toml", place.path("loop.toml")).unwrap();
    for name in ["broken.toml", "loop.toml"] {
        assert!(matches!(read_trusted(&place.path(name), LIMIT), Err(FileError::Unreadable { .. })), "{name}");
    }
}

#[test]
fn t8_another_owner_is_refused() {
    if !rustix::process::geteuid().is_root() {
        println!("not run: only root can give a file to somebody else");
        return;
    }
    let place = Place::new();
    let file = place.file("a.toml", "text");
    let somebody = Some(rustix::fs::Uid::from_raw(12_345));
    rustix::fs::chown(&file, somebody, None).unwrap();
    let refused = read_trusted(&file, LIMIT).unwrap_err();
    assert!(matches!(&refused, FileError::ForeignOwner { owner: 12_345, user: 0, path } if *path == file), "{refused}");
    rustix::fs::chown(&file, Some(rustix::fs::Uid::ROOT), None).unwrap();
    rustix::fs::chown(place.0.path(), somebody, None).unwrap();
    let refused = read_trusted(&file, LIMIT).unwrap_err();
    assert!(matches!(&refused, FileError::ForeignOwner { path, .. } if path == place.0.path()), "{refused}");
    rustix::fs::chown(place.0.path(), Some(rustix::fs::Uid::ROOT), None).unwrap();
}

#[test]
fn t14_pipes_folders_and_devices_are_no_files() {
    let place = Place::new();
    rustix::fs::mkfifoat(CWD, place.path("pipe.toml"), Mode::from_raw_mode(0o600)).unwrap();
    create_private_folder(&place.path("folder.toml")).unwrap();
    symlink("/dev/zero", place.path("zero.toml")).unwrap();
    for name in ["pipe.toml", "folder.toml", "zero.toml"] {
        let error = read_trusted(&place.path(name), LIMIT).unwrap_err();
        assert!(matches!(error, FileError::NotAFile { .. } | FileError::Writable { .. }), "{name}: {error}");
        assert!(matches!(read_any(&place.path(name), LIMIT), Err(FileError::NotAFile { .. })), "{name}");
    }
}

#[test]
fn sizes_encodings_and_absence() {
    let place = Place::new();
    let large = place.file("large.toml", &"x".repeat(1001));
    assert!(matches!(read_trusted(&large, LIMIT), Err(FileError::TooLarge { limit: LIMIT, .. })));
    assert_eq!(read_trusted(&large, LIMIT + 1).unwrap().map(|text| text.len()), Some(1001));
    let mut file = File::create_new(place.path("latin.toml")).unwrap();
    file.write_all(b"a\nb\n\xfc\n").unwrap();
    assert!(matches!(read_trusted(&place.path("latin.toml"), LIMIT), Err(FileError::NotText { line: 3, .. })));
    assert_eq!(read_trusted(&place.path("absent.toml"), LIMIT).unwrap(), None);
    assert_eq!(read_trusted(&place.path("absent/x.toml"), LIMIT).unwrap(), None);
    assert!(matches!(read_trusted(Path::new("/"), LIMIT), Err(FileError::NotAFile { .. })));
    assert!(matches!(read_trusted(&large.join("x"), LIMIT), Err(FileError::Unreadable { .. })));
}

#[test]
fn a_folder_is_listed_in_order_without_hidden_and_other_files() {
    let place = Place::new();
    for name in ["b.toml", "a.toml", "B.toml", ".hidden.toml", "readme.md", "c.toml~", "toml"] {
        place.file(name, "");
    }
    let folder = TrustedFolder::open(place.0.path()).unwrap().unwrap();
    assert_eq!(folder.names("toml").unwrap(), ["B.toml", "a.toml", "b.toml"]);
    assert_eq!(list(place.0.path(), "toml").unwrap().len(), 3);
    assert!(TrustedFolder::open(&place.path("absent")).unwrap().is_none());
}

#[test]
fn what_is_written_is_private_and_overwrites_nothing() {
    let place = Place::new();
    let file = place.file("a.toml", "first");
    assert_eq!(rustix::fs::stat(&file).unwrap().st_mode & 0o7777, 0o600);
    assert!(matches!(create_private(&file, "second"), Err(FileError::Exists { .. })));
    symlink("target", place.path("link")).unwrap();
    assert!(matches!(create_private(&place.path("link"), "x"), Err(FileError::Exists { .. })));
    assert!(!place.path("target").exists());
    assert_eq!(read_trusted(&file, LIMIT).unwrap().as_deref(), Some("first"));
    create_private_folder(&place.path("x/y")).unwrap();
    assert_eq!(rustix::fs::stat(place.path("x/y")).unwrap().st_mode & 0o777, 0o700);
    assert!(matches!(create_private(&place.path("no/a"), ""), Err(FileError::NotWritten { .. })));
}
