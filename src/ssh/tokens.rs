//! Expands `~`, `%h` and `${NAME}` in the paths of ssh_config, as `ssh_config(5)` describes under TOKENS.
//!
//! An unknown token is an error: a path that means something else than it means to `ssh` would offer the wrong key.

use std::path::PathBuf;

use crate::os::Environment;

/// What the tokens stand for.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    /// `%h`: the host that is dialled.
    pub(super) host: &'a str,
    /// `%n`: the host as the user named it.
    pub(super) given: &'a str,
    /// `%k`: the alias for known_hosts, else the host as named.
    pub(super) alias: Option<&'a str>,
    /// `%p`.
    pub(super) port: u16,
    /// `%r`: the login name there.
    pub(super) user: &'a str,
    /// `~`, `%d`, `%u` and `${NAME}` come from here.
    pub(super) environment: &'a Environment,
}

impl Tokens<'_> {
    /// Expands a path. The error says what cannot be expanded.
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, String> {
        let expanded = self.text(text)?;
        let path = match expanded.strip_prefix("~/") {
            Some(rest) => self.home()?.join(rest),
            None if expanded.starts_with('~') => return Err(format!("{expanded} names another user's home folder")),
            None => PathBuf::from(expanded),
        };
        // `ssh` would take it from the working directory; nothing of ours is.
        if path.is_absolute() { Ok(path) } else { Err("not an absolute path".to_owned()) }
    }

    fn text(&self, text: &str) -> Result<String, String> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(position) = rest.find(['%', '$']) {
            expanded.push_str(&rest[..position]);
            rest = &rest[position..];
            if let Some(variable) = rest.strip_prefix("${") {
                let (name, after) = variable.split_once('}').ok_or("${ without }")?;
                let value = self.environment.text(name);
                expanded.push_str(value.ok_or_else(|| format!("the variable {name} is not set"))?);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('$') {
                expanded.push('$');
                rest = after;
            } else {
                let token = rest[1..].chars().next().ok_or("a lone % at the end")?;
                expanded.push_str(&self.token(token)?);
                rest = &rest[1 + token.len_utf8()..];
            }
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    fn token(&self, token: char) -> Result<String, String> {
        Ok(match token {
            '%' => "%".to_owned(),
            'd' => self.home()?.to_str().ok_or("the home folder is not valid UTF-8")?.to_owned(),
            'h' => self.host.to_owned(),
            'i' => rustix::process::getuid().as_raw().to_string(),
            'k' => self.alias.unwrap_or(self.given).to_owned(),
            'n' => self.given.to_owned(),
            'p' => self.port.to_string(),
            'r' => self.user.to_owned(),
            'u' => local_user(self.environment).ok_or("the variable USER is not set")?,
            other => return Err(format!("the token %{other} is not supported")),
        })
    }

    fn home(&self) -> Result<PathBuf, String> {
        self.environment.home().ok_or_else(|| "the variable HOME is not set".to_owned())
    }
}

/// The name of the local user, as the environment has it.
pub(super) fn local_user(environment: &Environment) -> Option<String> {
    environment.text("USER").or_else(|| environment.text("LOGNAME")).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_expand_as_in_ssh() {
        let environment = Environment::of([("HOME", "/home/ada"), ("USER", "ada"), ("KEYS", "/keys")]);
        let tokens = Tokens {
            host: "10.0.0.1",
            given: "bastion",
            alias: None,
            port: 2222,
            user: "ec2-user",
            environment: &environment,
        };
        let table = [
            ("~/.ssh/id_ed25519", Ok("/home/ada/.ssh/id_ed25519")),
            ("%d/%n/%h/%p/%r/%u/%%", Ok("/home/ada/bastion/10.0.0.1/2222/ec2-user/ada/%")),
            ("${KEYS}/%k", Ok("/keys/bastion")),
            ("/a$b", Ok("/a$b")),
            ("/a%", Err("a lone % at the end")),
            ("/%C", Err("the token %C is not supported")),
            ("/${NONE}", Err("the variable NONE is not set")),
            ("/${", Err("${ without }")),
            ("~bob/key", Err("~bob/key names another user's home folder")),
            ("relative", Err("not an absolute path")),
        ];
        for (text, expected) in table {
            let expected = expected.map(PathBuf::from).map_err(ToOwned::to_owned);
            assert_eq!(tokens.path(text), expected, "{text}");
        }
    }
}
