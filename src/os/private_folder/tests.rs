//! T14 on real files: links, pipes, owners, modes, swaps between check and use; and locks.

#![expect(clippy::disallowed_methods, reason = "tests plant files themselves")]

use std::os::unix::fs::symlink;
use std::sync::atomic::AtomicBool;

use rustix::fs::{Gid, Uid, chmod, chown};

use super::*;

const LIMIT: usize = 1000;

/// A home with a folder to be private in.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn base(&self) -> PathBuf {
        self.0.path().join(".cache")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.base().join("program/tokens").join(name)
    }

    fn folder(&self) -> PrivateFolder {
        self.made().unwrap()
    }

    fn made(&self) -> Result<PrivateFolder, PrivateFolderError> {
        PrivateFolder::make_base(&self.base())?;
        PrivateFolder::create(&self.base(), "program", "tokens")
    }

    fn opened(&self) -> Result<Option<PrivateFolder>, PrivateFolderError> {
        PrivateFolder::open(&self.base(), "program", "tokens")
    }
}

fn mode_of(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    chmod(path, Mode::from_raw_mode(mode)).unwrap();
}

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("SKIPPED other owners: only root can give a file to somebody else");
    }
    is_root
}

fn text(folder: &PrivateFolder, name: &str) -> Option<String> {
    folder.read(name, LIMIT).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn what_is_missing_is_made_private_and_only_when_asked() {
    let home = Home::new();
    assert!(home.opened().unwrap().is_none() && !home.base().exists());
    assert!(PrivateFolder::create(&home.base(), "program", "tokens").is_err() && !home.base().exists());
    let folder = home.folder();
    for path in [home.base(), home.base().join("program"), home.path("")] {
        assert_eq!(mode_of(&path), 0o700, "{}", path.display());
    }
    folder.replace("a", b"first").unwrap();
    folder.replace("a", b"second").unwrap();
    assert_eq!((text(&folder, "a").as_deref(), mode_of(&home.path("a"))), (Some("second"), 0o600));
    assert_eq!(text(&home.opened().unwrap().unwrap(), "a").as_deref(), Some("second"));
    assert_eq!(folder.names(), ["a"]);
    assert!(folder.remove("a") && !folder.remove("a") && text(&folder, "a").is_none());
    // Only the last part of the base is made.
    let deep = home.0.path().join("x/y");
    assert!(PrivateFolder::make_base(&deep).is_err() && !deep.exists());
}

#[test]
fn t14_a_folder_that_others_may_use_is_not_used() {
    let home = Home::new();
    let folder = home.folder();
    folder.replace("a", b"text").unwrap();
    let (program, tokens) = (home.base().join("program"), home.path(""));
    let cases = [(&program, [0o755, 0o711], [0o770, 0o707, 0o720]), (&tokens, [0o700, 0o500], [0o750, 0o701, 0o704])];
    for (path, accepted, refused) in cases {
        for mode in refused {
            set_mode(path, mode);
            assert!(matches!(home.opened(), Err(PrivateFolderError::Open { mode: shown, .. }) if shown == mode));
            assert!(matches!(home.made(), Err(PrivateFolderError::Open { .. })), "{mode:o}");
        }
        for mode in accepted {
            set_mode(path, mode);
            assert_eq!(text(&home.opened().unwrap().unwrap(), "a").as_deref(), Some("text"), "{mode:o}");
        }
        set_mode(path, 0o700);
    }
}

#[test]
fn t14_a_folder_of_somebody_else_is_not_used() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    home.folder();
    for path in [home.base(), home.base().join("program"), home.path("")] {
        chown(&path, Some(Uid::from_raw(12_345)), None::<Gid>).unwrap();
        assert!(matches!(home.opened(), Err(PrivateFolderError::ForeignOwner { owner: 12_345, .. })));
        chown(&path, Some(Uid::ROOT), None::<Gid>).unwrap();
    }
    // Under sudo, HOME may be somebody else's: nothing is left there.
    std::fs::remove_dir_all(home.base()).unwrap();
    chown(home.0.path(), Some(Uid::from_raw(12_345)), None::<Gid>).unwrap();
    assert!(matches!(home.made(), Err(PrivateFolderError::ForeignOwner { .. })));
    assert!(!home.base().exists());
}

#[test]
fn t14_links_in_the_place_of_folders() {
    let (home, elsewhere) = (Home::new(), Home::new());
    elsewhere.folder().replace("a", b"elsewhere").unwrap();
    // Somebody may keep the whole of the base on another disk.
    symlink(elsewhere.base(), home.base()).unwrap();
    assert_eq!(text(&home.opened().unwrap().unwrap(), "a").as_deref(), Some("elsewhere"));
    std::fs::remove_file(home.base()).unwrap();
    std::fs::create_dir(home.base()).unwrap();
    symlink(elsewhere.base().join("program"), home.base().join("program")).unwrap();
    assert!(home.opened().is_err() && home.made().is_err());
    std::fs::remove_file(home.base().join("program")).unwrap();
    std::fs::create_dir(home.base().join("program")).unwrap();
    symlink(elsewhere.path(""), home.base().join("program/tokens")).unwrap();
    assert!(home.opened().is_err() && home.made().is_err());
}

/// Puts something under the name that is no private file of ours, beside a file `victim` that must not change.
type Planted = fn(&Home, &Path);

const PLANTED: [(&str, Planted); 8] = [
    ("a link", |home, path| symlink(home.path("victim"), path).unwrap()),
    ("a link to nothing", |_, path| symlink("nowhere", path).unwrap()),
    ("a link to itself", |_, path| symlink(path, path).unwrap()),
    ("a second name", |home, path| std::fs::hard_link(home.path("victim"), path).unwrap()),
    ("a pipe", |_, path| rustix::fs::mknodat(CWD, path, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap()),
    ("a file that its group may read", |_, path| plant(path, 0o640)),
    ("a file that all may read", |_, path| plant(path, 0o604)),
    ("a file with more than permissions", |_, path| plant(path, 0o4600)),
];

fn plant(path: &Path, mode: u32) {
    std::fs::write(path, "planted").unwrap();
    set_mode(path, mode);
}

#[test]
fn t14_what_is_not_ours_alone_is_neither_read_nor_written_through() {
    for (what, planted) in PLANTED {
        let home = Home::new();
        let folder = home.folder();
        folder.replace("victim", b"victim").unwrap();
        planted(&home, &home.path("a"));
        assert_eq!(text(&folder, "a"), None, "{what}");
        let is_ordinary = std::fs::symlink_metadata(home.path("a")).unwrap().is_file();
        if let Some(lock) = folder.lock_file("a") {
            // Its own file, whatever its mode: a lock is not read, and growing it harms nobody.
            assert!(is_ordinary && what.starts_with("a file"), "{what} serves as a lock");
            lock.release_failed();
        }
        folder.replace("a", b"text").unwrap();
        assert_eq!(text(&folder, "a").as_deref(), Some("text"), "{what}");
        assert_eq!(text(&folder, "victim").as_deref(), Some("victim"), "{what}");
    }
}

#[test]
fn t14_a_file_of_somebody_else_is_not_read() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    let folder = home.folder();
    folder.replace("a", b"text").unwrap();
    chown(home.path("a"), Some(Uid::from_raw(12_345)), None::<Gid>).unwrap();
    assert!(text(&folder, "a").is_none() && folder.lock_file("a").is_none());
}

#[test]
fn sizes_are_limited_and_folders_are_no_files() {
    let home = Home::new();
    let folder = home.folder();
    folder.replace("large", &[7; LIMIT + 1]).unwrap();
    folder.replace("whole", &[7; LIMIT]).unwrap();
    folder.replace("empty", b"").unwrap();
    std::fs::create_dir(home.path("folder")).unwrap();
    assert!(text(&folder, "large").is_none() && text(&folder, "folder").is_none());
    assert_eq!(folder.read("whole", LIMIT).map(|bytes| bytes.len()), Some(LIMIT));
    assert_eq!(text(&folder, "empty").as_deref(), Some(""));
    let error = folder.replace("folder", b"x").unwrap_err();
    assert!(matches!(&error, PrivateFolderError::Unusable { path, .. } if path.ends_with("folder")), "{error}");
    assert_eq!(folder.names(), ["empty", "folder", "large", "whole"], "and nothing half is left behind");
}

/// Swaps between check and use: 10,000 renames under a reader and a writer.
#[test]
fn t14_swaps_between_check_and_use_gain_nothing() {
    // In memory where there is such a place: what is raced is names, not disks.
    let home = Home(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());
    let folder = home.folder();
    std::fs::write(home.0.path().join("victim"), "victim").unwrap();
    let victim = home.0.path().join("victim");
    let is_over = AtomicBool::new(false);
    let (mut hits, mut misses) = (0_u32, 0_u32);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..10_000_u32 {
                let planted = home.path(".planted");
                match round % 4 {
                    0 => symlink(&victim, &planted).unwrap(),
                    1 => std::fs::hard_link(&victim, &planted).unwrap(),
                    2 => plant(&planted, 0o644),
                    _ => rustix::fs::mknodat(CWD, &planted, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap(),
                }
                std::fs::rename(&planted, home.path("a")).unwrap();
                if round % 2 == 0 {
                    folder.replace("a", b"ours").unwrap();
                }
            }
            is_over.store(true, Ordering::Release);
        });
        while !is_over.load(Ordering::Acquire) {
            match text(&folder, "a").as_deref() {
                Some("ours") => hits += 1,
                None => misses += 1,
                Some(other) => panic!("{other:?} was read"),
            }
        }
    });
    assert!(hits > 0 && misses > 0, "{hits} hits, {misses} misses: the race was not run");
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "victim");
}

#[test]
fn what_is_old_is_swept_and_what_is_new_stays() {
    let home = Home::new();
    let folder = home.folder();
    folder.replace("a", b"x").unwrap();
    std::fs::write(home.path(".a.1.1"), "left behind").unwrap();
    std::fs::create_dir(home.path("folder")).unwrap();
    let now = SystemTime::now();
    folder.sweep(Duration::from_mins(15), now + Duration::from_mins(14));
    assert!(home.path("a").exists() && home.path(".a.1.1").exists());
    folder.sweep(Duration::from_mins(15), now + Duration::from_mins(16));
    assert!(!home.path("a").exists() && !home.path(".a.1.1").exists() && home.path("folder").exists());
    folder.sweep(Duration::from_mins(15), UNIX_EPOCH);
}

#[test]
fn a_lock_is_for_one_and_is_forgotten_with_its_use() {
    let home = Home::new();
    let folder = home.folder();
    let [first, second] = [(); 2].map(|()| folder.lock_file("x.lock").unwrap());
    assert!(first.try_acquire() && !second.try_acquire() && first.is_current());
    first.release();
    assert!(!home.path("x.lock").exists());
    // Who waited for it must not believe that it holds what the next one will open.
    assert!(second.acquire() && !second.is_current() && !second.holder_failed());
    let third = folder.lock_file("x.lock").unwrap();
    assert!(third.try_acquire());
    second.release();
    assert!(home.path("x.lock").exists() && third.is_current(), "a lock that is over takes no other with it");
}

#[test]
fn r11_those_who_wait_hear_of_a_failure() {
    let home = Home::new();
    let folder = home.folder();
    let [first, second] = [(); 2].map(|()| folder.lock_file("x.lock").unwrap());
    assert!(first.try_acquire());
    first.release_failed();
    assert!(second.acquire() && second.is_current() && second.holder_failed());
    // Who comes afterwards has waited for nobody, and tries.
    assert!(!folder.lock_file("x.lock").unwrap().holder_failed());
    second.release();
    assert!(!home.path("x.lock").exists());
}
