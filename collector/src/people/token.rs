//! What a token lets a program do: never more than its account may, and of that only what its scopes
//! name.

use serde::{Deserialize, Serialize};

use super::act::Act;

/// Something that a token may be issued for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reads devices, rows, findings, wiring, coverage.
    Read,
    /// Answers findings and decides.
    Answer,
    /// Reads the figures at `/metrics`, and nothing else.
    Metrics,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Read, Self::Answer, Self::Metrics];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Answer => "answer",
            Self::Metrics => "metrics",
        }
    }

    /// Whether it has this in it.
    pub const fn has(self, act: Act) -> bool {
        match self {
            Self::Read => matches!(act, Act::Read | Act::Survey | Act::Export),
            Self::Answer => matches!(act, Act::Answer | Act::Decide),
            // The page of figures asks for the scope itself.
            Self::Metrics => false,
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("範囲は次のどれかです / the scopes are {names}")
        })
    }
}
