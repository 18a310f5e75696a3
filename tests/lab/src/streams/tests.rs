//! The streams against their own ends: whole, damaged, stalled, reset, half-closed, mixed up.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);
/// More than every buffer between two ends on one machine.
const MUCH: u64 = 40_000_000;

fn connect(service: &Service) -> TcpStream {
    TcpStream::connect(service.address()).unwrap()
}

#[test]
fn streams_arrive_whole_and_belong_to_their_connection() {
    let source = Service::start(Role::Source { bytes: 300_001 }).unwrap();
    let mut streams: Vec<TcpStream> = (0..5).map(|_| connect(&source)).collect();
    for stream in &mut streams {
        assert_eq!(fetch(stream).unwrap(), Arrived { bytes: 300_001, intact: true });
    }
    drop(streams);
    let whole = |account: &Account| account.sent == 300_009 && account.end == Some(End::Orderly);
    assert!(source.wait_until(PATIENCE, |accounts| accounts.len() == 5 && accounts.iter().all(whole)));

    let sink = Service::start(Role::Sink).unwrap();
    let echo = Service::start(Role::Echo).unwrap();
    for bytes in [0, 1, 65_536, 1_000_003] {
        assert!(deliver(connect(&sink), 7, bytes).unwrap());
        assert_eq!(round_trip(connect(&echo), 8, bytes).unwrap(), Arrived { bytes, intact: true });
    }
    assert_eq!(sink.accounts()[3].received, 1_000_003);
}

#[test]
fn r1_damage_is_noticed() {
    let mut stream = Vec::from(9_u64.to_be_bytes());
    let mut flow = vec![0; 5000];
    Flow::new(9).fill(&mut flow);
    stream.extend_from_slice(&flow);
    assert_eq!(fetch(&mut stream.as_slice()).unwrap(), Arrived { bytes: 5000, intact: true });
    for damage in [
        |bytes: &mut Vec<u8>| bytes[4000] ^= 1,
        |bytes: &mut Vec<u8>| {
            bytes.remove(100);
        },
        |bytes: &mut Vec<u8>| bytes.swap(2000, 2001),
        |bytes: &mut Vec<u8>| bytes[7] ^= 1,
    ] {
        let mut damaged = stream.clone();
        damage(&mut damaged);
        assert!(!fetch(&mut damaged.as_slice()).unwrap().intact);
    }
    assert!(!Check::new().arrived().intact);
    assert_ne!(Fingerprint::of_flow(1, 100), Fingerprint::of_flow(1, 101));
    assert_ne!(Fingerprint::of_flow(1, 100), Fingerprint::of_flow(2, 100));
    let known = Fingerprint::of_flow(3, 0);
    assert_eq!(known.sha256[..4], [0xe3, 0xb0, 0xc4, 0x42], "SHA-256 of nothing");
    assert_eq!(Fingerprint::decode(&known.encode()), Some(known));
    assert_eq!(Fingerprint::decode(&known.encode()[1..]), None);
}

#[test]
fn a_stalled_sink_takes_no_more_until_it_is_released() {
    let sink = Service::with_mishap(Role::Sink, Mishap::Stall(100_000)).unwrap();
    let stream = connect(&sink);
    let sender = std::thread::spawn(move || deliver(stream, 1, MUCH));
    assert!(sink.wait_until(PATIENCE, |accounts| accounts.first().is_some_and(|account| account.received >= 100_000)));
    // One more piece may have been under way.
    assert!(sink.accounts()[0].received < 100_000 + 65_536);
    assert!(!sender.is_finished());
    sink.release();
    assert!(sender.join().unwrap().unwrap());
    assert_eq!(sink.accounts()[0].received, MUCH);
}

#[test]
fn a_stalled_source_stops_short_of_the_end() {
    let source = Service::with_mishap(Role::Source { bytes: MUCH }, Mishap::Stall(1_000_000)).unwrap();
    let mut stream = connect(&source);
    let mut check = Check::new();
    let mut buffer = vec![0; 10_000];
    while check.arrived().bytes < 1_000_000 - 8 {
        let count = stream.read(&mut buffer).unwrap();
        check.take(&buffer[..count]);
    }
    source.release();
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            count => check.take(&buffer[..count]),
        }
    }
    assert_eq!(check.arrived(), Arrived { bytes: MUCH, intact: true });
}

#[test]
fn resets_are_resets_from_either_side() {
    for (role, bytes) in [(Role::Source { bytes: MUCH }, 200_000), (Role::Sink, 100_000), (Role::Echo, 0)] {
        let service = Service::with_mishap(role, Mishap::Reset(bytes)).unwrap();
        let mut stream = connect(&service);
        // Who meets the reset first takes it; for the other the stream is just at its end.
        let met = [stream.write_all(&vec![0; 300_000]), io::copy(&mut stream, &mut io::sink()).map(|_| ())];
        let kinds: Vec<_> = met.into_iter().filter_map(|result| result.err().map(|error| error.kind())).collect();
        assert!(kinds.contains(&io::ErrorKind::ConnectionReset), "{role:?} {kinds:?}");
        assert!(service.wait_until(PATIENCE, |accounts| accounts[0].end == Some(End::Reset)));
    }
    let sink = Service::start(Role::Sink).unwrap();
    let stream = connect(&sink);
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
    let broken = Some(End::Broken(io::ErrorKind::ConnectionReset));
    assert!(sink.wait_until(PATIENCE, |accounts| accounts.first().is_some_and(|account| account.end == broken)));
}

#[test]
fn a_half_closed_stream_still_carries_the_other_way() {
    let source = Service::start(Role::Source { bytes: 5_000_000 }).unwrap();
    let mut stream = connect(&source);
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(fetch(&mut stream).unwrap(), Arrived { bytes: 5_000_000, intact: true });
    // And a socket file does as TCP does.
    let (here, there) = UnixStream::pair().unwrap();
    let far = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let (mut reader, mut writer) = (there.second().unwrap(), there);
        reader.read_to_end(&mut bytes).unwrap();
        writer.write_all(&bytes).unwrap();
    });
    assert_eq!(round_trip(here, 4, 100_000).unwrap(), Arrived { bytes: 100_000, intact: true });
    far.join().unwrap();
}

#[test]
fn a_dropped_service_refuses_and_ends_what_it_had() {
    let source = Service::with_mishap(Role::Source { bytes: MUCH }, Mishap::Stall(0)).unwrap();
    let (address, mut stream) = (source.address(), connect(&source));
    assert!(source.wait_until(PATIENCE, |accounts| accounts.len() == 1));
    drop(source);
    let arrived = fetch(&mut stream).map_or(0, |arrived| arrived.bytes);
    assert!(arrived < MUCH);
    assert!(TcpStream::connect(address).is_err());
}
