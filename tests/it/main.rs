//! The one integration-test binary: a single link of the whole dependency tree instead of one for each area.

mod layering;
