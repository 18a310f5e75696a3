//! Opens a plan: the token is minted, or the password read, while the bastion is reached, and the way to the database is open before the driver dials.

use std::future::Future;
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;

use super::one_shot::OneShot;
use super::{Error, Plan};
use crate::backend::{AuthToken, Connection, Dialer, Executor, Login, PasswordProvider, Progress, Stage, Traffic};
use crate::target::{Address, Auth};

#[cfg(test)]
mod tests;

/// How long a tunnel may take to say why it broke, after the driver has noticed.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How the database is reached.
#[derive(Debug)]
pub enum Via<D> {
    /// The driver dials the address itself.
    Direct,
    /// Through what this future connects to.
    Tunnel(D),
}

/// Everything that opening needs beside the plan.
#[derive(Debug)]
pub struct Open<'a, T, E, P: ?Sized> {
    /// What to open.
    pub plan: &'a Plan,
    /// Says who logs in, and with what.
    pub passwords: &'a T,
    /// Logs in.
    pub executor: &'a E,
    /// Hears of the stages.
    pub progress: &'a P,
    /// For the login as a whole.
    pub timeout: Duration,
}

/// A logged-in session and the tunnel under it.
#[derive(Debug)]
pub struct Connected<S, D: Dialer> {
    /// Runs statements.
    pub statements: S,
    /// The bastion, for a second connection through it; `None` on a direct route.
    pub dialer: Option<D>,
    relay: Option<Relay<D::Error>>,
}

/// What `open` may fail with.
type Failed<T, D, E> = Error<<T as PasswordProvider>::Error, <D as Dialer>::Error, <E as Executor>::Error>;

/// A connection, and the listener that will be its local end.
type Channel<D> = (<D as Dialer>::Connection, OneShot);

type Relay<D> = JoinHandle<Result<Traffic, RelayError<D>>>;

/// What ended a tunnel.
#[derive(Debug)]
enum RelayError<D> {
    /// The peer never came.
    Accept,
    /// The SSH side broke.
    Broken(D),
}

impl<S, D: Dialer> Connected<S, D> {
    /// Why the tunnel broke, if it did: SSH's own reason is worth more than the driver's "connection closed". Call it after
    /// the driver has reported a lost connection.
    pub async fn tunnel_fault(&mut self) -> Option<D::Error> {
        fault(self.relay.take()).await
    }
}

impl<T: PasswordProvider, E: Executor, P: Progress + ?Sized> Open<'_, T, E, P> {
    async fn password(&self) -> Result<AuthToken, T::Error> {
        // What somebody has typed is there already.
        if self.plan.auth() == Auth::Password {
            return self.passwords.password().await;
        }
        self.progress.begin(Stage::Credentials, self.plan.user().unwrap_or_default());
        let token = self.passwords.password().await?;
        self.progress.end(Stage::Credentials, self.plan.shown_credentials(&token.user));
        Ok(token)
    }

    /// Opens the plan. Each call asks for its own token or password and makes its own connection.
    pub async fn open<D: Dialer>(
        &self,
        via: Via<impl Future<Output = Result<D, D::Error>>>,
    ) -> Result<Connected<E::Session, D>, Failed<T, D, E>> {
        let token = async { self.password().await.map_err(Error::Password) };
        let path = async {
            let Via::Tunnel(connect) = via else { return Ok(None) };
            let dialer = connect.await.map_err(Error::Dial)?;
            let (connection, listener) = self.channel(&dialer).await?;
            Ok(Some((dialer, connection, listener)))
        };
        let (mut token, path) = tokio::try_join!(token, path)?;
        if token.not_after <= SystemTime::now() {
            // The bastion took that long, or somebody thought about a question for a quarter of an hour.
            token = self.passwords.password().await.map_err(Error::Password)?;
        }

        self.progress.begin(Stage::Database, &self.plan.endpoint.host);
        let (dialer, channel) = match path {
            None => (None, None),
            Some((dialer, connection, listener)) => (Some(dialer), Some((connection, listener))),
        };
        let mut login = self.log_in::<D>(&token, channel).await;
        if token.may_be_stale
            && let Err(Error::Login(refusal)) = &login
            && E::is_access_denied(refusal)
        {
            // What was kept or read is not good any more, for whatever reason; a fresh one may be. No statement has been sent
            // yet. The same once more would only bring a user that may be locked after so many mistakes nearer to that.
            self.passwords.refused(&token).await;
            let fresh = self.passwords.password().await.map_err(Error::Password)?;
            if !fresh.is_same(&token) {
                let channel = match &dialer {
                    None => None,
                    Some(dialer) => Some(self.channel(dialer).await?),
                };
                login = self.log_in::<D>(&fresh, channel).await;
            }
        }
        let (statements, relay) = login?;
        self.progress.end(Stage::Database, &self.plan.endpoint.host);
        Ok(Connected { statements, dialer, relay })
    }

    /// A way from the bastion to the database, and the port that a driver is to dial for it.
    async fn channel<D: Dialer>(&self, dialer: &D) -> Result<Channel<D>, Failed<T, D, E>> {
        let connection = dialer.dial(&self.plan.address).await.map_err(Error::Dial)?;
        let listener = OneShot::bind().await.map_err(Error::Listener)?;
        Ok((connection, listener))
    }

    async fn log_in<D: Dialer>(
        &self,
        token: &AuthToken,
        channel: Option<Channel<D>>,
    ) -> Result<(E::Session, Option<Relay<D::Error>>), Failed<T, D, E>> {
        let (dial, relay) = match channel {
            None => (self.plan.address.clone(), None),
            Some((connection, listener)) => {
                let dial = Address { host: "127.0.0.1".to_owned(), port: listener.port() };
                let relay = tokio::spawn(async move {
                    let peer = listener.accept().await.map_err(|_| RelayError::Accept)?;
                    connection.relay(peer.into()).await.map_err(RelayError::Broken)
                });
                (dial, Some(relay))
            }
        };
        let login = Login {
            dial,
            endpoint: &self.plan.endpoint,
            certificate_name: &self.plan.certificate_name,
            user: &token.user,
            password: &token.secret,
            database: self.plan.database.as_deref(),
            ssl_mode: self.plan.ssl_mode,
            ssl_ca: self.plan.ssl_ca.clone(),
            timeout: self.timeout,
        };
        match self.executor.login(login).await {
            Ok(statements) => Ok((statements, relay)),
            Err(error) => Err(blame(relay, error).await),
        }
    }
}

/// A login that failed because the tunnel under it broke is the tunnel's error.
async fn blame<T, D, E>(relay: Option<Relay<D>>, error: E) -> Error<T, D, E> {
    match fault(relay).await {
        Some(broken) => Error::Dial(broken),
        None => Error::Login(error),
    }
}

/// What broke the tunnel, if it broke. One that still stands had no fault, and is taken down.
async fn fault<D>(relay: Option<Relay<D>>) -> Option<D> {
    let mut relay = relay?;
    match tokio::time::timeout(LAST_WORDS, &mut relay).await {
        Ok(Ok(Err(RelayError::Broken(error)))) => Some(error),
        Ok(_) => None,
        Err(_) => {
            relay.abort();
            None
        }
    }
}
