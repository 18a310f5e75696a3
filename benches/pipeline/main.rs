//! What rdsconn takes and what the usual pipeline takes (`aws rds generate-db-auth-token`, `ssh -L`, `mariadb`), on the real
//! lab, side by side: each measurement alternates between the two, so that both meet the same machine.
//!
//! `RDSCONN` names the binary; without it, `target/release/rdsconn`. With an argument, runs only the parts that are named:
//! `startup`, `distance`, `bulk`, `statements`, `clients`, `tunnel`, `helper`, `data_api`. Where something is missing it says so and ends
//! well. It judges, and fails nothing but what does not work at all.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints what it measured, and cannot go on without what it measures"
)]

#[path = "../figures/mod.rs"]
mod figures;

mod bulk;
mod clients;
mod data_api;
mod distance;
mod helper;
mod scene;
mod startup;
mod statements;
mod tunnel;

use figures::Table;
use scene::Scene;

/// Measures one part and adds its figures.
type Part = fn(&Scene, &mut Table);

fn main() {
    // Cargo adds options of its own, which mean nothing here.
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let Some(scene) = Scene::set() else { return };
    let mut table = Table::default();
    let all: [(&str, Part); 8] = [
        ("startup", startup::measure),
        ("distance", distance::measure),
        ("bulk", bulk::measure),
        ("statements", statements::measure),
        ("clients", clients::measure),
        ("tunnel", tunnel::measure),
        ("helper", helper::measure),
        ("data_api", data_api::measure),
    ];
    for (name, measure) in all {
        if parts.is_empty() || parts.iter().any(|part| part == name) {
            measure(&scene, &mut table);
        }
    }
    table.write("pipeline");
}
