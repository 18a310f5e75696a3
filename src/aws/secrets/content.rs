//! What a secret holds: `{"username": …, "password": …}`, as the console writes it for databases and as RDS does for the
//! secrets that it manages itself. Whatever else is in it is left alone.
//!
//! `host` and `port` are often there, too, and are not looked at: where the password goes is said by the host name and the
//! files behind it, and proved by the endpoint's certificate. Otherwise whoever may write the secret could send the password
//! of everybody who reads it to a server of their own.

use secrecy::SecretString;
use secrecy::zeroize::Zeroize as _;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::ShapeProblem;
use crate::target::check_user;

/// A user and the password.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) user: String,
    pub(super) password: SecretString,
}

/// The two members that matter. Without `deny_unknown_fields`: there are more.
#[derive(Deserialize)]
struct Members {
    username: Option<Member>,
    password: Option<Member>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Member {
    Text(String),
    Other(IgnoredAny),
}

impl Content {
    /// Reads a secret's text. The reader's own errors quote what they have read, so nothing of them is told.
    pub(super) fn parse(text: &str) -> Result<Self, ShapeProblem> {
        // The reader would take a list for an object without its names.
        if !text.trim_start().starts_with('{') {
            return Err(ShapeProblem::NotAnObject);
        }
        let members: Members = serde_json::from_str(text).map_err(|_| ShapeProblem::NotAnObject)?;
        let password = member(members.password, "password").map(SecretString::from)?;
        let user = member(members.username, "username")?;
        check_user(&user).map_err(|_| ShapeProblem::User)?;
        Ok(Self { user, password })
    }
}

fn member(member: Option<Member>, name: &'static str) -> Result<String, ShapeProblem> {
    match member {
        Some(Member::Text(mut text)) if text.contains('\0') => {
            text.zeroize();
            Err(if name == "password" { ShapeProblem::Nul } else { ShapeProblem::User })
        }
        Some(Member::Text(text)) if !text.is_empty() => Ok(text),
        Some(Member::Text(_)) | None => Err(ShapeProblem::Missing(name)),
        Some(Member::Other(IgnoredAny)) => Err(ShapeProblem::NotText(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn logins_of_every_origin_are_read() {
        let cases = [
            // RDS, for a master user that it manages.
            (r#"{"username":"admin","password":"?Kz)4$:x|W<"}"#, "admin", "?Kz)4$:x|W<"),
            // The console, and the rotation functions.
            (
                r#"{"username":"app","password":"a\"b\\c","engine":"mysql","host":"evil.example","port":3306,"dbClusterIdentifier":"orders"}"#,
                "app",
                r#"a"b\c"#,
            ),
            ("{\n  \"password\": \"pässword 'x' #\",\n  \"username\": \"ünal\"\n}\n", "ünal", "pässword 'x' #"),
        ];
        for (text, user, password) in cases {
            let content = Content::parse(text).unwrap();
            assert_eq!((content.user.as_str(), content.password.expose_secret()), (user, password));
        }
    }

    #[test]
    fn t17_what_is_no_login_is_told_apart_without_a_word_of_it() {
        let cases = [
            ("hunter2", ShapeProblem::NotAnObject),
            ("", ShapeProblem::NotAnObject),
            (r#""hunter2""#, ShapeProblem::NotAnObject),
            (r#"["admin","hunter2"]"#, ShapeProblem::NotAnObject),
            (r#"{"username":"admin","password":"hunter2""#, ShapeProblem::NotAnObject),
            (r#"{"username":"admin"}"#, ShapeProblem::Missing("password")),
            (r#"{"password":"hunter2"}"#, ShapeProblem::Missing("username")),
            (r#"{"username":"","password":"hunter2"}"#, ShapeProblem::Missing("username")),
            (r#"{"username":"admin","password":null}"#, ShapeProblem::Missing("password")),
            (r#"{"username":"admin","password":1234}"#, ShapeProblem::NotText("password")),
            (r#"{"username":["admin"],"password":"hunter2"}"#, ShapeProblem::NotText("username")),
            (r#"{"username":"--host=evil","password":"hunter2"}"#, ShapeProblem::User),
            (r#"{"username":"a\nb","password":"hunter2"}"#, ShapeProblem::User),
            ("{\"username\":\"admin\",\"password\":\"hun\\u0000ter2\"}", ShapeProblem::Nul),
        ];
        for (text, expected) in cases {
            let problem = Content::parse(text).unwrap_err();
            assert_eq!(problem, expected, "{text}");
            assert!(!problem.to_string().contains("hunter2") && !format!("{problem:?}").contains("hunter2"));
        }
    }
}
