//! Every route, on one page.

use crate::{
    admin::{self, App, Largest},
    host_name::Names,
    listen::{Answering, Answers, Connection, Handover},
    mcp::Endpoint,
    page,
    problem::{Code, Problem},
    service::Service,
};
use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use http::Request;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use std::{borrow::Cow, sync::Arc};

/// What stands behind the public listener.
#[derive(Debug, Clone)]
pub struct Public {
    /// Answers MCP.
    pub endpoint: Endpoint,
    /// Knows why a key is refused.
    pub service: Arc<Service>,
    /// Names under which the listener answers.
    pub hosts: Arc<[String]>,
    /// Whether it answers under loopback names too.
    pub loopback: bool,
}

/// What MCP clients reach. Nothing else answers here, so that discovery of what is not there ends
/// in a plain 404.
pub fn public(public: Public) -> Front {
    let rest = Router::new()
        .route("/livez", get(live))
        .fallback(not_here)
        .with_state(public.clone());
    Front {
        public: Arc::new(public),
        rest,
    }
}

/// The way of MCP requests, past the web framework: finding the one route that matters among two
/// would cost each call more than reading its key. All else goes through the framework.
#[derive(Debug, Clone)]
pub struct Front {
    public: Arc<Public>,
    rest: Router,
}

impl Answers for Front {
    fn answer(&self, request: Request<Incoming>, connection: &Arc<Connection>) -> Answering {
        if server(request.uri().path()).is_none() {
            return self.rest.answer(request, connection);
        }
        let (public, connection) = (Arc::clone(&self.public), Arc::clone(connection));
        Box::pin(async move { Ok(mcp(&public, request, &connection).await) })
    }
}

/// Which server a path is of: `/mcp/{server}` and nothing more. A path that is no text is of one
/// that does not exist.
fn server(path: &str) -> Option<Cow<'_, str>> {
    let server = path.strip_prefix("/mcp/")?;
    let is_one_piece = !server.is_empty() && !server.contains('/');
    is_one_piece.then(|| percent_decode_str(server).decode_utf8().unwrap_or_default())
}

async fn mcp(public: &Public, request: Request<Incoming>, connection: &Connection) -> Response {
    // The same for every path: who has no key learns nothing from it.
    if page::is_wanted(request.method(), request.headers()) && is_ours(public, request.headers()) {
        return page::page();
    }
    // These copy pointers; the credential is read only if the key is refused.
    let uri = request.uri().clone();
    let credential = request.headers().get(header::AUTHORIZATION).cloned();
    let server = server(uri.path()).unwrap_or_default();
    let hands_over = Handover::is_for(&request);
    let account = Some(&connection.account);
    let response = public.endpoint.handle(&server, request, account).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        let key = admin::bearer(credential.as_ref());
        let source = Some(connection.peer.0.ip());
        public.service.access().key_refused(source, &server, key);
    }
    match hands_over {
        true => connection.handover.leave(response).await,
        false => response,
    }
}

/// Whoever looks for the admin API here has the addresses mixed up.
async fn not_here(uri: Uri) -> Problem {
    let problem = Problem::new(
        Code::NotFound,
        format!("There is nothing at {} for MCP clients.", uri.path()),
    );
    if uri.path().starts_with("/v1/") {
        return problem.hint(
            "This listener is for MCP clients. Set CASEMATE_URL to the admin address, which \
             `casemate serve` prints at its start; by default http://127.0.0.1:8081",
        );
    }
    problem
}

/// For the balancer in front, which knows our name; a web page that only got us to resolve to it
/// learns nothing.
async fn live(State(public): State<Public>, headers: HeaderMap) -> Response {
    if is_ours(&public, &headers) {
        return admin::health::live().await.into_response();
    }
    let detail = "This listener answers only under its own names.";
    Problem::new(Code::ForbiddenHost, detail)
        .hint("Add the name to server.allowed_hosts in the gateway's configuration.")
        .into_response()
}

/// Whether a request came under a name of the public listener.
fn is_ours(public: &Public, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let names = Names {
        allowed: &public.hosts,
        loopback: public.loopback,
    };
    host.is_some_and(|host| names.include(host))
}

/// What administrators reach.
#[expect(
    clippy::too_many_lines,
    reason = "one line for each route, all on one page"
)]
pub fn admin(app: App) -> Router {
    let largest_component = app.service.platform_limits().compile.component_bytes;
    let largest_component = usize::try_from(largest_component).unwrap_or(usize::MAX);
    let authenticated = Router::new()
        // Workspaces and their secrets.
        .route(
            "/v1/workspaces",
            get(admin::workspaces::list).post(admin::workspaces::create),
        )
        .route(
            "/v1/workspaces/{workspace}/secrets",
            get(admin::secrets::list),
        )
        .route(
            "/v1/workspaces/{workspace}/secrets/{name}",
            put(admin::secrets::set).delete(admin::secrets::delete),
        )
        // Servers and their tools.
        .route(
            "/v1/servers",
            get(admin::servers::list).post(admin::servers::create),
        )
        .route(
            "/v1/servers/{server}",
            get(admin::servers::show).patch(admin::servers::set),
        )
        .route(
            "/v1/servers/{server}/activate",
            post(admin::servers::switch::<true>),
        )
        .route(
            "/v1/servers/{server}/deactivate",
            post(admin::servers::switch::<false>),
        )
        .route(
            "/v1/servers/{server}/versions",
            get(admin::versions::list).post(admin::versions::deploy),
        )
        .route(
            "/v1/servers/{server}/versions/{version}/use",
            post(admin::versions::use_version),
        )
        .route("/v1/servers/{server}/tools", get(admin::tools::list))
        .route(
            "/v1/servers/{server}/tools/{tool}/activate",
            post(admin::tools::switch::<true>),
        )
        .route(
            "/v1/servers/{server}/tools/{tool}/deactivate",
            post(admin::tools::switch::<false>),
        )
        .route(
            "/v1/servers/{server}/tools/{tool}/call",
            post(admin::runs::call).layer(Extension(Largest(app.max_call_bytes))),
        )
        // Their resources and prompts.
        .route(
            "/v1/servers/{server}/resources/read",
            post(admin::runs::read),
        )
        .route(
            "/v1/servers/{server}/prompts/{prompt}/fill",
            post(admin::runs::fill).layer(Extension(Largest(app.max_call_bytes))),
        )
        // Uploads.
        .route(
            "/v1/components",
            post(admin::components::upload).layer(Extension(Largest(largest_component))),
        )
        // Keys.
        .route("/v1/keys", get(admin::keys::list).post(admin::keys::create))
        .route("/v1/keys/{key}/revoke", post(admin::keys::revoke))
        // Access tokens.
        .route(
            "/v1/tokens",
            get(admin::tokens::list).post(admin::tokens::create),
        )
        .route("/v1/tokens/{token}/revoke", post(admin::tokens::revoke))
        // Limits.
        .route(
            "/v1/limits",
            get(admin::limits::of_platform).patch(admin::limits::set_of_platform),
        )
        .route(
            "/v1/workspaces/{workspace}/limits",
            get(admin::limits::of_workspace).patch(admin::limits::set_of_workspace),
        )
        .route(
            "/v1/servers/{server}/limits",
            get(admin::limits::of_server).patch(admin::limits::set_of_server),
        )
        .route(
            "/v1/servers/{server}/tools/{tool}/limits",
            get(admin::limits::of_tool).patch(admin::limits::set_of_tool),
        )
        .route(
            "/v1/servers/{server}/tools/{tool}/limits/suggest",
            get(admin::limits::suggest),
        )
        .route(
            "/v1/servers/{server}/tools/{tool}/limits/whatif",
            get(admin::limits::what_if),
        )
        // Tasks.
        .route("/v1/tasks", get(admin::tasks::list))
        .route("/v1/tasks/{task}", get(admin::tasks::show))
        .route("/v1/tasks/{task}/cancel", post(admin::tasks::cancel))
        // What happened, and what happens now.
        .route("/v1/calls", get(admin::calls::list))
        .route("/v1/calls/stream", get(admin::calls::stream))
        .route("/v1/status", get(admin::health::status))
        .route("/v1/whoami", get(admin::health::whoami))
        .route_layer(middleware::from_fn_with_state(
            app.clone(),
            admin::authenticate,
        ));
    Router::new()
        .merge(authenticated)
        .route("/v1/version", get(admin::health::version))
        .route("/livez", get(admin::health::live))
        .route("/readyz", get(admin::health::ready))
        .fallback(admin::not_found)
        .method_not_allowed_fallback(admin::method_not_allowed)
        .layer(middleware::from_fn(admin::check_path))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            admin::check_host,
        ))
        .with_state(app)
}
