//! Version numbers, as clients print them.

use std::fmt;

/// A client's version, as far as behaviour depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// For example 10 of 10.11.19.
    pub major: u16,
    /// For example 11 of 10.11.19.
    pub minor: u16,
    /// For example 19 of 10.11.19; 0 where there is none.
    pub patch: u16,
}

impl Version {
    /// A version by its numbers.
    pub(super) const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// The first word of a text that begins with a version, such as `v0.16.9-1,` or `10.11.19-MariaDB`.
    pub(super) fn first_in(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(Self::at_start)
    }

    fn at_start(word: &str) -> Option<Self> {
        let word = word.strip_prefix('v').unwrap_or(word);
        let end = word.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(word.len());
        let mut numbers = word[..end].trim_end_matches('.').split('.').map(|number| number.parse().ok());
        let (major, minor) = (numbers.next()??, numbers.next()??);
        Some(Self { major, minor, patch: numbers.next().flatten().unwrap_or(0) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
