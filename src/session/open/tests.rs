//! Opening a plan, on stand-ins that say what they were asked and wait for each other.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::*;
use crate::backend::{AuthToken, Peer, ResultSink, Statements};
use crate::session::LoginPlan;
use crate::target::{Endpoint, SslMode};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
struct Fault(&'static str);

/// Hands out tokens named `token 1`, `token 2`, …; the first ones are stale.
#[derive(Default)]
struct Tokens {
    asked: Cell<usize>,
    stale: usize,
    /// How many of the first ones are said to have been kept.
    kept: usize,
    /// All are the same: `token`.
    unchanged: bool,
    /// The tokens that were reported as refused.
    refused: RefCell<Vec<String>>,
    /// Waits for this before the first token, if set.
    after: Option<std::rc::Rc<Notify>>,
    /// Says that it was asked.
    began: Option<std::rc::Rc<Notify>>,
}

impl PasswordProvider for Tokens {
    type Error = Fault;

    async fn password(&self) -> Result<AuthToken, Fault> {
        let number = self.asked.get() + 1;
        self.asked.set(number);
        if let Some(began) = &self.began {
            began.notify_one();
        }
        if let Some(after) = &self.after {
            after.notified().await;
        }
        let life = Duration::from_mins(15);
        let not_after = if number <= self.stale { SystemTime::now() - life } else { SystemTime::now() + life };
        Ok(AuthToken {
            user: "dba".to_owned(),
            secret: SecretString::from(if self.unchanged { "token".to_owned() } else { format!("token {number}") }),
            not_after,
            may_be_stale: number <= self.kept,
        })
    }

    async fn refused(&self, token: &AuthToken) {
        self.refused.borrow_mut().push(token.secret.expose_secret().to_owned());
    }
}

/// A bastion whose connections echo, or break at once.
#[derive(Debug)]
struct Bastion {
    breaks: bool,
    dialled: std::sync::mpsc::Sender<Address>,
}

#[derive(Debug)]
struct Echo {
    breaks: bool,
}

impl Dialer for Bastion {
    type Error = Fault;
    type Connection = Echo;

    async fn dial(&self, address: &Address) -> Result<Echo, Fault> {
        self.dialled.send(address.clone()).unwrap();
        Ok(Echo { breaks: self.breaks })
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

impl Connection for Echo {
    type Error = Fault;

    async fn first_words(&mut self, is_enough: fn(&[u8]) -> bool) -> Result<&[u8], Fault> {
        assert!(is_enough(b"hello"));
        Ok(b"hello")
    }

    async fn relay(self, peer: Peer) -> Result<Traffic, Fault> {
        let Peer::Tcp(mut peer) = peer else { return Err(Fault("no loopback peer")) };
        if self.breaks {
            drop(peer);
            return Err(Fault("the bastion went away"));
        }
        let (mut read, mut write) = peer.split();
        tokio::io::copy(&mut read, &mut write).await.map_err(|_| Fault("copy"))?;
        Ok(Traffic::default())
    }
}

/// Dials what it is told to, sends the password and expects it back.
#[derive(Default)]
struct Gate {
    passwords: RefCell<Vec<String>>,
    users: RefCell<Vec<String>>,
    dialled: Cell<u16>,
    /// How many of the first logins are refused.
    refuses: usize,
}

#[derive(Debug)]
struct NoStatements;

impl Statements for NoStatements {
    type Error = Fault;

    async fn execute(&mut self, _sql: &[u8], _sink: &mut dyn ResultSink) -> Result<(), Fault> {
        Ok(())
    }
}

impl Executor for Gate {
    type Error = Fault;
    type Session = NoStatements;

    fn is_access_denied(error: &Fault) -> bool {
        *error == Fault("access denied")
    }

    async fn login(&self, login: Login<'_>) -> Result<NoStatements, Fault> {
        let password = login.password.expose_secret();
        self.passwords.borrow_mut().push(password.to_owned());
        self.users.borrow_mut().push(login.user.to_owned());
        self.dialled.set(login.dial.port);
        let exchange = async {
            let mut stream = TcpStream::connect((login.dial.host.as_str(), login.dial.port)).await?;
            stream.write_all(password.as_bytes()).await?;
            let mut answer = vec![0; password.len()];
            stream.read_exact(&mut answer).await?;
            io::Result::Ok(answer == password.as_bytes())
        };
        if self.passwords.borrow().len() <= self.refuses {
            return Err(Fault("access denied"));
        }
        if exchange.await.unwrap_or(false) { Ok(NoStatements) } else { Err(Fault("connection closed")) }
    }
}

struct Deaf;

impl Progress for Deaf {
    fn begin(&self, _stage: Stage, _detail: &str) {}
    fn end(&self, _stage: Stage, _detail: &str) {}
}

fn plan() -> Plan {
    Plan {
        endpoint: Endpoint { host: "orders.c9abc.us-east-1.rds.amazonaws.com".into(), port: 3306 },
        certificate_name: "orders.c9abc.us-east-1.rds.amazonaws.com".into(),
        address: Address { host: "10.0.0.7".into(), port: 3307 },
        region: Some("us-east-1".into()),
        login: LoginPlan::Secret { arn: "arn".into() },
        database: None,
        bastion: Vec::new(),
        ssl_mode: SslMode::VerifyIdentity,
        ssl_ca: None,
    }
}

async fn open(
    tokens: &Tokens,
    gate: &Gate,
    connect: impl Future<Output = Result<Bastion, Fault>>,
) -> Result<Connected<NoStatements, Bastion>, Error<Fault, Fault, Fault>> {
    let plan = plan();
    let open =
        Open { plan: &plan, passwords: tokens, executor: gate, progress: &Deaf, timeout: Duration::from_secs(10) };
    open.open(Via::Tunnel(connect)).await
}

#[tokio::test]
async fn the_bastion_dials_the_address_and_the_driver_the_listener_as_the_user_of_the_password() {
    let (dialled, addresses) = std::sync::mpsc::channel();
    let (tokens, gate) = (Tokens::default(), Gate::default());
    open(&tokens, &gate, async { Ok(Bastion { breaks: false, dialled }) }).await.unwrap();
    assert_eq!((tokens.asked.get(), gate.users.take()), (1, vec!["dba".to_owned()]));
    assert_eq!(addresses.try_iter().collect::<Vec<_>>(), [plan().address]);
    assert!(![3306, 3307].contains(&gate.dialled.get()));
}

#[tokio::test]
async fn r8_a_token_that_became_stale_while_the_bastion_was_reached_is_not_offered() {
    let (dialled, _addresses) = std::sync::mpsc::channel();
    let (tokens, gate) = (Tokens { stale: 1, ..Tokens::default() }, Gate::default());
    open(&tokens, &gate, async { Ok(Bastion { breaks: false, dialled }) }).await.unwrap();
    assert_eq!(*gate.passwords.borrow(), ["token 2"]);
}

/// Each of the two waits for the other to have begun: one after the other they would wait for ever.
#[tokio::test]
async fn credentials_and_bastion_are_awaited_together() {
    let (dialled, _addresses) = std::sync::mpsc::channel();
    let [asked, connecting] = [(); 2].map(|()| std::rc::Rc::new(Notify::new()));
    let tokens = Tokens { began: Some(asked.clone()), after: Some(connecting.clone()), ..Tokens::default() };
    let gate = Gate::default();
    let connect = async {
        connecting.notify_one();
        asked.notified().await;
        Ok(Bastion { breaks: false, dialled })
    };
    open(&tokens, &gate, connect).await.unwrap();
}

#[tokio::test]
async fn a_login_that_fails_because_the_tunnel_broke_is_the_tunnels_error() {
    let (dialled, _addresses) = std::sync::mpsc::channel();
    let (tokens, gate) = (Tokens::default(), Gate::default());
    let error = open(&tokens, &gate, async { Ok(Bastion { breaks: true, dialled }) }).await.unwrap_err();
    assert!(matches!(error, Error::Dial(Fault("the bastion went away"))), "{error:?}");
}

#[tokio::test]
async fn a_bastion_that_fails_does_not_wait_for_credentials() {
    let never = std::rc::Rc::new(Notify::new());
    let tokens = Tokens { after: Some(never), ..Tokens::default() };
    let error = open(&tokens, &Gate::default(), async { Err(Fault("refused")) }).await.unwrap_err();
    assert!(matches!(error, Error::Dial(Fault("refused"))), "{error:?}");
}

#[tokio::test]
async fn a_kept_token_that_is_refused_is_dropped_and_a_fresh_one_tried_once() {
    let (dialled, addresses) = std::sync::mpsc::channel();
    let (tokens, gate) = (Tokens { kept: 1, ..Tokens::default() }, Gate { refuses: 1, ..Gate::default() });
    open(&tokens, &gate, async { Ok(Bastion { breaks: false, dialled }) }).await.unwrap();
    assert_eq!(*gate.passwords.borrow(), ["token 1", "token 2"]);
    assert_eq!(*tokens.refused.borrow(), ["token 1"]);
    assert_eq!(addresses.try_iter().count(), 2, "the second login has a connection of its own");

    let (dialled, _addresses) = std::sync::mpsc::channel();
    let (tokens, gate) = (Tokens { kept: 9, ..Tokens::default() }, Gate { refuses: 9, ..Gate::default() });
    let error = open(&tokens, &gate, async { Ok(Bastion { breaks: false, dialled }) }).await.unwrap_err();
    assert!(matches!(error, Error::Login(Fault("access denied"))));
    assert_eq!(gate.passwords.borrow().len(), 2, "once, and no more");
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_is_not_tried_again() {
    let (dialled, _addresses) = std::sync::mpsc::channel();
    let (tokens, gate) = (Tokens::default(), Gate { refuses: 9, ..Gate::default() });
    open(&tokens, &gate, async { Ok(Bastion { breaks: false, dialled }) }).await.unwrap_err();
    assert_eq!(gate.passwords.borrow().len(), 1);
    assert!(tokens.refused.borrow().is_empty());
}

/// A secret that has not been rotated since it was read: to try it again would only count as one more mistake.
#[tokio::test]
async fn what_was_refused_is_not_offered_again_unchanged() {
    let (dialled, addresses) = std::sync::mpsc::channel();
    let tokens = Tokens { kept: 9, unchanged: true, ..Tokens::default() };
    let gate = Gate { refuses: 9, ..Gate::default() };
    let error = open(&tokens, &gate, async { Ok(Bastion { breaks: false, dialled }) }).await.unwrap_err();
    assert!(matches!(error, Error::Login(Fault("access denied"))));
    assert_eq!((tokens.asked.get(), gate.passwords.borrow().len(), addresses.try_iter().count()), (2, 1, 1));
}
