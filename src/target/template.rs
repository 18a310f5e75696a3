//! Texts with `${name}` in them; `$$` is a dollar. Knows nothing of what the names mean.

use std::ops::Range;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

/// One part of a template, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text that stands as it is, `$$` already replaced.
    Literal(String),
    /// A name between `${` and `}`.
    Name(String),
}

/// Why a text is no template. Positions are byte offsets into the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    /// A dollar that begins neither `${name}` nor `$$`.
    #[error("a dollar stands alone: write ${{name}} for a capture or $$ for a dollar")]
    LoneDollar {
        /// Where the dollar is.
        offset: usize,
    },
    /// `${` without its `}`.
    #[error("${{ has no closing brace")]
    Unclosed {
        /// Where the dollar is.
        offset: usize,
    },
    /// `${name}` that no capture bears.
    #[error("no capture is called {name:?}")]
    UnknownName {
        /// The name as written.
        name: String,
        /// Where the dollar is.
        offset: usize,
    },
}

impl TemplateProblem {
    /// Where in the text it is.
    pub const fn offset(&self) -> usize {
        match self {
            Self::LoneDollar { offset } | Self::Unclosed { offset } | Self::UnknownName { offset, .. } => *offset,
        }
    }
}

impl Template {
    /// Reads a template whose names must be among `known`.
    pub(super) fn parse<S: AsRef<str>>(text: &str, known: &[S]) -> Result<Self, TemplateProblem> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            let offset = text.len() - rest.len() + dollar;
            literal.push_str(&rest[..dollar]);
            rest = &rest[dollar + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                literal.push('$');
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let (name, after) = after.split_once('}').ok_or(TemplateProblem::Unclosed { offset })?;
                if !known.iter().any(|known| known.as_ref() == name) {
                    return Err(TemplateProblem::UnknownName { name: name.to_owned(), offset });
                }
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Name(name.to_owned()));
                rest = after;
            } else {
                return Err(TemplateProblem::LoneDollar { offset });
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { pieces })
    }

    /// The names used, in order, repeated as often as they are used.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The text, if there is no name in it.
    pub(super) fn constant(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Replaces each name. `value` gives the text of a name and whether the author of the template wrote it (else it is
    /// what the user typed). The range is what follows the last text that the author did not write.
    pub(super) fn expand<'a>(&self, value: impl Fn(&str) -> (&'a str, bool)) -> (String, Range<usize>) {
        let mut text = String::new();
        let mut tail = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Name(name) => {
                    let (value, is_authored) = value(name);
                    text.push_str(value);
                    if !is_authored {
                        tail = text.len();
                    }
                }
            }
        }
        let end = text.len();
        (text, tail..end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expand(text: &str) -> Result<String, TemplateProblem> {
        let template = Template::parse(text, &["env", "region"])?;
        Ok(template.expand(|name| (if name == "env" { "prod" } else { "us-east-1" }, false)).0)
    }

    #[test]
    fn expands_names_and_dollars() {
        for (text, expanded) in [
            ("", ""),
            ("plain", "plain"),
            ("acme-${env}", "acme-prod"),
            ("${env}${region}", "produs-east-1"),
            ("$$${env}$$", "$prod$"),
            ("$${env}", "${env}"),
            ("${env}.${region}.${env}", "prod.us-east-1.prod"),
        ] {
            assert_eq!(expand(text).as_deref(), Ok(expanded), "{text}");
        }
    }

    #[test]
    fn refuses_with_the_place() {
        let unknown = |name: &str, offset| TemplateProblem::UnknownName { name: name.to_owned(), offset };
        for (text, problem) in [
            ("a$", TemplateProblem::LoneDollar { offset: 1 }),
            ("$env", TemplateProblem::LoneDollar { offset: 0 }),
            ("ab${env", TemplateProblem::Unclosed { offset: 2 }),
            ("x${evn}", unknown("evn", 1)),
            ("x${}", unknown("", 1)),
            ("x${ env }", unknown(" env ", 1)),
            ("${env}${ENV}", unknown("ENV", 6)),
        ] {
            assert_eq!(expand(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn the_tail_is_what_the_author_wrote() {
        let template = Template::parse("${env}.db.${region}.example", &["env", "region"]).unwrap();
        let (text, tail) = template.expand(|name| ("x", name == "region"));
        assert_eq!((text.as_str(), &text[tail]), ("x.db.x.example", ".db.x.example"));
    }

    proptest! {
        #[test]
        fn never_panics_and_names_a_place_inside(text in "\\PC{0,40}|[${}env]{0,20}") {
            if let Err(problem) = expand(&text) {
                prop_assert!(text[problem.offset()..].starts_with('$'));
            }
        }

        #[test]
        fn escaped_text_comes_back(text in "\\PC{0,40}") {
            prop_assert_eq!(expand(&text.replace('$', "$$")), Ok(text));
        }
    }
}
