//! Whether an account may do what a way to a database needs, found out by doing what changes nothing.

use aws_sdk_rdsdata::Client as RdsData;
use aws_sdk_secretsmanager::Client as SecretsManager;

use super::call::{self, CallFault};
use super::{Error, Service, describe_cluster, find_cluster};

/// A transaction that no cluster has: a statement for it is refused before it could run.
const NO_TRANSACTION: &str = "rdsconn-permission-test";

/// What a way needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs<'a> {
    /// The endpoint whose cluster has to be looked up, with its secret where that is not known.
    pub lookup: Option<&'a str>,
    /// The secret that has to be read.
    pub secret: Option<&'a str>,
    /// Whether statements go through the Data API.
    pub data_api: bool,
    /// The cluster that runs them.
    pub cluster: Option<&'a str>,
}

/// One action, and whether it is allowed.
#[derive(Debug)]
pub struct Permission {
    /// As policies name it.
    pub action: &'static str,
    /// What it was tried on.
    pub resource: String,
    /// `None` where it is allowed; else what AWS said, which may be something else than "no".
    pub fault: Option<CallFault>,
}

impl Permission {
    /// Whether AWS said that the account may not do this.
    pub fn is_denied(&self) -> bool {
        matches!(self.fault, Some(CallFault::Denied { .. }))
    }
}

/// Tries each, as far as it is known on what. An error is one that has nothing to do with permissions: the keys themselves
/// cannot be had.
pub async fn permissions(service: &Service, needs: &Needs<'_>) -> Result<Vec<Permission>, Error> {
    let mut found = Vec::new();
    let mut cluster = None;
    let by_arn = needs.cluster.filter(|_| needs.data_api && needs.secret.is_none());
    if let Some(place) = needs.lookup.or(by_arn) {
        let found_cluster = match needs.lookup {
            Some(endpoint) => find_cluster(service, endpoint).await,
            None => describe_cluster(service, place).await,
        };
        let fault = match found_cluster {
            Ok(known) => {
                cluster = Some(known);
                None
            }
            Err(Error::NoCluster { .. }) => None,
            Err(Error::Call { fault, .. }) => Some(fault),
            Err(error) => return Err(error),
        };
        found.push(Permission { action: "rds:DescribeDBClusters", resource: place.to_owned(), fault });
    }
    let configuration = service.configuration(Some(service.login.timeout)).await?;
    let master_secret = cluster.as_ref().and_then(|cluster| cluster.master_secret.as_deref());
    let secret = needs.secret.or(master_secret);
    if let Some(arn) = secret {
        let client = SecretsManager::new(&configuration);
        // What it holds is dropped at once.
        let answer = call::read(|| client.get_secret_value().secret_id(arn).send()).await;
        let action = "secretsmanager:GetSecretValue";
        found.push(Permission { action, resource: arn.to_owned(), fault: answer.err() });
    }
    let cluster = needs.cluster.or(cluster.as_ref().map(|cluster| cluster.arn.as_str()));
    if let (true, Some(cluster), Some(secret)) = (needs.data_api, cluster, secret) {
        let client = RdsData::new(&configuration);
        let statement = || {
            let call = client.execute_statement().resource_arn(cluster).secret_arn(secret).sql("select 1");
            call.transaction_id(NO_TRANSACTION).send()
        };
        // Whoever is told that there is no such transaction was allowed to ask.
        let fault = call::read(statement).await.err().filter(|fault| !is_about_the_transaction(fault));
        found.push(Permission { action: "rds-data:ExecuteStatement", resource: cluster.to_owned(), fault });
    }
    Ok(found)
}

fn is_about_the_transaction(fault: &CallFault) -> bool {
    matches!(fault, CallFault::Refused { code, message }
        if code.contains("Transaction") || message.to_ascii_lowercase().contains("transaction"))
}
