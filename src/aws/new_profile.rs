//! A profile for the AWS configuration file that gets its credentials from a program: the text of its section.
//!
//! The value is read by many: the AWS CLI splits it as a shell would, the SDKs hand it to `sh -c`, and some of them take what
//! is behind ` #` for a comment. What they would not all read alike is refused.

use std::path::{Path, PathBuf};

/// A profile that is to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProfile<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The program.
    pub program: &'a Path,
    /// Its arguments; plain words.
    pub arguments: &'a [&'a str],
}

/// Why there is no such section.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NewProfileError {
    /// The name would not be read as one.
    #[error("{name:?} cannot be the name of a new AWS profile")]
    Name {
        /// As given.
        name: String,
    },
    /// The path would not be read alike by all.
    #[error("{} cannot stand in the AWS configuration", program.display())]
    Program {
        /// The path.
        program: PathBuf,
    },
}

impl NewProfile<'_> {
    /// The section, without an empty line before it.
    pub fn section(&self) -> Result<String, NewProfileError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@".contains(&byte);
        let begins_well = self.name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        if !begins_well || self.name.len() > 128 || !self.name.bytes().all(is_plain) {
            return Err(NewProfileError::Name { name: self.name.to_owned() });
        }
        let header = if self.name == "default" { "[default]".to_owned() } else { format!("[profile {}]", self.name) };
        let program = self.program_word()?;
        let arguments = self.arguments.join(" ");
        Ok(format!("{header}\ncredential_process = {program} {arguments}\nregion = {}", self.region))
    }

    /// The path as one word, for a shell and for those who only split as one.
    fn program_word(&self) -> Result<String, NewProfileError> {
        let refused = || NewProfileError::Program { program: self.program.to_owned() };
        let path = self.program.to_str().filter(|_| self.program.is_absolute()).ok_or_else(refused)?;
        let is_plain = |character: char| character.is_alphanumeric() || "/._-+@:=,".contains(character);
        if !path.chars().all(|character| is_plain(character) || character == ' ') {
            return Err(refused());
        }
        Ok(if path.contains(' ') { format!("\"{path}\"") } else { path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str, program: &str) -> Result<String, NewProfileError> {
        let arguments = ["credential", "export", "prod"];
        NewProfile { name, region: "eu-west-1", program: Path::new(program), arguments: &arguments }.section()
    }

    #[test]
    fn sections_that_every_tool_reads_alike() {
        assert_eq!(
            section("warehouse", "/usr/bin/rdsconn").unwrap(),
            "[profile warehouse]\ncredential_process = /usr/bin/rdsconn credential export prod\nregion = eu-west-1"
        );
        assert!(section("default", "/usr/bin/rdsconn").unwrap().starts_with("[default]\n"));
        let spaced = section("w", "/Users/Ada L/bin/rdsconn").unwrap();
        assert!(spaced.contains("= \"/Users/Ada L/bin/rdsconn\" credential export prod\n"), "{spaced}");
    }

    #[test]
    fn t7_nothing_else_gets_into_the_file() {
        for name in ["", "a b", "a]\n[profile b", "a]", "-x", "a#b", "\"a\"", "a\\"] {
            assert!(matches!(section(name, "/usr/bin/rdsconn"), Err(NewProfileError::Name { .. })), "{name:?}");
        }
        for program in ["rdsconn", "", "/a;b", "/a$(id)", "/a`id`", "/a\"b", "/a'b", "/a\\b", "/a #b", "/a\nb", "/a*"] {
            assert!(matches!(section("a", program), Err(NewProfileError::Program { .. })), "{program:?}");
        }
    }
}
