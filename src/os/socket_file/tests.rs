//! Sockets of the living, the dead and the hostile. Threats T12 and T14.

#![expect(clippy::disallowed_methods, reason = "tests prepare files themselves")]

use std::os::unix::fs::symlink;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o700)).tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().mode() & 0o7777
}

#[test]
fn t11_the_socket_and_its_folder_are_private_and_go_when_they_are_done_with() {
    let folder = folder();
    let path = folder.path().join("made/orders.sock");
    let (_listener, socket) = PrivateSocket::bind(&path).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    UnixStream::connect(&path).unwrap();
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left in the folder");
    drop(socket);
    assert!(!path.exists());
}

#[test]
fn t12_a_dead_socket_is_taken_over_and_a_living_one_is_not() {
    let folder = folder();
    let path = folder.path().join("orders.sock");
    drop(UnixListener::bind(&path).unwrap());
    let (listener, socket) = PrivateSocket::bind(&path).unwrap();
    assert!(matches!(PrivateSocket::bind(&path), Err(PrivateSocketError::Taken { .. })));
    assert!(UnixStream::connect(&path).is_ok(), "the living one is untouched");
    drop(listener);
    let (_second, _its_socket) = PrivateSocket::bind(&path).unwrap();
    drop(socket);
    assert!(path.exists(), "what another has put there is not removed");
}

#[test]
fn t12_of_many_that_find_a_dead_socket_one_gets_it() {
    let folder = folder();
    for round in 0..50 {
        let path = folder.path().join(format!("{round}.sock"));
        drop(UnixListener::bind(&path).unwrap());
        let made = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| PrivateSocket::bind(&path))).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect::<Vec<_>>()
        });
        let winners: Vec<_> = made.iter().filter_map(|made| made.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1, "{made:?}");
        assert!(UnixStream::connect(&path).is_ok(), "the winner is the one that is there");
    }
}

#[test]
fn t14_what_is_no_socket_of_ours_is_left_alone() {
    let folder = folder();
    let target = folder.path().join("target");
    std::fs::write(&target, "precious").unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "precious").unwrap();
    let link = folder.path().join("link");
    symlink(&target, &link).unwrap();
    for path in [&file, &link] {
        assert!(matches!(PrivateSocket::bind(path), Err(PrivateSocketError::InTheWay { .. })), "{}", path.display());
        assert_eq!(std::fs::read(path).unwrap(), b"precious");
    }
}

#[test]
fn t11_a_folder_that_others_enter_is_refused() {
    let folder = folder();
    for open in [0o755, 0o710, 0o1777] {
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(open)).unwrap();
        let refused = PrivateSocket::bind(&folder.path().join("orders.sock"));
        assert!(matches!(refused, Err(PrivateSocketError::OpenFolder { mode, .. }) if mode == open), "{refused:?}");
    }
}

#[test]
fn a_path_that_does_not_fit_is_told_from_one_that_does() {
    let folder = folder();
    let room = LONGEST_PATH - folder.path().as_os_str().len() - 1;
    let (_listener, socket) = PrivateSocket::bind(&folder.path().join("x".repeat(room))).unwrap();
    assert!(UnixStream::connect(socket.path()).is_ok());
    let refused = PrivateSocket::bind(&folder.path().join("x".repeat(room + 1)));
    assert!(matches!(refused, Err(PrivateSocketError::TooLong { .. })), "{refused:?}");
}
