//! SQL over HTTPS: one statement, against the AWS CLI on the same server, and a result of many pages.

use std::process::Command;
use std::time::Duration;

use rdsconn_lab::data_api::{CLUSTER_ARN, DataApi, SECRET_ARN};
use rdsconn_lab::real::{REGION, STATIC_PROFILE};

use crate::figures::{Figure, Table, Target, median};
use crate::scene::{HOST, Scene, clock, output, peak_memory};
use crate::startup::against;

const CALLS: usize = 15;
const ROWS: usize = 100_000;
/// A server may allow a thousand recursions and no more.
const TABLE: &str = "create table if not exists paged (id int primary key, note varchar(100)); \
     insert ignore into paged with recursive n(i) as (select 0 union all select i + 1 from n where i < 399) \
     select a.i * 250 + b.i + 1, repeat('x', 100) from n a, n b where b.i < 250";

/// Adds the figures.
pub(crate) fn measure(scene: &Scene, table: &mut Table) {
    let api = DataApi::on_real(&scene.lab);
    let ours = |arguments: &[&str]| {
        let route = ["--route", "data-api", "--cluster-arn", CLUSTER_ARN, "--secret-arn", SECRET_ARN, "-D", "orders"];
        let mut command = scene.rdsconn([HOST]);
        command.args(route).args(arguments).env("AWS_ENDPOINT_URL_RDS_DATA", api.url());
        command
    };
    assert_eq!(output(&mut ours(&["select 1"])), "1\n1\n");
    let theirs = |aws| {
        let mut command: Command = scene.home.command(aws, ["rds-data", "execute-statement", "--region", REGION]);
        command.args(["--profile", STATIC_PROFILE, "--endpoint-url", &api.url(), "--database", "orders"]);
        command.args(["--resource-arn", CLUSTER_ARN, "--secret-arn", SECRET_ARN, "--sql", "select 1"]);
        command
    };
    let (mut times, mut other_times): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    for _ in 0..CALLS {
        times.push(clock(&mut ours(&["select 1"])));
        other_times.extend(scene.aws.as_ref().map(|aws| clock(&mut theirs(aws))));
    }
    let name = "`select 1` by Data API, against aws rds-data execute-statement";
    table.add(against(Figure::alone(name, "ms", median(&times), Target::Ratio(10.0)), &other_times));
    pages(scene, table, &ours);
}

/// All rows, in order, and what they take beside one page of them.
fn pages(scene: &Scene, table: &mut Table, ours: &dyn Fn(&[&str]) -> Command) {
    output(&mut scene.rdsconn([HOST, "-D", "orders", TABLE]));
    let select = "select id, note from paged";
    let streamed = output(&mut scene.rdsconn([HOST, "-D", "orders", &format!("{select} order by id")]));
    assert!(streamed.lines().count() == ROWS + 1, "the table is whole");
    assert!(output(&mut ours(&["--page-by", "id", select])) == streamed, "the pages are all rows in order");
    let time = clock(&mut ours(&["--page-by", "id", select]));
    table.add(Figure::alone("100,000 rows by --page-by", "s", time.as_secs_f64(), Target::Reported));
    let few = format!("{select} where id <= 4000");
    for (name, select) in [("peak memory of the same", select), ("peak memory of 4,000 of them", &few)] {
        if let Some(peak) = peak_memory(scene, &ours(&["--page-by", "id", select])) {
            table.add(Figure::alone(name, "MiB", peak, Target::Reported));
        }
    }
}
