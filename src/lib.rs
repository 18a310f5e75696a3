//! rdsconn: a short host name in, the right RDS or Aurora MySQL database out.

pub mod aws;
pub mod backend;
pub mod mysql;
pub mod os;
pub mod query;
pub mod session;
pub mod target;
