//! What stands in the columns of the table of devices: on the page and in files.

use crate::clock::Zone;
use crate::report;
use crate::roster::{Column, Told, place};
use crate::web::page::{Tag, device_link};
use crate::web::scope;
use crate::words::{Lang, Word, phrase};

/// Most lines of one cell that the list shows; the device's page and files have all.
const MOST_LINES: usize = 3;
/// What joins several values in a cell of a file.
const IN_CELL: &str = " / ";

/// A cell of the page.
pub(super) struct Cell {
    pub(super) lines: Vec<String>,
    /// What the ledger calls it, where that is another name.
    pub(super) declared: String,
    pub(super) tags: Vec<Tag>,
    /// Where it leads; empty: nowhere.
    pub(super) link: String,
    /// What the style sheet calls it.
    pub(super) style: &'static str,
}

/// The heading of a column.
pub(super) const fn heading(column: Column) -> Word {
    match column {
        Column::Name => Word::DevicesName,
        Column::Number => Word::FieldAssetNumber,
        Column::Declared => Word::DevicesDeclared,
        Column::Verdict => Word::CommonVerdict,
        Column::Scope => Word::ScopeTitle,
        Column::Class => Word::CommonClass,
        Column::Ip => Word::DevicesAddresses,
        Column::Mac => Word::DevicesMacs,
        Column::Network => Word::CommonNetwork,
        Column::Vendor => Word::FieldVendor,
        Column::Model => Word::FieldModel,
        Column::Serial => Word::FieldSerial,
        Column::Os => Word::FieldOs,
        Column::Version => Word::FieldVersion,
        Column::Place => Word::FieldLocation,
        Column::Port => Word::DevicesPort,
        Column::Open => Word::DevicesOpen,
        Column::First => Word::CommonFirstSeen,
        Column::Last => Word::CommonLastSeen,
    }
}

/// What cells are written with.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) lang: Lang,
    pub(super) zone: &'a Zone,
}

impl Writer<'_> {
    /// A cell of the page.
    pub(super) fn cell(self, column: Column, told: &Told<'_>) -> Cell {
        let tags: Vec<Tag> = if column == Column::Verdict {
            told.rows.iter().map(|row| Tag::verdict(self.lang, &row.matched.verdict)).collect()
        } else if column == Column::Scope {
            let scoped = told.rows.iter().filter_map(|row| row.scoped);
            scoped.map(|scoped| scope::tag(self.lang, scoped.scope)).collect()
        } else {
            Vec::new()
        };
        let mut lines = if tags.is_empty() { self.lines(column, told) } else { Vec::new() };
        let (mut link, mut declared) = (String::new(), String::new());
        if column == Column::Name {
            link = device_link(&told.device.id);
            let names = told.entries().map(|entry| &entry.name).filter(|name| !name.is_empty());
            let other = names.filter(|name| !lines.contains(name)).map(String::clone).next();
            declared = other.unwrap_or_default();
            if lines.is_empty() {
                lines.push(self.lang.say(Word::DevicesUnnamed).to_owned());
            }
        }
        Cell { lines: few(lines), declared, tags, link, style: style(column) }
    }

    /// A cell of a file.
    pub(super) fn text(self, column: Column, told: &Told<'_>) -> String {
        self.lines(column, told).join(IN_CELL)
    }

    fn lines(self, column: Column, told: &Told<'_>) -> Vec<String> {
        let device = told.device;
        let lang = self.lang;
        let said = |claim: &Option<crate::evidence::SourcedText>| {
            claim.iter().map(|claim| claim.value.to_string()).collect::<Vec<_>>()
        };
        let cells = |of: &dyn Fn(&crate::ledger::Entry) -> &String| {
            distinct(told.entries().map(|entry| of(entry).clone()))
        };
        match column {
            Column::Name => {
                device.names.first().map(|name| name.value.to_string()).into_iter().collect()
            }
            Column::Number => cells(&|entry| &entry.asset_number),
            Column::Declared => cells(&|entry| &entry.name),
            Column::Verdict => distinct(
                told.rows
                    .iter()
                    .map(|row| lang.say(phrase::verdict(&row.matched.verdict)).to_owned()),
            ),
            Column::Scope => {
                let scoped = told.rows.iter().filter_map(|row| row.scoped);
                distinct(scoped.map(|one| lang.say(phrase::scope(one.scope)).to_owned()))
            }
            Column::Class => vec![report::class(lang, device).to_owned()],
            Column::Ip => report::ips(device),
            Column::Mac => report::macs(device),
            Column::Network => distinct(device.addresses.iter().map(|at| at.network.to_string())),
            Column::Vendor => said(&device.vendor),
            Column::Model => said(&device.model),
            Column::Serial => said(&device.serial),
            Column::Os => said(&device.os),
            Column::Version => said(&device.version),
            Column::Place => distinct(std::iter::once(place(told).to_owned())),
            Column::Port => {
                let attached = device.attached.iter().map(|one| &one.value);
                distinct(attached.map(|one| format!("{} {}", one.switch_name, one.port)))
            }
            Column::Open if told.open == 0 => Vec::new(),
            Column::Open => vec![told.open.to_string()],
            Column::First => vec![self.zone.show(device.first_seen)],
            Column::Last => vec![self.zone.show(device.last_seen)],
        }
    }
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept
}

/// A switch has an address a port: the list shows some.
fn few(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST_LINES {
        let more = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(format!("+{more}"));
    }
    lines
}

const fn style(column: Column) -> &'static str {
    match column {
        Column::Name | Column::Declared => "name",
        Column::Ip | Column::Mac | Column::Serial | Column::Number => "mono",
        Column::Class => "keep",
        Column::Open => "number",
        Column::First | Column::Last => "time",
        Column::Verdict
        | Column::Scope
        | Column::Network
        | Column::Vendor
        | Column::Model
        | Column::Os
        | Column::Version
        | Column::Place
        | Column::Port => "",
    }
}
