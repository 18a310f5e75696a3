//! The tunnel lives as long as the client: connections that come later are served, and reach the bastion anew after its own
//! has dropped; where that cannot be, the client shows why.

use std::time::Duration;

use rdsconn_lab::embedded::Conduct;
use rdsconn_lab::environment::Running;
use rdsconn_lab::real::{ENDPOINT, ENDPOINT_PORT};

use crate::clients::{embedded, installed, line, on_each, terminals};
use crate::stage::Stage;

/// For something that happens at once.
const LIMIT: Duration = Duration::from_mins(1);

/// A client on a terminal, where alone MariaDB's connects again by itself.
fn conversation(stage: &Stage, name: &str) -> Running {
    stage.home.rdsconn_on_terminal(line(name, &["--color", "never"], &["-A", "--reconnect"]))
}

/// A statement that is not its own answer.
#[track_caller]
fn ask(running: &mut Running, number: u32) {
    running.send(format!("select {number} * 1000 + 1;\r"));
    running.wait_for_next(&format!(" {} |", number * 1000 + 1));
}

#[test]
fn a_client_connects_again_after_the_ssh_session_has_dropped() {
    for name in terminals() {
        let stage = embedded();
        let bastion = &stage.parts().bastion;
        let mut running = conversation(&stage, name);
        ask(&mut running, 1);
        for round in 2..5 {
            let sessions = bastion.visits().sessions;
            bastion.cut_all();
            // The client's own connection has ended by then: a statement that it meets under way is not sent again.
            running.wait_for_next("warning: the connection to bastion bastion-lab is lost");
            // The statement meets the dead connection, says so, and is sent again over a new one.
            ask(&mut running, round);
            assert!(running.so_far().contains("Trying to reconnect..."), "{name}: {}", running.so_far());
            assert!(bastion.visits().sessions > sessions, "{name}");
        }
        running.send("\\q\r");
        running.finish().succeeded();
    }
}

#[test]
fn r29_a_bastion_that_is_gone_is_told_to_the_client() {
    for name in terminals() {
        let stage = embedded();
        let bastion = &stage.parts().bastion;
        let mut running = conversation(&stage, name);
        ask(&mut running, 1);
        bastion.set_conduct(Conduct::EveryoneRefused);
        bastion.cut_all();
        running.wait_for_next("warning: the connection to bastion bastion-lab is lost");
        running.send("select 'lost';\r");
        running.wait_for_next("rdsconn: bastion bastion-lab refused");
        // And when it is back, so is the way.
        bastion.set_conduct(Conduct::Proper);
        ask(&mut running, 2);
        running.send("\\q\r");
        running.finish().succeeded();
    }
}

#[test]
fn r29_a_database_that_cannot_be_reached_is_told_to_the_client() {
    let stage = embedded();
    if installed("mariadb").is_none() {
        return;
    }
    let script = "echo ready; read line; exec mariadb --defaults-file=\"$1\" -e 'select 1'";
    let mut running = stage.home.start_rdsconn(line("sh", &[], &["-c", script, "sh", "{defaults_file}"]));
    running.wait_for("ready\n");
    stage.parts().bastion.unroute(ENDPOINT, ENDPOINT_PORT);
    running.send("\n");
    let output = running.finish().ended_with(1);
    assert!(output.stderr.contains("1105"), "{}", output.stderr);
    assert!(output.stderr.contains("rdsconn: ") && output.stderr.contains("connect"), "{}", output.stderr);
}

#[test]
fn many_connections_of_one_client_are_served() {
    if installed("mariadb").is_none() {
        return;
    }
    on_each(|stage| {
        let script =
            "for turn in 1 2 3 4 5 6 7 8 9 10; do mariadb --defaults-file=\"$1\" -N -e 'select 1' & done; wait";
        // One after the other they read the option file; all at once they connect.
        let script = format!("cp \"$1\" mine.cnf; chmod 600 mine.cnf; set -- mine.cnf; {script}");
        let output = stage.home.rdsconn(line("sh", &[], &["-c", &script, "sh", "{defaults_file}"])).succeeded();
        assert_eq!(output.stdout, "1\n".repeat(10), "{}: {}", stage.name(), output.stderr);
    });
}

/// Whoever the client has started may go on with what it has, as long as the client lives; then it ends.
#[test]
fn a_connection_does_not_outlive_the_client() {
    if installed("mariadb").is_none() {
        return;
    }
    let stage = embedded();
    // It holds the output: that comes to its end only with it.
    let script = "mariadb --defaults-file=\"$1\" -N -e 'select sleep(600)' & echo started; read line";
    let mut running = stage.home.start_rdsconn(line("sh", &[], &["-c", script, "sh", "{defaults_file}"]));
    running.wait_for("started\n");
    let asleep = |running: &[rdsconn_lab::embedded::Running]| {
        running.iter().any(|process| format!("{process:?}").contains("sleep(600)"))
    };
    assert!(stage.parts().database.wait_until(LIMIT, asleep), "{:?}", stage.parts().database.running());
    running.send("\n");
    let output = running.finish().succeeded();
    assert!(output.stderr.contains("ERROR 20"), "{}", output.stderr);
}
