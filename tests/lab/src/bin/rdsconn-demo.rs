//! `make demo`: the main job, on a bastion, a token-checking database and a Data API inside this process. No AWS, no root, no
//! network.
//!
//! Everything shown is done by the real rdsconn program, which is given a home folder of its own; nothing is faked but AWS.

#![expect(clippy::disallowed_methods, reason = "the lab has its own files and programs, outside the program's rooms")]

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use rdsconn_lab::certificates::Certificates;
use rdsconn_lab::data_api::{CLUSTER_ARN, DataApi, SECRET_ARN};
use rdsconn_lab::embedded::{Bastion, BastionOptions, Database, DatabaseOptions, Key, SAMPLE};
use rdsconn_lab::environment::{ProfileCredentials, SshHost, TestEnv};
use rdsconn_lab::verifier::{AccessKey, Verifier};

const HOST: &str = "orders.prod.use1.db.acme.example";
const ENDPOINT: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";
const PORT: u16 = 3306;
const REGION: &str = "us-east-1";

const CONVENTION: &str = r#"pattern = '(?<service>[a-z0-9-]+)\.(?<env>dev|prod)\.(?<region>use1|euw1)\.db\.acme\.example'

[lookup.region]
use1 = "us-east-1"
euw1 = "eu-west-1"

[target]
profile  = "acme-${env}"
region   = "${region}"
endpoint = "${service}.cluster-c9abc.${region}.rds.amazonaws.com"
user     = "dba"
database = "orders"
bastion  = "bastion-${env}"

[[test]]
host = "orders.prod.use1.db.acme.example"
profile = "acme-prod"

[[test]]
host = "orders.prod"
match = false
"#;

fn main() -> ExitCode {
    let Some(program) = std::env::args_os().nth(1).map(PathBuf::from) else {
        let _ = writeln!(std::io::stderr(), "usage: rdsconn-demo PROGRAM");
        return ExitCode::from(2);
    };
    match program.canonicalize().map_err(Into::into).and_then(demonstrate) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "the demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The two servers, and the home folder that knows of them.
struct Stage {
    home: TestEnv,
    bastion: Bastion,
    database: Database,
    api: DataApi,
}

fn demonstrate(program: PathBuf) -> Result<(), Box<dyn Error>> {
    let stage = Stage::new(program)?;
    say(&format!(
        "A bastion listens on {} and a database that checks IAM tokens on {}; both live in this\n\
         process. A convention of the (invented) company Acme is in {}/.config/rdsconn.\n\n",
        stage.bastion.address(),
        stage.database.address(),
        stage.home.home().display()
    ))?;
    stage.show("What does the short name mean, and who says so?", &["explain", HOST])?;
    stage.show("One query: tunnel, token, TLS, login, rows.", &[HOST, "select id, name, email from customers"])?;
    stage.show(
        "Exact values, as JSON lines for the next program.",
        &[HOST, "--format", "jsonl", "select id, total, state, note from `order` where total > 40"],
    )?;
    stage.show(
        "Several statements; the last answer is from the database's own point of view.",
        &[HOST, "select count(*) as orders, max(total) as largest from `order`; select current_user(), @@version"],
    )?;
    match ["mariadb", "mysql"].into_iter().find(|client| is_installed(client)) {
        Some(client) => stage.show(
            "A client of your own on the tunnel; its token comes through a private pipe.",
            &["exec", client, HOST, "--", "-t", "-e", "select id, total, state from `order`"],
        )?,
        None => say("# Skipped: a client of your own on the tunnel. There is no mariadb or mysql on PATH.\n\n")?,
    }
    stage.show(
        "The same name without a bastion: SQL over HTTPS, by the Data API. The login is in a secret.",
        &[
            HOST,
            "--route",
            "data-api",
            "-p",
            "least:decimal=40",
            "select id, total, state from `order` where total > :least",
        ],
    )?;
    let (visits, logins) = (stage.bastion.visits(), stage.database.logins());
    say(&format!(
        "The bastion saw {} SSH logins and forwarded to {ENDPOINT}:{PORT} each time. The database\n\
         verified {} logins, every one over TLS, and the Data API {} signatures. No password was typed, and no TLS check was\n\
         switched off.\n\n\
         Next: read README.md, then\n  rdsconn conventions init      # write a commented configuration of your own\n  \
         rdsconn explain HOST          # see what a name means before anything is connected\n",
        visits.sessions,
        logins.iter().filter(|login| login.secure).count(),
        stage.api.requests().len()
    ))?;
    Ok(())
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

impl Stage {
    fn new(program: PathBuf) -> Result<Self, Box<dyn Error>> {
        let certificates = Certificates::new(ENDPOINT, &[]);
        let access_key = AccessKey {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        let verifier = Verifier::new(ENDPOINT, PORT, REGION, vec![access_key.clone()]);
        let database = Database::start(DatabaseOptions::new(&certificates.server, verifier))?;
        database.load(SAMPLE)?;
        let api = DataApi::on_embedded(&database, &certificates);
        let key = Key::generate();
        let bastion = Bastion::start(BastionOptions::new(&key))?;
        bastion.route(ENDPOINT, PORT, database.address());

        let mut home = TestEnv::new(program);
        key.write(&home.path(".ssh/id_ed25519"))?;
        let known_hosts = home.write_known_hosts(&format!("{}\n", bastion.known_hosts_line()));
        home.write_ssh_config(&SshHost {
            alias: "bastion-prod".to_owned(),
            host_name: bastion.address().ip().to_string(),
            port: bastion.address().port(),
            user: bastion.user().to_owned(),
            identity_files: vec![home.path(".ssh/id_ed25519")],
            known_hosts,
        });
        let AccessKey { id, secret, .. } = &access_key;
        home.write_aws_profile(
            "acme-prod",
            Some(REGION),
            &ProfileCredentials::Static { id, secret, session_token: None },
        );
        let arns = format!("cluster_arn = \"{CLUSTER_ARN}\"\nsecret_arn = \"{SECRET_ARN}\"\n\n[[test]]");
        home.write_convention("acme", &CONVENTION.replacen("\n[[test]]", &arns, 1));
        // The lab's own authority: RDS's real roots are compiled in, but their keys are AWS's.
        let ca = home.write_file("lab-ca.pem", certificates.authority.pem());
        home.set("RDSCONN_SSL_CA", ca);
        if let Some(term) = std::env::var_os("TERM") {
            home.set("TERM", term);
        }
        home.set("AWS_ENDPOINT_URL_RDS_DATA", api.url());
        Ok(Self { home, bastion, database, api })
    }

    /// Shows a command as a person would type it, runs it, and lets it print for itself.
    fn show(&self, what: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        // The stages are shown on a terminal; elsewhere they have to be asked for.
        let verbose: &[&str] = if arguments[0] == HOST && !std::io::stderr().is_terminal() { &["-v"] } else { &[] };
        let arguments: Vec<&str> = verbose.iter().chain(arguments).copied().collect();
        let typed: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
        say(&format!("# {what}\n$ rdsconn {}\n", typed.join(" ")))?;
        let status = self.home.command(self.home.program(), &arguments).status()?;
        say("\n")?;
        if status.success() { Ok(()) } else { Err(format!("rdsconn ended with {status}").into()) }
    }
}

fn quoted(argument: &str) -> String {
    if argument.contains(|letter: char| letter.is_whitespace() || "`;*'".contains(letter)) {
        format!("'{argument}'")
    } else {
        argument.to_owned()
    }
}

fn say(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
