//! T14, R23 and the order of places: files through the cache, the kernel's keyring, listing and clearing.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::super::Place;
use super::*;

fn kept(home: &Home, storage: Storage, who: &'static str, user: &str) -> AuthToken {
    run(cached(Issuer::new(who), home.cache(storage)).token(request(&endpoint(), user))).unwrap()
}

#[test]
fn t14_a_token_in_a_file_is_for_its_user_alone() {
    let home = Home::new();
    kept(&home, Storage::File, "who", "dba");
    let [file] = home.files("").try_into().unwrap();
    assert!(file.extension().is_some_and(|extension| extension == "token"));
    let metadata = file.metadata().unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.nlink()), (0o600, 1));
    assert_eq!(home.tokens().metadata().unwrap().mode() & 0o7777, 0o700);
    assert!(!file.to_str().unwrap().contains("dba") && !file.to_str().unwrap().contains("orders"));
}

/// Each makes the kept token as good as absent, and the next one that is kept takes its place.
#[test]
fn t14_r23_a_file_that_is_not_in_order_is_absent() {
    type Spoil = fn(&Path, &Path);
    let cases: [(&str, Spoil); 9] = [
        ("0644", |file, _| std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap()),
        ("a second name", |file, other| std::fs::hard_link(file, other).unwrap()),
        ("a link", |file, other| {
            std::fs::rename(file, other).unwrap();
            symlink(other, file).unwrap();
        }),
        ("a pipe", |file, _| {
            std::fs::remove_file(file).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, file, rustix::fs::Mode::RWXU).unwrap();
        }),
        ("empty", |file, _| std::fs::write(file, "").unwrap()),
        ("cut", |file, _| std::fs::File::options().write(true).open(file).unwrap().set_len(100).unwrap()),
        ("a flipped bit", |file, _| {
            let mut bytes = std::fs::read(file).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            std::fs::write(file, bytes).unwrap();
        }),
        ("too large", |file, _| std::fs::File::options().write(true).open(file).unwrap().set_len(1 << 40).unwrap()),
        ("of another version", |file, _| {
            let bytes = std::fs::read(file).unwrap();
            std::fs::write(file, [b"rdsconn token 2\n", &bytes[16..]].concat()).unwrap();
        }),
    ];
    for (what, spoil) in cases {
        let home = Home::new();
        kept(&home, Storage::File, "who", "dba");
        assert!(kept(&home, Storage::File, "who", "dba").may_be_stale);
        let [file] = home.files(".token").try_into().unwrap();
        let other = home.path().join("other");
        spoil(&file, &other);
        let before = std::fs::read(&other).ok();
        assert!(home.cache(Storage::File).list(now()).is_empty(), "{what}");
        assert!(!kept(&home, Storage::File, "who", "dba").may_be_stale, "{what}");
        assert!(kept(&home, Storage::File, "who", "dba").may_be_stale, "{what}");
        assert_eq!(std::fs::read(&other).ok(), before, "{what} is written through");
    }
}

/// T20: even under the right name, an entry for somebody else is not served.
#[test]
fn t20_an_entry_under_a_wrong_name_is_absent() {
    let home = Home::new();
    kept(&home, Storage::File, "prod", "dba");
    let [of_prod] = home.files(".token").try_into().unwrap();
    kept(&home, Storage::File, "dev", "dba");
    let of_dev = home.files(".token").into_iter().find(|file| *file != of_prod).unwrap();
    std::fs::rename(of_prod, of_dev).unwrap();
    assert!(home.cache(Storage::File).list(now()).is_empty());
    let token = kept(&home, Storage::File, "dev", "dba");
    assert!(!token.may_be_stale && text(&token).starts_with("dev "));
}

#[test]
fn the_runtime_folder_comes_before_the_cache_folder() {
    let (home, runtime, cache) = (Home::new(), Home::new(), Home::new());
    let [home_path, runtime_path, cache_path] = [&home, &runtime, &cache].map(|home| home.path().to_str().unwrap());
    let all = [("HOME", home_path), ("XDG_RUNTIME_DIR", runtime_path), ("XDG_CACHE_HOME", cache_path)];
    let with = |environment: &Environment| Cache::new(Storage::File, environment);
    let absent = home.path().join("absent");
    let endpoint = endpoint();
    let expected = [
        (Environment::of(all), runtime.path()),
        (Environment::of([all[0], all[2]]), cache.path()),
        (
            Environment::of([all[0], ("XDG_RUNTIME_DIR", ""), ("XDG_CACHE_HOME", "relative")]),
            &home.path().join(".cache"),
        ),
        (Environment::of([all[0], all[1], ("XDG_RUNTIME_DIR", absent.to_str().unwrap()), all[2]]), cache.path()),
    ];
    for (environment, base) in expected {
        let tokens = cached(Issuer::new("who"), with(&environment));
        assert!(!run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
        let [found] = tokens.cache.list(now()).try_into().unwrap();
        assert_eq!(found.place, Place::Folder(base.join("rdsconn/tokens")));
        assert!(tokens.cache.take_fault().is_none());
        assert_eq!(tokens.cache.clear(), 1);
    }
}

#[test]
fn the_keyring_comes_first_and_leaves_nothing_on_a_disk() {
    if !has_keyring("the order of places") {
        return;
    }
    let home = Home::new();
    kept(&home, Storage::Auto, "who", "dba");
    assert!(kept(&home, Storage::Auto, "who", "dba").may_be_stale);
    assert_eq!(home.files("").len(), 0);
    let [found] = home.cache(Storage::None).list(now()).try_into().unwrap();
    assert_eq!(found.place, Place::Keyring);
    // With `tokens = "file"` the keyring is not used; what is there already is still listed and cleared.
    assert!(!kept(&home, Storage::File, "who", "reader").may_be_stale);
    assert!(!kept(&home, Storage::File, "who", "dba").may_be_stale);
    assert_eq!(home.files(".token").len(), 2);
    assert_eq!(home.cache(Storage::File).list(now()).len(), 2, "one that is in two places is one");
    // Another home of the same user has other AWS files.
    let other = Home::new();
    assert!(other.cache(Storage::Auto).list(now()).is_empty() && other.cache(Storage::Auto).clear() == 0);
    assert_eq!(home.cache(Storage::File).clear(), 3);
    assert!(home.cache(Storage::Auto).list(now()).is_empty() && home.files("").is_empty());
}

#[test]
fn nothing_is_kept_where_that_is_switched_off() {
    let (home, endpoint) = (Home::new(), endpoint());
    kept(&home, Storage::Auto, "who", "dba");
    let tokens = cached(Issuer::new("who"), home.cache(Storage::None));
    for _ in 0..2 {
        assert!(!run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
        assert!(!run(tokens.fresh(request(&endpoint, "dba"))).unwrap().may_be_stale);
    }
    assert_eq!(tokens.tokens.minted.get(), 4);
    assert_eq!(tokens.cache.list(now()).len(), 1, "what is there from before is still found");
    assert!(run(tokens.forget(request(&endpoint, "dba"))) && tokens.cache.list(now()).is_empty());
}

#[test]
fn the_list_tells_what_is_kept_and_nothing_of_the_tokens() {
    let home = Home::new();
    for (who, user) in [("prod", "reader"), ("dev", "dba"), ("prod", "dba")] {
        kept(&home, Storage::File, who, user);
    }
    std::fs::write(home.tokens().join("planted.token"), "x").unwrap();
    let cache = home.cache(Storage::File);
    let list = cache.list(now());
    let shown: Vec<_> = list.iter().map(|kept| (kept.user.as_str(), kept.identity.as_str())).collect();
    assert_eq!(shown, [("dba", "dev"), ("dba", "prod"), ("reader", "prod")]);
    assert!(list.iter().all(|kept| kept.endpoint == endpoint() && kept.region == REGION));
    assert!(list.iter().all(|kept| kept.not_after == now() + Duration::from_mins(14)));
    assert!(!format!("{list:?}").contains("1800000000"), "the stand-in's tokens hold this number");
    assert!(cache.list(now() + Duration::from_mins(14)).is_empty());
    assert_eq!((cache.clear(), cache.clear(), home.files(".token").len()), (4, 0, 0));
}

/// A long session token makes a long token; one that is longer than any place takes is not kept, and not cut.
#[test]
fn long_tokens_are_kept_whole_or_not_at_all() {
    let home = Home::new();
    for storage in [Storage::File, Storage::Auto] {
        let cache = home.cache(storage);
        for (length, is_kept) in [(1, true), (5_000, true), (30_000, true), (40_000, false)] {
            let secret = "x".repeat(length);
            let token = AuthToken {
                user: "dba".to_owned(),
                secret: SecretString::from(secret.as_str()),
                not_after: now() + Duration::from_mins(14),
                may_be_stale: false,
            };
            let key = Key::new(&identity("who", &length.to_string()), request(&endpoint(), "dba"));
            assert_eq!(cache.put(&Entry::new(key.clone(), &token, now()), now()), is_kept);
            let found = cache.get(&key, now()).map(Entry::into_token);
            assert_eq!(found.as_ref().map(text), is_kept.then_some(secret.as_str()));
        }
        cache.clear();
    }
}
