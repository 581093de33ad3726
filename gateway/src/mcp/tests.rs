//! The ladder of checks, through the endpoint and a service without tools.

mod asking;
mod fixture;
mod ladder;
mod legacy;
mod modern;
mod prepared;
mod tasks;
