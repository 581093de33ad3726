//! Write a tool for Casemate as a plain Rust function.
//!
//! ```
//! use casemate_guest_sdk::prelude::*;
//!
//! /// How far ahead a forecast looks, and what it says.
//! #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
//! struct Forecast {
//!     city: String,
//!     celsius: Vec<f64>,
//! }
//!
//! /// Current weather and a short forecast for one city.
//! #[tool(title = "Weather", read_only, hosts = ["api.weather.test"], secrets = ["WEATHER_KEY"])]
//! async fn weather(
//!     /// City name in any language.
//!     #[arg(example = "Oslo")]
//!     city: String,
//!     /// How many days ahead.
//!     #[arg(default = 1, range = 1..=14)]
//!     days: u8,
//!     cx: &Cx,
//! ) -> Result<Forecast, ToolError> {
//!     let forecast: Forecast = cx
//!         .http()
//!         .get("https://api.weather.test/v1")
//!         .query("q", &city)
//!         .query("days", days)
//!         .bearer(cx.secret("WEATHER_KEY")?)
//!         .send()
//!         .await?
//!         .json()?;
//!     if forecast.celsius.is_empty() {
//!         return Err(ToolError::user("No forecast for that city. Try a larger place nearby."));
//!     }
//!     Ok(forecast)
//! }
//!
//! casemate_guest_sdk::export!(weather);
//!
//! // In a test: the same function, with a context that is not real.
//! let cx = Cx::test().secret("WEATHER_KEY", "k-123").http_mock(|request| {
//!     assert_eq!(request.header("authorization"), Some("Bearer k-123"));
//!     http::Response::new(200).with_json(&json!({"city": "Oslo", "celsius": [-3.5]}))
//! });
//! let forecast = testing::block_on(weather("Oslo".into(), 1, &cx)).unwrap();
//! assert_eq!(forecast.celsius, [-3.5]);
//!
//! // Or the way a client calls it: JSON in, content out.
//! let outcome = testing::call::<weather>(json!({"city": "Oslo"}), &cx).unwrap();
//! assert_eq!(outcome.structured().unwrap()["city"], "Oslo");
//! ```
//!
//! Build it with `cargo build --target wasm32-wasip2` from a crate of type `cdylib`.
//!
//! - [`tool`](macro@tool) makes a function a tool and says which settings there are.
//! - [`prompt`](macro@prompt) and [`resource`](macro@resource) do the same for prompts and resources;
//!   the modules of their names say more, and [`completion`] what is suggested while a person types.
//! - [`export!`] makes the crate a component.
//! - [`Cx`] is all that a tool can reach: secrets, HTTP, settings, log, progress, values that last.
//! - [`output::Output`] says what a tool may return, [`ToolError`] how it fails.
//! - [`testing`] runs tools on the developer's machine, without a server.
//!
//! Nothing is granted by asking. What a tool declares in its attribute an administrator approves,
//! and a refusal at run time is an error that the tool can handle.
//!
//! There is no async runtime: host calls block, and the sandbox stops a tool that waits for
//! anything else. `async` functions work, and need only be written where they read better.
#![deny(missing_docs)]
// Paths in the output of `#[tool]` are absolute; this makes them valid in our own tests.
extern crate self as casemate_guest_sdk;

mod arguments;
pub mod ask;
#[doc(hidden)]
pub mod bindings;
pub mod completion;
pub mod content;
mod cx;
mod error;
mod export;
mod future;
mod host;
pub mod http;
pub mod kv;
pub mod log;
pub mod output;
pub mod prompt;
mod reading;
pub mod resource;
pub mod schema;
mod secret;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod texts;
pub mod tool;

pub use casemate_guest_sdk_macros::{export, prompt, resource, tool};
pub use cx::{Caller, Cx};
pub use error::ToolError;
pub use schemars;
pub use secret::Secret;
pub use serde;
pub use serde_json;

/// What most tools need, in one import.
pub mod prelude {
    #[cfg(not(target_family = "wasm"))]
    pub use crate::testing;
    pub use crate::{
        Cx, Secret, ToolError,
        ask::{Ask, Reply},
        completion::Suggestions,
        content::{Audience, Audio, Blob, Content, Image, ResourceLink},
        http, log,
        log::Level,
        output::ToolResult,
        prompt,
        prompt::{Message, Messages},
        resource, tool,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
    pub use serde_json::json;
}

/// For the output of our macros. Not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::{
        arguments::{Arguments, in_range},
        export::{
            Entry, PromptEntry, ResourceEntry, completion, is_repeated, prompts, resources, tools,
        },
        future::run,
        reading::{Described, Deserialized, Parsed, Reading, Undescribed, Unread},
        resource::{Piece, Uri},
        schema::Inputs,
        texts::Texts,
    };
}

/// The examples in the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// And so do those in the guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/write-a-tool.md")]
struct Guide;
