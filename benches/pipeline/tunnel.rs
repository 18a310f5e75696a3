//! `rdsconn tunnel` and `ssh -L`, side by side: bytes a second over one and over many connections, near and far, what a
//! gigabyte costs in processor time, small statements, and five hundred connections at once.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rdsconn_lab::environment::Running;

use crate::distance::{move_away, place_bastion};
use crate::figures::{Figure, Table, Target, median, paired_ratio, timed};
use crate::scene::{CIPHER, HOST, Scene};
use crate::statements::{STATEMENTS, TURNS, compare, one_by_one};

/// Each of the three is the first of a turn as often as the others.
const RUNS: usize = 15;
const GIGABYTE: u64 = 1_000_000_000;
/// What a distant bastion is asked for.
const FAR: u64 = 100_000_000;
const CROWD: usize = 500;
/// Kernel ticks a second, the same on every Linux that Rust knows.
const TICKS: f64 = 100.0;

/// Adds the figures.
pub(crate) fn measure(scene: &Scene, table: &mut Table) {
    let source = start_source();
    throughput(scene, source, table);
    far_away(scene, source, table);
    small_statements(scene, table);
    crowd(scene, source, table);
}

/// A server that gives as many bytes as it is asked for, again and again.
fn start_source() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("a listener has an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::Builder::new().stack_size(256 * 1024).spawn(move || give(stream)).expect("a thread");
        }
    });
    port
}

fn give(mut stream: TcpStream) {
    let piece = vec![b'x'; 128 * 1024];
    let mut wanted = [0; 8];
    while stream.read_exact(&mut wanted).is_ok() {
        let mut left = u64::from_be_bytes(wanted);
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
            if stream.write_all(&piece[..length]).is_err() {
                return;
            }
            left -= length as u64;
        }
    }
}

/// A connection through a tunnel, opened to its far end.
fn open(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the tunnel listens");
    take(&mut stream, 1);
    stream
}

fn take(stream: &mut TcpStream, bytes: u64) {
    stream.write_all(&bytes.to_be_bytes()).expect("the tunnel takes a request");
    let mut buffer = vec![0; 256 * 1024];
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = stream.read(&mut buffer[..length]).expect("the tunnel gives bytes");
        assert!(read > 0, "the tunnel ended early");
        left -= read as u64;
    }
}

/// How long `bytes` take, shared out over connections that are open already.
fn pull(streams: &mut [TcpStream], bytes: u64) -> Duration {
    let each = bytes / streams.len() as u64;
    timed(|| {
        thread::scope(|scope| {
            for stream in streams {
                scope.spawn(move || take(stream, each));
            }
        });
    })
    .1
}

#[expect(clippy::cast_precision_loss, reason = "a gigabyte")]
fn rate(bytes: u64, times: &[Duration]) -> f64 {
    bytes as f64 / 1e6 / (median(times) / 1000.0)
}

fn faster(name: String, bytes: u64, ours: &[Duration], theirs: &[Duration], target: f64) -> Figure {
    let ratio = Some(paired_ratio(ours, theirs));
    let (ours, peer) = (rate(bytes, ours), Some(rate(bytes, theirs)));
    Figure { name, unit: "MB/s", ours, peer, ratio, target: Target::Ratio(target) }
}

/// Processor seconds that a process has used.
fn processor_time(program: &Running) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", program.pid())).expect("the process lives");
    // The name, in parentheses, may hold anything; user and system time are the 14th and 15th column, the state the 3rd.
    let columns = stat.rsplit(')').next().expect("a name").split_whitespace().skip(11).take(2);
    columns.map(|ticks| ticks.parse::<f64>().expect("a number of ticks")).sum::<f64>() / TICKS
}

fn throughput(scene: &Scene, source: u16, table: &mut Table) {
    for connections in [1, 8, 64] {
        let tunnels =
            [scene.own_tunnel_to(source), scene.tunnel_to(source, Some(CIPHER)), scene.tunnel_to(source, None)];
        let mut streams = tunnels.each_ref().map(|(_, port)| (0..connections).map(|_| open(*port)).collect::<Vec<_>>());
        let before = tunnels.each_ref().map(|(program, _)| processor_time(program));
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for turn in 0..RUNS {
            for place in 0..tunnels.len() {
                let index = (turn + place) % tunnels.len();
                times[index].push(pull(&mut streams[index], GIGABYTE));
            }
        }
        let [ours, same, default] = &times;
        let name = |peer: &str| format!("throughput, {connections} connections, against ssh -L, {peer}");
        table.add(faster(name("same cipher"), GIGABYTE, ours, same, 1.0));
        table.add(faster(name("its default cipher"), GIGABYTE, ours, default, 1.4));
        if connections == 1 {
            #[expect(clippy::cast_precision_loss, reason = "a few runs")]
            let spent = |index: usize| (processor_time(&tunnels[index].0) - before[index]) / RUNS as f64;
            table.add(compare("processor seconds for a gigabyte, same cipher", "s", spent(0), spent(1)));
        }
    }
}

/// The bastion 20 ms away, each way.
fn far_away(scene: &Scene, source: u16, table: &mut Table) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    {
        let proxy = move_away(scene);
        let (own, ssh) = (scene.own_tunnel_to(source), scene.tunnel_to(source, Some(CIPHER)));
        let mut streams = [&own, &ssh].map(|(_, port)| [open(*port)]);
        for _ in 0..RUNS {
            ours.push(pull(&mut streams[0], FAR));
            theirs.push(pull(&mut streams[1], FAR));
        }
        drop(proxy);
    }
    place_bastion(scene, scene.lab.bastion().port());
    let name = "throughput, bastion 20 ms away each way, against ssh -L".to_owned();
    table.add(faster(name, FAR, &ours, &theirs, 1.2));
}

/// The same client over both tunnels.
fn small_statements(scene: &Scene, table: &mut Table) {
    let database = scene.lab.database().port();
    let tunnels = [scene.own_tunnel_to(database), scene.tunnel_to(database, Some(CIPHER))];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for ((_, port), times) in tunnels.iter().zip(&mut times) {
            let address = format!("127.0.0.1:{port}");
            let client = scene.rdsconn(["-N", "--route", "direct", "--address", &address, HOST]);
            one_by_one(client, STATEMENTS / TURNS, times);
        }
    }
    table.add(compare("`select 1` through a held tunnel, p50", "ms", median(&times[0]), median(&times[1])));
}

/// Many connections through one tunnel; an error ends the bench.
fn crowd(scene: &Scene, source: u16, table: &mut Table) {
    let (tunnel, port) = scene.own_tunnel_to(source);
    let (mut streams, opening) = timed(|| {
        let opened: Vec<_> = (0..CROWD).map(|_| thread::spawn(move || open(port))).collect();
        opened.into_iter().map(|opening| opening.join().expect("every connection opens")).collect::<Vec<_>>()
    });
    for stream in &mut streams {
        take(stream, 100_000);
    }
    let name = format!("{CROWD} connections through one tunnel, opened at once");
    table.add(Figure::alone(name, "ms", opening.as_secs_f64() * 1000.0, Target::Reported));
    let status = std::fs::read_to_string(format!("/proc/{}/status", tunnel.pid())).expect("the tunnel lives");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak = peak.and_then(|peak| peak.trim().parse::<f64>().ok()).expect("a peak in kB") / 1024.0;
    table.add(Figure::alone("peak memory of the tunnel with them", "MiB", peak, Target::Reported));
}
