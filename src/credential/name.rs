//! The name of a credential. It is part of file names, so that it is held to what is safe there.

use std::fmt;
use std::str::FromStr;

use super::Error;

/// The longest name.
const LONGEST: usize = 64;

/// ASCII letters, digits, `.`, `_` and `-`; a letter or digit first; no `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let begins_well = text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        if begins_well && text.len() <= LONGEST && text.bytes().all(is_plain) && !text.contains("..") {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Name { text: text.to_owned() })
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t7_a_name_cannot_climb_out_of_the_folder_or_be_an_option() {
        for text in ["prod", "p", "Prod-2.eu_west", "7", &"a".repeat(64)] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
        let long = "a".repeat(65);
        for text in
            ["", ".", "..", ".hidden", "-f", "_x", "a/b", "../a", "a..b", "a b", "a\n", "a\0", "ä", "a\\b", "~", &long]
        {
            assert!(text.parse::<Name>().is_err(), "{text:?}");
        }
    }
}
