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

/// The conventions, by name. Read when first needed, which is for a real RDS name only.
pub(super) fn conventions() -> &'static [Convention] {
    static CONVENTIONS: OnceLock<Vec<Convention>> = OnceLock::new();
    CONVENTIONS.get_or_init(|| {
        // A test holds that each of them is right.
        FILES
            .iter()
            .filter_map(|(path, text)| Convention::parse(Path::new(path), ConventionLayer::BuiltIn, text).ok())
            .collect()
    })
}

#[cfg(test)]
#[path = "shipped_tests.rs"]
mod tests;
