//! Whose credentials are used, and how they are loaded, with failures told apart.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

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
use aws_types::region::Region;
use secrecy::ExposeSecret as _;
use tokio::sync::oneshot;

use super::profiles::DEFAULT_PROFILE;
use super::{Error, Profiles};
use crate::backend::KeySource;

/// Who acts.
#[derive(Debug, Clone)]
pub enum Account {
    /// Whoever the surroundings say: environment, default profile, web identity, container, instance.
    Surroundings,
    /// A profile of the AWS configuration files.
    Profile(String),
    /// Keys that are stored under a name.
    Stored(Arc<dyn KeySource>),
}

impl Account {
    /// The profile, where it is one.
    pub fn profile(&self) -> Option<&str> {
        match self {
            Self::Profile(name) => Some(name),
            Self::Surroundings | Self::Stored(_) => None,
        }
    }
}

/// Loads the credentials of an account.
#[derive(Debug, Clone)]
pub struct Login {
    /// Whose.
    pub account: Account,
    /// Whether the instance metadata service may be asked. Off unless somebody asked for it: where there is none, asking it
    /// costs seconds.
    pub instance_metadata: bool,
    /// How long credentials may take to arrive.
    pub timeout: Duration,
}

impl Login {
    /// Loads them. `region` is where an issuer of credentials is asked, if there is one.
    pub(super) async fn credentials(&self, region: &str) -> Result<Credentials, Error> {
        if let Account::Stored(source) = &self.account {
            // No time limit: somebody may be asked for a passphrase.
            return stored(source).await;
        }
        let Ok(credentials) = tokio::time::timeout(self.timeout, self.load(region)).await else {
            return Err(Error::Timeout { profile: self.profile(), limit: self.timeout });
        };
        credentials
    }

    /// The profile, for messages.
    pub(super) fn profile(&self) -> Option<String> {
        self.account.profile().map(str::to_owned)
    }

    async fn load(&self, region: &str) -> Result<Credentials, Error> {
        let settings = ProviderConfig::default().with_region(Some(Region::new(region.to_owned())));
        let Some(profile) = self.account.profile() else {
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

/// Keys as they are stored. They have no end that anybody knows. Opened on a thread of its own: while somebody is asked for
/// a passphrase, signals are still heard.
async fn stored(source: &Arc<dyn KeySource>) -> Result<Credentials, Error> {
    let (done, opened) = oneshot::channel();
    let thread = std::thread::Builder::new().name("credential".to_owned());
    let keys = Arc::clone(source);
    // Nobody waits any more if the program is about to end.
    let begun = thread.spawn(move || drop(done.send(keys.keys())));
    let failed = |error| Error::Stored { name: source.name().to_owned(), source: error };
    begun.map_err(|error| failed(error.into()))?;
    let keys = opened.await.map_err(|error| failed(error.into()))?.map_err(failed)?;
    let session_token = keys.session_token.map(|token| token.expose_secret().to_owned());
    let secret = keys.secret_access_key.expose_secret();
    Ok(Credentials::new(keys.access_key_id, secret, session_token, None, "stored"))
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
