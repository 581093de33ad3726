//! Running a component in the handshake revisions.

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
    events::{self, Events, Outlet},
    method::{Method, Wanted},
    result::{self, CallResult},
    revision::Revision,
    running::{Disconnect, Running},
    search::{self, Meant},
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
    method: Method,
    revision: Revision,
    id: OwnedId,
    observer: Arc<dyn Observer>,
    outlet: Option<Outlet>,
    asker: Option<Asker>,
    registered: Registered,
}

/// Between a call and its client, while it runs.
struct Line {
    stream: Option<(Outlet, Events)>,
    observer: Arc<dyn Observer>,
    wants_progress: bool,
    asker: Option<Asker>,
}

/// Answers a call.
pub(super) async fn answer(
    exchange: &Exchange,
    id: Id<'_>,
    method: Method,
    params: &Params<'_>,
    terms: Terms,
) -> Result<Answer, Error> {
    let Terms { revision, session } = terms;
    let site = &exchange.site;
    let session_id = session.as_ref().map(|session| session.id);
    let wanted = Wanted::read(method, params)?;
    let wanted = match search::meant(site, wanted)? {
        Meant::Run(callee) => callee.wanted,
        Meant::Said(said) => return Ok(Answer::result(id, &said.result(revision, site.info()))),
    };
    let mut request = request(exchange, &wanted, params, session.as_deref())?;
    let line = Line::new(exchange, params, revision, session, request.asked.name())?;
    request.progress_wanted = line.wants_progress;
    let call = Call {
        method,
        revision,
        id: id.to_owned(),
        observer: line.observer,
        outlet: line.stream.as_ref().map(|(outlet, _)| outlet.clone()),
        asker: line.asker,
        registered: site
            .inner
            .legacy
            .calls
            .register(Name::new(site, session_id, id.as_str())),
    };
    let takes_events = transport::accepts_events(&exchange.headers);
    let unanswered = if takes_events {
        Answer::withdrawn
    } else {
        Answer::accepted
    };
    let running = Running::new(
        call.ending(site.clone(), request, unanswered),
        Disconnect::IsNothing,
        &site.inner.background,
    );
    Ok(match line.stream {
        Some((outlet, events)) => running.streaming(outlet, events).await,
        None if takes_events => running.silent().await,
        None => running.await,
    })
}

/// What is asked for, and by whom, as far as the session knows.
fn request(
    exchange: &Exchange,
    wanted: &Wanted<'_>,
    params: &Params<'_>,
    session: Option<&Session>,
) -> Result<CallRequest, Error> {
    let asked = wanted.asked(params)?;
    let capabilities = session.map_or(&[][..], |session| &session.capabilities);
    if wanted.method == Method::CallTool
        && let Some(tool) = call::tool(&exchange.site, &wanted.name)
    {
        call::check_capabilities(tool, capabilities)?;
    }
    let request = call::request(exchange, params, None, asked);
    let client = session.and_then(|session| session.client.clone());
    Ok(CallRequest {
        client: client.or(request.client),
        ..request
    })
}

impl Line {
    /// A line over which a client is told what it wants to know, and asked what it can answer.
    fn new(
        exchange: &Exchange,
        params: &Params<'_>,
        revision: Revision,
        session: Option<Arc<Session>>,
        tool: &str,
    ) -> Result<Self, Error> {
        let takes_events = transport::accepts_events(&exchange.headers);
        let notes = &exchange.site.inner.legacy.notes;
        let level = session
            .as_ref()
            .and_then(|session| notes.level(&session.id));
        let wishes = Wishes::new(&params.meta, level).map_err(Error::InvalidParams)?;
        let is_watched = takes_events && wishes.has_any();
        let wants_progress = takes_events && wishes.progress.is_some();
        let session = session.filter(|session| takes_events && !session.capabilities.is_empty());
        let stream = (is_watched || session.is_some()).then(events::open);
        let outlet = stream.as_ref().map(|(outlet, _)| outlet);
        let observer: Arc<dyn Observer> = match outlet {
            Some(outlet) if is_watched => {
                Arc::new(Teller::new(wishes, outlet.clone(), revision, tool))
            }
            _ => Arc::new(Unobserved),
        };
        let asker = outlet.cloned().zip(session).map(|(outlet, session)| Asker {
            session,
            revision,
            outlet,
        });
        Ok(Self {
            stream,
            observer,
            wants_progress,
            asker,
        })
    }
}

impl Call {
    /// Makes the call and says what came of it, unless it is withdrawn.
    async fn ending(self, site: Site, request: CallRequest, unanswered: fn() -> Answer) -> Answer {
        tokio::select! {
            biased;
            () = self.registered.withdrawn() => unanswered(),
            answer = self.rounds(site, request) => answer,
        }
    }

    /// Calls the tool, and again with the answers to what it asks. Each time the key must still
    /// open the server.
    async fn rounds(&self, mut site: Site, mut request: CallRequest) -> Answer {
        // What nobody can be asked, the tool is not told to ask.
        if let Some(asker) = &self.asker {
            let can = &mut request.client_capabilities;
            can.clone_from(&asker.session.capabilities);
        }
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
            let answers = match asker.ask(&mut site, need).await {
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
            site = match site.reopened() {
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
        let (id, shape) = (self.id.borrow(), (self.revision, None));
        call::answer(self.method, id, finished, shape, self.dropped())
            .unwrap_or_else(|error| self.refused(&error))
    }

    fn unanswered(&self, finished: &FinishedCall, unanswered: Unanswered) -> Answer {
        match unanswered {
            Unanswered::CannotAnswer(names) => self.refused(&Error::MissingCapabilities(names)),
            Unanswered::Because(why) if self.method == Method::CallTool => {
                let result = CallResult::unanswered(finished, why);
                let result = result.without_notifications(self.dropped());
                Answer::result(self.id.borrow(), &result)
            }
            Unanswered::Because(why) => self.refused(&result::unanswered(finished, why)),
            Unanswered::Gone => Answer::accepted(),
        }
    }

    fn dropped(&self) -> u64 {
        self.outlet.as_ref().map_or(0, Outlet::dropped)
    }

    fn refused(&self, error: &Error) -> Answer {
        Answer::error(Some(self.id.borrow()), error, Era::Legacy)
    }
}

/// The same request for another round.
fn copy(request: &CallRequest) -> CallRequest {
    CallRequest {
        asked: request.asked.clone(),
        client: request.client.clone(),
        client_capabilities: request.client_capabilities.clone(),
        progress_wanted: request.progress_wanted,
        trace_parent: request.trace_parent.clone(),
        trace_state: request.trace_state.clone(),
        continuation: Continuation::default(),
        received: request.received,
    }
}
