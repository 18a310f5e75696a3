//! The conventions that are compiled in: every shape of an RDS endpoint's name, by partition.

use std::path::Path;
use std::sync::OnceLock;

use crate::target::{Convention, ConventionLayer};

/// Path in the source and text of each.
pub(super) const FILES: [(&str, &str); 5] = [
    ("conventions/rds.toml", include_str!("../../conventions/rds.toml")),
    ("conventions/rds-china.toml", include_str!("../../conventions/rds-china.toml")),
    ("conventions/rds-global.toml", include_str!("../../conventions/rds-global.toml")),
    ("conventions/rds-isolated.toml", include_str!("../../conventions/rds-isolated.toml")),
    ("conventions/rds-sovereign.toml", include_str!("../../conventions/rds-sovereign.toml")),
];

/// The conventions, each read when it is first reached, which is for a real RDS name only.
pub(super) fn conventions<'a>() -> impl Iterator<Item = &'a Convention> {
    static READ: [OnceLock<Option<Convention>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];
    // A test holds that each of them is right.
    let read = |path: &str, text: &str| Convention::parse(Path::new(path), ConventionLayer::BuiltIn, text).ok();
    READ.iter().zip(FILES).filter_map(move |(cell, (path, text))| cell.get_or_init(|| read(path, text)).as_ref())
}

#[cfg(test)]
mod tests;
