//! Signs the token: a presigned `SigV4` request for the service `rds-db`, without its `https://`.
//!
//! Pure: credentials and time come in. The generator of aws-sdk-rds is not used: it panics on user names with a space, signs
//! those with `+`, `&` or `#` wrongly, and signs upper-case endpoints so that the server refuses them.
//!
//! Source: "Connecting to your DB instance using IAM authentication" in the RDS guide, and the `SigV4` query-string rules.

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
const LIFETIME: Duration = Duration::from_mins(15);

/// A token is not offered in its last minute: the login must arrive, and clocks differ.
pub(super) const MARGIN: Duration = Duration::from_mins(1);

/// Everything but RFC 3986's unreserved characters, as `SigV4` wants it.
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
    Ok(AuthToken {
        user: request.user.to_owned(),
        secret: SecretString::from(token),
        not_after: end - MARGIN,
        may_be_stale: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Endpoint;
    use rdsconn_lab::verifier::{AccessKey, Refusal, Verifier};
    use secrecy::ExposeSecret;

    const HOST: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn verifier(session_token: Option<&str>) -> Verifier {
        let key = AccessKey {
            id: "AKIDEXAMPLE".to_owned(),
            secret: SECRET.to_owned(),
            session_token: session_token.map(str::to_owned),
        };
        Verifier::new(HOST, 3306, "us-east-1", vec![key])
    }

    fn token(host: &str, region: &str, user: &str, session_token: Option<&str>) -> AuthToken {
        let credentials = Credentials::new("AKIDEXAMPLE", SECRET, session_token.map(str::to_owned), None, "test");
        let endpoint = Endpoint { host: host.to_owned(), port: 3306 };
        sign(&credentials, TokenRequest { endpoint: &endpoint, region, user }, SystemTime::now()).unwrap()
    }

    /// Every name that the generator of aws-sdk-rds was seen to panic on or to sign wrongly, and plain ones.
    const USERS: [&str; 14] =
        ["dba", "DBA", "a+b", "a b", "a&b", "a#b", "u@x", "ü", "a%b", "a'b", "a/b", "a=b", "a?b", "~._-*()!"];

    #[test]
    fn tokens_of_awkward_users_verify() {
        let long = "x".repeat(3000);
        for session_token in [None, Some("short/+=token=="), Some(long.as_str())] {
            for user in USERS {
                let token = token(HOST, "us-east-1", user, session_token);
                let verdict = verifier(session_token).verify(token.secret.expose_secret(), user);
                assert_eq!(verdict, Ok(()), "{user}");
            }
        }
    }

    #[test]
    fn an_upper_case_endpoint_is_signed_in_lower_case() {
        let token = token(&HOST.to_ascii_uppercase(), "us-east-1", "dba", None);
        assert_eq!(verifier(None).verify(token.secret.expose_secret(), "dba"), Ok(()));
    }

    #[test]
    fn the_verifier_tells_wrong_tokens_apart() {
        let wrong_region = token(HOST, "eu-west-1", "dba", None);
        assert!(matches!(
            verifier(None).verify(wrong_region.secret.expose_secret(), "dba"),
            Err(Refusal::WrongRegion { .. })
        ));
        let wrong_user = token(HOST, "us-east-1", "dba", None);
        assert!(matches!(
            verifier(None).verify(wrong_user.secret.expose_secret(), "Dba"),
            Err(Refusal::WrongUser { .. })
        ));
    }

    #[test]
    fn r8_a_token_is_not_offered_past_its_credentials_or_in_its_last_minute() {
        let endpoint = Endpoint { host: HOST.to_owned(), port: 3306 };
        let request = TokenRequest { endpoint: &endpoint, region: "us-east-1", user: "dba" };
        let now = SystemTime::now();
        for (expiry, expected) in [(None, 840), (Some(3600), 840), (Some(900), 840), (Some(300), 240)] {
            let expiry = expiry.map(|seconds| now + Duration::from_secs(seconds));
            let credentials = Credentials::new("AKIDEXAMPLE", SECRET, None, expiry, "test");
            let token = sign(&credentials, request, now).unwrap();
            assert_eq!(token.not_after, now + Duration::from_secs(expected));
        }
    }

    #[test]
    fn t17_a_token_has_no_debug_form() {
        let token = token(HOST, "us-east-1", "dba", None);
        assert!(!format!("{token:?}").contains("X-Amz-Signature"));
    }
}
