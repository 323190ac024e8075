//! Where agents look whether somebody wants their scan to end.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Site;
use super::batches::nearby;
use super::session::Address;

#[derive(Serialize)]
struct Answer {
    /// Grows with every wish.
    stops: u64,
}

pub(super) async fn count(
    State(site): State<Arc<Site>>,
    Extension(from): Extension<Address>,
    Path(agent): Path<String>,
) -> Response {
    if let Err((status, complaint)) = nearby(&from) {
        return (status, complaint.en).into_response();
    }
    match site.store.stops(&agent) {
        Ok(stops) => Json(Answer { stops }).into_response(),
        Err(error) => {
            tracing::error!(%error, "stops cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
