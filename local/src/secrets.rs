//! Secrets Manager: winterbaume on a port, its state in a file. Rotating has no function to call
//! here yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::Value;
use tokio::sync::Mutex;
use winterbaume_core::{MockRequest, MockService, StatefulService, default_account_id};
use winterbaume_secretsmanager::SecretsManagerService;

use crate::data_dir::{DataDir, replace};
use crate::serving::Serving;
use crate::{StackError, stores::REGION};

/// The service, and what of it is saved.
struct Secrets {
    service: SecretsManagerService,
    file: Option<PathBuf>,
    /// One call at a time, so that a later state is never overwritten by an earlier one.
    saved: Mutex<Value>,
}

/// Loads the secrets of a folder, or none in memory, and serves them.
pub(crate) async fn start(data_dir: Option<&DataDir>, port: u16) -> Result<Serving, StackError> {
    let secrets = Secrets {
        service: SecretsManagerService::new(),
        file: data_dir.map(|data_dir| data_dir.file("secrets.json")),
        saved: Mutex::default(),
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

async fn call(
    State(secrets): State<Arc<Secrets>>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let mut saved = secrets.saved.lock().await;
    let request = MockRequest {
        method: "POST".to_owned(),
        uri: format!("https://secretsmanager.{REGION}.amazonaws.com/"),
        headers,
        body,
    };
    let answer = secrets.service.handle(request).await;
    if let Some(file) = &secrets.file {
        let view = secrets.service.snapshot(default_account_id(), REGION).await;
        if let Err(error) = save(file, &view, &mut saved) {
            // Whoever wrote must not believe that it is kept.
            eprintln!("cannot write {}: {error}", file.display());
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, answer.headers, answer.body).into_response()
}

/// Writes the state where it has changed: most calls read.
fn save(file: &Path, view: &impl serde::Serialize, saved: &mut Value) -> std::io::Result<()> {
    let state = serde_json::to_value(view)?;
    if state != *saved {
        replace(file, state.to_string().as_bytes())?;
        *saved = state;
    }
    Ok(())
}
