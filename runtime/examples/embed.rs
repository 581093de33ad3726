//! Embeds the runtime in a program of one page: describes a component and calls one of its tools.
//!
//! ```text
//! cargo run -p casemate-runtime --example embed -- path/to/tool.wasm [tool [arguments]]
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use casemate_domain::{
    Call, Caller, Conclusion, Continuation, Credential, Json, Limits, Request, TokenId,
};
use casemate_runtime::{Config, Environment, Runtime, Unobserved};
use std::{error::Error, sync::Arc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("name a .wasm file")?;
    let wasm = std::fs::read(path)?;

    let runtime = Runtime::new(&Config::default())?;
    println!("sandboxes come from {}", runtime.allocator());
    let component = runtime.compile(&wasm)?;
    let tools = runtime.describe(&component).await?.tools;
    for tool in &tools {
        println!("{}: {}", tool.name, tool.description);
    }

    let first = tools[0].name.to_string();
    let call = a_call(
        &args.next().unwrap_or(first),
        args.next().unwrap_or_else(|| "{}".to_owned()),
    )?;
    // Nothing is granted; the default limits apply; nobody watches.
    let outcome = runtime
        .call(
            &component,
            &call,
            Environment::default(),
            &Limits::default(),
            Arc::new(Unobserved),
        )
        .await;
    for line in &outcome.log {
        println!("log: {}", line.message);
    }
    match &outcome.conclusion {
        Conclusion::Complete(result) => println!("answer: {:#?}", result.content),
        Conclusion::Stopped(stop) => println!("{}: {}", stop.reason, stop.message),
        other => println!("{other:#?}"),
    }
    println!("{:#?}", outcome.receipt);
    Ok(())
}

fn a_call(tool: &str, arguments: String) -> Result<Call, Box<dyn Error>> {
    Ok(Call {
        id: "call_00000000000000000000000000000001".parse()?,
        workspace: "example".parse()?,
        server: "example".parse()?,
        caller: Caller {
            credential: Credential::Token {
                id: TokenId::from_uuid(Default::default()),
            },
            client: None,
        },
        request: Request::Tool {
            name: tool.parse()?,
            arguments: Json::parse(arguments)?,
        },
        client_capabilities: Vec::new(),
        progress_wanted: false,
        trace_parent: None,
        trace_state: None,
        continuation: Continuation::default(),
    })
}
