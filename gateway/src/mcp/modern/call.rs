//! `tools/call` of the stateless revision.

use super::Envelope;
use crate::mcp::{
    Exchange, Params, Site,
    answer::Answer,
    ask::{self, InputRequired},
    call,
    envelope::Id,
    error::{Era, Error},
    events::{self, Outlet},
    mirror,
    result::CallResult,
    revision::Revision,
    running::{Disconnect, Running},
    seal::Place,
    search::{self, Callee, Meant},
    tasks::{self, Created},
    transport,
    watching::{Teller, Wishes},
};
use crate::service::{CallRequest, tasks::Ran};
use casemate_domain::{Conclusion, TaskSupport};
use casemate_runtime::{Observer, Unobserved};
use std::sync::Arc;

/// What is needed to turn the end of a call into an answer.
struct Ending<'a, P> {
    site: &'a Site,
    id: Id<'a>,
    capabilities: &'a [String],
    /// Whether it may become a task.
    support: TaskSupport,
    /// The place of its state; worked out only if there is any.
    place: P,
}

/// Answers a call. Nothing more than the call itself is done for a client that wants to be told
/// nothing before its end.
pub(super) async fn answer(
    exchange: &Exchange,
    id: Id<'_>,
    params: &Params<'_>,
    envelope: &Envelope<'_>,
) -> Result<Answer, Error> {
    let site = &exchange.site;
    let name = call::name(params)?;
    // The headers repeat what the body says, also where that is not the tool that runs.
    mirror::check_name(&exchange.headers, &name)?;
    let callee = match search::meant(site, name, params)? {
        Meant::Tool(callee) => callee,
        Meant::Said(said) => {
            return Ok(Answer::result(
                id,
                &said.result(Revision::MODERN, site.info()),
            ));
        }
    };
    check_tool(exchange, params, &callee, envelope)?;
    let support = tasks::support(call::tool(site, &callee.name), &envelope.capabilities)?;
    let (name, arguments) = (&callee.name, callee.arguments(params)?);
    let place = || {
        let server = site.server().record.id;
        Place::new(server, site.open.credential(), name, arguments)
    };
    let client_info = envelope.client_info.as_ref();
    let mut request = call::request(exchange, params, client_info, name, arguments);
    request
        .client_capabilities
        .clone_from(&envelope.capabilities);
    request.continuation = ask::continuation(site, params, place)?;
    let wishes = Wishes::new(&params.meta, envelope.level).map_err(Error::InvalidParams)?;
    if wishes.has_any() && transport::accepts_events(&exchange.headers) {
        request.progress_wanted = wishes.progress.is_some();
        return Ok(watched(exchange, id, request, place(), (wishes, support)).await);
    }
    let ending = Ending {
        site,
        id,
        capabilities: &envelope.capabilities,
        support,
        place,
    };
    Ok(ending.of(request, Arc::new(Unobserved), None).await)
}

/// A call that may say something before its end.
async fn watched(
    exchange: &Exchange,
    id: Id<'_>,
    request: CallRequest,
    place: Place,
    (wishes, support): (Wishes, TaskSupport),
) -> Answer {
    let (outlet, events) = events::open();
    let teller = Teller::new(wishes, outlet.clone(), Revision::MODERN, &request.tool);
    let (site, id) = (exchange.site.clone(), id.to_owned());
    let capabilities = request.client_capabilities.clone();
    let running = {
        let outlet = outlet.clone();
        async move {
            let ending = Ending {
                site: &site,
                id: id.borrow(),
                capabilities: &capabilities,
                support,
                place: || place.clone(),
            };
            ending.of(request, Arc::new(teller), Some(&outlet)).await
        }
    };
    let background = &exchange.site.inner.background;
    Running::new(running, Disconnect::Cancels, background)
        .streaming(outlet, events)
        .await
}

impl<P: Fn() -> Place> Ending<'_, P> {
    /// Makes the call and says what came of it.
    async fn of(
        &self,
        request: CallRequest,
        observer: Arc<dyn Observer>,
        outlet: Option<&Outlet>,
    ) -> Answer {
        let refused = |error: Error| Answer::error(Some(self.id), &error, Era::Modern);
        let finished = match tasks::call(self.site, request, observer, self.support).await {
            Ok(Ran::Finished(finished)) => finished,
            Ok(Ran::Task(task)) => {
                return Answer::result(self.id, &Created::new(&task, self.site.info()));
            }
            Err(error) => return refused(error),
        };
        match &finished.outcome.conclusion {
            Conclusion::ProtocolError(error) => refused(call::refusal(error)),
            Conclusion::NeedInput(need) => {
                let (can, place) = (self.capabilities, (self.place)());
                match InputRequired::new(self.site, &finished, need, can, &place) {
                    Ok(asked) => Answer::result(self.id, &asked),
                    Err(error) => refused(error),
                }
            }
            _ => {
                let dropped = outlet.map_or(0, Outlet::dropped);
                let server = Some(self.site.info());
                let result = CallResult::of(&finished, Revision::MODERN, server);
                Answer::result(self.id, &result.without_notifications(dropped))
            }
        }
    }
}

/// The headers must agree with the arguments, and the client must be able to do what the tool needs.
fn check_tool(
    exchange: &Exchange,
    params: &Params<'_>,
    callee: &Callee<'_>,
    envelope: &Envelope<'_>,
) -> Result<(), Error> {
    let site = &exchange.site;
    // A tool that is not there has nothing to be checked; that is said when it is called.
    let Some(tool) = call::tool(site, &callee.name) else {
        return Ok(());
    };
    if let Some(arguments) = callee.repeated(params) {
        let prepared = site.prepared();
        for mirror in prepared.mirrors(site.server(), tool) {
            mirror.check(&exchange.headers, arguments)?;
        }
    }
    call::check_capabilities(tool, &envelope.capabilities)
}
