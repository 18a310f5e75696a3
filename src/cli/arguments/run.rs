//! How statements are run: named values, transactions, pages.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Args, Command};

use crate::backend::Parameter;
use crate::query::{ParameterError, parse_parameter};

/// Options for the statements of a run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Statements")]
pub(crate) struct RunOptions {
    /// Value for :NAME in the SQL; TYPE is string, int, long, double, boolean, decimal, date, time, timestamp, json, uuid,
    /// blob (base64) or null [default: string]; may be given several times
    #[arg(short = 'p', long = "param", visible_alias = "parameter", value_name = "NAME[:TYPE]=VALUE", value_parser = NamedValue)]
    pub parameters: Vec<Parameter>,
    /// Run all statements in one transaction; the first error rolls it back
    #[arg(long)]
    pub transaction: bool,
    /// Data API: let a statement go on when 45 seconds are over; for DDL, which must not stop halfway
    #[arg(long)]
    pub continue_after_timeout: bool,
    /// Data API: fetch the rows of a SELECT in pages, in the order of this column of its result
    #[arg(long, value_name = "COLUMN")]
    pub page_by: Option<String>,
}

impl RunOptions {
    /// Whether any of them was given.
    pub(crate) fn is_set(&self) -> bool {
        let Self { parameters, transaction, continue_after_timeout, page_by } = self;
        !parameters.is_empty() || *transaction || *continue_after_timeout || page_by.is_some()
    }
}

/// `NAME[:TYPE]=VALUE`. Unlike clap's own message ours does not repeat what was typed: `-pPASSWORD` is a habit from mysql.
#[derive(Debug, Clone, Copy)]
struct NamedValue;

impl TypedValueParser for NamedValue {
    type Value = Parameter;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Parameter, clap::Error> {
        let refuse = |message: String| clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command);
        let text = value.to_str().ok_or_else(|| refuse("the value of --param is not UTF-8\n".to_owned()))?;
        parse_parameter(text).map_err(|error| {
            let remark = match &error {
                ParameterError::Shape => " (no password is ever an argument; see --auth)",
                _ => "",
            };
            refuse(format!("--param: {error}{remark}\n"))
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::backend::ParameterValue;
    use crate::cli::arguments::Arguments;

    #[test]
    fn named_values_are_taken_in_every_way_of_writing_them() {
        let typed =
            ["rdsconn", "host", "select :a", "-p", "a=1", "-pb:int=-5", "--param", "c:null", "--parameter=d=-x"];
        let run = Arguments::try_parse_from(typed).unwrap().query.run;
        assert!(run.is_set());
        let names: Vec<_> = run.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert_eq!(run.parameters[1].value, ParameterValue::Integer(-5));
        assert!(!Arguments::try_parse_from(["rdsconn", "host", "select 1"]).unwrap().query.run.is_set());
    }

    /// `mysql -pPASSWORD`, `mysql -p`.
    #[test]
    fn t17_a_password_after_p_is_not_repeated() {
        for typed in [&["rdsconn", "host", "-phunter2"][..], &["rdsconn", "query", "host", "-p", "hunter2", "select 1"]]
        {
            let error = Arguments::try_parse_from(typed).unwrap_err();
            let message = error.render().to_string();
            assert!(!message.contains("hunter2") && message.contains("NAME=VALUE"), "{message}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
