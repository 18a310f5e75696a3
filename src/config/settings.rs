//! [`Settings`]: everything the files say, loaded at once and checked before anything is done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::os::Environment;
use crate::os::files::{self, FileError};
use crate::target::{
    Convention, ConventionSet, Entry, Fault, Field, FieldReader, FieldValues, Origin, Source, Sourced,
};

use super::error::ConfigError;
use super::hosts::{self, Hosts};
use super::sections::{self, Cache, ClientRecipe, Helper, Ssh};
use super::{built_in, conventions, yaml};

const SETTINGS_LIMIT: u64 = 4 << 20;
const HOSTS_LIMIT: u64 = 64 << 20;
const SECTIONS: &[&str] = &["client", "defaults", "hosts", "helper", "ssh", "cache", "clients"];

/// Where the settings are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// config.toml.
    pub file: PathBuf,
    /// Whether the user named it: then it must exist.
    pub is_named: bool,
}

impl Location {
    /// `--config FILE`, else `RDSCONN_CONFIG`, else `config.toml` in the user's configuration folder. `None` if neither HOME
    /// nor `XDG_CONFIG_HOME` says where that is.
    pub fn find(environment: &Environment, flag: Option<&Path>) -> Option<Self> {
        let named = flag.map(Path::to_owned).or_else(|| environment.path("RDSCONN_CONFIG"));
        match named {
            Some(file) => Some(Self { file, is_named: true }),
            None => {
                environment.config_folder().map(|folder| Self { file: folder.join("config.toml"), is_named: false })
            }
        }
    }

    /// The folder that holds config.toml, hosts.* and conventions/.
    pub fn folder(&self) -> &Path {
        files::folder_of(&self.file)
    }

    /// The folder of the user's conventions.
    pub fn conventions(&self) -> PathBuf {
        self.folder().join("conventions")
    }
}

/// Everything the files say.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where they were looked for.
    pub location: Option<Location>,
    /// `[helper]`.
    pub helper: Helper,
    /// `[ssh]`.
    pub ssh: Ssh,
    /// `[cache] tokens`.
    pub cache: Cache,
    /// `[clients.NAME]`.
    pub clients: BTreeMap<String, ClientRecipe>,
    pub(super) home: Option<PathBuf>,
    pub(super) defaults: FieldValues,
    pub(super) hosts: Hosts,
    pub(super) conventions: ConventionSet,
}

impl Settings {
    /// Loads config.toml, hosts.* and conventions/ beside it. What does not exist is empty, unless the user named it.
    pub fn load(environment: &Environment, config: Option<&Path>) -> Result<Self, ConfigError> {
        let mut settings = Self { home: environment.home(), ..Self::default() };
        let Some(location) = Location::find(environment, config) else { return Ok(settings) };
        let mut faults = Vec::new();
        match files::read_trusted(&location.file, SETTINGS_LIMIT)? {
            Some(text) => settings.read_config(&Source::new(&location.file, &text), &mut faults),
            None if location.is_named => return Err(FileError::Missing { path: location.file }.into()),
            None => {}
        }
        settings.read_hosts_files(location.folder(), &mut faults)?;
        match conventions::load(&location.conventions()) {
            Ok(conventions) => settings.conventions = ConventionSet::new(conventions),
            Err(ConfigError::Faults { faults: further }) => faults.extend(further),
            Err(error) => return Err(error),
        }
        if !faults.is_empty() {
            return Err(ConfigError::Faults { faults });
        }
        settings.location = Some(location);
        Ok(settings)
    }

    /// The user's conventions by name, then the built-in ones.
    pub fn conventions(&self) -> impl Iterator<Item = &Convention> {
        self.conventions.iter().chain(built_in::conventions())
    }

    /// The names of all hosts entries.
    pub fn host_names(&self) -> impl Iterator<Item = &str> {
        self.hosts.keys().map(crate::target::HostName::as_str)
    }

    fn read_config(&mut self, source: &Source<'_>, faults: &mut Vec<Fault>) {
        let entries = match source.parse_toml() {
            Ok(entries) => entries,
            Err(found) => return faults.extend(found),
        };
        let mut reader = FieldReader::new(source, "config.toml");
        let mut client = FieldValues::new();
        for entry in &entries {
            let key = entry.key.as_str();
            if key == "client" {
                let file = |path, line| Origin::File { path, line };
                client = hosts::read_literal(&mut reader, std::slice::from_ref(entry), file, &[]);
                continue;
            }
            if !SECTIONS.contains(&key) {
                "config.toml".clone_into(&mut reader.section);
                reader.refuse_key_of(entry, SECTIONS);
                continue;
            }
            reader.section = format!("[{key}]");
            if let Some(lines) = reader.table(entry) {
                self.read_section(&mut reader, key, lines);
            }
        }
        // `client` at the top is the same as in [defaults], which is more particular and wins.
        for (field, value) in client {
            self.defaults.entry(field).or_insert(value);
        }
        faults.append(&mut reader.faults);
    }

    fn read_section(&mut self, reader: &mut FieldReader<'_>, key: &str, lines: &[Entry]) {
        match key {
            "defaults" => {
                let origin = |path, line| Origin::Defaults { path, line };
                self.defaults = hosts::read_literal(reader, lines, origin, &[]);
            }
            "hosts" => hosts::add(&mut self.hosts, reader.source, lines, &mut reader.faults),
            "helper" => self.helper = sections::helper(reader, lines),
            "ssh" => self.ssh = sections::ssh(reader, lines, self.home.as_deref()),
            "cache" => self.cache = sections::cache(reader, lines),
            _ => self.clients = sections::clients(reader, lines),
        }
    }

    fn read_hosts_files(&mut self, folder: &Path, faults: &mut Vec<Fault>) -> Result<(), ConfigError> {
        type Parse = fn(&Source<'_>) -> Result<Vec<Entry>, Vec<Fault>>;
        let files: [(&str, Parse); 3] = [
            ("hosts.toml", |source| source.parse_toml()),
            ("hosts.yaml", yaml::parse_yaml),
            ("hosts.json", yaml::parse_json),
        ];
        for (name, parse) in files {
            let path = folder.join(name);
            let Some(text) = files::read_trusted(&path, HOSTS_LIMIT)? else { continue };
            let source = Source::new(&path, &text);
            match parse(&source) {
                Ok(entries) => hosts::add(&mut self.hosts, &source, hosts::without_wrapper(&entries), faults),
                Err(found) => faults.extend(found),
            }
        }
        Ok(())
    }
}

/// One layer with the values that were typed in and around the host name.
pub(super) fn typed(argument: &crate::target::HostArgument) -> FieldValues {
    let mut fields = FieldValues::new();
    let mut add = |field: Field, text: Option<String>| {
        if let Some(text) = text {
            fields.insert(field, Sourced { text, origin: Origin::Host });
        }
    };
    add(Field::User, argument.user.clone());
    add(Field::Port, argument.port.map(|port| port.to_string()));
    add(Field::Database, argument.database.clone());
    fields
}

#[cfg(test)]
mod tests;
