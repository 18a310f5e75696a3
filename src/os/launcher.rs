//! The front door that a client is started through, so that it dies with us and is otherwise like one started by a shell.
//!
//! A process can ask only for itself that it be killed when its parent dies, and safe Rust runs nothing between fork and
//! exec. So the program starts itself again as `rdsconn-launch`: that asks, puts back what rdsconn changed for itself, and
//! becomes the client. The two talk over a socket that is the launcher's standard input: the real one comes in as a passed
//! descriptor, and what kept the client from running goes out. A client that runs has closed the socket by that.

use std::ffi::{OsStr, OsString};
use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getpid, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
};

use super::child::ChildProgram;

/// The name under which rdsconn starts itself to become a client.
const NAME: &str = "rdsconn-launch";

/// Stands for a limit that is none.
const UNLIMITED: &str = "unlimited";

/// What the dying parent leaves to the kernel. Nothing weaker is certain: an interactive shell ignores TERM, and what was
/// started under `nohup` ignores HUP. A client could do little good with a softer one: its connection is gone with us, and
/// the terminal no longer takes settings from it, because our shell has the terminal back and the client is in the background.
const PARENT_DEATH_SIGNAL: Signal = Signal::KILL;

/// Why nothing was launched, and nobody but the person at the keyboard is there to be told.
#[derive(Debug, thiserror::Error)]
pub enum LauncherError {
    /// Somebody typed it.
    #[error("{NAME} is a part of `rdsconn exec` and does nothing by itself")]
    NotOurs,
}

/// Whether the program was started under the launcher's name.
pub fn is_called(arguments: &[OsString]) -> bool {
    arguments.first().and_then(|name| Path::new(name).file_name()) == Some(OsStr::new(NAME))
}

/// Becomes the client that the arguments name. Comes back only if it cannot; the parent, if there is one, has been told why.
pub fn run(arguments: &[OsString]) -> Result<(), LauncherError> {
    let order = Order::parse(arguments).ok_or(LauncherError::NotOurs)?;
    let mut parent = Parent::meet().map_err(|_| LauncherError::NotOurs)?;
    let error = order.carry_out();
    // If the parent has gone, nobody waits for this.
    let _ = parent.socket.write_all(&error.raw_os_error().unwrap_or(0).to_ne_bytes());
    Ok(())
}

/// What the launcher's arguments say.
#[derive(Debug, PartialEq, Eq)]
struct Order<'a> {
    /// Who started it, and has to be there still.
    parent: Pid,
    /// The soft limit on core files; `None` is unlimited.
    core_limit: Option<u64>,
    program: &'a OsStr,
    name: &'a OsStr,
    arguments: &'a [OsString],
}

impl<'a> Order<'a> {
    fn parse(arguments: &'a [OsString]) -> Option<Self> {
        let [parent, core_limit, program, name, arguments @ ..] = arguments.get(1..)? else { return None };
        let parent = Pid::from_raw(parent.to_str()?.parse().ok().filter(|number| *number > 0)?)?;
        let core_limit = match core_limit.to_str()? {
            UNLIMITED => None,
            number => Some(number.parse().ok()?),
        };
        Some(Self { parent, core_limit, program, name, arguments })
    }

    /// Comes back only with what kept the client from running.
    fn carry_out(&self) -> io::Error {
        if let Err(error) = set_parent_process_death_signal(Some(PARENT_DEATH_SIGNAL)) {
            return error.into();
        }
        // It may have died before the kernel was asked, and then nothing will come.
        if getppid() != Some(self.parent) {
            return Errno::SRCH.into();
        }
        let limit = Rlimit { current: self.core_limit, ..getrlimit(Resource::Core) };
        // A limit that cannot be put back is no reason to refuse.
        let _ = setrlimit(Resource::Core, limit);
        let error = command(self.program.as_ref()).arg0(self.name).args(self.arguments).exec();
        if error.raw_os_error() != Some(Errno::NOEXEC.raw_os_error()) {
            return error;
        }
        // A script without its first line: a shell runs it as its own, and so does glibc, but no other C library.
        command("/bin/sh".as_ref()).arg(self.program).args(self.arguments).exec()
    }
}

/// The process that started this one.
struct Parent {
    socket: UnixStream,
}

impl Parent {
    /// Takes the real standard input from the parent and puts it in its place.
    fn meet() -> io::Result<Self> {
        let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        // Whoever typed the launcher's name has most likely a terminal here, and that is no socket.
        recvmsg(
            &socket,
            &mut [IoSliceMut::new(&mut [0])],
            &mut control,
            RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT,
        )?;
        let passed = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        rustix::stdio::dup2_stdin(passed.ok_or(Errno::BADMSG)?)?;
        Ok(Self { socket })
    }
}

/// A client on its way; whether it has arrived.
#[derive(Debug)]
pub(super) struct Launch(UnixStream);

impl Launch {
    /// Starts the launcher, which will start the program.
    pub(super) fn start(launcher: &Path, program: &ChildProgram) -> io::Result<(Child, Self)> {
        let (ours, theirs) = UnixStream::pair()?;
        pass(&ours, io::stdin().as_fd())?;
        let core_limit = super::harden::core_limit().current;
        let child = command(launcher)
            .arg0(NAME)
            .arg(getpid().to_string())
            .arg(core_limit.map_or_else(|| UNLIMITED.to_owned(), |limit| limit.to_string()))
            .args([program.path.as_os_str(), &program.name])
            .args(&program.arguments)
            .env_clear()
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()?;
        Ok((child, Self(ours)))
    }

    /// What kept the program from running, once the launcher or the program has ended.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        let mut number = [0; 4];
        self.0.read_exact(&mut number).ok().map(|()| io::Error::from_raw_os_error(i32::from_ne_bytes(number)))
    }
}

fn pass(socket: &UnixStream, descriptor: std::os::fd::BorrowedFd<'_>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor];
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(socket, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "this room starts programs")]
fn command(program: &Path) -> Command {
    Command::new(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(arguments: &[&str]) -> Vec<OsString> {
        arguments.iter().map(Into::into).collect()
    }

    #[test]
    fn the_launcher_is_called_by_the_last_part_of_the_name() {
        for (name, expected) in [
            ("rdsconn-launch", true),
            ("/usr/bin/rdsconn-launch", true),
            ("rdsconn", false),
            ("/rdsconn-launch/rdsconn", false),
            ("rdsconn-launch2", false),
            ("", false),
        ] {
            assert_eq!(is_called(&strings(&[name, "rdsconn-launch"])), expected, "{name:?}");
        }
        assert!(!is_called(&[]));
    }

    #[test]
    fn an_order_is_read_whole_or_not_at_all() {
        let arguments = strings(&["rdsconn-launch", "17", "unlimited", "/bin/x", "x", "-launch", ""]);
        let order = Order::parse(&arguments).unwrap();
        assert_eq!((order.parent.as_raw_pid(), order.core_limit), (17, None));
        assert_eq!((order.program, order.name), (OsStr::new("/bin/x"), OsStr::new("x")));
        assert_eq!(order.arguments, ["-launch", ""]);
        let arguments = strings(&["rdsconn-launch", "17", "0", "/bin/x", "x"]);
        assert_eq!(Order::parse(&arguments).unwrap().core_limit, Some(0));
        for wrong in [
            &["rdsconn-launch"][..],
            &["rdsconn-launch", "17", "0", "/bin/x"],
            &["rdsconn-launch", "0", "0", "/bin/x", "x"],
            &["rdsconn-launch", "-1", "0", "/bin/x", "x"],
            &["rdsconn-launch", "17", "much", "/bin/x", "x"],
            &["rdsconn-launch", "exec", "mysql", "orders.prod", "x"],
        ] {
            assert_eq!(Order::parse(&strings(wrong)), None, "{wrong:?}");
        }
    }
}
