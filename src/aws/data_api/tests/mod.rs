//! The Data API against a stub that speaks just enough HTTP: every answer a server can give, and how often it was asked.

mod pages;
mod replies;
mod stub;
mod transactions;
mod values;
mod waits;
