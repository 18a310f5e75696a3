//! Opens a target over its route: what can be checked offline first, then everything that does not depend on each other at
//! once, then the login.
//!
//! Works on the traits of `backend` alone; knows neither AWS nor SSH nor MySQL.

mod error;
mod listener;
mod open;
mod plan;

pub use error::Error;
pub use open::{Connected, Open, Via};
pub use plan::{Plan, PlanError, plan};
