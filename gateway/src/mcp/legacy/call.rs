//! `tools/call` of the handshake revisions.

use super::{
    Terms,
    withdrawal::{Name, Registered},
};
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
    observer: Arc<dyn Observer>,
    outlet: Option<Outlet>,
    registered: Registered,
    unanswered: Unanswered,
}

/// How to say nothing to a client that withdrew its call.
#[derive(Clone, Copy)]
enum Unanswered {
    /// With a stream that ends.
    Stream,
    /// With no body at all.
    Nothing,
}

/// Answers a call.
pub(super) async fn answer(
    exchange: &Exchange,
    id: Id<'_>,
    params: &Params<'_>,
    terms: Terms,
) -> Result<Answer, Error> {
    let Terms { revision, session } = terms;
    let name = call::name(params)?;
    let arguments = call::arguments(params)?;
    let site = &exchange.site;
    if let Some(tool) = call::tool(site, &name) {
        call::check_capabilities(tool, &[])?;
    }
    let mut request = call::request(exchange, params, None, &name, arguments);
    let mut level = None;
    if let Some(session) = &session {
        request.client = session.client.clone().or(request.client);
        level = site.inner.notes.level(&session.id);
    }
    let wishes = Wishes::new(&params.meta, level).map_err(Error::InvalidParams)?;
    let takes_events = transport::accepts_events(&exchange.headers);
    let is_watched = wishes.has_any() && takes_events;
    request.progress_wanted = is_watched && wishes.progress.is_some();
    let stream = is_watched.then(events::open);
    let outlet = stream.as_ref().map(|(outlet, _)| outlet.clone());
    let observer: Arc<dyn Observer> = match &outlet {
        Some(outlet) => Arc::new(Teller::new(wishes, outlet.clone(), revision, &name)),
        None => Arc::new(Unobserved),
    };
    let call_name = Name::new(site, session.map(|session| session.id), id.as_str());
    let call = Call {
        site: site.clone(),
        revision,
        id: id.to_owned(),
        observer,
        outlet,
        registered: site.inner.calls.register(call_name),
        unanswered: if takes_events {
            Unanswered::Stream
        } else {
            Unanswered::Nothing
        },
    };
    let background = &site.inner.background;
    let running = Running::new(call.ending(request), Disconnect::IsNothing, background);
    Ok(match stream {
        Some((outlet, events)) => running.streaming(outlet, events).await,
        None => running.await,
    })
}

impl Call {
    /// Makes the call and says what came of it, unless it is withdrawn.
    async fn ending(self, request: CallRequest) -> Answer {
        tokio::select! {
            biased;
            () = self.registered.withdrawn() => match self.unanswered {
                Unanswered::Stream => Answer::withdrawn(),
                Unanswered::Nothing => Answer::accepted(),
            },
            answer = self.made(request) => answer,
        }
    }

    async fn made(&self, request: CallRequest) -> Answer {
        let id = self.id.borrow();
        let refused = |error: Error| Answer::error(Some(id), &error, Era::Legacy);
        let observer = Arc::clone(&self.observer);
        let finished = match call::run(&self.site, request, observer).await {
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
