//! Rows as written in TOML, and as meant: parsed twice, proven by their own examples.

use std::borrow::Cow;

use daicho_common::observation::Fact;
use daicho_common::observation::heard::Capability;
use regex::Regex;
use serde::Deserialize;

use super::{Class, Reading};

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, row {row}: {what}")]
pub struct BadRow {
    /// The file's name.
    pub file: String,
    /// Number of the row in its file, from 1; 0 if the file is no list of rows.
    pub row: usize,
    /// What is wrong.
    pub what: String,
}

/// A file as written; unknown keys are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Written>,
}

/// On what a row looks, as written.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    ObjectId,
    Description,
    Service,
    Txt,
    DhcpOptions,
    DhcpVendor,
    SsdpServer,
    SsdpTarget,
    NeighbourPlatform,
    NeighbourDescription,
    NeighbourCapabilities,
    VirtualRouter,
    RouterAdvertisement,
}

/// A row as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    on: Source,
    service: Option<String>,
    key: Option<String>,
    prefix: Option<String>,
    contains: Option<String>,
    regex: Option<String>,
    unless: Option<String>,
    class: Option<Class>,
    vendor: Option<String>,
    model: Option<String>,
    weight: u8,
    #[serde(default)]
    example: Vec<Example>,
}

/// What a row must match, and what it must claim then; what is left out is what the row states.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    said: String,
    vendor: Option<String>,
    model: Option<String>,
    version: Option<String>,
    serial: Option<String>,
}

/// On what a row looks.
#[derive(Clone, Debug)]
pub(super) enum On {
    /// sysObjectID in dotted decimal.
    ObjectId,
    /// sysDescr.
    Description,
    /// The DNS-SD service type.
    Service,
    /// The value of a DNS-SD TXT key.
    Txt {
        /// Only of this service type, if stated.
        service: Option<String>,
        /// The key; its case does not matter (RFC 6763 §6.4).
        key: String,
    },
    /// DHCP option 55, in decimal with commas, in the order sent.
    DhcpOptions,
    /// DHCP option 60.
    DhcpVendor,
    /// SSDP's SERVER.
    SsdpServer,
    /// SSDP's NT or ST.
    SsdpTarget,
    /// CDP's platform.
    NeighbourPlatform,
    /// LLDP's system description, CDP's software version.
    NeighbourDescription,
    /// What a neighbour says it does, in ascending order with commas: `bridge,router`.
    NeighbourCapabilities,
    /// `active` or `standby`, of VRRP and HSRP.
    VirtualRouter,
    /// `default` for an IPv6 router that can be a default router, else `none` (RFC 4861 §4.2).
    RouterAdvertisement,
}

impl On {
    /// The text of a fact that this looks at. Of a TXT key that comes twice the first counts
    /// (RFC 6763 §6.4).
    pub(super) fn text<'f>(&self, fact: &'f Fact) -> Option<Cow<'f, str>> {
        self.said(fact).map(Cow::Borrowed).or_else(|| self.made(fact).map(Cow::Owned))
    }

    /// A text that lists or numbers are written as.
    fn made(&self, fact: &Fact) -> Option<String> {
        match (self, fact) {
            (Self::DhcpOptions, Fact::Dhcp(dhcp)) => {
                let codes: Vec<_> = dhcp.requested_options.iter().map(u16::to_string).collect();
                Some(codes.join(","))
            }
            (Self::NeighbourCapabilities, Fact::LinkNeighbour(neighbour)) => {
                let names: Vec<_> = neighbour.capabilities.iter().copied().map(word).collect();
                Some(names.join(","))
            }
            _ => None,
        }
    }

    /// A text that is in the fact.
    fn said<'f>(&self, fact: &'f Fact) -> Option<&'f str> {
        match (self, fact) {
            (Self::ObjectId, Fact::System { object_id, .. }) => Some(object_id),
            (Self::Description, Fact::System { description, .. }) => Some(description.as_str()),
            (Self::Service, Fact::Service { service, .. }) => Some(service.as_str()),
            (Self::DhcpVendor, Fact::Dhcp(dhcp)) => Some(dhcp.vendor_class.as_str()),
            // What is taken back is no longer said.
            (Self::SsdpServer, Fact::Ssdp(ssdp)) if !ssdp.gone => Some(ssdp.server.as_str()),
            (Self::SsdpTarget, Fact::Ssdp(ssdp)) if !ssdp.gone => Some(ssdp.target.as_str()),
            (Self::NeighbourPlatform, Fact::LinkNeighbour(it)) => Some(it.platform.as_str()),
            (Self::NeighbourDescription, Fact::LinkNeighbour(it)) => Some(it.description.as_str()),
            (Self::VirtualRouter, Fact::VirtualRouter(router)) => {
                Some(if router.active { "active" } else { "standby" })
            }
            (Self::RouterAdvertisement, Fact::RouterAdvertisement(said)) => {
                Some(if said.lifetime_secs > 0 { "default" } else { "none" })
            }
            (Self::Txt { service: of, key }, Fact::Service { service, txt, .. })
                if of.as_ref().is_none_or(|of| of == service.as_str()) =>
            {
                let found = txt.iter().find(|(k, _)| k.as_str().eq_ignore_ascii_case(key));
                found.map(|(_, value)| value.as_str())
            }
            _ => None,
        }
    }
}

/// A capability as rows write it.
const fn word(capability: Capability) -> &'static str {
    match capability {
        Capability::Other => "other",
        Capability::Repeater => "repeater",
        Capability::Bridge => "bridge",
        Capability::AccessPoint => "access_point",
        Capability::Router => "router",
        Capability::Telephone => "telephone",
        Capability::CableModem => "cable_modem",
        Capability::Station => "station",
    }
}

#[derive(Clone, Debug)]
enum Pattern {
    /// Whole labels of an object identifier, or the start of any other text.
    Prefix(String),
    Contains(String),
    /// Named groups `vendor`, `model`, `version` and `serial` become claims.
    Regex(Regex),
}

/// A row as meant.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) on: On,
    pattern: Pattern,
    /// A text that this matches is not looked at: words of a host's own name, for one.
    unless: Option<Regex>,
    claims: Reading,
}

impl Row {
    /// What this row says of `text`; `None` if its pattern does not match.
    pub(super) fn reading(&self, text: &str) -> Option<Reading> {
        if self.unless.as_ref().is_some_and(|unless| unless.is_match(text)) {
            return None;
        }
        match &self.pattern {
            Pattern::Prefix(prefix) => {
                let rest = text.strip_prefix(prefix.as_str())?;
                let whole = rest.is_empty() || rest.starts_with('.');
                (whole || !matches!(self.on, On::ObjectId)).then(|| self.claims.clone())
            }
            Pattern::Contains(part) => text.contains(part.as_str()).then(|| self.claims.clone()),
            Pattern::Regex(regex) => {
                let found = regex.captures(text)?;
                let group = |name, stated: &Option<String>| {
                    let said = found.name(name).map(|group| group.as_str().trim().to_owned());
                    said.filter(|said| !said.is_empty()).or_else(|| stated.clone())
                };
                Some(Reading {
                    vendor: group("vendor", &self.claims.vendor),
                    model: group("model", &self.claims.model),
                    version: group("version", &None),
                    serial: group("serial", &None),
                    ..self.claims.clone()
                })
            }
        }
    }
}

impl Written {
    fn on(&self) -> Result<On, String> {
        match (self.on, &self.key, &self.service) {
            (Source::ObjectId, None, None) => Ok(On::ObjectId),
            (Source::Description, None, None) => Ok(On::Description),
            (Source::Service, None, None) => Ok(On::Service),
            (Source::DhcpOptions, None, None) => Ok(On::DhcpOptions),
            (Source::DhcpVendor, None, None) => Ok(On::DhcpVendor),
            (Source::SsdpServer, None, None) => Ok(On::SsdpServer),
            (Source::SsdpTarget, None, None) => Ok(On::SsdpTarget),
            (Source::NeighbourPlatform, None, None) => Ok(On::NeighbourPlatform),
            (Source::NeighbourDescription, None, None) => Ok(On::NeighbourDescription),
            (Source::NeighbourCapabilities, None, None) => Ok(On::NeighbourCapabilities),
            (Source::VirtualRouter, None, None) => Ok(On::VirtualRouter),
            (Source::RouterAdvertisement, None, None) => Ok(On::RouterAdvertisement),
            (Source::Txt, Some(key), service) => {
                Ok(On::Txt { service: service.clone(), key: key.clone() })
            }
            (Source::Txt, None, _) => Err("a txt row needs its key".to_owned()),
            _ => Err("key and service go with txt rows only".to_owned()),
        }
    }

    fn pattern(&self) -> Result<Pattern, String> {
        match (&self.prefix, &self.contains, &self.regex) {
            (Some(prefix), None, None) => Ok(Pattern::Prefix(prefix.clone())),
            (None, Some(part), None) => Ok(Pattern::Contains(part.clone())),
            (None, None, Some(regex)) => {
                Regex::new(regex).map(Pattern::Regex).map_err(|error| error.to_string())
            }
            _ => Err("one of prefix, contains and regex is needed, and only one".to_owned()),
        }
    }

    fn row(&self) -> Result<Row, String> {
        if !(1..=100).contains(&self.weight) {
            return Err(format!("weight {} is not in 1–100", self.weight));
        }
        let claims = Reading {
            class: self.class,
            vendor: self.vendor.clone(),
            model: self.model.clone(),
            version: None,
            serial: None,
            weight: self.weight,
        };
        let unless = self.unless.as_deref().map(Regex::new).transpose();
        let unless = unless.map_err(|error| error.to_string())?;
        Ok(Row { on: self.on()?, pattern: self.pattern()?, unless, claims })
    }

    /// Holds a row to its examples.
    fn proven(&self) -> Result<Row, String> {
        let row = self.row()?;
        if self.example.is_empty() {
            return Err("a row needs an example".to_owned());
        }
        for example in &self.example {
            let wanted = Reading {
                class: self.class,
                vendor: example.vendor.clone().or_else(|| self.vendor.clone()),
                model: example.model.clone().or_else(|| self.model.clone()),
                version: example.version.clone(),
                serial: example.serial.clone(),
                weight: self.weight,
            };
            if wanted == (Reading { weight: self.weight, ..Reading::default() }) {
                return Err(format!("nothing is claimed of \"{}\"", example.said));
            }
            match row.reading(&example.said) {
                None => return Err(format!("the example \"{}\" does not match", example.said)),
                Some(read) if read != wanted => {
                    return Err(format!("of \"{}\" it says {read:?}", example.said));
                }
                Some(_) => {}
            }
        }
        Ok(row)
    }
}

/// Reads one file of rows.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<Row>, BadRow> {
    let bad = |row, what| BadRow { file: name.to_owned(), row, what };
    let file: File = toml::from_str(text).map_err(|error| bad(0, error.to_string()))?;
    file.row
        .iter()
        .enumerate()
        .map(|(index, written)| written.proven().map_err(|what| bad(index + 1, what)))
        .collect()
}
