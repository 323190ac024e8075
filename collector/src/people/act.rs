//! The one table of who may do what. Whatever is not in it nobody may.

use super::Role;

/// Something that people do here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// Reads devices, rows of the ledger, findings and what they rest on.
    Read,
    /// Reads what is about the network as a whole: coverage, wiring, what was sent.
    Survey,
    /// Takes a file along.
    Export,
    /// Answers a finding.
    Answer,
    /// Decides what stands against every later scan: scope, permitted private devices, corrections,
    /// what is one device, that a finding may stay as it is.
    Decide,
    /// Changes the ledger, or what stands beside it.
    Enter,
    /// Signs off a round of stock-taking.
    SignOff,
    /// Has networks scanned, and stops it.
    Operate,
    /// Makes, changes and closes accounts; lets agents in.
    Administer,
    /// Reads the audit log.
    Audit,
    /// Changes one's own password, ends one's own sessions.
    OwnAccount,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 11] = [
        Self::Read,
        Self::Survey,
        Self::Export,
        Self::Answer,
        Self::Decide,
        Self::Enter,
        Self::SignOff,
        Self::Operate,
        Self::Administer,
        Self::Audit,
        Self::OwnAccount,
    ];
}

impl Act {
    /// Its name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Survey => "survey",
            Self::Export => "export",
            Self::Answer => "answer",
            Self::Decide => "decide",
            Self::Enter => "enter",
            Self::SignOff => "sign off",
            Self::Operate => "operate",
            Self::Administer => "administer",
            Self::Audit => "audit",
            Self::OwnAccount => "own account",
        }
    }
}

/// How far a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is not given.
    Nothing,
    /// To the devices of the person's own contracts ([`super::portion`]).
    Portion,
    /// To all.
    All,
}

/// How far this role may do this.
#[expect(clippy::match_same_arms, reason = "a table: one row an act")]
pub const fn may(role: Role, act: Act) -> Reach {
    use Reach::{All as A, Nothing as N, Portion as P};
    let [administrator, operator, auditor, vendor, approver] = match act {
        Act::Read => [A, A, A, P, A],
        Act::Survey => [A, A, A, N, A],
        Act::Export => [A, A, A, P, A],
        Act::Answer => [A, A, N, P, N],
        Act::Decide => [A, A, N, N, N],
        Act::Enter => [A, A, N, N, N],
        // Who keeps the ledger does not also sign that it is right.
        Act::SignOff => [N, N, N, N, A],
        Act::Operate => [A, A, N, N, N],
        Act::Administer => [A, N, N, N, N],
        Act::Audit => [A, N, A, N, N],
        Act::OwnAccount => [A, A, A, A, A],
    };
    match role {
        Role::Administrator => administrator,
        Role::Operator => operator,
        Role::Auditor => auditor,
        Role::Vendor => vendor,
        Role::Approver => approver,
    }
}
