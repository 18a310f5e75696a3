//! Decides whether an RDS IAM token is good, as the database's side of AWS does.
//!
//! Source: "Create a signed AWS API request" of the IAM User Guide (signature version 4, query parameters), for the
//! service `rds-db`, whose canonical request is `GET /` with the single header `host: ENDPOINT:PORT`. This file may not use
//! the rdsconn crate or any AWS crate: it exists to disagree with them. It is stricter than AWS where a signer has no
//! excuse: one spelling of each percent-escape, no raw `+`, no parameter that RDS does not define.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::{constant_time, digest, hmac};

pub use gate::{Attempt, Gate};

use encoding::{percent_decode, percent_encode};

pub(crate) use encoding::{format_timestamp, hex, parse_timestamp};

mod encoding;
mod gate;
mod signer;
#[cfg(test)]
mod tests;

/// The longest life RDS grants a token.
pub const LONGEST_LIFE: Duration = Duration::from_mins(15);
/// How far a signer's clock may be ahead of the verifier's.
pub const TOLERATED_LEAD: Duration = Duration::from_mins(5);

/// What tells a [`Verifier`] the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// An access key the verifier knows, as IAM or STS issued it.
#[derive(Clone)]
pub struct AccessKey {
    /// `AKIA…` for a user's key, `ASIA…` for a session's.
    pub id: String,
    /// What signatures made with this key are computed from.
    pub secret: String,
    /// Present on temporary credentials: then a token must carry exactly this.
    pub session_token: Option<String>,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The database's view of IAM: its own name, and the keys that may log in.
#[derive(Clone)]
pub struct Verifier {
    /// The endpoint's name in lower case: the host every token must be signed for.
    pub endpoint_host: String,
    /// The endpoint's port, as seen by the signer (not a tunnel's).
    pub port: u16,
    /// The endpoint's region.
    pub region: String,
    /// Every key that is allowed `rds-db:connect`.
    pub credentials: Vec<AccessKey>,
    /// Replaced by tests that need an old or a future token.
    pub now: Clock,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Verifier")
            .field("endpoint_host", &self.endpoint_host)
            .field("port", &self.port)
            .field("region", &self.region)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// Why a token was refused. A real RDS says only 1045; tests want to know which check caught it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not `HOST:PORT/?QUERY` in the one spelling a signer produces.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// The same parameter twice: two readers could see two different values.
    #[error("parameter {0} appears twice")]
    DuplicateParameter(String),
    /// A parameter RDS tokens do not have.
    #[error("parameter {0} does not belong in a token")]
    UnexpectedParameter(String),
    /// A parameter every token has is absent.
    #[error("parameter {0} is missing")]
    MissingParameter(&'static str),
    /// `Action` is not `connect`.
    #[error("the action is {0}, not connect")]
    WrongAction(String),
    /// Signed for another host, or for this one in upper case.
    #[error("the token is for host {0}")]
    WrongHost(String),
    /// Signed for another port, such as the tunnel's.
    #[error("the token is for port {0}")]
    WrongPort(String),
    /// `DBUser` is not the user who logs in.
    #[error("the token is for user {0}")]
    WrongUser(String),
    /// Signed with a key this verifier does not know.
    #[error("access key {0} is unknown")]
    UnknownKey(String),
    /// The credential scope names another region.
    #[error("the token is for region {0}")]
    WrongRegion(String),
    /// The credential scope is not `KEY/DATE/REGION/rds-db/aws4_request`, its date not that of the signature.
    #[error("the credential scope is {0}")]
    WrongScope(String),
    /// A temporary key was used without its session token.
    #[error("the session token is missing")]
    SessionTokenMissing,
    /// The session token is another one, or the key has none.
    #[error("the session token is not the key's")]
    SessionTokenWrong,
    /// `X-Amz-Expires` is not a number from 1 to 900.
    #[error("a life of {0} seconds is not allowed")]
    WrongLife(String),
    /// The signature is not the one these parameters and this key give.
    #[error("the signature does not match")]
    BadSignature,
    /// Older than it says it may get.
    #[error("the token has expired")]
    Expired,
    /// Signed more than five minutes ahead of the verifier's clock.
    #[error("the token comes from the future")]
    FromTheFuture,
}

/// A token's parameters, decoded; each at most once.
#[derive(Default)]
struct Parameters<'a> {
    all: Vec<(&'a str, String)>,
}

const KNOWN: [&str; 9] = [
    "Action",
    "DBUser",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

impl<'a> Parameters<'a> {
    fn parse(query: &'a str) -> Result<Self, Refusal> {
        let mut parameters = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').ok_or(Refusal::Malformed("a parameter without a value"))?;
            if !KNOWN.contains(&name) {
                return Err(Refusal::UnexpectedParameter(name.to_owned()));
            }
            if parameters.optional(name).is_some() {
                return Err(Refusal::DuplicateParameter(name.to_owned()));
            }
            parameters.all.push((name, percent_decode(value)?));
        }
        Ok(parameters)
    }

    fn optional(&self, name: &str) -> Option<&str> {
        self.all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.optional(name).ok_or(Refusal::MissingParameter(name))
    }

    /// Every parameter but the signature, sorted and encoded as signature version 4 demands, whatever order they came in: the AWS CLI
    /// puts the session token before the signed headers, the Rust signer puts it last.
    fn canonical_query(&self) -> String {
        let mut pairs: Vec<String> = self
            .all
            .iter()
            .filter(|(name, _)| *name != "X-Amz-Signature")
            .map(|(name, value)| format!("{name}={}", percent_encode(value)))
            .collect();
        pairs.sort_unstable();
        pairs.join("&")
    }
}

/// `KEY/DATE/REGION/SERVICE/aws4_request`.
pub(crate) struct Scope<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) date: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) terminator: &'a str,
}

impl<'a> Scope<'a> {
    pub(crate) fn parse(credential: &'a str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [key_id, date, region, service, terminator] = parts[..] else {
            return Err(Refusal::WrongScope(credential.to_owned()));
        };
        Ok(Self { key_id, date, region, service, terminator })
    }

    fn without_key(&self) -> String {
        format!("{}/{}/{}/{}", self.date, self.region, self.service, self.terminator)
    }
}

impl Verifier {
    /// A verifier on the system's clock.
    pub fn new(endpoint_host: &str, port: u16, region: &str, credentials: Vec<AccessKey>) -> Self {
        Self {
            endpoint_host: endpoint_host.to_owned(),
            port,
            region: region.to_owned(),
            credentials,
            now: Arc::new(SystemTime::now),
        }
    }

    /// The same verifier with its clock standing at `instant`.
    #[must_use]
    pub fn at(mut self, instant: SystemTime) -> Self {
        self.now = Arc::new(move || instant);
        self
    }

    /// Says whether `token` lets `user` in. The order of the checks is from shape to signature to time, so that
    /// [`Refusal::Expired`] is only ever said of a token that was good once.
    pub fn verify(&self, token: &str, user: &str) -> Result<(), Refusal> {
        let (authority, query) = token.split_once("/?").ok_or(Refusal::Malformed("no query"))?;
        let (host, port) = authority.split_once(':').ok_or(Refusal::Malformed("no port"))?;
        let parameters = Parameters::parse(query)?;

        let action = parameters.required("Action")?;
        if action != "connect" {
            return Err(Refusal::WrongAction(action.to_owned()));
        }
        if host != self.endpoint_host {
            return Err(Refusal::WrongHost(host.to_owned()));
        }
        if port != self.port.to_string() {
            return Err(Refusal::WrongPort(port.to_owned()));
        }
        let signed_user = parameters.required("DBUser")?;
        if signed_user != user {
            return Err(Refusal::WrongUser(signed_user.to_owned()));
        }
        if parameters.required("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
            return Err(Refusal::Malformed("another algorithm"));
        }
        if parameters.required("X-Amz-SignedHeaders")? != "host" {
            return Err(Refusal::Malformed("other signed headers"));
        }
        let date = parameters.required("X-Amz-Date")?;
        let signed_at = parse_timestamp(date).ok_or(Refusal::Malformed("the date"))?;
        let scope = Scope::parse(parameters.required("X-Amz-Credential")?)?;
        let key = self.key_for(&scope, date, parameters.optional("X-Amz-Security-Token"))?;
        let life = parse_life(parameters.required("X-Amz-Expires")?)?;

        let expected =
            signature(&key.secret, &scope, date, &canonical_request(authority, &parameters.canonical_query()));
        let given = parameters.required("X-Amz-Signature")?;
        constant_time::verify_slices_are_equal(expected.as_bytes(), given.as_bytes())
            .map_err(|_| Refusal::BadSignature)?;

        let now = (self.now)();
        if now > signed_at + life {
            return Err(Refusal::Expired);
        }
        if signed_at > now + TOLERATED_LEAD {
            return Err(Refusal::FromTheFuture);
        }
        Ok(())
    }

    fn key_for(&self, scope: &Scope<'_>, date: &str, session_token: Option<&str>) -> Result<&AccessKey, Refusal> {
        let key = self
            .credentials
            .iter()
            .find(|key| key.id == scope.key_id)
            .ok_or_else(|| Refusal::UnknownKey(scope.key_id.to_owned()))?;
        if scope.region != self.region {
            return Err(Refusal::WrongRegion(scope.region.to_owned()));
        }
        if scope.service != "rds-db" || scope.terminator != "aws4_request" || date.get(..8) != Some(scope.date) {
            return Err(Refusal::WrongScope(scope.without_key()));
        }
        match (&key.session_token, session_token) {
            (None, None) => Ok(key),
            (Some(_), None) => Err(Refusal::SessionTokenMissing),
            (Some(known), Some(given)) if known == given => Ok(key),
            (_, Some(_)) => Err(Refusal::SessionTokenWrong),
        }
    }
}

fn canonical_request(authority: &str, canonical_query: &str) -> String {
    let empty_body = hex(digest::digest(&digest::SHA256, b"").as_ref());
    format!("GET\n/\n{canonical_query}\nhost:{authority}\n\nhost\n{empty_body}")
}

/// What signature version 4 makes of a canonical request, in hexadecimal.
pub(crate) fn signature(secret: &str, scope: &Scope<'_>, date: &str, canonical_request: &str) -> String {
    let string_to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{}\n{}",
        scope.without_key(),
        hex(digest::digest(&digest::SHA256, canonical_request.as_bytes()).as_ref())
    );
    let dated = keyed_hash(format!("AWS4{secret}").as_bytes(), scope.date);
    let regional = keyed_hash(dated.as_ref(), scope.region);
    let serving = keyed_hash(regional.as_ref(), scope.service);
    let signing = keyed_hash(serving.as_ref(), scope.terminator);
    hex(keyed_hash(signing.as_ref(), &string_to_sign).as_ref())
}

fn keyed_hash(key: &[u8], message: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes())
}

fn parse_life(text: &str) -> Result<Duration, Refusal> {
    let wrong = || Refusal::WrongLife(text.to_owned());
    if text.is_empty() || text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let life = Duration::from_secs(text.parse().map_err(|_| wrong())?);
    if life > LONGEST_LIFE { Err(wrong()) } else { Ok(life) }
}
