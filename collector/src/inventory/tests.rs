use std::collections::BTreeMap;

use super::parts::{PartKind, pages, parts, software};
use super::*;

pub(super) fn row(index: &[u32], cells: &[(&str, Cell)]) -> Row {
    let cells: BTreeMap<String, Cell> =
        cells.iter().map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect();
    Row { index: index.to_vec(), cells }
}

pub(super) fn said(text: &str) -> Cell {
    Cell::Text(text.into())
}

pub(super) fn id(text: &str) -> Cell {
    Cell::ObjectId(text.to_owned())
}

pub(super) fn table(name: &str, context: &str, rows: Vec<Row>) -> Rows {
    Rows { table: name.to_owned(), context: context.to_owned(), rows }
}

pub(super) fn told(tables: &[Rows]) -> Vec<Told<'_>> {
    let number = |n: usize| u8::try_from(n).unwrap();
    let one = |(n, rows)| Told {
        rows,
        at: Timestamp::from_micros(i64::from(number(n))),
        sources: vec![ObservationId::new([number(n); 16])],
    };
    tables.iter().enumerate().map(one).collect()
}

/// The value on which the most weight lies.
fn best(object_id: &str, tables: &[Rows], of: fn(&Reading) -> Option<String>) -> Option<String> {
    let read = Rules::builtin().read(object_id, &told(tables));
    let with = read.iter().filter_map(|it| Some((it.reading.weight, of(&it.reading)?)));
    with.max().map(|(_, value)| value)
}

fn chassis(index: u32, serial: &str, model: &str) -> Row {
    let class = Cell::Integer(3);
    row(
        &[index],
        &[
            ("entPhysicalClass", class),
            ("entPhysicalSerialNum", said(serial)),
            ("entPhysicalModelName", said(model)),
            ("entPhysicalName", said(&format!("Switch {index}"))),
        ],
    )
}

#[test]
fn every_rule_shipped_proves_its_examples() {
    let rules = Rules::parse(&SHIPPED).unwrap();
    assert!(rules.len() > 150, "{} rules", rules.len());
    assert_eq!(Rules::builtin().len(), rules.len());
    assert!(EMPTY_WORDS.contains("n/a"));
}

#[test]
fn the_first_chassis_speaks_for_a_stack_and_every_member_is_a_part() {
    let port = row(
        &[5],
        &[("entPhysicalClass", Cell::Integer(10)), ("entPhysicalSerialNum", said("N/A"))],
    );
    let tables = [table(
        "entPhysicalTable",
        "",
        vec![port, chassis(2000, "MEMBER2", "X-48"), chassis(1000, "MEMBER1", "X-24")],
    )];
    assert_eq!(best("", &tables, |it| it.serial.clone()).as_deref(), Some("MEMBER1"));
    assert_eq!(best("", &tables, |it| it.model.clone()).as_deref(), Some("X-24"));
    let found: Vec<_> = parts(&told(&tables)).into_iter().map(|(part, _)| part).collect();
    let brief: Vec<_> = found.iter().map(|it| (it.index, it.kind, it.serial.as_str())).collect();
    assert_eq!(brief, [(1000, PartKind::Chassis, "MEMBER1"), (2000, PartKind::Chassis, "MEMBER2")]);
}

#[test]
fn a_row_read_again_counts_as_it_was_last() {
    let version = |text| {
        let cells = [("fgSysVersion", said(text))];
        table("fgSystemInfo", "", vec![row(&[], &cells)])
    };
    let tables = [version("v9.0.1"), version("v7.4.2")];
    assert_eq!(best("", &tables, |it| it.version.clone()).as_deref(), Some("v7.4.2"));
}

#[test]
fn a_table_of_a_vlan_and_a_placeholder_say_nothing() {
    let of_vlan = [table("entPhysicalTable", "20", vec![chassis(1, "MEMBER1", "X-24")])];
    assert_eq!(best("", &of_vlan, |it| it.serial.clone()), None);
    for nothing in ["N/A", "To be filled by O.E.M.", "00000000", "xxxxxx", " ", "Not Specified"] {
        let tables = [table("entPhysicalTable", "", vec![chassis(1, nothing, "")])];
        assert_eq!(best("", &tables, |it| it.serial.clone()), None, "{nothing}");
    }
}

#[test]
fn pages_are_counted_in_impressions_or_sheets_only() {
    let marker = |n, unit, count| {
        let unit = ("prtMarkerCounterUnit", Cell::Integer(unit));
        row(&[1, n], &[unit, ("prtMarkerLifeCount", Cell::Unsigned(count))])
    };
    let tables = [table("prtMarkerTable", "", vec![marker(2, 7, 4711), marker(1, 11, 9)])];
    assert_eq!(pages(&told(&tables)).unwrap().0, 4711);
}

#[test]
fn software_is_listed_once_by_name() {
    let one = |n, name| row(&[n], &[("hrSWInstalledName", said(name))]);
    let rows = vec![one(1, "PACS Viewer 2"), one(2, "Agent"), one(3, "PACS Viewer 2")];
    let tables = [table("hrSWInstalledTable", "", rows)];
    let names: Vec<String> = software(&told(&tables)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Agent", "PACS Viewer 2"]);
}

#[test]
fn a_description_alone_is_a_model_unless_the_agents_number_says_not_whose_it_is() {
    let system = || [table("system", "", vec![row(&[], &[("sysDescr", said("QX-7210"))])])];
    let model = |object_id| best(object_id, &system(), |reading| reading.model.clone());
    assert_eq!(model("1.3.6.1.4.1.99999.1").as_deref(), Some("QX-7210"));
    assert_eq!(model("1.3.6.1.4.1.8072.3.2.10"), None);
    assert_eq!(model("1.3.6.1.4.1.1240.2.3"), None);
}

#[test]
fn a_rule_that_does_not_prove_itself_is_refused_with_its_place() {
    let rule = |rest: &str| {
        let text = format!("[[rule]]\ntable = 't'\ncolumn = 'c'\nweight = 5\n{rest}");
        Rules::parse(&[("bad.toml", &text)]).unwrap_err().to_string()
    };
    assert!(rule("field = 'model'").starts_with("bad.toml, rule 1: a rule needs an example"));
    assert!(rule("example = [{ said = 'A' }]").contains("nothing is claimed"));
    let wrong = rule("field = 'model'\nexample = [{ said = 'A', is = 'B' }]");
    assert!(wrong.contains("it says"), "{wrong}");
    assert!(rule("colour = 'red'").starts_with("bad.toml, rule 0"));
}

#[test]
fn a_rule_for_one_row_looks_at_no_other_and_a_maker_left_out_is_not_asked() {
    let rule = "[[rule]]\ntable = \"versions\"\ncolumn = \"said\"\nindex = [1, 4]\n\
                except = [\"1.3.6.1.4.1.9\"]\nfield = \"version\"\nweight = 70\n\
                example = [{ said = \"4.1\", is = \"4.1\" }]\n";
    let rules = Rules::parse(&[("one.toml", rule)]).unwrap();
    let rows = vec![row(&[1, 1], &[("said", said("9.9"))]), row(&[1, 4], &[("said", said("4.1"))])];
    let tables = [table("versions", "", rows)];
    let read = rules.read("1.3.6.1.4.1.99999", &told(&tables));
    let versions: Vec<_> = read.iter().map(|it| it.reading.version.as_deref()).collect();
    assert_eq!(versions, [Some("4.1")]);
    assert!(rules.read("1.3.6.1.4.1.9.1", &told(&tables)).is_empty());
}

#[test]
fn a_print_queue_of_a_computer_makes_it_no_printer() {
    let printer = id("1.3.6.1.2.1.25.3.1.5");
    let queue = [("hrDeviceType", printer), ("hrDeviceDescr", said("office-4999"))];
    let tables = [table("hrDeviceTable", "", vec![row(&[1], &queue)])];
    let class = |object_id| {
        let read = Rules::builtin().read(object_id, &told(&tables));
        read.into_iter().find_map(|it| it.reading.class)
    };
    assert_eq!(class("1.3.6.1.4.1.8072.3.2.10"), None);
    assert_eq!(class("1.3.6.1.4.1.99999.1"), Some(crate::fingerprint::Class::Printer));
}

#[test]
fn devices_of_makers_of_whom_no_table_is_known_are_read_in_the_standard_ones() {
    // Yamaha, ALAXALA, APRESIA, NEC (IX and QX), Fujitsu.
    for maker in ["1182.3", "21839.1.2.16", "278.1", "119.1.84", "119.1.126.2", "211.1.127"] {
        let object_id = format!("1.3.6.1.4.1.{maker}.1");
        let mut unit = chassis(1, "S-00421", "XQ-24T");
        unit.cells.insert("entPhysicalSoftwareRev".to_owned(), said("2.01.07"));
        let tables = [table("entPhysicalTable", "", vec![unit])];
        let of = |field| best(&object_id, &tables, field);
        assert_eq!(of(|it| it.serial.clone()).as_deref(), Some("S-00421"), "{maker}");
        assert_eq!(of(|it| it.model.clone()).as_deref(), Some("XQ-24T"), "{maker}");
        assert_eq!(of(|it| it.version.clone()).as_deref(), Some("2.01.07"), "{maker}");
    }
    // FUJIFILM Business Innovation, Toshiba TEC.
    for maker in ["297.1.11.93.1", "1129.2.3"] {
        let cells = [("prtGeneralSerialNumber", said("500421"))];
        let tables = [table("prtGeneralTable", "", vec![row(&[1], &cells)])];
        let serial = best(&format!("1.3.6.1.4.1.{maker}.1"), &tables, |it| it.serial.clone());
        assert_eq!(serial.as_deref(), Some("500421"), "{maker}");
    }
}
