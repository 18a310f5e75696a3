//! One client of the embedded bastion: who it is, and where it is forwarded to.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelOpenFailure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::bastion::{Conduct, Shared};
use crate::wire::lock;

pub(super) struct Visitor {
    shared: Arc<Shared>,
    socket: Arc<TcpStream>,
}

impl Visitor {
    pub(super) fn new(shared: Arc<Shared>, socket: TcpStream) -> Self {
        Self { shared, socket: Arc::new(socket) }
    }

    fn is_welcome(&self, user: &str, key: &russh::keys::PublicKey) -> bool {
        let line = key.to_openssh().unwrap_or_default();
        let line: Vec<&str> = line.split_whitespace().take(2).collect();
        *lock(&self.shared.conduct) != Conduct::EveryoneRefused
            && user == self.shared.options.user
            && self.shared.authorized.contains(&line.join(" "))
    }

    fn verdict(&self, user: &str, key: &russh::keys::PublicKey) -> Auth {
        if self.is_welcome(user, key) { Auth::Accept } else { Auth::reject() }
    }
}

impl Handler for Visitor {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, Self::Error> {
        Ok(self.shared.options.banner.clone())
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        Ok(self.verdict(user, offer.public_key))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(self.verdict(user, key.public_key))
    }

    async fn auth_succeeded(&mut self, _: &mut Session) -> Result<(), Self::Error> {
        lock(&self.shared.visits).sessions += 1;
        Ok(())
    }

    /// A bastion for databases gives no shell.
    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        lock(&self.shared.visits).other_channels += 1;
        reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
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
    ) -> Result<(), Self::Error> {
        let wanted = (host.to_ascii_lowercase(), u16::try_from(port).unwrap_or(0));
        lock(&self.shared.visits).asked.push(wanted.clone());
        if *lock(&self.shared.conduct) == Conduct::ForwardingProhibited {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        }
        let Some(address) = lock(&self.shared.routes).get(&wanted).copied() else {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        };
        // Elsewhere, so that the session's other channels go on.
        tokio::spawn(forward(channel, address, reply, Arc::clone(&self.shared), Arc::clone(&self.socket)));
        Ok(())
    }
}

async fn forward(
    channel: Channel<Msg>,
    address: SocketAddr,
    reply: ChannelOpenHandle,
    shared: Arc<Shared>,
    socket: Arc<TcpStream>,
) {
    let Ok(server) = tokio::net::TcpStream::connect(address).await else {
        reply.reject(ChannelOpenFailure::ConnectFailed).await;
        return;
    };
    let _ = server.set_nodelay(true);
    reply.accept().await;
    lock(&shared.visits).channels += 1;
    let (mut from_client, mut to_client) = tokio::io::split(channel.into_stream());
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let down = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            let allowed = take(&shared, count);
            let part = buffer.get(..allowed).unwrap_or_default();
            if to_client.write_all(part).await.is_err() {
                break;
            }
            if allowed < count {
                let _ = to_client.flush().await;
                let _ = socket.shutdown(Shutdown::Both);
                break;
            }
        }
        let _ = to_client.shutdown().await;
    };
    tokio::join!(up, down);
    lock(&shared.visits).channels -= 1;
}

/// How many of `count` bytes the allowance covers.
fn take(shared: &Shared, count: usize) -> usize {
    let count = count as u64;
    let before = shared.allowance.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        Some(if left == u64::MAX { left } else { left.saturating_sub(count) })
    });
    let before = before.unwrap_or(u64::MAX);
    usize::try_from(before.min(count)).unwrap_or(usize::MAX)
}
