//! A certificate authority of the lab's own and the server certificates tests need, good and bad. Everything is made anew
//! in memory, with ECDSA P-256 because RSA keys take seconds; nothing here may reach a trust store outside the lab.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A private certificate authority.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: CertificateDer<'static>,
}

/// From when to when a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// For as long as anyone will run these tests.
    Current,
    /// Ended in 2024, as RDS's first roots did.
    Expired,
    /// Begins in 2090.
    NotYet,
}

/// A server's certificate with its key.
#[derive(Debug)]
pub struct ServerCertificate {
    /// The certificate, in PEM.
    pub certificate_pem: String,
    /// The private key, PKCS #8 in PEM.
    pub key_pem: String,
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Authority {
    /// Makes an authority called `name`.
    pub fn new(name: &str) -> Self {
        let mut params = parameters(name, &[], Validity::Current);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let key = new_key();
        let certificate = params.self_signed(&key).expect("an authority signs itself");
        Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    /// Issues a certificate for `names`; the first is also its common name, as in RDS's certificates.
    pub fn issue(&self, names: &[&str], validity: Validity) -> ServerCertificate {
        let key = new_key();
        let certificate = server_parameters(names, validity)
            .signed_by(&key, &self.issuer)
            .expect("an authority issues a certificate");
        ServerCertificate::new(&certificate, &key)
    }

    /// The authority's own certificate, for an `ssl_ca` file.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The authority's own certificate, for a rustls root store.
    pub fn der(&self) -> CertificateDer<'static> {
        self.der.clone()
    }
}

impl ServerCertificate {
    /// A certificate for `names` that nobody but its own key vouches for.
    pub fn self_signed(names: &[&str]) -> Self {
        let key = new_key();
        let certificate =
            server_parameters(names, Validity::Current).self_signed(&key).expect("a certificate signs itself");
        Self::new(&certificate, &key)
    }

    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        Self {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
        }
    }

    /// The chain a server presents: this certificate alone, since the authority signs directly.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone()]
    }

    /// The key in rustls' terms.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.clone_key())
    }
}

/// One authority a client trusts, one it does not, and a server certificate for each thing that can be wrong.
#[derive(Debug)]
pub struct Certificates {
    /// The authority a test's `ssl_ca` names.
    pub authority: Authority,
    /// An authority nobody trusts.
    pub other_authority: Authority,
    /// Good: for the endpoint, from `authority`.
    pub server: ServerCertificate,
    /// From `authority`, but for another database.
    pub wrong_name: ServerCertificate,
    /// From `authority`, for the endpoint, over since 2024.
    pub expired: ServerCertificate,
    /// For the endpoint, signed by itself.
    pub self_signed: ServerCertificate,
    /// For the endpoint, from `other_authority`.
    pub other_server: ServerCertificate,
}

/// Where [`Certificates::write_to`] put what a server and a client need.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The authority's certificate.
    pub ca: PathBuf,
    /// The other authority's certificate.
    pub other_ca: PathBuf,
    /// The good server certificate.
    pub server: PathBuf,
    /// Its key.
    pub server_key: PathBuf,
}

impl Certificates {
    /// Makes the whole set for a server called `endpoint`. RDS writes further names into a cluster's certificate; give
    /// them in `also`.
    pub fn new(endpoint: &str, also: &[&str]) -> Self {
        let authority = Authority::new("rdsconn lab root");
        let other_authority = Authority::new("rdsconn lab stranger");
        let names: Vec<&str> = std::iter::once(endpoint).chain(also.iter().copied()).collect();
        Self {
            server: authority.issue(&names, Validity::Current),
            wrong_name: authority.issue(&["other.cluster-c9abc.us-east-1.rds.amazonaws.com"], Validity::Current),
            expired: authority.issue(&names, Validity::Expired),
            self_signed: ServerCertificate::self_signed(&names),
            other_server: other_authority.issue(&names, Validity::Current),
            authority,
            other_authority,
        }
    }

    /// Writes `ca.pem`, `other-ca.pem`, `server.pem` and, for its owner only, `server.key` into
    /// `directory`.
    pub fn write_to(&self, directory: &Path) -> io::Result<CertificateFiles> {
        let files = CertificateFiles {
            ca: directory.join("ca.pem"),
            other_ca: directory.join("other-ca.pem"),
            server: directory.join("server.pem"),
            server_key: directory.join("server.key"),
        };
        std::fs::write(&files.ca, self.authority.pem())?;
        std::fs::write(&files.other_ca, self.other_authority.pem())?;
        std::fs::write(&files.server, &self.server.certificate_pem)?;
        OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&files.server_key)?
            .write_all(self.server.key_pem.as_bytes())?;
        Ok(files)
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("the system gives random bytes")
}

fn parameters(common_name: &str, names: &[&str], validity: Validity) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names are DNS names or addresses");
    params.distinguished_name.push(DnType::CommonName, common_name);
    (params.not_before, params.not_after) = match validity {
        Validity::Current => (date_time_ymd(2020, 1, 1), date_time_ymd(2120, 1, 1)),
        Validity::Expired => (date_time_ymd(2019, 8, 22), date_time_ymd(2024, 8, 22)),
        Validity::NotYet => (date_time_ymd(2090, 1, 1), date_time_ymd(2120, 1, 1)),
    };
    params
}

fn server_parameters(names: &[&str], validity: Validity) -> CertificateParams {
    let mut params = parameters(names.first().copied().unwrap_or("nameless"), names, validity);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{CertificateError, Error, RootCertStore};

    const ENDPOINT: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";

    fn judge(server: &ServerCertificate, authority: &Authority, name: &str) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&server.chain()[0], &[], &name, &[], UnixTime::now()).map(|_| ())
    }

    #[test]
    fn each_certificate_has_only_its_own_fault() {
        let set = Certificates::new(ENDPOINT, &["orders-1.c9abc.us-east-1.rds.amazonaws.com"]);
        assert_eq!(judge(&set.server, &set.authority, ENDPOINT), Ok(()));
        assert_eq!(judge(&set.server, &set.authority, "orders-1.c9abc.us-east-1.rds.amazonaws.com"), Ok(()));
        let fault = |server: &ServerCertificate| match judge(server, &set.authority, ENDPOINT) {
            Err(Error::InvalidCertificate(fault)) => fault,
            other => panic!("{other:?}"),
        };
        assert!(matches!(fault(&set.wrong_name), CertificateError::NotValidForNameContext { .. }));
        assert!(matches!(fault(&set.expired), CertificateError::ExpiredContext { .. }));
        assert_eq!(fault(&set.self_signed), CertificateError::UnknownIssuer);
        assert_eq!(fault(&set.other_server), CertificateError::UnknownIssuer);
        assert_eq!(judge(&set.other_server, &set.other_authority, ENDPOINT), Ok(()));
        let early = set.authority.issue(&[ENDPOINT], Validity::NotYet);
        assert!(matches!(fault(&early), CertificateError::NotValidYetContext { .. }));
    }

    #[test]
    fn keys_belong_to_their_certificates() {
        let set = Certificates::new(ENDPOINT, &[]);
        for server in [&set.server, &set.wrong_name, &set.expired, &set.self_signed, &set.other_server] {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            rustls::ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(server.chain(), server.key())
                .unwrap();
        }
    }

    #[test]
    fn files_hold_the_good_set() {
        let set = Certificates::new(ENDPOINT, &[]);
        let directory = tempfile::tempdir().unwrap();
        let files = set.write_to(directory.path()).unwrap();
        assert_eq!(std::fs::read_to_string(files.ca).unwrap(), set.authority.pem());
        assert_eq!(std::fs::read_to_string(files.other_ca).unwrap(), set.other_authority.pem());
        assert_eq!(std::fs::read_to_string(files.server).unwrap(), set.server.certificate_pem);
        assert!(std::fs::read_to_string(files.server_key).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    }
}
