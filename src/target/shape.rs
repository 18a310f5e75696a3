//! What an RDS endpoint's name says by itself: the kind of endpoint, the region, the partition.
//!
//! The shapes are those of AWS's own JDBC wrapper (`RdsUtils`) and of the Aurora guide on endpoints; the built-in
//! conventions express the same, and a test holds the two together.

/// What an RDS name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RdsShape {
    /// Which kind of endpoint it is.
    pub kind: EndpointKind,
    /// The region; `None` for a global writer, whose name holds none.
    pub region: Option<String>,
    /// The AWS partition.
    pub partition: Partition,
    /// Whether it is one side of a blue/green deployment.
    pub blue_green: Option<BlueGreen>,
}

/// Kinds of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    /// One instance.
    Instance,
    /// The writer of an Aurora cluster.
    Cluster,
    /// The readers of an Aurora cluster.
    ClusterReader,
    /// A custom endpoint of an Aurora cluster.
    Custom,
    /// The default endpoint of an RDS Proxy.
    Proxy,
    /// A further endpoint of an RDS Proxy.
    ProxyEndpoint,
    /// The writer of an Aurora global database.
    GlobalWriter,
}

/// AWS partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// China.
    China,
    /// AWS GovCloud (US).
    GovCloud,
    /// The isolated US regions, `c2s.ic.gov`.
    Iso,
    /// The isolated US regions, `sc2s.sgov.gov`.
    IsoB,
    /// Sovereign clouds: `amazonaws.eu`, `.au`, `.uk`.
    Sovereign,
}

/// The sides of a blue/green deployment that show in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlueGreen {
    /// `-green-xxxxxx`: not yet switched over to.
    Green,
    /// `-old1`: switched away from.
    Old,
}

impl RdsShape {
    /// Reads a name in lower case, without a final dot. `None` if it is not an RDS name.
    pub fn parse(name: &str) -> Option<Self> {
        let (front, partition) = split_partition(name)?;
        let labels: Vec<&str> = front.split('.').collect();
        // After the identifiers come `REGION.rds` or, in an order that China, GovCloud and the isolated regions use too,
        // `rds.REGION`.
        let (owner, region) = match labels.as_slice() {
            [owner @ .., region, service] if is_service(service) => (owner, *region),
            [owner @ .., service, region] if is_service(service) => (owner, *region),
            _ => return None,
        };
        if region == "global" {
            return Self::global(owner, partition, labels.last().copied()?);
        }
        if !is_region(region, partition) {
            return None;
        }
        let (identifier, kind) = owner_kind(owner)?;
        let partition =
            if partition == Partition::Aws && region.starts_with("us-gov-") { Partition::GovCloud } else { partition };
        Some(Self { kind, region: Some(region.to_owned()), partition, blue_green: blue_green(identifier) })
    }

    /// `g.global-H.global.rds.amazonaws.com`.
    fn global(owner: &[&str], partition: Partition, last: &str) -> Option<Self> {
        let [identifier, hash] = owner else { return None };
        let is_global = is_identifier(identifier) && is_hash(hash.strip_prefix("global-")?) && last == "rds";
        (is_global && partition == Partition::Aws).then(|| Self {
            kind: EndpointKind::GlobalWriter,
            region: None,
            partition,
            blue_green: blue_green(identifier),
        })
    }
}

fn split_partition(name: &str) -> Option<(&str, Partition)> {
    [
        (".amazonaws.com", Partition::Aws),
        (".amazonaws.com.cn", Partition::China),
        (".c2s.ic.gov", Partition::Iso),
        (".sc2s.sgov.gov", Partition::IsoB),
        (".amazonaws.eu", Partition::Sovereign),
        (".amazonaws.au", Partition::Sovereign),
        (".amazonaws.uk", Partition::Sovereign),
    ]
    .into_iter()
    .find_map(|(suffix, partition)| name.strip_suffix(suffix).map(|front| (front, partition)))
}

fn is_service(label: &str) -> bool {
    matches!(label, "rds" | "rds-fips")
}

fn is_identifier(label: &str) -> bool {
    label.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The part that stands for account and region.
fn is_hash(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`: letters, words, one digit. China's regions are China's alone.
fn is_region(label: &str, partition: Partition) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    matches!(parts.as_slice(), [area, middle @ .., number]
        if letters(area)
            && (area.len() == 2 || (*area == "eusc" && partition == Partition::Sovereign))
            && (*area == "cn") == (partition == Partition::China)
            && !middle.is_empty() && middle.iter().all(letters)
            && number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn owner_kind<'a>(owner: &[&'a str]) -> Option<(&'a str, EndpointKind)> {
    let (identifier, kind, hash) = match owner {
        [identifier, "endpoint", hash] => (*identifier, EndpointKind::ProxyEndpoint, hash.strip_prefix("proxy-")?),
        [identifier, hash] => {
            let (kind, hash) = [
                ("cluster-ro-", EndpointKind::ClusterReader),
                ("cluster-custom-", EndpointKind::Custom),
                ("cluster-", EndpointKind::Cluster),
                ("proxy-", EndpointKind::Proxy),
                ("", EndpointKind::Instance),
            ]
            .into_iter()
            .find_map(|(prefix, kind)| hash.strip_prefix(prefix).map(|hash| (kind, hash)))?;
            (*identifier, kind, hash)
        }
        _ => return None,
    };
    (is_identifier(identifier) && is_hash(hash)).then_some((identifier, kind))
}

fn blue_green(identifier: &str) -> Option<BlueGreen> {
    if identifier.ends_with("-old1") {
        return Some(BlueGreen::Old);
    }
    let (_, tail) = identifier.rsplit_once("-green-")?;
    (tail.len() == 6 && is_hash(tail)).then_some(BlueGreen::Green)
}

#[cfg(test)]
mod tests;
