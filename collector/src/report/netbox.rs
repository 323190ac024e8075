//! Devices as tables for the bulk import of NetBox (4.2 and later), a file a kind of object and in the
//! order in which they are to be imported: what a row names has to be there already.
//!
//! What NetBox wants and nobody saw is named as such: a maker or model that is not known is `Unknown`, an
//! interface is called by its MAC address, and an address of which no coverage tells the network has the
//! whole length as its prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use daicho_common::coverage::Coverage;
use daicho_common::text::Text;
use ipnet::IpNet;
use sha2::{Digest, Sha256};

use super::table::Table;
use super::{Shown, phrase};
use crate::fingerprint::Class;
use crate::resolve::{Address, Device};
use crate::words::Word;

/// What stands for what nobody knows.
const UNKNOWN: &str = "Unknown";
/// Rack units of a type: nobody sees them, the import wants them, and this is what NetBox itself takes.
const HEIGHT: &str = "1";
/// Characters of names of devices.
const NAME: usize = 64;
/// Characters of names of other things.
const LONG: usize = 100;
/// Characters of serial numbers.
const SERIAL: usize = 50;

/// The tables, each with the name of its file.
pub fn tables(shown: &Shown<'_>, site: &str) -> Vec<(&'static str, Table)> {
    let site = Named::of(site, LONG);
    let rows: Vec<Row<'_>> = rows(shown);
    let addresses = addresses(&rows, shown.coverage);
    vec![
        (
            "1-sites.csv",
            table(
                &["name", "slug", "status"],
                vec![vec![site.name.clone(), site.slug.clone(), "active".to_owned()]],
            ),
        ),
        ("2-manufacturers.csv", named(&["name", "slug"], rows.iter().map(|row| &row.maker))),
        ("3-device-roles.csv", roles(&rows)),
        ("4-device-types.csv", types(&rows)),
        ("5-devices.csv", devices(&rows, &site.name)),
        ("6-interfaces.csv", interfaces(&rows)),
        ("7-mac-addresses.csv", macs(&rows)),
        ("8-ip-addresses.csv", addresses),
    ]
}

/// A name with the short form that NetBox wants beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    name: String,
    slug: String,
}

impl Named {
    fn of(text: &str, most: usize) -> Self {
        let name = cut(text, most);
        let name = if name.is_empty() { UNKNOWN.to_owned() } else { name };
        Self { slug: slug(&name), name }
    }
}

/// A device with the names under which its parts refer to it.
struct Row<'a> {
    device: &'a Device,
    name: String,
    maker: Named,
    model: Named,
    role: Named,
    /// The number of its row in the ledger, if one accounts for it.
    asset: String,
    remarks: String,
}

fn rows<'a>(shown: &Shown<'a>) -> Vec<Row<'a>> {
    let entries = super::by_place(shown.ledger);
    let mut assets: BTreeMap<&str, String> = BTreeMap::new();
    for one in &shown.picture.matches {
        let entry = one.entry.as_ref().and_then(|place| entries.get(place));
        if let (Some(device), Some(entry)) = (&one.device, entry) {
            assets.insert(&device.0, cut(&entry.asset_number, SERIAL));
        }
    }
    // Names and numbers are NetBox's keys: no two devices may have one, in whatever case.
    let (mut names, mut numbers, mut makers) =
        (BTreeSet::new(), BTreeSet::new(), BTreeMap::<String, Named>::new());
    let mut all = Vec::new();
    for device in &shown.picture.devices {
        let text = |claim: &Option<crate::evidence::SourcedText>| {
            claim.as_ref().map(|claim| claim.value.to_string()).unwrap_or_default()
        };
        let maker = Named::of(&text(&device.vendor), LONG);
        let maker = makers.entry(maker.slug.clone()).or_insert(maker).clone();
        let class = device.class.as_ref().map(|class| class.value).unwrap_or_default();
        let asset = assets.get(device.id.0.as_str()).cloned().unwrap_or_default();
        let asset = if numbers.insert(asset.to_lowercase()) { asset } else { String::new() };
        all.push(Row {
            name: unique(device, &mut names),
            model: Named::of(&text(&device.model), LONG),
            role: role(shown, class),
            remarks: remarks(shown, device),
            device,
            maker,
            asset,
        });
    }
    all
}

fn unique(device: &Device, names: &mut BTreeSet<String>) -> String {
    let name = cut(&device.called(), NAME);
    let id = cut(&device.id.0, NAME);
    let name = if name.is_empty() { id.clone() } else { name };
    if names.insert(name.to_lowercase()) {
        return name;
    }
    let room = NAME.saturating_sub(id.chars().count() + 3);
    let longer = cut(&format!("{} ({id})", cut(&name, room)), NAME);
    names.insert(longer.to_lowercase());
    longer
}

/// Its name is the class as it is shown, its short form the class as data writes it.
fn role(shown: &Shown<'_>, class: Class) -> Named {
    let slug = match serde_json::to_value(class) {
        Ok(serde_json::Value::String(word)) => word.replace('_', "-"),
        _ => String::new(),
    };
    Named { name: shown.lang.say(phrase::class(class)).to_owned(), slug }
}

fn remarks(shown: &Shown<'_>, device: &Device) -> String {
    let lang = shown.lang;
    let claims = [
        (Word::FieldOs, &device.os),
        (Word::FieldVersion, &device.version),
        (Word::FieldLocation, &device.location),
    ];
    let parts = claims.into_iter().filter_map(|(word, claim)| {
        let value = cut(&claim.as_ref()?.value, LONG);
        Some(format!("{}{}{value}", lang.say(word), lang.say(Word::CommonColon)))
    });
    let mut all: Vec<String> = parts.collect();
    all.push(cut(&device.id.0, LONG));
    all.join(" / ")
}

fn table(headings: &[&str], rows: Vec<Vec<String>>) -> Table {
    let headings = headings.iter().map(|heading| (*heading).to_owned()).collect();
    Table { name: String::new(), headings, rows }
}

fn named<'a>(headings: &[&str], all: impl Iterator<Item = &'a Named>) -> Table {
    let by_slug: BTreeMap<&str, &Named> = all.map(|one| (one.slug.as_str(), one)).collect();
    let rows = by_slug.values().map(|one| vec![one.name.clone(), one.slug.clone()]).collect();
    table(headings, rows)
}

fn roles(rows: &[Row<'_>]) -> Table {
    let mut table = named(&["name", "slug", "color"], rows.iter().map(|row| &row.role));
    for row in &mut table.rows {
        row.push("9e9e9e".to_owned());
    }
    table
}

fn types(rows: &[Row<'_>]) -> Table {
    let all: BTreeMap<(&str, &str), &Row<'_>> = rows
        .iter()
        .map(|row| ((row.maker.slug.as_str(), row.model.slug.as_str()), row))
        .rev()
        .collect();
    let rows = all.values().map(|row| {
        vec![row.maker.name.clone(), row.model.name.clone(), type_slug(row), HEIGHT.into()]
    });
    table(&["manufacturer", "model", "slug", "u_height"], rows.collect())
}

/// Types of different makers share one space of short forms.
fn type_slug(row: &Row<'_>) -> String {
    cut(&format!("{}-{}", row.maker.slug, row.model.slug), LONG)
}

fn devices(rows: &[Row<'_>], site: &str) -> Table {
    // The model as the first device of the type writes it, which is how the type is called.
    let mut models: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for row in rows {
        let key = (row.maker.slug.as_str(), row.model.slug.as_str());
        models.entry(key).or_insert(&row.model.name);
    }
    let headings = [
        "name",
        "role",
        "manufacturer",
        "device_type",
        "serial",
        "asset_tag",
        "site",
        "status",
        "comments",
    ];
    let cells = rows.iter().map(|row| {
        let serial = row.device.serial.as_ref().map(|claim| cut(&claim.value, SERIAL));
        let model = models.get(&(row.maker.slug.as_str(), row.model.slug.as_str()));
        vec![
            row.name.clone(),
            row.role.name.clone(),
            row.maker.name.clone(),
            model.copied().unwrap_or_default().to_owned(),
            serial.unwrap_or_default(),
            row.asset.clone(),
            site.to_owned(),
            "active".to_owned(),
            row.remarks.clone(),
        ]
    });
    table(&headings, cells.collect())
}

/// What an interface is called of which nothing but its address is known.
const NAMELESS: &str = "unknown";

/// The interfaces of a device: one a MAC address, else one for its addresses.
fn interfaces_of(device: &Device) -> Vec<String> {
    if device.macs.is_empty() {
        return vec![NAMELESS.to_owned()];
    }
    device.macs.iter().map(|mac| mac.value.to_string().to_uppercase()).collect()
}

fn interfaces(rows: &[Row<'_>]) -> Table {
    let cells = rows.iter().flat_map(|row| {
        let kinds = interfaces_of(row.device).into_iter();
        kinds.map(|interface| {
            vec![row.name.clone(), interface, "other".to_owned(), "true".to_owned()]
        })
    });
    table(&["device", "name", "type", "enabled"], cells.collect())
}

fn macs(rows: &[Row<'_>]) -> Table {
    let mut known = BTreeSet::new();
    let cells = rows.iter().flat_map(|row| row.device.macs.iter().map(move |mac| (row, mac.value)));
    let cells = cells.filter(|(_, mac)| known.insert(*mac)).map(|(row, mac)| {
        let mac = mac.to_string().to_uppercase();
        vec![mac.clone(), row.name.clone(), mac, "true".to_owned()]
    });
    table(&["mac_address", "device", "interface", "is_primary"], cells.collect())
}

/// Each address once, at the device that was seen there last.
fn addresses(rows: &[Row<'_>], coverage: &[Coverage]) -> Table {
    let mut networks: BTreeMap<&str, BTreeSet<IpNet>> = BTreeMap::new();
    for one in coverage {
        networks.entry(one.vantage.network.as_str()).or_default().insert(one.cidr);
    }
    let mut latest: BTreeMap<IpAddr, (&Row<'_>, &Address)> = BTreeMap::new();
    for row in rows {
        for address in &row.device.addresses {
            let held = latest.entry(address.ip).or_insert((row, address));
            if held.1.last_seen < address.last_seen {
                *held = (row, address);
            }
        }
    }
    let mut primary = BTreeSet::new();
    let mut cells = Vec::new();
    for (ip, (row, address)) in latest {
        let within = networks.get(address.network.as_str()).into_iter().flatten();
        let length = within.filter(|net| is_host_of(net, ip)).map(IpNet::prefix_len).max();
        let whole = if ip.is_ipv4() { 32 } else { 128 };
        let first = primary.insert((row.name.as_str(), ip.is_ipv4()));
        cells.push(vec![
            format!("{ip}/{}", length.unwrap_or(whole)),
            "active".to_owned(),
            row.device
                .names
                .iter()
                .map(|name| name.value.as_str())
                .find(|it| is_host(it))
                .unwrap_or_default()
                .to_owned(),
            row.name.clone(),
            interfaces_of(row.device).into_iter().next().unwrap_or_default(),
            if first { "true" } else { "false" }.to_owned(),
        ]);
    }
    table(&["address", "status", "dns_name", "device", "interface", "is_primary"], cells)
}

/// Whether an address may be one of an interface in this network: NetBox refuses that of the network
/// itself and that of all of its hosts, which may be hosts of a wider network that was covered as a whole.
fn is_host_of(net: &IpNet, ip: IpAddr) -> bool {
    let point_to_point = net.prefix_len() + 1 >= net.max_prefix_len();
    let none = ip == net.network() || ip.is_ipv4() && ip == net.broadcast();
    net.contains(&ip) && (point_to_point || !none)
}

/// Whether it may stand as the name of a host.
fn is_host(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=255).contains(&name.len())
        && name.chars().all(fits)
        && !name.starts_with(['.', '-'])
        && !name.contains("..")
}

/// Lower-case letters, digits and hyphens; what is lost of the name is made up for by its digest.
fn slug(name: &str) -> String {
    let mut plain = String::new();
    let mut lost = false;
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => plain.push(c),
            ' ' | '-' | '_' | '.' | '/' | ',' => {
                if !plain.ends_with('-') {
                    plain.push('-');
                }
            }
            _ => lost = true,
        }
    }
    let plain: String = plain.trim_matches('-').chars().take(40).collect();
    let plain = plain.trim_matches('-').to_owned();
    if !lost && !plain.is_empty() && name.chars().count() <= 40 {
        return plain;
    }
    let digest = Sha256::digest(name.as_bytes());
    let digest = crate::people::log::hex(digest.get(..4).unwrap_or_default());
    if plain.is_empty() { format!("x-{digest}") } else { format!("{plain}-{digest}") }
}

/// On one line, harmless, and not too long.
fn cut(text: &str, most: usize) -> String {
    Text::clean(text).as_str().chars().take(most).collect::<String>().trim().to_owned()
}
