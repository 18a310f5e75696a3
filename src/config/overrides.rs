//! What flags and variables say about a target.

use crate::os::Environment;
use crate::target::{Field, FieldValues, Origin, Sourced};

use super::error::ConfigError;

/// Set for every program that `exec` starts.
const LISTENER: &str = "RDSCONN_LISTENER";

/// The fields whose variables tell such a program where its database is.
const TOLD_TO_CLIENTS: [Field; 4] = [Field::Endpoint, Field::Address, Field::Port, Field::User];

/// Values from the command line and the environment. They are checked with all others when a name is resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    pub(super) flags: FieldValues,
    pub(super) variables: FieldValues,
    pub(super) aws: FieldValues,
}

impl Overrides {
    /// Takes `RDSCONN_<FIELD>` for every field, `AWS_PROFILE`, and `AWS_REGION` or else `AWS_DEFAULT_REGION`.
    ///
    /// A program that `exec` has started is told where its database is by variables of some of these names. They are not
    /// about what another rdsconn, started by that program, should connect to.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let mut overrides = Self::default();
        let inside_exec = environment.path(LISTENER).is_some();
        for field in Field::ALL.into_iter().filter(|field| !(inside_exec && TOLD_TO_CLIENTS.contains(field))) {
            let name = format!("RDSCONN_{}", field.name().to_ascii_uppercase());
            take(environment, &name, field, &mut overrides.variables)?;
        }
        take_aws(environment, &mut overrides.aws)?;
        Ok(overrides)
    }

    /// Takes only what decides who signs: nothing that would lead a name elsewhere, or to somebody else. For MySQL Shell's
    /// helper, whose question names the place and the user by itself.
    pub fn of_signer(environment: &Environment) -> Result<Self, ConfigError> {
        let mut overrides = Self::default();
        take(environment, "RDSCONN_PROFILE", Field::Profile, &mut overrides.variables)?;
        take(environment, "RDSCONN_REGION", Field::Region, &mut overrides.variables)?;
        take_aws(environment, &mut overrides.aws)?;
        Ok(overrides)
    }

    /// Adds an option of the command line; `flag` is its name as typed, for example `--region`.
    pub fn set_flag(&mut self, field: Field, flag: &str, text: impl Into<String>) {
        self.flags.insert(field, Sourced { text: text.into(), origin: Origin::Flag(flag.to_owned()) });
    }

    /// Whether the flags or our variables name an endpoint themselves.
    pub(super) fn says_which_database(&self) -> bool {
        let says = |field| self.flags.contains_key(&field) || self.variables.contains_key(&field);
        says(Field::Endpoint) || says(Field::ClusterArn)
    }
}

fn take_aws(environment: &Environment, values: &mut FieldValues) -> Result<(), ConfigError> {
    take(environment, "AWS_PROFILE", Field::Profile, values)?;
    take(environment, "AWS_DEFAULT_REGION", Field::Region, values)?;
    take(environment, "AWS_REGION", Field::Region, values)
}

fn take(environment: &Environment, name: &str, field: Field, values: &mut FieldValues) -> Result<(), ConfigError> {
    match (environment.text(name), environment.path(name)) {
        (Some(text), _) => {
            values.insert(field, Sourced { text: text.to_owned(), origin: Origin::Variable(name.to_owned()) });
            Ok(())
        }
        // Set, but not UTF-8: ignoring it could mean another database than the user thinks.
        (None, Some(_)) => Err(ConfigError::Variable { name: name.to_owned() }),
        (None, None) => Ok(()),
    }
}
