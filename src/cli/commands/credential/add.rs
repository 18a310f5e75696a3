//! `rdsconn credential add NAME`: gathers the keys, asks AWS whether it knows them, and stores them.

use std::sync::Arc;

use super::answers::Given;
use super::profile::Profile;
use super::{on_thread, tell_left_behind};
use crate::aws::{self, Account, CallFault, Caller, Login, Service};
use crate::cli::arguments::{AddCredential, StoreChoice};
use crate::cli::context::{CONNECT_TIMEOUT, run_until_signal};
use crate::cli::credentials::Credentials;
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::credential::{self, Added, Choice, Error, Name, New, Record};
use crate::os::{Environment, terminal};
use crate::query::escape_for_terminal;

/// Runs the command.
pub(super) fn run(arguments: &AddCredential, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let given = Given::take(arguments)?;
    let name: Name = arguments.name.parse().map_err(Report::from)?;
    let credentials = Credentials::new(environment, printer);
    run_until_signal(async {
        let profile = match &arguments.aws_profile {
            Some(profile) => Some(Profile::check(profile, &name, environment).await?),
            None => None,
        };
        let is_taken = credentials.vault.is_taken(&name).map_err(Report::from)?;
        if let (Some(profile), true, false, true) = (&profile, is_taken, arguments.force, given.is_nothing()) {
            let region = credentials.vault.record(&name).map_err(Report::from)?.region;
            return profile.add(&name, &region, printer);
        }
        let may_replace = arguments.force || (is_taken && may_replace(&name, &given).await?);
        let named = name.clone();
        let new = on_thread(move || given.complete(named)).await?;
        let caller = if arguments.no_test { None } else { Some(known(&new, arguments).await?) };
        let region = new.region.clone();
        let Added { record, without_keyring, left_behind } =
            store(&credentials, new, arguments.store, may_replace).await?;
        if let Some(fault) = &without_keyring {
            printer.remark(&format!("note: an encrypted file is used: {fault}"));
        }
        if let Some(fault) = &left_behind {
            tell_left_behind(fault, printer);
        }
        printer.lines(&stored_lines(&credentials, &record, caller.as_ref())).map_err(Failure::Output)?;
        profile.map_or(Ok(()), |profile| profile.add(&name, &region, printer))
    })
}

async fn store(credentials: &Credentials, new: New, choice: StoreChoice, may_replace: bool) -> Result<Added, Failure> {
    let vault = Arc::clone(&credentials.vault);
    let choice = match choice {
        StoreChoice::Auto => Choice::Auto,
        StoreChoice::Keyring => Choice::Keyring,
        StoreChoice::File => Choice::File,
    };
    on_thread(move || vault.add(&new, choice, may_replace).map_err(Report::from)).await
}

/// Where there is somebody to ask.
async fn may_replace(name: &Name, given: &Given) -> Result<bool, Failure> {
    let exists = || Report::from(Error::Exists { name: name.clone() });
    if !given.is_terminal() {
        return Err(exists().into());
    }
    let prompt = format!("A credential {name} is stored already. Replace it? (yes/no) ");
    let answer = on_thread(move || {
        loop {
            match terminal::ask(&prompt).as_deref().map(str::trim) {
                Some("yes") => return Ok(true),
                Some("no") | None => return Ok(false),
                Some(_) => {}
            }
        }
    });
    if answer.await? { Ok(true) } else { Err(exists().into()) }
}

/// Who AWS says that the keys are. Keys that it does not know are not stored.
async fn known(new: &New, arguments: &AddCredential) -> Result<Caller, Failure> {
    let login = Login {
        account: Account::Stored(Arc::new(credential::Given::new(new.name.as_str(), &new.keys))),
        instance_metadata: false,
        timeout: arguments.common.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
    };
    let service = Service { login, region: new.region.as_str().to_owned() };
    aws::caller(&service).await.map_err(|error| refused(error).into())
}

fn refused(error: aws::Error) -> Report {
    let advice = match &error {
        aws::Error::Call {
            fault: CallFault::UnknownKeys { .. } | CallFault::Expired | CallFault::Refused { .. },
            ..
        } => {
            "copy the keys once more from where AWS shows them; keys that were deactivated or have ended are not known either"
        }
        _ => "to store the keys without asking AWS, add --no-test",
    };
    let is_keys = matches!(
        &error,
        aws::Error::Call { fault: CallFault::UnknownKeys { .. } | CallFault::Expired | CallFault::Refused { .. }, .. }
    );
    let mut report = Report::from(error);
    if is_keys {
        report.hints.clear();
    }
    report.error = format!("the keys were not stored: {}", report.error);
    report.hint(advice)
}

fn stored_lines(credentials: &Credentials, record: &Record, caller: Option<&Caller>) -> Vec<String> {
    let place = match credentials.vault.sealed_path(record) {
        Some(path) => path.display().to_string(),
        None => "the keyring".to_owned(),
    };
    let mut lines = vec![format!("stored {} in {place}", record.name)];
    if let Some(Caller { account, arn, .. }) = caller {
        lines.push(format!("AWS knows it as {arn} of account {account}"));
    }
    lines.iter().map(|line| escape_for_terminal(line).into_owned()).collect()
}
