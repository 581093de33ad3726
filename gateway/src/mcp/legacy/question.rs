//! Questions to the client in the middle of a call, as requests of the server.
//!
//! The tool has ended with its questions, so nothing runs while a person thinks: the call waits
//! here, in a bounded number and for a bounded time. The answers arrive in requests of their own
//! and find the call by their session and the ids of the questions, which nobody can guess.

use super::session::{Session, SessionId};
use crate::mcp::{
    Site,
    ask::Question,
    capability,
    envelope::Response,
    error::shown,
    events::Outlet,
    object::{self, Object},
    places::{Place, Places},
    revision::Revision,
    seal::random,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use casemate_domain::{Answer, Json, NeedInput};
use futures_util::future::try_join_all;
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

/// How long a person may think.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long to wait before a tool is called again that asks nothing and wants to be called again.
const PAUSE: Duration = Duration::from_secs(1);
/// Calls of one key that may wait for answers at once.
const MAX_WAITING: usize = 32;
/// The id of a question is this and something random.
const PREFIX: &str = "question-";

/// The questions that wait for answers.
#[derive(Debug)]
pub(in crate::mcp) struct Questions {
    places: Arc<Places>,
    waiting: Mutex<HashMap<(SessionId, String), oneshot::Sender<Answered>>>,
}

/// What a client answers: its result, or why there is none.
type Answered = Result<Json, String>;

/// A question that waits, until this is dropped.
struct Waiting<'a> {
    questions: &'a Questions,
    name: (SessionId, String),
    answer: oneshot::Receiver<Answered>,
}

/// Where questions of a call can be asked.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) session: Arc<Session>,
    pub(super) revision: Revision,
    pub(super) outlet: Outlet,
}

/// Why there are no answers.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The client did not say that it can answer such questions.
    CannotAnswer(Vec<String>),
    /// In words for the model.
    Because(String),
    /// Nobody is there any more who could read any words.
    Gone,
}

#[derive(Serialize)]
struct Asked<'a> {
    jsonrpc: &'static str,
    id: &'a str,
    #[serde(flatten)]
    question: Question<'a>,
}

impl Asker {
    /// Asks the client and waits for all answers. Meanwhile the site is kept as of now.
    pub(super) async fn ask(
        &self,
        site: &mut Site,
        need: &NeedInput,
    ) -> Result<Vec<Answer>, Unanswered> {
        let needed = |request| capability::needed_by(request, self.revision);
        let needed = need.requests.iter().flat_map(needed);
        let missing = capability::missing(needed, &self.session.capabilities);
        if !missing.is_empty() {
            return Err(Unanswered::CannotAnswer(missing));
        }
        if need.requests.is_empty() {
            sleep(PAUSE).await;
            return Ok(Vec::new());
        }
        let words = need.requests.iter().map(|request| {
            let question = Question::of(request, self.revision);
            question.map(|question| (request.key.as_str(), question))
        });
        let words: Vec<_> = words
            .collect::<Result<_, _>>()
            .map_err(|problem| Unanswered::Because(problem.to_owned()))?;
        let inner = Arc::clone(&site.inner);
        let questions = &inner.legacy.questions;
        let _place: Place = questions.places.take(site, 0).ok_or_else(|| {
            Unanswered::Because(format!(
                "{MAX_WAITING} calls with this key wait for answers already. Answer or cancel one \
                 of them first."
            ))
        })?;
        let words = words.into_iter();
        let answers = words.map(|(key, question)| self.one(questions, key, question));
        tokio::select! {
            biased;
            () = self.outlet.gone() => Err(Unanswered::Gone),
            () = inner.background.stop().cancelled() => Err(Unanswered::Because(
                "The gateway stops; call again in a moment.".to_owned(),
            )),
            () = closed(site) => Err(Unanswered::Because(
                "The key does not open this server any more.".to_owned(),
            )),
            answers = timeout(PATIENCE, try_join_all(answers)) => match answers {
                Ok(answers) => answers.map_err(Unanswered::Because),
                Err(_) => Err(Unanswered::Because(format!(
                    "Nobody answered the tool's question within {} minutes.",
                    PATIENCE.as_secs() / 60
                ))),
            },
        }
    }

    async fn one(
        &self,
        questions: &Questions,
        key: &str,
        question: Question<'_>,
    ) -> Result<Answer, String> {
        let mut waiting = questions.wait(self.session.id);
        let asked = Asked {
            jsonrpc: "2.0",
            id: &waiting.name.1,
            question,
        };
        let message = serde_json::to_vec(&asked);
        self.outlet
            .send(&message.expect("questions have only string keys"));
        let answered = (&mut waiting.answer).await;
        let answered = answered.unwrap_or_else(|_| Err("its session has ended".to_owned()));
        answered
            .map(|value| Answer {
                key: key.to_owned(),
                value,
            })
            .map_err(|why| format!("The client did not answer the tool's question: {why}"))
    }
}

/// Waits until the key does not open the server any more. Holds on to no state but the newest: a
/// person may think for long.
async fn closed(site: &mut Site) {
    let mut changes = site.inner.service.access().changes();
    while let Ok(now) = site.reopened() {
        *site = now;
        if changes.changed().await.is_err() {
            return;
        }
    }
}

impl Default for Questions {
    fn default() -> Self {
        Self {
            places: Places::new(MAX_WAITING),
            waiting: Mutex::default(),
        }
    }
}

impl Questions {
    /// Takes an answer. One that nobody waits for is nothing.
    pub(super) fn answer(&self, session: SessionId, response: &Response<'_>) {
        let id = response.id.and_then(|id| object::string(id.raw()));
        let Some(id) = id.filter(|id| id.starts_with(PREFIX)) else {
            return;
        };
        let waiting = self.waiting().remove(&(session, id.into_owned()));
        if let Some(waiting) = waiting {
            // If the call has ended meanwhile, nobody waits.
            let _ = waiting.send(answered(response));
        }
    }

    /// Lets all questions of a session go: nobody can answer them any more.
    pub(super) fn end(&self, session: SessionId) {
        self.waiting().retain(|(asked, _), _| *asked != session);
    }

    fn wait(&self, session: SessionId) -> Waiting<'_> {
        let id = URL_SAFE_NO_PAD.encode(random::<16>());
        let name = (session, format!("{PREFIX}{id}"));
        let (sender, answer) = oneshot::channel();
        self.waiting().insert(name.clone(), sender);
        Waiting {
            questions: self,
            name,
            answer,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<(SessionId, String), oneshot::Sender<Answered>>> {
        // A panic under this lock leaves at worst a question without an answer.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.questions.waiting().remove(&self.name);
    }
}

fn answered(response: &Response<'_>) -> Answered {
    match response.outcome {
        Ok(result) if object::is_object(result) => Ok(Json::from(result.to_owned())),
        Ok(_) => Err("its result is no object".to_owned()),
        Err(error) => {
            let error = Object::of(error).unwrap_or_default();
            let message = error.string("message").unwrap_or_default();
            Err(shown(&message))
        }
    }
}
