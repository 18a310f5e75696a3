//! Signs the token: a presigned SigV4 request for the service `rds-db`, without its `https://`.
//!
//! Pure: credentials and time come in. The generator of aws-sdk-rds is not used: it panics on user names with a space, signs
//! those with `+`, `&` or `#` wrongly, and signs upper-case endpoints so that the server refuses them.
//!
//! Source: "Connecting to your DB instance using IAM authentication" in the RDS guide, and the SigV4 query-string rules.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign as sign_request,
};
use aws_sigv4::sign::v4;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;

use super::Error;
use crate::backend::{AuthToken, TokenRequest};

/// How long the server accepts a token after signing. RDS takes no other value.
const LIFETIME: Duration = Duration::from_secs(900);

/// A token is not offered in its last minute: the login must arrive, and clocks differ.
pub(super) const MARGIN: Duration = Duration::from_secs(60);

/// Everything but RFC 3986's unreserved characters, as SigV4 wants it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn sign(credentials: &Credentials, request: TokenRequest<'_>, now: SystemTime) -> Result<AuthToken, Error> {
    let mut url = format!(
        "https://{}:{}/?Action=connect&DBUser={}",
        request.endpoint.host.to_ascii_lowercase(),
        request.endpoint.port,
        utf8_percent_encode(request.user, ENCODED)
    );
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(LIFETIME);
    settings.signature_location = SignatureLocation::QueryParams;
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(request.region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| Error::Signing(Box::new(error)))?;
    let signable = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(b""))
        .map_err(|error| Error::Signing(Box::new(error)))?;
    let (instructions, _) =
        sign_request(signable, &parameters.into()).map_err(|error| Error::Signing(Box::new(error)))?.into_parts();

    let mut token = url.split_off("https://".len());
    for (name, value) in instructions.params() {
        token.push('&');
        token.push_str(name);
        token.push('=');
        token.extend(utf8_percent_encode(value, ENCODED));
    }
    let end = credentials.expiry().map_or(now + LIFETIME, |expiry| expiry.min(now + LIFETIME));
    Ok(AuthToken { secret: SecretString::from(token), not_after: end - MARGIN })
}
