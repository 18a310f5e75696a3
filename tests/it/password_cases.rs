//! More of the cases of [`crate::cases`]: secrets that cannot be read, and passwords that nobody types or hands over.

use rdsconn_lab::environment::TestEnv;

use crate::cases::{Case, case};
use crate::support::{ENDPOINT, KEY_ID, SECRET_KEY};

const ARN: &str = crate::secrets_manager::ARN;

/// What is not there, or not to be had.
pub(crate) const PASSWORDS: [Case; 9] = [
    case(2, "secret_missing", nothing, &["--auth", "secret", ENDPOINT, "select 1"]),
    case(
        2,
        "secret_arn_of_a_cluster",
        nothing,
        &[
            "--auth",
            "secret",
            "--secret-arn",
            "arn:aws:rds:us-east-1:111122223333:cluster:orders",
            ENDPOINT,
            "select 1",
        ],
    ),
    case(2, "secret_is_no_token", nothing, &["token", "--auth", "secret", "--secret-arn", ARN, ENDPOINT]),
    case(
        5,
        "secret_unreachable",
        |test| {
            test.set("AWS_ACCESS_KEY_ID", KEY_ID).set("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
            // Nobody listens at port 1.
            test.set("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1");
        },
        &["--auth", "secret", "--secret-arn", ARN, ENDPOINT, "select 1"],
    ),
    case(2, "password_without_a_terminal", nothing, &["--auth", "password", "-u", "app", ENDPOINT, "select 1"]),
    case(
        2,
        "password_fd_closed",
        nothing,
        &["--auth", "password", "-u", "app", "--password-fd", "77", ENDPOINT, "select 1"],
    ),
    case(
        2,
        "password_fd_is_stdin",
        nothing,
        &["--auth", "password", "-u", "app", "--password-fd", "0", ENDPOINT, "select 1"],
    ),
    case(2, "password_user_missing", nothing, &["--auth", "password", ENDPOINT, "select 1"]),
    case(2, "password_is_no_token", nothing, &["token", "--auth", "password", "-u", "app", ENDPOINT]),
];

fn nothing(_: &mut TestEnv) {}
