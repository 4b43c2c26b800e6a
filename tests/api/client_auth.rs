//! `POST /v1/auth`: what an API key is traded for.

mod answer;
mod lifetimes;
mod refusals;
mod scope;
