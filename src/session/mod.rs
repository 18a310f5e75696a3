//! Opens a target over its route: what can be checked offline first, then everything that does not depend on each other at
//! once, then the login.
//!
//! Works on the traits of `backend` alone; knows neither AWS nor SSH nor MySQL.

mod data_api_plan;
mod error;
mod forwarder;
mod lanes;
mod listener;
mod one_shot;
mod open;
mod plan;

pub use data_api_plan::{DataApiPlan, DataApiPlanError, Place, data_api_plan};
pub use error::Error;
pub use forwarder::{Event, Forwarder, Guard};
pub use lanes::Lanes;
pub use listener::{ListenAddress, ListenAddressError, ListenError, Listener, Stranger};
pub use open::{Connected, Open, Via};
pub use plan::{LoginPlan, Plan, PlanError, plan};
