//! Refusals at the door for agents: a status for programs, and a sentence in each language for people.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use daicho_common::complaint::Complaint;
use daicho_common::enrolment::Sentence;

use super::Door;
use crate::store::StoreError;

/// Why a request is not done.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    said: Sentence,
}

impl Refused {
    pub(super) fn new(status: StatusCode, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { status, said: Sentence { ja: ja.into(), en: en.into() } }
    }

    /// What the store could not do.
    pub(super) fn store(door: &Door, error: &StoreError) -> Self {
        tracing::error!(%error, "the store failed an agent");
        let status = if matches!(error, StoreError::Busy | StoreError::Server { .. }) {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        };
        Self::complaint(status, error.complaint(door.site.store.path()))
    }

    pub(super) fn complaint(status: StatusCode, complaint: Complaint) -> Self {
        Self::new(status, complaint.ja, complaint.en)
    }

    /// A task of ours ended abnormally.
    pub(super) fn broken() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "収集サーバーで処理できませんでした。もう一度送ってください",
            "the collector could not process it: send it again",
        )
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        tracing::warn!(status = %self.status, reason = self.said.en, "an agent was refused");
        (self.status, Json(self.said)).into_response()
    }
}

pub(super) async fn nowhere() -> Refused {
    Refused::new(
        StatusCode::NOT_FOUND,
        "ここはエージェント専用の口です。画面は別のポートにあります",
        "this door is for agents only: the pages are at another port",
    )
}

/// Runs what may wait for a disk on a thread where it may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Refused::broken()))
}
