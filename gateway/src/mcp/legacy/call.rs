//! `tools/call` of the handshake revisions.

use super::{
    Terms,
    question::{Asker, Unanswered},
    session::Session,
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
use crate::service::{CallRequest, FinishedCall};
use casemate_domain::{Conclusion, Continuation};
use casemate_runtime::{Observer, Unobserved};
use std::{sync::Arc, time::Instant};

/// How often a tool may ask in one call. One that asks for ever is broken.
const MAX_ROUNDS: usize = 16;

/// A call with everything it needs, so that it can go on when its connection breaks.
struct Call {
    site: Site,
    revision: Revision,
    id: OwnedId,
    observer: Arc<dyn Observer>,
    outlet: Option<Outlet>,
    asker: Option<Asker>,
    registered: Registered,
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
        call::check_capabilities(tool, capabilities(session.as_ref()))?;
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
    let can_answer = !capabilities(session.as_ref()).is_empty() && takes_events;
    request.progress_wanted = is_watched && wishes.progress.is_some();
    let stream = (is_watched || can_answer).then(events::open);
    let outlet = stream.as_ref().map(|(outlet, _)| outlet.clone());
    let observer: Arc<dyn Observer> = match &outlet {
        Some(outlet) if is_watched => {
            Arc::new(Teller::new(wishes, outlet.clone(), revision, &name))
        }
        _ => Arc::new(Unobserved),
    };
    let name = Name::new(
        site,
        session.as_ref().map(|session| session.id),
        id.as_str(),
    );
    let asker = outlet.clone().zip(session.filter(|_| can_answer));
    if let Some((_, session)) = &asker {
        request
            .client_capabilities
            .clone_from(&session.capabilities);
    }
    let call = Call {
        site: site.clone(),
        revision,
        id: id.to_owned(),
        observer,
        outlet,
        asker: asker.map(|(outlet, session)| Asker {
            session,
            revision,
            outlet,
        }),
        registered: site.inner.calls.register(name),
    };
    let unanswered = if takes_events {
        Answer::withdrawn
    } else {
        Answer::accepted
    };
    let background = &site.inner.background;
    let running = Running::new(
        call.ending(request, unanswered),
        Disconnect::IsNothing,
        background,
    );
    Ok(match stream {
        Some((outlet, events)) => running.streaming(outlet, events).await,
        None => running.await,
    })
}

fn capabilities(session: Option<&Session>) -> &[String] {
    session.map_or(&[], |session| &session.capabilities)
}

impl Call {
    /// Makes the call and says what came of it, unless it is withdrawn.
    async fn ending(self, request: CallRequest, unanswered: fn() -> Answer) -> Answer {
        tokio::select! {
            biased;
            () = self.registered.withdrawn() => unanswered(),
            answer = self.rounds(request) => answer,
        }
    }

    /// Calls the tool, and again with the answers to what it asks. Each time the key must still
    /// open the server.
    async fn rounds(&self, mut request: CallRequest) -> Answer {
        let mut site = self.site.clone();
        for _ in 0..MAX_ROUNDS {
            let again = self.asker.as_ref().map(|_| copy(&request));
            let finished = match call::run(&site, request, Arc::clone(&self.observer)).await {
                Ok(finished) => finished,
                Err(error) => return self.refused(&error),
            };
            let (Conclusion::NeedInput(need), Some(asker), Some(again)) =
                (&finished.outcome.conclusion, &self.asker, again)
            else {
                return self.ended(&finished);
            };
            let answers = match asker.ask(&self.site, need).await {
                Ok(answers) => answers,
                Err(unanswered) => return self.unanswered(&finished, unanswered),
            };
            request = CallRequest {
                continuation: Continuation {
                    answers,
                    state: need.state.clone(),
                },
                received: Instant::now(),
                ..again
            };
            site = match self.site.reopened() {
                Ok(site) => site,
                Err(error) => return self.refused(&error),
            };
        }
        self.refused(&Error::OfTool {
            code: -32603,
            message: format!(
                "The tool asked {MAX_ROUNDS} times without an end; its author has to mend this"
            ),
            data: None,
        })
    }

    fn ended(&self, finished: &FinishedCall) -> Answer {
        if let Conclusion::ProtocolError(error) = &finished.outcome.conclusion {
            return self.refused(&call::refusal(error));
        }
        self.result(CallResult::of(finished, self.revision, None))
    }

    fn unanswered(&self, finished: &FinishedCall, unanswered: Unanswered) -> Answer {
        match unanswered {
            Unanswered::CannotAnswer(names) => self.refused(&Error::MissingCapabilities(names)),
            Unanswered::Because(why) => self.result(CallResult::unanswered(finished, why)),
            Unanswered::Gone => Answer::accepted(),
        }
    }

    fn result(&self, result: CallResult<'_>) -> Answer {
        let dropped = self.outlet.as_ref().map_or(0, Outlet::dropped);
        Answer::result(self.id.borrow(), &result.without_notifications(dropped))
    }

    fn refused(&self, error: &Error) -> Answer {
        Answer::error(Some(self.id.borrow()), error, Era::Legacy)
    }
}

/// The same request for another round.
fn copy(request: &CallRequest) -> CallRequest {
    CallRequest {
        tool: request.tool.clone(),
        arguments: request.arguments.clone(),
        client: request.client.clone(),
        client_capabilities: request.client_capabilities.clone(),
        progress_wanted: request.progress_wanted,
        trace_parent: request.trace_parent.clone(),
        trace_state: request.trace_state.clone(),
        continuation: Continuation::default(),
        received: request.received,
    }
}
