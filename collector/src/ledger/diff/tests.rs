use super::super::assemble::assemble;
use super::super::columns::Columns;
use super::super::grid::Grid;
use super::*;

pub(crate) fn book(sheets: &[(&str, &[&[&str]])]) -> Ledger {
    let grids = sheets.iter().map(|(name, rows)| {
        let mut grid = Grid::new(*name);
        for (number, row) in (1u32..).zip(*rows) {
            grid.push(number, row.iter().map(|cell| (*cell).to_owned()).collect());
        }
        grid
    });
    assemble("台帳.xlsx", grids.collect(), &Columns::released().unwrap())
}

const HEAD: &[&str] = &["管理番号", "機器名", "IPアドレス", "シリアル番号", "設置場所", "状態"];

fn told(diff: &Diff) -> Vec<(Kind, &str, usize)> {
    diff.rows.iter().map(|row| (row.kind, row.key.as_str(), row.steps.len())).collect()
}

#[test]
fn what_was_added_changed_retired_removed_and_left_alone_is_told() {
    let old = book(&[(
        "1",
        &[
            HEAD,
            &["A-1", "PC", "10.0.0.1", "S1", "1階", ""],
            &["A-2", "NAS", "10.0.0.2", "S2", "1階", "使用中"],
            &["A-3", "CT", "10.0.0.3", "S3", "1階", ""],
            &["A-4", "MR", "10.0.0.4", "S4", "1階", ""],
        ],
    )]);
    let new = book(&[(
        "1",
        &[
            HEAD,
            &["A-0", "UPS", "10.0.0.9", "S9", "", ""],
            &["A-2", "NAS", "10.0.0.2", "S2", "1階", "廃棄"],
            &["A-1", "PC", "10.0.0.11", "S1", "2階", ""],
            &["A-3", "CT", "10.0.0.3", "S3", "1階", ""],
            &["※注", "", "", "", "", ""],
        ],
    )]);
    let diff = diff(&old, &new);
    assert_eq!(
        told(&diff),
        [
            (Kind::Added, "asset_number=A-0", 1),
            (Kind::Retired, "asset_number=A-2", 1),
            (Kind::Changed, "asset_number=A-1", 2),
            (Kind::Removed, "asset_number=A-4", 1)
        ]
    );
    assert_eq!((diff.unchanged, diff.rejected.len(), diff.count(Kind::Added)), (1, 1, 1));
    let Step::Cell { heading, before, after, column, .. } = &diff.rows[2].steps[0] else {
        panic!("{diff:?}")
    };
    assert_eq!(
        (heading.as_str(), before.as_str(), after.as_str(), *column),
        ("IPアドレス", "10.0.0.1", "10.0.0.11", Some(2))
    );
}

#[test]
fn a_row_is_recognised_by_serial_mac_or_name_where_its_number_changed_or_is_missing() {
    let head: &[&str] =
        &["管理番号", "機器名", "ホスト名", "MACアドレス", "シリアル番号", "設置場所"];
    let old = book(&[(
        "1",
        &[
            head,
            &["A-1", "PC", "", "", "S1", ""],
            &["", "NAS", "", "00:1a:2b:00:00:01", "", ""],
            &["", "端末", "PC-7", "", "", "受付"],
            &["", "プリンタ", "", "", "", "2階"],
            &["A-5", "端末", "PC-9", "", "S5", ""],
        ],
    )]);
    let new = book(&[(
        "1",
        &[
            head,
            &["", "プリンター", "", "", "", "3階"],
            &["", "プリンタ", "", "", "", "2階"],
            &["B-1", "PC", "", "", "S1", ""],
            &["", "NAS2", "", "001a.2b00.0001", "", ""],
            &["", "端末", "pc-7", "", "", "外来"],
            &["A-6", "端末", "PC-9", "", "S6", ""],
        ],
    )]);
    let kinds: Vec<Kind> = diff(&old, &new).rows.iter().map(|row| row.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Added, Kind::Changed, Kind::Changed, Kind::Changed, Kind::Added, Kind::Removed]
    );
}

#[test]
fn a_row_that_went_to_another_sheet_was_moved_and_a_new_column_changes_only_what_it_says() {
    let old = book(&[("1階", &[HEAD, &["A-1", "PC", "", "", "", ""]]), ("2階", &[HEAD])]);
    let wide: &[&str] = &["状態", "管理番号", "機器名", "独自"];
    let new = book(&[("1階", &[HEAD]), ("2階", &[wide, &["", "A-1", "PC", "x"]])]);
    let diff = diff(&old, &new);
    assert_eq!(told(&diff), [(Kind::Changed, "asset_number=A-1", 2)]);
    assert!(matches!(&diff.rows[0].steps[0], Step::Moved { from, .. } if from.sheet == "1階"));
    assert!(
        matches!(&diff.rows[0].steps[1], Step::Cell { before, after, .. } if before.is_empty() && after == "x")
    );
}

#[test]
fn a_row_put_in_above_shifts_the_counter_and_nothing_else() {
    let head: &[&str] = &["No.", "機器名", "IPアドレス"];
    let old = book(&[("1", &[head, &["1", "PC", "10.0.0.1"], &["2", "NAS", "10.0.0.2"]])]);
    let new = book(&[(
        "1",
        &[head, &["1", "UPS", "10.0.0.9"], &["2", "PC", "10.0.0.1"], &["3", "NAS", "10.0.0.2"]],
    )]);
    let diff = diff(&old, &new);
    assert_eq!(diff.count(Kind::Added), 1);
    assert_eq!(diff.count(Kind::Removed), 0);
    assert_eq!(diff.count(Kind::Changed), 2);
}
