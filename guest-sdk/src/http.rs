//! Outgoing HTTP, to granted hosts.
//!
//! ```
//! use casemate_guest_sdk::prelude::*;
//!
//! async fn title(cx: &Cx) -> Result<String, ToolError> {
//!     let page = cx.http().get("https://example.com/").timeout_ms(2_000).send().await?;
//!     Ok(page.error_for_status()?.text())
//! }
//!
//! // The same in a function that is not async.
//! fn title_too(cx: &Cx) -> Result<String, ToolError> {
//!     let page = cx.http().get("https://example.com/").timeout_ms(2_000).send().wait()?;
//!     Ok(page.error_for_status()?.text())
//! }
//! ```

mod error;
mod request;
mod response;

pub use error::HttpError;
pub use request::{HeaderValue, Request, RequestBuilder, Sending};
pub use response::Response;

use crate::host::Host;

/// Makes requests. From [`Cx::http`](crate::Cx::http).
#[derive(Debug, Clone, Copy)]
pub struct Client<'cx> {
    pub(crate) host: &'cx Host,
}

impl<'cx> Client<'cx> {
    /// A `GET` request.
    pub fn get(self, url: impl Into<String>) -> RequestBuilder<'cx> {
        self.request("GET", url)
    }

    /// A `POST` request.
    pub fn post(self, url: impl Into<String>) -> RequestBuilder<'cx> {
        self.request("POST", url)
    }

    /// A request with any method.
    pub fn request(self, method: impl Into<String>, url: impl Into<String>) -> RequestBuilder<'cx> {
        RequestBuilder::new(self.host, method.into(), url.into())
    }
}
