//! R21: a full disk, a read-only one, no home at all. The token is there all the same, one remark says why it is not kept, and
//! what was kept before is whole.

use super::super::Error;
use super::processes::{again_after, told};
use super::*;
use crate::os::PrivateFolderError;

/// What every case must come to: tokens, no panic, a remark, and only the first time that it is asked for.
fn assert_works_without(cache: Cache) -> Error {
    let endpoint = endpoint();
    let tokens = cached(Issuer::new("who"), cache);
    let request = request(&endpoint, "dba");
    run(async {
        assert!(!tokens.fresh(request).await.unwrap().may_be_stale);
        assert!(!tokens.token(request).await.unwrap().may_be_stale);
        let token = tokens.token(request).await.unwrap();
        assert!(!token.may_be_stale);
        tokens.refused(request, &token).await;
        assert!(!tokens.forget(request).await);
    });
    assert!(tokens.cache.list(now()).is_empty() && tokens.cache.clear() == 0);
    let fault = tokens.cache.take_fault().expect("a remark");
    assert!(tokens.cache.take_fault().is_none());
    fault
}

#[test]
fn r21_no_home_and_homes_that_cannot_be_written_to() {
    let nowhere = Cache::new(Storage::File, &Environment::of([]));
    assert!(matches!(assert_works_without(nowhere), Error::NoPlace));
    let home = Home::new();
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    // Our own, but nothing can be made there, not even by root.
    let ours = Path::new("/proc/self");
    for path in [file.as_path(), ours, &home.path().join("nowhere/at/all")] {
        let fault = assert_works_without(cache_of(path, Storage::File));
        assert!(matches!(fault, Error::NotKept(PrivateFolderError::Unusable { .. })), "{fault:?}");
    }
    for variable in ["XDG_RUNTIME_DIR", "XDG_CACHE_HOME"] {
        let only = Cache::new(Storage::File, &Environment::of([(variable, "/proc/self")]));
        assert!(matches!(assert_works_without(only), Error::NotKept(_)), "{variable}");
    }
}

/// In the places where a container, a daemon or `env -i` has neither a home nor a runtime folder, the kernel may still help.
#[test]
fn r21_the_keyring_needs_no_home() {
    if !has_keyring("no home") {
        return;
    }
    let endpoint = endpoint();
    let tokens = cached(Issuer::new("who without a home"), Cache::new(Storage::Auto, &Environment::of([])));
    run(async {
        tokens.fresh(request(&endpoint, "dba")).await.unwrap();
        assert!(tokens.token(request(&endpoint, "dba")).await.unwrap().may_be_stale);
        assert!(tokens.forget(request(&endpoint, "dba")).await && tokens.cache.take_fault().is_none());
    });
}

/// A limit on file sizes ends a program that writes beyond it; this one does not try.
#[test]
fn r21_a_limit_on_file_sizes() {
    const THIS: &str = "faults::r21_a_limit_on_file_sizes";
    if let Some((home, _, _)) = told() {
        let fault = assert_works_without(cache_of(&home, Storage::File));
        assert!(fault.to_string().contains("is not kept"), "{fault}");
        eprintln!("done");
        return;
    }
    let home = Home::new();
    assert_succeeds(again_after("ulimit -f 0", THIS, home.path()));
}

#[test]
fn r21_a_full_disk_and_a_read_only_one() {
    const THIS: &str = "faults::r21_a_full_disk_and_a_read_only_one";
    if let Some((home, _, _)) = told() {
        on_a_small_disk(&home);
        eprintln!("done");
        return;
    }
    let home = Home::new();
    let mount = format!("mount -t tmpfs -o size=64k,mode=700 none {}", home.path().display());
    if !again_after(&mount, "none", home.path()).output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED a full and a read-only disk: no file system can be mounted here");
        return;
    }
    assert_succeeds(again_after(&mount, THIS, home.path()));
}

fn on_a_small_disk(home: &Path) {
    let endpoint = endpoint();
    let tokens = cached(Issuer::new("who"), cache_of(home, Storage::File));
    let [kept, other] = ["dba", "reader"].map(|user| request(&endpoint, user));
    let files = || {
        let mut files: Vec<_> =
            std::fs::read_dir(home.join(".cache/rdsconn/tokens")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_none_or(|extension| extension != "lock"));
        files
    };
    run(async {
        let first = tokens.token(kept).await.unwrap();
        let filling = home.join("filling");
        let full = std::fs::write(&filling, vec![7; 1 << 20]).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        // What is there stays whole, what is new is not there at all.
        assert!(!tokens.fresh(kept).await.unwrap().may_be_stale);
        assert!(!tokens.token(other).await.unwrap().may_be_stale);
        assert!(!tokens.token(other).await.unwrap().may_be_stale);
        let fault = tokens.cache.take_fault().unwrap();
        let Error::NotKept(PrivateFolderError::Unusable { source, .. }) = fault else { panic!("{fault:?}") };
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        let still = tokens.token(kept).await.unwrap();
        assert!(still.may_be_stale && text(&still) == text(&first));
        assert_eq!(files().len(), 1, "nothing half is left behind: {:?}", files());
        std::fs::remove_file(filling).unwrap();
        tokens.token(other).await.unwrap();
        assert!(tokens.token(other).await.unwrap().may_be_stale && files().len() == 2);

        let remount = std::process::Command::new("mount").args(["-o", "remount,bind,ro"]).arg(home).status();
        assert!(remount.unwrap().success());
        let still = tokens.token(kept).await.unwrap();
        assert!(still.may_be_stale && text(&still) == text(&first));
        assert!(!tokens.fresh(kept).await.unwrap().may_be_stale && !tokens.forget(kept).await);
        let fault = tokens.cache.take_fault().unwrap();
        let Error::NotKept(PrivateFolderError::Unusable { source, .. }) = fault else { panic!("{fault:?}") };
        assert_eq!(source.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
        assert!(tokens.token(kept).await.unwrap().may_be_stale);
    });
}

fn assert_succeeds(mut command: std::process::Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said == "done\n", "{}: {said}", output.status);
}
