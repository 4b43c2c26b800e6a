//! What a request may be, whatever is sent.

mod parsers;
