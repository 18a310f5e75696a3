//! T14, T20, R23: what an entry says, and that nothing else reads as one.

use proptest::prelude::*;

use super::*;

fn key(user: &str) -> Key {
    Key::new(&identity("settings", "login"), request(&endpoint(), user))
}

fn entry(key: Key, secret: &str) -> Entry {
    let not_after = now() + Duration::from_mins(14);
    let token =
        AuthToken { user: "dba".to_owned(), secret: SecretString::from(secret), not_after, may_be_stale: false };
    Entry::new(key, &token, now())
}

fn is_whole(bytes: &[u8], key: &Key, secret: &str) -> bool {
    Entry::decode(bytes)
        .is_some_and(|entry| entry.key == *key && entry.is_usable(now()) && text(&entry.into_token()) == secret)
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        settings in ".{0,20}", login in ".{0,20}", region in ".{0,20}", host in "[a-z.]{0,40}", port: u16, user in ".{0,40}",
        secret in ".{0,400}",
    ) {
        let identity = Identity { settings, login };
        let key = Key { identity, region, host, port, user };
        prop_assert!(is_whole(&entry(key.clone(), &secret).encode(), &key, &secret));
    }

    /// Whatever else is in the file, nothing breaks and nothing is offered.
    #[test]
    fn r23_other_bytes_are_no_entry(bytes: Vec<u8>, has_magic: bool) {
        let bytes = if has_magic { [b"rdsconn token 1\n".as_slice(), &bytes].concat() } else { bytes };
        prop_assert!(Entry::decode(&bytes).is_none());
    }

    /// T14: names are made of nothing that a user, a convention or a file has chosen.
    #[test]
    fn t14_a_hostile_name_is_only_hashed(user in any::<String>(), region in "[./\0-]*") {
        let key = Key { region, ..key(&user) };
        for name in [key.name(), key.flight()] {
            prop_assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}

#[test]
fn r23_a_flipped_bit_or_a_missing_byte_makes_no_entry() {
    let key = key("dba");
    let whole = entry(key.clone(), "the token");
    let whole = whole.encode();
    assert!(is_whole(&whole, &key, "the token"));
    for byte in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.to_vec();
            flipped[byte] ^= 1 << bit;
            assert!(Entry::decode(&flipped).is_none(), "bit {bit} of byte {byte}");
        }
        assert!(Entry::decode(&whole[..byte]).is_none(), "cut at {byte}");
    }
    assert!(Entry::decode(&[&whole[..], b"\n"].concat()).is_none());
    assert!(Entry::decode(&[&whole[..], &whole[..]].concat()).is_none());
}

#[test]
fn t20_every_part_of_the_key_counts() {
    let first = key("dba");
    let with = |change: fn(&mut Key)| {
        let mut key = first.clone();
        change(&mut key);
        key
    };
    let keys = [
        first.clone(),
        with(|key| key.identity.settings = "other".to_owned()),
        with(|key| key.identity.login = "other".to_owned()),
        with(|key| key.region = "eu-west-1".to_owned()),
        with(|key| key.host.push('x')),
        with(|key| key.port = 3307),
        with(|key| key.user = "DBA".to_owned()),
        // The same letters in other places.
        with(|key| (key.region, key.host) = (format!("{}{}", key.region, key.host), String::new())),
        with(|key| (key.host, key.user) = (format!("{}{}", key.host, key.user), String::new())),
    ];
    for (index, key) in keys.iter().enumerate() {
        assert_eq!(keys.iter().position(|other| other.name() == key.name()), Some(index));
        // Who waits for a token waits for the same one, though a login may be renewed meanwhile.
        assert_eq!(key.flight() == first.flight(), index == 0 || index == 2);
    }
    let mut upper = endpoint();
    upper.host.make_ascii_uppercase();
    assert_eq!(Key::new(&first.identity, request(&upper, "dba")), first, "a token is signed in lower case");
}

#[test]
fn r8_an_entry_is_good_from_its_signing_to_its_end() {
    let with = |left: u64| {
        let not_after = now() + Duration::from_secs(left);
        let secret = SecretString::from("x");
        let token = AuthToken { user: "dba".to_owned(), secret, not_after, may_be_stale: false };
        Entry::new(key("dba"), &token, now())
    };
    for (left, end) in [(840, 840), (30, 30), (3600, 870), (0, 0)] {
        let entry = with(left);
        for second in 0..4000_u64 {
            let is_usable = entry.is_usable(now() + Duration::from_secs(second));
            assert_eq!(is_usable, second < end, "{left} s left, after {second} s");
        }
        assert!(!entry.is_usable(now() - Duration::from_secs(1)), "the clock was set back");
        assert_eq!(entry.left(now()).as_secs(), end);
    }
}

#[test]
fn t17_an_entry_does_not_show_its_token() {
    let entry = entry(key("dba"), "canary");
    assert!(!format!("{entry:?}").contains("canary"));
}
