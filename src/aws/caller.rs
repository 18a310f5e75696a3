//! Who AWS says that an account is.

use aws_sdk_sts::Client;

use super::{Error, Service, call};

/// Who calls, as STS tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The twelve digits of the account.
    pub account: String,
    /// The ARN of the user or of the assumed role.
    pub arn: String,
    /// The identifier that never changes, for example `AIDA…`.
    pub user_id: String,
}

/// Asks STS who calls. Every account that AWS knows may ask this; nothing can forbid it.
pub async fn caller(service: &Service) -> Result<Caller, Error> {
    let configuration = service.configuration(Some(service.login.timeout)).await?;
    let client = Client::new(&configuration);
    let answer = call::read(|| client.get_caller_identity().send()).await;
    let answer = answer.map_err(|fault| Error::call("sts:GetCallerIdentity", fault))?;
    let text = |text: Option<String>| text.unwrap_or_default();
    Ok(Caller { account: text(answer.account), arn: text(answer.arn), user_id: text(answer.user_id) })
}
