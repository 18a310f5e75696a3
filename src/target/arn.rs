//! Amazon resource names: what they are made of. Pure.

/// The parts of an ARN (`arn:partition:service:region:account:resource`, "Amazon Resource Names" in the IAM guide).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// For example `aws` or `aws-cn`.
    pub partition: &'a str,
    /// For example `rds`.
    pub service: &'a str,
    /// For example `us-east-1`; empty for services without regions.
    pub region: &'a str,
    /// Twelve digits.
    pub account: &'a str,
    /// What is left, for example `cluster:orders`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes an ARN apart. `None` if it is none, or one without a resource.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let [partition, service, region, account, resource] = std::array::from_fn(|_| parts.next());
        Some(Self { partition: partition?, service: service?, region: region?, account: account?, resource: resource? })
            .filter(|arn| !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty())
    }

    /// The name of a database cluster, if it is the ARN of one.
    pub fn cluster(&self) -> Option<&'a str> {
        self.resource
            .strip_prefix("cluster:")
            .filter(|name| self.service == "rds" && self.is_regional() && !name.is_empty())
    }

    /// The name of a secret, with the six characters that Secrets Manager adds, if it is the ARN of one.
    pub fn secret(&self) -> Option<&'a str> {
        let name = self.resource.strip_prefix("secret:")?;
        (self.service == "secretsmanager" && self.is_regional() && !name.is_empty()).then_some(name)
    }

    fn is_regional(&self) -> bool {
        !self.region.is_empty() && self.account.len() == 12 && self.account.bytes().all(|byte| byte.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_and_secrets_are_told_from_other_resources() {
        let cases = [
            ("arn:aws:rds:us-east-1:123456789012:cluster:orders", Some("orders"), None),
            ("arn:aws-cn:rds:cn-north-1:123456789012:cluster:orders", Some("orders"), None),
            (
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/orders-AbCdEf",
                None,
                Some("prod/orders-AbCdEf"),
            ),
            (
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!cluster-1a-AbCdEf",
                None,
                Some("rds!cluster-1a-AbCdEf"),
            ),
            ("arn:aws:rds:us-east-1:123456789012:db:orders", None, None),
            ("arn:aws:rds:us-east-1:123456789012:cluster:", None, None),
            ("arn:aws:rds::123456789012:cluster:orders", None, None),
            ("arn:aws:rds:us-east-1:12345678901:cluster:orders", None, None),
            ("arn:aws:iam::123456789012:role/ops", None, None),
        ];
        for (text, cluster, secret) in cases {
            let arn = Arn::parse(text).unwrap();
            assert_eq!((arn.cluster(), arn.secret()), (cluster, secret), "{text}");
        }
    }

    #[test]
    fn half_an_arn_is_none() {
        for text in [
            "",
            "arn",
            "arn:aws",
            "arn:aws:rds:us-east-1:123456789012",
            "arn:aws:rds:us-east-1:1:",
            "ARN:aws:rds:a:1:x",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
