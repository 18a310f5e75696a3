//! Access keys: which shapes they have, and the text that they are stored as: the JSON of AWS's `credential_process`.
//!
//! Nothing that is said about a key repeats it: what was typed in the place of an access key id may be the secret.

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Fault;
use crate::backend::AccessKeys;

/// An access key id has at least as many characters as all that AWS has given out, and at most as many as it allows itself.
const ID_LENGTHS: std::ops::RangeInclusive<usize> = 20..=128;

/// A secret access key.
const SECRET_LENGTH: usize = 40;

/// Longer than any session token that was seen, which have some 2,000 characters at most.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Why something is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Not an access key id.
    #[error("the access key id is not AKIA or ASIA and 16 capital letters or digits: it has {length} characters")]
    AccessKeyId {
        /// Of what was given.
        length: usize,
    },
    /// Not a secret access key.
    #[error("the secret access key is not 40 letters, digits, / and +: it has {length} characters")]
    SecretAccessKey {
        /// Of what was given.
        length: usize,
    },
    /// Not a session token.
    #[error("the session token is not one line of visible characters")]
    SessionToken,
    /// Temporary keys without their token.
    #[error("temporary keys (ASIA) work with their session token only, and none was given")]
    SessionTokenMissing,
    /// Lasting keys with a token that belongs to others.
    #[error("lasting keys (AKIA) have no session token, and one was given")]
    SessionTokenBesideLastingKeys,
    /// Not a region.
    #[error("{text:?} is not an AWS region")]
    Region {
        /// What was given.
        text: String,
    },
    /// Not one line of text.
    #[error("the description is not one line of at most {longest} visible characters")]
    Description {
        /// Characters allowed.
        longest: usize,
    },
}

/// Whether keys of this id are temporary.
pub(super) fn is_temporary(access_key_id: &str) -> bool {
    access_key_id.starts_with("ASIA")
}

/// Checks the shape of an access key id; says whether it belongs to temporary keys.
pub fn check_access_key_id(text: &str) -> Result<bool, ShapeError> {
    let is_id = ID_LENGTHS.contains(&text.len())
        && (text.starts_with("AKIA") || is_temporary(text))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if is_id { Ok(is_temporary(text)) } else { Err(ShapeError::AccessKeyId { length: text.chars().count() }) }
}

/// Keys whose shapes are right and fit together.
pub fn access_keys(
    access_key_id: &str,
    secret_access_key: SecretString,
    session_token: Option<SecretString>,
) -> Result<AccessKeys, ShapeError> {
    let is_temporary = check_access_key_id(access_key_id)?;
    let secret = secret_access_key.expose_secret();
    let is_of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"/+=".contains(&byte);
    if secret.len() != SECRET_LENGTH || !secret.bytes().all(is_of_base64) {
        return Err(ShapeError::SecretAccessKey { length: secret.chars().count() });
    }
    match (&session_token, is_temporary) {
        (None, true) => return Err(ShapeError::SessionTokenMissing),
        (Some(_), false) => return Err(ShapeError::SessionTokenBesideLastingKeys),
        (Some(token), true) => check_token(token.expose_secret())?,
        (None, false) => {}
    }
    Ok(AccessKeys { access_key_id: access_key_id.to_owned(), secret_access_key, session_token })
}

/// Base64, as far as is known; nothing, in any case, that would have to be escaped in JSON.
fn check_token(token: &str) -> Result<(), ShapeError> {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let is_token = !token.is_empty() && token.len() <= LONGEST_TOKEN && token.bytes().all(is_allowed);
    if is_token { Ok(()) } else { Err(ShapeError::SessionToken) }
}

/// What a `credential_process` prints: one line of JSON. Keys of the right shape hold nothing that JSON would escape.
pub fn process_output(keys: &AccessKeys) -> Zeroizing<String> {
    let AccessKeys { access_key_id, secret_access_key, session_token } = keys;
    let (secret, token) = (secret_access_key.expose_secret(), session_token.as_ref().map(ExposeSecret::expose_secret));
    // Room for all of it, so that the text is never moved and left behind in memory.
    let room = access_key_id.len() + secret.len() + token.map_or(0, str::len) + 128;
    let mut text = Zeroizing::new(String::with_capacity(room));
    for piece in [r#"{"Version":1,"AccessKeyId":""#, access_key_id, r#"","SecretAccessKey":""#, secret] {
        text.push_str(piece);
    }
    if let Some(token) = token {
        text.push_str(r#"","SessionToken":""#);
        text.push_str(token);
    }
    text.push_str("\"}\n");
    text
}

/// As they are written: borrowed, so that nothing is copied on the way.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(default)]
    session_token: Option<&'a str>,
}

/// Reads what [`process_output`] wrote.
pub(super) fn decode(bytes: &[u8]) -> Result<AccessKeys, Fault> {
    // The library's own error would repeat the value.
    let written: Written<'_> =
        serde_json::from_slice(bytes).map_err(|error| Fault::Syntax { line: error.line(), column: error.column() })?;
    if written.version != 1 {
        return Err(Fault::Version);
    }
    let token = written.session_token.map(SecretString::from);
    let keys = access_keys(written.access_key_id, SecretString::from(written.secret_access_key), token);
    keys.map_err(|error| Fault::Value {
        field: match error {
            ShapeError::SecretAccessKey { .. } => "SecretAccessKey",
            ShapeError::SessionToken | ShapeError::SessionTokenMissing | ShapeError::SessionTokenBesideLastingKeys => {
                "SessionToken"
            }
            ShapeError::AccessKeyId { .. } | ShapeError::Region { .. } | ShapeError::Description { .. } => {
                "AccessKeyId"
            }
        },
    })
}

/// The same keys once more.
pub(super) fn copy(keys: &AccessKeys) -> AccessKeys {
    AccessKeys {
        access_key_id: keys.access_key_id.clone(),
        secret_access_key: keys.secret_access_key.clone(),
        session_token: keys.session_token.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LASTING: &str = "AKIAIOSFODNN7EXAMPLE";
    const TEMPORARY: &str = "ASIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn keys(id: &str, secret: &str, token: Option<&str>) -> Result<AccessKeys, ShapeError> {
        access_keys(id, SecretString::from(secret), token.map(SecretString::from))
    }

    #[test]
    fn shapes_that_are_taken_and_shapes_that_are_not() {
        assert!(keys(LASTING, SECRET, None).is_ok() && keys(TEMPORARY, SECRET, Some("IQoJb3JpZ2lu//8=")).is_ok());
        for id in [
            "",
            "AKIA",
            "akiaiosfodnn7example",
            "AIDAIOSFODNN7EXAMPLE",
            "AKIAIOSFODNN7EXAMPL",
            "AKIAIOSFODNN7EXAMPL ",
            SECRET,
        ] {
            let length = id.len();
            assert_eq!(keys(id, SECRET, None).unwrap_err(), ShapeError::AccessKeyId { length }, "{id}");
        }
        for secret in ["", &SECRET[1..], "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE\"", LASTING] {
            let length = secret.len();
            assert_eq!(keys(LASTING, secret, None).unwrap_err(), ShapeError::SecretAccessKey { length });
        }
        assert_eq!(keys(TEMPORARY, SECRET, None).unwrap_err(), ShapeError::SessionTokenMissing);
        assert_eq!(keys(LASTING, SECRET, Some("t")).unwrap_err(), ShapeError::SessionTokenBesideLastingKeys);
        for token in ["", "a b", "a\nb", "a\"b", "a\\b", "ä", &"t".repeat(LONGEST_TOKEN + 1)] {
            assert_eq!(keys(TEMPORARY, SECRET, Some(token)).unwrap_err(), ShapeError::SessionToken, "{token:?}");
        }
    }

    #[test]
    fn t17_what_is_said_about_a_key_does_not_repeat_it() {
        for error in [keys(SECRET, SECRET, None), keys(LASTING, LASTING, None), keys(TEMPORARY, SECRET, Some("a b"))] {
            let text = format!("{0} {0:?}", error.unwrap_err());
            assert!(!text.contains("wJalr") && !text.contains("IOSFODNN7") && !text.contains("a b"), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_is_json_for_everybody() {
        for (id, token) in [(LASTING, None), (TEMPORARY, Some("IQoJb3JpZ2luX2VjE.-~#/+="))] {
            let keys = keys(id, SECRET, token).unwrap();
            let text = process_output(&keys);
            assert_eq!(*process_output(&decode(text.as_bytes()).unwrap()), *text);
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!((&json["Version"], &json["AccessKeyId"]), (&1.into(), &id.into()));
            assert_eq!((&json["SecretAccessKey"], &json["SessionToken"]), (&SECRET.into(), &token.into()));
        }
    }

    #[test]
    fn r23_what_is_altered_is_an_error_or_says_other_keys() {
        let text = process_output(&keys(TEMPORARY, SECRET, Some("token")).unwrap());
        let bytes = text.trim_end().as_bytes();
        for length in 0..bytes.len() {
            let fault = decode(&bytes[..length]).unwrap_err();
            assert!(!format!("{fault} {fault:?}").contains("wJalr"));
        }
        for (text, expected) in [
            (text.replace(":1,", ":2,"), Fault::Version),
            (text.replace("ASIA", "AROA"), Fault::Value { field: "AccessKeyId" }),
            (text.replace("wJalr", "wJa"), Fault::Value { field: "SecretAccessKey" }),
            (text.replace("\"token\"", "null"), Fault::Value { field: "SessionToken" }),
        ] {
            assert_eq!(decode(text.as_bytes()).unwrap_err(), expected);
        }
        assert!(matches!(decode(text.replace("wJ", "w\\u004a").as_bytes()), Err(Fault::Syntax { .. })));
        assert!(matches!(decode(text.replace('{', "{\"Expiration\":\"x\",").as_bytes()), Err(Fault::Syntax { .. })));
    }
}
