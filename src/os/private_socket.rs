//! Sockets that only processes of the same user talk over. Both ends make sure of it: by the owner and the mode of what
//! stands at the path, and by the user that the kernel names as the peer.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io::{self, Error, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::files;

/// Listens at a path in a folder that is the user's alone. Nobody can connect before the mode is right: the socket is made
/// under another name and then moved. Needs a running tokio runtime.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    check_folder(path)?;
    let mut name = path.file_name().ok_or_else(|| refused("the socket has no name"))?.to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&new)?;
    std::fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    std::fs::rename(&new, path)?;
    Ok(listener)
}

/// Connects to a socket that a process of the same user listens at.
pub async fn connect(path: &Path) -> io::Result<UnixStream> {
    check_folder(path)?;
    let found = std::fs::symlink_metadata(path)?;
    if !found.file_type().is_socket() || found.uid() != user() || found.mode() & 0o177 != 0 {
        return Err(refused("it is not a private socket of this user"));
    }
    let stream = UnixStream::connect(path).await?;
    check_peer(&stream)?;
    Ok(stream)
}

/// Whether the other end is the same user.
pub fn check_peer(stream: &UnixStream) -> io::Result<()> {
    if stream.peer_cred()?.uid() == user() { Ok(()) } else { Err(refused("the other end is another user")) }
}

/// The sockets called `name` in the folders of `base`, in byte order; empty if there are none, or `base` is not the user's.
#[expect(clippy::disallowed_methods, reason = "src/os is the one place that reads folders")]
pub fn find(base: &Path, name: &OsStr) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(base) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path().join(name)))
        .filter(|path| std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()))
        .collect();
    found.sort_unstable();
    found
}

/// Whether nobody listens at this address: it could be listened at now.
pub fn is_free(address: IpAddr, port: u16) -> bool {
    match TcpListener::bind(SocketAddr::from((address, port))) {
        Ok(_) => true,
        // A machine without IPv6 has nobody there.
        Err(error) => matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::Unsupported),
    }
}

/// Sixteen bytes that nobody can guess, in hexadecimal.
pub fn nonce() -> io::Result<String> {
    use std::fmt::Write as _;
    use std::io::Read as _;
    let mut bytes = [0_u8; 16];
    super::open_file(Path::new("/dev/urandom"))?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// A folder that others can write to, or that is somebody else's, holds nothing to be trusted.
fn check_folder(path: &Path) -> io::Result<()> {
    let found = std::fs::symlink_metadata(files::folder_of(path))?;
    let is_private = found.is_dir() && found.uid() == user() && found.mode() & 0o022 == 0;
    if is_private { Ok(()) } else { Err(refused("its folder is not this user's alone")) }
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn refused(reason: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private_folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        folder
    }

    #[tokio::test]
    async fn t11_a_socket_is_made_private_and_found() {
        let base = private_folder();
        let run = base.path().join("run");
        files::create_private_folder(&run).unwrap();
        let path = run.join("ask");
        let listener = bind(&path).unwrap();
        assert_eq!(std::fs::symlink_metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(find(base.path(), OsStr::new("ask")), std::slice::from_ref(&path));
        let (client, server) = tokio::join!(connect(&path), listener.accept());
        check_peer(&server.unwrap().0).unwrap();
        drop(client.unwrap());
        // The name of one that was killed is taken over.
        drop(listener);
        assert_eq!(connect(&path).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        drop(bind(&path).unwrap());
    }

    #[tokio::test]
    async fn t12_what_is_not_private_is_not_connected_to() {
        let base = private_folder();
        let path = base.path().join("ask");
        let listener = bind(&path).unwrap();
        for mode in [0o660, 0o606, 0o700, 0o777] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(connect(&path).await.unwrap_err().kind(), ErrorKind::PermissionDenied, "{mode:o}");
        }
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(&path, base.path().join("link")).unwrap();
        assert_eq!(connect(&base.path().join("link")).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
        std::fs::set_permissions(base.path(), Permissions::from_mode(0o770)).unwrap();
        assert_eq!(connect(&path).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(bind(&base.path().join("new")).unwrap_err().kind(), ErrorKind::PermissionDenied);
        drop(listener);
    }

    #[test]
    fn a_port_is_free_until_somebody_listens() {
        let address = IpAddr::from([127, 0, 0, 1]);
        let is_free_again = |()| {
            let listener = TcpListener::bind((address, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            assert!(!is_free(address, port));
            drop(listener);
            is_free(address, port)
        };
        // A test beside this one may be given the very port that was just given back.
        assert!([(); 10].into_iter().any(is_free_again));
    }

    #[test]
    fn nonces_differ() {
        let (one, other) = (nonce().unwrap(), nonce().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
