//! What is known of a credential without its secret: a small JSON file. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::keys::{check_access_key_id, is_temporary};
use super::{Fault, Name, ShapeError};
use crate::target::Field;

/// Changes with the format.
const FORMAT: u8 = 1;

/// How many characters a description may have.
const LONGEST_DESCRIPTION: usize = 200;

/// Where the secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// The operating system's keyring.
    Keyring,
    /// A file that is encrypted with a passphrase.
    File,
}

impl Store {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "file",
        }
    }
}

/// What the credential is for, in the user's own words. May be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description(String);

impl FromStr for Description {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let is_line = text.chars().count() <= LONGEST_DESCRIPTION && !text.chars().any(char::is_control);
        if is_line { Ok(Self(text.to_owned())) } else { Err(ShapeError::Description { longest: LONGEST_DESCRIPTION }) }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The region whose services are called where nothing else names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region(String);

impl Region {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Region {
    fn default() -> Self {
        Self("us-east-1".to_owned())
    }
}

impl FromStr for Region {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        // One rule for regions, whatever they are for.
        let checked = Field::Region.check(text);
        checked.map(|()| Self(text.to_owned())).map_err(|_| ShapeError::Region { text: text.to_owned() })
    }
}

/// A stored credential, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is stored as.
    pub name: Name,
    /// Another one whenever keys are stored. Tells nothing about them; 32 digits in lower-case hexadecimal.
    pub id: String,
    /// In the user's own words.
    pub description: Description,
    /// Where services are called, unless something else says so.
    pub region: Region,
    /// Not a secret; AWS logs it with every call.
    pub access_key_id: String,
    /// When it was stored, in RFC 3339.
    pub created: String,
    /// Where its secret is.
    pub store: Store,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rdsconn_credential: u8,
    name: String,
    id: String,
    description: String,
    region: String,
    access_key_id: String,
    created: String,
    store: Store,
}

impl Record {
    /// Whether the keys are temporary ones.
    pub fn is_temporary(&self) -> bool {
        is_temporary(&self.access_key_id)
    }

    pub(super) fn encode(&self) -> String {
        let written = Written {
            rdsconn_credential: FORMAT,
            name: self.name.to_string(),
            id: self.id.clone(),
            description: self.description.to_string(),
            region: self.region.as_str().to_owned(),
            access_key_id: self.access_key_id.clone(),
            created: self.created.clone(),
            store: self.store,
        };
        // Texts, a number and a word: nothing that JSON could not say.
        serde_json::to_string_pretty(&written).unwrap_or_default() + "\n"
    }

    /// Reads the record of `name`.
    pub(super) fn decode(name: &Name, bytes: &[u8]) -> Result<Self, Fault> {
        let written: Written = serde_json::from_slice(bytes)
            .map_err(|error| Fault::Syntax { line: error.line(), column: error.column() })?;
        let other = |field| Fault::Value { field };
        if written.rdsconn_credential != FORMAT {
            return Err(Fault::Version);
        }
        if written.name != name.as_str() {
            return Err(other("name"));
        }
        if !is_id(&written.id) {
            return Err(other("id"));
        }
        check_access_key_id(&written.access_key_id).map_err(|_| other("access_key_id"))?;
        if written.created.len() > 40 || !written.created.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(other("created"));
        }
        Ok(Self {
            name: name.clone(),
            id: written.id,
            description: written.description.parse().map_err(|_| other("description"))?,
            region: written.region.parse().map_err(|_| other("region"))?,
            access_key_id: written.access_key_id,
            created: written.created,
            store: written.store,
        })
    }
}

pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            name: "prod".parse().unwrap(),
            id: "0123456789abcdef0123456789abcdef".to_owned(),
            description: "the \"warehouse\" \u{fc}ber alles".parse().unwrap(),
            region: Region::default(),
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            created: "2026-11-21T08:00:00Z".to_owned(),
            store: Store::Keyring,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let record = record();
        assert_eq!(Record::decode(&record.name, record.encode().as_bytes()), Ok(record.clone()));
        let other = "production".parse().unwrap();
        assert_eq!(Record::decode(&other, record.encode().as_bytes()), Err(Fault::Value { field: "name" }));
    }

    #[test]
    fn values_that_cannot_be_are_not_taken() {
        assert!("us-east-1".parse::<Region>().is_ok() && "virginia".parse::<Region>().is_err());
        assert!("".parse::<Description>().is_ok());
        assert!("a\nb".parse::<Description>().is_err() && "a".repeat(201).parse::<Description>().is_err());
        let text = record().encode();
        for (from, to, fault) in [
            ("us-east-1", "us east 1", Fault::Value { field: "region" }),
            ("01234567", "0123456x", Fault::Value { field: "id" }),
            ("AKIA", "AIDA", Fault::Value { field: "access_key_id" }),
            ("2026-", "2026 ", Fault::Value { field: "created" }),
            ("warehouse", "ware\\nhouse", Fault::Value { field: "description" }),
            (": 1", ": 2", Fault::Version),
        ] {
            assert_eq!(Record::decode(&record().name, text.replacen(from, to, 1).as_bytes()), Err(fault), "{to}");
        }
        let place = Record::decode(&record().name, text.replace("\"keyring\"", "\"pocket\"").as_bytes());
        assert!(matches!(place, Err(Fault::Syntax { line: 9, .. })), "{place:?}");
    }

    /// Also R22: a file that was written by half is one that is cut.
    #[test]
    fn r23_flips_and_cuts_never_panic_and_never_lead_elsewhere() {
        let (record, text) = (record(), record().encode());
        let bytes = text.trim_end().as_bytes();
        for length in 0..bytes.len() {
            assert!(Record::decode(&record.name, &bytes[..length]).is_err(), "{length}");
        }
        for at in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            if let Ok(read) = Record::decode(&record.name, &flipped) {
                assert_eq!(read.name, record.name);
                assert!(is_id(&read.id) && check_access_key_id(&read.access_key_id).is_ok());
            }
        }
    }
}
