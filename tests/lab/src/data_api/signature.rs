//! Decides whether a request was signed by somebody the service knows, as the service's front door does.
//!
//! Source: "Create a signed AWS API request" of the IAM User Guide (signature version 4, `Authorization` header). It may
//! not use the rdsconn crate or any AWS crate: it exists to disagree with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_lc_rs::{constant_time, digest};
use hyper::http::request::Parts;

use super::errors::{Result, ServiceError};
use super::options::DataApiOptions;
use crate::verifier::{AccessKey, Scope, format_timestamp, hex, parse_timestamp, signature};

const SERVICE: &str = "rds-data";

/// Who signed the request.
///
/// The checks go from shape to key to time to signature, as the real front door's do: an expired signature is said to be
/// expired even if it is wrong as well.
pub(super) fn verify<'a>(parts: &Parts, body: &[u8], options: &'a DataApiOptions) -> Result<&'a AccessKey> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = header("authorization")
        .ok_or_else(|| ServiceError::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token"))?;
    let Authorization { credential, signed_headers, given } = Authorization::parse(authorization)?;
    let date = header("x-amz-date").ok_or_else(|| {
        incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    })?;
    let signed_at = parse_timestamp(date).ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format'."))?;
    let scope =
        Scope::parse(credential).map_err(|_| incomplete("Credential must have exactly 5 slash-delimited elements."))?;
    if scope.region != options.region {
        return Err(invalid("Credential should be scoped to a valid region. "));
    }
    if scope.service != SERVICE || scope.terminator != "aws4_request" || date.get(..8) != Some(scope.date) {
        return Err(invalid("Credential should be scoped to correct service: 'rds-data'. "));
    }
    let key = options.keys.iter().find(|key| key.id == scope.key_id);
    let known = key.filter(|key| key.session_token.as_deref() == header("x-amz-security-token"));
    let key = known.ok_or_else(|| {
        ServiceError::new(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    })?;

    let now = (options.now)();
    let (at, tolerance) = (format_timestamp(now), options.limits.clock);
    let minutes = tolerance.as_secs() / 60;
    if signed_at + tolerance < now {
        let earliest = format_timestamp(now - tolerance);
        return Err(invalid(format!(
            "Signature expired: {date} is now earlier than {earliest} ({at} - {minutes} min.)"
        )));
    }
    if signed_at > now + tolerance {
        let latest = format_timestamp(now + tolerance);
        return Err(invalid(format!(
            "Signature not yet current: {date} is still later than {latest} ({at} + {minutes} min.)"
        )));
    }

    let canonical = canonical_request(parts, body, &signed_headers)?;
    let expected = signature(&key.secret, &scope, date, &canonical);
    constant_time::verify_slices_are_equal(expected.as_bytes(), given.as_bytes()).map_err(|_| {
        invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
             Key and signing method. Consult the service documentation for details.",
        )
    })?;
    Ok(key)
}

struct Authorization<'a> {
    credential: &'a str,
    signed_headers: Vec<&'a str>,
    given: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let pairs = text
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .ok_or_else(|| incomplete("Unsupported AWS 'algorithm': only 'AWS4-HMAC-SHA256' is known."))?;
        let mut parts: BTreeMap<&str, &str> = BTreeMap::new();
        for pair in pairs.split(',') {
            let (name, value) = pair
                .trim()
                .split_once('=')
                .ok_or_else(|| incomplete("Invalid key=value pair in Authorization header."))?;
            if parts.insert(name, value).is_some() {
                return Err(incomplete("Duplicate key in Authorization header."));
            }
        }
        let mut take = |name: &str| {
            parts.remove(name).ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
        };
        let signed_headers: Vec<&str> = take("SignedHeaders")?.split(';').collect();
        if !signed_headers.is_sorted_by(|one, next| one < next) {
            return Err(incomplete("'SignedHeaders' must be sorted."));
        }
        Ok(Self { credential: take("Credential")?, given: take("Signature")?, signed_headers })
    }
}

fn canonical_request(parts: &Parts, body: &[u8], signed: &[&str]) -> Result<String> {
    if !signed.contains(&"host") || !signed.contains(&"x-amz-date") {
        return Err(invalid("'host' and 'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."));
    }
    let unsigned = parts.headers.keys().map(hyper::header::HeaderName::as_str);
    if let Some(name) = unsigned.filter(|name| name.starts_with("x-amz-")).find(|name| !signed.contains(name)) {
        return Err(invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
    }
    let mut headers = String::new();
    for name in signed {
        let values: Vec<&str> = parts.headers.get_all(*name).iter().filter_map(|value| value.to_str().ok()).collect();
        if values.is_empty() {
            return Err(invalid(format!("'{name}' is signed, but it is not a header of the request.")));
        }
        let values: Vec<String> =
            values.iter().map(|value| value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")).collect();
        // Writing into a String cannot fail.
        let _ = writeln!(headers, "{name}:{}", values.join(","));
    }
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(ServiceError::validation("This operation has no query."));
    }
    let payload = hex(digest::digest(&digest::SHA256, body).as_ref());
    if parts.headers.get("x-amz-content-sha256").is_some_and(|claimed| claimed.as_bytes() != payload.as_bytes()) {
        return Err(invalid("The provided 'x-amz-content-sha256' header does not match what was computed."));
    }
    Ok(format!("{}\n{}\n\n{headers}\n{}\n{payload}", parts.method, parts.uri.path(), signed.join(";")))
}

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::new(403, "InvalidSignatureException", message)
}

fn incomplete(message: &str) -> ServiceError {
    ServiceError::new(403, "IncompleteSignatureException", message)
}
