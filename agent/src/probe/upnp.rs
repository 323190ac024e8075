//! The description of a `UPnP` device (`UPnP` Device Architecture 1.1 §2), fetched from where SSDP said.
//!
//! One GET over one connection, to the host that was asked and nobody else; redirects are not followed,
//! no service is described, subscribed to or controlled. Costs an answer of a few kilobytes. Fields of the root device and of the devices in
//! it, in this order: `device_type`, `friendly_name`, `manufacturer`, `manufacturer_url`, `model_name`,
//! `model_number`, `model_description`, `serial`, `udn`, `presentation_url` (absolute).

use std::net::IpAddr;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::wire::http::{Authority, Get, Reader, Uri, literal};

use super::talk::{Conversation, Cut, Next};

/// What a description says.
pub mod description;

/// Most octets that are read of a description.
const MOST: usize = 64 << 10;

/// The description of a device.
#[derive(Debug)]
pub struct Upnp {
    at: Uri,
    reader: Reader,
    said: Said,
}

impl Upnp {
    /// The description at this TCP port and path of `host`.
    pub fn new(host: IpAddr, port: u16, path: &str) -> Self {
        let authority = Authority { secure: false, host: literal(host), port };
        let start = Uri { authority, path: "/".into() };
        let at = start.join(path).filter(|at| at.authority == start.authority).unwrap_or(start);
        Self { at, reader: Reader::new(MOST), said: Said::at(port) }
    }

    /// The answer is over.
    fn read(&mut self, closed: bool) -> Outcome {
        let reader = std::mem::replace(&mut self.reader, Reader::new(0));
        let untouched = reader.is_untouched();
        let Some(response) = reader.finish(closed) else {
            return if untouched { Outcome::Silent } else { Outcome::Malformed };
        };
        if response.status != 200 {
            return Outcome::Refused;
        }
        if !response.whole {
            return Outcome::Partial;
        }
        let fields =
            if response.is_packed() { None } else { description::fields(&response.body, &self.at) };
        let Some(fields) = fields else { return Outcome::Malformed };
        for (name, value) in fields {
            self.said.add(name, value);
        }
        Outcome::Complete
    }
}

impl Conversation for Upnp {
    fn method(&self) -> Method {
        Method::Upnp
    }

    /// A router describes itself to the inside at one path and as a media server at another.
    fn subject(&self) -> &str {
        &self.at.path
    }

    fn begin(&mut self) -> Next {
        let get = Get {
            target: self.at.path.clone(),
            host: self.at.authority.to_string(),
            accept: "text/xml".into(),
            close: true,
        };
        Next::Say(get.encode())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        match self.reader.read(octets) {
            Ok(false) => Next::Wait,
            Ok(true) => Next::End(self.read(false)),
            Err(_) => Next::End(Outcome::Malformed),
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        self.read(cut == Cut::Closed)
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        if self.said.fields.is_empty() {
            return None;
        }
        let said = std::mem::replace(&mut self.said, Said::at(0));
        Some((Method::Upnp, Fact::Said(Box::new(said))))
    }
}

#[cfg(test)]
mod tests;
