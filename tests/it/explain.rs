//! What a name means, as the real binary tells it: every kind of file, every level of precedence with its origin, the
//! built-in shapes, the three names of a database.

use serde_json::{Value, json};

use rdsconn_lab::environment::{ProfileCredentials, TestEnv};

use crate::support::{ENDPOINT, HOST, acme, environment};

fn explain(test: &TestEnv, arguments: &[&str]) -> Value {
    let output = test.rdsconn(["explain", "--json"].iter().chain(arguments)).succeeded();
    assert_eq!(output.stderr, "");
    serde_json::from_str(&output.stdout).unwrap()
}

/// The value of a field and its origin, the home's path left out.
fn field(test: &TestEnv, answer: &Value, name: &str) -> (Value, String) {
    let home = format!("{}/.config/rdsconn/", test.home().display());
    let origin = answer["origin"][name].as_str().unwrap_or("unset").replace(&home, "");
    (answer["target"][name].clone(), origin)
}

#[test]
fn the_text_and_the_json_say_the_same() {
    let test = acme();
    let answer = explain(&test, &[HOST]);
    assert_eq!((&answer["host"], &answer["convention"]), (&json!(HOST), &json!("acme")));
    let shown = test.rdsconn(["explain", HOST]).succeeded().stdout;
    let names = answer["target"].as_object().unwrap();
    assert_eq!(names.len(), 16);
    for (name, value) in names {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(name));
        assert_eq!(line.is_none(), value.is_null(), "{name}\n{shown}");
        let Some(line) = line else { continue };
        let shown = match value {
            Value::Array(hops) => hops[0].as_str().unwrap().to_owned(),
            Value::String(word) => word.clone(),
            other => other.to_string(),
        };
        let origin = answer["origin"][name].as_str().unwrap();
        assert_eq!(line.split_whitespace().nth(1), Some(shown.as_str()), "{line}");
        assert!(line.ends_with(origin), "{line} does not end in {origin}");
    }
}

#[test]
fn exact_names_are_read_from_every_kind_of_file() {
    let entry = |profile: &str| format!("{profile} = \"acme\"\nendpoint = \"{ENDPOINT}\"\nport = 3307\n");
    let files = [
        ("config.toml", format!("[hosts.\"db.example.com\"]\n{}", entry("aws_profile")), 4, 2),
        ("hosts.toml", format!("[\"db.example.com\"]\n{}", entry("profile")), 4, 2),
        ("hosts.toml", format!("[hosts.\"db.example.com\"]\n{}", entry("aws_profile")), 4, 2),
        (
            "hosts.yaml",
            format!("# ours\ndb.example.com:\n  aws_profile: acme\n  endpoint: {ENDPOINT}\n  port: 3307\n"),
            5,
            3,
        ),
        (
            "hosts.json",
            format!(
                "{{\"db.example.com\":\n{{\"aws_profile\": \"acme\",\n\"endpoint\": \"{ENDPOINT}\",\n\"port\": 3307}}}}"
            ),
            4,
            2,
        ),
        (
            "hosts.json",
            format!(
                "{{\"hosts\": {{\"db.example.com\":\n{{\"aws_profile\": \"acme\",\n\"endpoint\": \"{ENDPOINT}\",\n\"port\": \"3307\"}}}}}}"
            ),
            4,
            2,
        ),
    ];
    for (name, text, port_line, profile_line) in files {
        let test = environment();
        test.write_file(format!(".config/rdsconn/{name}"), &text);
        let answer = explain(&test, &["DB.example.com."]);
        assert_eq!(answer["host"], "db.example.com");
        assert_eq!(answer["convention"], Value::Null);
        assert_eq!(field(&test, &answer, "profile"), (json!("acme"), format!("{name}:{profile_line}")), "{text}");
        assert_eq!(field(&test, &answer, "port"), (json!(3307), format!("{name}:{port_line}")), "{text}");
        assert_eq!(field(&test, &answer, "region"), (json!("us-east-1"), "read from the endpoint's name".to_owned()));
    }
}

#[test]
fn an_exact_entry_wins_over_conventions_field_by_field() {
    let test = acme();
    test.write_config(&format!("[hosts.\"{HOST}\"]\nuser = \"reader\"\nbastion = \"ops@other:2222\"\n"));
    let answer = explain(&test, &[HOST]);
    assert_eq!(field(&test, &answer, "user"), (json!("reader"), "config.toml:2".to_owned()));
    assert_eq!(field(&test, &answer, "bastion"), (json!(["ops@other:2222"]), "config.toml:3".to_owned()));
    assert_eq!(field(&test, &answer, "profile"), (json!("acme-prod"), "conventions/acme.toml:6".to_owned()));
    assert_eq!(answer["convention"], "acme");
}

/// Each level is added below the one before, which must go on winning; then they are taken away from the top.
#[test]
fn every_level_of_precedence_for_the_user() {
    let mut test = environment();
    test.write_config(&format!("[defaults]\nuser = \"defaults\"\n[hosts.\"{HOST}\"]\nuser = \"entry\"\n"));
    test.write_convention("acme", crate::support::ACME);
    test.set("RDSCONN_USER", "variable");
    let typed = format!("typed@{HOST}");
    let user = |test: &TestEnv, arguments: &[&str]| field(test, &explain(test, arguments), "user");
    assert_eq!(user(&test, &[&typed, "--user", "flag"]), (json!("flag"), "flag --user".to_owned()));
    assert_eq!(user(&test, &[&typed]), (json!("variable"), "RDSCONN_USER".to_owned()));
    test.unset("RDSCONN_USER");
    assert_eq!(user(&test, &[&typed]), (json!("typed"), "HOST".to_owned()));
    assert_eq!(user(&test, &[HOST]), (json!("entry"), "config.toml:4".to_owned()));
    test.write_config("[defaults]\nuser = \"defaults\"\n");
    assert_eq!(user(&test, &[HOST]), (json!("dba"), "conventions/acme.toml:9".to_owned()));
    test.write_convention("acme", &crate::support::ACME.replace("user = \"dba\"\n", ""));
    assert_eq!(user(&test, &[HOST]), (json!("defaults"), "[defaults] in config.toml:2".to_owned()));
    test.write_config("");
    assert_eq!(user(&test, &[HOST]), (Value::Null, "unset".to_owned()));
}

#[test]
fn every_level_of_precedence_for_profile_and_region() {
    let mut test = environment();
    // An endpoint whose name holds no region.
    test.write_file(".config/rdsconn/hosts.toml", "[plain]\nendpoint = \"db.example.com\"\n");
    test.write_aws_profile("work", Some("eu-west-3"), &ProfileCredentials::None);
    test.write_aws_profile("default", Some("eu-west-2"), &ProfileCredentials::None);
    let both = |test: &TestEnv, arguments: &[&str]| {
        let answer = explain(test, &[&["plain"], arguments].concat());
        (field(test, &answer, "profile"), field(test, &answer, "region"))
    };
    let expected = |profile: Value, profile_origin: &str, region: &str, region_origin: &str| {
        ((profile, profile_origin.to_owned()), (json!(region), region_origin.to_owned()))
    };
    assert_eq!(both(&test, &[]), expected(Value::Null, "unset", "eu-west-2", "AWS profile default"));
    test.set("AWS_PROFILE", "work");
    assert_eq!(both(&test, &[]), expected(json!("work"), "AWS_PROFILE", "eu-west-3", "AWS profile work"));
    test.set("AWS_DEFAULT_REGION", "eu-north-1");
    assert_eq!(both(&test, &[]), expected(json!("work"), "AWS_PROFILE", "eu-north-1", "AWS_DEFAULT_REGION"));
    test.set("AWS_REGION", "eu-south-1");
    assert_eq!(both(&test, &[]), expected(json!("work"), "AWS_PROFILE", "eu-south-1", "AWS_REGION"));
    test.write_config("[defaults]\nprofile = \"acme\"\nregion = \"us-west-1\"\n");
    let defaults = "[defaults] in config.toml";
    assert_eq!(
        both(&test, &[]),
        expected(json!("acme"), &format!("{defaults}:2"), "us-west-1", &format!("{defaults}:3"))
    );
    test.set("RDSCONN_REGION", "us-west-2").set("RDSCONN_PROFILE", "ours");
    assert_eq!(both(&test, &[]), expected(json!("ours"), "RDSCONN_PROFILE", "us-west-2", "RDSCONN_REGION"));
    let flags = ["--aws-profile", "flag", "--region", "ca-central-1"];
    assert_eq!(both(&test, &flags), expected(json!("flag"), "flag --profile", "ca-central-1", "flag --region"));
}

#[test]
fn an_endpoints_own_region_is_stronger_than_what_holds_for_every_host() {
    let mut test = environment();
    test.set("AWS_REGION", "eu-south-1");
    let answer = explain(&test, &[ENDPOINT]);
    let origin = "read from the endpoint's name".to_owned();
    assert_eq!(field(&test, &answer, "region"), (json!("us-east-1"), origin));
    let answer = explain(&test, &[ENDPOINT, "--region", "us-west-2"]);
    assert_eq!(field(&test, &answer, "region"), (json!("us-west-2"), "flag --region".to_owned()));
}

#[test]
fn every_flag_and_variable_of_a_field_arrives() {
    let fields = [
        ("profile", "other", json!("other")),
        ("region", "us-west-2", json!("us-west-2")),
        ("endpoint", "db.example.com", json!("db.example.com")),
        ("port", "3307", json!(3307)),
        ("address", "10.0.0.7", json!("10.0.0.7:3306")),
        ("user", "someone", json!("someone")),
        ("database", "orders", json!("orders")),
        ("bastion", "ops@gate:2222", json!(["ops@gate:2222"])),
        ("route", "tunnel", json!("tunnel")),
        ("auth", "password", json!("password")),
        ("ssl_mode", "verify_ca", json!("VERIFY_CA")),
        ("ssl_ca", "/etc/ca.pem", json!("/etc/ca.pem")),
        ("credential", "stored", json!("stored")),
        (
            "cluster_arn",
            "arn:aws:rds:us-east-1:123456789012:cluster:c",
            json!("arn:aws:rds:us-east-1:123456789012:cluster:c"),
        ),
        (
            "secret_arn",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:s",
            json!("arn:aws:secretsmanager:us-east-1:123456789012:secret:s"),
        ),
    ];
    for (name, text, value) in fields {
        let mut test = acme();
        let flag = format!("--{}", name.replace('_', "-"));
        let answer = explain(&test, &[HOST, &flag, text]);
        assert_eq!(field(&test, &answer, name), (value.clone(), format!("flag {flag}")));
        let variable = format!("RDSCONN_{}", name.to_uppercase());
        test.set(&variable, text);
        assert_eq!(field(&test, &explain(&test, &[HOST]), name), (value, variable));
    }
}

#[test]
fn t19_the_three_names_stay_apart() {
    let test = acme();
    let answer =
        explain(&test, &["mysql://a%40b@orders.prod.use1.db.acme.example:3307/shop", "--address", "10.0.0.7:13306"]);
    assert_eq!(field(&test, &answer, "endpoint").0, json!("orders.cluster-c9abc.us-east-1.rds.amazonaws.com"));
    assert_eq!(field(&test, &answer, "port"), (json!(3307), "HOST".to_owned()));
    assert_eq!(field(&test, &answer, "address"), (json!("10.0.0.7:13306"), "flag --address".to_owned()));
    assert_eq!(field(&test, &answer, "user"), (json!("a@b"), "HOST".to_owned()));
    assert_eq!(field(&test, &answer, "database"), (json!("shop"), "HOST".to_owned()));
    // Without an address of its own the endpoint is dialled, on the port that was typed.
    let answer = explain(&test, &[&format!("{HOST}:3307")]);
    let dialled = format!("{ENDPOINT}:3307");
    assert_eq!(field(&test, &answer, "address"), (json!(dialled), "follows endpoint".to_owned()));
    // A bastion can be left out for once, and then nothing goes through it.
    let answer = explain(&test, &[HOST, "-J", "none"]);
    assert_eq!(field(&test, &answer, "bastion").0, Value::Null);
    assert_eq!(field(&test, &answer, "route").0, json!("direct"));
}

#[test]
fn built_in_shapes_give_the_region_and_nothing_else_does() {
    let test = environment();
    for (host, convention, region) in [
        ("orders.c9abc.us-east-1.rds.amazonaws.com", "rds", "us-east-1"),
        ("orders.cluster-ro-c9abc.eu-west-1.rds.amazonaws.com", "rds", "eu-west-1"),
        ("ORDERS.proxy-c9abc.us-gov-west-1.rds.amazonaws.com", "rds", "us-gov-west-1"),
        ("orders.c9abc.rds.cn-north-1.amazonaws.com.cn", "rds-china", "cn-north-1"),
        ("orders.cluster-c9abc.eusc-de-east-1.rds.amazonaws.eu", "rds-sovereign", "eusc-de-east-1"),
    ] {
        let answer = explain(&test, &[host]);
        assert_eq!(answer["convention"], convention, "{host}");
        assert_eq!(answer["target"]["region"], region, "{host}");
        assert_eq!(answer["target"]["endpoint"], host.to_lowercase());
    }
    let global = explain(&test, &["orders.global-c9abc.global.rds.amazonaws.com"]);
    assert_eq!((&global["convention"], &global["target"]["region"]), (&json!("rds-global"), &Value::Null));
    for alike in ["orders.c9abc.us-east-1.rds.amazonaws.com.evil.example", "orders.c9abc.us-east-1.rds.amazonaws.org"] {
        assert_eq!(test.rdsconn(["explain", alike]).code, 3, "{alike}");
    }
}

#[test]
fn t8_nothing_is_read_from_the_working_directory() {
    let test = environment();
    test.write_file("config.toml", "[hosts.here]\nendpoint = \"db.example.com\"\n");
    test.write_file("hosts.toml", "[here]\nendpoint = \"db.example.com\"\n");
    test.write_file("conventions/here.toml", "pattern = 'here'\n[target]\nendpoint = \"db.example.com\"\n");
    assert_eq!(test.rdsconn(["explain", "here"]).code, 3);
    // Named, it is another matter.
    let named = test.rdsconn(["explain", "here", "--config", "config.toml"]).ended_with(2);
    assert!(named.stderr.contains("\"here\" is also in config.toml:1"), "{}", named.stderr);
}
