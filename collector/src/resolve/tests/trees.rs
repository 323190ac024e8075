//! What stands in the tree of a maker of whom nothing else is known.

use daicho_common::observation::table::{Cell, Row, Rows as Table};

use super::*;
use crate::evidence::SourcedText;

/// Texts of makers' trees, by the numbers of their objects below enterprises.
fn tree(texts: &[(&[u32], &str)]) -> Fact {
    let row = |(index, text): &(&[u32], &str)| {
        let cells = [("value".to_owned(), Cell::Text((*text).into()))];
        let cells = if text.is_empty() { BTreeMap::new() } else { cells.into() };
        Row { index: index.to_vec(), cells }
    };
    let (table, rows) = ("enterprises".to_owned(), texts.iter().map(row).collect());
    Fact::Rows(Box::new(Table { table, context: String::new(), rows }))
}

const NET_SNMP: &str = "1.3.6.1.4.1.8072.3.2.10";

#[test]
fn a_device_that_answers_with_net_snmp_is_of_the_maker_whose_tree_it_has() {
    let telling = |texts| {
        let case = Case::new().arp("10.0.0.1", A);
        let case = case.describes("10.0.0.1", "r1", NET_SNMP, "Linux r1 5.4.2 #0 mips");
        device(&case.tells("10.0.0.1", tree(texts)), ID_A)
    };
    let one = telling(&[(&[48690], "")]);
    assert_eq!(one.vendor.unwrap().value, "Teltonika");
    assert_eq!(one.class.unwrap().value, Class::Router);
    let several = telling(&[(&[48690], ""), (&[6574], "")]);
    assert_eq!(several.vendor, None, "nobody knows whose it is");
}

#[test]
fn a_tree_says_the_model_beside_the_version_and_serial_number_and_joins_nothing() {
    let texts: [(&[u32], &str); 4] = [
        (&[99_999], ""),
        (&[99_999, 1, 1, 0], "XQ-48T"),
        (&[99_999, 1, 2, 0], "V6.5 build 25021113"),
        (&[99_999, 1, 3, 0], "SN48A209917"),
    ];
    let case = Case::new()
        .arp("10.0.0.1", A)
        .describes("10.0.0.1", "a", "1.3.6.1.4.1.99999.1", "XQ-48T")
        .tells("10.0.0.1", tree(&texts))
        .arp("10.0.0.2", B)
        .describes("10.0.0.2", "b", "1.3.6.1.4.1.99999.1", "XQ-48T")
        .tells("10.0.0.2", tree(&texts));
    assert_eq!(case.ids(), [ID_A, ID_B], "what is guessed joins no devices");
    let device = device(&case, ID_A);
    let value = |field: Option<SourcedText>| field.unwrap().value;
    assert_eq!(value(device.model), "XQ-48T");
    assert_eq!(value(device.version), "V6.5 build 25021113");
    assert_eq!(value(device.serial), "SN48A209917");
}
