//! The token provider built on an account's credentials.

use std::time::SystemTime;

use aws_types::os_shim_internal::{Env, Fs};

use super::credentials::{Account, Login};
use super::{Error, identity, token};
use crate::backend::{AuthToken, Identity, TokenProvider, TokenRequest};

/// Mints tokens with the credentials of an account.
#[derive(Debug)]
pub struct Tokens {
    /// Whose they are.
    pub login: Login,
}

impl TokenProvider for Tokens {
    type Error = Error;

    async fn token(&self, request: TokenRequest<'_>) -> Result<AuthToken, Error> {
        let credentials = self.login.credentials(request.region).await?;
        let now = SystemTime::now();
        if let Some(expiry) = credentials.expiry().filter(|expiry| *expiry < now + token::MARGIN) {
            return Err(Error::CredentialsExpired { profile: self.login.profile(), expiry });
        }
        token::sign(&credentials, request, now)
    }

    async fn identity(&self) -> Option<Identity> {
        match &self.login.account {
            Account::Stored(source) => Some(identity::of_stored(source.as_ref())),
            account => {
                let (files, environment) = (Fs::real(), Env::real());
                identity::identity(&files, &environment, account.profile(), self.login.instance_metadata).await
            }
        }
    }
}
