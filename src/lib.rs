//! rdsconn: a short host name in, the right RDS or Aurora MySQL database out.

pub mod backend;
pub mod config;
pub mod os;
pub mod target;
