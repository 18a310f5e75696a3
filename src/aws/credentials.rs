//! Credentials of a profile or of the surroundings, with failures told apart, and the token provider built on them.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::region::Region;

use super::profiles::DEFAULT_PROFILE;
use super::{Error, Profiles, identity, token};
use crate::backend::{AuthToken, Identity, TokenProvider, TokenRequest};

/// Mints tokens with the credentials of one profile, or of the surroundings where no profile is named.
#[derive(Debug)]
pub struct Tokens {
    /// The profile; `None` for the default chain.
    pub profile: Option<String>,
    /// Whether the instance metadata service may be asked. Off unless somebody asked for it: where there is none, asking it
    /// costs seconds.
    pub instance_metadata: bool,
    /// How long credentials may take to arrive.
    pub timeout: Duration,
}

impl TokenProvider for Tokens {
    type Error = Error;

    async fn token(&self, request: TokenRequest<'_>) -> Result<AuthToken, Error> {
        let credentials = self.credentials(request.region).await?;
        let now = SystemTime::now();
        if let Some(expiry) = credentials.expiry().filter(|expiry| *expiry < now + token::MARGIN) {
            return Err(Error::CredentialsExpired { profile: self.profile.clone(), expiry });
        }
        token::sign(&credentials, request, now)
    }

    async fn identity(&self) -> Option<Identity> {
        identity::identity(&Fs::real(), &Env::real(), self.profile.as_deref(), self.instance_metadata).await
    }
}

impl Tokens {
    async fn credentials(&self, region: &str) -> Result<Credentials, Error> {
        let Ok(credentials) = tokio::time::timeout(self.timeout, self.load(region)).await else {
            return Err(Error::Timeout { profile: self.profile.clone(), limit: self.timeout });
        };
        credentials
    }

    async fn load(&self, region: &str) -> Result<Credentials, Error> {
        let settings = ProviderConfig::default().with_region(Some(Region::new(region.to_owned())));
        let Some(profile) = &self.profile else {
            return match self.chain(&settings).provide_credentials().await {
                Ok(credentials) => Ok(credentials),
                Err(error) => Err(classify_surroundings(&Profiles::load().await?, error)),
            };
        };
        let provider = ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&settings).build();
        match provider.provide_credentials().await {
            Ok(credentials) => Ok(credentials),
            Err(error) => Err(classify(profile, &Profiles::load().await?, error)),
        }
    }

    /// The order of the AWS CLI: environment, default profile, web identity, container, and the instance only if asked.
    fn chain(&self, settings: &ProviderConfig) -> CredentialsProviderChain {
        let chain = CredentialsProviderChain::first_try("environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("profile", ProfileFileCredentialsProvider::builder().configure(settings).build())
            .or_else("web identity", WebIdentityTokenCredentialsProvider::builder().configure(settings).build())
            .or_else("container", EcsCredentialsProvider::builder().configure(settings).build());
        if self.instance_metadata {
            chain.or_else("instance", ImdsCredentialsProvider::builder().configure(settings).build())
        } else {
            chain
        }
    }
}

/// Tells the failures of a profile apart. The SDK has one opaque error for most of them, so what the profile says about
/// itself decides, and the service's own error code where there is one.
fn classify(profile: &str, profiles: &Profiles, error: CredentialsError) -> Error {
    let name = profile.to_owned();
    if !profiles.contains(profile) {
        return Error::ProfileMissing { profile: name, known: profiles.names() };
    }
    let chain = chain_text(&error);
    if is_denied(&chain) {
        return Error::AccessDenied { profile: Some(name), source: Box::new(error) };
    }
    if chain.contains("credentials-login") {
        return Error::LoginSession { profile: name };
    }
    if chain.contains("external process") {
        return Error::ProcessFailed { profile: name, source: Box::new(error) };
    }
    if let Some(login) = profiles.sso_profile(profile).filter(|_| is_expired_login(&chain)) {
        return Error::SsoExpired { profile: login.to_owned(), source: Box::new(error) };
    }
    match error {
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            Error::ProfileInvalid { profile: name, source: Box::new(error) }
        }
        _ => Error::Unavailable { profile: Some(name), source: Box::new(error) },
    }
}

/// The same for the default chain, in which the default profile may be the one that depends on SSO.
fn classify_surroundings(profiles: &Profiles, error: CredentialsError) -> Error {
    let chain = chain_text(&error);
    let source = Box::new(error);
    if is_denied(&chain) {
        return Error::AccessDenied { profile: None, source };
    }
    match profiles.sso_profile(DEFAULT_PROFILE).filter(|_| is_expired_login(&chain)) {
        Some(login) => Error::SsoExpired { profile: login.to_owned(), source },
        None => Error::NoCredentials { source },
    }
}

fn is_denied(chain: &str) -> bool {
    chain.contains("AccessDenied") || chain.contains("ForbiddenException")
}

/// An SSO token that is absent, over, or refused by the service. A network failure is none of these.
fn is_expired_login(chain: &str) -> bool {
    ["SSO token", "UnauthorizedException", "expired", "InvalidGrant", "failed to read"]
        .iter()
        .any(|sign| chain.contains(sign))
}

fn chain_text(error: &CredentialsError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        // The service's error code stands only in the Debug form of the innermost errors.
        if error.source().is_none() {
            let _ = write!(text, " {error:?}");
        }
        source = error.source();
    }
    text
}
