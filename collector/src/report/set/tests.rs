use std::io::Cursor;

use super::changes::{Between, Said, Signed};
use super::*;
use crate::book::Encoding;
use crate::clock::Zone;
use crate::decision::Scope;
use crate::picture::Picture;
use crate::report::gather::{self, Format};
use crate::report::paper::Part;
use crate::report::tests::{HOSTILE, sample};
use crate::scope::{Reason, Scoped};
use crate::snapshot::diff::{Difference, How, Kind};
use crate::store::Ground;
use daicho_common::time::Timestamp;

const SAMPLE: &str = include_str!("../../../../config/register/sample.toml");

/// A small hospital with a register, every scope told, and a name of ten thousand characters.
fn hospital() -> (Ground, Picture) {
    let (mut ground, mut picture) = sample();
    ground.register = Register::parse(SAMPLE).unwrap();
    let ledger = std::sync::Arc::make_mut(&mut ground.ledger);
    for (entry, number) in ledger.entries.iter_mut().zip(["ME-0001", "SV-0001", "PC-0101"]) {
        entry.asset_number = number.to_owned();
        entry.model = "CT-900".to_owned();
        entry.maintainer = "架空システム".to_owned();
    }
    ledger.entries[4].name = "長".repeat(10_000);
    let scoped = Scoped {
        scope: Scope::Inside,
        proposed: Scope::Inside,
        reason: Reason {
            rule: "r".into(),
            edition: "令和6年度".into(),
            answer: "Q-2".into(),
            ja: "対象".into(),
            en: "in".into(),
        }
        .into(),
        evidence: crate::evidence::Sources::new(),
        decided: None,
    };
    picture.scopes = vec![scoped; picture.matches.len()].into();
    (ground, picture)
}

fn between() -> Between {
    let at = |days: i64| Timestamp::from_micros(days * 86_400_000_000);
    let signed = |id: i64| Signed {
        id,
        at: at(id),
        by: "田中".into(),
        why: "棚卸".into(),
        digest: Digest::default(),
        key: "0123".into(),
    };
    let field = How::Field("verdict".into(), "agreed".into(), "differs".into());
    let difference = |how| Difference {
        kind: Kind::Row,
        key: "asset_number=me-0001".into(),
        about: "asset_number=ME-0001".into(),
        name: HOSTILE.into(),
        how,
    };
    Between {
        earlier: signed(1),
        later: signed(2),
        differences: vec![difference(field), difference(How::Went)],
        said: vec![Said {
            at: at(2),
            by: "佐藤".into(),
            kind: Word::PaperSaidEdit,
            about: "ME-0001".into(),
            why: "移設".into(),
        }],
    }
}

fn with_told<T>(lang: Lang, with: impl FnOnce(&Told<'_>) -> T) -> T {
    let (ground, picture) = hospital();
    let day = Day::new(2026, 11, 29).unwrap();
    let criteria = crate::picture::Criteria::default();
    let stamp = gather::stamp(&ground, &picture, &criteria, day);
    let told = Told {
        shown: Shown {
            picture: &picture,
            ledger: &ground.ledger,
            coverage: &ground.coverage,
            observations: (&ground.observations).into(),
            lang,
            zone: &Zone::named("Asia/Tokyo").unwrap(),
        },
        register: &ground.register,
        checks: &ground.checks,
        snapshot: &stamp,
        day,
        checklist: &Checklist::released(None).unwrap(),
    };
    with(&told)
}

fn papers(lang: Lang) -> Vec<(Name, Paper)> {
    with_told(lang, |told| {
        let between = between();
        let wanted = Wanted { contract: Some("ct"), between: Some(&between) };
        Name::ALL.iter().map(|name| (*name, make(*name, told, wanted).unwrap())).collect()
    })
}

fn paper(name: Name) -> Paper {
    papers(Lang::Ja).into_iter().find(|(of, _)| *of == name).unwrap().1
}

fn cells(paper: &Paper) -> Vec<String> {
    paper.tables().flat_map(|table| &table.rows).flatten().cloned().collect()
}

fn written(paper: &Paper, format: Format) -> Vec<u8> {
    let font = gather::font(&crate::config::Config::parse("", "none").unwrap()).unwrap();
    let mut out = Vec::new();
    gather::write(&mut out, paper, (format, Encoding::Utf8Bom), Some(&font)).unwrap();
    out
}

#[test]
fn every_report_bears_day_snapshot_rules_and_coverage_in_both_languages() {
    for lang in [Lang::Ja, Lang::En] {
        for (name, paper) in papers(lang) {
            let head: Vec<&str> = paper.head.iter().map(|(label, _)| label.as_str()).collect();
            for word in [Word::PaperDay, Word::PaperSnapshot, Word::PaperRules, Word::PaperCoverage]
            {
                assert!(head.contains(&lang.say(word)), "{name:?} {word:?}");
            }
            let hash = &paper.head[1].1;
            assert!(hash.contains("SHA-256") && hash.len() > 64, "{hash}");
            assert!(paper.head[2].1.contains("令和6年度") && paper.head[2].1.contains("令和7年度"));
            assert!(paper.head[3].1.contains("199"), "{}", paper.head[3].1);
            assert!(paper.foot.contains(&hash[..12]), "{}", paper.foot);
            for table in paper.tables() {
                for row in &table.rows {
                    assert_eq!(row.len(), table.columns.len(), "{name:?}");
                }
            }
        }
    }
}

#[test]
fn the_same_paper_is_the_same_octets_in_every_format() {
    for (name, paper) in papers(Lang::Ja) {
        for format in [Format::Xlsx, Format::Pdf, Format::Csv] {
            let once = written(&paper, format);
            assert!(once == written(&paper, format), "{name:?} {format:?}");
            assert!(once.len() > 500, "{name:?} {format:?}");
        }
    }
    assert!(written(&paper(Name::Network), Format::Svg).starts_with(b"<svg"));
}

#[test]
fn a_pdf_embeds_a_part_of_the_font_and_counts_its_pages() {
    let octets = written(&paper(Name::Devices), Format::Pdf);
    assert!(octets.starts_with(b"%PDF-1."));
    assert!(octets.len() < 200_000, "{} octets: the whole font is in it", octets.len());
    let mut long = paper(Name::Devices);
    let Some(Part::Table(table)) = long.parts.first_mut() else { panic!() };
    let row = table.rows[0].clone();
    table.rows.resize(200, row);
    let many = written(&long, Format::Pdf);
    let pages = String::from_utf8_lossy(&many).matches("/Type /Page\n").count()
        + String::from_utf8_lossy(&many).matches("/Type/Page/").count();
    assert!(pages >= 4, "{pages}");
}

#[test]
fn hostile_names_are_text_in_every_format() {
    let paper = paper(Name::Undocumented);
    assert!(cells(&paper).iter().any(|cell| cell == HOSTILE));
    let mut evil = paper.clone();
    let Some(Part::Table(table)) = evil.parts.first_mut() else { panic!() };
    table.push(["=cmd|' /C calc'!A0", "受付\u{202e}fdp", "@SUM(A1)", "a\u{7}b", "+1+1"]);
    let csv = String::from_utf8(written(&evil, Format::Csv)).unwrap();
    assert!(csv.contains("'=cmd|") && csv.contains("'@SUM") && csv.contains("'+1+1"), "{csv}");
    assert!(!csv.contains('\u{202e}') && !csv.contains('\u{7}'));
    let mut book: calamine::Xlsx<_> =
        calamine::Reader::new(Cursor::new(written(&evil, Format::Xlsx))).unwrap();
    let sheets = calamine::Reader::worksheets(&mut book);
    let all = sheets.iter().flat_map(|(_, range)| range.cells().map(|(_, _, cell)| cell));
    let texts: Vec<&calamine::Data> = all.collect();
    assert!(texts.contains(&&calamine::Data::String("=cmd|' /C calc'!A0".into())));
    assert!(
        texts.iter().all(|cell| matches!(cell, calamine::Data::String(_) | calamine::Data::Empty))
    );
    assert!(written(&evil, Format::Pdf).starts_with(b"%PDF"));
}

#[test]
fn the_ledger_is_signed_by_three_and_shows_the_rounds_of_stock_taking() {
    let paper = paper(Name::Devices);
    assert_eq!(paper.boxes, ["担当者", "企画管理者", "安全管理責任者・経営層"]);
    let cells = cells(&paper);
    assert!(cells.iter().any(|cell| cell.contains("架空 一郎 2026-09-05")));
    assert!(
        cells.iter().any(|cell| cell.contains("企画管理者の署名待ち") && cell.contains("期限超過"))
    );
    assert!(paper.tables().next().unwrap().columns.last().unwrap().answer);
}

#[test]
fn undocumented_devices_stand_with_what_was_done_about_each() {
    let paper = paper(Name::Undocumented);
    let table = paper.tables().next().unwrap();
    assert_eq!(table.rows.len(), 1);
    assert!(table.rows[0].iter().any(|cell| cell == "未対応"));
    assert!(paper.head.iter().any(|(_, text)| text == "1 台（うち未対応 1 台）"));
}

#[test]
fn remote_maintenance_tells_way_contract_and_restriction_and_a_declared_no() {
    let cells = cells(&paper(Name::Remote));
    for said in
        ["VPN機器", "架空製作所 VPN-30", "CT装置 保守", "2026-04-10 設定画面を確認", "無", "不明"]
    {
        assert!(cells.iter().any(|cell| cell == said), "{said}");
    }
}

#[test]
fn a_form_that_never_came_and_one_that_holds_are_told_apart() {
    let paper = paper(Name::Disclosures);
    let cells = cells(&paper);
    assert!(cells.iter().any(|cell| cell == "未受領"));
    assert!(paper.head.iter().any(|(_, text)| text.starts_with("2 件")));
}

#[test]
fn an_exception_past_its_review_is_told_with_its_measures() {
    let cells = cells(&paper(Name::Unpatchable));
    assert!(cells.iter().any(|cell| cell == "ネットワーク分離\nUSBの取り決め"), "{cells:?}");
    assert!(cells.iter().any(|cell| cell.contains("見直しの期日超過")), "{cells:?}");
    assert!(cells.iter().any(|cell| cell.contains("別のネットワーク")), "{cells:?}");
}

#[test]
fn the_network_is_drawn_and_told_as_tables() {
    let paper = paper(Name::Network);
    assert!(matches!(&paper.parts[0], Part::Drawing(_, drawing) if drawing.size.0 > 200.0));
    let svg = String::from_utf8(written(&paper, Format::Svg)).unwrap();
    assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt;"));
    assert!(cells(&paper).iter().any(|cell| cell == "sw-core"));
}

#[test]
fn changes_name_fields_and_who_said_what_in_between() {
    let paper = paper(Name::Changes);
    let cells = cells(&paper);
    for said in ["判定", "一致", "相違", "削除", "佐藤", "移設", "台帳の変更", "管理番号 ME-0001"]
    {
        assert!(cells.iter().any(|cell| cell == said), "{said}: {cells:?}");
    }
    assert_eq!(paper.boxes, ["承認者"]);
    with_told(Lang::Ja, |told| {
        assert_eq!(make(Name::Changes, told, Wanted::default()), Err(Missing::Snapshots));
    });
}

#[test]
fn the_checklist_shows_both_sides_and_never_answers() {
    for edition in [None, Some("令和6年度")] {
        let checklist = Checklist::released(edition).unwrap();
        with_told(Lang::Ja, |told| {
            let told = Told { checklist: &checklist, ..*told };
            let paper = make(Name::Checklist, &told, Wanted::default()).unwrap();
            let table = paper.tables().next().unwrap();
            assert_eq!(table.rows.len(), 7);
            let answers: Vec<usize> = (table.columns.iter().enumerate())
                .filter(|(_, column)| column.answer)
                .map(|(at, _)| at)
                .collect();
            assert_eq!(answers.len(), 3);
            for row in &table.rows {
                assert!(answers.iter().all(|at| row[*at].is_empty()), "{row:?}");
            }
            assert!(table.rows[0][3].contains("未登録機器：1 件"), "{:?}", table.rows[0]);
            assert!(paper.notes.iter().any(|note| note.contains("厚生労働省の文言ではありません")));
        });
    }
    assert_eq!(Checklist::editions(), ["令和7年度", "令和6年度"]);
    assert_eq!(Checklist::released(Some("令和99年度")), None);
}

#[test]
fn a_report_for_a_contract_needs_the_contract() {
    with_told(Lang::En, |told| {
        let of = |contract| make(Name::Vendor, told, Wanted { contract, between: None });
        assert_eq!(of(None), Err(Missing::Contract(String::new())));
        assert_eq!(of(Some("x")), Err(Missing::Contract("x".into())));
        let paper = of(Some("ct")).unwrap();
        assert_eq!(paper.tables().next().unwrap().rows.len(), 1);
    });
}

/// The list of a contract as a workbook, filled in by somebody.
fn filled(lang: Lang, by: &str, answers: [&str; 6]) -> crate::ledger::Ledger {
    let mut paper = with_told(lang, |told| {
        make(Name::Vendor, told, Wanted { contract: Some("ct"), between: None }).unwrap()
    });
    for (label, text) in &mut paper.head {
        if *label == lang.say(Word::AnswerBy) {
            by.clone_into(text);
        }
        if *label == lang.say(Word::AnswerOn) {
            "令和8年12月1日".clone_into(text);
        }
    }
    let Some(Part::Table(table)) = paper.parts.first_mut() else { panic!() };
    let first = table.columns.iter().position(|column| column.answer).unwrap();
    for (at, answer) in (first..).zip(answers) {
        answer.clone_into(&mut table.rows[0][at]);
    }
    crate::book::read("回答.xlsx", &written(&paper, Format::Xlsx)).unwrap()
}

#[test]
fn what_a_contractor_filled_in_comes_back_as_records_and_changes_with_who_answered() {
    use crate::ledger::edit::Wish;
    use crate::register::Record;
    let (mut ground, _) = hospital();
    let field = Some(crate::ledger::Field::Version);
    for sheet in &mut std::sync::Arc::make_mut(&mut ground.ledger).sheets {
        sheet.columns.push(crate::ledger::Column { heading: "版".into(), field });
    }
    let today = "2026-12-02".parse().unwrap();
    for lang in [Lang::Ja, Lang::En] {
        let answer =
            filled(lang, "架空販売 山田", ["有", "3.0", "無", "2026-11-30", "否", "来年更新"]);
        let returned =
            vendor::returned::read(&answer, (&ground.register, &ground.ledger), today).unwrap();
        assert_eq!(returned.by, "架空販売 山田");
        assert_eq!(returned.unknown, [] as [String; 0]);
        let told: Vec<(&str, bool)> =
            returned.answers.iter().map(|one| (one.after.as_str(), one.changes)).collect();
        let expected = [
            ("有", false),
            ("否", false),
            ("来年更新", false),
            ("3.0", true),
            ("無", true),
            ("2026-11-30", true),
        ];
        assert_eq!(told, expected);
        assert!(matches!(&returned.wishes[..], [Wish::Set { value, .. }] if value == "3.0"));
        let [Record::Remote(remote), Record::Disclosure(form), Record::Escalation(kept)] =
            &returned.records[..]
        else {
            panic!("{:?}", returned.records)
        };
        assert!(!remote.done && remote.id == "ct-remote" && remote.evidence == "架空販売 山田");
        assert_eq!(form.received_on, "2026-11-30".parse().ok());
        assert!(kept.is_answered() && kept.steps[0].answer.contains("架空販売 山田"));
        assert_eq!(kept.id, "answer-ct-2026-12-01");
    }
}

#[test]
fn an_answer_without_a_name_or_of_an_unknown_contract_is_refused() {
    use vendor::returned::{Unusable, read};
    let (ground, _) = hospital();
    let today = "2026-12-02".parse().unwrap();
    let empty = filled(Lang::Ja, "", [""; 6]);
    let known = (&ground.register, &*ground.ledger);
    assert_eq!(read(&empty, known, today).unwrap_err(), Unusable::Nobody);
    let whole = filled(Lang::Ja, "山田", [""; 6]);
    let nobody = Register::default();
    let refused = read(&whole, (&nobody, &ground.ledger), today).unwrap_err();
    assert_eq!(refused, Unusable::NoContract("ct".into()));
    assert_eq!(read(&whole, known, today).unwrap().answers, []);
}
