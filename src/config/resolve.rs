//! From a host name to a target: which entry and which conventions know it, and whether they agree.

use std::collections::BTreeMap;

use crate::target::{
    Assembled, Convention, Field, FieldValues, HostArgument, HostName, LayerError, Layers, Match, MatchFailure, Origin,
    RdsShape, Target, nearest,
};

use super::built_in;
use super::error::{Ambiguity, Candidate, Difference, ResolveError};
use super::hosts::HostEntry;
use super::overrides::Overrides;
use super::settings::{Settings, typed};

/// What a host name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The name as it was looked up.
    pub host: HostName,
    /// The convention that matched, a user's before a built-in one.
    pub convention: Option<String>,
    /// Everything about the database.
    pub target: Target,
    /// Where each field that is set came from.
    pub origin: BTreeMap<Field, Origin>,
}

/// What the files know about a name.
struct Known<'a> {
    entry: Option<&'a HostEntry>,
    user: Vec<(&'a Convention, FieldValues)>,
    built_in: Option<(&'static Convention, FieldValues)>,
    failed: Vec<MatchFailure>,
}

impl Settings {
    /// Resolves a name. Pure: the same settings, name and overrides always give the same target.
    pub fn resolve(&self, argument: &HostArgument, overrides: &Overrides) -> Result<Resolution, ResolveError> {
        let host = &argument.host;
        let known = self.known(host)?;
        if known.is_nothing() && !overrides.says_which_database() {
            return Err(self.nothing_matches(host));
        }
        let typed = typed(argument);
        let assemble = |user: Option<&FieldValues>| {
            let entry = known.entry.map(|entry| &entry.fields);
            let built_in = known.built_in.as_ref().map(|(_, fields)| fields);
            let mut stated = vec![&overrides.flags, &overrides.variables, &typed];
            stated.extend([entry, user, built_in].into_iter().flatten());
            let layers = Layers { stated, general: vec![&self.defaults, &overrides.aws] };
            layers.assemble(self.home.as_deref()).map_err(|error| known.explain(host, error))
        };
        let Some(((first, fields), others)) = known.user.split_first() else {
            let name = known.built_in.as_ref().map(|(convention, _)| convention.name());
            return Ok(resolution(host, name, assemble(None)?));
        };
        let chosen = assemble(Some(fields))?;
        for (other, fields) in others {
            let differences = differences(&chosen.target, &assemble(Some(fields))?.target);
            if !differences.is_empty() {
                let (first, second) = (candidate(first), candidate(other));
                let ambiguity = Ambiguity { host: host.to_string(), first, second, differences };
                return Err(ResolveError::Ambiguous(Box::new(ambiguity)));
            }
        }
        Ok(resolution(host, Some(first.name()), chosen))
    }

    fn known(&self, host: &HostName) -> Result<Known<'_>, ResolveError> {
        let mut known = Known { entry: self.hosts.get(host), user: Vec::new(), built_in: None, failed: Vec::new() };
        for convention in self.conventions.candidates(host) {
            match convention.apply(host) {
                Match::No => {}
                Match::Yes(fields) => known.user.push((convention, fields)),
                // An exact entry wins over conventions, so it also mends one that lacks a key.
                Match::Failed(failure) if known.entry.is_some() => known.failed.push(failure),
                Match::Failed(failure) => return Err(ResolveError::Convention(Box::new(failure))),
            }
        }
        // The built-in conventions match RDS names only; reading them is saved for all others.
        if RdsShape::parse(host.as_str()).is_some() {
            known.built_in = built_in::conventions().find_map(|convention| match convention.apply(host) {
                Match::Yes(fields) => Some((convention, fields)),
                Match::No | Match::Failed(_) => None,
            });
        }
        Ok(known)
    }

    fn nothing_matches(&self, host: &HostName) -> ResolveError {
        let mut alike = Vec::new();
        while alike.len() < 3 {
            let rest = self.host_names().filter(|name| !alike.iter().any(|found| found == name));
            match nearest(host.as_str(), rest) {
                Some(name) => alike.push(name),
                None => break,
            }
        }
        ResolveError::NothingMatches {
            host: host.to_string(),
            alike,
            convention_count: self.conventions.len(),
            host_count: self.hosts.len(),
        }
    }
}

impl Known<'_> {
    fn is_nothing(&self) -> bool {
        self.entry.is_none() && self.user.is_empty() && self.built_in.is_none()
    }

    fn explain(&self, host: &HostName, error: LayerError) -> ResolveError {
        if error != LayerError::NoEndpoint {
            return ResolveError::Layers(error);
        }
        let entry = self.entry.map(|entry| entry.path.clone());
        let conventions = self.user.iter().map(|(convention, _)| convention.path().to_owned());
        let known_by = entry.into_iter().chain(conventions).collect();
        ResolveError::NoEndpoint { host: host.to_string(), known_by, failed: self.failed.clone() }
    }
}

fn resolution(host: &HostName, convention: Option<&str>, assembled: Assembled) -> Resolution {
    let Assembled { target, origin } = assembled;
    Resolution { host: host.clone(), convention: convention.map(str::to_owned), target, origin }
}

fn candidate(convention: &Convention) -> Candidate {
    Candidate { name: convention.name().to_owned(), path: convention.path().to_owned() }
}

fn differences(first: &Target, second: &Target) -> Vec<Difference> {
    let fields =
        Field::ALL.into_iter().map(|field| Difference { field, first: first.text(field), second: second.text(field) });
    fields.filter(|difference| difference.first != difference.second).collect()
}

#[cfg(test)]
pub(super) mod tests;
