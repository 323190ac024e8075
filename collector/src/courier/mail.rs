//! By mail (RFC 5321), through lettre. The same message has the same Message-ID however often it is
//! tried, so that whoever got it twice can tell.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};

use super::ca;
use crate::notify::channel::{Security, Smtp};
use crate::notify::message::Message;
use crate::vault::Secret;

/// How long the server may take for each step.
const STEP: Duration = Duration::from_secs(20);

pub(super) fn send(
    smtp: &Smtp,
    message: &Message,
    password: Option<&Secret>,
) -> Result<(), String> {
    let letter = letter(smtp, message)?;
    let mut transport = SmtpTransport::builder_dangerous(&smtp.server)
        .port(smtp.port)
        .timeout(Some(STEP))
        .tls(tls(smtp)?);
    if let (Some((user, _)), Some(password)) = (&smtp.login, password) {
        let password = password.expose().to_owned();
        transport = transport.credentials(Credentials::new(user.clone(), password));
    }
    transport.build().send(&letter).map(drop).map_err(|error| chain(&error))
}

fn tls(smtp: &Smtp) -> Result<Tls, String> {
    if smtp.security == Security::Plain {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(smtp.server.clone());
    if let Some(file) = &smtp.ca_file {
        let pem = ca::read(file)?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| chain(&error))?;
        parameters =
            parameters.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    let parameters = parameters.build_rustls().map_err(|error| chain(&error))?;
    Ok(match smtp.security {
        Security::StartTls => Tls::Required(parameters),
        Security::Tls => Tls::Wrapper(parameters),
        Security::Plain => Tls::None,
    })
}

/// The letter. Subject and text are encoded as RFC 2047 and RFC 2045 want it.
fn letter(smtp: &Smtp, message: &Message) -> Result<lettre::Message, String> {
    let mailbox =
        |text: &String| text.parse::<Mailbox>().map_err(|error| format!("{text}: {error}"));
    let micros = u64::try_from(message.made_at.micros()).unwrap_or_default();
    let from = mailbox(&smtp.from)?;
    let domain = from.email.domain().to_owned();
    let mut builder: MessageBuilder = lettre::Message::builder()
        .from(from)
        .subject(message.subject())
        .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
        .message_id(Some(format!("<{}.daicho@{domain}>", message.id)))
        .header(ContentType::TEXT_PLAIN)
        // RFC 3834 §5: nobody's absence is to be answered.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    for to in &smtp.to {
        builder = builder.to(mailbox(to)?);
    }
    builder.body(message.text()).map_err(|error| chain(&error))
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(because) = cause {
        let because_said = because.to_string();
        if !said.contains(&because_said) {
            said = format!("{said}: {because_said}");
        }
        cause = because.source();
    }
    said
}
