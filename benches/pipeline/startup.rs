//! Cold starts: the whole job, the token alone, and what the program weighs.

use std::time::Duration;

use rdsconn_lab::real::BASTION_ALIAS;

use crate::figures::{Figure, Table, Target, median};
use crate::scene::{HOST, Scene, clock, free_port, output, peak_memory};

const JOBS: usize = 15;
const TOKENS: usize = 20;
const VERSIONS: usize = 50;

/// What a person runs today. The multiplexing socket is how a tunnel that `ssh -f` left behind is taken down again.
const MANUAL: &str = r#"
set -eu
umask 077
token=$("$AWS" rds generate-db-auth-token --profile "$PROFILE" --region "$REGION" --hostname "$ENDPOINT" --port 3306 --username dba)
{ cat "$OPTIONS"; printf 'password = "%s"\n' "$token"; } > "$HOME/manual.cnf"
ssh "$@" -f -N -M -S "$HOME/control" "$BASTION"
mariadb --defaults-file="$HOME/manual.cnf" -e 'select 1'
ssh -F "$2" -S "$HOME/control" -O exit "$BASTION" 2>/dev/null
rm -f "$HOME/manual.cnf"
"#;

/// Adds the figures.
pub(crate) fn measure(scene: &Scene, table: &mut Table) {
    assert_eq!(output(&mut scene.rdsconn([HOST, "select 1"])), "1\n1\n");
    whole_job(scene, table);
    token(scene, table);

    let versions: Vec<_> = (0..VERSIONS).map(|_| clock(&mut scene.rdsconn(["--version"]))).collect();
    table.add(Figure::alone("--version", "ms", median(&versions), Target::AtMost(5.0)));
    if let Some(peak) = peak_memory(scene, &scene.rdsconn([HOST, "select 1"])) {
        table.add(Figure::alone("peak memory of `select 1`", "MiB", peak, Target::AtMost(20.0)));
    }
    let size = std::fs::metadata(scene.home.program()).expect("the binary is there").len();
    #[expect(clippy::cast_precision_loss, reason = "a file of some megabytes")]
    table.add(Figure::alone("stripped binary", "MB", size as f64 / 1e6, Target::AtMost(10.0)));
}

fn whole_job(scene: &Scene, table: &mut Table) {
    let mut ours = Vec::new();
    let mut manual = Vec::new();
    for _ in 0..JOBS {
        ours.push(clock(&mut scene.rdsconn([HOST, "select 1"])));
        manual.extend(scene.aws.as_ref().map(|aws| manual_job(scene, aws)));
    }
    let figure = Figure::alone("whole job `select 1`, cold", "ms", median(&ours), Target::Ratio(10.0));
    table.add(against(figure, &manual));
}

pub(crate) fn manual_job(scene: &Scene, aws: &std::path::Path) -> Duration {
    use rdsconn_lab::real::{ENDPOINT, REGION, STATIC_PROFILE};
    let port = free_port();
    let options = scene.home.write_file("options.cnf", scene.client_options(port));
    let mut job = scene.home.command("sh", ["-c", MANUAL, "manual"]);
    job.args(scene.ssh_arguments(port)).env("AWS", aws).env("OPTIONS", options);
    job.envs([("PROFILE", STATIC_PROFILE), ("REGION", REGION), ("ENDPOINT", ENDPOINT), ("BASTION", BASTION_ALIAS)]);
    clock(&mut job)
}

fn token(scene: &Scene, table: &mut Table) {
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..TOKENS {
        ours.push(clock(&mut scene.rdsconn(["token", HOST])));
        theirs.extend(scene.aws.as_ref().map(|aws| clock(&mut scene.aws_token(aws))));
    }
    table.add(against(Figure::alone("token, cold", "ms", median(&ours), Target::Ratio(60.0)), &theirs));
}

pub(crate) fn against(mut figure: Figure, peer: &[Duration]) -> Figure {
    if !peer.is_empty() {
        figure.peer = Some(median(peer));
        figure.ratio = Some(median(peer) / figure.ours);
    }
    figure
}
