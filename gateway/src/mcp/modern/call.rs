//! Running a component in the stateless revision.

use super::Envelope;
use crate::mcp::{
    Exchange, Params, Site,
    answer::Answer,
    ask::{self, InputRequired},
    call,
    envelope::Id,
    error::{Era, Error},
    events::{self, Outlet},
    method::{Method, Wanted},
    mirror,
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

/// Calls that end within this are not missed by any proxy on the way: those give up after a minute.
const SHORT_MS: u64 = 30_000;

/// What is needed to turn the end of a call into an answer.
struct Ending<'a, P> {
    method: Method,
    site: &'a Site,
    id: Id<'a>,
    capabilities: &'a [String],
    /// Whether it may become a task.
    support: TaskSupport,
    /// The place of its state; worked out only if there is any.
    place: P,
}

/// Answers a call. Nothing more than the call itself is done for a client that wants to be told
/// nothing before its end, where calls cannot take long.
pub(super) async fn answer(
    exchange: &Exchange,
    id: Id<'_>,
    method: Method,
    params: &Params<'_>,
    envelope: &Envelope<'_>,
) -> Result<Answer, Error> {
    let site = &exchange.site;
    let wanted = Wanted::read(method, params)?;
    if method.named_by().is_some() {
        // The headers repeat what the body says, also where that is not the tool that runs.
        mirror::check_name(&exchange.headers, &wanted.name)?;
    }
    let callee = match search::meant(site, wanted)? {
        Meant::Run(callee) => callee,
        Meant::Said(said) => {
            let result = said.result(Revision::MODERN, site.info());
            return Ok(Answer::result(id, &result));
        }
    };
    let support = checked(exchange, &callee, envelope)?;
    let wanted = callee.wanted;
    let asked = wanted.asked(params)?;
    let place = || {
        let server = site.server().record.id;
        let method = method.as_str();
        let credential = site.open.credential();
        Place::new(server, credential, method, &wanted.name, wanted.arguments)
    };
    let client_info = envelope.client_info.as_ref();
    let mut request = call::request(exchange, params, client_info, asked);
    request
        .client_capabilities
        .clone_from(&envelope.capabilities);
    request.continuation = ask::continuation(site, params, place)?;
    let wishes = Wishes::new(&params.meta, envelope.level).map_err(Error::InvalidParams)?;
    let may_stream = wishes.has_any() || site.open.lets_calls_take_longer(SHORT_MS);
    if may_stream && transport::accepts_events(&exchange.headers) {
        request.progress_wanted = wishes.progress.is_some();
        let told = (place(), wishes);
        let how = (method, support);
        return Ok(watched(exchange, id, how, request, told).await);
    }
    let ending = Ending {
        method,
        site,
        id,
        capabilities: &envelope.capabilities,
        support,
        place,
    };
    Ok(ending.of(request, Arc::new(Unobserved), None).await)
}

/// A call that may say something before its end, or take long.
async fn watched(
    exchange: &Exchange,
    id: Id<'_>,
    (method, support): (Method, TaskSupport),
    request: CallRequest,
    (place, wishes): (Place, Wishes),
) -> Answer {
    let (outlet, events) = events::open();
    let teller = Teller::new(
        wishes,
        outlet.clone(),
        Revision::MODERN,
        request.asked.name(),
    );
    let (site, id) = (exchange.site.clone(), id.to_owned());
    let capabilities = request.client_capabilities.clone();
    let running = {
        let outlet = outlet.clone();
        async move {
            let ending = Ending {
                method,
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
            Conclusion::NeedInput(need) => {
                let (can, place) = (self.capabilities, (self.place)());
                match InputRequired::new(self.site, &finished, need, can, &place) {
                    Ok(asked) => Answer::result(self.id, &asked),
                    Err(error) => refused(error),
                }
            }
            _ => {
                let dropped = outlet.map_or(0, Outlet::dropped);
                let shape = (Revision::MODERN, Some(self.site.info()));
                call::answer(self.method, self.id, &finished, shape, dropped)
                    .unwrap_or_else(refused)
            }
        }
    }
}

/// What a tool declares that it needs: the headers must agree with the arguments, and the client
/// must be able to do it. Gives whether it may become a task. Only tools declare anything.
fn checked(
    exchange: &Exchange,
    callee: &Callee<'_>,
    envelope: &Envelope<'_>,
) -> Result<TaskSupport, Error> {
    let site = &exchange.site;
    // A tool that is not there has nothing to be checked; that is said when it is called.
    let tool = match callee.wanted.method {
        Method::CallTool => call::tool(site, &callee.wanted.name),
        _ => None,
    };
    let Some(tool) = tool else {
        return Ok(TaskSupport::Forbidden);
    };
    if callee.is_repeated() {
        let prepared = site.prepared();
        for mirror in prepared.mirrors(site.server(), tool) {
            mirror.check(&exchange.headers, callee.wanted.arguments)?;
        }
    }
    call::check_capabilities(tool, &envelope.capabilities)?;
    tasks::support(tool, &envelope.capabilities)
}
