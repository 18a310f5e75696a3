//! An opened way to a database for programs outside: the endpoint is proved, and a listener leads to it.

use std::sync::Arc;

use tokio::net::TcpStream;

use super::context::Database;
use super::report::{Failure, Report};
use crate::backend::{Connection as _, Dialer as _};
use crate::launch::CertificatePrints;
use crate::mysql::{self, Inspection};
use crate::target::{Address, Endpoint, EndpointKind, RdsShape};

/// A way to one database.
pub(crate) struct Way {
    connect: Address,
    is_tunnel: bool,
    certificate: mysql::Certificate,
}

impl Way {
    pub(crate) async fn open(database: &Database<'_>, _listen: Option<&str>) -> Result<Self, Failure> {
        let plan = database.plan();
        let session = Arc::new(database.bastion.connect().await.map_err(Report::from)?);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|error| Report::new(crate::cli::ExitStatus::Network, &error))?;
        let connect = Address { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
        let address = plan.address.clone();
        tokio::spawn(async move {
            while let Ok((peer, _)) = listener.accept().await {
                let (session, address) = (session.clone(), address.clone());
                tokio::spawn(async move {
                    match session.dial(&address).await {
                        Ok(c) => {
                            let _ = c.relay(peer.into()).await;
                        }
                        Err(_) => {}
                    }
                });
            }
        });
        let stream = TcpStream::connect((connect.host.as_str(), connect.port)).await.unwrap();
        let certificate = inspect(database, stream).await?;
        Ok(Self { connect, is_tunnel: true, certificate })
    }
    pub(crate) fn connect(&self) -> &Address {
        &self.connect
    }
    pub(crate) fn is_tunnel(&self) -> bool {
        self.is_tunnel
    }
    pub(crate) async fn close(self) {}

    /// The certificate's prints, where every later connection is shown the same one: readers, custom endpoints and proxies
    /// lead to different servers.
    pub(crate) fn lasting_certificate(&self, endpoint: &Endpoint) -> Option<CertificatePrints> {
        let lasting = match RdsShape::parse(&endpoint.host)?.kind {
            EndpointKind::Instance | EndpointKind::Cluster | EndpointKind::GlobalWriter => true,
            EndpointKind::ClusterReader | EndpointKind::Custom | EndpointKind::Proxy | EndpointKind::ProxyEndpoint => {
                false
            }
        };
        let mysql::Certificate { sha1, sha256 } = &self.certificate;
        lasting.then(|| {
            Some(CertificatePrints {
                sha1: sha1.as_slice().try_into().ok()?,
                sha256: sha256.as_slice().try_into().ok()?,
            })
        })?
    }
}

async fn inspect(database: &Database<'_>, stream: TcpStream) -> Result<mysql::Certificate, Failure> {
    let plan = database.plan();
    let inspection = Inspection {
        endpoint: &plan.endpoint,
        address: &plan.address,
        certificate_name: &plan.certificate_name,
        user: &plan.user,
        ssl_mode: plan.ssl_mode,
        ssl_ca: plan.ssl_ca.as_deref(),
        timeout: database.timeout(),
    };
    mysql::inspect(stream, &inspection).await.map_err(|error| database.report(&error))
}
