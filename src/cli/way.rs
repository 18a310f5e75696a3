//! An opened way to a database for programs outside: the endpoint is proved on it, and a listener leads to it.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::bastion::BastionLogin;
use super::context::Database;
use super::printer::Printer;
use super::report::{Failure, Report};
use crate::backend::{Connection as _, Peer, Progress as _, Stage};
use crate::launch::CertificatePrints;
use crate::mysql::{self, Inspection};
use crate::query::escape_for_terminal;
use crate::session::{Event, Forwarder, Guard, Lanes, ListenAddress, Listener, Plan, Stranger};
use crate::ssh;
use crate::target::{Address, EndpointKind, RdsShape, SslMode};

/// How long a tunnel may take to say why it broke, after the handshake in it has.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The lanes of a target's bastion.
type Bastion = Lanes<Arc<BastionLogin>>;

/// A way to one database.
pub(crate) struct Way {
    connect: Address,
    certificate: mysql::Certificate,
    forwarder: Option<Forwarder<Arc<BastionLogin>>>,
}

impl Way {
    /// Reaches the database, verifies who answers, and begins to listen. On a direct route clients go there themselves.
    pub(crate) async fn open(database: &Database<'_>) -> Result<Self, Failure> {
        if database.plan().bastion.is_empty() {
            let certificate = inspect_directly(database).await?;
            return Ok(Self { connect: database.plan().address.clone(), certificate, forwarder: None });
        }
        let lanes = Lanes::open_first(Arc::clone(&database.bastion)).await.map_err(Report::from)?;
        let listener = listen(&ListenAddress::default()).await?;
        let certificate = inspect_through(database, &lanes).await?;
        let port = match listener.address() {
            ListenAddress::Loopback(port) => port,
            ListenAddress::Socket(_) => 0,
        };
        let connect = Address { host: "127.0.0.1".to_owned(), port };
        Ok(Self { connect, certificate, forwarder: Some(forwarder(listener, lanes, database, Some(TLS_OR_NOTHING))) })
    }

    /// Where a client connects.
    pub(crate) fn connect(&self) -> &Address {
        &self.connect
    }

    /// Whether that is a listener of ours.
    pub(crate) fn is_tunnel(&self) -> bool {
        self.forwarder.is_some()
    }

    /// The verified certificate's prints, where every later connection is shown the same one: readers, custom endpoints and
    /// proxies lead to different servers.
    pub(crate) fn lasting_certificate(&self, plan: &Plan) -> Option<CertificatePrints> {
        if plan.ssl_mode == SslMode::Required {
            return None;
        }
        match RdsShape::parse(&plan.endpoint.host)?.kind {
            EndpointKind::Instance | EndpointKind::Cluster | EndpointKind::GlobalWriter => {
                let mysql::Certificate { sha1, sha256 } = self.certificate;
                Some(CertificatePrints { sha1, sha256 })
            }
            EndpointKind::ClusterReader | EndpointKind::Custom | EndpointKind::Proxy | EndpointKind::ProxyEndpoint => {
                None
            }
        }
    }

    /// Serves clients until something happens that the user should hear of.
    pub(crate) async fn serve(&mut self) -> Event<ssh::Error> {
        match &mut self.forwarder {
            Some(forwarder) => forwarder.serve().await,
            None => std::future::pending().await,
        }
    }

    /// What a client that has ended was refused, as far as the user has not heard of it.
    pub(crate) async fn guarded(&mut self) -> Option<Event<ssh::Error>> {
        match &mut self.forwarder {
            Some(forwarder) => forwarder.guarded().await,
            None => None,
        }
    }
}

/// Begins to listen.
pub(crate) async fn listen(address: &ListenAddress) -> Result<Listener, Failure> {
    Ok(Listener::bind(address).await.map_err(Report::from)?)
}

/// MariaDB's clients before 11.4, and others that use its library, send the token in clear to a server that offers no TLS,
/// whatever they are told: behind our listener there is no such server.
const TLS_OR_NOTHING: Guard = Guard {
    is_enough: mysql::is_whole_greeting,
    judge: |bytes| mysql::greeting_objection(bytes).map(|objection| mysql::refusal(&format!("rdsconn: {objection}"))),
};

/// A listener that leads to the database.
pub(crate) fn forwarder(
    listener: Listener,
    lanes: Arc<Bastion>,
    database: &Database<'_>,
    guard: Option<Guard>,
) -> Forwarder<Arc<BastionLogin>> {
    let refusal = |error: &ssh::Error| mysql::refusal(&escape_for_terminal(&format!("rdsconn: {}", in_a_line(error))));
    Forwarder::new(listener, lanes, database.plan().address.clone(), refusal, guard)
}

/// Says what has happened at a listener. A client that could not be served has read why; where it is not on the same
/// terminal, `to_all` tells the user, too.
pub(crate) fn tell(event: &Event<ssh::Error>, printer: Printer, to_all: bool) {
    let text = match event {
        Event::Stranger(Stranger { user: Some(user) }) => {
            format!("warning: a process of user {user} has tried to use the tunnel, and was refused")
        }
        Event::Stranger(Stranger { user: None }) => {
            "warning: a process has tried to use the tunnel that was gone before it could be told whose it was"
                .to_owned()
        }
        Event::Unserved(_) if !to_all => return,
        Event::Guarded => {
            "warning: what answers at the end of the tunnel is not the server that was verified".to_owned()
        }
        Event::Unserved(error) | Event::Broken(error) => format!("warning: {}", in_a_line(error)),
        Event::Listener(error) => format!("warning: no more connections can be taken for now: {error}"),
    };
    printer.remark(&escape_for_terminal(&text));
}

/// An error and its causes.
fn in_a_line(error: &ssh::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

async fn inspect_directly(database: &Database<'_>) -> Result<mysql::Certificate, Failure> {
    let address = &database.plan().address;
    let dialling = tokio::time::timeout(database.timeout(), TcpStream::connect((address.host.as_str(), address.port)));
    let dialled = dialling.await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
    let unreachable = |source| mysql::Error::Unreachable { address: address.clone(), source };
    let stream = dialled.map_err(|source| database.report(&unreachable(source)))?;
    inspect(database, stream).await.map_err(|error| database.report(&error))
}

async fn inspect_through(database: &Database<'_>, lanes: &Arc<Bastion>) -> Result<mysql::Certificate, Failure> {
    let (connection, _place) = lanes.dial(&database.plan().address).await.map_err(Report::from)?;
    let (ours, theirs) = UnixStream::pair().map_err(Report::bug)?;
    let relay = tokio::spawn(connection.relay(Peer::from(theirs)));
    let error = match inspect(database, ours).await {
        Ok(certificate) => return Ok(certificate),
        Err(error) => error,
    };
    // A handshake that failed because the tunnel under it broke is the tunnel's error.
    match tokio::time::timeout(LAST_WORDS, relay).await {
        Ok(Ok(Err(broken))) => Err(Report::from(broken).into()),
        _ => Err(database.report(&error)),
    }
}

async fn inspect(
    database: &Database<'_>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
) -> Result<mysql::Certificate, mysql::Error> {
    let plan = database.plan();
    let inspection = Inspection {
        endpoint: &plan.endpoint,
        address: &plan.address,
        certificate_name: &plan.certificate_name,
        user: plan.user(),
        ssl_mode: plan.ssl_mode,
        ssl_ca: plan.ssl_ca.as_deref(),
        timeout: database.timeout(),
    };
    database.progress.begin(Stage::Database, &plan.endpoint.host);
    let certificate = mysql::inspect(stream, &inspection).await?;
    database.progress.end(Stage::Database, &plan.endpoint.host);
    Ok(certificate)
}
