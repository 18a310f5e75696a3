//! rdsconn: a short host name in, the right RDS or Aurora MySQL database out.

pub mod backend;
pub mod os;
pub mod ssh;
pub mod target;
