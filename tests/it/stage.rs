//! Where a case is played: a home folder of its own, and behind it the embedded lab or the real one. The same cases run on both.

use std::path::PathBuf;

use rdsconn_lab::certificates::Certificates;
use rdsconn_lab::embedded::{Bastion, BastionOptions, Database, DatabaseOptions, Key, SAMPLE};
use rdsconn_lab::environment::{Output, ProfileCredentials, SshHost, TestEnv};
use rdsconn_lab::real::{
    BASTION_ALIAS, ENDPOINT, ENDPOINT_PORT, REGION, RealLab, SESSION_PROFILE, STATIC_PROFILE, session_key, static_key,
};
use rdsconn_lab::verifier::Verifier;

/// The host name that every stage knows, by convention.
pub(crate) const HOST: &str = "orders.prod.use1.db.acme.example";

/// The servers of a stage.
pub(crate) enum Servers {
    Embedded(Box<Embedded>),
    Real(Lab),
}

/// The real lab that all cases share, or one of the case's own, which it may break.
pub(crate) enum Lab {
    Shared(&'static RealLab),
    Own(Box<RealLab>),
}

impl std::ops::Deref for Lab {
    type Target = RealLab;

    fn deref(&self) -> &RealLab {
        match self {
            Self::Shared(lab) => lab,
            Self::Own(lab) => lab,
        }
    }
}

/// The embedded lab of one case.
pub(crate) struct Embedded {
    pub(crate) bastion: Bastion,
    pub(crate) database: Database,
    pub(crate) certificates: Certificates,
}

/// A home and the servers it knows of.
pub(crate) struct Stage {
    pub(crate) home: TestEnv,
    pub(crate) servers: Servers,
    pub(crate) ca: PathBuf,
}

impl Servers {
    /// The real lab.
    pub(crate) fn real(&self) -> &RealLab {
        match self {
            Self::Real(lab) => lab,
            Self::Embedded(_) => panic!("this case is for the real lab"),
        }
    }
}

/// Plays a case on the embedded lab, and on the real one where it can be had.
pub(crate) fn on_each(case: impl Fn(&Stage)) {
    case(&Stage::embedded());
    if let Some(stage) = Stage::real() {
        case(&stage);
    }
}

impl Stage {
    /// The embedded lab with the sample data, as `make demo` has it.
    pub(crate) fn embedded() -> Self {
        Self::embedded_with(|_| {})
    }

    /// The embedded lab with a database of another kind.
    pub(crate) fn embedded_with(adjust: impl FnOnce(&mut DatabaseOptions)) -> Self {
        let certificates = Certificates::new(ENDPOINT, &[]);
        let verifier = Verifier::new(ENDPOINT, ENDPOINT_PORT, REGION, vec![static_key(), session_key()]);
        let mut options = DatabaseOptions::new(&certificates.server, verifier);
        adjust(&mut options);
        let database = Database::start(options).unwrap();
        database.load(SAMPLE).unwrap();
        let key = Key::generate();
        let bastion = Bastion::start(BastionOptions::new(&key)).unwrap();
        bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());

        let home = TestEnv::new(env!("CARGO_BIN_EXE_rdsconn"));
        key.write(&home.path(".ssh/id_ed25519")).unwrap();
        let known_hosts = home.write_known_hosts(&format!("{}\n", bastion.known_hosts_line()));
        home.write_ssh_config(&SshHost {
            alias: BASTION_ALIAS.to_owned(),
            host_name: bastion.address().ip().to_string(),
            port: bastion.address().port(),
            user: bastion.user().to_owned(),
            identity_files: vec![home.path(".ssh/id_ed25519")],
            known_hosts,
        });
        for (profile, key) in [(STATIC_PROFILE, static_key()), (SESSION_PROFILE, session_key())] {
            let session_token = key.session_token.as_deref();
            let credentials = ProfileCredentials::Static { id: &key.id, secret: &key.secret, session_token };
            home.write_aws_profile(profile, Some(REGION), &credentials);
        }
        let ca = home.write_file("ca.pem", certificates.authority.pem());
        let embedded = Embedded { bastion, database, certificates };
        Self { home, servers: Servers::Embedded(Box::new(embedded)), ca }.furnished(None)
    }

    /// The real lab that all tests share, or `None`, said loudly, where something is missing.
    pub(crate) fn real() -> Option<Self> {
        Some(Self::around(Servers::Real(Lab::Shared(RealLab::shared()?))))
    }

    /// A real lab that the case may stop, freeze and reconfigure, or `None`, said loudly, where something is missing.
    pub(crate) fn own_real() -> Option<Self> {
        Some(Self::around(Servers::Real(Lab::Own(Box::new(RealLab::start_or_skip()?)))))
    }

    fn around(servers: Servers) -> Self {
        let lab = servers.real();
        let home = TestEnv::new(env!("CARGO_BIN_EXE_rdsconn"));
        lab.furnish(&home);
        let address = format!("127.0.0.1:{}", lab.database().port());
        let ca = lab.ca_file().to_owned();
        Self { home, servers, ca }.furnished(Some(&address))
    }

    /// Adds the convention by which [`HOST`] means the lab's database.
    fn furnished(self, address: Option<&str>) -> Self {
        let address = address.map(|address| format!("address = \"{address}\"\n")).unwrap_or_default();
        let convention = format!(
            "pattern = '(?<service>[a-z0-9-]+)\\.prod\\.use1\\.db\\.acme\\.example'\n[target]\n\
             profile = \"{STATIC_PROFILE}\"\nregion = \"{REGION}\"\n\
             endpoint = \"${{service}}.cluster-c9abc.{REGION}.rds.amazonaws.com\"\n{address}\
             user = \"dba\"\ndatabase = \"orders\"\nbastion = \"{BASTION_ALIAS}\"\nssl_ca = \"{}\"\n\
             [[test]]\nhost = \"{HOST}\"\nendpoint = \"{ENDPOINT}\"\n[[test]]\nhost = \"orders.prod\"\nmatch = false\n",
            self.ca.display()
        );
        self.home.write_convention("acme", &convention);
        self
    }

    /// What the embedded lab's parts are; a case that breaks servers runs on it alone.
    pub(crate) fn parts(&self) -> &Embedded {
        match &self.servers {
            Servers::Embedded(embedded) => embedded,
            Servers::Real(_) => panic!("this case is for the embedded lab"),
        }
    }

    /// Runs `rdsconn HOST` with further arguments.
    pub(crate) fn query(&self, arguments: &[&str]) -> Output {
        let all: Vec<&str> = std::iter::once(HOST).chain(arguments.iter().copied()).collect();
        self.home.rdsconn(&all)
    }

    /// Runs `rdsconn HOST` with further arguments and this text on stdin.
    pub(crate) fn query_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let all: Vec<&str> = std::iter::once(HOST).chain(arguments.iter().copied()).collect();
        self.home.rdsconn_with_input(&all, input)
    }

    /// `embedded` or `real`, for messages.
    pub(crate) fn name(&self) -> &'static str {
        match self.servers {
            Servers::Embedded(_) => "embedded",
            Servers::Real(_) => "real",
        }
    }
}
