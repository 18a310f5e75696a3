//! What can be wrong with a hostile database, in four independent choices.

use std::path::PathBuf;
use std::time::Duration;

/// What is wrong with its TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not offered: an old server, or somebody on the way who clears the flag in the greeting.
    Absent,
    /// Nothing.
    Good,
    /// Signed by itself.
    SelfSigned,
    /// For another database.
    WrongName,
    /// For the endpoint, by an authority that nobody trusts.
    OtherAuthority,
    /// Over since 2024.
    Expired,
    /// Offered, then garbage in place of a handshake.
    Garbage,
    /// Offered, then nothing.
    Silence,
}

/// How it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// As it should.
    Greeting,
    /// Says nothing.
    Silence,
    /// Random bytes, then silence.
    Garbage,
    /// Closes at once.
    Close,
    /// An ERR packet in place of the greeting: 1040 too many connections, 1129 host blocked.
    Error(u16, String),
    /// A header that announces 16 MiB, then silence.
    LongHeader,
    /// Frames of 16 MiB without end.
    EndlessPacket,
    /// A greeting with sequence number 7.
    WrongSequence,
    /// One byte at a time, with a pause after each.
    Trickle(Duration),
}

/// How it lets clients in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The greeting names the clear plugin; whatever the client answers is good.
    InitialPlugin,
    /// Asks for the clear plugin after the client's answer, as RDS does.
    Switch,
    /// Asks for a harmless plugin, then for the clear one.
    SwitchTwice,
    /// Lets in, and asks for the clear plugin in answer to the first command, as after `COM_CHANGE_USER`.
    SwitchInCommandPhase,
    /// Names `caching_sha2_password`, and asks for the password itself, which inside TLS comes as it is.
    FullAuthentication,
    /// Asks for `caching_sha2_password` after the client's answer, offers a key in place of the password's coming as it is,
    /// and takes whatever follows. Only a client without TLS asks for such a key.
    PublicKey,
    /// Reads the answer and says nothing.
    Silence,
}

/// What it answers to every query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One row; `@@name` in the select list gets a plausible value.
    Proper,
    /// One row, in which `@@socket` is this path.
    Socket(PathBuf),
    /// Asks for a local file; what arrives is counted by [`super::HostileDatabase::file_bytes`].
    LocalInfile(String),
    /// So many rows with [`super::row_text`], then a proper end.
    Rows(u64),
    /// So many rows, then silence.
    Stall(u64),
    /// Endless rows, cut after so many bytes of the answer; with a reset or in an orderly way.
    Cut {
        /// Bytes of the answer that are sent.
        bytes: usize,
        /// TCP reset; otherwise the connection is closed.
        reset: bool,
    },
    /// Three rows, one byte at a time, with a pause after each.
    Trickle(Duration),
    /// Random bytes.
    Garbage,
    /// A header that announces 16 MiB, then silence.
    LongHeader,
    /// Frames of 16 MiB without end.
    EndlessPacket,
    /// 4,294,967,295 columns.
    ManyColumns,
    /// A result whose packets are numbered from 7.
    WrongSequence,
    /// This error; terminals must survive its text.
    Error(u16, String),
}

/// What kind of server to be.
#[derive(Clone, Debug)]
pub struct HostileOptions {
    /// How it begins.
    pub opening: Opening,
    /// What is wrong with its TLS.
    pub tls: Tls,
    /// How it lets clients in.
    pub login: Login,
    /// What it answers.
    pub answer: Answer,
}

impl Default for HostileOptions {
    /// A server that lets everybody in and is otherwise as it should be.
    fn default() -> Self {
        Self { opening: Opening::Greeting, tls: Tls::Good, login: Login::Switch, answer: Answer::Proper }
    }
}
