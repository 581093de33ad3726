//! What a component exports, found and checked once, and asking it.
//!
//! The generated bindings would look up every export for each call, and want copies of what is
//! handed over.

use super::{Component, wrong_type};
use crate::{
    bindings::{
        completion::{CompletionRequest, Subject, Suggestions},
        host::types::CallError,
        prompts::{Prompt, PromptOutcome},
        resources::{ReadOutcome, ResourceList},
        tools::{CallOutcome, Tool},
    },
    convert::CallContext,
    rejection::Rejection,
    state::State,
};
use casemate_domain::{Completion, CompletionSubject, Request};
use std::marker::PhantomData;
use wasmtime::{
    Store,
    component::{
        ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower, TypedFunc,
        types::ComponentItem,
    },
};

/// The interfaces, in the newest version that is served.
const TOOLS: &str = "casemate:tool/tools@1.0.0";
const RESOURCES: &str = "casemate:tool/resources@1.0.0";
const PROMPTS: &str = "casemate:tool/prompts@1.0.0";
const COMPLETION: &str = "casemate:tool/completion@1.0.0";

type Describe<T> = Function<(), T>;
type Call<'a> = Function<(&'a str, &'a str, &'a CallContext<'a>), Fallible<CallOutcome>>;
type Read<'a> = Function<(&'a str, &'a CallContext<'a>), Fallible<ReadOutcome>>;
type Get<'a> =
    Function<(&'a str, &'a [(String, String)], &'a CallContext<'a>), Fallible<PromptOutcome>>;
type Complete<'a> = Function<(&'a CompletionRequest, &'a CallContext<'a>), Fallible<Suggestions>>;

/// What a guest gives back unless it fails.
pub(crate) type Fallible<T> = Result<T, CallError>;

/// What a component answers.
pub(crate) enum Answered {
    Tool(Fallible<CallOutcome>),
    Resource(Fallible<ReadOutcome>),
    Prompt(Fallible<PromptOutcome>),
    Completion(Fallible<Suggestions>),
}

/// Where the functions of a component are.
pub(crate) struct Exports {
    tools: Pair,
    resources: Option<Pair>,
    prompts: Option<Pair>,
    completion: Option<ComponentExportIndex>,
}

/// Where an interface lists what there is, and where it is asked for one of them.
struct Pair {
    describe: ComponentExportIndex,
    ask: ComponentExportIndex,
}

impl Exports {
    /// Finds the functions and checks their types.
    pub(super) fn find(pre: &InstancePre<State>) -> Result<Self, Rejection> {
        let is_there = |interface| pre.component().get_export_index(None, interface).is_some();
        let tools = Pair {
            describe: Describe::<Vec<Tool>>::find(pre, TOOLS, "describe")?,
            ask: Call::find(pre, TOOLS, "call")?,
        };
        let resources = is_there(RESOURCES).then(|| {
            Ok(Pair {
                describe: Describe::<ResourceList>::find(pre, RESOURCES, "describe")?,
                ask: Read::find(pre, RESOURCES, "read")?,
            })
        });
        let prompts = is_there(PROMPTS).then(|| {
            Ok(Pair {
                describe: Describe::<Vec<Prompt>>::find(pre, PROMPTS, "describe")?,
                ask: Get::find(pre, PROMPTS, "get")?,
            })
        });
        let completion = is_there(COMPLETION).then(|| Complete::find(pre, COMPLETION, "complete"));
        Ok(Self {
            tools,
            resources: resources.transpose()?,
            prompts: prompts.transpose()?,
            completion: completion.transpose()?,
        })
    }

    /// Whether it completes what is being typed.
    pub(crate) fn completes(&self) -> bool {
        self.completion.is_some()
    }

    /// Asks for the tools.
    pub(crate) async fn tools(
        &self,
        component: &Component,
        store: &mut Store<State>,
    ) -> wasmtime::Result<Vec<Tool>> {
        Describe::run(component, store, &self.tools.describe, ()).await
    }

    /// Asks for the resources, none if there is nobody to ask.
    pub(crate) async fn resources(
        &self,
        component: &Component,
        store: &mut Store<State>,
    ) -> wasmtime::Result<ResourceList> {
        match &self.resources {
            Some(pair) => Describe::run(component, store, &pair.describe, ()).await,
            None => Ok(ResourceList {
                resources: Vec::new(),
                templates: Vec::new(),
            }),
        }
    }

    /// Asks for the prompts, none if there is nobody to ask.
    pub(crate) async fn prompts(
        &self,
        component: &Component,
        store: &mut Store<State>,
    ) -> wasmtime::Result<Vec<Prompt>> {
        match &self.prompts {
            Some(pair) => Describe::run(component, store, &pair.describe, ()).await,
            None => Ok(Vec::new()),
        }
    }

    pub(super) async fn ask(
        &self,
        component: &Component,
        store: &mut Store<State>,
        request: &Request,
        context: &CallContext<'_>,
    ) -> wasmtime::Result<Answered> {
        Ok(match request {
            Request::Tool { name, arguments } => {
                let asked = (name.as_str(), arguments.get(), context);
                Answered::Tool(Call::run(component, store, &self.tools.ask, asked).await?)
            }
            Request::Read(uri) => {
                let read = &there(self.resources.as_ref())?.ask;
                let asked = (uri.as_str(), context);
                Answered::Resource(Read::run(component, store, read, asked).await?)
            }
            Request::Prompt { name, arguments } => {
                let get = &there(self.prompts.as_ref())?.ask;
                let asked = (name.as_str(), arguments.as_slice(), context);
                Answered::Prompt(Get::run(component, store, get, asked).await?)
            }
            Request::Complete(completion) => {
                let Some(complete) = &self.completion else {
                    return Ok(Answered::Completion(Ok(nothing_suggested())));
                };
                let asked = (&written(completion), context);
                Answered::Completion(Complete::run(component, store, complete, asked).await?)
            }
        })
    }
}

/// Clients ask about every prompt of a server; not every component knows more about its own.
fn nothing_suggested() -> Suggestions {
    Suggestions {
        values: Vec::new(),
        total: None,
        has_more: false,
    }
}

/// What a component does not describe it is not asked for, so this is there.
fn there<T>(export: Option<&T>) -> wasmtime::Result<&T> {
    export.ok_or_else(|| wasmtime::Error::msg("the component has no such export"))
}

fn written(completion: &Completion) -> CompletionRequest {
    CompletionRequest {
        subject: match &completion.subject {
            CompletionSubject::Prompt(name) => Subject::Prompt(name.to_string()),
            CompletionSubject::Template(template) => {
                Subject::ResourceTemplate(template.to_string())
            }
        },
        argument: completion.argument.clone(),
        value: completion.value.clone(),
        filled: completion.filled.clone(),
    }
}

/// A function of a guest, by what goes in and what comes out.
struct Function<P, R>(PhantomData<(P, R)>);

impl<P, R> Function<P, R>
where
    P: ComponentNamedList + Lower + Send + Sync,
    R: Lift + Send + Sync + 'static,
    (R,): ComponentNamedList + Lift,
{
    /// Finds it in an interface and checks its type.
    fn find(
        pre: &InstancePre<State>,
        interface: &str,
        name: &str,
    ) -> Result<ComponentExportIndex, Rejection> {
        let component = pre.component();
        let index = component.get_export_index(None, interface);
        let found = index.and_then(|index| component.get_export(Some(&index), name));
        let Some((ComponentItem::ComponentFunc(function), index)) = found else {
            return Err(wrong_type(wasmtime::Error::msg(format!(
                "`{interface}` has no function `{name}`"
            ))));
        };
        function
            .typecheck::<P, (R,)>(&pre.instance_type())
            .map_err(|error| wrong_type(error.context(format!("`{name}` of `{interface}`"))))?;
        Ok(index)
    }

    /// Makes a fresh instance in the store and calls it.
    async fn run(
        component: &Component,
        store: &mut Store<State>,
        index: &ComponentExportIndex,
        parameters: P,
    ) -> wasmtime::Result<R> {
        let instance = component.inner.pre.instantiate_async(&mut *store).await?;
        let function: TypedFunc<P, (R,)> = instance.get_typed_func(&mut *store, index)?;
        let (result,) = function.call_async(store, parameters).await?;
        Ok(result)
    }
}
