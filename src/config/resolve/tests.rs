//! Whole resolutions over files in a temporary folder: who wins, what is refused, what `explain` will say.

use std::path::PathBuf;

use super::super::{ConfigError, Overrides, ResolveError, Settings};
use super::*;
use crate::os::Environment;
use crate::os::files::create_private;
use proptest::prelude::*;

/// A configuration folder of its own.
pub(crate) struct Folder {
    root: tempfile::TempDir,
}

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self { root: tempfile::tempdir().unwrap() };
        crate::os::files::create_private_folder(&folder.path("conventions")).unwrap();
        for (name, text) in files {
            create_private(&folder.path(name), text).unwrap();
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("rdsconn").join(name)
    }

    pub(crate) fn load(&self) -> Result<Settings, ConfigError> {
        let home = self.root.path().to_str().unwrap();
        Settings::load(&Environment::of([("XDG_CONFIG_HOME", home), ("HOME", "/home/dba")]), None)
    }

    pub(crate) fn resolve(&self, host: &str) -> Result<Resolution, ResolveError> {
        self.load().unwrap().resolve(&HostArgument::parse(host).unwrap(), &Overrides::default())
    }
}

pub(crate) const ACME: &str = include_str!("../../../conventions/examples/acme.toml");
pub(crate) const RDS: &str = "orders.cluster-c9akciq32rgb.us-east-1.rds.amazonaws.com";

pub(crate) fn origin(resolution: &Resolution, field: Field) -> String {
    resolution.origin.get(&field).map(ToString::to_string).unwrap_or_default()
}

#[test]
fn the_design_example_resolves() {
    let folder = Folder::new(&[("conventions/acme.toml", ACME)]);
    let resolution = folder.resolve("Orders.PROD.use1.db.acme.example.").unwrap();
    let target = &resolution.target;
    assert_eq!(resolution.host.as_str(), "orders.prod.use1.db.acme.example");
    assert_eq!(resolution.convention.as_deref(), Some("acme"));
    assert_eq!(target.endpoint.as_ref().unwrap().to_string(), format!("{RDS}:3306"));
    assert_eq!(target.address.as_ref().unwrap().to_string(), format!("{RDS}:3306"));
    assert_eq!((target.profile.as_deref(), target.region.as_deref()), (Some("acme-prod"), Some("us-east-1")));
    assert_eq!(target.text(Field::Bastion).as_deref(), Some("bastion-prod"));
    assert_eq!(target.text(Field::Route).as_deref(), Some("tunnel"));
    let file = folder.path("conventions/acme.toml");
    let line = 1 + ACME.lines().position(|line| line.starts_with("profile")).unwrap();
    assert_eq!(origin(&resolution, Field::Profile), format!("{}:{line}", file.display()));
    assert_eq!(origin(&resolution, Field::Route), "follows bastion");
    assert_eq!(origin(&resolution, Field::Address), "follows endpoint");
    assert_eq!(origin(&resolution, Field::Port), "built-in");
    assert!(!resolution.origin.contains_key(&Field::Database));
}

#[test]
fn precedence_holds_field_by_field() {
    let config = format!(
        "[defaults]\nuser = 'of-defaults'\ndatabase = 'of-defaults'\nprofile = 'of-defaults'\nregion = 'eu-north-1'\nclient = 'mycli'\n\
         [hosts.'orders.prod.use1.db.acme.example']\nendpoint = '{RDS}'\nport = 3311\nuser = 'of-entry'\n"
    );
    let folder = Folder::new(&[("config.toml", &config), ("conventions/acme.toml", ACME)]);
    let settings = folder.load().unwrap();
    let environment = Environment::of([
        ("RDSCONN_PORT", "3309"),
        ("RDSCONN_USER", "of-variable"),
        ("AWS_PROFILE", "of-aws"),
        ("AWS_REGION", "eu-south-1"),
    ]);
    let all = Overrides::from_environment(&environment).unwrap();
    let resolve =
        |host: &str, overrides: &Overrides| settings.resolve(&HostArgument::parse(host).unwrap(), overrides).unwrap();
    let mut flagged = all.clone();
    flagged.set_flag(Field::User, "--user", "of-flag");
    let host = "orders.prod.use1.db.acme.example";
    let typed = format!("typed@{host}:3310/typed");

    let user = |resolution: &Resolution| (resolution.target.user.clone().unwrap(), origin(resolution, Field::User));
    assert_eq!(user(&resolve(&typed, &flagged)), ("of-flag".into(), "flag --user".into()));
    assert_eq!(user(&resolve(&typed, &all)), ("of-variable".into(), "RDSCONN_USER".into()));
    assert_eq!(user(&resolve(&typed, &Overrides::default())), ("typed".into(), "HOST".into()));
    let entry = resolve(host, &Overrides::default());
    assert_eq!(user(&entry), ("of-entry".into(), format!("{}:10", folder.path("config.toml").display())));
    assert_eq!(entry.target.endpoint.as_ref().unwrap().port, 3311);
    assert_eq!(entry.target.profile.as_deref(), Some("acme-prod"), "a convention beats [defaults]");
    assert_eq!(resolve(&typed, &all).target.endpoint.as_ref().unwrap().port, 3309);
    let database = format!("[defaults] in {}:3", folder.path("config.toml").display());
    assert_eq!(origin(&entry, Field::Database), database);
    assert_eq!(entry.target.client.as_deref(), Some("mycli"));

    let real = resolve(RDS, &all);
    assert_eq!(real.target.region.as_deref(), Some("us-east-1"), "the name's region beats [defaults] and AWS_REGION");
    assert_eq!(origin(&real, Field::Region), "read from the endpoint's name");
    assert_eq!(real.target.profile.as_deref(), Some("of-defaults"), "[defaults] beats AWS_PROFILE");
}

#[test]
fn aws_variables_come_last() {
    let settings = Folder::new(&[]).load().unwrap();
    let argument = HostArgument::parse("orders.global-c9akciq32rgb.global.rds.amazonaws.com").unwrap();
    let environment =
        Environment::of([("AWS_PROFILE", "acme"), ("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "us-east-1")]);
    let resolution = settings.resolve(&argument, &Overrides::from_environment(&environment).unwrap()).unwrap();
    assert_eq!(resolution.target.region.as_deref(), Some("eu-west-1"));
    assert_eq!(
        (origin(&resolution, Field::Region), origin(&resolution, Field::Profile)),
        ("AWS_REGION".into(), "AWS_PROFILE".into())
    );
    let environment = Environment::of([("AWS_DEFAULT_REGION", "us-east-1")]);
    let resolution = settings.resolve(&argument, &Overrides::from_environment(&environment).unwrap()).unwrap();
    assert_eq!(origin(&resolution, Field::Region), "AWS_DEFAULT_REGION");
}

#[test]
fn a_name_that_nothing_knows_says_what_is_alike() {
    let hosts = "['orders-prod']\nendpoint = 'a.example.com'\n['billing']\nendpoint = 'b.example.com'\n";
    let error = Folder::new(&[("hosts.toml", hosts), ("config.toml", "[defaults]\nendpoint = 'c.example.com'\n")]);
    let error = error.resolve("orders-prd").unwrap_err();
    assert_eq!(
        error,
        ResolveError::NothingMatches {
            host: "orders-prd".into(),
            alike: vec!["orders-prod".into()],
            convention_count: 0,
            host_count: 2
        },
        "an endpoint in [defaults] does not make every name a database"
    );
}

#[test]
fn an_endpoint_by_flag_is_target_enough() {
    let settings = Folder::new(&[]).load().unwrap();
    let mut overrides = Overrides::default();
    overrides.set_flag(Field::Endpoint, "--endpoint", RDS);
    let resolution = settings.resolve(&HostArgument::parse("whatever").unwrap(), &overrides).unwrap();
    assert_eq!((resolution.convention, resolution.target.region.as_deref()), (None, Some("us-east-1")));
    let variable = Overrides::from_environment(&Environment::of([("RDSCONN_ENDPOINT", RDS)])).unwrap();
    assert!(settings.resolve(&HostArgument::parse("whatever").unwrap(), &variable).is_ok());
}

#[test]
fn an_unlisted_key_names_the_listed_ones_and_an_exact_entry_mends_it() {
    let host = "orders.prod.use1.db.acme.example";
    let acme = ACME.replace("use1 = \"us-east-1\"\n", "").replace(host, "orders.prod.euw1.db.acme.example");
    let acme = acme.replace("\"us-east-1\"", "\"eu-west-1\"").replace(".us-east-1.", ".eu-west-1.");
    let error = Folder::new(&[("conventions/acme.toml", &acme)]).resolve(host).unwrap_err();
    let ResolveError::Convention(failure) = error else { panic!("{error:?}") };
    let MatchFailure::UnknownKey { name, key, known, .. } = *failure else { panic!("{failure:?}") };
    assert_eq!((name.as_str(), key.as_str(), known), ("region", "use1", vec!["euw1".to_owned()]));

    let entry = |fields: &str| format!("['{host}']\n{fields}\n");
    let whole = entry("endpoint = 'a.b.example'");
    let mended = Folder::new(&[("conventions/acme.toml", &acme), ("hosts.toml", &whole)]).resolve(host).unwrap();
    assert_eq!(mended.target.endpoint.as_ref().unwrap().host, "a.b.example");
    let partial = entry("user = 'me'");
    let error = Folder::new(&[("conventions/acme.toml", &acme), ("hosts.toml", &partial)]).resolve(host).unwrap_err();
    assert!(matches!(&error, ResolveError::NoEndpoint { failed, .. } if failed.len() == 1), "{error:?}");
}

#[test]
fn t9_two_conventions_that_disagree_are_both_named() {
    let other = ACME.replace("user = \"dba\"", "user = \"root\"");
    let folder = Folder::new(&[("conventions/b.toml", &other), ("conventions/a.toml", ACME)]);
    let error = folder.resolve("orders.prod.use1.db.acme.example").unwrap_err();
    let ResolveError::Ambiguous(ambiguity) = &error else { panic!("{error:?}") };
    let Ambiguity { first, second, differences, .. } = &**ambiguity;
    assert_eq!((first.name.as_str(), second.name.as_str()), ("a", "b"));
    assert_eq!(differences.len(), 1);
    assert_eq!((differences[0].first.as_deref(), differences[0].second.as_deref()), (Some("dba"), Some("root")));

    let typed = folder.resolve("me@orders.prod.use1.db.acme.example").unwrap();
    assert_eq!(typed.target.user.as_deref(), Some("me"), "what differs is decided by the user: no ambiguity is left");
    let same = Folder::new(&[("conventions/b.toml", ACME), ("conventions/a.toml", ACME)]);
    assert_eq!(same.resolve("orders.prod.use1.db.acme.example").unwrap().convention.as_deref(), Some("a"));
}

#[test]
fn a_users_convention_wins_over_a_built_in_one_and_takes_its_endpoint() {
    let example = include_str!("../../../conventions/examples/rds-names.toml");
    let resolution = Folder::new(&[("conventions/hooli.toml", example)]).resolve(RDS).unwrap();
    assert_eq!(resolution.convention.as_deref(), Some("hooli"));
    assert_eq!(resolution.target.profile.as_deref(), Some("hooli-prod"));
    assert!(origin(&resolution, Field::Endpoint).starts_with("built-in conventions/rds.toml:"));
    let alone = Folder::new(&[]).resolve(RDS).unwrap();
    assert_eq!(alone.convention.as_deref(), Some("rds"));
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    let overrides = Overrides::from_environment(&Environment::of([("RDSCONN_REGION", "")])).unwrap();
    assert_eq!(overrides, Overrides::default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// T9: random rule sets resolve to the same target, or to an error, whatever the files are called.
    #[test]
    fn t9_the_order_of_files_does_not_matter(
        rules in proptest::collection::vec((0..4_usize, 0..3_usize, 0..2_usize), 1..5),
        seed in 0..24_usize,
    ) {
        const PATTERNS: [&str; 4] = ["(?<x>[a-z]+)-db", "(?<x>a[a-z]*)-(?:db|dbx)", "(?<x>abc)-db", "(?<x>z+)-db"];
        const USERS: [&str; 3] = ["dba", "${x}", "abc"];
        const BASTIONS: [&str; 2] = ["", "bastion = 'gate'\n"];
        let text = |(pattern, user, bastion): (usize, usize, usize)| format!(
            "pattern = '{}'\n[target]\nendpoint = 'x.c9a.us-east-1.rds.amazonaws.com'\nuser = '{}'\n{}",
            PATTERNS[pattern], USERS[user], BASTIONS[bastion],
        );
        let resolve = |order: &[usize]| {
            let conventions = order.iter().enumerate().map(|(place, rule)| {
                let path = PathBuf::from(format!("{place}.toml"));
                Convention::parse(&path, crate::target::ConventionLayer::User, &text(rules[*rule])).unwrap()
            });
            let settings = Settings { conventions: conventions.collect(), ..Settings::default() };
            settings.resolve(&HostArgument::parse("abc-db").unwrap(), &Overrides::default()).map(|found| found.target)
        };
        let straight: Vec<usize> = (0..rules.len()).collect();
        let mut shuffled = straight.clone();
        shuffled.rotate_left(seed % rules.len());
        if seed % 2 == 0 {
            shuffled.reverse();
        }
        match (resolve(&straight), resolve(&shuffled)) {
            (Ok(first), Ok(second)) => prop_assert_eq!(first, second),
            (Err(first), Err(second)) => prop_assert_eq!(std::mem::discriminant(&first), std::mem::discriminant(&second)),
            (first, second) => prop_assert!(false, "{first:?} but {second:?}"),
        }
    }
}

#[test]
fn what_exec_tells_a_client_is_no_setting_for_a_rdsconn_that_the_client_starts() {
    let told = [
        ("RDSCONN_ENDPOINT", "other.c9abc.us-east-1.rds.amazonaws.com:3306"),
        ("RDSCONN_ADDRESS", "10.0.0.7:3306"),
        ("RDSCONN_PORT", "40001"),
        ("RDSCONN_USER", "dba"),
        ("RDSCONN_REGION", "eu-west-1"),
    ];
    let [endpoint, address, port, user, region] = told;
    let inside = [endpoint, address, port, user, region, ("RDSCONN_LISTENER", "127.0.0.1:40001")];
    let overrides = Overrides::from_environment(&Environment::of(inside)).unwrap();
    assert_eq!(overrides.variables.keys().copied().collect::<Vec<_>>(), [Field::Region]);
    assert_eq!(Overrides::from_environment(&Environment::of(told)).unwrap().variables.len(), told.len());
}
