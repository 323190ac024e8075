//! Whether a message arrives: a trial is sent at once, and what became of it is said.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use daicho_common::complaint::Complaint;

use super::edit::sentence;
use super::{News, shown};
use crate::notify::message::{Wording, trial};
use crate::store::By;
use crate::vault::Vault;
use crate::web::Site;
use crate::web::fields::Fields;
use crate::web::page::Reader;
use crate::words::{Lang, Word};
use crate::{clock, courier};

pub(in crate::web) async fn send(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let name = Fields::read(&body).of("name").trim().to_owned();
    let (trying, by, lang) = (Arc::clone(&site), reader.by(), reader.lang);
    let done = tokio::task::spawn_blocking(move || attempt(&trying, &name, (by, lang))).await;
    let news = match done {
        Ok(Ok(line)) => News::Done(line),
        Ok(Err(why)) => News::Wrong(why),
        Err(_) => News::Wrong(lang.say(Word::FailurePage).to_owned()),
    };
    shown(&site, &reader, news).await
}

/// Sends the trial; a sentence either way.
pub(in crate::web) fn attempt(
    site: &Site,
    name: &str,
    (by, lang): (By, Lang),
) -> Result<String, String> {
    let said = |complaint: Complaint| sentence(complaint, lang);
    let trouble = |error: crate::store::StoreError| said(error.complaint(site.store.path()));
    let effective = site.effective().map_err(trouble)?;
    let channels = &effective.config.notify.channels;
    let Some(channel) = channels.iter().find(|channel| channel.name == name) else {
        return Err(lang.say(Word::FailureForm).to_owned());
    };
    let vault = Vault::open(site.store.path()).map_err(said)?;
    let (channel, secret) = courier::ready(&vault, &site.store, channel).map_err(said)?;
    site.store.note_trial(&channel.name, by).map_err(trouble)?;
    let show = |at| site.config.zone.show(at);
    let how = Wording {
        lang: channel.lang,
        brief: channel.choice.brief,
        url: &effective.config.notify.url,
        show: &show,
    };
    let message = trial(&channel.name, how, clock::now());
    let target = channel.road.target();
    match courier::send(&channel, &message, secret.as_ref()) {
        Ok(()) => Ok(lang.fill(Word::NotifyTested, &[&channel.name, &target])),
        Err(why) => Err(lang.fill(Word::SettingNotSent, &[&channel.name, &target, &why])),
    }
}
