//! Findings: the list as the inbox filters it, one of them with its history, and the answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::list::{part, value};
use super::operation::{
    Field, Gives, NUMBERS, Operation, Says, Shape, Verb, Version, WHY, may, must,
};
use super::problem::Problem;
use super::{Answer, READ};
use crate::decision::{Decided, Decision};
use crate::finding::Finding;
use crate::people::act::Act;
use crate::people::token::Area::Findings;
use crate::web::Site;
use crate::web::decide;
use crate::web::doors::{Doors, Need};
use crate::web::findings::{Wanted, find};
use crate::web::page::Reader;
use crate::web::snapshot::Snapshot;
use crate::words::Word;

const DISPOSITIONS: Shape =
    Shape::Word(&["registered", "vendor_asked", "approved", "removed", "investigating"]);
const DISPOSITION: Field = may(
    "disposition",
    DISPOSITIONS,
    "処置。approved は判断の権限と理由が必要 / What was done; approved needs who decides, and a reason",
);
const OWNER: Field = may("owner", Shape::Text(255), "担当 / Who sees to it");
const DUE: Field = may("due", Shape::Date, "期限 / Until when");

static LIST: Operation = Operation::get(
    "/api/v1/findings",
    (Findings, READ),
    (
        "/findings",
        "要確認事項。画面と同じ絞り込み・並べ替え / Findings, filtered and sorted as on the page",
    ),
    Gives::List("Finding"),
)
.asking(&[
    may("q", Shape::Text(1000), "語 / Words"),
    may("state", Shape::Word(&["open", "settled", "all"]), "省略時は open / [default: open]"),
    may("severity", Shape::Word(&["notice", "warning", "high"]), "重要度 / Severity"),
    may("rule", Shape::Text(64), "規則 / Rule"),
    may("owner", Shape::Text(255), "担当。- は担当なし / Who sees to it; - is nobody"),
    may("due", Shape::Word(&["over", "soon", "unsaid"]), "期限 / Due"),
    may(
        "sort",
        Shape::Word(&["severity", "age", "newest", "due"]),
        "並べ替え（省略時 severity） / Order [default: severity]",
    ),
]);
static ONE: Operation = Operation::get(
    "/api/v1/findings/{id}",
    (Findings, READ),
    ("/finding", "1件と、回答の履歴 / One, with what was answered"),
    Gives::Json("FindingWhole"),
)
.versioned(Version::Shown);
static ANSWER: Operation = Operation::act(
    (Verb::Post, "/api/v1/findings/{id}/answers"),
    (Findings, Need::May(Act::Answer)),
    (
        "/decisions",
        "1件に回答する。担当・期限だけでもよい / Answers one; its owner or due date alone will do",
    ),
    (Says::Members(&[DISPOSITION, OWNER, DUE, WHY], false), Gives::Json("Kept")),
)
.versioned(Version::Asked);
static ANSWERS: Operation = Operation::act(
    (Verb::Post, "/api/v1/findings/answers"),
    (Findings, Need::May(Act::Answer)),
    ("/decisions", "多数に同じ回答をする / Answers many alike"),
    (
        Says::Members(
            &[must("finding", Shape::Texts(1000), "id の配列 / Ids"), DISPOSITION, OWNER, DUE, WHY],
            false,
        ),
        Gives::Json("Kept"),
    ),
);
static DECIDE: Operation = Operation::act(
    (Verb::Post, "/api/v1/decisions"),
    (Findings, Need::May(Act::Answer)),
    (
        "/decisions",
        "画面のフォームと同じ項目で判断を記録する。answer 以外には devices:write（enter には ledger:write）が必要 / Keeps decisions by the fields of the pages' forms; what is no answer needs devices:write, and enter ledger:write",
    ),
    (
        Says::Members(
            &[
                must(
                    "kind",
                    Shape::Word(&[
                        "answer", "scope", "byod", "correct", "join", "split", "withdraw",
                    ]),
                    "種類 / Kind",
                ),
                may("finding", Shape::Texts(1000), "id の配列 / Ids of findings"),
                DISPOSITION,
                OWNER,
                DUE,
                may("subject", Shape::Object("Subject"), "scope の対象 / What scope is about"),
                may("scope", Shape::Word(&["inside", "outside", "undecided"]), "対象か / Scope"),
                may("device", Shape::Object("Key"), "機器の識別 / A key of the device"),
                may("other", Shape::Text(255), "join の相手 / The other one of join"),
                may("a", Shape::Object("Key"), "split の一方 / One of split"),
                may("b", Shape::Object("Key"), "split の他方 / The other of split"),
                may("permitted", Shape::Yes, "byod を承認するか / Whether byod is permitted"),
                may("field", Shape::Text(32), "correct の項目 / Field of correct"),
                may("value", Shape::Text(255), "correct の値 / Value of correct"),
                may("decision", Shape::Number(1, NUMBERS), "withdraw の番号 / Number of withdraw"),
                WHY,
            ],
            true,
        ),
        Gives::Json("Kept"),
    ),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LIST, list)
        .program(&ONE, one)
        .program(&ANSWER, answer)
        .program(&ANSWERS, many)
        .program(&DECIDE, many_kinds)
}

async fn list(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
    call: Call,
) -> Answer {
    let snapshot = site.view(&reader).await?;
    let found = tokio::task::block_in_place(|| find(&snapshot, &wanted));
    let all = &snapshot.picture.findings;
    let id = |number: &u32| all.get(*number as usize).map(|finding| finding.id.clone());
    let shown = |number: &u32| value(all.get(*number as usize)?);
    part(&call, (found.as_slice(), snapshot.revision), id, shown)
}

fn missing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Word::NotFoundFinding)
}

/// A finding with what was answered to it: what its version is of.
fn whole(snapshot: &Snapshot, finding: &Finding) -> Value {
    let about = |decided: &&Decided| matches!(&decided.what, Decision::Answer { finding: id, .. } if *id == finding.id);
    let answers: Vec<_> = snapshot.ground.decisions.iter().filter(about).collect();
    json!({ "finding": finding, "since": snapshot.since(finding), "answers": answers })
}

async fn one(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let finding = snapshot.finding(call.place("id")).ok_or_else(missing)?;
    Ok(call.shown(&whole(&snapshot, finding)))
}

async fn answer(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let finding = snapshot.finding(call.place("id")).ok_or_else(missing)?;
    call.is_of(Some(&whole(&snapshot, finding)))?;
    let form = call.form(&[("kind", "answer"), ("finding", call.place("id"))]);
    let kept = decide::keep_of(&site, (&reader, &snapshot), (finding, &form)).await?;
    Ok(Json(json!({ "kept": kept })).into_response())
}

async fn many(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let kept = decide::keep(&site, &reader, &call.form(&[("kind", "answer")])).await?;
    Ok(Json(json!({ "kept": kept })).into_response())
}

async fn many_kinds(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let kept = decide::keep(&site, &reader, &call.form(&[])).await?;
    Ok(Json(json!({ "kept": kept })).into_response())
}
