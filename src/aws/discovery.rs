//! What RDS says about a cluster of which only an endpoint is known.

use aws_sdk_rds::Client;
use aws_sdk_rds::types::DbCluster;

use super::call::{self, CallFault};
use super::{Error, Service};
use crate::target::{EndpointKind, RdsShape};

/// A cluster as RDS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its ARN.
    pub arn: String,
    /// Whether the Data API is switched on.
    pub has_http_endpoint: bool,
    /// The secret in which RDS keeps the login of the master user, if it does.
    pub master_secret: Option<String>,
}

/// Looks up a cluster by its ARN. Reads only.
pub async fn describe_cluster(service: &Service, arn: &str) -> Result<Cluster, Error> {
    let configuration = service.configuration(Some(service.login.timeout)).await?;
    describe(&Client::new(&configuration), arn).await?.ok_or_else(|| Error::NoCluster { of: arn.to_owned() })
}

/// Looks up the cluster that an endpoint belongs to. Reads only.
pub async fn find_cluster(service: &Service, host: &str) -> Result<Cluster, Error> {
    let configuration = service.configuration(Some(service.login.timeout)).await?;
    let client = Client::new(&configuration);
    let unknown = || Error::NoCluster { of: format!("the endpoint {host}") };
    let name = host.split('.').next().unwrap_or_default();
    let identifier = match RdsShape::parse(host).map(|shape| shape.kind) {
        Some(EndpointKind::Cluster | EndpointKind::ClusterReader) => name.to_owned(),
        Some(EndpointKind::Instance) => cluster_of_instance(&client, name).await?.ok_or_else(unknown)?,
        Some(EndpointKind::Custom) => cluster_of_custom(&client, name).await?.ok_or_else(unknown)?,
        Some(EndpointKind::Proxy | EndpointKind::ProxyEndpoint | EndpointKind::GlobalWriter) | None => {
            return Err(unknown());
        }
    };
    describe(&client, &identifier).await?.ok_or_else(unknown)
}

/// `cluster` is an identifier or an ARN: RDS takes both.
async fn describe(client: &Client, cluster: &str) -> Result<Option<Cluster>, Error> {
    let found = call::read(|| client.describe_db_clusters().db_cluster_identifier(cluster).send()).await;
    match found {
        Ok(answer) => Ok(answer.db_clusters().first().and_then(described)),
        Err(fault) if is_absent(&fault) => Ok(None),
        Err(fault) => Err(Error::call("rds:DescribeDBClusters", fault)),
    }
}

fn described(found: &DbCluster) -> Option<Cluster> {
    let secret = found.master_user_secret().and_then(|secret| secret.secret_arn());
    Some(Cluster {
        arn: found.db_cluster_arn()?.to_owned(),
        has_http_endpoint: found.http_endpoint_enabled().unwrap_or_default(),
        master_secret: secret.map(str::to_owned),
    })
}

async fn cluster_of_instance(client: &Client, name: &str) -> Result<Option<String>, Error> {
    let found = call::read(|| client.describe_db_instances().db_instance_identifier(name).send()).await;
    match found {
        Ok(answer) => {
            Ok(answer.db_instances().first().and_then(|instance| instance.db_cluster_identifier()).map(str::to_owned))
        }
        Err(fault) if is_absent(&fault) => Ok(None),
        Err(fault) => Err(Error::call("rds:DescribeDBInstances", fault)),
    }
}

async fn cluster_of_custom(client: &Client, name: &str) -> Result<Option<String>, Error> {
    let found = call::read(|| client.describe_db_cluster_endpoints().db_cluster_endpoint_identifier(name).send()).await;
    match found {
        Ok(answer) => Ok(answer
            .db_cluster_endpoints()
            .first()
            .and_then(|endpoint| endpoint.db_cluster_identifier())
            .map(str::to_owned)),
        Err(fault) if is_absent(&fault) => Ok(None),
        Err(fault) => Err(Error::call("rds:DescribeDBClusterEndpoints", fault)),
    }
}

fn is_absent(fault: &CallFault) -> bool {
    matches!(fault.code(), Some("DBInstanceNotFound" | "DBClusterNotFoundFault" | "DBClusterEndpointNotFoundFault"))
}
