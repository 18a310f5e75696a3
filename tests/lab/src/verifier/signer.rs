//! Makes tokens for the lab's own tests: of any age, life or key. Only tests of servers use it, never tests of rdsconn's
//! signer, since it shares code with the verifier; both are held against botocore's vectors.

use std::time::{Duration, SystemTime};

use super::encoding::{format_timestamp, percent_encode};
use super::{AccessKey, Scope, Verifier, canonical_request, signature};

impl Verifier {
    /// A token for this verifier's endpoint and region, signed with `key` at `signed_at` to live for `life`. Nothing is
    /// checked: a life of an hour or an unknown key gives a well-formed token that `verify` must refuse.
    pub fn sign(&self, key: &AccessKey, user: &str, signed_at: SystemTime, life: Duration) -> String {
        let date = format_timestamp(signed_at);
        let scope = Scope {
            key_id: &key.id,
            date: &date[..8],
            region: &self.region,
            service: "rds-db",
            terminator: "aws4_request",
        };
        // In sorted order, as the canonical request needs them.
        let mut query = format!(
            "Action=connect&DBUser={}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={date}&X-Amz-Expires={}",
            percent_encode(user),
            percent_encode(&format!("{}/{}", key.id, scope.without_key())),
            life.as_secs(),
        );
        if let Some(session_token) = &key.session_token {
            query.push_str("&X-Amz-Security-Token=");
            query.push_str(&percent_encode(session_token));
        }
        query.push_str("&X-Amz-SignedHeaders=host");
        let authority = format!("{}:{}", self.endpoint_host, self.port);
        let signature = signature(&key.secret, &scope, &date, &canonical_request(&authority, &query));
        format!("{authority}/?{query}&X-Amz-Signature={signature}")
    }
}
