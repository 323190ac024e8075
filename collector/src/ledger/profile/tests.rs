use super::super::assemble::assemble_with;
use super::super::columns::Columns;
use super::super::grid::Grid;
use super::super::{Field, Ledger};
use super::*;

fn grid(rows: &[&[&str]]) -> Grid {
    let mut grid = Grid::new("ME機器");
    for (number, row) in (1u32..).zip(rows) {
        grid.push(number, row.iter().map(|cell| (*cell).to_owned()).collect());
    }
    grid
}

const ROWS: [&[&str]; 4] = [
    &["○○病院 臨床工学室"],
    &["呼び名", "タグ", "線番", "どこに"],
    &["輸液ポンプ", "ME-1", "00-1A-2B-3C-4D-01", "3階"],
    &["監視装置", "ME-2", "00-1A-2B-3C-4D-02", "4階"],
];

fn read(profiles: &[Profile]) -> Ledger {
    assemble_with("台帳.xlsx", vec![grid(&ROWS)], &Columns::released().unwrap(), profiles)
}

const SAID: &str = "[[profile]]\nname = \"ME\"\ncolumns = [\n\
    { heading = \"呼び名\", field = \"name\" },\n{ heading = \"タグ\", field = \"asset_number\" },\n\
    { heading = \"線 番\", field = \"mac\" },\n{ heading = \"どこに\" },\n]\n";

#[test]
fn headings_that_no_word_knows_are_read_once_a_person_said_what_they_mean() {
    assert_eq!(read(&[]).entries.len(), 0);
    let profiles = parse(SAID).unwrap();
    let ledger = read(&profiles);
    assert_eq!(ledger.entries.len(), 2, "{ledger:?}");
    let first = &ledger.entries[0];
    assert_eq!((first.asset_number.as_str(), first.name.as_str()), ("ME-1", "輸液ポンプ"));
    assert_eq!((first.macs.len(), first.location.as_str()), (1, ""));
    assert_eq!(ledger.sheets[0].columns[0].heading, "呼び名");
    assert_eq!(ledger.sheets[0].title_rows.len(), 1);
    profiles[0].fits_one(&ledger.sheets.iter().map(|s| s.columns.as_slice())).unwrap();
}

#[test]
fn a_person_outweighs_the_released_words_and_the_same_headings_are_read_so_again() {
    let book = grid(&[&["機器名", "ホスト名", "備考"], &["PC-1", "受付の端末", "x"]]);
    let columns = Columns::released().unwrap();
    let swapped = Profile {
        name: "逆".into(),
        columns: vec![
            Mapped { heading: "機器名".into(), field: Some(Field::HostName) },
            Mapped { heading: "ホスト名".into(), field: Some(Field::Name) },
            Mapped { heading: "備考".into(), field: None },
        ],
    };
    swapped.check().unwrap();
    let ledger = assemble_with("台帳.xlsx", vec![book], &columns, std::slice::from_ref(&swapped));
    assert_eq!(ledger.entries[0].host_name, "PC-1");
    assert_eq!(ledger.entries[0].name, "受付の端末");
    let proposals = propose(&ledger, &columns, std::slice::from_ref(&swapped));
    assert!(proposals[0].columns.iter().all(|column| column.why == Why::Profile));
    assert_eq!(Profile::from(&proposals[0]).columns, swapped.columns);
}

#[test]
fn a_proposal_says_why_and_shows_cells_and_is_a_profile_once_written() {
    let book = grid(&[
        &["No.", "管理番号", "装置名", "IPアドレス1", "線番", "独自"],
        &["1", "A-1", "CT", "10.0.0.1", "00:1a:2b:3c:4d:01", "α \"x\""],
        &["2", "A-2", "MR", "10.0.0.2", "00:1a:2b:3c:4d:02", ""],
    ]);
    let columns = Columns::released().unwrap();
    let ledger = assemble_with("台帳.xlsx", vec![book], &columns, &[]);
    let proposals = propose(&ledger, &columns, &[]);
    let whys: Vec<Why> = proposals[0].columns.iter().map(|column| column.why).collect();
    assert_eq!(
        whys,
        [
            Why::GaveWay,
            Why::Heading,
            Why::Heading,
            Why::PartOfHeading,
            Why::Cells(Field::Mac),
            Why::Unknown
        ]
    );
    assert_eq!(proposals[0].columns[2].samples, ["CT", "MR"]);
    let text = to_toml(&proposals).unwrap();
    assert_eq!(parse(&text).unwrap(), [Profile::from(&proposals[0])], "{text}");
    assert!(text.contains("field = \"mac\" ?"), "{text}");
}

#[test]
fn profiles_that_contradict_themselves_or_each_other_are_refused() {
    let one = |columns: &str| format!("[[profile]]\nname = \"a\"\ncolumns = [{columns}]\n");
    let serials =
        "{ heading = \"x\", field = \"serial\" }, { heading = \"y\", field = \"serial\" }";
    assert_eq!(
        parse(&one(serials)),
        Err(BadProfile::FieldTwice {
            profile: "a".into(),
            field: Field::Serial,
            first: "x".into(),
            second: "y".into()
        })
    );
    let nothing = "{ heading = \"x\", field = \"location\" }";
    assert_eq!(parse(&one(nothing)), Err(BadProfile::NamesNothing("a".into())));
    let twice =
        [SAID, &SAID.replace("\"ME\"", "\"別\"").replace("name\" },", "host_name\" },")].concat();
    assert_eq!(
        parse(&twice),
        Err(BadProfile::ShapeTwice { first: "ME".into(), second: "別".into() })
    );
    assert_eq!(parse(""), Err(BadProfile::Empty));
    assert!(matches!(parse("[[profile]]\nname = 1"), Err(BadProfile::Syntax(_))));
    let unknown = one("{ heading = \"x\", field = \"colour\" }");
    assert!(matches!(parse(&unknown), Err(BadProfile::Syntax(text)) if text.contains("colour")));
    let macs = "{ heading = \"x\", field = \"mac\" }, { heading = \"y\", field = \"mac\" }";
    assert!(parse(&one(macs)).is_ok());
}

#[test]
fn a_profile_for_headings_that_the_book_has_not_is_refused_by_the_first_that_is_missing() {
    let ledger = read(&parse(SAID).unwrap());
    let sheets = ledger.sheets.iter().map(|sheet| sheet.columns.as_slice());
    let mut other = parse(SAID).unwrap().remove(0);
    other.columns.swap(0, 1);
    assert_eq!(other.fits_one(&sheets), Err(BadProfile::NoSuchShape("ME".into())));
    other.columns[0].heading = "型".into();
    assert_eq!(
        other.fits_one(&sheets),
        Err(BadProfile::NoSuchHeading { profile: "ME".into(), heading: "型".into() })
    );
}
