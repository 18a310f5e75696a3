//! The connection phase, as an RDS instance with IAM authentication conducts it: greeting, TLS, then the token through
//! `mysql_clear_password`, checked the way AWS checks it; or a password, by the older and the newer plugin.

use std::io;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::database::{Account, Authentication, LoginSeen, Shared};
use super::sql::fault::Fault;
use crate::packets::{
    Done, Greeting, Login, Packets, STATUS_AUTOCOMMIT, capability, error, is_tls_request, switch_plugin,
};
use crate::wire::{Wire, lock};

const CLEAR: &str = "mysql_clear_password";
const NATIVE: &str = "mysql_native_password";
const SHA2: &str = "caching_sha2_password";
/// What `caching_sha2_password` says beside its challenge: the scramble was good, or the password itself is wanted.
const FAST_AUTHENTICATION_SUCCESS: [u8; 2] = [0x01, 0x03];
const PERFORM_FULL_AUTHENTICATION: [u8; 2] = [0x01, 0x04];
/// No login is longer: a token with the longest session token stays far below.
const LONGEST_LOGIN: usize = 1 << 20;

/// A client that may go on.
pub(super) struct Admitted {
    pub(super) packets: Packets<Wire>,
    pub(super) login: Login,
    pub(super) account: Account,
    /// What both sides can do.
    pub(super) capabilities: u32,
}

/// `Ok(None)` when the client was refused or went away, which is no fault of the server.
pub(super) fn admit(wire: Wire, id: u32, shared: &Shared) -> io::Result<Option<Admitted>> {
    let mut scramble = [0_u8; 20];
    aws_lc_rs::rand::fill(&mut scramble).map_err(io::Error::other)?;
    // The challenge is text that ends with a zero byte.
    for byte in &mut scramble {
        *byte = *byte % 94 + 33;
    }
    let mut capabilities = capability::SERVER | capability::SSL;
    if !shared.options.deprecate_eof {
        capabilities &= !capability::DEPRECATE_EOF;
    }
    let greeting = Greeting {
        version: shared.options.version.clone(),
        connection: id,
        scramble,
        capabilities,
        plugin: shared.options.plugin.clone(),
    };
    let mut packets = Packets::new(wire);
    packets.send(&greeting.encode())?;
    let Some(mut first) = packets.read(LONGEST_LOGIN)? else { return Ok(None) };
    if is_tls_request(&first) {
        let (wire, sequence) = packets.into_parts();
        let wire = match wire.secure(shared.options.tls.clone()) {
            Ok(wire) => wire,
            Err(error) => {
                lock(&shared.tls_failures).push(error.to_string());
                return Ok(None);
            }
        };
        packets = Packets::resume(wire, sequence);
        let Some(second) = packets.read(LONGEST_LOGIN)? else { return Ok(None) };
        first = second;
    }
    let Some(login) = Login::decode(&first) else {
        packets.send(&error(1043, Some("08S01"), "Bad handshake"))?;
        return Ok(None);
    };
    capabilities &= login.capabilities;
    let mut seen = LoginSeen {
        user: login.user.clone(),
        secure: packets.stream().is_secure(),
        first_plugin: login.plugin.clone(),
        switched: false,
        full: false,
        attributes: login.attributes.clone(),
    };
    match judge(&mut packets, &login, &greeting, shared, &mut seen) {
        Ok(account) => {
            let status = STATUS_AUTOCOMMIT;
            if let Some(name) = login.database.as_ref().filter(|name| !shared.engine.has_database(name)) {
                packets.send(&error(1049, Some("42000"), &format!("Unknown database '{name}'")))?;
                return Ok(None);
            }
            lock(&shared.logins).push(seen);
            packets.send(&Done::default().encode(0, status))?;
            Ok(Some(Admitted { packets, login, account, capabilities }))
        }
        Err(Refused::Gone(error)) => Err(error),
        Err(Refused::Fault(fault, reason)) => {
            lock(&shared.refusals).push(format!("{}: {reason}", login.user));
            packets.send(&error(fault.code, Some(fault.state), &fault.message))?;
            packets.into_parts().0.close();
            Ok(None)
        }
    }
}

enum Refused {
    /// What the client is told, and what the server's log says.
    Fault(Fault, String),
    Gone(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

fn denied(user: &str, reason: impl Into<String>) -> Refused {
    let message = format!("Access denied for user '{user}'@'127.0.0.1' (using password: YES)");
    Refused::Fault(Fault::new(1045, "28000", message), reason.into())
}

fn judge(
    packets: &mut Packets<Wire>,
    login: &Login,
    greeting: &Greeting,
    shared: &Shared,
    seen: &mut LoginSeen,
) -> Result<Account, Refused> {
    let user = &login.user;
    if !seen.secure && shared.options.require_secure_transport {
        let message = "Connections using insecure transport are prohibited while --require_secure_transport=ON.";
        return Err(Refused::Fault(Fault::new(3159, "HY000", message), "not encrypted".to_owned()));
    }
    let Some(account) = shared.account(user) else {
        return Err(denied(user, "no such user"));
    };
    match &account.authentication {
        Authentication::Iam => {
            if !shared.options.iam {
                let message = "Plugin 'AWSAuthenticationPlugin' is not loaded";
                return Err(Refused::Fault(Fault::new(1524, "HY000", message), "IAM authentication is off".to_owned()));
            }
            if !seen.secure {
                return Err(denied(user, "IAM needs TLS"));
            }
            let token = clear_answer(packets, login, seen)?;
            let verdict = lock(&shared.verifier).verify(&token, user);
            verdict.map_err(|refusal| denied(user, refusal.to_string()))?;
        }
        Authentication::Password(password) => password_answer(packets, login, greeting, password, seen)?,
        Authentication::CachingSha2(password) => caching_answer(packets, login, greeting, password, shared, seen)?,
    }
    Ok(account)
}

/// The token: in the login itself if the client was that quick, else after a switch of plugins.
fn clear_answer(packets: &mut Packets<Wire>, login: &Login, seen: &mut LoginSeen) -> Result<String, Refused> {
    let mut answer = login.answer.clone();
    if login.plugin.as_deref() != Some(CLEAR) || answer.is_empty() {
        seen.switched = true;
        packets.send(&switch_plugin(CLEAR, &[]))?;
        answer = packets.read(LONGEST_LOGIN)?.ok_or(Refused::Gone(io::ErrorKind::UnexpectedEof.into()))?;
    }
    // Clients end it with a zero byte; not all of them.
    if answer.last() == Some(&0) {
        answer.pop();
    }
    String::from_utf8(answer).map_err(|_| denied(&login.user, "the token is not text"))
}

fn password_answer(
    packets: &mut Packets<Wire>,
    login: &Login,
    greeting: &Greeting,
    password: &str,
    seen: &mut LoginSeen,
) -> Result<(), Refused> {
    let mut answer = login.answer.clone();
    if login.plugin.as_deref() != Some(NATIVE) {
        seen.switched = true;
        packets.send(&switch_plugin(NATIVE, &greeting.scramble))?;
        answer = packets.read(LONGEST_LOGIN)?.ok_or(Refused::Gone(io::ErrorKind::UnexpectedEof.into()))?;
    }
    if answer == native_answer(password, &greeting.scramble) {
        return Ok(());
    }
    Err(denied(&login.user, "wrong password"))
}

/// A scramble is enough where the server has seen the password before; else it wants the password itself, which it gets
/// inside TLS only.
fn caching_answer(
    packets: &mut Packets<Wire>,
    login: &Login,
    greeting: &Greeting,
    password: &str,
    shared: &Shared,
    seen: &mut LoginSeen,
) -> Result<(), Refused> {
    let gone = || Refused::Gone(io::ErrorKind::UnexpectedEof.into());
    let mut answer = login.answer.clone();
    // A client that names this plugin in answer to a greeting for another has made nothing of that one's challenge.
    if greeting.plugin != SHA2 || login.plugin.as_deref() != Some(SHA2) {
        seen.switched = true;
        packets.send(&switch_plugin(SHA2, &greeting.scramble))?;
        answer = packets.read(LONGEST_LOGIN)?.ok_or_else(gone)?;
    }
    let is_cached = lock(&shared.sha2_cache).contains(&login.user);
    if is_cached && answer == sha2_answer(password, &greeting.scramble) {
        packets.send(&FAST_AUTHENTICATION_SUCCESS)?;
        return Ok(());
    }
    packets.send(&PERFORM_FULL_AUTHENTICATION)?;
    let mut given = packets.read(LONGEST_LOGIN)?.ok_or_else(gone)?;
    if given.pop() != Some(0) || given != password.as_bytes() || !seen.secure {
        return Err(denied(&login.user, "wrong password"));
    }
    lock(&shared.sha2_cache).insert(login.user.clone());
    seen.full = true;
    Ok(())
}

/// SHA256(password) XOR SHA256(SHA256(SHA256(password)), challenge).
fn sha2_answer(password: &str, scramble: &[u8]) -> Vec<u8> {
    let hash = |bytes: &[u8]| digest(&SHA256, bytes).as_ref().to_vec();
    let once = hash(password.as_bytes());
    let mask = hash(&[&hash(&once)[..], scramble].concat());
    once.iter().zip(mask).map(|(left, right)| left ^ right).collect()
}

/// SHA1(password) XOR SHA1(challenge, SHA1(SHA1(password))).
pub(crate) fn native_answer(password: &str, scramble: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let hash = |bytes: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec();
    let once = hash(password.as_bytes());
    let mask = hash(&[scramble, &hash(&once)].concat());
    once.iter().zip(mask).map(|(left, right)| left ^ right).collect()
}
