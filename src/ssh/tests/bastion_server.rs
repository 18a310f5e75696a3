//! A bastion in this process: russh's server half, which lets in the keys it is told and connects where it is asked to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use russh::keys::{PrivateKey, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet, Preferred};
use tokio::io::{AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// How the bastion behaves.
#[derive(Clone)]
pub(super) struct Behaviour {
    pub(super) host_keys: Vec<PrivateKey>,
    pub(super) accepted: Vec<PublicKey>,
    pub(super) preferred: Preferred,
    /// Says yes to the key and asks for a password as well.
    pub(super) second_factor: bool,
    /// Opens channels to the client after the login, as a bastion that wants the client's agent would.
    pub(super) intrusive: bool,
    pub(super) rekey_bytes: usize,
}

impl Behaviour {
    pub(super) fn new(host_key: PrivateKey, accepted: &[&PrivateKey]) -> Self {
        Self {
            host_keys: vec![host_key],
            accepted: accepted.iter().map(|key| key.public_key().clone()).collect(),
            preferred: Preferred { cipher: std::borrow::Cow::Borrowed(CIPHERS), ..Preferred::DEFAULT },
            second_factor: false,
            intrusive: false,
            rekey_bytes: 1 << 30,
        }
    }

    /// Starts the bastion on a free port, for as long as the test's runtime lives.
    pub(super) async fn start(self) -> RunningBastion {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let closed = Arc::new(Notify::new());
        tokio::spawn(self.serve(listener, Arc::clone(&seen), Arc::clone(&closed)));
        RunningBastion { address, seen, closed }
    }

    async fn serve(self, listener: TcpListener, seen: Arc<Mutex<Seen>>, closed: Arc<Notify>) {
        let config = Arc::new(Config {
            keys: self.host_keys.clone(),
            preferred: self.preferred.clone(),
            methods: MethodSet::from(&[MethodKind::PublicKey, MethodKind::Password][..]),
            auth_rejection_time: Duration::ZERO,
            auth_rejection_time_initial: Some(Duration::ZERO),
            window_size: 8 << 20,
            maximum_packet_size: 65_535,
            limits: russh::Limits::new(self.rekey_bytes, self.rekey_bytes, Duration::from_hours(1)),
            nodelay: true,
            ..Config::default()
        });
        while let Ok((socket, _)) = listener.accept().await {
            let (seen, closed) = (Arc::clone(&seen), Arc::clone(&closed));
            let server = Server { behaviour: self.clone(), seen, closed, channels: HashMap::new() };
            let config = Arc::clone(&config);
            tokio::spawn(async move {
                if let Ok(session) = russh::server::run_stream(config, socket, server).await {
                    let _ = session.await;
                }
            });
        }
    }
}

const CIPHERS: &[russh::cipher::Name] = &[
    russh::cipher::AES_128_GCM,
    russh::cipher::AES_256_GCM,
    russh::cipher::CHACHA20_POLY1305,
    russh::cipher::AES_256_CTR,
];

/// What the bastion has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) offered: Vec<String>,
    pub(super) algorithms: Vec<String>,
    /// How many of its own channels the client opened, and how many it refused.
    pub(super) accepted_channels: usize,
    pub(super) refused_channels: usize,
}

pub(super) struct RunningBastion {
    pub(super) address: SocketAddr,
    pub(super) seen: Arc<Mutex<Seen>>,
    /// Told when the client closes a channel.
    pub(super) closed: Arc<Notify>,
}

struct Server {
    behaviour: Behaviour,
    seen: Arc<Mutex<Seen>>,
    closed: Arc<Notify>,
    /// Told when the client has closed one.
    channels: HashMap<ChannelId, Arc<Notify>>,
}

impl Server {
    fn verdict(&self, user: &str, key: &PublicKey) -> Auth {
        let known = self.behaviour.accepted.iter().any(|accepted| accepted.key_data() == key.key_data());
        if user == "ada" && known { Auth::Accept } else { Auth::reject() }
    }
}

impl Handler for Server {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        Ok(Some("authorised users only\r\n".to_owned()))
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        self.seen.lock().unwrap().offered.push(super::super::host_key::fingerprint(offer.public_key));
        Ok(self.verdict(user, offer.public_key))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        self.seen.lock().unwrap().algorithms.push(key.algorithm.to_string());
        if self.behaviour.second_factor {
            let methods = Some(MethodSet::from(&[MethodKind::Password][..]));
            return Ok(Auth::Reject { proceed_with_methods: methods, partial_success: true });
        }
        Ok(self.verdict(user, key.public_key))
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), russh::Error> {
        if self.behaviour.intrusive {
            let (handle, seen) = (session.handle(), Arc::clone(&self.seen));
            tokio::spawn(async move {
                let opened = [
                    handle.channel_open_agent().await.is_ok(),
                    handle.channel_open_x11("127.0.0.1", 6000).await.is_ok(),
                    handle.channel_open_forwarded_tcpip("127.0.0.1", 1, "127.0.0.1", 2).await.is_ok(),
                    handle.channel_open_forwarded_streamlocal("/tmp/socket").await.is_ok(),
                    handle.channel_open_session().await.is_ok(),
                ];
                let mut seen = seen.lock().unwrap();
                seen.accepted_channels += opened.iter().filter(|opened| **opened).count();
                seen.refused_channels += opened.iter().filter(|opened| !**opened).count();
            });
        }
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.closed.notify_one();
        if let Some(closed) = self.channels.remove(&channel) {
            closed.notify_one();
        }
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        match host {
            "forbidden" => reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await,
            "short" => reply.reject(ChannelOpenFailure::ResourceShortage).await,
            // Never answered, but kept, since dropping it would be an answer.
            "silent" => std::mem::forget(reply),
            host => {
                let target = format!("{host}:{port}");
                let closed = Arc::new(Notify::new());
                self.channels.insert(channel.id(), Arc::clone(&closed));
                tokio::spawn(async move {
                    let Ok(socket) = TcpStream::connect(target).await else {
                        return reply.reject(ChannelOpenFailure::ConnectFailed).await;
                    };
                    reply.accept().await;
                    forward(channel, socket, &closed).await;
                });
            }
        }
        Ok(())
    }
}

/// Both ways, each to its end. To a channel that the client has closed nothing is written any more: nobody would say that
/// there is room.
async fn forward(channel: Channel<Msg>, mut socket: TcpStream, closed: &Notify) {
    let (mut from_client, mut to_client) = tokio::io::split(channel.into_stream());
    let (mut from_server, mut to_server) = socket.split();
    let up = async {
        let _ = copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let down = async {
        let copied = async {
            let _ = copy(&mut from_server, &mut to_client).await;
            let _ = to_client.shutdown().await;
        };
        tokio::select! {
            () = copied => {}
            () = closed.notified() => {}
        }
    };
    tokio::join!(up, down);
}
