//! Every shape of an RDS name in every partition, what only looks like one, and agreement with the built-in conventions.

use std::path::Path;

use proptest::prelude::*;

use super::super::{Convention, ConventionLayer, HostName, Match};
use super::*;

#[test]
fn every_shape_is_read() {
    use EndpointKind::{Cluster, ClusterReader, Custom, GlobalWriter, Instance, Proxy, ProxyEndpoint};
    use Partition::{Aws, China, GovCloud, Iso, IsoB, Sovereign};
    for (name, kind, region, partition) in [
        ("db-1.c9akciq32rgb.us-east-1.rds.amazonaws.com", Instance, "us-east-1", Aws),
        ("db.cluster-c9akciq32rgb.us-east-1.rds.amazonaws.com", Cluster, "us-east-1", Aws),
        ("db.cluster-ro-c9akciq32rgb.eu-central-2.rds.amazonaws.com", ClusterReader, "eu-central-2", Aws),
        ("db.cluster-custom-c9akciq32rgb.ap-east-1.rds.amazonaws.com", Custom, "ap-east-1", Aws),
        ("db.proxy-c9akciq32rgb.us-east-1.rds.amazonaws.com", Proxy, "us-east-1", Aws),
        ("ro.endpoint.proxy-c9akciq32rgb.us-east-1.rds.amazonaws.com", ProxyEndpoint, "us-east-1", Aws),
        ("db.cluster-c9akciq32rgb.us-gov-east-1.rds.amazonaws.com", Cluster, "us-gov-east-1", GovCloud),
        ("db.c9akciq32rgb.rds.us-gov-west-1.amazonaws.com", Instance, "us-gov-west-1", GovCloud),
        ("db.c9akciq32rgb.us-east-2.rds-fips.amazonaws.com", Instance, "us-east-2", Aws),
        ("db.c9akciq32rgb.rds-fips.us-gov-west-1.amazonaws.com", Instance, "us-gov-west-1", GovCloud),
        ("db.c9akciq32rgb.rds.cn-north-1.amazonaws.com.cn", Instance, "cn-north-1", China),
        ("db.cluster-ro-c9akciq32rgb.rds.cn-northwest-1.amazonaws.com.cn", ClusterReader, "cn-northwest-1", China),
        ("db.cluster-c9akciq32rgb.cn-north-1.rds.amazonaws.com.cn", Cluster, "cn-north-1", China),
        ("db.c9akciq32rgb.rds.us-iso-east-1.c2s.ic.gov", Instance, "us-iso-east-1", Iso),
        ("db.cluster-c9akciq32rgb.us-isob-east-1.rds.sc2s.sgov.gov", Cluster, "us-isob-east-1", IsoB),
        ("db.c9akciq32rgb.eusc-de-east-1.rds.amazonaws.eu", Instance, "eusc-de-east-1", Sovereign),
        ("db.c9akciq32rgb.ap-southeast-2.rds.amazonaws.au", Instance, "ap-southeast-2", Sovereign),
        ("db.c9akciq32rgb.rds.eu-west-2.amazonaws.uk", Instance, "eu-west-2", Sovereign),
        ("db.global-c9akciq32rgb.global.rds.amazonaws.com", GlobalWriter, "", Aws),
    ] {
        let region = Some(region.to_owned()).filter(|region| !region.is_empty());
        assert_eq!(RdsShape::parse(name), Some(RdsShape { kind, region, partition, blue_green: None }), "{name}");
    }
}

#[test]
fn the_sides_of_a_blue_green_deployment_show() {
    for (identifier, side) in [
        ("db-green-1a2b3c", Some(BlueGreen::Green)),
        ("db-old1", Some(BlueGreen::Old)),
        ("db-green-1a2b3", None),
        ("db-green", None),
        ("green-1a2b3c", None),
        ("db", None),
    ] {
        let shape = RdsShape::parse(&format!("{identifier}.cluster-c9akciq32rgb.us-east-1.rds.amazonaws.com")).unwrap();
        assert_eq!(shape.blue_green, side, "{identifier}");
    }
}

/// Names that only look like RDS names. Their servers may be anybody's.
const FOREIGN: [&str; 22] = [
    "",
    "rds.amazonaws.com",
    "us-east-1.rds.amazonaws.com",
    "c9akciq32rgb.us-east-1.rds.amazonaws.com",
    "rds.us-east-1.amazonaws.com",
    "db.c9akciq32rgb.us-east-1.rds.amazonaws.com.evil.com",
    "db.c9akciq32rgb.us-east-1.rds.amazonawsxcom",
    "db.c9akciq32rgb.us-east-1.rds.xamazonaws.com",
    "db.c9akciq32rgb.us-east-1.rdsx.amazonaws.com",
    "a.b.c9akciq32rgb.us-east-1.rds.amazonaws.com",
    "db.c9akciq32rgb.elsewhere.rds.amazonaws.com",
    "db.c9akciq32rgb.us-east-1.elb.amazonaws.com",
    "db.cluster-.us-east-1.rds.amazonaws.com",
    "db.cluster-ro-.us-east-1.rds.amazonaws.com",
    "db.shardgrp-c9akciq32rgb.us-east-1.rds.amazonaws.com",
    "-db.c9akciq32rgb.us-east-1.rds.amazonaws.com",
    "db.c9akciq32rgb.cn-north-1.rds.amazonaws.com",
    "db.c9akciq32rgb.us-east-1.rds.amazonaws.com.cn",
    "db.c9akciq32rgb.eusc-de-east-1.rds.amazonaws.com",
    "db.global-c9akciq32rgb.us-east-1.rds.amazonaws.com",
    "db.c9akciq32rgb.global.rds.amazonaws.com",
    "db.global-c9akciq32rgb.global.rds.amazonaws.com.cn",
];

#[test]
fn what_only_looks_like_one_is_not_taken() {
    for name in FOREIGN {
        assert_eq!(RdsShape::parse(name), None, "{name}");
    }
}

/// What the built-in conventions say of a name: whether one matches it, and with which region.
fn by_convention(conventions: &[Convention], name: &str) -> Option<bool> {
    let host = HostName::parse(name).ok()?;
    let matches = conventions.iter().filter(|convention| matches!(convention.apply(&host), Match::Yes(_))).count();
    assert!(matches <= 1, "{name} matches {matches} built-in conventions");
    Some(matches == 1)
}

fn built_in() -> Vec<Convention> {
    [
        include_str!("../../../conventions/rds.toml"),
        include_str!("../../../conventions/rds-china.toml"),
        include_str!("../../../conventions/rds-global.toml"),
        include_str!("../../../conventions/rds-isolated.toml"),
        include_str!("../../../conventions/rds-sovereign.toml"),
    ]
    .map(|text| Convention::parse(Path::new("x.toml"), ConventionLayer::User, text).unwrap())
    .into()
}

#[test]
fn the_built_in_conventions_refuse_the_same_names() {
    let conventions = built_in();
    for name in FOREIGN {
        assert_ne!(by_convention(&conventions, name), Some(true), "{name}");
    }
}

#[test]
fn shapes_and_built_in_conventions_agree() {
    let conventions = built_in();
    let identifier = proptest::sample::select(vec!["db", "d-1", "a.b", "-x", "ro.endpoint", "9", "db-old1", ""]);
    let hash = proptest::sample::select(vec![
        "",
        "cluster-",
        "cluster-ro-",
        "cluster-custom-",
        "proxy-",
        "global-",
        "shardgrp-",
        "cluster-rw-",
    ]);
    let region = proptest::sample::select(vec![
        "us-east-1",
        "us-gov-west-1",
        "cn-north-1",
        "eusc-de-east-1",
        "global",
        "us-iso-east-1",
        "elsewhere",
        "us-east-12",
        "ca-west-1",
    ]);
    let service = proptest::sample::select(vec!["rds", "rds-fips", "elb"]);
    let suffix = proptest::sample::select(vec![
        "amazonaws.com",
        "amazonaws.com.cn",
        "amazonaws.eu",
        "amazonaws.uk",
        "c2s.ic.gov",
        "sc2s.sgov.gov",
        "evil.com",
        "amazonaws.com.evil.com",
    ]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: ProptestConfig::default().cases.max(3000),
        ..ProptestConfig::default()
    });
    let seen = std::cell::Cell::new(0);
    let strategy = (identifier, hash, "[a-z0-9]{0,4}", region, service, any::<bool>(), suffix);
    let outcome = runner.run(&strategy, |(identifier, kind, hash, region, service, service_first, suffix)| {
        let middle = if service_first { format!("{service}.{region}") } else { format!("{region}.{service}") };
        let name = format!("{identifier}.{kind}{hash}.{middle}.{suffix}");
        let shape = RdsShape::parse(&name);
        if let Some(matches) = by_convention(&conventions, &name) {
            prop_assert_eq!(shape.is_some(), matches, "{}", name);
            seen.set(seen.get() + usize::from(matches));
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(seen.get() > 50, "enough of the names must be real ones: {}", seen.get());
}

proptest! {
    #[test]
    fn any_text_is_read_or_not(text in ".{0,80}") {
        if let Some(shape) = RdsShape::parse(&text) {
            prop_assert!(shape.region.is_none_or(|region| text.contains(&region)));
        }
    }
}
