//! What can be made to go wrong, and which requests it happens to.

use std::time::Duration;

use super::errors::ServiceError;
use super::journal::Operation;
use super::options::DataApiOptions;

/// One way in which the service, or the way to it, fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The cluster has paused and is waking up. (400 `DatabaseResumingException`)
    Paused,
    /// Too many requests. (400 `ThrottlingException`)
    Throttled,
    /// Too many requests, as a front end says it, with the seconds of `Retry-After` if any. (429)
    TooManyRequests(Option<u64>),
    /// The cluster's HTTP endpoint is off. (400 `HttpEndpointNotEnabledException`)
    HttpEndpointNotEnabled,
    /// The same as Serverless v1 said it. (400 `BadRequestException`)
    HttpEndpointNotEnabledV1,
    /// The caller may not do this. (403 `AccessDeniedException`)
    AccessDenied,
    /// The caller may not read the secret. (403 `AccessDeniedException`)
    SecretAccessDenied,
    /// The same as Serverless v1 said it. (400 `BadRequestException`)
    SecretAccessDeniedV1,
    /// The secret has not the right shape. (400 `InvalidSecretException`)
    InvalidSecret,
    /// The secret cannot be read, or there is none. (400 `SecretsErrorException`)
    SecretsError,
    /// There is no such cluster. (400 `BadRequestException`)
    UnknownCluster,
    /// The cluster has no writer. (404 `DatabaseNotFoundException`)
    NoDatabase,
    /// The cluster's writer does not answer. (504 `DatabaseUnavailableException`)
    DatabaseUnavailable,
    /// The cluster is being changed. (400 `InvalidResourceStateException`)
    InvalidResourceState,
    /// The caller's temporary credentials are over. (403 `ExpiredTokenException`)
    ExpiredToken,
    /// The server's clock is ahead by so much, and its `Date` says so. (403 `InvalidSignatureException` if it is too much)
    ClockAhead(Duration),
    /// The server's clock is behind by so much.
    ClockBehind(Duration),
    /// The call took too long; nothing is run. (400 `StatementTimeoutException`)
    StatementTimeout,
    /// The transaction is gone. (404 `TransactionNotFoundException`)
    TransactionNotFound,
    /// The service's own failure. (500 `InternalServerErrorException`)
    InternalServerError,
    /// The same after the statement was run.
    InternalServerErrorAfterwards,
    /// The service is not there. (503 `ServiceUnavailableError`)
    ServiceUnavailable,
    /// A gateway's page in HTML, with this status.
    Gateway(u16),
    /// Any other error of the service: status, type and words.
    Error(u16, &'static str, String),
    /// The statement is run, and the answer ends in the middle of its JSON, well framed.
    TruncatedJson,
    /// The statement is run, and the connection ends in the middle of the answer.
    CutBody,
    /// The statement is run, and the answer is not JSON though it says so.
    Garbage,
    /// The statement is run, and the answer is a page: `text/html`, 200.
    WrongContentType,
    /// An answer of nothing at all, 200.
    EmptyBody,
    /// A redirect with this status to that address.
    Redirect(u16, String),
    /// A TCP connection is closed before anything is read from it. Happens to connections, not to requests.
    CloseOnConnect,
    /// The request is read, nothing is done, and the connection is closed.
    CloseBeforeRunning,
    /// The statement is run, and the connection is closed without an answer.
    CloseAfterRunning,
    /// The request is read, and nothing happens until the client goes away.
    Hang,
    /// The statement is run, and there is no answer until the client goes away.
    HangAfterRunning,
}

/// A fault, and the requests it happens to.
#[derive(Clone, Debug)]
pub struct Injection {
    fault: Fault,
    operation: Option<Operation>,
    skip: usize,
    times: Option<usize>,
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        Self::once(fault)
    }
}

impl Injection {
    /// Happens to the next request.
    pub fn once(fault: Fault) -> Self {
        Self::times(fault, 1)
    }

    /// Happens to that many requests.
    pub fn times(fault: Fault, times: usize) -> Self {
        Self { fault, operation: None, skip: 0, times: Some(times) }
    }

    /// Happens to every request.
    pub fn always(fault: Fault) -> Self {
        Self { fault, operation: None, skip: 0, times: None }
    }

    /// Happens to requests of one kind only.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Lets that many requests (of the kind) pass first.
    #[must_use]
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    fn is_of_connections(&self) -> bool {
        self.fault == Fault::CloseOnConnect
    }

    /// Counts one request, and says whether it is one of those.
    fn strikes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// What happens to a request of this kind.
pub(super) fn next(injections: &mut [Injection], operation: Option<Operation>) -> Option<Fault> {
    let fits = |injection: &&mut Injection| {
        !injection.is_of_connections() && (injection.operation.is_none() || injection.operation == operation)
    };
    injections.iter_mut().filter(fits).find_map(|injection| injection.strikes().then(|| injection.fault.clone()))
}

/// Whether a new connection is closed at once.
pub(super) fn closes(injections: &mut [Injection]) -> bool {
    injections.iter_mut().filter(|injection| injection.is_of_connections()).any(Injection::strikes)
}

impl Fault {
    /// The error that is answered before anything is done, if the fault is one.
    pub(super) fn refusal(
        &self,
        operation: Option<Operation>,
        options: &DataApiOptions,
        secret: &str,
    ) -> Option<ServiceError> {
        let cluster = &options.cluster_arn;
        let no_access = |action: &str, resource: &str| {
            format!(
                "User: arn:aws:iam::111122223333:user/tester is not authorized to perform: {action} on resource: {resource} \
                 because no identity-based policy allows the {action} action"
            )
        };
        let error = |status: u16, kind: &'static str, message: &str| ServiceError::new(status, kind, message);
        Some(match self {
            Self::Paused => error(
                400,
                "DatabaseResumingException",
                &format!(
                    "The Aurora DB instance {cluster} is resuming after being auto-paused. Please wait a few seconds and try again."
                ),
            ),
            Self::Throttled => error(400, "ThrottlingException", "Rate exceeded"),
            Self::TooManyRequests(_) => error(429, "TooManyRequestsException", "Too Many Requests"),
            Self::HttpEndpointNotEnabled => http_endpoint_off(options, "HttpEndpointNotEnabledException"),
            Self::HttpEndpointNotEnabledV1 => http_endpoint_off(options, "BadRequestException"),
            Self::AccessDenied => {
                let action = format!("rds-data:{}", operation.map_or("Unknown", Operation::name));
                error(403, "AccessDeniedException", &no_access(&action, cluster))
            }
            Self::SecretAccessDenied => {
                error(403, "AccessDeniedException", &no_access("secretsmanager:GetSecretValue", secret))
            }
            Self::SecretAccessDeniedV1 => {
                let said = no_access("secretsmanager:GetSecretValue", secret);
                let said = format!(
                    "{said} (Service: AWSSecretsManager; Status Code: 400; Error Code: AccessDeniedException; Request ID: 0; Proxy: null)"
                );
                ServiceError::bad_request(said)
            }
            Self::InvalidSecret => {
                error(400, "InvalidSecretException", "The Secrets Manager secret used with the request isn't valid.")
            }
            Self::SecretsError => {
                error(400, "SecretsErrorException", "Secrets Manager can't find the specified secret.")
            }
            Self::UnknownCluster => unknown_cluster(cluster),
            Self::NoDatabase => error(404, "DatabaseNotFoundException", "The DB cluster doesn't have a DB instance."),
            Self::DatabaseUnavailable => {
                error(504, "DatabaseUnavailableException", "The writer instance in the DB cluster isn't available.")
            }
            Self::InvalidResourceState => {
                error(400, "InvalidResourceStateException", "The resource is in an invalid state.")
            }
            Self::ExpiredToken => {
                error(403, "ExpiredTokenException", "The security token included in the request is expired")
            }
            Self::StatementTimeout => ServiceError::timeout(4711),
            Self::TransactionNotFound => ServiceError::no_transaction("AXYZ"),
            Self::InternalServerError => ServiceError::internal("An internal error occurred."),
            Self::ServiceUnavailable => error(503, "ServiceUnavailableError", "The service is unavailable."),
            Self::Error(status, kind, message) => error(*status, kind, message),
            _ => return None,
        })
    }
}

pub(super) fn http_endpoint_off(options: &DataApiOptions, kind: &'static str) -> ServiceError {
    let name = options.cluster_arn.rsplit(':').next().unwrap_or_default();
    let message = format!(
        "HttpEndpoint is not enabled for cluster {name}. Please refer to https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html#data-api.troubleshooting"
    );
    ServiceError::new(400, kind, message)
}

pub(super) fn unknown_cluster(arn: &str) -> ServiceError {
    ServiceError::bad_request(format!("Cluster {arn} is not found"))
}
