//! The shape of the code base: who may use whom, which words live where, how long a file may be.
//!
//! Each check is a function over plain values, and each has a control: a made-up case that breaks
//! the rule and must be found.

mod arrows;
mod sizes;
mod words;
