//! The watch against programs that do leak, and one that does not.

use std::time::Duration;

use super::*;
use crate::environment::{Running, TestEnv};

const PATIENCE: Duration = Duration::from_secs(30);
const NEEDLE: &str = "X-Amz-Signature=0123456789abcdef";

/// Runs a script of `sh` that waits for the end of its input, with a watch over it.
fn watched(home: &TestEnv, script: &str) -> (Running, Watch) {
    let running = home.start("sh", ["-c", script]);
    let watch = Watch::over(running.pid(), &[("token", NEEDLE.as_bytes()), ("other", b"never-there")]);
    (running, watch)
}

#[test]
fn t11_leaks_are_seen_wherever_they_are() {
    // Not in the script's own text, which is an argument as well.
    let home = TestEnv::new("rdsconn");
    let (head, tail) = NEEDLE.split_at(10);
    let needle = format!("t={head}; t=$t'{tail}';");
    for (script, place) in [
        (format!("{needle} sh -c 'read line' \"$t\"; true"), Place::CommandLine),
        (format!("{needle} export t; sh -c 'read line; true'; true"), Place::Environment),
        (format!("{needle} exec 7>\"$t\"; read line; true"), Place::Descriptors),
    ] {
        let (running, watch) = watched(&home, &script);
        assert!(watch.wait_until(PATIENCE, |sightings| !sightings.found.is_empty() && sightings.saw("sh")), "{script}");
        let sightings = watch.finish();
        for found in &sightings.found {
            assert_eq!((found.needle.as_str(), found.place), ("token", place), "{script}");
            // The first is what starts it, if the needle came between a look at the name and one at the rest.
            assert!(["setsid", "sh", ""].contains(&found.program.as_str()), "{found:?}");
        }
        running.finish();
    }
}

#[test]
fn t11_a_process_whose_parent_has_gone_is_still_watched() {
    let home = TestEnv::new("rdsconn");
    // The innermost one gets what it shows at last in two pieces, and joins them when it is told to.
    let script = "(sh -c 'read go <f; exec sh -c \"read line <g\" \"$0$1\"' \"$0\" \"$1\" & read line); read line";
    let (head, tail) = NEEDLE.split_at(10);
    home.run("mkfifo", ["f", "g"]).succeeded();
    let mut running = home.start("sh", ["-c", script, head, tail]);
    let watch = Watch::over(running.pid(), &[("token", NEEDLE.as_bytes())]);
    assert!(watch.wait_until(PATIENCE, |sightings| sightings.processes.len() == 3), "{:?}", watch.so_far());
    let middle = *watch.so_far().processes.iter().nth(1).unwrap();
    running.send("\n");
    let gone = Path::new("/proc").join(middle.to_string()).join("exe");
    assert!(watch.wait_until(PATIENCE, |_| !gone.exists()));
    assert!(watch.so_far().found.is_empty());
    fs::write(home.path("f"), "go\n").unwrap();
    assert!(watch.wait_until(PATIENCE, |sightings| !sightings.found.is_empty()));
    fs::write(home.path("g"), "end\n").unwrap();
    running.finish();
}

#[test]
fn a_clean_program_is_seen_to_be_clean() {
    let home = TestEnv::new("rdsconn");
    let (running, watch) = watched(&home, "sh -c 'sh -c \"read line; true\"; true'; true");
    // The innermost of three, and a good number of looks.
    let innermost = |line: &Vec<String>| *line == ["sh", "-c", "read line; true"];
    assert!(
        watch.wait_until(PATIENCE, |sightings| {
            sightings.command_lines.iter().any(innermost) && sightings.samples > 50
        })
    );
    let sightings = watch.finish();
    sightings.assert_clean(&["sh"]);
    assert!(!sightings.saw("mysql"));
    assert_eq!(sightings.processes.len(), 3);
    assert!(sightings.longest_gap > Duration::ZERO && sightings.elapsed >= sightings.longest_gap);
    running.finish().succeeded();
}

#[test]
#[should_panic(expected = "mysql was never seen")]
fn nothing_seen_is_not_clean() {
    let home = TestEnv::new("rdsconn");
    let (_running, watch) = watched(&home, "read line");
    watch.finish().assert_clean(&["mysql"]);
}

#[test]
fn the_end_of_everything_is_no_trouble() {
    let home = TestEnv::new("rdsconn");
    let (running, watch) = watched(&home, "read line");
    running.finish();
    let looked = watch.so_far().samples;
    assert!(watch.wait_until(PATIENCE, |sightings| sightings.samples > looked + 5));
    assert_eq!(watch.finish().processes.len(), 1);
}

#[test]
fn a_program_that_hides_is_not_taken_for_a_clean_one() {
    let line = ["/usr/bin/mysql", "-e", "select 1"].map(str::to_owned).to_vec();
    let hidden = BTreeSet::from([("rdsconn".to_owned(), Place::Environment)]);
    let sightings = Sightings { command_lines: BTreeSet::from([line]), unreadable: hidden, ..Sightings::default() };
    sightings.assert_clean(&["mysql"]);
    let hidden = BTreeSet::from([("mysql".to_owned(), Place::Environment)]);
    let sightings = Sightings { unreadable: hidden, ..sightings };
    assert!(std::panic::catch_unwind(|| sightings.assert_clean(&["mysql"])).is_err());
}
