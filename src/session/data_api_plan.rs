//! What can be checked offline of a target that is reached through the RDS Data API.

use crate::target::{Arn, Auth, Endpoint, Target};

/// What the Data API needs, as far as it is known offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataApiPlan {
    /// The cluster.
    pub cluster: Place,
    /// The secret that holds the database login. Looked up with the cluster where it is not known.
    pub secret_arn: Option<String>,
    /// The region whose service is called.
    pub region: String,
    /// Default database.
    pub database: Option<String>,
}

/// How the cluster is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// By its ARN.
    Arn(String),
    /// By an endpoint, from which RDS must tell the ARN.
    Endpoint(Endpoint),
}

impl Place {
    /// What it is known by, for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Arn(arn) => arn,
            Self::Endpoint(endpoint) => &endpoint.host,
        }
    }
}

/// Why the Data API cannot serve a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataApiPlanError {
    /// Neither a cluster nor an endpoint.
    #[error("neither a cluster ARN nor an endpoint is known")]
    NoCluster,
    /// Nothing says which region to call.
    #[error("no AWS region is set")]
    NoRegion,
    /// Region and cluster contradict each other.
    #[error("region {region:?} is not the region of the cluster, {cluster:?}")]
    OtherRegion {
        /// As set.
        region: String,
        /// The ARN's.
        cluster: String,
    },
    /// The Data API reads secrets of its own region only.
    #[error("the secret is in region {secret:?}, the cluster in {cluster:?}")]
    SecretElsewhere {
        /// The secret's region.
        secret: String,
        /// The cluster's region.
        cluster: String,
    },
    /// A password cannot be handed to the Data API.
    #[error("auth \"password\" is not possible on route \"data-api\": it logs in with a secret")]
    Password,
}

/// Checks a target offline.
pub fn data_api_plan(target: &Target) -> Result<DataApiPlan, DataApiPlanError> {
    if target.auth == Auth::Password {
        return Err(DataApiPlanError::Password);
    }
    let region = target.region.clone().ok_or(DataApiPlanError::NoRegion)?;
    let cluster = match (&target.cluster_arn, &target.endpoint) {
        (Some(arn), _) => Place::Arn(arn.clone()),
        (None, Some(endpoint)) => Place::Endpoint(endpoint.clone()),
        (None, None) => return Err(DataApiPlanError::NoCluster),
    };
    if let Place::Arn(arn) = &cluster
        && let Some(arn) = Arn::parse(arn)
        && arn.region != region
    {
        return Err(DataApiPlanError::OtherRegion { region, cluster: arn.region.to_owned() });
    }
    if let Some(secret) = target.secret_arn.as_deref().and_then(Arn::parse)
        && secret.region != region
    {
        return Err(DataApiPlanError::SecretElsewhere { secret: secret.region.to_owned(), cluster: region });
    }
    Ok(DataApiPlan { cluster, secret_arn: target.secret_arn.clone(), region, database: target.database.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Address, Route, SslMode};

    const CLUSTER: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders";
    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf";

    fn target() -> Target {
        let host = "orders.cluster-c9abc.eu-west-1.rds.amazonaws.com".to_owned();
        Target {
            profile: None,
            region: Some("eu-west-1".into()),
            endpoint: Some(Endpoint { host: host.clone(), port: 3306 }),
            address: Some(Address { host, port: 3306 }),
            user: None,
            database: Some("shop".into()),
            bastion: Vec::new(),
            route: Route::DataApi,
            auth: Auth::Iam,
            ssl_mode: SslMode::VerifyIdentity,
            ssl_ca: None,
            credential: None,
            cluster_arn: Some(CLUSTER.into()),
            secret_arn: Some(SECRET.into()),
            client: None,
        }
    }

    #[test]
    fn an_arn_wins_over_an_endpoint_and_an_endpoint_is_enough() {
        let plan = data_api_plan(&target()).unwrap();
        assert_eq!((plan.cluster, plan.secret_arn.as_deref()), (Place::Arn(CLUSTER.into()), Some(SECRET)));
        let known = Target { cluster_arn: None, secret_arn: None, ..target() };
        let plan = data_api_plan(&known).unwrap();
        assert_eq!((plan.cluster, plan.secret_arn), (Place::Endpoint(known.endpoint.unwrap()), None));
    }

    #[test]
    fn contradictions_are_found_offline() {
        let elsewhere = SECRET.replace("eu-west-1", "us-east-1");
        let cases: [(Target, &str); 5] = [
            (Target { auth: Auth::Password, ..target() }, "auth \"password\""),
            (Target { region: None, ..target() }, "no AWS region"),
            (Target { region: Some("us-east-1".into()), ..target() }, "is not the region of the cluster"),
            (Target { secret_arn: Some(elsewhere), ..target() }, "the secret is in region \"us-east-1\""),
            (Target { cluster_arn: None, endpoint: None, ..target() }, "neither a cluster ARN nor an endpoint"),
        ];
        for (target, text) in cases {
            let error = data_api_plan(&target).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
