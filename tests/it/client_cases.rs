//! More of the cases of [`crate::cases`]: clients that cannot be started as asked, and listeners that cannot be had.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

use rdsconn_lab::environment::TestEnv;

use crate::cases::{Case, case};
use crate::clients::{ORACLE, client, only_bin_on_path};
use crate::support::{HOST, acme_in};

/// Clients, from the shell's 127 on.
pub(crate) const CLIENTS: [Case; 17] = [
    case(127, "client_unknown", acme, &["exec", "repotr", HOST]),
    case(127, "client_path_wrong", acme, &["exec", "./report", HOST]),
    case(127, "client_not_installed", nothing_installed, &["exec", "mysqlsh", HOST]),
    case(
        126,
        "client_not_executable",
        |test| {
            acme(test);
            test.write_file("report", "#!/bin/sh\n");
        },
        &["exec", "./report", HOST],
    ),
    case(
        126,
        "client_without_interpreter",
        |test| {
            acme(test);
            client(test, "mysql", "", "");
            test.write_file_with_mode("bin/mysql", "#!/nowhere/sh\n", 0o700);
        },
        &["exec", "bin/mysql", HOST],
    ),
    case(126, "client_unrecognised", |test| mysql(test, "psql (PostgreSQL) 17.6"), &["exec", "bin/mysql", HOST]),
    case(
        126,
        "client_too_old",
        |test| mysql(test, "mysql  Ver 14.14 Distrib 5.6.51, for Linux (x86_64)"),
        &["exec", "bin/mysql", HOST],
    ),
    case(2, "client_argument_tls", oracle, &["exec", "bin/mysql", HOST, "--", "--skip-ssl"]),
    case(2, "client_argument_host", oracle, &["exec", "bin/mysql", HOST, "--", "-helsewhere"]),
    case(2, "client_arguments_without_dashes", oracle, &["exec", "bin/mysql", HOST, "select 1"]),
    case(2, "client_password_variable", oracle, &["exec", "bin/mysql", HOST, "--password-env", "PATH"]),
    case(
        2,
        "client_recipe_placeholder",
        |test| recipe(test, "program = \"sh\"\narguments = [\"-c\", \"echo {hots}\"]"),
        &["exec", "report", HOST],
    ),
    case(
        2,
        "client_recipe_variable",
        |test| {
            mysql(test, ORACLE);
            recipe(test, "program = \"bin/mysql\"\nenvironment = { MYSQL_HOST = \"elsewhere\" }");
        },
        &["exec", "report", HOST],
    ),
    case(2, "client_recipe_without_program", |test| recipe(test, "arguments = []"), &["exec", "report", HOST]),
    case(
        127,
        "client_recipe_program_missing",
        |test| recipe(test, "program = \"~/bin/report.py\""),
        &["exec", "report", HOST],
    ),
    case(2, "run_folder_open", |test| run_folder(test, 0o755), &["exec", "sh", HOST]),
    case(
        2,
        "run_folder_in_the_way",
        |test| {
            acme(test);
            test.write_file("run/rdsconn", "");
        },
        &["exec", "sh", HOST],
    ),
];

/// Listeners.
pub(crate) const LISTENERS: [Case; 6] = [
    case(2, "listen_misspelled", acme, &["tunnel", HOST, "--listen", "3307/tcp"]),
    case(2, "listen_for_everybody", acme, &["tunnel", HOST, "--listen", "0.0.0.0:3307"]),
    case(2, "tunnel_without_bastion", acme, &["tunnel", HOST, "-J", "none"]),
    case(
        5,
        "listen_path_in_the_way",
        |test| {
            acme(test);
            test.write_file("sockets/orders.sock", "notes");
        },
        &["tunnel", HOST, "--listen", "unix:sockets/orders.sock"],
    ),
    case(
        5,
        "listen_folder_is_a_file",
        |test| {
            acme(test);
            test.write_file("notes", "");
        },
        &["tunnel", HOST, "--listen", "unix:notes/orders.sock"],
    ),
    case(5, "listen_path_too_long", acme, &["tunnel", HOST, "--listen", LONG_PATH]),
];

const LONG_PATH: &str = "unix:/tmp/a-name-that-is-far-longer-than-the-hundred-and-some-bytes-that-the-system-has-for-the-path-of-a-socket/orders.sock";

fn acme(test: &mut TestEnv) {
    acme_in(test);
}

fn nothing_installed(test: &mut TestEnv) {
    acme(test);
    folder(test, "bin", 0o700);
    only_bin_on_path(test);
}

fn mysql(test: &mut TestEnv, version: &str) {
    acme(test);
    client(test, "mysql", version, "echo started");
}

fn oracle(test: &mut TestEnv) {
    mysql(test, ORACLE);
}

fn recipe(test: &mut TestEnv, lines: &str) {
    acme(test);
    test.write_config(&format!("[clients.report]\n{lines}\n"));
}

fn folder(test: &TestEnv, inside: &str, mode: u32) {
    let path = test.path(inside);
    std::fs::DirBuilder::new().mode(mode).create(&path).unwrap();
    // Whatever the umask takes away.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn run_folder(test: &mut TestEnv, mode: u32) {
    acme(test);
    folder(test, "run/rdsconn", mode);
}
