//! Where agents look whether somebody wants their scan to end.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Site;

#[derive(Serialize)]
struct Answer {
    /// Grows with every wish.
    stops: u64,
}

pub(super) async fn count(State(site): State<Arc<Site>>, Path(agent): Path<String>) -> Response {
    match site.store.stops(&agent) {
        Ok(stops) => Json(Answer { stops }).into_response(),
        Err(error) => {
            tracing::error!(%error, "stops cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
