//! Single sentences: each is all that is known of one device, and what is made of it.
//!
//! A banner becomes one observation, as an agent delivers it, from an address of its own; all of them
//! go sealed as one batch through the collector's door and its derivation. Fingerprints are read from
//! the workspace, so that a row can be tried without building anything.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use daicho_collector::fingerprint::{Rows, os};
use daicho_collector::ledger::Ledger;
use daicho_collector::report::json::Brief;
use daicho_collector::resolve::Device;
use daicho_collector::{ingest, picture};
use daicho_common::batch::{Batch, Header};
use daicho_common::observation::Observation;
use daicho_common::time::Timestamp;
use ring::signature::Ed25519KeyPair;
use serde::Deserialize;
use serde_json::Value as Json;

use super::fact;
use super::table::Count;
use crate::measure::judge::{self, Judge, Verdict};

/// Which of our classes are right for which word.
const CLASSES: &str = include_str!("../../../data/banner_classes.toml");
/// The rows of the table that are no source.
const ALL: &str = "all";
const ODD: &str = "odd lines";
const EVEN: &str = "even lines";
/// Where the devices are.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 61, 0, 1);
/// What is judged. `maker` is the device's, where it is known what device speaks; `vendor` is whoever
/// made what is recognised, be it the device, its operating system or the software that speaks.
pub(super) const FIELDS: [&str; 8] =
    ["class", "coarse", "mfp", "maker", "vendor", "model", "os", "version"];

/// A line of the list.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the list calls it so")]
pub(super) struct Banner {
    /// What said it.
    pub(super) source: String,
    /// What was said.
    pub(super) banner: String,
    class: Option<String>,
    /// What kind of hardware it is, in the list's own words; of software there is none.
    device: Option<String>,
    vendor: Option<String>,
    product: Option<String>,
    os: Option<String>,
    version: Option<String>,
}

/// What the collector makes of a banner.
#[derive(Clone, Debug, Default)]
struct Found {
    /// As it prints a device.
    brief: Json,
    /// Who made what is recognised: the device's maker; else that of its operating system; else those
    /// of the software that speaks, which is a list in which one right name is right.
    makers: Vec<String>,
}

impl From<&Device> for Found {
    fn from(device: &Device) -> Self {
        let own = device.vendor.as_ref().map(|vendor| vendor.value.to_string());
        let system = device.os.as_ref().and_then(|os| os::maker(&os.value)).map(str::to_owned);
        let software = device.programs.iter().filter_map(|program| program.value.vendor.as_ref());
        let software: Vec<String> = software.map(ToString::to_string).collect();
        // The bare kernel has many makers: it is named where nothing else is.
        let (kernel, system) = (system.clone(), system.filter(|maker| maker != "Linux"));
        let makers = match own.or(system) {
            Some(one) => vec![one],
            None if software.is_empty() => kernel.into_iter().collect(),
            None => software,
        };
        let brief = serde_json::to_value(Brief::from(device)).unwrap_or_default();
        Self { brief, makers }
    }
}

/// Everything counted, by source, and by halves of the list: rules are made with one half in sight,
/// and the other tells how far they hold.
#[derive(Debug, Default)]
pub(super) struct Banners {
    rows: BTreeMap<String, BTreeMap<&'static str, Count>>,
    listed: BTreeMap<String, usize>,
    /// Banners of a source that nothing is made of.
    strange: usize,
    misses: Vec<String>,
}

/// Derives and judges every banner of `file`; lists those not right in the field `misses`, which is
/// written `banner.class` and so on.
///
/// # Errors
/// If the list cannot be read, or what was made of it is refused at the collector's door.
pub(super) fn run(
    file: &Path,
    rows: &Rows,
    judge: &Judge,
    misses: Option<&str>,
) -> Result<Banners> {
    let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let banners: Vec<Banner> =
        lines.map(serde_json::from_str).collect::<Result<_, _>>().context("banners.jsonl")?;
    let found = derive(&banners, rows)?;
    let classes: HashMap<String, Vec<String>> = toml::from_str(CLASSES)?;
    let mut all = Banners::default();
    for (number, (banner, found)) in (1_usize..).zip(banners.iter().zip(found)) {
        let half = if number % 2 == 0 { EVEN } else { ODD };
        *all.listed.entry(banner.source.clone()).or_default() += 1;
        let Some(found) = found else {
            all.strange += 1;
            continue;
        };
        for field in FIELDS {
            let Some(verdict) = banner.verdict((judge, &classes), &found, field) else { continue };
            all.take([ALL, half, &banner.source], (field, verdict));
            let is_listed = misses.and_then(|misses| misses.strip_prefix("banner.")) == Some(field);
            if is_listed && verdict != Verdict::Right {
                all.misses.push(format!("{number} {}", banner.miss(&found, field, verdict)));
            }
        }
    }
    Ok(all)
}

/// What the collector makes of each banner, as it prints a device; null if of nothing, `None` where
/// the source is none that we know.
fn derive(banners: &[Banner], rows: &Rows) -> Result<Vec<Option<Found>>> {
    let first = u32::from(FIRST);
    let at = |number: usize| u32::try_from(number).map(|number| Ipv4Addr::from(first + number));
    let mut observations = Vec::new();
    let mut made = Vec::new();
    for (number, banner) in banners.iter().enumerate() {
        let observation = fact::observation(banner, at(number)?);
        made.push(observation.is_some());
        observations.extend(observation);
    }
    let observations = delivered(observations)?;
    let picture = picture::of_scan(&observations, &[], &Ledger::default(), rows);
    let mut by_address: HashMap<IpAddr, Found> = HashMap::new();
    for device in &picture.devices {
        for address in &device.addresses {
            by_address.insert(address.ip, Found::from(device));
        }
    }
    let found = |(number, made): (usize, bool)| {
        let ip = IpAddr::V4(at(number)?);
        Ok(made.then(|| by_address.get(&ip).cloned().unwrap_or_default()))
    };
    made.into_iter().enumerate().map(found).collect()
}

/// The observations after their way in a sealed batch through the collector's door.
fn delivered(observations: Vec<Observation>) -> Result<Vec<Observation>> {
    let at = Timestamp::from_micros(fact::AT);
    let header = Header {
        agent: fact::AGENT.to_owned(),
        scan: "banners".to_owned(),
        sequence: 1,
        last: true,
        from: at,
        to: at,
        software: "measure".to_owned(),
    };
    let batch = Batch { header, coverage: Vec::new(), sent: Vec::new(), observations };
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).map_err(|_| anyhow!("no key"))?;
    let sealed = batch.seal(&key)?;
    Ok(ingest::open(&sealed)?.batch.observations)
}

impl Banner {
    /// What is known of it, as far as it can be held against what we say: a product is a model where
    /// the device is known to be one, and not a program on it.
    fn known(&self, field: &str) -> Option<&str> {
        match field {
            "class" | "coarse" => self.class.as_deref(),
            "mfp" => self.class.as_deref().filter(|class| *class == "mfp"),
            "maker" => self.class.as_ref().or(self.device.as_ref()).and(self.vendor.as_deref()),
            "vendor" => self.vendor.as_deref(),
            "model" => self.class.as_ref().and(self.product.as_deref()),
            "os" => self.os.as_deref(),
            _ => self.version.as_deref(),
        }
    }

    fn verdict(
        &self,
        (judge, classes): (&Judge, &HashMap<String, Vec<String>>),
        found: &Found,
        field: &str,
    ) -> Option<Verdict> {
        let known = self.known(field)?;
        let said = said(found, field);
        let Some(first) = said.first() else { return Some(Verdict::None) };
        let said = first.as_str();
        let is_right = match field {
            "class" => classes.get(known).is_some_and(|right| right.iter().any(|it| it == said)),
            "coarse" => classes.get(known).is_some_and(|right| {
                right.iter().any(|it| it == said || judge::same_group(it, said))
            }),
            "mfp" => known == said,
            "maker" => judge.same_maker(known, said),
            "vendor" => found.makers.iter().any(|maker| judge.same_maker(known, maker)),
            "model" => judge.is_model(known, said),
            // What is printed of an operating system may be its version alone.
            "os" => {
                let bare = !said.contains(char::is_alphabetic);
                if bare && self.version.is_none() {
                    return None;
                }
                let version = self.version.as_deref();
                Judge::same_version(known, said)
                    || version.is_some_and(|version| Judge::same_version(version, said))
            }
            _ => Judge::same_version(known, said),
        };
        Some(if is_right { Verdict::Right } else { Verdict::Wrong })
    }

    fn miss(&self, found: &Found, field: &str, verdict: Verdict) -> String {
        let verdict = if verdict == Verdict::Wrong { "wrong" } else { "none" };
        let (known, said) = (self.known(field).unwrap_or_default(), said(found, field).join(", "));
        let Self { source, banner, .. } = self;
        format!("{source} {verdict:<5} {field} truth={known:?} answer={said:?} {banner:?}")
    }
}

/// What we say in this field. A version is a device's firmware's or, where it has one, an operating
/// system's. Of a printer it is said that it is a multifunction printer, that it is none, or nothing.
fn said(found: &Found, field: &str) -> Vec<String> {
    let text = |field: &str| {
        let said = found.brief.get(field).and_then(Json::as_str);
        said.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let one = match field {
        "coarse" => text("class"),
        "mfp" => {
            let is_told = found.brief.get("mfp").is_some_and(Json::is_boolean);
            text("class").filter(|_| is_told)
        }
        "maker" => text("vendor"),
        "vendor" => return found.makers.clone(),
        "version" => {
            let system = text("os").filter(|os| os.contains(|sign: char| sign.is_ascii_digit()));
            text("firmware").or(system)
        }
        other => text(other),
    };
    one.into_iter().collect()
}

impl Banners {
    fn take(&mut self, rows: [&str; 3], (field, verdict): (&'static str, Verdict)) {
        for row in rows {
            let row = self.rows.entry(row.to_owned()).or_default();
            row.entry(field).or_default().take(verdict);
        }
    }

    /// The table for people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let all: usize = self.listed.values().sum();
        writeln!(out, "{all} banners, % right (% wrong) of those of which it is known")?;
        write!(out, "{:<22}", "source")?;
        FIELDS.iter().try_for_each(|field| write!(out, "  {field:<18}"))?;
        writeln!(out)?;
        let whole = [ALL, ODD, EVEN];
        let rest = self.rows.iter().filter(|(name, _)| !whole.contains(&name.as_str()));
        let first = whole.iter().filter_map(|name| self.rows.get_key_value(*name));
        for (name, row) in first.chain(rest) {
            write!(out, "{name:<22}")?;
            for field in FIELDS {
                let count = row.get(field).copied().unwrap_or_default();
                write!(out, "  {:<5} {}", count.n(), count.cell())?;
            }
            writeln!(out)?;
        }
        if self.strange > 0 {
            writeln!(out, "{} banners are of sources that nothing is made of", self.strange)?;
        }
        self.misses.iter().try_for_each(|miss| writeln!(out, "  {miss}"))
    }

    /// The same for machines.
    pub(super) fn json(&self) -> Json {
        serde_json::json!({ "rows": self.rows, "listed": self.listed, "strange": self.strange })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a list with these lines comes to.
    fn measured(lines: &str, misses: Option<&str>) -> Banners {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), lines).unwrap();
        let rows = "[[row]]\non = \"description\"\nregex = '^Zork (?P<model>Z\\d+) (?P<version>\\S+)$'\nclass = \"printer\"\nvendor = \"Zork\"\nweight = 60\nexample = [{ said = \"Zork Z77 4.5\", model = \"Z77\", version = \"4.5\" }]\n";
        let rows = Rows::parse(&[("zork.toml", rows)]).unwrap();
        run(file.path(), &rows, &Judge::new().unwrap(), misses).unwrap()
    }

    #[test]
    fn a_banner_is_a_device_and_judged_by_what_is_known_of_it() {
        let lines = r#"
{"source": "snmp.sysDescr", "banner": "Zork Z77 9.8", "class": "printer", "vendor": "Zork", "product": "Z77", "version": "9.8"}
{"source": "snmp.sysDescr", "banner": "Zork Z78 9.8", "class": "mfp", "vendor": "Canon", "product": "Z12"}
{"source": "http.title", "banner": "Nothing known", "class": "camera"}
{"source": "pigeon.post", "banner": "Zork Z77 9.8", "class": "printer"}
"#;
        let all = measured(lines, Some("banner.class"));
        let of = |row: &str, field| all.rows[row].get(field).copied().unwrap_or_default();
        let counts = |count: Count| (count.n(), count.cell());
        for field in ["maker", "vendor", "model"] {
            let half = (2, " 50.0 (50.0)".to_owned());
            assert_eq!(counts(of("snmp.sysDescr", field)), half, "{field}");
        }
        assert_eq!(counts(of("snmp.sysDescr", "version")), (1, "100.0 ( 0.0)".to_owned()));
        assert_eq!(counts(of("snmp.sysDescr", "class")), (2, "100.0 ( 0.0)".to_owned()));
        assert_eq!(counts(of("snmp.sysDescr", "mfp")), (1, "  0.0 (100.0)".to_owned()));
        assert_eq!(counts(of("http.title", "class")), (1, "  0.0 ( 0.0)".to_owned()));
        assert_eq!(of("all", "class").n(), 3);
        assert_eq!((all.strange, all.misses.len()), (1, 1), "{all:?}");
    }

    #[test]
    fn whoever_made_what_speaks_is_named_where_no_device_is() {
        let rows = "[[row]]\non = \"said\"\nmethod = \"http\"\nkey = \"server\"\nregex = '^Zorkd/'\nsoftware = \"Zorkd\"\nsoftware_vendor = \"Zork\"\nweight = 40\nexample = [{ said = \"Zorkd/9\" }]\n";
        let rows = Rows::parse(&[("zork.toml", rows)]).unwrap();
        let lines = r#"{"source": "http.server", "banner": "Zorkd/9", "vendor": "Zork"}
{"source": "http.server", "banner": "Zorkd/9", "vendor": "Zork", "device": "Printer"}"#;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), lines).unwrap();
        let all = run(file.path(), &rows, &Judge::new().unwrap(), None).unwrap();
        let of = |row: &str, field| all.rows[row].get(field).copied().unwrap_or_default();
        let counts = |count: Count| (count.n(), count.cell());
        assert_eq!(counts(of(ALL, "vendor")), (2, "100.0 ( 0.0)".to_owned()));
        assert_eq!(counts(of(ALL, "maker")), (1, "  0.0 ( 0.0)".to_owned()));
        assert_eq!((of(ODD, "vendor").n(), of(EVEN, "vendor").n()), (1, 1));
    }

    #[test]
    fn every_word_of_the_list_has_classes_that_we_have() {
        let classes: HashMap<String, Vec<String>> = toml::from_str(CLASSES).unwrap();
        for (word, ours) in &classes {
            assert!(!ours.is_empty(), "{word}");
            for class in ours {
                let class = Json::from(class.as_str());
                let known = serde_json::from_value::<daicho_collector::fingerprint::Class>(class);
                assert!(known.is_ok(), "{word}: {ours:?}");
            }
        }
    }
}
