//! HTTP: what a request may be, and what each outcome is answered.

pub mod answer;
pub mod bearer;
pub mod client;
pub mod error;
pub mod event;
pub mod login;
pub mod members;
pub mod page;
pub mod request;
pub mod user;

pub use answer::Answer;
pub use members::Members;
pub use page::Page;
pub use request::Request;
