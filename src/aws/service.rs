//! What all calls to AWS services have in common: who signs, where to, how long, and that nothing is sent twice by itself.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};

use super::Error;
use super::credentials::Login;

/// Calls services of one region as one account.
#[derive(Debug, Clone)]
pub struct Service {
    /// Who calls.
    pub login: Login,
    /// The region whose services are called.
    pub region: String,
}

impl Service {
    /// Credentials, and the addresses that environment and profile give. `limit` is for one call from beginning to end, its
    /// connection included. The SDK sends every request once: what may be sent again is decided by who knows what it says.
    pub(super) async fn configuration(&self, limit: Option<Duration>) -> Result<SdkConfig, Error> {
        // Loaded here and now: an error has its own words only before the SDK wraps it.
        let credentials = self.login.credentials(&self.region).await?;
        let mut timeouts = TimeoutConfig::builder().connect_timeout(self.login.timeout);
        if let Some(limit) = limit {
            timeouts = timeouts.operation_timeout(limit);
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(Renewed { service: self.clone(), first: credentials })
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.build());
        if let Some(profile) = self.login.account.profile() {
            loader = loader.profile_name(profile);
        }
        Ok(loader.load().await)
    }
}

/// Hands out the first credentials while they are good, and loads others when they are not: a long script outlives them.
#[derive(Debug)]
struct Renewed {
    service: Service,
    first: Credentials,
}

impl ProvideCredentials for Renewed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        if self.first.expiry().is_none_or(|expiry| expiry > std::time::SystemTime::now() + super::token::MARGIN) {
            return future::ProvideCredentials::ready(Ok(self.first.clone()));
        }
        future::ProvideCredentials::new(async {
            let renewed = self.service.login.credentials(&self.service.region).await;
            renewed.map_err(CredentialsError::provider_error)
        })
    }
}
