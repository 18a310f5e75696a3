//! A stored credential on every route, as a profile would be: by a token through the bastion, and by the Data API; and what
//! `credential test` finds out about the way, on the lab's services and on moto's.

use rdsconn_lab::data_api::{CLUSTER_ARN, SECRET_ARN, Secret, Seen};
use rdsconn_lab::moto::{ACCOUNT, Moto};
use rdsconn_lab::real::{MASTER_PASSWORD, MASTER_USER};

use crate::credential_cases::{PASSPHRASE, give_passphrase, plant};
use crate::data_api::HttpStage;
use crate::stage::{HOST, Stage};
use crate::support::{KEY_ID, SECRET_KEY, environment};

/// The keys that the lab knows, stored.
fn store(stage: &mut Stage) {
    plant(&stage.home, "prod");
    give_passphrase(&mut stage.home, PASSPHRASE);
}

#[test]
fn a_credential_serves_on_every_route() {
    let mut http = HttpStage::embedded();
    store(&mut http.stage);
    let arguments = ["--credential", "prod", "-N", "select 40 + 2"];
    assert_eq!(http.stage.query(&arguments).succeeded().stdout, "42\n");
    assert_eq!(http.query(&arguments).succeeded().stdout, "42\n");
    let explained = http.stage.home.rdsconn(["explain", HOST, "--credential", "prod"]).succeeded().stdout;
    assert!(explained.contains("flag --credential"), "{explained}");
    // In a convention's place: what is said for this host, and no profile beside it.
    let mut named = HttpStage::embedded();
    store(&mut named.stage);
    named.stage.home.set("RDSCONN_CREDENTIAL", "prod");
    assert_eq!(named.query(&["-N", "select 40 + 2"]).succeeded().stdout, "42\n");
    give_passphrase(&mut named.stage.home, "not the passphrase");
    named.query(&["-N", "select 40 + 2"]).ended_with(4);
}

/// The question is between the lines of the stages, and the rows are as ever.
#[test]
fn a_passphrase_is_asked_for_in_the_middle_of_the_way() {
    let http = HttpStage::embedded();
    plant(&http.stage.home, "prod");
    let program = http.stage.home.program().to_str().unwrap();
    let by_api = ["--route", "data-api", "--cluster-arn", CLUSTER_ARN, "--secret-arn", SECRET_ARN];
    for route in [&by_api[..], &[]] {
        let arguments = [&[HOST, "--credential", "prod", "-N", "-B", "select 40 + 2"][..], route].concat();
        let mut running = http.stage.home.start_on_terminal(program, arguments);
        running.wait_for("Passphrase of the credential prod: ");
        running.send(format!("{PASSPHRASE}\n"));
        let shown = running.finish().succeeded().stdout;
        assert!(shown.contains("\n42\r\n") && !shown.contains(PASSPHRASE), "{shown}");
        assert_eq!(shown.matches("Passphrase").count(), 1, "{shown}");
    }
}

/// The probe runs no statement: the cluster knows no such transaction, and says so to whoever may ask.
#[test]
fn what_the_way_needs_is_tried_without_a_trace() {
    let Some(moto) = Moto::shared() else { return };
    let mut http = HttpStage::embedded();
    store(&mut http.stage);
    let cluster = moto.create_cluster("permitted", true, true);
    let secret = cluster.secret_arn.clone().expect("a managed secret");
    http.api.change(|options| {
        options.cluster_arn.clone_from(&cluster.arn);
        options.secrets = vec![Secret::managed(&secret, MASTER_USER, MASTER_PASSWORD)];
    });
    for service in ["RDS", "STS", "SECRETS_MANAGER"] {
        http.stage.home.set(format!("AWS_ENDPOINT_URL_{service}"), moto.url());
    }
    let arguments = ["credential", "test", "prod", HOST, "--route", "data-api", "--endpoint", &cluster.endpoint];
    let said = http.stage.home.rdsconn(arguments).succeeded().stdout;
    for line in [
        format!("account                        {ACCOUNT}\n"),
        "rds:DescribeDBClusters         allowed\n".to_owned(),
        "secretsmanager:GetSecretValue  allowed\n".to_owned(),
        "rds-data:ExecuteStatement      allowed\n".to_owned(),
    ] {
        assert!(said.contains(&line), "{said}");
    }
    let requests = http.api.requests();
    let refused = |seen: &&Seen| seen.answer.as_ref().is_some_and(|(status, _)| *status >= 400);
    assert_eq!((requests.len(), requests.iter().filter(refused).count()), (1, 1), "{requests:?}");
    http.stage.home.set("AWS_ENDPOINT_URL_RDS_DATA", "http://127.0.0.1:1");
    let said = http.stage.home.rdsconn(arguments).succeeded().stdout;
    assert!(said.contains("rds-data:ExecuteStatement      not known: "), "{said}");
}

/// STS as others have written it.
#[test]
fn a_credential_is_added_after_moto_has_said_who_it_is() {
    let Some(moto) = Moto::shared() else { return };
    let mut test = environment();
    test.set("AWS_ENDPOINT_URL_STS", moto.url());
    give_passphrase(&mut test, PASSPHRASE);
    let arguments = ["credential", "add", "prod", "--access-key-id", KEY_ID];
    let said = test.rdsconn_with_input(arguments, SECRET_KEY).succeeded().stdout;
    assert!(said.contains(&format!(" of account {ACCOUNT}\n")), "{said}");
}
