//! What is refused before the body is read.

use super::fixture::{Fixture, MAX_BODY};
use axum::body::Body;
use bytes::Bytes;
use casemate_domain::ServerId;
use futures_util::{StreamExt as _, stream};
use http::Method;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

#[tokio::test]
async fn a_foreign_name_is_refused_before_anything_is_said_about_the_server() {
    let fixture = Fixture::new().await;
    let request = fixture.request(PING, &[("host", Some("evil.test"))]);
    fixture
        .send_to("nonsense", request)
        .await
        .is_error(403, 403);
    let request = fixture.request(PING, &[("origin", Some("https://evil.test"))]);
    fixture.send(request).await.is_error(403, 403);
}

#[tokio::test]
async fn an_unknown_server_is_not_found_with_or_without_a_key() {
    let fixture = Fixture::new().await;
    let unknown = ServerId::from_uuid(uuid::Uuid::new_v4()).to_string();
    for server in [unknown.as_str(), "", "nonsense", "../x"] {
        for key in [Some("Bearer x"), None] {
            let request = fixture.request(PING, &[("authorization", key)]);
            let reply = fixture.send_to(server, request).await;
            reply.is_error(404, 404);
            assert_eq!(reply.body["error"]["message"], "Server not found");
            assert_eq!(reply.body.get("id"), None);
        }
    }
}

#[tokio::test]
async fn missing_wrong_and_revoked_keys_get_the_same_answer() {
    let fixture = Fixture::new().await;
    let other = Fixture::new().await;
    let wrong = format!("Bearer {}", other.key);
    let basic = format!("Basic {}", fixture.key);
    let mut answers = Vec::new();
    for key in [None, Some(wrong.as_str()), Some(basic.as_str())] {
        answers.push(
            fixture
                .send(fixture.request(PING, &[("authorization", key)]))
                .await,
        );
    }
    let mut twice = fixture.request(PING, &[]);
    let copy = twice.headers()["authorization"].clone();
    twice.headers_mut().append("authorization", copy);
    answers.push(fixture.send(twice).await);
    let access = fixture.service.access();
    access
        .revoke_key(&fixture.administrator, fixture.key_id)
        .await
        .unwrap();
    answers.push(fixture.send(fixture.request(PING, &[])).await);
    for reply in answers {
        reply.is_error(401, 401);
        assert_eq!(reply.body["error"]["message"], "Authentication failed");
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_malformed_key_says_so_and_white_space_around_a_key_does_not_matter() {
    let fixture = Fixture::new().await;
    let cut = format!("Bearer {}", &fixture.key[..20]);
    let reply = fixture
        .send(fixture.request(PING, &[("authorization", Some(&cut))]))
        .await;
    reply.is_error(401, 401);
    let message = reply.body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("API key is malformed"), "{message}");
    let padded = format!("Bearer   {}", fixture.key);
    let reply = fixture
        .send(fixture.request(PING, &[("authorization", Some(&padded))]))
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn an_inactive_server_tells_only_those_with_its_key() {
    let fixture = Fixture::new().await;
    let catalog = fixture.service.catalog();
    catalog
        .set_server_active(&fixture.administrator, &fixture.server, false)
        .await
        .unwrap();
    let reply = fixture.send(fixture.request(PING, &[])).await;
    reply.is_error(404, 404);
    assert!(
        reply.body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("inactive")
    );
    fixture
        .send(fixture.request(PING, &[("authorization", None)]))
        .await
        .is_error(401, 401);
}

#[tokio::test]
async fn only_post_is_taken_and_only_after_the_key() {
    let fixture = Fixture::new().await;
    for method in [Method::GET, Method::DELETE, Method::PUT, Method::OPTIONS] {
        let mut request = fixture.request("", &[]);
        *request.method_mut() = method.clone();
        let reply = fixture.send(request).await;
        reply.is_error(405, 405);
        assert_eq!(reply.headers["allow"], "POST");
        let mut request = fixture.request("", &[("authorization", None)]);
        *request.method_mut() = method;
        fixture.send(request).await.is_error(401, 401);
    }
}

#[tokio::test]
async fn form_and_size_are_checked_before_the_body_is_read() {
    let fixture = Fixture::new().await;
    let text = fixture.request("{", &[("content-type", Some("text/plain"))]);
    fixture.send(text).await.is_error(415, 415);
    let html = fixture.request("{", &[("accept", Some("text/html"))]);
    fixture.send(html).await.is_error(406, 406);
    let large = fixture.request(vec![b'{'; MAX_BODY + 1], &[]);
    fixture.send(large).await.is_error(413, 413);
    let broken = futures_util::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
    fixture
        .send(fixture.request(Body::from_stream(broken), &[]))
        .await
        .is_error(400, -32700);
}

#[tokio::test]
async fn what_is_no_message_is_refused_with_its_id_or_none() {
    let fixture = Fixture::new().await;
    let send = |body: &'static str| fixture.send(fixture.request(body, &[]));
    let reply = send("{").await;
    reply.is_error(400, -32700);
    assert_eq!(reply.body.get("id"), None);
    send("[]").await.is_error(400, -32600);
    let reply = send(r#"{"jsonrpc":"1.0","id":"x","method":"ping"}"#).await;
    reply.is_error(400, -32600);
    assert_eq!(reply.body["id"], "x");
}

#[tokio::test]
async fn a_header_that_comes_twice_is_refused_in_both_eras() {
    let fixture = Fixture::new().await;
    let version = [("mcp-protocol-version", Some("2025-06-18"))];
    let mut request = fixture.request(PING, &version);
    request
        .headers_mut()
        .append("mcp-protocol-version", "2025-06-18".parse().unwrap());
    fixture.send(request).await.is_error(400, -32020);
}

#[tokio::test]
async fn the_key_is_not_looked_for_anywhere_else() {
    let fixture = Fixture::new().await;
    let mut request = fixture.request(PING, &[("authorization", None)]);
    *request.uri_mut() = format!("/?key={0}&access_token={0}", fixture.key)
        .parse()
        .unwrap();
    request
        .headers_mut()
        .insert("cookie", format!("key={}", fixture.key).parse().unwrap());
    request
        .headers_mut()
        .insert("x-api-key", fixture.key.parse().unwrap());
    let reply = fixture.send(request).await;
    reply.is_error(401, 401);
    assert!(!json!(reply.body).to_string().contains(&fixture.key));
}

#[tokio::test]
async fn requests_that_never_end_take_only_a_part_of_the_memory_for_bodies() {
    let fixture = Fixture::new().await;
    // Most of a body that is allowed, and then nothing more.
    let endless = || {
        let most = Bytes::from(vec![b' '; MAX_BODY / 4 * 3]);
        let begun = stream::iter([Ok::<_, std::io::Error>(most)]);
        let body = Body::from_stream(begun.chain(stream::pending()));
        let request = fixture.request(body, &[]);
        let (endpoint, server) = (fixture.endpoint.clone(), fixture.server.clone());
        async move { endpoint.handle(&server, request, None).await }
    };
    // Together they have more than there is memory for.
    let mut held: JoinSet<_> = (0..6).map(|_| endless()).collect();
    for _ in 0..2 {
        let refused = held.join_next().await.unwrap().unwrap();
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "1");
    }
    let more = tokio::time::timeout(Duration::from_millis(100), held.join_next());
    assert!(more.await.is_err(), "the others hold their part");
    held.shutdown().await;
    let served = fixture.modern("server/discover", |_| {}).await;
    assert_eq!(served.status, 200);
}
