//! What came of each key while logging in: facts for the refusal's report.

/// One key that was tried, or left out, while authenticating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The file, or the agent's name for the key.
    pub key: String,
    /// `SHA256:…`, where the public half is known.
    pub fingerprint: Option<String>,
    /// What came of it.
    pub outcome: AttemptOutcome,
}

/// What came of one key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttemptOutcome {
    /// The server does not accept it.
    #[error("refused")]
    Refused,
    /// The file cannot be read.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// Others may read the private key, so it is not used.
    #[error("left out: mode {mode:04o} lets others read it")]
    TooOpen {
        /// The permission bits.
        mode: u32,
    },
    /// The file is named in the configuration and does not exist.
    #[error("does not exist")]
    Missing,
    /// Not a private key, or of an unknown format.
    #[error("not a usable private key: {0}")]
    Malformed(String),
    /// Only the public half is there and the agent does not hold the key.
    #[error("its private half is neither in the file nor in the agent")]
    PublicOnly,
    /// Nobody gave the passphrase.
    #[error("encrypted, and no passphrase was given")]
    NoPassphrase,
    /// The passphrase was wrong each time.
    #[error("encrypted, and the passphrase was wrong")]
    WrongPassphrase,
    /// The agent does not sign, or cannot be reached.
    #[error("the agent failed: {0}")]
    Agent(String),
    /// The server accepts the key type only with SHA-1, or ssh_config does not allow it.
    #[error("left out: its signature algorithm is not allowed")]
    AlgorithmNotAllowed,
}

/// All attempts in one line.
pub(super) fn describe_attempts(attempts: &[Attempt]) -> String {
    if attempts.is_empty() {
        return "there is no key to try".to_owned();
    }
    let described: Vec<String> =
        attempts.iter().map(|attempt| format!("{} ({})", attempt.key, attempt.outcome)).collect();
    described.join(", ")
}
