//! Who logs in to a target, and with what: a token, what a secret holds, or what somebody has typed or handed over.

use std::cell::{OnceCell, RefCell};
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};

use super::context::Context;
use super::progress::StageLines;
use super::questions::TerminalQuestions;
use super::report::{Failure, Report};
use crate::aws::{self, SecretError, Secrets, Tokens};
use crate::backend::{AuthToken, PasswordProvider, TokenProvider as _, TokenRequest};
use crate::cache::CachedTokens;
use crate::config::Resolution;
use crate::os::{HandedDescriptor, HandedError};
use crate::session::{LoginPlan, Plan};
use crate::target::{Auth, Endpoint, Field, Origin};

/// A person's password ends when the person says so: longer than any program runs.
const FOR_EVER: Duration = Duration::from_hours(100 * 365 * 24);

/// Where the password of one target comes from.
#[derive(Debug)]
pub(crate) enum Passwords {
    /// A token, signed for the endpoint and kept for the next command.
    Token { tokens: CachedTokens<Tokens>, endpoint: Endpoint, region: String, user: String },
    /// A secret, which says who logs in; somebody may have been named for this very call. What was read is good for a
    /// moment, for a second connection or many at once, and stays in this process.
    Secret { secrets: Secrets, named: Option<Named>, read: RefCell<Option<AuthToken>> },
    /// What a person knows, once it has been asked for.
    Typed { user: String, password: OnceCell<SecretString> },
}

/// A user who was named for this call, not by a rule that holds for many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub user: String,
    pub origin: Origin,
}

impl Named {
    pub(crate) fn of(resolution: &Resolution) -> Option<Self> {
        let origin = resolution.origin.get(&Field::User)?;
        match origin {
            Origin::Flag(_) | Origin::Variable(_) | Origin::Host => {
                Some(Self { user: resolution.target.user.clone()?, origin: origin.clone() })
            }
            _ => None,
        }
    }
}

/// Why nobody can log in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// No token.
    #[error(transparent)]
    Token(#[from] aws::Error),
    /// No secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The secret is for somebody else than was asked for.
    #[error("the secret {arn} is for the user {user:?}, and {} says {:?}", named.origin, named.user)]
    OtherUser {
        /// The secret.
        arn: String,
        /// Whose it is.
        user: String,
        /// Who was asked for.
        named: Named,
    },
    /// Nobody has been asked.
    #[error("no password of {user:?} is known")]
    NotTyped {
        /// The database user.
        user: String,
    },
}

impl Passwords {
    pub(crate) fn new(context: &Context<'_>, resolution: &Resolution, plan: &Plan) -> Self {
        let target = &resolution.target;
        match &plan.login {
            LoginPlan::Token { user, region } => Self::Token {
                tokens: context.tokens(target),
                endpoint: plan.endpoint.clone(),
                region: region.clone(),
                user: user.clone(),
            },
            LoginPlan::Secret { arn } => Self::Secret {
                secrets: Secrets { login: context.login(target), arn: arn.clone() },
                named: Named::of(resolution),
                read: RefCell::default(),
            },
            LoginPlan::Password { user } => Self::Typed { user: user.clone(), password: OnceCell::new() },
        }
    }

    /// The tokens behind it, if it has any.
    pub(crate) fn tokens(&self) -> Option<&CachedTokens<Tokens>> {
        match self {
            Self::Token { tokens, .. } => Some(tokens),
            Self::Secret { .. } | Self::Typed { .. } => None,
        }
    }

    /// Whether there can be one without asking a person.
    pub(crate) fn is_at_hand(&self) -> bool {
        match self {
            Self::Token { .. } | Self::Secret { .. } => true,
            Self::Typed { password, .. } => password.get().is_some(),
        }
    }

    /// Forgets what is kept.
    pub(crate) async fn forget(&self) {
        match self {
            Self::Token { tokens, endpoint, region, user } => {
                tokens.forget(TokenRequest { endpoint, region, user }).await;
            }
            Self::Secret { read, .. } => drop(read.take()),
            Self::Typed { .. } => {}
        }
    }

    /// Learns what only a person knows, from the descriptor if one was handed over, else on the terminal. What needs no
    /// person is left alone.
    pub(crate) async fn learn(
        &self,
        endpoint: &Endpoint,
        handed: Option<HandedDescriptor>,
        stages: &StageLines,
    ) -> Result<(), Failure> {
        let Self::Typed { user, password } = self else {
            return match handed {
                None => Ok(()),
                Some(_) => Err(misplaced(self.auth())),
            };
        };
        let (user_asked, host, questions) =
            (user.clone(), endpoint.host.clone(), TerminalQuestions { stages: stages.clone() });
        let wait = move || match handed {
            Some(descriptor) => descriptor.first_line().map(Some),
            None => Ok(questions.password(&user_asked, &host)),
        };
        // Whoever types takes their time; a signal must be heard meanwhile.
        let learned = tokio::task::spawn_blocking(wait).await.map_err(Report::bug)?;
        match learned.map_err(Report::from)? {
            Some(typed) if typed.expose_secret().is_empty() => Err(Report::from(HandedError::Empty).into()),
            Some(typed) => {
                // Set once: this is the only place, and it is gone through once.
                let _ = password.set(typed);
                Ok(())
            }
            None => Err(nobody_to_ask(user, endpoint)),
        }
    }

    fn auth(&self) -> Auth {
        match self {
            Self::Token { .. } => Auth::Iam,
            Self::Secret { .. } => Auth::Secret,
            Self::Typed { .. } => Auth::Password,
        }
    }
}

impl PasswordProvider for Passwords {
    type Error = PasswordError;

    async fn password(&self) -> Result<AuthToken, PasswordError> {
        match self {
            Self::Token { tokens, endpoint, region, user } => {
                Ok(tokens.token(TokenRequest { endpoint, region, user }).await?)
            }
            Self::Secret { secrets, named, read } => {
                let known = read.borrow().clone().filter(|token| token.not_after > SystemTime::now());
                let token = match known {
                    Some(token) => token,
                    None => secrets.read().await?,
                };
                if let Some(named) = named.as_ref().filter(|named| named.user != token.user) {
                    let (arn, named) = (secrets.arn.clone(), named.clone());
                    return Err(PasswordError::OtherUser { arn, user: token.user, named });
                }
                read.replace(Some(token.clone()));
                Ok(token)
            }
            Self::Typed { user, password } => match password.get() {
                None => Err(PasswordError::NotTyped { user: user.clone() }),
                Some(password) => Ok(AuthToken {
                    user: user.clone(),
                    secret: password.clone(),
                    not_after: SystemTime::now() + FOR_EVER,
                    may_be_stale: false,
                }),
            },
        }
    }

    async fn refused(&self, token: &AuthToken) {
        match self {
            Self::Token { tokens, endpoint, region, user } => {
                tokens.refused(TokenRequest { endpoint, region, user }, token).await;
            }
            Self::Secret { .. } | Self::Typed { .. } => self.forget().await,
        }
    }
}

/// `--password-fd` where nobody wants a password.
fn misplaced(auth: Auth) -> Failure {
    let error = format!("--password-fd hands over a password, and this target has auth = \"{}\"", auth.name());
    Report::usage(error).hint("add --auth password, or leave --password-fd out").into()
}

fn nobody_to_ask(user: &str, endpoint: &Endpoint) -> Failure {
    let error = format!(
        "nobody has typed the password for {user}@{}: there is no terminal, or its input has ended",
        endpoint.host
    );
    Report::usage(error).hint("hand it over on a descriptor: --password-fd 3 3<FILE, or 3< <(COMMAND) in bash").into()
}
