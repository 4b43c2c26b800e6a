//! Secrets Manager: winterbaume on a port, its state in a file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use winterbaume_core::{
    MockRequest, MockResponse, MockService, StatefulService, default_account_id,
};
use winterbaume_secretsmanager::SecretsManagerService;

use crate::data_dir::{DataDir, replace};
use crate::rotation;
use crate::serving::Serving;
use crate::{StackError, stores::REGION};

/// The service, and what of it is saved.
struct Secrets {
    service: SecretsManagerService,
    file: Option<PathBuf>,
    /// One call at a time, so that a later state is never overwritten by an earlier one.
    saved: Mutex<Value>,
    /// Where the functions are, once they are.
    functions_url: Arc<OnceLock<String>>,
}

/// Loads the secrets of a folder, or none in memory, and serves them. They are rotated by the function
/// at `functions_url`, once that is known.
pub(crate) async fn start(
    data_dir: Option<&DataDir>,
    port: u16,
    functions_url: Arc<OnceLock<String>>,
) -> Result<Serving, StackError> {
    let secrets = Secrets {
        service: SecretsManagerService::new(),
        file: data_dir.map(|data_dir| data_dir.file("secrets.json")),
        saved: Mutex::default(),
        functions_url,
    };
    if let Some(file) = secrets.file.as_deref().filter(|file| file.exists()) {
        load(&secrets.service, file).await?;
    }
    let app = Router::new().fallback(call).with_state(Arc::new(secrets));
    Serving::start("SECRETS_PORT", port, |listener, ended| async move {
        let served = axum::serve(listener, app).with_graceful_shutdown(async {
            let _ = ended.await;
        });
        if let Err(error) = served.await {
            eprintln!("Secrets Manager ended: {error}");
        }
    })
    .await
}

async fn load(service: &SecretsManagerService, file: &Path) -> Result<(), StackError> {
    let broken = || StackError(format!("{} is damaged: remove it", file.display()));
    let saved = std::fs::read(file).map_err(|error| StackError::unwritable(file, &error))?;
    let view = serde_json::from_slice(&saved).map_err(|_| broken())?;
    service
        .restore(default_account_id(), REGION, view)
        .await
        .map_err(|_| broken())
}

async fn call(State(secrets): State<Arc<Secrets>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let action = target.and_then(|target| target.rsplit('.').next());
    let action = action.unwrap_or_default().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut saved = secrets.saved.lock().await;
    let state = secrets.state().await;
    if let Some((status, body)) = rotation::instead(&action, &asked, &state) {
        if action == "RotateSecret" {
            secrets.reattempt(&state, &asked);
        }
        return answer(status, body.to_string());
    }
    let answered = match action.as_str() {
        "RotateSecret" => secrets.begin_rotation(headers, &asked).await,
        _ => secrets.ask(headers, body).await,
    };
    if let Some(file) = &secrets.file
        && let Err(error) = save(file, &secrets.state().await, &mut saved)
    {
        // Whoever wrote must not believe that it is kept.
        eprintln!("cannot write {}: {error}", file.display());
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let mut body = serde_json::from_slice(&answered.body).unwrap_or_default();
    if let Some((status, body)) = rotation::amend(&action, &mut body) {
        return answer(status, body.to_string());
    }
    answer(answered.status, body.to_string())
}

fn answer(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (
        status,
        [("content-type", "application/x-amz-json-1.1")],
        body,
    )
        .into_response()
}

impl Secrets {
    async fn ask(&self, headers: HeaderMap, body: Bytes) -> MockResponse {
        let request = MockRequest {
            method: "POST".to_owned(),
            uri: format!("https://secretsmanager.{REGION}.amazonaws.com/"),
            headers,
            body,
        };
        self.service.handle(request).await
    }

    async fn state(&self) -> Value {
        let view = self.service.snapshot(default_account_id(), REGION).await;
        serde_json::to_value(view).unwrap_or_default()
    }

    /// Has the function called for a rotation that has not ended, as Secrets Manager does of itself: it
    /// may have been killed. Each step may be done again, also while it is done.
    fn reattempt(&self, state: &Value, asked: &Value) {
        let secret = rotation::secret(state, asked);
        if let (Some(functions_url), Some(secret)) = (self.functions_url.get(), secret)
            && let (Some(name), Some(token)) =
                (secret["name"].as_str(), rotation::unfinished(secret))
        {
            rotation::run(functions_url.clone(), name.to_owned(), token.to_owned());
        }
    }

    /// Makes the version that is to be rotated to, without a value yet, and has the function called.
    async fn begin_rotation(&self, mut headers: HeaderMap, asked: &Value) -> MockResponse {
        let state = self.state().await;
        let name = rotation::secret(&state, asked).map(|secret| &secret["name"]);
        let name = name.and_then(Value::as_str).unwrap_or_default();
        let token = asked["ClientRequestToken"].as_str().unwrap_or_default();
        let Some(functions_url) = self.functions_url.get() else {
            let why = "There is no function to rotate it.";
            let (status, body) = rotation::refusal("InvalidRequestException", why);
            return MockResponse::json(status, body.to_string());
        };
        let version = json!({
            "SecretId": name,
            "ClientRequestToken": token,
            "VersionStages": ["AWSPENDING"],
        });
        let put = HeaderValue::from_static("secretsmanager.PutSecretValue");
        headers.insert("x-amz-target", put);
        let begun = self.ask(headers, version.to_string().into()).await;
        if begun.status == 200 {
            rotation::run(functions_url.clone(), name.to_owned(), token.to_owned());
        }
        begun
    }
}

/// Writes the state where it has changed: most calls read.
fn save(file: &Path, state: &Value, saved: &mut Value) -> std::io::Result<()> {
    if state != saved {
        replace(file, state.to_string().as_bytes())?;
        *saved = state.clone();
    }
    Ok(())
}
