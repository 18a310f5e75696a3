//! What is shipped: the built-in conventions, the examples, the starter set.

use std::path::Path;

use super::super::resolve::tests::RDS;
use super::super::{Location, Overrides, Settings, check_conventions, write_starter};
use super::*;
use crate::os::Environment;
use crate::target::HostArgument;

#[test]
fn the_built_in_conventions_are_right_and_carry_both_kinds_of_tests() {
    assert_eq!(conventions().count(), FILES.len());
    for (path, text) in FILES {
        // As a user's file: the tests of a built-in one are run here and not at every start.
        let convention = Convention::parse(Path::new(path), ConventionLayer::User, text);
        let convention = convention.unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(convention.warnings(), [], "{path}");
    }
}

#[test]
fn the_examples_are_right_and_carry_both_kinds_of_tests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conventions/examples");
    let checked = check_conventions(&[folder], false).unwrap();
    assert!(checked.len() >= 4);
    for file in checked {
        let convention = file.outcome.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(convention.warnings(), [], "{}", file.path.display());
        assert!(convention.test_count() >= 2);
    }
}

#[test]
fn the_examples_do_not_get_into_each_others_way() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conventions/examples");
    let all = check_conventions(&[folder], false).unwrap();
    let conventions = all.into_iter().map(|file| file.outcome.unwrap()).collect();
    let settings = Settings { conventions, ..Settings::default() };
    for host in [
        "orders.prod.use1.db.acme.example",
        "billing-ro.stage.globex.example",
        "pay-prd-3",
        "shop.par.proxy.umbrella.example",
        RDS,
    ] {
        let argument = HostArgument::parse(host).unwrap();
        assert!(settings.resolve(&argument, &Overrides::default()).is_ok(), "{host}");
    }
}

#[test]
fn the_starter_set_loads_and_is_never_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let location = Location { file: root.path().join("a/rdsconn/config.toml"), is_named: true };
    let created = write_starter(&location).unwrap();
    assert!(created.len() == 2 && created.iter().all(|created| created.is_new));
    let settings = Settings::load(&Environment::default(), Some(&location.file)).unwrap();
    assert_eq!(settings.conventions.len(), 1);
    for created in &created {
        let mode = rustix::fs::stat(&created.path).unwrap().st_mode & 0o777;
        assert_eq!(mode, 0o600);
    }
    assert_eq!(rustix::fs::stat(location.folder()).unwrap().st_mode & 0o777, 0o700);
    assert!(write_starter(&location).unwrap().iter().all(|created| !created.is_new));
}
