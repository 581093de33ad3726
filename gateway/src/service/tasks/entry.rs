//! One task in memory: what those who ask see of it, its open questions, and who wants it to stop.

use super::seats::Seat;
use casemate_domain::{
    Answer, InputRequest, Json, KeyId, NeedInput, ServerId, Stop, StopReason, TaskStatus,
};
use casemate_store::records::TaskRecord;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// A task as it is at one moment.
#[derive(Debug, Clone)]
pub struct TaskView {
    /// All that is known of it.
    pub record: Arc<TaskRecord>,
    /// What its tool has asked and nobody has answered.
    pub questions: Arc<[InputRequest]>,
}

/// Why a task has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Its client cancelled it.
    Client,
    /// An administrator did.
    Administrator,
    /// Its key does not open the server any more.
    KeyClosed,
    /// Its server was switched off.
    ServerInactive,
    /// Its time is over.
    Expired,
}

/// A task, until it is removed.
#[derive(Debug)]
pub(super) struct Entry {
    key: KeyId,
    server: ServerId,
    expires_at: Timestamp,
    view: watch::Sender<TaskView>,
    asked: Mutex<Asked>,
    answered: Notify,
    cause: OnceLock<Cause>,
    stop: CancellationToken,
    seat: Mutex<Seat>,
}

/// The questions of the present round, and the names of all that were ever asked.
#[derive(Debug, Default)]
struct Asked {
    open: Vec<Question>,
    used: HashSet<String>,
}

#[derive(Debug)]
struct Question {
    /// Under which the tool knows it.
    key: String,
    /// As the client sees it: no two questions of a task have the same name.
    request: InputRequest,
    answer: Option<Json>,
}

impl Cause {
    /// What the call is stopped with.
    pub(super) fn stop(self) -> Stop {
        let reason = match self {
            Self::KeyClosed => StopReason::KeyRevoked,
            _ => StopReason::Cancelled,
        };
        let message = format!("The call was stopped: {}.", self.words());
        Stop { reason, message }
    }

    /// Where the task is then, and why.
    pub(super) fn status(self) -> (TaskStatus, String) {
        let status = match self {
            Self::Expired => TaskStatus::Failed,
            _ => TaskStatus::Cancelled,
        };
        (status, format!("The task was stopped: {}.", self.words()))
    }

    fn words(self) -> &'static str {
        match self {
            Self::Client => "its client cancelled it",
            Self::Administrator => "an administrator cancelled it",
            Self::KeyClosed => "its key does not open the server any more",
            Self::ServerInactive => "the server was switched off",
            Self::Expired => "it came to the end of the time for which tasks are kept",
        }
    }
}

impl TaskView {
    /// From when on it is gone.
    pub fn expires_at(&self) -> Timestamp {
        expires_at(&self.record)
    }
}

fn expires_at(record: &TaskRecord) -> Timestamp {
    let lifetime = i64::try_from(record.ttl_ms).unwrap_or(i64::MAX);
    let end = record
        .created_at
        .checked_add(SignedDuration::from_millis(lifetime));
    end.unwrap_or(Timestamp::MAX)
}

impl Entry {
    pub(super) fn new(record: TaskRecord, seat: Seat) -> Self {
        Self {
            key: record.key_id,
            server: record.server_id,
            expires_at: expires_at(&record),
            view: watch::Sender::new(TaskView {
                record: Arc::new(record),
                questions: [].into(),
            }),
            asked: Mutex::default(),
            answered: Notify::new(),
            cause: OnceLock::new(),
            stop: CancellationToken::new(),
            seat: Mutex::new(seat),
        }
    }

    pub(super) fn view(&self) -> TaskView {
        self.view.borrow().clone()
    }

    pub(super) fn follow(&self) -> watch::Receiver<TaskView> {
        self.view.subscribe()
    }

    pub(super) fn server(&self) -> ServerId {
        self.server
    }

    pub(super) fn belongs_to(&self, key: KeyId, server: ServerId) -> bool {
        self.key == key && self.server == server
    }

    pub(super) fn is_over(&self) -> bool {
        self.view.borrow().record.status.is_over()
    }

    pub(super) fn has_expired(&self) -> bool {
        self.expires_at <= Timestamp::now()
    }

    /// How long it is kept yet.
    pub(super) fn remaining(&self) -> Duration {
        let remaining = self.expires_at.duration_since(Timestamp::now());
        Duration::try_from(remaining).unwrap_or_default()
    }

    /// Waits until it is over.
    pub(super) async fn over(&self) {
        let mut view = self.follow();
        // The sender is here.
        drop(view.wait_for(|view| view.record.status.is_over()).await);
    }

    /// Wants it to stop. The first reason counts.
    pub(super) fn stop(&self, cause: Cause) {
        if self.cause.set(cause).is_ok() {
            self.stop.cancel();
        }
    }

    /// Waits until somebody wants it to stop.
    pub(super) async fn stopped(&self) -> Cause {
        self.stop.cancelled().await;
        *self.cause.get().expect("whoever stops says why, first")
    }

    /// Shows the questions of its tool to those who ask.
    pub(super) fn ask(&self, need: &NeedInput) {
        let mut asked = self.asked();
        asked.open = need
            .requests
            .iter()
            .map(|request| Question {
                key: request.key.clone(),
                request: InputRequest {
                    key: unused(&mut asked.used, &request.key),
                    body: request.body.clone(),
                },
                answer: None,
            })
            .collect();
        let state = need.state.as_ref().map_or(0, Vec::len);
        self.seat().hold_more(state as u64);
        self.show(&asked);
    }

    /// Takes answers to what is asked, and nothing else.
    pub(super) fn answer(&self, answers: Vec<Answer>) {
        let mut asked = self.asked();
        let mut taken = 0;
        for Answer { key, value } in answers {
            let mut open = asked.open.iter_mut();
            let question =
                open.find(|question| question.answer.is_none() && question.request.key == key);
            if let Some(question) = question {
                taken += value.get().len() as u64;
                question.answer = Some(value);
            }
        }
        if taken == 0 {
            return;
        }
        self.seat().hold_more(taken);
        self.show(&asked);
        if asked.is_answered() {
            self.answered.notify_one();
        }
    }

    /// Waits until everything is answered. Gives the answers under the names of the tool.
    pub(super) async fn answers(&self) -> Vec<Answer> {
        while !self.asked().is_answered() {
            self.answered.notified().await;
        }
        let open = std::mem::take(&mut self.asked().open).into_iter();
        open.filter_map(|Question { key, answer, .. }| answer.map(|value| Answer { key, value }))
            .collect()
    }

    /// Shows another record, with no questions: what is answered from here on is too late.
    pub(super) fn put(&self, record: TaskRecord) {
        let mut asked = self.asked();
        asked.open.clear();
        if record.status.is_over() {
            // Arguments, answers and state are gone; what is left is the result.
            let bytes = record.content.map_or(0, |content| content.bytes);
            self.seat().hold(bytes);
        }
        self.view.send_replace(TaskView {
            record: Arc::new(record),
            questions: [].into(),
        });
    }

    fn show(&self, asked: &Asked) {
        let open = asked.open.iter().filter(|one| one.answer.is_none());
        let questions: Arc<[_]> = open.map(|one| one.request.clone()).collect();
        let status = if questions.is_empty() {
            TaskStatus::Working
        } else {
            TaskStatus::InputRequired
        };
        self.view.send_modify(|view| {
            let mut record = TaskRecord::clone(&view.record);
            if record.status != status {
                record.status = status;
                record.updated_at = Timestamp::now();
            }
            *view = TaskView {
                record: Arc::new(record),
                questions,
            };
        });
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        // Nothing panics while it holds this lock.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seat(&self) -> MutexGuard<'_, Seat> {
        // Nothing panics while it holds this lock.
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn is_answered(&self) -> bool {
        self.open.iter().all(|question| question.answer.is_some())
    }
}

/// A name that no question of this task had: clients tell questions apart by their names, also those
/// of rounds before.
fn unused(used: &mut HashSet<String>, key: &str) -> String {
    let mut name = key.to_owned();
    let mut count = 1_u32;
    while !used.insert(name.clone()) {
        count += 1;
        name = format!("{key}-{count}");
    }
    name
}

#[cfg(test)]
mod tests;
