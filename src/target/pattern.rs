//! A convention's pattern: the `regex` crate's syntax, matched against the whole lower-cased name, with named captures only.
//!
//! To resolve one name among thousands of conventions, no pattern is compiled before its fixed parts were seen in the name:
//! first as a [`Fingerprint`] of letter pairs, then as texts in their order. Measured with 10,000 patterns: a `RegexSet` takes
//! 0.6 s and some 100 MB to build and 8 to 30 ms for its first name (there is only one in most runs); this takes a tenth of a
//! millisecond for the first name as for any other, and builds nothing.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast, GroupKind};
use regex_syntax::hir::{Hir, HirKind, translate::TranslatorBuilder};

/// Longer patterns are mistakes or attacks: the name they match has at most 253 characters.
const LENGTH_LIMIT: usize = 4096;
/// Compiled size in bytes. Nested repeats multiply, and are refused when they pass it.
const SIZE_LIMIT: usize = 1 << 20;
/// How deep groups may nest.
const NESTING_LIMIT: u32 = 48;

/// A checked pattern, not compiled.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    text: String,
    captures: Vec<Capture>,
    fixed: FixedParts,
}

/// A named capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Capture {
    /// Its name.
    pub name: String,
    /// Byte offset of the name in the pattern.
    pub offset: usize,
}

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternProblem {
    /// Not the syntax of the `regex` crate, or something it cannot do.
    #[error("the pattern is not a regular expression: {message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Byte offset in the pattern.
        offset: usize,
    },
    /// `(…)` without a name.
    #[error("the pattern has a group without a name")]
    UnnamedCapture {
        /// Byte offset in the pattern.
        offset: usize,
    },
    /// Too many bytes.
    #[error("the pattern has {length} bytes, at most {limit} are possible")]
    TooLong {
        /// Bytes found.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Compiles to too much.
    #[error("the pattern needs more than {limit} bytes when compiled")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
}

impl PatternProblem {
    /// Where in the pattern it is.
    pub const fn offset(&self) -> usize {
        match self {
            Self::Syntax { offset, .. } | Self::UnnamedCapture { offset } => *offset,
            Self::TooLong { .. } | Self::TooLarge { .. } => 0,
        }
    }
}

impl Pattern {
    /// Checks a pattern. The compiled form is returned beside it, because whoever loads a pattern runs its tests; it is
    /// not kept, because ten thousand of them would take 280 MB.
    pub(super) fn parse(text: &str) -> Result<(Self, Regex), PatternProblem> {
        if text.len() > LENGTH_LIMIT {
            return Err(PatternProblem::TooLong { length: text.len(), limit: LENGTH_LIMIT });
        }
        let ast = ast::parse::ParserBuilder::new().nest_limit(NESTING_LIMIT).build().parse(text).map_err(|error| {
            PatternProblem::Syntax { message: error.kind().to_string(), offset: error.span().start.offset }
        })?;
        let captures = ast::visit(&ast, NamedCaptures(Vec::new()))?;
        // Names are ASCII, so classes such as \w need not know Unicode: smaller and faster.
        let hir =
            TranslatorBuilder::new().unicode(false).utf8(false).build().translate(text, &ast).map_err(|error| {
                PatternProblem::Syntax { message: error.kind().to_string(), offset: error.span().start.offset }
            })?;
        let pattern = Self { text: text.to_owned(), captures, fixed: FixedParts::of(&hir) };
        let regex = pattern.compile()?;
        Ok((pattern, regex))
    }

    /// Compiles it, anchored at both ends.
    pub(super) fn compile(&self) -> Result<Regex, PatternProblem> {
        RegexBuilder::new(&format!("^(?:{})$", self.text))
            .unicode(false)
            .size_limit(SIZE_LIMIT)
            .dfa_size_limit(SIZE_LIMIT)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(limit) => PatternProblem::TooLarge { limit },
                // Only (?x) comments behave differently inside the anchors: they swallow the closing parenthesis.
                error => PatternProblem::Syntax { message: error.to_string(), offset: 0 },
            })
    }

    /// The pattern as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The named captures, in order.
    pub(super) fn captures(&self) -> &[Capture] {
        &self.captures
    }

    /// Whether the pattern could match: false is certain, true is not.
    pub(super) fn may_match(&self, name: &str) -> bool {
        self.fixed.may_be_in(name.as_bytes())
    }

    /// The letter pairs that every match holds.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.fixed.parts.iter().fold(Fingerprint::default(), |print, part| print.with(part))
    }

    /// An upper-case letter that must be in the name, and so keeps the pattern from ever matching one.
    pub(super) fn impossible_letter(&self) -> Option<char> {
        self.fixed.parts.iter().flatten().find(|byte| byte.is_ascii_uppercase()).map(|byte| char::from(*byte))
    }
}

/// A set of pairs of neighbouring bytes, each hashed to one of 256 bits: what a text surely does not hold is seen in one look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fingerprint([u64; 4]);

impl Fingerprint {
    /// Of a whole name.
    pub(super) fn of(name: &str) -> Self {
        Self::default().with(name.as_bytes())
    }

    fn with(mut self, text: &[u8]) -> Self {
        for pair in text.array_windows::<2>() {
            // The top byte of a multiplicative hash: the low bits of ASCII pairs are too much alike.
            let [_, hash] = u16::from_le_bytes(*pair).wrapping_mul(0x9e37).to_le_bytes();
            self.0[usize::from(hash >> 6)] |= 1 << (hash & 63);
        }
        self
    }

    /// Whether all pairs of `self` may be among those of `other`: false is certain, true is not.
    pub(super) fn may_be_within(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(own, other)| own & !other == 0)
    }
}

/// Collects the names of groups; stops at one without a name.
struct NamedCaptures(Vec<Capture>);

impl ast::Visitor for NamedCaptures {
    type Output = Vec<Capture>;
    type Err = PatternProblem;

    fn finish(self) -> Result<Vec<Capture>, PatternProblem> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), PatternProblem> {
        let Ast::Group(group) = ast else { return Ok(()) };
        match &group.kind {
            GroupKind::CaptureIndex(_) => Err(PatternProblem::UnnamedCapture { offset: group.span.start.offset }),
            GroupKind::CaptureName { name, .. } => {
                self.0.push(Capture { name: name.name.clone(), offset: name.span.start.offset });
                Ok(())
            }
            GroupKind::NonCapturing(_) => Ok(()),
        }
    }
}

/// The texts that every match holds, in their order and without overlap.
#[derive(Debug, Clone, Default)]
struct FixedParts {
    /// The first must begin the name if `from_start`, the last must end it if `to_end`.
    parts: Vec<Vec<u8>>,
    from_start: bool,
    to_end: bool,
}

impl FixedParts {
    fn of(hir: &Hir) -> Self {
        let mut pieces = Vec::new();
        flatten(hir, &mut pieces);
        let mut fixed = Self { from_start: true, to_end: true, ..Self::default() };
        fixed.from_start = matches!(pieces.first(), Some(Some(_)));
        fixed.to_end = matches!(pieces.last(), Some(Some(_)));
        fixed.parts = pieces.into_iter().flatten().collect();
        fixed
    }

    fn may_be_in(&self, name: &[u8]) -> bool {
        let mut rest = name;
        let mut parts = self.parts.as_slice();
        // The end first: team names differ there more often than in front.
        if self.to_end
            && let Some((last, before)) = parts.split_last()
        {
            let Some(shorter) = rest.strip_suffix(last.as_slice()) else { return false };
            if before.is_empty() && self.from_start {
                return shorter.is_empty();
            }
            (rest, parts) = (shorter, before);
        }
        if self.from_start
            && let Some((first, after)) = parts.split_first()
        {
            let Some(shorter) = rest.strip_prefix(first.as_slice()) else { return false };
            (rest, parts) = (shorter, after);
        }
        parts.iter().all(|part| {
            let found = rest.windows(part.len()).position(|window| window == part.as_slice());
            found.is_some_and(|at| {
                rest = &rest[at + part.len()..];
                true
            })
        })
    }
}

/// Texts that stand in every match, with `None` where anything may stand between. Neighbouring texts are joined.
fn flatten(hir: &Hir, pieces: &mut Vec<Option<Vec<u8>>>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => match pieces.last_mut() {
            Some(Some(text)) => text.extend_from_slice(&literal.0),
            _ => pieces.push(Some(literal.0.to_vec())),
        },
        HirKind::Capture(capture) => flatten(&capture.sub, pieces),
        HirKind::Concat(parts) => parts.iter().for_each(|part| flatten(part, pieces)),
        HirKind::Class(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => {
            if !matches!(pieces.last(), Some(None)) {
                pieces.push(None);
            }
        }
    }
}

#[cfg(test)]
mod tests;
