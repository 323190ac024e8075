//! What comes in: whether agents still deliver, whether their clocks are right, whether there is a
//! ledger to hold what they saw against.

use daicho_common::time::Timestamp;

use super::{Checked, State, Teller};
use crate::settings::Deny;
use crate::settings::orders::is_held_back;
use crate::store::{Agent, Delivered, Place, Store};
use crate::words::Word;

const MINUTE: i64 = 60 * 1_000_000;
/// An agent whose clock is ahead by more than this writes times that mislead: 5 minutes.
const AHEAD: i64 = 5 * MINUTE;
/// Of an agent that delivered nothing for so long somebody should know why: 8 days, as the longest
/// usual schedule is weekly.
const SILENT: i64 = 8 * 24 * 60 * MINUTE;

pub(super) fn examine(database: &Place, now: Timestamp, teller: Teller<'_>) -> Vec<Checked> {
    let read = Store::open_existing(database).and_then(|store| {
        let books = store.books()?.len();
        let known = (store.admissions().list()?, store.settings()?.1.deny);
        Ok((store.delivered()?, known, books))
    });
    match read {
        Ok((delivered, (known, deny), books)) => {
            let mut all = agents(&delivered, now, teller);
            all.extend(held_back(&known, &deny, teller));
            all.push(ledger(books, teller));
            all
        }
        Err(error) => vec![teller.complain(Word::DoctorAgents, &error.complaint(database))],
    }
}

fn agents(delivered: &[Delivered], now: Timestamp, teller: Teller<'_>) -> Vec<Checked> {
    if delivered.is_empty() {
        let said = teller.lang.say(Word::DoctorAgentsNone).to_owned();
        return vec![teller.say(Word::DoctorAgents, State::Doubtful, said)];
    }
    delivered
        .iter()
        .map(|one| {
            let (state, word) = judge(one, now);
            let ahead = (one.closed.micros() - one.received.micros()) / MINUTE;
            let at = teller.zone.show(one.received);
            teller.say(
                Word::DoctorAgents,
                state,
                teller.lang.fill(word, &[&one.agent, &at, &ahead]),
            )
        })
        .collect()
}

/// Agents that get no orders, and so scan nothing.
fn held_back(known: &[Agent], deny: &Deny, teller: Teller<'_>) -> Vec<Checked> {
    let lives = |agent: &&Agent| agent.until.is_some() && agent.revoked_at.is_none();
    let held = known.iter().filter(lives).filter(|agent| is_held_back(agent, deny));
    let told = held.map(|agent| {
        let said = &[&agent.name as &dyn std::fmt::Display, &agent.software];
        let said = teller.lang.fill(Word::DoctorAgentsHeldBack, said);
        teller.say(Word::DoctorAgents, State::Bad, said)
    });
    told.collect()
}

/// How an agent stands whose latest batch was closed and received at these times. A clock that is
/// behind cannot be told from a file that was carried late.
pub(super) fn judge(one: &Delivered, now: Timestamp) -> (State, Word) {
    if one.closed.micros().saturating_sub(one.received.micros()) > AHEAD {
        (State::Bad, Word::DoctorAgentsAhead)
    } else if now.micros().saturating_sub(one.received.micros()) > SILENT {
        (State::Doubtful, Word::DoctorAgentsSilent)
    } else {
        (State::Good, Word::DoctorAgentsGood)
    }
}

fn ledger(books: usize, teller: Teller<'_>) -> Checked {
    let (state, word) = if books == 0 {
        (State::Doubtful, Word::DoctorLedgerNone)
    } else {
        (State::Good, Word::DoctorLedgerGood)
    };
    teller.say(Word::DoctorLedger, state, teller.lang.fill(word, &[&books]))
}
