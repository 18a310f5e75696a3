//! Turns a target into a plan: what is missing or does not fit together is found here, before the network is touched.

use crate::target::{Address, Auth, BastionName, Endpoint, Route, SslMode, Target};

/// A target that has everything that a login needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Signed for and verified against.
    pub endpoint: Endpoint,
    /// The name the certificate must bear: the endpoint's, unless the chain alone is to be verified and the certificate is
    /// known to be for another name.
    pub certificate_name: String,
    /// Dialled.
    pub address: Address,
    /// AWS region of the endpoint, where it is known.
    pub region: Option<String>,
    /// Who logs in, and where the password comes from.
    pub login: LoginPlan,
    /// Default database.
    pub database: Option<String>,
    /// SSH hops; empty on a direct route.
    pub bastion: Vec<BastionName>,
    /// How the certificate is verified.
    pub ssl_mode: SslMode,
    /// Extra roots.
    pub ssl_ca: Option<std::path::PathBuf>,
}

/// Who logs in, and where the password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginPlan {
    /// An IAM token.
    Token {
        /// Database user.
        user: String,
        /// AWS region of the endpoint.
        region: String,
    },
    /// A secret of Secrets Manager, which alone knows the user.
    Secret {
        /// Which one.
        arn: String,
    },
    /// A password that somebody types or hands over.
    Password {
        /// Database user.
        user: String,
    },
}

impl Plan {
    /// Who logs in, as far as that is known without asking anybody.
    pub fn user(&self) -> Option<&str> {
        match &self.login {
            LoginPlan::Token { user, .. } | LoginPlan::Password { user } => Some(user),
            LoginPlan::Secret { .. } => None,
        }
    }

    /// What is shown of the credentials of `user` once they are there: the region that a token is for, else who logs in.
    pub fn shown_credentials<'a>(&'a self, user: &'a str) -> &'a str {
        match &self.login {
            LoginPlan::Token { region, .. } => region,
            LoginPlan::Secret { .. } | LoginPlan::Password { .. } => user,
        }
    }

    /// Where the password comes from.
    pub fn auth(&self) -> Auth {
        match self.login {
            LoginPlan::Token { .. } => Auth::Iam,
            LoginPlan::Secret { .. } => Auth::Secret,
            LoginPlan::Password { .. } => Auth::Password,
        }
    }
}

/// What keeps a target from being opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing says who logs in.
    #[error("no database user is set for {endpoint}")]
    NoUser {
        /// The database.
        endpoint: Endpoint,
    },
    /// Nothing says which region the token is for.
    #[error("no AWS region is set for {endpoint}")]
    NoRegion {
        /// The database.
        endpoint: Endpoint,
    },
    /// `auth = "secret"` without a secret.
    #[error("auth \"secret\" needs a secret, and none is set for {endpoint}")]
    NoSecret {
        /// The database.
        endpoint: Endpoint,
    },
    /// `route = "tunnel"` without a bastion.
    #[error("route \"tunnel\" needs a bastion, and none is set for {endpoint}")]
    NoBastion {
        /// The database.
        endpoint: Endpoint,
    },
    /// The Data API takes SQL and nothing else.
    #[error("route \"data-api\" has no connection, and needs no token")]
    NoConnection,
}

/// Checks a target offline.
pub fn plan(target: &Target) -> Result<Plan, PlanError> {
    let (Some(endpoint), Some(address)) = (target.endpoint.clone(), target.address.clone()) else {
        // Only the Data API can do without.
        return Err(PlanError::NoConnection);
    };
    let bastion = match target.route {
        Route::Direct => Vec::new(),
        Route::Tunnel if target.bastion.is_empty() => return Err(PlanError::NoBastion { endpoint }),
        Route::Tunnel => target.bastion.clone(),
        Route::DataApi => return Err(PlanError::NoConnection),
    };
    let login = login(target, &endpoint)?;
    Ok(Plan {
        certificate_name: endpoint.host.clone(),
        endpoint,
        address,
        region: target.region.clone(),
        login,
        database: target.database.clone(),
        bastion,
        ssl_mode: target.ssl_mode,
        ssl_ca: target.ssl_ca.clone(),
    })
}

fn login(target: &Target, endpoint: &Endpoint) -> Result<LoginPlan, PlanError> {
    let user = || target.user.clone().ok_or_else(|| PlanError::NoUser { endpoint: endpoint.clone() });
    match target.auth {
        Auth::Iam => {
            let (user, region) = (user()?, target.region.clone());
            let region = region.ok_or_else(|| PlanError::NoRegion { endpoint: endpoint.clone() })?;
            Ok(LoginPlan::Token { user, region })
        }
        Auth::Secret => match &target.secret_arn {
            Some(arn) => Ok(LoginPlan::Secret { arn: arn.clone() }),
            None => Err(PlanError::NoSecret { endpoint: endpoint.clone() }),
        },
        Auth::Password => Ok(LoginPlan::Password { user: user()? }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            profile: None,
            region: Some("us-east-1".into()),
            endpoint: Some(Endpoint { host: "orders.c9abc.us-east-1.rds.amazonaws.com".into(), port: 3306 }),
            address: Some(Address { host: "10.0.0.7".into(), port: 3307 }),
            user: Some("dba".into()),
            database: None,
            bastion: Vec::new(),
            route: Route::Direct,
            auth: Auth::Iam,
            ssl_mode: SslMode::VerifyIdentity,
            ssl_ca: None,
            credential: None,
            cluster_arn: None,
            secret_arn: None,
            client: None,
        }
    }

    #[test]
    fn t19_a_target_with_a_bastion_is_never_dialled_directly() {
        let bastion = BastionName { user: None, host: "bastion-prod".into(), port: None };
        let tunnelled = Target { route: Route::Tunnel, bastion: vec![bastion.clone()], ..target() };
        assert_eq!(plan(&tunnelled).unwrap().bastion, vec![bastion]);
        let missing = Target { route: Route::Tunnel, ..target() };
        assert!(matches!(plan(&missing), Err(PlanError::NoBastion { .. })));
    }

    #[test]
    fn what_is_missing_is_said_before_anything_is_opened() {
        type Expected = fn(&PlanError) -> bool;
        let cases: [(Target, Expected); 5] = [
            (Target { user: None, ..target() }, |error| matches!(error, PlanError::NoUser { .. })),
            (Target { region: None, ..target() }, |error| matches!(error, PlanError::NoRegion { .. })),
            (Target { route: Route::DataApi, ..target() }, |error| matches!(error, PlanError::NoConnection)),
            (Target { auth: Auth::Secret, ..target() }, |error| matches!(error, PlanError::NoSecret { .. })),
            (Target { auth: Auth::Password, user: None, ..target() }, |error| {
                matches!(error, PlanError::NoUser { .. })
            }),
        ];
        for (target, expected) in cases {
            let error = plan(&target).unwrap_err();
            assert!(expected(&error), "{error}");
        }
    }

    #[test]
    fn what_a_login_needs_depends_on_where_its_password_comes_from() {
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf";
        let secret = Target { auth: Auth::Secret, secret_arn: Some(arn.into()), user: None, region: None, ..target() };
        let planned = plan(&secret).unwrap();
        assert_eq!(planned.login, LoginPlan::Secret { arn: arn.into() });
        // Whoever is named elsewhere: the secret says who logs in.
        let planned = plan(&Target { user: Some("dba".into()), ..secret }).unwrap();
        assert_eq!((planned.user(), planned.auth()), (None, Auth::Secret));
        let password = Target { auth: Auth::Password, region: None, ..target() };
        let planned = plan(&password).unwrap();
        assert_eq!((planned.user(), planned.auth(), &planned.region), (Some("dba"), Auth::Password, &None));
        let planned = plan(&target()).unwrap();
        assert_eq!(planned.login, LoginPlan::Token { user: "dba".into(), region: "us-east-1".into() });
    }
}
