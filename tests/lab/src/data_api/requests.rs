//! Requests as the service's restJson1 protocol has them. A member it does not define is refused, which the service does not
//! do: here it is a mistake of the client under test.

use serde_json::{Map, Value};

use super::errors::{Result, ServiceError};
use super::journal::Operation;

/// One named value.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// A field: an object with one member.
    pub(super) value: Value,
    pub(super) hint: Option<String>,
}

/// What was asked for; what an operation does not have is empty.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "as in the service's shape")]
pub(super) struct Request {
    pub(super) resource_arn: String,
    pub(super) secret_arn: String,
    pub(super) sql: String,
    pub(super) database: Option<String>,
    pub(super) transaction: Option<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) parameter_sets: Vec<Vec<Parameter>>,
    pub(super) metadata: bool,
    pub(super) continue_after_timeout: bool,
    /// `longReturnType` is `STRING`.
    pub(super) long_as_text: bool,
    /// `decimalReturnType` is not `STRING`.
    pub(super) decimal_as_number: bool,
    /// `formatRecordsAs` is `JSON`.
    pub(super) formatted: bool,
}

impl Request {
    pub(super) fn parse(operation: Operation, body: &[u8]) -> Result<Self> {
        let value: Value = serde_json::from_slice(body).map_err(|error| serialization(&error.to_string()))?;
        let Value::Object(mut members) = value else { return Err(serialization("a request is an object")) };
        let mut request = Self {
            resource_arn: required(&mut members, "resourceArn")?,
            secret_arn: required(&mut members, "secretArn")?,
            ..Self::default()
        };
        for (name, arn) in [("resourceArn", &request.resource_arn), ("secretArn", &request.secret_arn)] {
            if !(11..=100).contains(&arn.len()) && name == "resourceArn" || !arn.starts_with("arn:") {
                return Err(ServiceError::validation(format!("{name} is not a valid ARN")));
            }
        }
        match operation {
            Operation::Begin => {
                request.database = text(&mut members, "database")?;
                text(&mut members, "schema")?;
            }
            Operation::Commit | Operation::Rollback => {
                request.transaction = Some(required(&mut members, "transactionId")?);
            }
            Operation::Execute | Operation::Batch => request.statement(operation, &mut members)?,
        }
        match members.keys().next() {
            Some(unknown) => Err(serialization(&format!("{} has no member {unknown}", operation.name()))),
            None => Ok(request),
        }
    }

    fn statement(&mut self, operation: Operation, members: &mut Map<String, Value>) -> Result<()> {
        self.sql = required(members, "sql")?;
        self.database = text(members, "database")?;
        self.transaction = text(members, "transactionId")?;
        text(members, "schema")?;
        if operation == Operation::Batch {
            for set in list(members.remove("parameterSets"))? {
                self.parameter_sets.push(parameters(Some(set))?);
            }
            return Ok(());
        }
        self.parameters = parameters(members.remove("parameters"))?;
        self.metadata = flag(members, "includeResultMetadata")?;
        self.continue_after_timeout = flag(members, "continueAfterTimeout")?;
        self.formatted = choice(members, "formatRecordsAs", ["NONE", "JSON"])?;
        if let Some(options) = members.remove("resultSetOptions") {
            let Value::Object(mut options) = options else { return Err(serialization("resultSetOptions")) };
            self.long_as_text = choice(&mut options, "longReturnType", ["LONG", "STRING"])?;
            self.decimal_as_number = choice(&mut options, "decimalReturnType", ["STRING", "DOUBLE_OR_LONG"])?;
            if let Some(unknown) = options.keys().next() {
                return Err(serialization(&format!("resultSetOptions has no member {unknown}")));
            }
        }
        Ok(())
    }
}

fn parameters(value: Option<Value>) -> Result<Vec<Parameter>> {
    let read = |value: Value| {
        let Value::Object(mut members) = value else { return Err(serialization("a parameter is an object")) };
        let parameter = Parameter {
            name: required(&mut members, "name")?,
            value: members.remove("value").ok_or_else(|| serialization("a parameter has a value"))?,
            hint: text(&mut members, "typeHint")?,
        };
        match members.keys().next() {
            Some(unknown) => Err(serialization(&format!("a parameter has no member {unknown}"))),
            None => Ok(parameter),
        }
    };
    list(value)?.into_iter().map(read).collect()
}

fn list(value: Option<Value>) -> Result<Vec<Value>> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(values)) => Ok(values),
        Some(_) => Err(serialization("a list was expected")),
    }
}

fn text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(serialization(&format!("{name} is a string"))),
    }
}

fn required(members: &mut Map<String, Value>, name: &str) -> Result<String> {
    let missing = || ServiceError::validation(format!("{name} must not be null or empty"));
    text(members, name)?.filter(|text| !text.is_empty()).ok_or_else(missing)
}

fn flag(members: &mut Map<String, Value>, name: &str) -> Result<bool> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(flag),
        Some(_) => Err(serialization(&format!("{name} is a boolean"))),
    }
}

/// Whether the second of two words was chosen; the first is what holds without a choice.
fn choice(members: &mut Map<String, Value>, name: &str, words: [&str; 2]) -> Result<bool> {
    match text(members, name)? {
        None => Ok(false),
        Some(word) if word == words[0] => Ok(false),
        Some(word) if word == words[1] => Ok(true),
        Some(word) => Err(ServiceError::validation(format!("{name} cannot be {word}"))),
    }
}

fn serialization(message: &str) -> ServiceError {
    ServiceError::new(400, "SerializationException", message)
}
