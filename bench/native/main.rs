//! Servers to compare with that are written in Rust: `casemate-bench-peers axum` answers as little
//! as HTTP allows, `casemate-bench-peers rmcp` is the official SDK without a sandbox.
//!
//! A program of their own, so that nothing of the benchmark (its counting of allocations) weighs on
//! them. Each prints its address on standard output as soon as it listens.

mod bare;
mod official;
mod tools;

use axum::serve::ListenerExt;
use clap::{Parser, ValueEnum};
use std::io::{self, Write};
use tokio::net::TcpListener;

#[derive(Debug, Parser)]
#[command(about = "Serve tools for the benchmarks to compare with.")]
struct Arguments {
    /// Which server
    server: Server,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Server {
    /// A handler that parses a call and writes its answer
    Axum,
    /// The official Rust SDK
    Rmcp,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let router = match Arguments::parse().server {
        Server::Axum => bare::router(),
        Server::Rmcp => official::router(),
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    let listener = listener.tap_io(|stream| {
        // Without it, small answers wait for others to join them.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}
