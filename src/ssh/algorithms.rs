//! Which algorithms are offered, in which order, and what is refused after the negotiation.
//!
//! Nothing with SHA-1, CBC, zlib or a fixed group below 2048 bits. AES-GCM first: it was measured fastest, and it needs no
//! separate MAC. What ssh_config allows narrows the lists; it never widens them.

use std::borrow::Cow;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Names, Preferred, cipher, compression, kex, mac};

use super::bastion::Bastion;
use super::error::Error;
use super::host_key::HostKeys;

/// All of them take one round trip but the group exchange, which takes two and so comes last.
const KEY_EXCHANGES: [kex::Name; 12] = [
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_G17_SHA512,
    kex::DH_G15_SHA512,
    kex::DH_G14_SHA256,
    kex::DH_GEX_SHA256,
];

/// Not key exchanges, but announcements in the same list: EXT_INFO (RFC 8308) and strict key exchange.
const EXTENSIONS: [kex::Name; 2] = [kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT];

const CIPHERS: [cipher::Name; 6] = [
    cipher::AES_128_GCM,
    cipher::AES_256_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_128_CTR,
    cipher::AES_192_CTR,
    cipher::AES_256_CTR,
];

const MACS: [mac::Name; 4] = [mac::HMAC_SHA256_ETM, mac::HMAC_SHA512_ETM, mac::HMAC_SHA256, mac::HMAC_SHA512];

const HOST_KEYS: [Algorithm; 6] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// Which algorithms may be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// All of ours; some of them only if the server has strict key exchange, which shows afterwards.
    Negotiated,
    /// Only those that are safe without it.
    SafeWithoutStrict,
}

/// The lists to send, narrowed by ssh_config and, for host keys, by what is recorded for the host.
pub(super) fn preferred(bastion: &Bastion, host_keys: &HostKeys, strictness: Strictness) -> Result<Preferred, Error> {
    let allowed = &bastion.allowed;
    let nothing_left = |directive: &str, list: &Option<Vec<String>>| Error::UnsupportedDirective {
        bastion: bastion.name.clone(),
        directive: directive.to_owned(),
        value: list.as_ref().map(|list| list.join(",")).unwrap_or_default(),
    };
    let mut key_exchanges = narrow(&KEY_EXCHANGES, allowed.key_exchange.as_deref());
    if key_exchanges.is_empty() {
        return Err(nothing_left("kexalgorithms", &allowed.key_exchange));
    }
    key_exchanges.extend(EXTENSIONS);
    let mut ciphers = narrow(&CIPHERS, allowed.cipher.as_deref());
    let mut macs = narrow(&MACS, allowed.mac.as_deref());
    if strictness == Strictness::SafeWithoutStrict {
        ciphers.retain(|cipher| *cipher != cipher::CHACHA20_POLY1305);
        macs.retain(|mac| !is_etm(*mac));
    }
    if macs.is_empty() {
        ciphers.retain(|cipher| !needs_mac(*cipher));
    }
    if ciphers.is_empty() {
        return Err(nothing_left("ciphers", &allowed.cipher));
    }
    let mut keys = narrow(&HOST_KEYS, allowed.host_key.as_deref());
    if keys.is_empty() {
        return Err(nothing_left("hostkeyalgorithms", &allowed.host_key));
    }
    let recorded = host_keys.recorded_types();
    let known: Vec<Algorithm> = keys.iter().filter(|key| recorded.contains(&key_type(key))).cloned().collect();
    if known.is_empty() {
        let likely = host_keys.likely_types();
        keys.sort_by_key(|key| !likely.contains(&key_type(key)));
    } else {
        keys = known;
    }
    Ok(Preferred {
        kex: Cow::Owned(key_exchanges),
        key: Cow::Owned(keys),
        host_key_certificates: Cow::Borrowed(&[]),
        cipher: Cow::Owned(ciphers),
        mac: Cow::Owned(macs),
        compression: Cow::Owned(vec![compression::NONE]),
    })
}

fn narrow<T: Clone + AsRef<str>>(ours: &[T], allowed: Option<&[String]>) -> Vec<T> {
    let is_allowed = |name: &str| allowed.is_none_or(|list| list.iter().any(|entry| entry == name));
    ours.iter().filter(|name| is_allowed((*name).as_ref())).cloned().collect()
}

/// The type of the key that a signature algorithm belongs to: `rsa-sha2-512` signs with an `ssh-rsa` key.
fn key_type(algorithm: &Algorithm) -> &str {
    if matches!(algorithm, Algorithm::Rsa { .. }) { "ssh-rsa" } else { algorithm.as_str() }
}

fn needs_mac(cipher: cipher::Name) -> bool {
    [cipher::AES_128_CTR, cipher::AES_192_CTR, cipher::AES_256_CTR].contains(&cipher)
}

fn is_etm(mac: mac::Name) -> bool {
    mac.as_ref().contains("-etm@")
}

/// Refuses ChaCha20-Poly1305 and encrypt-then-MAC without strict key exchange: there an attacker can cut packets off the
/// start unnoticed (Terrapin, CVE-2023-48795). Called when the keys are made, before anything secret is sent.
pub(super) fn check_negotiated(bastion: &str, names: &Names) -> Result<(), Error> {
    if names.strict_kex() {
        return Ok(());
    }
    let weak =
        |algorithm: &str| Error::WeakKeyExchange { bastion: bastion.to_owned(), algorithm: algorithm.to_owned() };
    if names.cipher == cipher::CHACHA20_POLY1305 {
        return Err(weak(names.cipher.as_ref()));
    }
    for mac in [names.client_mac, names.server_mac] {
        if needs_mac(names.cipher) && is_etm(mac) {
            return Err(weak(mac.as_ref()));
        }
    }
    Ok(())
}
