//! Small help with words: the nearest known name to a mistyped one, and plurals.

/// The known name that differs least from `name`, if it is close enough to be a slip of the fingers.
pub(crate) fn closest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate.as_str()))
        .min()
        .filter(|(distance, _)| *distance <= 1 + name.chars().count() / 4)
        .map(|(_, candidate)| candidate)
}

/// `1 row`, `2 rows`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        let known = ["acme-prod".to_owned(), "acme-dev".to_owned()];
        assert_eq!(closest("acme-prd", &known), Some("acme-prod"));
        assert_eq!(closest("acme-dve", &known), Some("acme-dev"));
        assert_eq!(closest("globex", &known), None);
        assert_eq!(closest("x", &[]), None);
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(0, "row"), "0 rows");
    }
}
