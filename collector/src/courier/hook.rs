//! To a web server, by one POST. Nothing of the answer but its status is read, and no redirection is
//! followed: it would lead a signed message elsewhere.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::ca;
use crate::clock;
use crate::notify::channel::Webhook;
use crate::notify::message::Message;
use crate::notify::webhook;
use crate::vault::Secret;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long it may take in all.
const WHOLE: Duration = Duration::from_secs(30);

pub(super) fn send(to: &Webhook, message: &Message, key: Option<&Secret>) -> Result<(), String> {
    let body = webhook::body(message, (&message.subject(), &message.text()));
    let mut request = client(to)?
        .post(&to.url)
        .header("Content-Type", "application/json")
        .header(webhook::DELIVERY, &message.id);
    if let Some(key) = key {
        let signature = webhook::signature(key.expose().as_bytes(), &body, clock::now());
        request = request.header(webhook::SIGNATURE, signature);
    }
    let response = request.send(&body[..]).map_err(|error| error.to_string())?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(format!("HTTP {}", status.as_u16())) }
}

fn client(to: &Webhook) -> Result<Agent, String> {
    let roots = match &to.ca_file {
        None => RootCerts::PlatformVerifier,
        Some(file) => {
            let pem = ca::read(file)?;
            let items = parse_pem(&pem).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            RootCerts::from(items)
        }
    };
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let settings = Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(WHOLE))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("daicho-collector/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls.build());
    Ok(settings.build().into())
}
