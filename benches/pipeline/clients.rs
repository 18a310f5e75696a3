//! A client started on the tunnel: against the same client on a tunnel that stands, with the stages of a query added, and
//! against what a person runs today.

use crate::figures::{Figure, Table, Target, median};
use crate::scene::{HOST, Scene, clock};
use crate::startup;

const JOBS: usize = 15;
const QUERY: &str = "select 1";

/// Adds the figures.
pub(crate) fn measure(scene: &Scene, table: &mut Table) {
    let (_ssh, port) = scene.tunnel();
    let options = scene.option_file(port);
    let (mut ours, mut parts, mut manual) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..JOBS {
        ours.push(clock(&mut scene.rdsconn(["exec", "mariadb", HOST, "--", "-e", QUERY])));
        let stages = clock(&mut scene.rdsconn([HOST, QUERY]));
        parts.push(stages + clock(&mut scene.mariadb(&options, ["-e", QUERY])));
        manual.extend(scene.aws.as_ref().map(|aws| startup::manual_job(scene, aws)));
    }
    table.add(Figure {
        name: "exec mariadb -e, against query plus a direct mariadb -e".to_owned(),
        unit: "ms",
        ours: median(&ours),
        peer: Some(median(&parts)),
        ratio: Some(median(&parts) / median(&ours)),
        // At most 1.15 times as long.
        target: Target::Ratio(1.0 / 1.15),
    });
    let figure = Figure::alone("exec mariadb -e, cold, against the pipeline", "ms", median(&ours), Target::Ratio(5.0));
    table.add(startup::against(figure, &manual));
}
