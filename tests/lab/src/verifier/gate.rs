//! The verifier as a database uses it: shared, adjustable while tests run, and with a memory of who tried to log in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Refusal, Verifier};

/// One login with a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The database user who tried.
    pub user: String,
    /// What was given as the password: tests look for it where it must not be.
    pub token: String,
    /// How it ended.
    pub outcome: Result<(), Refusal>,
}

/// Leaves the token out: a failing test must not print it.
impl std::fmt::Debug for Attempt {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Attempt")
            .field("user", &self.user)
            .field("token_length", &self.token.len())
            .field("outcome", &self.outcome)
            .finish()
    }
}

/// A [`Verifier`] at a database's door.
#[derive(Debug)]
pub struct Gate {
    verifier: Mutex<Verifier>,
    attempts: Mutex<Vec<Attempt>>,
}

impl Gate {
    /// Puts `verifier` at the door.
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier: Mutex::new(verifier), attempts: Mutex::default() }
    }

    /// Judges a login and remembers it.
    pub fn admit(&self, user: &str, token: &str) -> Result<(), Refusal> {
        let outcome = lock(&self.verifier).verify(token, user);
        let attempt = Attempt { user: user.to_owned(), token: token.to_owned(), outcome: outcome.clone() };
        lock(&self.attempts).push(attempt);
        outcome
    }

    /// Changes the clock, the keys or the endpoint for logins from now on. On a shared lab that is everybody's: a test
    /// that needs it starts a lab of its own.
    pub fn change(&self, change: impl FnOnce(&mut Verifier)) {
        change(&mut lock(&self.verifier));
    }

    /// The verifier as it stands, for signing tokens of a test's own.
    pub fn verifier(&self) -> Verifier {
        lock(&self.verifier).clone()
    }

    /// Every login so far, in order. On a shared lab other tests' logins are among them.
    pub fn attempts(&self) -> Vec<Attempt> {
        lock(&self.attempts).clone()
    }

    /// How many logins of `user` were let in.
    pub fn logins_of(&self, user: &str) -> usize {
        lock(&self.attempts).iter().filter(|attempt| attempt.user == user && attempt.outcome.is_ok()).count()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifier::{AccessKey, LONGEST_LIFE};
    use std::time::{Duration, SystemTime};

    #[test]
    fn remembers_and_can_be_changed() {
        let key = AccessKey { id: "AKIA".to_owned(), secret: "s".to_owned(), session_token: None };
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(400_000);
        let gate = Gate::new(Verifier::new("db", 3306, "us-east-1", vec![key.clone()]).at(now));
        let token = gate.verifier().sign(&key, "dba", now, LONGEST_LIFE);
        assert_eq!(gate.admit("dba", &token), Ok(()));
        gate.change(|verifier| *verifier = verifier.clone().at(now + Duration::from_mins(16)));
        assert_eq!(gate.admit("dba", &token), Err(Refusal::Expired));
        gate.change(|verifier| verifier.credentials.clear());
        assert_eq!(gate.admit("dba", &token), Err(Refusal::UnknownKey("AKIA".to_owned())));
        assert_eq!((gate.attempts().len(), gate.logins_of("dba"), gate.logins_of("reader")), (3, 1, 0));
        assert!(!format!("{:?}", gate.attempts()).contains("X-Amz"));
    }
}
