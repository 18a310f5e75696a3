//! MySQL Shell's credential helper: what each start of the Shell waits for, and what each connection does.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::figures::{Figure, Table, Target, median, timed};
use crate::scene::{HOST, Scene, clock};
use crate::startup::against;

const CALLS: usize = 50;
const TOKENS: usize = 10;

/// Adds the figures.
pub(crate) fn measure(scene: &Scene, table: &mut Table) {
    let helper = scene.home.path("mysql-secret-store-rdsconn");
    if !helper.exists() {
        symlink(scene.home.program(), &helper).expect("a link to the helper");
    }
    // All other parts make their tokens anew; here, from the first on, the token is kept.
    scene.home.write_config("");
    get(scene, &helper);

    let (mut gets, mut starts, mut versions) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..CALLS {
        gets.push(get(scene, &helper));
        starts.push(clock(&mut scene.rdsconn(["--version"])));
        versions.push(clock(&mut scene.home.command(&helper, ["version"])));
    }
    table.add(Figure::alone("helper: version", "ms", median(&versions), Target::AtMost(5.0)));
    let mut figure =
        Figure::alone("helper: get, token kept, against our --version", "ms", median(&gets), Target::Ratio(0.5));
    figure.peer = Some(median(&starts));
    figure.ratio = figure.peer.map(|start| start / figure.ours);
    table.add(figure);

    let theirs: Vec<Duration> =
        scene.aws.iter().flat_map(|aws| (0..TOKENS).map(move |_| clock(&mut scene.aws_token(aws)))).collect();
    let name = "helper: get, token kept, against aws rds generate-db-auth-token";
    table.add(against(Figure::alone(name, "ms", median(&gets), Target::Ratio(100.0)), &theirs));
}

/// One call as the Shell makes it; how long it took, from start to exit.
fn get(scene: &Scene, helper: &Path) -> Duration {
    let mut command: Command = scene.home.command(helper, ["get"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let request = format!(r#"{{"SecretType":"password","SecretID":"dba@{HOST}","ServerURL":"dba@{HOST}"}}"#);
    let (output, time) = timed(|| {
        let mut child = command.spawn().expect("the helper starts");
        let mut stdin = child.stdin.take().expect("a pipe to the helper");
        stdin.write_all(request.as_bytes()).expect("the helper reads");
        drop(stdin);
        child.wait_with_output().expect("the helper ends")
    });
    assert!(output.status.success() && output.stdout.ends_with(b"\"}"), "{:?}", output.status);
    time
}
