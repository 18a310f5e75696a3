//! Secrets in the memory of the Linux kernel: on no disk, and gone when their time is over.
//!
//! They hang in the user's *persistent* keyring, the only one that all sessions of a user share (persistent-keyring(7)). Each
//! call links it to the keyring of its own thread, which is what lets the thread read from it: the session keyring, which
//! programs that are started inherit and in which others keep their tickets, is left alone. Where there is no such keyring,
//! or a container forbids it, everything here says no. The rest of the library's functions are not used: its `metadata` and
//! `get_links` trust lengths that others choose.

pub use kernel::{names, read, remove, write};

#[cfg(target_os = "linux")]
mod kernel {
    use std::time::Duration;

    use linux_keyutils::{Key, KeyRing, KeyRingIdentifier};
    use secrecy::zeroize::Zeroizing;

    /// The kernel's own list of the keys that a process may see.
    const LIST: &str = "/proc/keys";

    /// The secret of this name, of at most `limit` bytes.
    pub fn read(name: &str, limit: usize) -> Option<Zeroizing<Vec<u8>>> {
        let key = find(name)?;
        // Whatever room it is given, it tells the whole length.
        let length = key.read(&mut []).ok().filter(|length| *length <= limit)?;
        let mut bytes = Zeroizing::new(vec![0; length]);
        (key.read(&mut *bytes).ok()? == length).then_some(bytes)
    }

    /// Keeps a secret for so long, in place of one of the same name; `false` if that cannot be done.
    pub fn write(name: &str, secret: &[u8], life: Duration) -> bool {
        let keep = || {
            // What could not be listed could not be cleared.
            crate::os::open_file(LIST.as_ref()).ok()?;
            let shared = persistent()?;
            let own = KeyRing::from_special_id(KeyRingIdentifier::Thread, true).ok()?;
            // It is shared only when it has its end; a process that is killed before takes it along.
            let key = own.add_key(name, secret).ok()?;
            let seconds = usize::try_from(life.as_secs()).ok().filter(|seconds| *seconds > 0);
            let is_kept =
                seconds.is_some_and(|seconds| key.set_timeout(seconds).is_ok()) && shared.link_key(key).is_ok();
            let is_let_go = own.unlink_key(key).is_ok();
            (is_kept && is_let_go).then_some(())
        };
        keep().is_some()
    }

    /// Forgets a secret; `false` if there was none.
    pub fn remove(name: &str) -> bool {
        find(name).is_some_and(|key| key.invalidate().is_ok())
    }

    /// The names of all secrets that begin so, sorted.
    pub fn names(prefix: &str) -> Vec<String> {
        let list = crate::os::read_file(LIST.as_ref()).unwrap_or_default();
        // `05ec4a7f I--Q---     1  14m 3f010000  1000  1000 user      name: 1332`
        let mut names: Vec<String> = String::from_utf8_lossy(&list)
            .lines()
            .filter_map(|line| line.split_ascii_whitespace().skip(7).collect::<Vec<_>>().try_into().ok())
            .filter_map(|[kind, name, _size]: [&str; 3]| Some(name.strip_suffix(':')?).filter(|_| kind == "user"))
            .filter(|name| name.starts_with(prefix) && find(name).is_some())
            .map(str::to_owned)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn find(name: &str) -> Option<Key> {
        persistent()?.search(name).ok()
    }

    fn persistent() -> Option<KeyRing> {
        KeyRing::get_persistent(KeyRingIdentifier::Thread).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::time::Duration;

    use secrecy::zeroize::Zeroizing;

    /// There is no such keyring here.
    pub fn read(_name: &str, _limit: usize) -> Option<Zeroizing<Vec<u8>>> {
        None
    }

    /// There is no such keyring here.
    pub fn write(_name: &str, _secret: &[u8], _life: Duration) -> bool {
        false
    }

    /// There is no such keyring here.
    pub fn remove(_name: &str) -> bool {
        false
    }

    /// There is no such keyring here.
    pub fn names(_prefix: &str) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    const LIMIT: usize = 4096;

    /// A prefix of this test's own; `None`, said loudly, where the kernel gives no keyring.
    fn prefix(test: &str) -> Option<String> {
        let prefix = format!("rdsconn-test-{}-{test}:", std::process::id());
        if write(&format!("{prefix}probe"), b"x", Duration::from_mins(1)) {
            assert!(remove(&format!("{prefix}probe")));
            return Some(prefix);
        }
        eprintln!("SKIPPED {test}: this machine gives no persistent keyring");
        None
    }

    #[test]
    fn a_secret_is_kept_replaced_listed_and_forgotten() {
        let Some(prefix) = prefix("whole-life") else { return };
        let name = format!("{prefix}one");
        assert!(read(&name, LIMIT).is_none() && !remove(&name) && names(&prefix).is_empty());
        let long = vec![7; LIMIT];
        for secret in [b"first".as_slice(), b"second", b"", &long] {
            // An empty payload is none, for the kernel.
            assert_eq!(write(&name, secret, Duration::from_mins(1)), !secret.is_empty());
        }
        assert!(read(&name, LIMIT).unwrap().iter().all(|byte| *byte == 7));
        assert!(read(&name, LIMIT - 1).is_none(), "what is longer than the limit is not cut");
        assert!(write(&format!("{prefix}two"), b"x", Duration::from_mins(1)));
        assert_eq!(names(&prefix), [name.clone(), format!("{prefix}two")]);
        assert!(names(&prefix).iter().all(|name| remove(name)));
        assert!(read(&name, LIMIT).is_none() && names(&prefix).is_empty() && !remove(&name));
    }

    #[test]
    fn every_thread_sees_what_another_has_kept() {
        let Some(prefix) = prefix("threads") else { return };
        let name = format!("{prefix}one");
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(write(&name, b"secret", Duration::from_mins(1))));
        });
        assert_eq!(read(&name, LIMIT).unwrap().as_slice(), b"secret");
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(remove(&name)));
        });
        assert!(read(&name, LIMIT).is_none());
    }

    #[test]
    fn r8_the_kernel_itself_ends_a_secret() {
        let Some(prefix) = prefix("end") else { return };
        let name = format!("{prefix}one");
        assert!(!write(&name, b"secret", Duration::ZERO), "no end would be for ever");
        assert!(read(&name, LIMIT).is_none());
        assert!(write(&name, b"secret", Duration::from_secs(1)));
        let begun = Instant::now();
        while read(&name, LIMIT).is_some() {
            assert!(begun.elapsed() < Duration::from_secs(10), "it does not end");
            std::thread::yield_now();
        }
        assert!(names(&prefix).is_empty());
    }
}
