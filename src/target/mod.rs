//! What a database is called and where it is: host names, conventions, endpoints, routes.
//!
//! This room is pure: no input or output, no clock, no environment, no randomness. The same names and the same convention
//! texts always give the same [`Target`]. It imports no other room.

mod arn;
mod convention;
mod convention_file;
mod convention_set;
mod convention_test;
mod document;
mod fault;
mod fields;
mod host;
mod layers;
mod model;
mod pattern;
mod shape;
mod template;
mod value;

pub use arn::Arn;
pub use convention::{Convention, ConventionLayer, Match, MatchFailure, Warning};
pub use convention_set::ConventionSet;
pub use convention_test::TestFailure;
pub use document::{Content, Entry, Node, Source};
pub use fault::{Fault, Problem};
pub use fields::{FieldReader, WrittenField, nearest};
pub use host::{HOST_NAME_LIMIT, HostArgument, HostError, HostName};
pub use layers::{Assembled, FieldValues, LayerError, Layers, Origin, Sourced};
pub use model::{Address, Auth, BastionName, Endpoint, Field, Route, SslMode, Target};
pub use pattern::PatternProblem;
pub use shape::{BlueGreen, EndpointKind, Partition, RdsShape};
pub use template::TemplateProblem;
pub use value::{Shown, ValueProblem, check_user};
