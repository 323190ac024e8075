//! Lists as files, just as the pages give them, and files for other programs.

use std::sync::Arc;

use axum::extract::{Path, Query, RawQuery, State};

use super::call::Call;
use super::operation::{Field, Gives, Operation, Shape, may};
use super::{Answer, TAKE, TAKE_ALL};
use crate::people::token::Area::{Devices, Findings, Ledger, Reports};
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::web::{Site, devices, findings, ledger, takeout};

const TABLES: Gives =
    Gives::File(&["text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]);
const ENCODING: Field =
    may("encoding", Shape::Word(&["utf8", "cp932"]), "CSV の文字コード / Encoding of CSV");
const LOSSY: Field = may(
    "lossy",
    Shape::Word(&["yes"]),
    "表せない文字を〓にする / 〓 for characters that it does not have",
);
const WORDS: Field = may("q", Shape::Text(1000), "語 / Words");
const VERDICT: Field = may("verdict", Shape::Text(64), "判定 / Verdict");

static DEVICE_TABLE: Operation = Operation::get(
    "/api/v1/export/devices/{file}",
    (Devices, TAKE),
    (
        "/devices/table/{file}",
        "機器一覧（devices.csv、devices.xlsx） / The table of devices (devices.csv, devices.xlsx)",
    ),
    TABLES,
)
.asking(&[
    WORDS,
    VERDICT,
    may("scope", Shape::Text(64), "対象か / Scope"),
    may("class", Shape::Text(64), "種別 / Class"),
    may("network", Shape::Text(256), "ネットワーク / Network"),
    may("vendor", Shape::Text(256), "メーカー / Maker"),
    may("place", Shape::Text(256), "設置場所 / Where it stands"),
    may("sort", Shape::Text(32), "並べる列 / Column to sort by"),
    may("columns", Shape::Text(512), "列をコンマ区切りで / Columns, with commas"),
    ENCODING,
    LOSSY,
]);
static FINDING_TABLE: Operation = Operation::get(
    "/api/v1/export/findings/{file}",
    (Findings, TAKE),
    (
        "/findings/table/{file}",
        "要確認事項（findings.csv、findings.xlsx） / Findings (findings.csv, findings.xlsx)",
    ),
    TABLES,
)
.asking(&[
    WORDS,
    may("state", Shape::Word(&["open", "settled", "all"]), "状態 / State"),
    may("severity", Shape::Word(&["notice", "warning", "high"]), "重要度 / Severity"),
    may("rule", Shape::Text(64), "規則 / Rule"),
    may("owner", Shape::Text(255), "担当 / Who sees to it"),
    may("due", Shape::Word(&["over", "soon", "unsaid"]), "期限 / Due"),
    may("sort", Shape::Word(&["severity", "age", "newest", "due"]), "並べ替え / Order"),
    ENCODING,
    LOSSY,
]);
static LEDGER_TABLE: Operation = Operation::get(
    "/api/v1/export/ledger/{file}",
    (Ledger, TAKE),
    ("/ledger/table/{file}", "判定つきの台帳（ledger.csv、ledger.xlsx） / The ledger with verdicts (ledger.csv, ledger.xlsx)"),
    TABLES,
)
.asking(&[
    WORDS,
    VERDICT,
    may("sheet", Shape::Number(0, 10_000), "シートの番号 / Number of the sheet"),
    ENCODING,
    LOSSY,
]);
static BOOK: Operation = Operation::get(
    "/api/v1/ledger/books/{name}",
    (Ledger, TAKE_ALL),
    (
        "/ledger/books/{name}",
        "変更を書き込んだ、病院のファイルそのもの / The hospital's own file with every change since",
    ),
    Gives::File(&["application/octet-stream"]),
);
static NETBOX: Operation = Operation::get(
    "/api/v1/export/netbox.zip",
    (Reports, TAKE),
    ("/reports", "NetBox の一括取り込み用 CSV / CSV files for NetBox's bulk import"),
    Gives::File(&["application/zip"]),
)
.asking(&[may("site", Shape::Text(100), "NetBox のサイトの名前 / The site in NetBox")]);
static GLPI: Operation = Operation::get(
    "/api/v1/export/glpi.zip",
    (Reports, TAKE),
    ("/reports", "GLPI のインベントリ JSON / Inventories in JSON for GLPI"),
    Gives::File(&["application/zip"]),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&DEVICE_TABLE, device_table)
        .program(&FINDING_TABLE, finding_table)
        .program(&LEDGER_TABLE, ledger_table)
        .program(&BOOK, book)
        .program(&NETBOX, netbox)
        .program(&GLPI, glpi)
}

type Held = State<Arc<Site>>;
type Named = Path<String>;

async fn device_table(site: Held, reader: Reader, file: Named, call: Call) -> Answer {
    let query = RawQuery(Some(call.query()));
    Ok(devices::export::file(site, reader, file, query).await)
}

async fn finding_table(
    site: Held,
    reader: Reader,
    file: Named,
    wanted: Query<findings::Wanted>,
    call: Call,
) -> Answer {
    Ok(findings::file(site, reader, file, wanted, RawQuery(Some(call.query()))).await)
}

async fn ledger_table(
    site: Held,
    reader: Reader,
    file: Named,
    wanted: Query<ledger::Wanted>,
    call: Call,
) -> Answer {
    Ok(ledger::file::seen(site, reader, file, wanted, RawQuery(Some(call.query()))).await)
}

async fn book(site: Held, reader: Reader, name: Named, _: Call) -> Answer {
    Ok(ledger::file::book(site, reader, name).await)
}

async fn netbox(site: Held, reader: Reader, asked: Query<takeout::Asked>, _: Call) -> Answer {
    Ok(takeout::netbox(site, reader, asked).await)
}

async fn glpi(site: Held, reader: Reader, _: Call) -> Answer {
    Ok(takeout::glpi(site, reader).await)
}
