//! Turns a target into a plan: what is missing or does not fit together is found here, before the network is touched.

use crate::target::{Address, Auth, BastionName, Endpoint, Route, SslMode, Target};

/// A target that has everything a login by IAM token needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Signed for and verified against.
    pub endpoint: Endpoint,
    /// The name the certificate must bear: the endpoint's, unless the chain alone is to be verified and the certificate is
    /// known to be for another name.
    pub certificate_name: String,
    /// Dialled.
    pub address: Address,
    /// AWS region of the endpoint.
    pub region: String,
    /// Database user.
    pub user: String,
    /// Default database.
    pub database: Option<String>,
    /// SSH hops; empty on a direct route.
    pub bastion: Vec<BastionName>,
    /// How the certificate is verified.
    pub ssl_mode: SslMode,
    /// Extra roots.
    pub ssl_ca: Option<std::path::PathBuf>,
}

/// What keeps a target from being opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Only a cluster is known, which has no endpoint to connect to.
    #[error("no endpoint is known")]
    NoEndpoint,
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
    /// `route = "tunnel"` without a bastion.
    #[error("route \"tunnel\" needs a bastion, and none is set for {endpoint}")]
    NoBastion {
        /// The database.
        endpoint: Endpoint,
    },
    /// A route or a way to log in that this version does not have.
    #[error("{what} is not available in this version")]
    NotAvailable {
        /// For example `route "data-api"`.
        what: &'static str,
    },
}

/// Checks a target offline.
pub fn plan(target: &Target) -> Result<Plan, PlanError> {
    let (Some(endpoint), Some(address)) = (target.endpoint.clone(), target.address.clone()) else {
        return Err(PlanError::NoEndpoint);
    };
    let bastion = match target.route {
        Route::Direct => Vec::new(),
        Route::Tunnel if target.bastion.is_empty() => return Err(PlanError::NoBastion { endpoint }),
        Route::Tunnel => target.bastion.clone(),
        Route::DataApi => return Err(PlanError::NotAvailable { what: "route \"data-api\"" }),
    };
    match target.auth {
        Auth::Iam => {}
        Auth::Secret => return Err(PlanError::NotAvailable { what: "auth \"secret\"" }),
        Auth::Password => return Err(PlanError::NotAvailable { what: "auth \"password\"" }),
    }
    let Some(user) = target.user.clone() else { return Err(PlanError::NoUser { endpoint }) };
    let Some(region) = target.region.clone() else { return Err(PlanError::NoRegion { endpoint }) };
    Ok(Plan {
        certificate_name: endpoint.host.clone(),
        endpoint,
        address,
        region,
        user,
        database: target.database.clone(),
        bastion,
        ssl_mode: target.ssl_mode,
        ssl_ca: target.ssl_ca.clone(),
    })
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
        let cases: [(Target, Expected); 4] = [
            (Target { user: None, ..target() }, |error| matches!(error, PlanError::NoUser { .. })),
            (Target { region: None, ..target() }, |error| matches!(error, PlanError::NoRegion { .. })),
            (Target { route: Route::DataApi, ..target() }, |error| matches!(error, PlanError::NotAvailable { .. })),
            (Target { auth: Auth::Secret, ..target() }, |error| matches!(error, PlanError::NotAvailable { .. })),
        ];
        for (target, expected) in cases {
            let error = plan(&target).unwrap_err();
            assert!(expected(&error), "{error}");
        }
    }
}
