//! The connection phase: what a server says first, and how a client logs in. Both ends of it, for the lab has clients too.

use super::{STATUS_AUTOCOMMIT, capability, put_value};

/// The server's first packet, protocol version 10.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// What `@@version` says.
    pub version: String,
    /// The number that `KILL` takes.
    pub connection: u32,
    /// The challenge of the password plugins.
    pub scramble: [u8; 20],
    /// See [`capability`].
    pub capabilities: u32,
    /// The plugin that the client is to try first.
    pub plugin: String,
}

impl Greeting {
    /// The payload.
    pub fn encode(&self) -> Vec<u8> {
        let capabilities = self.capabilities.to_le_bytes();
        let mut out = vec![10];
        out.extend_from_slice(self.version.as_bytes());
        out.push(0);
        out.extend_from_slice(&self.connection.to_le_bytes());
        out.extend_from_slice(&self.scramble[..8]);
        out.push(0);
        out.extend_from_slice(&capabilities[..2]);
        out.push(255); // utf8mb4_0900_ai_ci, the low byte
        out.extend_from_slice(&STATUS_AUTOCOMMIT.to_le_bytes());
        out.extend_from_slice(&capabilities[2..]);
        out.push(21); // the challenge and its terminator
        out.extend_from_slice(&[0; 10]);
        out.extend_from_slice(&self.scramble[8..]);
        out.push(0);
        out.extend_from_slice(self.plugin.as_bytes());
        out.push(0);
        out
    }

    /// What a client makes of it; `None` when it is no greeting of protocol 10 with plugins.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader(payload);
        if reader.integer(1)? != 10 {
            return None;
        }
        let version = reader.terminated()?;
        let connection = u32::try_from(reader.integer(4)?).ok()?;
        let first = reader.bytes(8)?;
        reader.bytes(1)?;
        let low = reader.integer(2)?;
        reader.bytes(3)?;
        let capabilities = u32::try_from(reader.integer(2)? << 16 | low).ok()?;
        reader.bytes(11)?;
        let scramble = [first, reader.bytes(12)?].concat().try_into().ok()?;
        reader.bytes(1)?;
        let plugin = reader.terminated()?;
        Some(Self { version, connection, scramble, capabilities, plugin })
    }
}

/// The client's first packet if it wants TLS: the fixed part of a login.
pub fn tls_request(capabilities: u32) -> Vec<u8> {
    let mut out = (capabilities | capability::SSL).to_le_bytes().to_vec();
    out.extend_from_slice(&0x0400_0000_u32.to_le_bytes());
    out.push(255);
    out.extend_from_slice(&[0; 23]);
    out
}

/// Whether a client's first packet asks for TLS instead of logging in: the fixed part of a login, cut off after it.
pub fn is_tls_request(payload: &[u8]) -> bool {
    payload.len() == 32 && Reader(payload).integer(4).is_some_and(|flags| flags & u64::from(capability::SSL) != 0)
}

/// What a client says when it logs in (`HandshakeResponse41`).
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// The client's flags; what both sides set is in force.
    pub capabilities: u32,
    /// The account.
    pub user: String,
    /// What the plugin of the greeting made of the password, or the password itself for the clear plugin.
    pub answer: Vec<u8>,
    /// The database to start in.
    pub database: Option<String>,
    /// The plugin that made the answer.
    pub plugin: Option<String>,
    /// Connection attributes: names and values, `program_name` among them.
    pub attributes: Vec<(String, String)>,
}

impl Login {
    /// The payload, as a client sends it. Says what it says, whatever the flags allow.
    pub fn encode(&self) -> Vec<u8> {
        let mut flags = self.capabilities | capability::PROTOCOL_41 | capability::PLUGIN_AUTH_LENENC_DATA;
        if self.database.is_some() {
            flags |= capability::CONNECT_WITH_DB;
        }
        let mut out = tls_request(flags);
        out[..4].copy_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(self.user.as_bytes());
        out.push(0);
        put_value(&mut out, Some(&self.answer));
        for text in self.database.iter().chain(&self.plugin) {
            out.extend_from_slice(text.as_bytes());
            out.push(0);
        }
        if flags & capability::CONNECT_ATTRS != 0 {
            let mut attributes = Vec::new();
            for text in self.attributes.iter().flat_map(|(name, value)| [name, value]) {
                put_value(&mut attributes, Some(text.as_bytes()));
            }
            put_value(&mut out, Some(&attributes));
        }
        out
    }

    /// `None` when the payload is not a protocol-4.1 login.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader(payload);
        let capabilities = u32::try_from(reader.integer(4)?).ok()?;
        if capabilities & capability::PROTOCOL_41 == 0 {
            return None;
        }
        reader.bytes(28)?;
        let user = reader.terminated()?;
        let length = if capabilities & capability::PLUGIN_AUTH_LENENC_DATA != 0 {
            reader.length()?
        } else {
            reader.integer(1)?
        };
        let answer = reader.bytes(usize::try_from(length).ok()?)?.to_vec();
        let mut login = Self { capabilities, user, answer, ..Self::default() };
        if capabilities & capability::CONNECT_WITH_DB != 0 && !reader.0.is_empty() {
            login.database = reader.terminated().filter(|name| !name.is_empty());
        }
        if capabilities & capability::PLUGIN_AUTH != 0 && !reader.0.is_empty() {
            login.plugin = reader.terminated();
        }
        if capabilities & capability::CONNECT_ATTRS != 0 && !reader.0.is_empty() {
            let length = usize::try_from(reader.length()?).ok()?;
            let mut attributes = Reader(reader.bytes(length)?);
            while !attributes.0.is_empty() {
                login.attributes.push((attributes.value()?, attributes.value()?));
            }
        }
        Some(login)
    }
}

pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn integer(&mut self, count: usize) -> Option<u64> {
        Some(self.bytes(count)?.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    pub(super) fn length(&mut self) -> Option<u64> {
        match self.integer(1)? {
            0xfc => self.integer(2),
            0xfd => self.integer(3),
            0xfe => self.integer(8),
            small => Some(small),
        }
    }

    /// Up to a zero byte, or to the end where a client leaves the last one out.
    fn terminated(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = self.bytes(end.unwrap_or(self.0.len()))?;
        if end.is_some() {
            self.bytes(1)?;
        }
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// A length-encoded value.
    pub(super) fn value_bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.length()?).ok()?;
        self.bytes(length)
    }

    fn value(&mut self) -> Option<String> {
        Some(String::from_utf8_lossy(self.value_bytes()?).into_owned())
    }
}
