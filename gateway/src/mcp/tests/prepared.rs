//! What is worked out once for each state of a server.

use super::fixture::Fixture;
use std::sync::Arc;

#[tokio::test]
async fn a_server_is_prepared_once_until_it_changes() {
    let fixture = Fixture::new().await;
    let cache = &fixture.endpoint.inner.prepared;
    let catalog = fixture.service.catalog();
    let before = catalog.server(&fixture.server).unwrap();
    let first = cache.of(&before);
    assert!(Arc::ptr_eq(&first, &cache.of(&before)));
    catalog
        .set_server_active(&fixture.administrator, &fixture.server, false)
        .await
        .unwrap();
    let after = catalog.server(&fixture.server).unwrap();
    let second = cache.of(&after);
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&second, &cache.of(&after)));
}
