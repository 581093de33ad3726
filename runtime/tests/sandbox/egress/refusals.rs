//! Each refusal says what stands against the request and who can change it.

use super::{fetch, granted, hello, private, with_header, with_secret};
use crate::support::{
    http::{Fetch, error},
    local_runtime, runtime,
};

#[tokio::test]
async fn a_host_that_is_not_granted_comes_with_the_flag_that_grants_it() {
    for (url, flag) in [
        ("https://api.example.com/v1", "api.example.com"),
        ("https://api.example.com:8443/v1", "api.example.com:8443"),
        ("http://api.example.com/v1", "http://api.example.com"),
        ("http://api.example.com:22/", "http://api.example.com:22"),
    ] {
        let outcome = fetch(runtime(), &Fetch::get(url), granted(&[])).await;
        let origin = url::Url::parse(url).unwrap().origin().ascii_serialization();
        let words = format!(
            "the grant does not allow {origin}. An administrator grants it by pushing the \
             component again with all its grants and `--grant-host {flag}`"
        );
        assert_eq!(error(&outcome), ("denied", words.as_str()));
        assert!(flag.parse::<casemate_domain::HostPattern>().is_ok());
    }
}

#[tokio::test]
async fn a_wrong_scheme_or_port_is_told_from_a_wrong_host() {
    let hosts = ["*.example.com", "http://api.example.com:8080", "other.test"];
    let get = Fetch::get("http://api.example.com/");
    let outcome = fetch(runtime(), &get, granted(&hosts)).await;
    let words = "the grant does not allow http://api.example.com (granted is *.example.com, \
                 http://api.example.com:8080; the scheme, https or http, and the port must be the \
                 same). An administrator grants it by pushing the component again with all \
                 its grants and `--grant-host http://api.example.com`";
    assert_eq!(error(&outcome), ("denied", words));
}

#[tokio::test]
async fn an_address_that_is_not_public_comes_with_the_setting_that_opens_it() {
    let url = "http://10.0.0.7:8080";
    let outcome = fetch(runtime(), &Fetch::get(url), granted(&[url])).await;
    assert_eq!(
        error(&outcome),
        ("denied", private("10.0.0.7:8080").as_str())
    );
}

#[tokio::test]
async fn a_secret_for_another_host_comes_with_the_flag_that_binds_it() {
    let server = hello();
    let url = server.url();
    let mut get = Fetch::get(&url);
    get.secret_header = Some(("authorization", "TOKEN"));
    let environment = with_secret(&[&url, "api.example.com"], "api.example.com");
    let outcome = fetch(local_runtime(), &get, environment).await;
    let words = format!(
        "the secret TOKEN is bound to api.example.com and is not sent to {url}. An administrator \
         binds it to this host too by pushing the component again with all its grants and \
         `--grant-secret TOKEN@{url}`"
    );
    assert_eq!(error(&outcome), ("denied", words.as_str()));
    assert_eq!(server.connections(), 0);
    assert!(outcome.receipt.secrets.is_empty());
}

#[tokio::test]
async fn a_header_whose_secret_is_not_set_comes_with_the_command_that_sets_it() {
    let server = hello();
    let url = server.url();
    let mut environment = with_header(&[&url], &url, "Authorization: Bearer {}");
    environment.secrets.clear();
    let outcome = fetch(local_runtime(), &Fetch::get(&url), environment).await;
    let words = format!(
        "the grant adds the secret TOKEN to requests to {url}, and it is not set. An \
         administrator sets it with: casemate secret set TOKEN -w WORKSPACE"
    );
    assert_eq!(error(&outcome), ("denied", words.as_str()));
    assert_eq!(server.connections(), 0);
}
