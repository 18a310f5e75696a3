//! All conventions of one layer, arranged so that one name is compared with thousands of them in a fraction of a millisecond.

use super::convention::Convention;
use super::host::HostName;
use super::pattern::Fingerprint;

/// Conventions in the order of their names.
#[derive(Debug, Default)]
pub struct ConventionSet {
    conventions: Vec<Convention>,
    /// One for each convention, side by side in memory: looking at ten thousand conventions themselves would be a cache
    /// miss each.
    fingerprints: Vec<Fingerprint>,
}

impl ConventionSet {
    /// Takes the conventions, in any order.
    pub fn new(mut conventions: Vec<Convention>) -> Self {
        conventions.sort_by(|first, second| (first.name(), first.path()).cmp(&(second.name(), second.path())));
        let fingerprints = conventions.iter().map(|convention| convention.pattern.fingerprint()).collect();
        Self { conventions, fingerprints }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Convention> {
        self.conventions.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.conventions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.conventions.is_empty()
    }

    /// Those that could match a name. The others certainly do not.
    pub fn candidates(&self, host: &HostName) -> impl Iterator<Item = &Convention> {
        let name = Fingerprint::of(host.as_str());
        let pairs = self.fingerprints.iter().zip(&self.conventions);
        pairs.filter(move |(fingerprint, _)| fingerprint.may_be_within(name)).map(|(_, convention)| convention)
    }
}

impl FromIterator<Convention> for ConventionSet {
    fn from_iter<I: IntoIterator<Item = Convention>>(conventions: I) -> Self {
        Self::new(conventions.into_iter().collect())
    }
}
