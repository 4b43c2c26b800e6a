//! Tests of the whole: the API as its clients see it, and what stands behind it.

mod stack;
