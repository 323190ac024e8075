//! What programs read and do: what the pages show and do, as JSON. One table says what there is
//! ([`operation::Operation`]): the routes, the checks of requests and the `OpenAPI` document are made of
//! it, so that nothing is there that is not written down.
//!
//! Nothing is done here that a page does otherwise: an operation reads its request ([`call::Call`]), calls
//! what the page calls, and tells what came of it. What goes wrong is told as problem details
//! ([`problem::Problem`]), lists are given a part at a time ([`list`]), and what may be changed says its
//! version, so that nobody's change is lost unseen.

use std::sync::Arc;

use axum::Json;
use axum::routing::get;
use serde_json::Value;

use super::doors::{Doors, Need};
use crate::people::act::Act;

mod accounts;
mod agents;
mod audit;
pub(super) mod call;
mod devices;
mod files;
mod findings;
mod imports;
mod ledger;
mod list;
mod network;
mod openapi;
pub(super) mod operation;
pub(super) mod problem;
mod register;
mod reports;
mod scans;
mod schedules;
mod settings;
mod sites;
mod stocktaking;
mod views;

#[cfg(test)]
pub(super) use openapi::document;
use problem::Problem;

/// Items of a list, unless other are asked for.
const LIMIT: usize = 100;
/// Most items of a list.
const MOST: usize = 1000;

/// What an operation comes to.
type Answer = Result<axum::response::Response, Problem>;

/// What reading needs.
const READ: Need = Need::May(Act::Read);
/// What reading about the whole network needs.
const SURVEY: Need = Need::May(Act::Survey);
/// What taking a file along needs.
const TAKE: Need = Need::Take(Act::Read);
/// The same of a file about the whole network.
const TAKE_ALL: Need = Need::Take(Act::Survey);
/// What changing the ledger, or what stands beside it, needs.
const ENTER: Need = Need::May(Act::Enter);
/// What deciding needs.
const DECIDE: Need = Need::May(Act::Decide);
/// What administering needs.
const ADMINISTER: Need = Need::May(Act::Administer);

/// The routes for programs.
pub(super) fn doors(doors: Doors) -> Doors {
    let doors = views::doors(devices::doors(doors));
    let doors = findings::doors(doors);
    let doors = imports::doors(ledger::doors(doors));
    let doors = register::doors(doors);
    let doors = network::doors(doors);
    let doors = scans::doors(doors);
    let doors = stocktaking::doors(doors);
    let doors = files::doors(reports::doors(doors));
    let doors = sites::doors(doors);
    let doors = settings::doors(schedules::doors(doors));
    let doors = audit::doors(accounts::doors(agents::doors(doors)));
    let document: Arc<Value> = Arc::new(openapi::document(&doors.operations()));
    let show = move || std::future::ready(Json((*document).clone()));
    doors.at((axum::http::Method::GET, "/api/v1/openapi.json"), Need::Nothing, get(show))
}
