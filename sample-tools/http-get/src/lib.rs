//! Fetches a page.

use casemate_guest_sdk::prelude::*;

const MAX_BODY_BYTES: u64 = 1 << 20;

/// What a server answered.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Page {
    status: u16,
    /// The URL that answered, after redirects.
    url: String,
    content_type: Option<String>,
    text: String,
}

/// Fetches a URL and answers with status, final URL and text. Reaches only the hosts that an
/// administrator has granted, follows few redirects and reads at most 1 MiB.
#[tool(title = "HTTP GET", read_only, open_world)]
pub async fn http_get(
    /// An absolute URL.
    #[arg(example = "https://example.com/")]
    url: String,
    /// How many redirects to follow.
    #[arg(default = 3, range = 0..=10)]
    max_redirects: u32,
    cx: &Cx,
) -> Result<Page, ToolError> {
    let request = cx
        .http()
        .get(url)
        .max_redirects(max_redirects)
        .max_body_bytes(MAX_BODY_BYTES);
    let response = request.send().await?;
    log!(cx, Debug, "fetched"; status = response.status(), bytes = response.bytes().len());
    Ok(Page {
        status: response.status(),
        url: response.url().to_owned(),
        content_type: response.header("content-type").map(str::to_owned),
        text: response.text(),
    })
}

casemate_guest_sdk::export!(http_get);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_where_the_text_is_from() {
        let cx = Cx::test().http_mock(|request| {
            assert_eq!(
                (request.max_redirects, request.max_body_bytes),
                (3, Some(1 << 20))
            );
            http::Response::new(404)
                .with_header("Content-Type", "text/plain")
                .with_body("nothing here")
                .with_url("https://www.example.com/")
        });
        let outcome = testing::call::<http_get>(json!({"url": "https://example.com/"}), &cx);
        assert_eq!(
            outcome.unwrap().structured().unwrap(),
            json!({"status": 404, "url": "https://www.example.com/", "content_type": "text/plain", "text": "nothing here"})
        );
    }

    #[test]
    fn a_host_that_is_not_granted_is_named_as_such() {
        let cx = Cx::test().http_reply(Err(http::HttpError::Denied("example.com".into())));
        let error = testing::block_on(http_get("https://example.com/".into(), 3, &cx)).unwrap_err();
        assert_eq!(error.error_code(), Some("http-denied"));
    }
}
