//! Joins the rooms: settings, target, plan, tokens, bastion and gate of one run.

use std::cell::{Cell, OnceCell};
use std::error::Error as _;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::aws::{Account, Login, Profiles, Tokens};
use crate::backend::{AuthToken, Connect as _, PasswordProvider as _, Progress, Stage, Statements as _};
use crate::cache::{Cache, CachedTokens, Storage};
use crate::cli::arguments::{CommonOptions, TargetOptions};
use crate::cli::bastion::BastionLogin;
use crate::cli::credentials::Credentials;
use crate::cli::exit_status::ExitStatus;
use crate::cli::passwords::{PasswordError, Passwords};
use crate::cli::printer::Printer;
use crate::cli::progress::{Silent, StageLines};
use crate::cli::report::{self, Failure, Report};
use crate::cli::statements::Stop;
use crate::config::{self, ConfigError, Overrides, Resolution, Settings};
use crate::mysql::{self, Gate};
use crate::os::signals::Termination;
use crate::os::{Environment, HandedDescriptor};
use crate::query::escape_for_terminal;
use crate::session::{self, Connected, Open, Plan, Via};
use crate::ssh::{self, SshSession};
use crate::target::{Auth, Field, HostArgument, Origin, SslMode, Target};

/// For each stage, unless `--connect-timeout` says otherwise.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long another process may take that mints the same token: as long as a person needs for a second factor.
const MINTING: Duration = Duration::from_mins(1);

/// After so many steps it is looked for sockets that have something; tokio's 61 are as long as 30 ms here, since a step of a
/// busy tunnel moves half a megabyte. Until then whoever has just become ready waits, and so does its `sshd`: with 8 busy
/// connections this was measured to be 4% of the throughput.
const STEPS: u32 = 2;

/// One thread: nothing here computes for long, and the tunnel was measured faster without hand-overs between threads.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(STEPS)
        .build()
        .map_err(|error| Report::new(ExitStatus::Bug, &error).into())
}

/// Runs something to its end, or until a signal ends the program: a question may be open, and the terminal has to be put
/// back. What is still going on in threads is not waited for.
pub(crate) fn run_until_signal<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let mut termination = Termination::listen().map_err(|error| Report::new(ExitStatus::Bug, &error))?;
        tokio::select! {
            outcome = work => outcome,
            signal = termination.next() => Err(Failure::Signal(signal)),
        }
    });
    runtime.shutdown_background();
    outcome
}

/// The settings of one run.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub environment: &'a Environment,
    pub printer: Printer,
    pub settings: Settings,
    pub credentials: Credentials,
    ssh_config: Option<std::path::PathBuf>,
    connect_timeout: Duration,
    /// When the command line had been understood.
    pub begun: Instant,
    has_told_unkept: Cell<bool>,
}

impl<'a> Context<'a> {
    /// Loads the configuration.
    pub(crate) fn load(
        options: &CommonOptions,
        environment: &'a Environment,
        printer: Printer,
    ) -> Result<Self, Failure> {
        let begun = Instant::now();
        let settings = Settings::load(environment, options.config.as_deref()).map_err(Report::from)?;
        let ssh_config = options
            .ssh_config
            .clone()
            .or_else(|| environment.path("RDSCONN_SSH_CONFIG"))
            .or_else(|| settings.ssh.config.clone());
        let connect_timeout = options.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        Ok(Self {
            environment,
            printer,
            settings,
            credentials: Credentials::new(environment, printer),
            ssh_config,
            connect_timeout,
            begun,
            has_told_unkept: Cell::new(false),
        })
    }

    /// What HOST means, with the flags and variables on top.
    pub(crate) fn resolution(&self, host: &str, options: &TargetOptions) -> Result<Resolution, Failure> {
        let host = HostArgument::parse(host).map_err(Report::from)?;
        let overrides = overrides(options, self.environment).map_err(Report::from)?;
        Ok(self.settings.resolve(&host, &overrides).map_err(Report::from)?)
    }

    /// What HOST means, with the region of the AWS profile where nothing else names one.
    pub(crate) async fn resolve(&self, host: &str, options: &TargetOptions) -> Result<Resolution, Failure> {
        let mut resolution = self.resolution(host, options)?;
        if let Some(name) = resolution.target.credential.as_ref().filter(|_| resolution.target.auth != Auth::Password) {
            self.credentials.record(name)?;
        }
        self.add_profile_region(&mut resolution).await?;
        Ok(resolution)
    }

    /// Takes the region from the stored credential or the AWS profile if nothing else names one. Reads the files then.
    pub(crate) async fn add_profile_region(&self, resolution: &mut Resolution) -> Result<(), Failure> {
        // A password needs nobody's region, and no AWS files.
        if resolution.target.region.is_some() || resolution.target.auth == Auth::Password {
            return Ok(());
        }
        if let Some(name) = resolution.target.credential.clone() {
            if let Ok(record) = self.credentials.record(&name) {
                resolution.origin.insert(Field::Region, Origin::StoredCredential(name));
                resolution.target.region = Some(record.region.as_str().to_owned());
            }
            return Ok(());
        }
        let profiles = Profiles::load().await.map_err(Report::from)?;
        let profile = resolution.target.profile.as_deref().unwrap_or("default");
        if let Some(region) = profiles.region(profile) {
            resolution.origin.insert(Field::Region, Origin::AwsProfile(profile.to_owned()));
            resolution.target.region = Some(region.to_owned());
        }
        Ok(())
    }

    /// Mints tokens for a target, and keeps them for the next command.
    pub(crate) fn tokens(&self, target: &Target) -> CachedTokens<Tokens> {
        CachedTokens::new(Tokens { login: self.login(target) }, self.cache(), MINTING)
    }

    /// Who acts on AWS for a target.
    pub(crate) fn login(&self, target: &Target) -> Login {
        Login {
            account: match (&target.credential, &target.profile) {
                (Some(credential), _) => Account::Stored(self.credentials.source(credential)),
                (None, Some(profile)) => Account::Profile(profile.clone()),
                (None, None) => Account::Surroundings,
            },
            instance_metadata: self.environment.text("AWS_EC2_METADATA_DISABLED") == Some("false"),
            timeout: self.connect_timeout,
        }
    }

    /// Says once that a token could not be kept for the next command, and why. This one is none the worse for it.
    pub(crate) fn tell_unkept(&self, tokens: &CachedTokens<Tokens>) {
        let Some(fault) = tokens.cache.take_fault() else { return };
        if self.has_told_unkept.replace(true) {
            return;
        }
        let mut text = format!("warning: {fault}");
        let mut source = fault.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        self.printer.remark(&escape_for_terminal(&text));
    }

    /// Where tokens are kept.
    pub(crate) fn cache(&self) -> Cache {
        let storage = match self.settings.cache {
            config::Cache::Auto => Storage::Auto,
            config::Cache::File => Storage::File,
            config::Cache::None => Storage::None,
        };
        Cache::new(storage, self.environment)
    }

    /// Everything needed to open a target; nothing is connected yet.
    pub(crate) fn database(
        &'a self,
        resolution: &Resolution,
        read_timeout: Option<Duration>,
    ) -> Result<Database<'a>, Failure> {
        let plan = session::plan(&resolution.target).map_err(Report::from)?;
        let progress = StageLines::new(self.printer);
        self.credentials.ask_between(&progress);
        progress.passed(Stage::Resolve, &plan.endpoint.host, self.begun.elapsed());
        let certificate_name = OnceCell::new();
        let (passwords, gate) = (Passwords::new(self, resolution, &plan), Gate { read_timeout });
        let bastion = Arc::new(BastionLogin::new(plan.bastion.clone(), self.ssh_settings(), progress.clone()));
        Ok(Database { context: self, plan, passwords, gate, bastion, certificate_name, progress })
    }

    fn ssh_settings(&self) -> ssh::Settings {
        let mut settings = ssh::Settings::new(self.environment.clone());
        settings.ssh_config.clone_from(&self.ssh_config);
        settings.connect_timeout = self.connect_timeout;
        settings
    }
}

type Opened = Result<Connected<mysql::Session, SshSession>, session::Error<PasswordError, ssh::Error, mysql::Error>>;

/// One database, ready to be opened.
#[derive(Debug)]
pub(crate) struct Database<'a> {
    context: &'a Context<'a>,
    plan: Plan,
    passwords: Passwords,
    gate: Gate,
    pub bastion: Arc<BastionLogin>,
    /// With `VERIFY_CA`: the name that the certificate turned out to be for, if it is not the endpoint's.
    certificate_name: OnceCell<String>,
    pub progress: StageLines,
}

impl Database<'_> {
    /// What was checked offline.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How long each stage may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.context.connect_timeout
    }

    /// Reports an error of the database.
    pub(crate) fn report(&self, error: &mysql::Error) -> Failure {
        report::database(error, &self.plan).into()
    }

    /// Learns the password that only a person knows, if it takes one: before the network is touched. `handed` is the
    /// descriptor of `--password-fd`.
    pub(crate) async fn learn_password(&self, handed: Option<HandedDescriptor>) -> Result<(), Failure> {
        self.passwords.learn(&self.plan.endpoint, handed, &self.progress).await
    }

    /// Whether somebody can log in without a person's being asked.
    pub(crate) fn has_password(&self) -> bool {
        self.passwords.is_at_hand()
    }

    /// Who logs in, and with what.
    pub(crate) async fn token(&self, progress: &impl Progress) -> Result<AuthToken, Failure> {
        progress.begin(Stage::Credentials, self.plan.user().unwrap_or_default());
        let token = self.passwords.password().await.map_err(Report::from)?;
        progress.end(Stage::Credentials, self.plan.shown_credentials(&token.user));
        self.tell_unkept();
        Ok(token)
    }

    /// Forgets a kept token that the server has refused.
    pub(crate) async fn forget_token(&self) {
        self.passwords.forget().await;
    }

    fn tell_unkept(&self) {
        if let Some(tokens) = self.passwords.tokens() {
            self.context.tell_unkept(tokens);
        }
    }

    /// Has a token minted or a password read while the bastion is reached, then logs in.
    pub(crate) async fn open(&self) -> Result<Connected<mysql::Session, SshSession>, Failure> {
        let mut opened = Box::pin(self.open_plan(&self.plan)).await;
        if let Some(name) = self.other_name(&opened) {
            // Set once: this is the only place, and a target is opened once.
            let _ = self.certificate_name.set(name);
            opened = Box::pin(self.open_plan(&self.effective_plan())).await;
        }
        self.progress.clear();
        self.tell_unkept();
        Ok(opened.map_err(|error| report::opening(error, &self.plan))?)
    }

    /// The plan, with the name that the certificate turned out to be for.
    fn effective_plan(&self) -> Plan {
        let name = self.certificate_name.get().unwrap_or(&self.plan.certificate_name);
        Plan { certificate_name: name.clone(), ..self.plan.clone() }
    }

    async fn open_plan(&self, plan: &Plan) -> Opened {
        let via = if plan.bastion.is_empty() { Via::Direct } else { Via::Tunnel(self.bastion.connect()) };
        let open = Open {
            plan,
            passwords: &self.passwords,
            executor: &self.gate,
            progress: &self.progress,
            timeout: self.context.connect_timeout,
        };
        Box::pin(open.open(via)).await
    }

    /// With `VERIFY_CA` the name does not matter, but the driver insists on one: the name that the certificate, whose chain
    /// was good, turned out to be for.
    fn other_name(&self, opened: &Opened) -> Option<String> {
        match opened {
            Err(session::Error::Login(mysql::Error::Certificate {
                fault: mysql::CertificateFault::WrongName { presented },
                ..
            })) if self.plan.ssl_mode == SslMode::VerifyCa => {
                // A wildcard stands for any one label.
                presented.first().map(|name| name.replacen('*', "any", 1))
            }
            _ => None,
        }
    }

    /// Stops the statement that session `id` is running, over a second connection through the same bastion.
    pub(crate) async fn kill(&self, id: u32, bastion: Option<SshSession>) {
        let via = bastion.map_or(Via::Direct, |session| Via::Tunnel(ready(Ok(session))));
        let open = Open {
            plan: &self.effective_plan(),
            passwords: &self.passwords,
            executor: &self.gate,
            progress: &Silent,
            timeout: self.context.connect_timeout,
        };
        // The statement has ended by itself, or cannot be reached: either way there is nothing more to do.
        if let Ok(mut second) = Box::pin(open.open(via)).await {
            let _ = second.statements.execute(format!("KILL QUERY {id}").as_bytes(), &mut Discard).await;
        }
    }

    /// Reports why the statements did not all run. `fault` is what broke the tunnel, if that is why.
    pub(crate) fn explain(&self, stop: Stop<mysql::Error>, fault: Option<&ssh::Error>, with_line: bool) -> Failure {
        stop.failure(|error, line| {
            if let mysql::Error::Output(error) = error {
                return Failure::Output(error);
            }
            let mut report = report::database(&error, &self.plan);
            if let (mysql::Error::Statement(fault), true) = (&error, with_line) {
                report.error = format!("ERROR {} ({}) at line {line}: {}", fault.code, fault.state, fault.message);
            }
            if let Some(fault) = fault {
                report.causes.insert(0, fault.to_string());
            }
            report.into()
        })
    }
}

/// Takes the outcome of a statement that nobody asked to see.
pub(crate) struct Discard;

impl crate::backend::ResultSink for Discard {
    fn columns(&mut self, _columns: &[crate::backend::Column]) -> std::io::Result<()> {
        Ok(())
    }
    fn row(&mut self, _row: &dyn crate::backend::Row) -> std::io::Result<()> {
        Ok(())
    }
    fn end(&mut self, _outcome: &crate::backend::Outcome) -> std::io::Result<()> {
        Ok(())
    }
}

/// The fields that flags and variables set.
fn overrides(options: &TargetOptions, environment: &Environment) -> Result<Overrides, ConfigError> {
    let mut overrides = Overrides::from_environment(environment)?;
    let typed = [
        (Field::Profile, &options.profile),
        (Field::Region, &options.region),
        (Field::Endpoint, &options.endpoint),
        (Field::Port, &options.port),
        (Field::Address, &options.address),
        (Field::User, &options.user),
        (Field::Database, &options.database),
        (Field::Bastion, &options.bastion),
        (Field::Route, &options.route),
        (Field::Auth, &options.auth),
        (Field::SslMode, &options.ssl_mode),
        (Field::SslCa, &options.ssl_ca),
        (Field::Credential, &options.credential),
        (Field::ClusterArn, &options.cluster_arn),
        (Field::SecretArn, &options.secret_arn),
    ];
    for (field, value) in typed {
        if let Some(value) = value {
            overrides.set_flag(field, &format!("--{}", field.name().replace('_', "-")), value);
        }
    }
    Ok(overrides)
}
