//! A bastion 20 ms away: how many round trips until the first row, and where they go.
//!
//! What rdsconn needs, and why no more can be taken out with the public interfaces of its libraries:
//!
//! 1. TCP.
//! 2. The banners; sshd sends its offer of algorithms when it has ours.
//! 3. The key exchange: our offer and our half of it leave together.
//! 4. The service request. russh 0.65 waits for its answer before it asks for anything.
//! 5. The offer of a key. russh 0.65 has no request that is signed from the start, for keys in files or in agents.
//! 6. The signature.
//! 7. The channel; the database's greeting comes along with its confirmation.
//! 8. TLS 1.3; the driver sends the request for it and its first message together.
//! 9. The user's name. `mysql_async` 0.37 names one of two scrambling plugins, whatever the greeting names, and is switched.
//! 10. The token.
//! 11. The query.
//!
//! Without 4, 5 and 9 it would be eight.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use rdsconn_lab::environment::SshHost;
use rdsconn_lab::proxy::Proxy;
use rdsconn_lab::real::BASTION_ALIAS;

use crate::figures::{Figure, Table, Target, median, timed};
use crate::scene::{HOST, Scene, clock, free_port};

const DELAY: Duration = Duration::from_millis(20);
const RUNS: usize = 5;

/// Adds the figures. The scene's bastion is far away while this lasts.
pub(crate) fn measure(scene: &Scene, table: &mut Table) {
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let (mut our_trips, mut their_trips) = (Vec::new(), Vec::new());
    let mut stages = Vec::new();
    for _ in 0..RUNS {
        let proxy = move_away(scene);
        let (seen, time) = timed(|| run_by_stages(scene, &proxy));
        our_trips.extend(seen.last().map(|(_, trips)| *trips));
        stages = seen;
        ours.push(time);

        let proxy = move_away(scene);
        theirs.push(pipeline(scene));
        their_trips.push(proxy.traffic().round_trips);
    }
    place_bastion(scene, scene.lab.bastion().port());

    table.add(Figure {
        name: "round trips to the first row, bastion 20 ms away".to_owned(),
        unit: "trips",
        ours: middle(&mut our_trips),
        peer: Some(middle(&mut their_trips)),
        ratio: Some(middle(&mut their_trips) / middle(&mut our_trips)),
        target: Target::AtMost(12.0),
    });
    let mut before = 0;
    for (stage, trips) in stages {
        println!("    {:<12} {:>2}", stage, trips - before);
        before = trips;
    }
    table.add(Figure {
        name: "the same in time, without the AWS CLI".to_owned(),
        unit: "ms",
        ours: median(&ours),
        peer: Some(median(&theirs)),
        ratio: Some(median(&theirs) / median(&ours)),
        target: Target::Reported,
    });
}

/// Puts a distance before the bastion. A new one for each run: what an earlier one leaves on the line is not counted.
pub(crate) fn move_away(scene: &Scene) -> Proxy {
    let proxy = Proxy::start(([127, 0, 0, 1], scene.lab.bastion().port()).into(), DELAY);
    place_bastion(scene, proxy.port());
    proxy
}

pub(crate) fn place_bastion(scene: &Scene, port: u16) {
    let bastion = scene.lab.bastion();
    let known_hosts = scene.home.write_known_hosts(&bastion.known_hosts_at(port));
    scene.home.write_ssh_config(&SshHost { port, ..bastion.ssh_host(BASTION_ALIAS, &known_hosts) });
}

/// Runs the job and looks at the proxy whenever a stage reports its end, and when the first row comes.
fn run_by_stages(scene: &Scene, proxy: &Proxy) -> Vec<(String, u64)> {
    let mut job = scene.rdsconn(["-v", HOST, "select 1"]);
    let mut child = start(&mut job);
    let mut stages = Vec::new();
    let mut first = [0];
    std::thread::scope(|scope| {
        let stderr = child.stderr.take().expect("a pipe");
        let watching = scope.spawn(move || {
            let mut seen = Vec::new();
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(stage) = line.split_whitespace().nth(1).filter(|_| line.starts_with('✓')) {
                    seen.push((stage.to_owned(), proxy.traffic().round_trips));
                }
            }
            seen
        });
        child.stdout.take().expect("a pipe").read_exact(&mut first).expect("a row");
        let trips = proxy.traffic().round_trips;
        assert!(child.wait().expect("the child ends").success(), "{job:?}");
        stages.extend(watching.join().expect("the watcher ends"));
        stages.retain(|(stage, _)| stage == "bastion" || stage == "database");
        stages.push(("query".to_owned(), trips));
        stages
    })
}

fn start(job: &mut Command) -> std::process::Child {
    job.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("rdsconn starts")
}

/// `ssh -L` and the client, with a token that is there already.
fn pipeline(scene: &Scene) -> Duration {
    let port = free_port();
    let options = scene.option_file(port);
    let control = scene.home.path("control");
    let mut ssh = scene.home.command("ssh", scene.ssh_arguments(port));
    ssh.args(["-f", "-N", "-M", "-S"]).arg(&control).arg(BASTION_ALIAS).stderr(Stdio::null());
    let time = clock(&mut ssh) + clock(&mut scene.mariadb(&options, ["-e", "select 1"]));
    let config = scene.home.path(".ssh/config");
    let mut end = scene.home.command("ssh", ["-F"]);
    clock(end.arg(config).arg("-S").arg(&control).args(["-O", "exit", BASTION_ALIAS]).stderr(Stdio::null()));
    time
}

#[expect(clippy::cast_precision_loss, reason = "a few round trips")]
fn middle(trips: &mut [u64]) -> f64 {
    trips.sort_unstable();
    trips[trips.len() / 2] as f64
}
