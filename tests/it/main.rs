//! Tests of the whole, in one binary: what they have in common is linked once.

mod lab;
mod layering;
mod licences;
