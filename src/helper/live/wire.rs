//! The messages on the private socket: JSON with its length in four bytes before it. Strict: whatever is not exactly what is
//! expected ends the exchange.

use std::io;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::helper::server_url::Loopback;

/// Both ends are of one version of the program, or say nothing to each other.
pub(super) const VERSION: u8 = 1;
/// The longest question: a user, a number and a few names.
pub(super) const LONGEST_QUESTION: usize = 2 * 1024;
/// The longest answer: a token signed with a long session token.
pub(super) const LONGEST_ANSWER: usize = 64 * 1024;

/// What is wanted of the process that holds a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// To know that there is one.
    Claim,
    /// A token for its target.
    Get,
    /// That it forgets the token it has: the server refused it.
    Erase,
}

/// From the helper.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireQuestion {
    pub(super) version: u8,
    pub(super) nonce: String,
    pub(super) verb: Verb,
    pub(super) loopback: Loopback,
    pub(super) port: u16,
    pub(super) user: String,
}

/// The process's first word.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireClaim {
    pub(super) nonce: String,
    pub(super) port: u16,
    pub(super) is_mine: bool,
}

/// Its second one, if the port is its own.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireVerdict {
    pub(super) nonce: String,
    pub(super) port: u16,
    pub(super) verdict: Verdict,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Token(WireSecret),
    Done,
    /// The port is its own, and the user is not.
    Refused,
    Failed(String),
}

/// A secret that may be written here, and nowhere else.
pub(super) struct WireSecret(pub(super) SecretString);

impl Serialize for WireSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for WireSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = WireSecret;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a secret")
            }

            fn visit_str<E>(self, text: &str) -> Result<WireSecret, E> {
                Ok(WireSecret(SecretString::from(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Sends one message.
pub(super) async fn send(stream: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> io::Result<()> {
    // Sized at once: a buffer that grows leaves copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_ANSWER));
    bytes.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut *bytes, message)?;
    let length = u32::try_from(bytes.len() - 4).map_err(io::Error::other)?;
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    stream.write_all(&bytes).await
}

/// Receives one message of at most `limit` bytes.
pub(super) async fn receive<T: serde::de::DeserializeOwned>(
    stream: &mut (impl AsyncRead + Unpin),
    limit: usize,
) -> io::Result<T> {
    let length = usize::try_from(stream.read_u32().await?).map_err(io::Error::other)?;
    if length > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {length} bytes")));
    }
    let mut bytes = Zeroizing::new(vec![0; length]);
    stream.read_exact(&mut bytes).await?;
    Ok(serde_json::from_slice(&bytes)?)
}
