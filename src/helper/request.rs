//! Requests of both generations of MySQL Shell: one JSON object on stdin.
//!
//! Shell 8.0 to 9.3 names a secret by `ServerURL`; 9.4 and later by `SecretID`, and writes `ServerURL` beside it as long as
//! that is not dropped. The texts of the problems are the reference helper's; none repeats what was sent. Secrets that are to
//! be stored are looked at, and not kept.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::command::Command;

/// Which secrets there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretType {
    /// Of a server, an SSH login or a key file.
    Password,
    /// Anything that a script keeps; since Shell 9.4.
    Generic,
    /// Of a generation to come.
    Other(String),
}

impl SecretType {
    /// As it is written.
    pub fn name(&self) -> &str {
        match self {
            Self::Password => "password",
            Self::Generic => "generic",
            Self::Other(name) => name,
        }
    }

    fn of(text: String) -> Self {
        match text.as_str() {
            "password" => Self::Password,
            "generic" => Self::Generic,
            _ => Self::Other(text),
        }
    }
}

/// Which protocol the caller speaks, as far as the request shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Shell 8.0 to 9.3.
    First,
    /// Shell 9.4 and later.
    Second,
}

/// The name of one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretId {
    /// What it is.
    pub secret_type: SecretType,
    /// Of which server, or any other text for a generic one. What was not UTF-8 is `U+FFFD`, and names no server.
    pub url: String,
}

/// A request of `get`, `erase` or `store`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which secret.
    pub id: SecretId,
    /// Who asks.
    pub generation: Generation,
}

/// Why a request cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestProblem {
    /// Nothing was sent.
    #[error("Failed to parse JSON: The document is empty.")]
    Empty,
    /// More than one JSON value.
    #[error("Failed to parse JSON: The document root must not be followed by other values.")]
    Trailing,
    /// No JSON.
    #[error("Failed to parse JSON: Invalid value.")]
    Malformed,
    /// JSON, but no object.
    #[error("Failed to parse JSON: The document root should be an object.")]
    NotAnObject,
    /// A member that must be there.
    #[error("\"{0}\" is missing")]
    Missing(&'static str),
    /// A member of another type.
    #[error("\"{0}\" should be a string")]
    NotAString(&'static str),
    /// A member twice: two readers could take it for two requests.
    #[error("\"{0}\" is given twice")]
    Twice(&'static str),
    /// More than any Shell sends.
    #[error("the request has more than {limit} bytes")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
    },
}

impl Request {
    /// Reads the request of `get`, `erase` or `store`. Unknown members are accepted, as Shell 9.4 and later asks for.
    pub fn parse(command: Command, bytes: &[u8]) -> Result<Self, RequestProblem> {
        let members = Members::parse(bytes)?;
        if command == Command::Store {
            members.secret.text("Secret")?;
        }
        let secret_type = SecretType::of(members.secret_type.text("SecretType")?);
        let generation =
            if matches!(members.secret_id, Member::Absent) { Generation::First } else { Generation::Second };
        let (id, url) = (members.secret_id.text("SecretID"), members.server_url.text("ServerURL"));
        let url = match (url, id) {
            (Err(problem @ RequestProblem::NotAString(_)), _) | (_, Err(problem @ RequestProblem::NotAString(_))) => {
                return Err(problem);
            }
            (Ok(url), _) => url,
            // Absent both: the newer name is the one to ask for.
            (Err(_), id) => id?,
        };
        Ok(Self { id: SecretId { secret_type, url }, generation })
    }

    /// As the Shell of this generation writes it, without a secret.
    pub fn to_json(&self) -> String {
        let mut object = serde_json::Map::new();
        object.insert("SecretType".to_owned(), self.id.secret_type.name().into());
        if self.generation == Generation::Second {
            object.insert("SecretID".to_owned(), self.id.url.clone().into());
        }
        object.insert("ServerURL".to_owned(), self.id.url.clone().into());
        serde_json::Value::Object(object).to_string()
    }
}

/// Reads the filter of `list`, which only Shell 9.4 and later sends. `None` where nothing was sent.
pub(super) fn parse_filter(bytes: &[u8]) -> Result<Option<SecretType>, RequestProblem> {
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    let members = Members::parse(bytes)?;
    members.secret_type.text("SecretType").map(|text| Some(SecretType::of(text)))
}

/// Whether these bytes are a whole JSON value already: nobody need wait for the end of the pipe.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    !matches!(
        serde_json::from_slice::<IgnoredAny>(bytes), Err(error) if error.is_eof()
    )
}

/// The members that mean something, in any order.
#[derive(Default)]
struct Members {
    secret_type: Member,
    secret_id: Member,
    server_url: Member,
    secret: Member,
    twice: Option<&'static str>,
}

#[derive(Default)]
enum Member {
    #[default]
    Absent,
    Text(String),
    /// A string that is not looked into.
    Hidden,
    OtherType,
}

impl Member {
    fn text(&self, name: &'static str) -> Result<String, RequestProblem> {
        match self {
            Self::Absent => Err(RequestProblem::Missing(name)),
            Self::OtherType => Err(RequestProblem::NotAString(name)),
            Self::Text(text) => Ok(text.clone()),
            Self::Hidden => Ok(String::new()),
        }
    }
}

impl Members {
    fn parse(bytes: &[u8]) -> Result<Self, RequestProblem> {
        // The Shell passes bytes on as they are. What is not UTF-8 can be none of our names, but is a request all the same.
        let text = String::from_utf8_lossy(bytes);
        if text.trim_ascii().is_empty() {
            return Err(RequestProblem::Empty);
        }
        let mut reader = serde_json::Deserializer::from_str(&text);
        let is_object = text.trim_ascii_start().starts_with('{');
        let members = Self::deserialize(&mut reader).map_err(|error| match error.classify() {
            serde_json::error::Category::Data if !is_object => RequestProblem::NotAnObject,
            _ => RequestProblem::Malformed,
        })?;
        reader.end().map_err(|_| RequestProblem::Trailing)?;
        members.twice.map_or(Ok(members), |name| Err(RequestProblem::Twice(name)))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some(key) = map.next_key::<String>()? {
                    let (member, name) = match key.as_str() {
                        "SecretType" => (&mut members.secret_type, "SecretType"),
                        "SecretID" => (&mut members.secret_id, "SecretID"),
                        "ServerURL" => (&mut members.server_url, "ServerURL"),
                        "Secret" => (&mut members.secret, "Secret"),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if !matches!(member, Member::Absent) {
                        members.twice = Some(name);
                        map.next_value::<IgnoredAny>()?;
                    } else if name == "Secret" {
                        *member = if map.next_value::<IsText>()?.0 { Member::Hidden } else { Member::OtherType };
                    } else {
                        *member = map.next_value()?;
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Whether a value is a string; its text is not kept.
struct IsText(bool);

impl<'de> Deserialize<'de> for IsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any::<false>).map(|text| Self(text.is_some()))
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(deserializer.deserialize_any(Any::<true>)?.map_or(Self::OtherType, Self::Text))
    }
}

/// Any value at all: the text of a string, left empty if it is not to be kept; `None` for all else.
struct Any<const KEEP: bool>;

impl<'de, const KEEP: bool> Visitor<'de> for Any<KEEP> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(if KEEP { text.to_owned() } else { String::new() }))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
