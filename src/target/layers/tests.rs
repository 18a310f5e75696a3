//! What follows from layers of values: defaults, contradictions, and the last check.

use super::*;

fn layer(origin: &Origin, values: &[(Field, &str)]) -> FieldValues {
    let sourced = |text: &str| Sourced { text: text.to_owned(), origin: origin.clone() };
    values.iter().map(|(field, text)| (*field, sourced(text))).collect()
}

fn flag(values: &[(Field, &str)]) -> FieldValues {
    layer(&Origin::Flag("--x".to_owned()), values)
}

fn file(values: &[(Field, &str)]) -> FieldValues {
    layer(&Origin::File { path: PathBuf::from("/c/config.toml"), line: 3 }, values)
}

fn assemble(stated: &[FieldValues], general: &[FieldValues]) -> Result<Assembled, LayerError> {
    let layers = Layers { stated: stated.iter().collect(), general: general.iter().collect() };
    layers.assemble(Some(Path::new("/home/dba")))
}

const ENDPOINT: (Field, &str) = (Field::Endpoint, "Orders.cluster-c9a.us-east-1.rds.amazonaws.com.");

#[test]
fn defaults_are_the_safe_ones() {
    let Assembled { target, origin } = assemble(&[file(&[ENDPOINT])], &[]).unwrap();
    assert_eq!(target.endpoint.as_ref().unwrap().to_string(), "orders.cluster-c9a.us-east-1.rds.amazonaws.com:3306");
    assert_eq!(target.address.as_ref().unwrap().to_string(), target.endpoint.as_ref().unwrap().to_string());
    assert_eq!((target.route, target.auth, target.ssl_mode), (Route::Direct, Auth::Iam, SslMode::VerifyIdentity));
    assert_eq!(target.region.as_deref(), Some("us-east-1"));
    assert_eq!(origin[&Field::Region], Origin::EndpointName);
    for field in Field::ALL {
        assert_eq!(origin.contains_key(&field), target.text(field).is_some(), "{field:?} has an origin if it is set");
    }
}

#[test]
fn the_port_and_the_address_follow() {
    let at = |values: &[(Field, &str)]| assemble(&[file(&[&[ENDPOINT], values].concat())], &[]).unwrap().target;
    assert_eq!(at(&[(Field::Port, "3307")]).address.unwrap().port, 3307);
    assert_eq!(
        at(&[(Field::Port, "3307"), (Field::Address, "10.0.0.7")]).address.unwrap().to_string(),
        "10.0.0.7:3307"
    );
    let target = at(&[(Field::Port, "3307"), (Field::Address, "[::1]:3308")]);
    assert_eq!(
        (target.address.as_ref().unwrap().to_string().as_str(), target.endpoint.as_ref().unwrap().port),
        ("[::1]:3308", 3307)
    );
}

#[test]
fn the_region_in_the_name_beats_general_ones_only() {
    let general = [layer(&Origin::Variable("AWS_REGION".to_owned()), &[(Field::Region, "eu-west-1")])];
    let region = |stated: &[FieldValues]| assemble(stated, &general).unwrap().target.region.unwrap();
    assert_eq!(region(&[file(&[ENDPOINT])]), "us-east-1");
    assert_eq!(region(&[file(&[ENDPOINT, (Field::Region, "us-west-2")])]), "us-west-2");
    assert_eq!(region(&[file(&[(Field::Endpoint, "db.example.com")])]), "eu-west-1");
}

#[test]
fn the_region_of_the_cluster_beats_weaker_ones() {
    const ARN: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders";
    let arn = [(Field::ClusterArn, ARN), (Field::Route, "data-api")];
    let region = [(Field::Region, "us-east-1")];
    let both = [(Field::ClusterArn, ARN), (Field::Route, "data-api"), (Field::Region, "us-east-1")];
    for (stated, general, expected) in [
        (vec![flag(&arn)], vec![], "eu-west-1"),
        (vec![flag(&arn), file(&region)], vec![], "eu-west-1"),
        (vec![flag(&both)], vec![], "eu-west-1"),
        (vec![flag(&arn)], vec![file(&region)], "eu-west-1"),
        (vec![flag(&region), file(&arn)], vec![], "us-east-1"),
    ] {
        let assembled = assemble(&stated, &general).unwrap();
        assert_eq!(assembled.target.region.as_deref(), Some(expected), "{stated:?} {general:?}");
        assert_eq!((assembled.target.endpoint, assembled.target.address), (None, None));
    }
    let elsewhere = [(Field::ClusterArn, ARN), (Field::Route, "direct")];
    assert_eq!(assemble(&[flag(&elsewhere)], &[]), Err(LayerError::NoEndpoint));
}

#[test]
fn route_and_bastion_do_not_contradict_each_other() {
    const DIRECT: (Field, &str) = (Field::Route, "direct");
    const TUNNEL: (Field, &str) = (Field::Route, "tunnel");
    const GATE: (Field, &str) = (Field::Bastion, "gate");
    const NONE: (Field, &str) = (Field::Bastion, "none");
    let outcome = |strong: &[(Field, &str)], weak: &[(Field, &str)]| {
        assemble(&[flag(strong), file(&[&[ENDPOINT], weak].concat())], &[])
            .map(|assembled| (assembled.target.route.name(), assembled.target.bastion.len()))
    };
    assert_eq!(outcome(&[], &[GATE]), Ok(("tunnel", 1)));
    assert_eq!(outcome(&[], &[GATE, TUNNEL]), Ok(("tunnel", 1)));
    assert_eq!(outcome(&[DIRECT], &[GATE]), Ok(("direct", 0)), "--route direct leaves the bastion out");
    assert_eq!(outcome(&[GATE], &[DIRECT]), Ok(("tunnel", 1)), "T19: -J is never bypassed by a weaker route");
    assert_eq!(outcome(&[NONE], &[GATE, TUNNEL]), Ok(("direct", 0)), "-J none");
    assert_eq!(outcome(&[NONE], &[GATE]), Ok(("direct", 0)));
    assert!(matches!(outcome(&[], &[GATE, DIRECT]), Err(LayerError::DirectWithBastion { .. })));
    assert!(matches!(outcome(&[TUNNEL], &[]), Err(LayerError::NoBastion { .. })));
    assert!(matches!(outcome(&[TUNNEL], &[NONE]), Err(LayerError::NoBastion { .. })));
    assert_eq!(outcome(&[(Field::Route, "data-api")], &[GATE]), Ok(("data-api", 1)));
}

#[test]
fn encryption_without_verification_is_for_typed_passwords() {
    let mode = |values: &[(Field, &str)]| {
        assemble(&[file(&[&[ENDPOINT], values].concat())], &[]).map(|assembled| assembled.target.ssl_mode)
    };
    let required = (Field::SslMode, "REQUIRED");
    assert_eq!(mode(&[required, (Field::Auth, "password")]), Ok(SslMode::Required));
    for auth in [&[required][..], &[required, (Field::Auth, "iam")], &[required, (Field::Auth, "secret")]] {
        let error = mode(auth).unwrap_err();
        assert!(matches!(&error, LayerError::Value { problem: ValueProblem::TooWeak(_), .. }), "{error}");
    }
    assert_eq!(mode(&[(Field::SslMode, "verify_ca")]), Ok(SslMode::VerifyCa));
}

#[test]
fn a_relative_path_means_something_only_where_it_was_typed() {
    let ca = |stated: FieldValues| assemble(&[stated, file(&[ENDPOINT])], &[]).map(|assembled| assembled.target.ssl_ca);
    assert_eq!(ca(flag(&[(Field::SslCa, "ca.pem")])), Ok(Some(PathBuf::from("ca.pem"))));
    assert_eq!(ca(file(&[(Field::SslCa, "~/ca.pem")])), Ok(Some(PathBuf::from("/home/dba/ca.pem"))));
    assert!(ca(file(&[(Field::SslCa, "ca.pem")])).is_err());
}

#[test]
fn t7_errors_name_field_value_and_origin() {
    let error = assemble(&[flag(&[(Field::Bastion, "-oProxyCommand=x")]), file(&[ENDPOINT])], &[]).unwrap_err();
    assert_eq!(error.to_string(), "bastion \"-oProxyCommand=x\" from flag --x begins with a hyphen, as an option does");
    let error = assemble(&[flag(&[(Field::User, "a\n\u{1b}[2J")]), file(&[ENDPOINT])], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "user \"a\\n\\u{1b}[2J\" from flag --x holds the character U+000A, which is not allowed there"
    );
    assert_eq!(assemble(&[file(&[(Field::User, "dba")])], &[]), Err(LayerError::NoEndpoint));
}

#[test]
fn origins_read_as_explain_prints_them() {
    let path = PathBuf::from("/c/x.toml");
    for (origin, text) in [
        (Origin::Flag("--region".into()), "flag --region"),
        (Origin::Variable("RDSCONN_REGION".into()), "RDSCONN_REGION"),
        (Origin::Host, "HOST"),
        (Origin::File { path: path.clone(), line: 12 }, "/c/x.toml:12"),
        (Origin::Convention { path: path.clone(), line: 7, built_in: false }, "/c/x.toml:7"),
        (
            Origin::Convention { path: "conventions/rds.toml".into(), line: 6, built_in: true },
            "built-in conventions/rds.toml:6",
        ),
        (Origin::Defaults { path, line: 2 }, "[defaults] in /c/x.toml:2"),
        (Origin::EndpointName, "read from the endpoint's name"),
        (Origin::Follows(Field::Bastion), "follows bastion"),
        (Origin::BuiltIn, "built-in"),
    ] {
        assert_eq!(origin.to_string(), text);
    }
}

/// A profile and a credential both say who acts: the stronger layer decides, and equal right is an error.
#[test]
fn t20_one_account_acts() {
    let profile = (Field::Profile, "acme-prod");
    let credential = (Field::Credential, "warehouse");
    let account = |stated: &[FieldValues], general: &[FieldValues]| {
        let Assembled { target, origin } = assemble(stated, general)?;
        for field in [Field::Profile, Field::Credential] {
            assert_eq!(origin.contains_key(&field), target.text(field).is_some(), "{field:?}");
        }
        Ok((target.profile, target.credential))
    };
    let prod = Some("acme-prod".to_owned());
    let warehouse = Some("warehouse".to_owned());
    let variable = layer(&Origin::Variable("AWS_PROFILE".to_owned()), &[profile]);
    assert_eq!(account(&[flag(&[credential]), file(&[ENDPOINT, profile])], &[]), Ok((None, warehouse.clone())));
    assert_eq!(account(&[flag(&[profile]), file(&[ENDPOINT, credential])], &[]), Ok((prod, None)));
    assert_eq!(
        account(&[file(&[ENDPOINT, credential])], std::slice::from_ref(&variable)),
        Ok((None, warehouse.clone()))
    );
    let defaults = file(&[credential]);
    assert_eq!(account(&[file(&[ENDPOINT])], &[defaults, variable]), Ok((None, warehouse)));
    let both = account(&[flag(&[profile, credential]), file(&[ENDPOINT])], &[]);
    assert!(matches!(both, Err(LayerError::ProfileBesideCredential { .. })), "{both:?}");
    for text in ["a/b", "../a", "-x", "a b", ""] {
        assert!(account(&[file(&[ENDPOINT, (Field::Credential, text)])], &[]).is_err(), "{text:?}");
    }
}
