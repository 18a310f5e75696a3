//! Who the credentials belong to, told from files and environment alone: what tokens are kept under.
//!
//! Follows the SDK's own order (`resolve_chain` of `aws_config::profile::credentials`, and the chain in `credentials.rs`), and
//! takes in whatever it reads on the way. Two surroundings that may give different credentials differ here; that two which
//! give the same may differ as well costs a token that is minted once more. Nothing is asked over the network, nothing is
//! started, and nothing can be read back from a hash.

use std::env::VarError;
use std::fmt::Write as _;
use std::path::Path;

use aws_config::profile::{Profile, ProfileSet};
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_runtime::env_config::property::PropertiesKey;
use aws_types::os_shim_internal::{Env, Fs};
use secrecy::zeroize::Zeroizing;

use super::profiles::{DEFAULT_PROFILE, LONGEST_CHAIN, read};
use crate::backend::{Identity, KeySource};

#[cfg(test)]
mod tests;

/// What a profile can say about who it is. Names of profiles are not among them: a name means what its file says today.
const OF_A_PROFILE: [&str; 20] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_account_id",
    "role_arn",
    "role_session_name",
    "external_id",
    "mfa_serial",
    "duration_seconds",
    "credential_source",
    "web_identity_token_file",
    "sso_session",
    "sso_account_id",
    "sso_role_name",
    "sso_region",
    "sso_start_url",
    "credential_process",
    "login_session",
    "endpoint_url",
    "services",
];

/// Services that hand out credentials, whose address a `[services]` section may change.
const ISSUERS: [&str; 3] = ["sts", "sso", "sso_oidc"];

/// Where AWS is, for whoever logs in over the network.
const ADDRESSES: [&str; 5] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
];

/// What a `credential_process` commonly goes by, beside its own command line.
const OF_A_PROCESS: [&str; 15] = [
    "HOME",
    "USER",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_VAULT",
];

/// A task's or a pod's credentials, which only the container's own service knows.
const OF_A_CONTAINER: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];

/// The identity of a profile, or of the surroundings where none is named. `None` if only the network knows.
pub(super) async fn identity(
    files: &Fs,
    environment: &Env,
    profile: Option<&str>,
    instance_metadata: bool,
) -> Option<Identity> {
    let mut facts = Facts { files, environment, settings: Context::new(&SHA256), login: Context::new(&SHA256) };
    match profile {
        Some(name) => match facts.profile(&read(files, environment).await.ok()?, name).await {
            Source::Keys | Source::Elsewhere => {}
            Source::Nothing | Source::Unknown => return None,
        },
        None => facts.surroundings(instance_metadata).await?,
    }
    Some(Identity { settings: hexadecimal(facts.settings.finish()), login: hexadecimal(facts.login.finish()) })
}

/// The identity of stored keys: the name does not count, what is stored under it does.
pub(super) fn of_stored(source: &dyn KeySource) -> Identity {
    let version = hexadecimal(digest(&SHA256, source.version().as_bytes()));
    Identity { settings: version.clone(), login: version }
}

/// Where the credentials of a profile come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// An access key that the profile itself names.
    Keys,
    /// A login somewhere else.
    Elsewhere,
    /// There is no such profile, or it says nothing about credentials.
    Nothing,
    /// What cannot be told offline, or what the SDK refuses.
    Unknown,
}

struct Facts<'a> {
    files: &'a Fs,
    environment: &'a Env,
    settings: Context,
    login: Context,
}

impl Facts<'_> {
    /// The default chain: environment, default profile, web identity, container, instance.
    async fn surroundings(&mut self, instance_metadata: bool) -> Option<()> {
        if self.keys_of_environment()? {
            return Some(());
        }
        let profiles = read(self.files, self.environment).await.ok()?;
        let name = self.environment.get("AWS_PROFILE").unwrap_or_else(|_| DEFAULT_PROFILE.to_owned());
        let source = self.profile(&profiles, &name).await;
        match source {
            Source::Keys => return Some(()),
            Source::Unknown => return None,
            Source::Elsewhere | Source::Nothing => {}
        }
        // These answer where the profile does not, and who they are nobody here knows.
        if instance_metadata || OF_A_CONTAINER.iter().any(|name| self.environment.get(name).is_ok()) {
            return None;
        }
        let web_identity = self.web_identity_of_environment().await;
        (source == Source::Elsewhere || web_identity).then_some(())
    }

    /// An access key in the environment; `false` if there is none, `None` if it cannot be read.
    fn keys_of_environment(&mut self) -> Option<bool> {
        let mut values = Vec::new();
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            match self.environment.get(name) {
                Ok(value) => values.push(Some(value).filter(|value| !value.trim().is_empty())),
                Err(VarError::NotPresent) => values.push(None),
                Err(VarError::NotUnicode(_)) => return None,
            }
        }
        let [Some(id), secret, other_secret, session] = values.as_slice() else { return Some(false) };
        let Some(secret) = secret.as_ref().or(other_secret.as_ref()) else { return Some(false) };
        for (name, value) in [("id", Some(id)), ("secret", Some(secret)), ("session", session.as_ref())] {
            add(&mut self.settings, name, value.map(|value| value.trim()));
        }
        Some(true)
    }

    /// A profile and those that it takes its credentials from, in the SDK's order.
    async fn profile(&mut self, profiles: &ProfileSet, name: &str) -> Source {
        let Some(mut current) = profiles.get_profile(name) else { return Source::Nothing };
        for step in 0..LONGEST_CHAIN {
            self.properties(profiles, current).await;
            if step > 0 && has_keys(current) {
                return self.elsewhere();
            }
            let is_role = current.get("role_arn").is_some() && current.get("web_identity_token_file").is_none();
            if is_role {
                match (current.get("source_profile"), current.get("credential_source")) {
                    (Some(source), None) if source != current.name() => {
                        let Some(source) = profiles.get_profile(source) else { return Source::Unknown };
                        current = source;
                        continue;
                    }
                    // A role that starts from this very profile.
                    (Some(_), None) | (None, Some(_)) => {}
                    (None, None) | (Some(_), Some(_)) => return Source::Unknown,
                }
            }
            return match self.base(current) {
                Source::Keys if is_role || step > 0 => self.elsewhere(),
                Source::Nothing if is_role || step > 0 => Source::Unknown,
                source => source,
            };
        }
        Source::Unknown
    }

    /// What the first credentials of a chain come from.
    fn base(&mut self, profile: &Profile) -> Source {
        let has = |name| profile.get(name).is_some();
        if let Some(source) = profile.get("credential_source") {
            let is_known = source.eq_ignore_ascii_case("Environment") && self.keys_of_environment() == Some(true);
            return if is_known { self.elsewhere() } else { Source::Unknown };
        }
        if has("web_identity_token_file") || OF_A_PROFILE.iter().any(|name| name.starts_with("sso_") && has(name)) {
            return self.elsewhere();
        }
        if has("login_session") {
            return Source::Unknown;
        }
        if has("credential_process") {
            self.variables(&OF_A_PROCESS);
            return self.elsewhere();
        }
        match (has_keys(profile), has("aws_access_key_id") || has("aws_secret_access_key") || has("aws_session_token"))
        {
            (true, _) => Source::Keys,
            (false, true) => Source::Unknown,
            (false, false) => Source::Nothing,
        }
    }

    fn elsewhere(&mut self) -> Source {
        self.variables(&ADDRESSES);
        Source::Elsewhere
    }

    fn variables(&mut self, names: &[&str]) {
        for name in names {
            add(&mut self.settings, name, self.environment.get(name).ok().as_deref());
        }
    }

    /// Everything that one profile says, with the sections and files that it refers to.
    async fn properties(&mut self, profiles: &ProfileSet, profile: &Profile) {
        for name in OF_A_PROFILE {
            add(&mut self.settings, name, profile.get(name));
        }
        if let Some(services) = profile.get("services") {
            for issuer in ISSUERS {
                let key = PropertiesKey::builder().section_key("services").section_name(services);
                let key = key.property_name(issuer).sub_property_name("endpoint_url").build();
                let address = key.ok().and_then(|key| profiles.other_sections().get(&key));
                add(&mut self.settings, issuer, address.map(String::as_str));
            }
        }
        if let Some(session) = profile.get("sso_session") {
            let section = profiles.sso_session(session);
            for name in ["sso_start_url", "sso_region"] {
                add(&mut self.settings, name, section.and_then(|section| section.get(name)));
            }
        }
        if let Some(path) = profile.get("web_identity_token_file") {
            self.login_file(Path::new(path)).await;
        }
        if let Some(login) = profile.get("sso_session").or(profile.get("sso_start_url")) {
            // Who has logged in, or whether anybody has, stands only here: the AWS CLI names the file by the SHA-1 of the
            // session's name, or of the address where the profile has no session.
            let name = hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, login.as_bytes()));
            let home = self.environment.get("HOME").unwrap_or_default();
            self.login_file(&Path::new(&home).join(format!(".aws/sso/cache/{name}.json"))).await;
        }
    }

    /// The web identity that the environment names, with the content of its token; `false` if it names none.
    async fn web_identity_of_environment(&mut self) -> bool {
        let (file, role) = (self.environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"), self.environment.get("AWS_ROLE_ARN"));
        let (Ok(file), Ok(_)) = (file, role) else { return false };
        self.variables(&["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"]);
        self.variables(&ADDRESSES);
        self.login_file(Path::new(&file)).await;
        true
    }

    async fn login_file(&mut self, path: &Path) {
        let content = self.files.read_to_end(path).await.ok().map(Zeroizing::new);
        let content = content.map(|content| hexadecimal(digest(&SHA256, &content)));
        add(&mut self.login, "login", content.as_deref());
    }
}

fn has_keys(profile: &Profile) -> bool {
    profile.get("aws_access_key_id").is_some() && profile.get("aws_secret_access_key").is_some()
}

/// Adds a fact so that no other list of facts gives the same bytes.
fn add(facts: &mut Context, name: &str, value: Option<&str>) {
    for text in [Some(name), value] {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        facts.update(&length.to_le_bytes());
        facts.update(text.unwrap_or_default().as_bytes());
    }
}

fn hexadecimal(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
