//! `tools/call` of the handshake revisions.

use crate::mcp::{
    Exchange, Params, Site,
    answer::Answer,
    call,
    envelope::{Id, OwnedId},
    error::{Era, Error},
    events::{self, Outlet},
    result::CallResult,
    revision::Revision,
    running::{Disconnect, Running},
    transport,
    watching::{Teller, Wishes},
};
use crate::service::CallRequest;
use casemate_domain::Conclusion;
use casemate_runtime::{Observer, Unobserved};
use std::sync::Arc;

/// A call with everything it needs, so that it can go on when its connection breaks.
struct Call {
    site: Site,
    revision: Revision,
    id: OwnedId,
    request: CallRequest,
    observer: Arc<dyn Observer>,
    outlet: Option<Outlet>,
}

/// Answers a call.
pub(super) async fn answer(
    exchange: &Exchange,
    id: Id<'_>,
    params: &Params<'_>,
    revision: Revision,
) -> Result<Answer, Error> {
    let name = call::name(params)?;
    let arguments = call::arguments(params)?;
    let site = &exchange.site;
    if let Some(tool) = call::tool(site, &name) {
        // What a client can do is said in the handshake, of which nothing is kept.
        call::check_capabilities(tool, &[])?;
    }
    let mut request = call::request(exchange, params, None, &name, arguments);
    let wishes = Wishes::new(&params.meta, None).map_err(Error::InvalidParams)?;
    let is_watched = wishes.has_any() && transport::accepts_events(&exchange.headers);
    request.progress_wanted = is_watched && wishes.progress.is_some();
    let stream = is_watched.then(events::open);
    let outlet = stream.as_ref().map(|(outlet, _)| outlet.clone());
    let observer: Arc<dyn Observer> = match &outlet {
        Some(outlet) => Arc::new(Teller::new(wishes, outlet.clone(), revision, &name)),
        None => Arc::new(Unobserved),
    };
    let call = Call {
        site: site.clone(),
        revision,
        id: id.to_owned(),
        request,
        observer,
        outlet,
    };
    let background = &site.inner.background;
    let running = Running::new(call.ending(), Disconnect::IsNothing, background);
    Ok(match stream {
        Some((outlet, events)) => running.streaming(outlet, events).await,
        None => running.await,
    })
}

impl Call {
    /// Makes the call and says what came of it.
    async fn ending(self) -> Answer {
        let id = self.id.borrow();
        let refused = |error: Error| Answer::error(Some(id), &error, Era::Legacy);
        let finished = match call::run(&self.site, self.request, self.observer).await {
            Ok(finished) => finished,
            Err(error) => return refused(error),
        };
        if let Conclusion::ProtocolError(error) = &finished.outcome.conclusion {
            return refused(call::refusal(error));
        }
        let dropped = self.outlet.as_ref().map_or(0, Outlet::dropped);
        let result = CallResult::of(&finished, self.revision, None);
        Answer::result(id, &result.without_notifications(dropped))
    }
}
