//! What a database is called and where it is: host names, conventions, endpoints, routes.
//!
//! This room is pure: no input or output, no clock, no environment, no randomness. The same names and the same convention
//! texts always give the same [`Target`]. It imports no other room.

mod model;

pub use model::{Address, Auth, BastionName, Endpoint, Field, Route, SslMode, Target};
