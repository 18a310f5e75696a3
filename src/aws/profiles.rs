//! The AWS configuration files, as the SDK reads them: which profiles there are, their region, and where they log in.

use aws_config::profile::{Profile, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use super::Error;

/// How many `source_profile` steps are followed before giving up on a loop.
pub(super) const LONGEST_CHAIN: usize = 16;

/// The profile of the AWS files that is used where none is named.
pub(super) const DEFAULT_PROFILE: &str = "default";

/// Reads the files that these surroundings name. Files that do not exist are empty.
pub(super) async fn read(files: &Fs, environment: &Env) -> Result<ProfileSet, Error> {
    aws_config::profile::load(files, environment, &EnvConfigFiles::default(), None)
        .await
        .map_err(|error| Error::ProfileFiles(Box::new(error)))
}

/// The profiles of `~/.aws/config` and `~/.aws/credentials`, or of the files the `AWS_*` variables name.
#[derive(Debug)]
pub struct Profiles {
    set: ProfileSet,
}

impl Profiles {
    /// Reads the files. Files that do not exist are empty.
    pub async fn load() -> Result<Self, Error> {
        Ok(Self { set: read(&Fs::real(), &Env::real()).await? })
    }

    /// The names of all profiles, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.set.profiles().map(str::to_owned).collect();
        names.sort_unstable();
        names
    }

    /// The `region` of a profile.
    pub fn region(&self, profile: &str) -> Option<&str> {
        self.set.get_profile(profile)?.get("region")
    }

    /// Whether the profile is defined at all.
    pub fn contains(&self, profile: &str) -> bool {
        self.set.get_profile(profile).is_some()
    }

    /// The profile with which `aws sso login` renews what `profile` depends on, if it depends on SSO.
    pub fn sso_profile(&self, profile: &str) -> Option<&str> {
        let mut current = self.set.get_profile(profile)?;
        for _ in 0..LONGEST_CHAIN {
            if current.get("sso_session").is_some() || current.get("sso_start_url").is_some() {
                return Some(current.name());
            }
            current = self.source(current)?;
        }
        None
    }

    fn source(&self, profile: &Profile) -> Option<&Profile> {
        let source = profile.get("source_profile")?;
        if source == profile.name() { None } else { self.set.get_profile(source) }
    }
}
