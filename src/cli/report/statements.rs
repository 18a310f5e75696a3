//! What is said about statements before they are sent.

use super::Report;
use crate::query::{Objection, PageError, ParameterError};

impl From<Objection> for Report {
    fn from(objection: Objection) -> Self {
        let (error, hint) = match objection {
            Objection::TransactionInVain => (
                "a transaction would end with this statement: on the Data API each has a session of its own",
                "add --transaction: then all statements last, or none",
            ),
            Objection::TransactionTwice => (
                "the statement would begin or end the transaction of --transaction",
                "leave it out, or leave out --transaction",
            ),
            Objection::UseInVain => (
                "USE would end with this statement: on the Data API each has a session of its own",
                "name the database with -D",
            ),
            Objection::SessionInVain => (
                "what this statement sets ends with it: on the Data API each has a session of its own",
                "add --transaction: then all statements share a session",
            ),
            Objection::ImplicitCommit => (
                "the statement commits by itself, with everything before it, also within --transaction",
                "leave out --transaction, or run it on its own",
            ),
        };
        Self::usage(error.to_owned()).hint(hint)
    }
}

impl From<ParameterError> for Report {
    fn from(error: ParameterError) -> Self {
        let report = Self::usage(error.to_string());
        match error {
            ParameterError::Shape | ParameterError::Name { .. } | ParameterError::Type { .. } => {
                report.hint("for example -p id:long=7 -p name=Ann; the SQL says :id and :name")
            }
            ParameterError::Value { .. } => report.hint("without a type it is a string: -p NAME=VALUE"),
            ParameterError::Repeated { name } => report.hint(format!("give -p {name}=VALUE once")),
            ParameterError::Unknown { name, known } => {
                report.hint(format!("add -p {name}=VALUE; given: {}", known.join(", ")))
            }
        }
    }
}

impl From<PageError> for Report {
    fn from(error: PageError) -> Self {
        let report = Self::usage(error.to_string());
        match error {
            PageError::NotASelect | PageError::Open => report.hint("run it without --page-by"),
            PageError::Clause { .. } => {
                report.hint("leave it out: --page-by COLUMN gives the order, and every row is read")
            }
            PageError::Column { .. } => report.hint("name a column of the result: --page-by id"),
        }
    }
}
