//! What a client is given: its arguments, placeholders, variables, and the option file; and recipes of the user's own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use rdsconn_lab::environment::Output;
use rdsconn_lab::real::{ENDPOINT, ENDPOINT_PORT};

use crate::clients::{CANARY, ORACLE, client, embedded, exec, installed, line, on_each, program};
use crate::stage::{HOST, Servers, Stage};

/// Prints each argument and a NUL.
const ARGUMENTS: &str = "printf '%s\\0' \"$@\"";

/// What [`ARGUMENTS`] has printed.
fn arguments(output: &Output) -> Vec<&[u8]> {
    output.stdout_bytes.strip_suffix(b"\0").unwrap().split(|byte| *byte == 0).collect()
}

fn variables(output: &Output) -> BTreeMap<&str, &str> {
    output.stdout.lines().filter_map(|line| line.split_once('=')).collect()
}

/// Each may be damaged by a shell, a template or a parser of options.
const ODD: [&[u8]; 14] = [
    b"",
    b" ",
    b"two words",
    b"--",
    b"-",
    b"--help",
    b"$HOME `id` $(id) *",
    b"'\"\\",
    b"line\nbreak\ttab\r",
    b"\xff\xfe\x80",
    b"\x1b[31m",
    b"{} {{}} {unknown}",
    b"{\"json\": {\"a\": 1}}",
    "山田".as_bytes(),
];

#[test]
fn arguments_are_untouched() {
    on_each(|stage| {
        program(&stage.home, "anything", &format!("#!/bin/sh\n{ARGUMENTS}\n"));
        client(&stage.home, "mysql", ORACLE, ARGUMENTS);
        let odd = ODD.map(OsStr::from_bytes).map(OsStr::to_owned);
        // Clients that are known by name are spared the placeholders, too.
        let braces = ["{host}", "{{host}}", "{defaults_file}"].map(OsString::from);
        for (name, further) in [("anything", &[][..]), ("mysql", &braces[..])] {
            let given: Vec<&OsString> = odd.iter().chain(further).collect();
            let all = ["exec", name, HOST, "--"].map(OsString::from);
            let output = stage.home.rdsconn(all.iter().chain(given.iter().copied())).succeeded();
            let told = arguments(&output);
            let own = told.len() - given.len();
            assert_eq!(told[own..], given.iter().map(|text| text.as_bytes()).collect::<Vec<_>>(), "{name}");
            assert!(own == 0 || name == "mysql", "{name}");
        }
        // No arguments are no argument, not an empty one.
        let output = stage.home.rdsconn(["exec", "sh", HOST, "--", "-c", "echo $#", "sh"]).succeeded();
        assert_eq!(output.stdout, "0\n");
    });
}

#[test]
fn placeholders_and_variables_say_where_the_database_is() {
    on_each(|stage| {
        program(&stage.home, "report", &format!("#!/bin/sh\n{ARGUMENTS}\n"));
        let given = ["--dsn", "mysql://{user}@{host}:{port}/{database}", "{ca}", "{defaults_file}", "{{host}}{port}"];
        let output = exec(stage, "report", &given).succeeded();
        let told: Vec<String> =
            arguments(&output).iter().map(|text| String::from_utf8(text.to_vec()).unwrap()).collect();
        let (before, port) = told[1].rsplit_once(':').unwrap();
        let port = port.strip_suffix("/orders").unwrap();
        assert_eq!((told[0].as_str(), before), ("--dsn", "mysql://dba@127.0.0.1"), "{told:?}");
        assert!(port.parse::<u16>().unwrap() > 1023);
        let run = stage.home.path("run/rdsconn");
        assert!(told[2].starts_with(run.to_str().unwrap()) && told[2].ends_with("/ca.pem"), "{told:?}");
        assert!(told[3].starts_with(run.to_str().unwrap()), "{told:?}");
        assert_eq!(told[4], format!("{{host}}{port}"));

        let output = exec(stage, "env", &[]).succeeded();
        let told = variables(&output);
        let port = told["RDSCONN_PORT"];
        let listener = format!("127.0.0.1:{port}");
        let endpoint = format!("{ENDPOINT}:{ENDPOINT_PORT}");
        let address = match &stage.servers {
            Servers::Embedded(_) => endpoint.clone(),
            Servers::Real(lab) => format!("127.0.0.1:{}", lab.database().port()),
        };
        for (name, value) in [
            ("RDSCONN_HOST", "127.0.0.1"),
            ("RDSCONN_LISTENER", &listener),
            ("RDSCONN_ENDPOINT", &endpoint),
            ("RDSCONN_ADDRESS", &address),
            ("RDSCONN_USER", "dba"),
            ("MYSQL_HOST", "127.0.0.1"),
            ("MYSQL_TCP_PORT", port),
        ] {
            assert_eq!(told.get(name), Some(&value), "{name} in {told:?}");
        }
        assert!(told["RDSCONN_CA"].ends_with("/ca.pem"));
        // The rest is as it was.
        assert_eq!(told.get("HOME"), stage.home.home().to_str().as_ref());
        assert_eq!(told.get("LANG"), Some(&"C.UTF-8"));
    });
}

#[test]
fn the_ca_file_and_the_option_file_serve_a_program_that_is_not_known() {
    if installed("mariadb").is_none() {
        return;
    }
    on_each(|stage| {
        // A client under another name, as a program with a library of MySQL's would; each start reads the file again.
        let sql = "select current_user()";
        let script = format!("for turn in 1 2 3; do mariadb --defaults-file=\"$1\" -N -e '{sql}' || exit; done");
        let output = exec(stage, "sh", &["-c", &script, "sh", "{defaults_file}"]).succeeded();
        assert_eq!(output.stdout, "dba@%\n".repeat(3), "{}: {}", stage.name(), output.stderr);
    });
}

#[test]
fn the_option_file_gives_each_reader_a_token() {
    on_each(|stage| {
        let script = "stat -c '%a %F' \"$1\"; for turn in 1 2 3; do cat \"$1\"; echo '# end'; done";
        let output = exec(stage, "sh", &["-c", script, "sh", "{defaults_file}"]).succeeded();
        let (kind, rest) = output.stdout.split_once('\n').unwrap();
        assert_eq!(kind, "600 fifo");
        let texts: Vec<&str> = rest.split_terminator("# end\n").collect();
        assert_eq!(texts.len(), 3);
        for text in texts {
            assert!(text.contains("[client]\n") && text.contains("user=\"dba\"\n"), "{text}");
            assert_eq!(text.as_bytes().windows(CANARY.len()).filter(|window| *window == CANARY).count(), 1, "{text}");
        }
        // Who does not ask for it gets none.
        let output = exec(stage, "sh", &["-c", "ls \"${RDSCONN_CA%/*}\""]).succeeded();
        assert_eq!(output.stdout, "alive\nask\nca.pem\n");
    });
}

#[test]
fn a_token_in_a_variable_is_asked_for_by_name() {
    on_each(|stage| {
        let output = exec(stage, "env", &[]).succeeded();
        assert!(!output.stdout.contains("Action=connect"), "{}", stage.name());
        let options = ["--password-env", "REPORT_PASSWORD"];
        let output = stage.home.rdsconn(line("env", &options, &[])).succeeded();
        let token = variables(&output)["REPORT_PASSWORD"];
        assert!(token.starts_with(&format!("{ENDPOINT}:{ENDPOINT_PORT}/?Action=connect")), "{token}");
        assert_eq!(output.stdout.matches("Action=connect").count(), 1);
    });
    // And it opens the door.
    if installed("mariadb").is_some() {
        on_each(|stage| {
            let script = "MYSQL_PWD=$P exec mariadb --no-defaults -u dba --ssl-ca=\"$RDSCONN_CA\" -N -e 'select 1'";
            let output = stage.home.rdsconn(line("sh", &["--password-env", "P"], &["-c", script])).succeeded();
            assert_eq!(output.stdout, "1\n");
        });
    }
}

#[test]
fn a_recipe_is_a_client_of_its_own_name() {
    on_each(|stage| {
        // The README's.
        stage.home.write_config(
            "[clients.report]\nprogram = \"~/bin/report.py\"\narguments = [\"--options\", \"{defaults_file}\", \"--ca\", \
             \"{ca}\"]\nenvironment = { DB_HOST = \"{host}\", DB_PORT = \"{port}\" }\n",
        );
        program(
            &stage.home,
            "report.py",
            "#!/bin/sh\necho \"$DB_HOST $DB_PORT $MYSQL_TCP_PORT $1 $3 $#\"; grep -c ^password= \"$2\"; shift 4; echo \"$@\"\n",
        );
        let output = exec(stage, "report", &["further", "{host}"]).succeeded();
        let lines: Vec<&str> = output.stdout.lines().collect();
        let words: Vec<&str> = lines[0].split(' ').collect();
        assert_eq!((words[0], words[1] == words[2]), ("127.0.0.1", true), "{}", lines[0]);
        assert_eq!(words[3..], ["--options", "--ca", "6"]);
        assert_eq!(lines[1..], ["1", "further 127.0.0.1"]);
    });
}

#[test]
fn a_recipe_for_a_known_client_adds_to_what_rdsconn_sets() {
    if installed("mariadb").is_none() {
        return;
    }
    on_each(|stage| {
        stage.home.write_config(
            "[clients.bare]\nprogram = \"mariadb\"\narguments = [\"-N\", \"-B\", \"--init-command=set @host = '{host}'\"]\n",
        );
        let output = exec(stage, "bare", &["-e", "select current_user(), @host"]).succeeded();
        assert_eq!(output.stdout, "dba@%\t127.0.0.1\n", "{}", stage.name());
    });
}

#[test]
fn a_recipe_that_is_wrong_is_refused_before_anything_is_dialled() {
    let stage = embedded();
    let recipes = [
        ("program = \"sh\"\narguments = [\"{hots}\"]\n", 2, "\"{hots}\" holds {hots}, which is no placeholder"),
        ("program = \"sh\"\nenvironment = { A = \"{password}\" }\n", 2, "holds {password}, which is no placeholder"),
        ("program = \"mariadb\"\narguments = [\"--skip-ssl\"]\n", 2, "\"--skip-ssl\" would change TLS"),
        ("program = \"mariadb\"\nenvironment = { MYSQL_HOST = \"x\" }\n", 2, "cannot set MYSQL_HOST"),
        ("program = \"no-such-program\"\n", 127, "\"no-such-program\" is not found"),
        ("program = \"~/no-such-program\"\n", 127, "/no-such-program\" is not found"),
        ("program = \"sh\"\nargument = [\"-c\"]\n", 2, "config.toml:3"),
        ("arguments = [\"-c\"]\n", 2, "config.toml:1"),
        ("program = \"\"\n", 2, "config.toml:2"),
    ];
    for (recipe, code, words) in recipes {
        if recipe.contains("mariadb") && installed("mariadb").is_none() {
            continue;
        }
        stage.home.write_config(&format!("[clients.report]\n{recipe}"));
        let output = exec(&stage, "report", &[]).ended_with(code);
        assert!(output.stderr.starts_with("error: ") && output.stderr.contains("\nhint: "), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{recipe}: {}", output.stderr);
    }
    assert_eq!(stage.parts().bastion.visits().connections, 0);
}

/// What is said to clients about their own database is not about another one that they ask for.
#[test]
fn another_rdsconn_inside_resolves_its_own_host() {
    on_each(|stage| {
        let rdsconn = stage.home.program().to_str().unwrap();
        let script =
            format!("{rdsconn} {HOST} -N 'select current_user()'; {rdsconn} explain billing.prod.use1.db.acme.example");
        let output = stage.home.rdsconn(["exec", "sh", &format!("reader@{HOST}"), "--", "-c", &script]).succeeded();
        assert!(output.stdout.starts_with("dba@%\n"), "{}: {}", stage.name(), output.stdout);
        let shown = output.stdout.to_owned();
        for (field, value) in [("endpoint", "billing.cluster-c9abc."), ("port", "3306"), ("user", "dba")] {
            let line = shown.lines().find(|line| line.starts_with(field)).unwrap_or_else(|| panic!("{field}: {shown}"));
            assert!(line.contains(value) && !line.contains("RDSCONN_"), "{line}");
        }
    });
}

#[test]
fn on_a_direct_route_a_client_gets_the_address_itself() {
    on_each(|stage| {
        let address = address(stage);
        let direct = ["-J", "none", "--address", &address];
        let output = stage.home.rdsconn(line("env", &direct, &[])).succeeded();
        let told = variables(&output);
        let (host, port) = address.split_once(':').unwrap();
        for (name, value) in [
            ("RDSCONN_HOST", host),
            ("RDSCONN_PORT", port),
            ("RDSCONN_ADDRESS", &address),
            ("RDSCONN_ENDPOINT", &format!("{ENDPOINT}:{ENDPOINT_PORT}")),
            ("MYSQL_TCP_PORT", port),
        ] {
            assert_eq!(told[name], value, "{name}");
        }
        client(&stage.home, "mysql", ORACLE, ARGUMENTS);
        let output = stage.home.rdsconn(line("mysql", &direct, &[])).succeeded();
        let told = arguments(&output);
        assert!(told.contains(&format!("--port={port}").as_bytes()), "{}", output.stdout);
        // The name cannot be checked where the client is given an address; we have.
        assert!(told.contains(&&b"--ssl-mode=VERIFY_CA"[..]), "{}", output.stdout);
    });
}

fn address(stage: &Stage) -> String {
    match &stage.servers {
        Servers::Embedded(embedded) => embedded.database.address().to_string(),
        Servers::Real(lab) => format!("127.0.0.1:{}", lab.database().port()),
    }
}
