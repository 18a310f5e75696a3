//! Holds the real lab open for a person or a script: starts sshd, MariaDB and a Data API in front of it, writes a home folder
//! for rdsconn, prints shell assignments for all of them, and ends when stdin ends.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use rdsconn_lab::data_api::DataApi;
use rdsconn_lab::environment::TestEnv;
use rdsconn_lab::real::{BASTION_ALIAS, ENDPOINT, ENDPOINT_PORT, REGION, RealLab, STATIC_PROFILE};

fn main() -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    let lab = match RealLab::start() {
        Ok(lab) => lab,
        Err(missing) => {
            let _ = writeln!(std::io::stderr(), "{missing}");
            return ExitCode::from(2);
        }
    };
    let home = TestEnv::new("rdsconn");
    lab.furnish(&home);
    let port = lab.database().port();
    home.write_convention(
        "lab",
        &format!(
            "pattern = '(?<service>[a-z]+)\\.lab'\n[target]\nprofile = \"{STATIC_PROFILE}\"\nregion = \"{REGION}\"\n\
             endpoint = \"${{service}}.cluster-c9abc.{REGION}.rds.amazonaws.com\"\naddress = \"127.0.0.1:{port}\"\n\
             user = \"dba\"\nbastion = \"{BASTION_ALIAS}\"\nssl_ca = \"{}\"\n\
             [[test]]\nhost = \"orders.lab\"\nendpoint = \"{ENDPOINT}\"\n[[test]]\nhost = \"lab\"\nmatch = false\n",
            lab.ca_file().display()
        ),
    );
    let data_api = DataApi::on_real(&lab);
    let assignments = [
        ("LAB_HOME", home.home().display().to_string()),
        ("LAB_SSH_CONFIG", home.home().join(".ssh/config").display().to_string()),
        ("LAB_BASTION_PORT", lab.bastion().port().to_string()),
        ("LAB_DATABASE_PORT", port.to_string()),
        ("LAB_ENDPOINT", format!("{ENDPOINT}:{ENDPOINT_PORT}")),
        ("LAB_CA", lab.ca_file().display().to_string()),
    ];
    for (name, value) in assignments.into_iter().chain(data_api.assignments()) {
        if writeln!(stdout, "{name}='{value}'").is_err() {
            return ExitCode::FAILURE;
        }
    }
    let _ = stdout.flush();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}
