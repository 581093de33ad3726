//! The client of `rmcp` with somebody behind it: who is told of progress and changed lists, and
//! answers what a tool asks.

use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        CallToolRequestParams, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
        Implementation, ProgressNotificationParam, SubscriptionFilter,
    },
    service::{
        ClientLifecycleMode, ClientServiceExt as _, NotificationContext, RequestContext,
        RunningService,
    },
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

const PATIENCE: Duration = Duration::from_secs(10);

/// What a client was asked and told.
#[derive(Debug, Clone, Default)]
struct Told {
    steps: Arc<Mutex<Vec<String>>>,
    progress: Arc<Mutex<Vec<f64>>>,
    changed: Arc<Notify>,
}

impl ClientHandler for Told {
    fn get_info(&self) -> ClientConfig {
        let can = serde_json::from_value(json!({ "elicitation": {} })).unwrap();
        ClientConfig::new(can, Implementation::new("casemate-tests", "1.0.0"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams {
            message,
            requested_schema,
            ..
        } = request
        else {
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        };
        self.steps.lock().unwrap().push(message);
        let field = requested_schema.properties.keys().next().unwrap();
        let content = json!({ field.as_str(): "blue" });
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(content))
    }

    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.progress.lock().unwrap().push(params.progress);
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }
}

type Client = RunningService<RoleClient, Told>;

/// What the scripts of other clients print of their streams.
pub(super) async fn see(url: &str, key: &str, lifecycle: ClientLifecycleMode) -> Value {
    let told = Told::default();
    let transport = super::transport(url, key);
    let client = told.clone().serve_with_lifecycle(transport, lifecycle);
    let client = client.await.unwrap();
    let protocol = client.peer_info().unwrap().protocol_version.to_string();
    let before = client.list_all_tools().await.unwrap().len();
    let watched = call(&client, "test_tool_with_progress").await;
    let progress = timeout(PATIENCE, all_progress(&told)).await.unwrap();
    let asked = call(&client, "test_input_required_result_multi_round").await;
    let change = async {
        if protocol == "2026-07-28" {
            let wanted = SubscriptionFilter::builder().tools_list_changed().build();
            let mut changes = client.listen(wanted).await.unwrap();
            call(&client, "test_trigger_tool_change").await;
            changes.next().await.unwrap().unwrap();
        } else {
            call(&client, "test_trigger_tool_change").await;
            told.changed.notified().await;
        }
    };
    timeout(PATIENCE, change).await.expect("it is told");
    let after = client.list_all_tools().await.unwrap().len();
    client.cancel().await.unwrap();
    let steps = told.steps.lock().unwrap().clone();
    json!({
        "protocol": protocol,
        "progress": progress,
        "watched": watched,
        "steps": steps,
        "asked": asked,
        "fewer": before - after,
    })
}

/// Calls a tool without arguments. Gives the text that it answers with.
async fn call(client: &Client, tool: &'static str) -> Value {
    let params = CallToolRequestParams::new(tool);
    let result = client.call_tool(params).await.unwrap();
    serde_json::to_value(result).unwrap()["content"][0]["text"].clone()
}

/// What was told of a call that tells three times. Notifications may be handled after the result.
async fn all_progress(told: &Told) -> Vec<f64> {
    loop {
        let progress = told.progress.lock().unwrap().clone();
        if progress.len() >= 3 {
            return progress;
        }
        sleep(Duration::from_millis(5)).await;
    }
}
