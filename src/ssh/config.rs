//! Asks `ssh -G` what a bastion's name means; without an `ssh` program the built-in reader answers.
//!
//! `ssh -G` evaluates the user's configuration, `Match exec` included, and prints the result without connecting: 4 ms.
//! (With `CanonicalizeHostname` set it may ask DNS.) `~` is the home folder of the password database to `ssh`, and `$HOME`
//! to us.

use super::Settings;
use super::bastion::{Bastion, check_name, display_name};
use super::config_file;
use super::directives::{Values, unsupported};
use super::error::Error;
use crate::os::{Captured, Program};
use crate::target::BastionName;

/// Resolves a bastion's name. Touches no network by itself, and can run while other things are loaded.
pub async fn plan(name: &BastionName, settings: &Settings) -> Result<Bastion, Error> {
    check_name(name)?;
    let Some(program) = Program::find("ssh", &settings.environment) else {
        return config_file::read(name, settings)?.bastion(name, &settings.environment);
    };
    let bastion = display_name(name);
    let mut query = Program::new(&program, &settings.environment).argument("-G");
    if let Some(file) = &settings.ssh_config {
        query = query.argument("-F").argument(file);
    }
    if let Some(port) = name.port {
        query = query.argument("-p").argument(port.to_string());
    }
    if let Some(user) = &name.user {
        query = query.argument("-l").argument(user);
    }
    let values = ask(query.argument("--").argument(&name.host), &bastion).await?;
    if values.unknown().next().is_some() {
        // A newer ssh prints directives that no list here has. They are harmless while they have their default value,
        // which a run without any configuration file shows.
        let plain = Program::new(&program, &settings.environment).argument("-F").argument("none").argument("-G");
        let defaults = ask(plain.argument("--").argument(&name.host), &bastion).await?;
        if let Some((directive, value)) = values.unknown().find(|pair| !defaults.0.contains(pair)) {
            return Err(unsupported(&bastion, directive, value));
        }
    }
    values.bastion(name, &settings.environment)
}

async fn ask(query: Program, bastion: &str) -> Result<Values, Error> {
    let captured = query.capture().await;
    let captured = captured.map_err(|source| Error::ConfigProgram { bastion: bastion.to_owned(), source })?;
    let refused = |message: &str| Error::ConfigRefused { bastion: bastion.to_owned(), message: message.to_owned() };
    if !captured.status.success() {
        return Err(refused(&complaint(&captured)));
    }
    let text = String::from_utf8(captured.stdout).map_err(|_| refused("its output is not valid UTF-8"))?;
    Ok(Values::parse(&text))
}

/// What the program complained of, without its remark on the missing terminal.
fn complaint(captured: &Captured) -> String {
    let text = String::from_utf8_lossy(&captured.stderr);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Pseudo-terminal"));
    let lines: Vec<&str> = lines.collect();
    if lines.is_empty() { captured.status.to_string() } else { lines.join("; ") }
}
