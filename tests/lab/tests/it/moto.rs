//! That moto can be started and filled, and says what it was filled with to the AWS CLI.

use std::process::Command;

use rdsconn_lab::moto::{ACCOUNT, Moto};
use serde_json::Value;

fn aws(moto: &Moto, arguments: &[&str]) -> Option<Value> {
    let output = Command::new("aws")
        .args(["--endpoint-url", &moto.url(), "--region", "us-east-1", "--output", "json"])
        .args(arguments)
        .envs([("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")])
        .envs([("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")])
        .output();
    let Ok(output) = output else {
        eprintln!("SKIPPED moto against the AWS CLI: aws is not installed");
        return None;
    };
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn moto_is_filled_and_answers() {
    let Some(moto) = Moto::start_or_skip() else { return };
    let secret = moto.create_secret("orders/app", r#"{"username": "app"}"#);
    assert!(secret.starts_with(&format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:orders/app-")), "{secret}");
    moto.put_secret(&secret, "rotated");
    assert_eq!(moto.secret(&secret), "rotated");
    moto.create_binary_secret("orders/binary", "AAE=");
    let with = moto.create_cluster("with-all", true, true);
    let without = moto.create_cluster("without", false, false);
    assert_eq!(with.arn, format!("arn:aws:rds:us-east-1:{ACCOUNT}:cluster:with-all"));
    assert!(with.endpoint.contains(".us-east-1.rds.amazonaws.com") && with.reader_endpoint.contains(".cluster-ro-"));
    assert_eq!(without.secret_arn, None);
    let managed = with.secret_arn.unwrap();
    assert!(moto.secret(&managed).contains("\"username\""), "{}", moto.secret(&managed));
    let role = moto.create_role("dba");
    assert_eq!(role, format!("arn:aws:iam::{ACCOUNT}:role/dba"));

    let Some(clusters) = aws(&moto, &["rds", "describe-db-clusters"]) else { return };
    let clusters = clusters["DBClusters"].as_array().unwrap();
    let enabled: Vec<&Value> = clusters.iter().map(|cluster| &cluster["HttpEndpointEnabled"]).collect();
    assert_eq!(enabled, [true, false]);
    assert_eq!(clusters[0]["MasterUserSecret"]["SecretArn"], managed);
    let assumed = aws(&moto, &["sts", "assume-role", "--role-arn", &role, "--role-session-name", "tester"]).unwrap();
    assert!(assumed["Credentials"]["AccessKeyId"].as_str().unwrap().starts_with("ASIA"));
    assert!(moto.log().contains("POST / "));
}
