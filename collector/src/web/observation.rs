//! One observation, in words and as recorded.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use daicho_common::observation::ObservationId;

use super::Site;
use super::page::{Frame, Reader, device_link, show};
use crate::words::{Word, phrase};

#[derive(Template)]
#[template(path = "observation.html")]
struct Page {
    frame: Frame,
    id: ObservationId,
    words: String,
    rows: Vec<(&'static str, String)>,
    raw: String,
    devices: Vec<(String, String)>,
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Response {
    show(&site, &reader, ("", Word::ObservationTitle), |snapshot, frame| {
        let id: ObservationId = id.parse().map_err(|_| Word::NotFoundObservation)?;
        let seen = snapshot.observation(id).ok_or(Word::NotFoundObservation)?;
        let (lang, zone) = (frame.lang, &site.config.zone);
        let rows = [
            (Word::CommonTime, zone.rfc3339(seen.at)),
            (Word::CommonAgent, seen.vantage.agent.clone()),
            (Word::CommonInterface, seen.vantage.interface.clone()),
            (Word::CommonNetwork, seen.vantage.network.clone()),
            (Word::CommonMethod, lang.say(phrase::method(seen.method)).to_owned()),
            (Word::ObservationSpeaker, phrase::speaker(seen.speaker.ip, seen.speaker.mac)),
        ];
        Ok(Page {
            words: phrase::fact(lang, &seen.fact),
            rows: rows.map(|(word, value)| (lang.say(word), value)).to_vec(),
            raw: serde_json::to_string_pretty(&seen).unwrap_or_default(),
            devices: snapshot.devices_on(id).map(|d| (device_link(&d.id), d.called())).collect(),
            id,
            frame,
        })
    })
    .await
}
