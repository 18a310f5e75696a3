//! From layers of field values, each with its origin, to one [`Target`]: who wins, what follows from what, and the last
//! check of every value.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::arn::Arn;
use super::model::{Auth, Endpoint, Field, Route, SslMode, Target};
use super::shape::RdsShape;
use super::value::{self, Shown, ValueProblem};

/// Where a value came from. Displays as `explain` prints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// An option on the command line, for example `--region`.
    Flag(String),
    /// An environment variable, for example `RDSCONN_REGION` or `AWS_PROFILE`.
    Variable(String),
    /// What was typed in or around the host name.
    Host,
    /// A line of a settings or hosts file.
    File {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// A line of a convention.
    Convention {
        /// The file; for a built-in one its path in the source.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Whether it is compiled in.
        built_in: bool,
    },
    /// A line of `[defaults]`.
    Defaults {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// The region that an RDS name holds.
    EndpointName,
    /// The AWS configuration's own words on a profile.
    AwsProfile(String),
    /// What is stored with a credential.
    StoredCredential(String),
    /// It follows from another field.
    Follows(Field),
    /// Nothing said otherwise.
    BuiltIn,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Variable(name) => f.write_str(name),
            Self::Host => f.write_str("HOST"),
            Self::File { path, line } | Self::Convention { path, line, built_in: false } => {
                write!(f, "{}:{line}", path.display())
            }
            Self::Convention { path, line, built_in: true } => write!(f, "built-in {}:{line}", path.display()),
            Self::Defaults { path, line } => write!(f, "[defaults] in {}:{line}", path.display()),
            Self::EndpointName => f.write_str("read from the endpoint's name"),
            Self::AwsProfile(name) => write!(f, "AWS profile {name}"),
            Self::StoredCredential(name) => write!(f, "credential {name}"),
            Self::Follows(field) => write!(f, "follows {}", field.name()),
            Self::BuiltIn => f.write_str("built-in"),
        }
    }
}

/// The text of a field and where it came from. A list of bastions is one text with commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced {
    /// As written or expanded.
    pub text: String,
    /// Where it came from.
    pub origin: Origin,
}

/// One layer: what one place says about some fields.
pub type FieldValues = BTreeMap<Field, Sourced>;

/// All layers of one resolution, each list with the strongest first.
#[derive(Debug, Clone, Default)]
pub struct Layers<'a> {
    /// What is said about this host: flags, variables, HOST, hosts entry, conventions.
    pub stated: Vec<&'a FieldValues>,
    /// What holds for every host: `[defaults]`, AWS's variables. A region that stands in the endpoint's name beats these.
    pub general: Vec<&'a FieldValues>,
}

/// A target and where each of its fields came from; fields that are not set have no origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// The target.
    pub target: Target,
    /// An origin for every field that is set.
    pub origin: BTreeMap<Field, Origin>,
}

/// Why layers give no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// A value that is not allowed.
    #[error("{} {} from {origin} {problem}", field.name(), Shown(.value))]
    Value {
        /// The field.
        field: Field,
        /// The value, after expansion.
        value: String,
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// Nothing says which database it is.
    #[error("nothing says what the endpoint is")]
    NoEndpoint,
    /// `route = "tunnel"` and no bastion.
    #[error("route \"tunnel\" from {origin} needs a bastion, and there is none")]
    NoBastion {
        /// Where the route came from.
        origin: Origin,
    },
    /// `route = "direct"` beside a bastion, with equal right.
    #[error("route \"direct\" from {route} contradicts the bastion from {bastion}")]
    DirectWithBastion {
        /// Where the route came from.
        route: Origin,
        /// Where the bastion came from.
        bastion: Origin,
    },
    /// A profile and a stored credential, with equal right.
    #[error("the profile from {profile} contradicts the credential from {credential}")]
    ProfileBesideCredential {
        /// Where the profile came from.
        profile: Origin,
        /// Where the credential came from.
        credential: Origin,
    },
}

impl Layers<'_> {
    /// Puts the layers together. `home` replaces `~/` in a path.
    pub fn assemble(&self, home: Option<&Path>) -> Result<Assembled, LayerError> {
        let mut assembly = Assembly { layers: self, origin: BTreeMap::new() };
        let target = assembly.target(home)?;
        Ok(Assembled { target, origin: assembly.origin })
    }
}

struct Assembly<'a> {
    layers: &'a Layers<'a>,
    origin: BTreeMap<Field, Origin>,
}

impl<'a> Assembly<'a> {
    /// The strongest value of a field and the rank of its layer, 0 for the strongest.
    fn strongest(&self, field: Field) -> Option<(usize, &'a Sourced)> {
        let layers = self.layers.stated.iter().chain(&self.layers.general);
        layers.enumerate().find_map(|(rank, layer)| layer.get(&field).map(|sourced| (rank, sourced)))
    }

    /// Reads a field, if any layer has it, and notes its origin.
    fn read<T>(
        &mut self,
        field: Field,
        parse: impl FnOnce(&str) -> Result<T, ValueProblem>,
    ) -> Result<Option<T>, LayerError> {
        let Some((_, sourced)) = self.strongest(field) else { return Ok(None) };
        let value = parse(&sourced.text).map_err(|problem| invalid(field, sourced, problem))?;
        self.origin.insert(field, sourced.origin.clone());
        Ok(Some(value))
    }

    fn text(&mut self, field: Field) -> Result<Option<String>, LayerError> {
        self.read(field, |text| value::check(field, text).map(|()| text.to_owned()))
    }

    /// A field that nothing set.
    fn default<T>(&mut self, field: Field, origin: Origin, value: T) -> T {
        self.origin.insert(field, origin);
        value
    }

    fn target(&mut self, home: Option<&Path>) -> Result<Target, LayerError> {
        let (route, bastion) = self.route()?;
        let cluster_arn = self.text(Field::ClusterArn)?;
        let endpoint = self.endpoint()?;
        if endpoint.is_none() && !(route == Route::DataApi && cluster_arn.is_some()) {
            return Err(LayerError::NoEndpoint);
        }
        let address = match &endpoint {
            Some(endpoint) => Some(self.address(endpoint)?),
            None => None,
        };
        let region = self.region(endpoint.as_ref(), cluster_arn.as_deref().filter(|_| route == Route::DataApi))?;
        let auth = match self.read(Field::Auth, value::parse_auth)? {
            Some(auth) => auth,
            None => self.default(Field::Auth, Origin::BuiltIn, Auth::Iam),
        };
        let ssl_mode = self.ssl_mode(auth)?;
        let (profile, credential) = self.account()?;
        Ok(Target {
            profile,
            region,
            endpoint,
            address,
            user: self.text(Field::User)?,
            database: self.text(Field::Database)?,
            bastion,
            route,
            auth,
            ssl_mode,
            ssl_ca: self.ssl_ca(home)?,
            credential,
            cluster_arn,
            secret_arn: self.text(Field::SecretArn)?,
            client: self.text(Field::Client)?,
        })
    }

    fn endpoint(&mut self) -> Result<Option<Endpoint>, LayerError> {
        let Some(host) = self.read(Field::Endpoint, value::parse_endpoint_host)? else { return Ok(None) };
        let port = match self.read(Field::Port, value::parse_port)? {
            Some(port) => port,
            None => self.default(Field::Port, Origin::BuiltIn, 3306),
        };
        Ok(Some(Endpoint { host, port }))
    }

    fn address(&mut self, endpoint: &Endpoint) -> Result<super::Address, LayerError> {
        let address = self.read(Field::Address, |text| value::parse_address(text, endpoint.port))?;
        Ok(address.unwrap_or_else(|| {
            let address = super::Address { host: endpoint.host.clone(), port: endpoint.port };
            self.default(Field::Address, Origin::Follows(Field::Endpoint), address)
        }))
    }

    /// The region of the cluster's ARN, unless something stronger says another one; else a region said about this host, else
    /// the one in the endpoint's name, else a general one.
    fn region(&mut self, endpoint: Option<&Endpoint>, cluster: Option<&str>) -> Result<Option<String>, LayerError> {
        let rank = |field| self.strongest(field).map(|(rank, _)| rank);
        if let Some(arn) = cluster.and_then(Arn::parse)
            && rank(Field::Region).is_none_or(|region| Some(region) >= rank(Field::ClusterArn))
        {
            return Ok(Some(self.default(Field::Region, Origin::Follows(Field::ClusterArn), arn.region.to_owned())));
        }
        if self.layers.stated.iter().any(|layer| layer.contains_key(&Field::Region)) {
            return self.text(Field::Region);
        }
        match endpoint.and_then(|endpoint| RdsShape::parse(&endpoint.host)).and_then(|shape| shape.region) {
            Some(region) => Ok(Some(self.default(Field::Region, Origin::EndpointName, region))),
            None => self.text(Field::Region),
        }
    }

    /// The stronger of route and bastion decides; with equal right they must not contradict each other.
    fn route(&mut self) -> Result<(Route, Vec<super::BastionName>), LayerError> {
        let bastion = self.read(Field::Bastion, value::parse_bastions)?.unwrap_or_default();
        let Some(route) = self.read(Field::Route, value::parse_route)? else {
            let (route, origin) = if bastion.is_empty() {
                (Route::Direct, Origin::BuiltIn)
            } else {
                (Route::Tunnel, Origin::Follows(Field::Bastion))
            };
            return Ok((self.default(Field::Route, origin, route), bastion));
        };
        let (Some((route_rank, route_source)), bastion_source) =
            (self.strongest(Field::Route), self.strongest(Field::Bastion))
        else {
            return Ok((route, bastion));
        };
        match (route, bastion_source) {
            (Route::Tunnel, None) => Err(LayerError::NoBastion { origin: route_source.origin.clone() }),
            (Route::Tunnel, Some((rank, source))) if bastion.is_empty() => {
                // `-J none` over a convention's tunnel means a direct connection.
                if rank < route_rank {
                    Ok((self.default(Field::Route, Origin::Follows(Field::Bastion), Route::Direct), bastion))
                } else {
                    Err(LayerError::NoBastion { origin: source.origin.clone() })
                }
            }
            (Route::Direct, Some((rank, source))) if !bastion.is_empty() => match rank.cmp(&route_rank) {
                std::cmp::Ordering::Less => {
                    Ok((self.default(Field::Route, Origin::Follows(Field::Bastion), Route::Tunnel), bastion))
                }
                std::cmp::Ordering::Greater => {
                    self.origin.insert(Field::Bastion, Origin::Follows(Field::Route));
                    Ok((route, Vec::new()))
                }
                std::cmp::Ordering::Equal => Err(LayerError::DirectWithBastion {
                    route: route_source.origin.clone(),
                    bastion: source.origin.clone(),
                }),
            },
            _ => Ok((route, bastion)),
        }
    }

    /// Whose AWS account it is: the stronger of profile and credential decides; with equal right they contradict each other.
    fn account(&mut self) -> Result<(Option<String>, Option<String>), LayerError> {
        let (profile, credential) = (self.text(Field::Profile)?, self.text(Field::Credential)?);
        let (Some((profile_rank, profile_source)), Some((credential_rank, credential_source))) =
            (self.strongest(Field::Profile), self.strongest(Field::Credential))
        else {
            return Ok((profile, credential));
        };
        match profile_rank.cmp(&credential_rank) {
            std::cmp::Ordering::Less => {
                self.origin.remove(&Field::Credential);
                Ok((profile, None))
            }
            std::cmp::Ordering::Greater => {
                self.origin.remove(&Field::Profile);
                Ok((None, credential))
            }
            std::cmp::Ordering::Equal => Err(LayerError::ProfileBesideCredential {
                profile: profile_source.origin.clone(),
                credential: credential_source.origin.clone(),
            }),
        }
    }

    fn ssl_mode(&mut self, auth: Auth) -> Result<SslMode, LayerError> {
        let parse = |text: &str| {
            let mode = value::parse_ssl_mode(text)?;
            if mode == SslMode::Required && auth != Auth::Password {
                Err(ValueProblem::TooWeak(auth))
            } else {
                Ok(mode)
            }
        };
        match self.read(Field::SslMode, parse)? {
            Some(mode) => Ok(mode),
            None => Ok(self.default(Field::SslMode, Origin::BuiltIn, SslMode::VerifyIdentity)),
        }
    }

    fn ssl_ca(&mut self, home: Option<&Path>) -> Result<Option<PathBuf>, LayerError> {
        let origin = self.strongest(Field::SslCa).map(|(_, sourced)| &sourced.origin);
        let is_typed = matches!(origin, Some(Origin::Flag(_) | Origin::Variable(_)));
        self.read(Field::SslCa, |text| value::parse_path(text, home, is_typed))
    }
}

fn invalid(field: Field, sourced: &Sourced, problem: ValueProblem) -> LayerError {
    LayerError::Value { field, value: sourced.text.clone(), origin: sourced.origin.clone(), problem }
}

#[cfg(test)]
mod tests;
