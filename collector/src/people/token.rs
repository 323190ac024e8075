//! What a token lets a program do: never more than its account may, and of that only what its scopes
//! name. A scope is an area and whether it is read or written there (`ledger:write`); three older ones
//! stand for several at once.

use super::act::Act;

macro_rules! areas {
    ($($(#[$doc:meta])* $area:ident = $read:literal, $write:literal;)+) => {
        /// A part of what programs may read and do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Area {
            $($(#[$doc])* $area,)+
        }

        impl Area {
            /// Every area.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$area,)+];
            const COUNT: usize = [$($read,)+].len();

            const fn names(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$area => ($read, $write),)+
                }
            }
        }
    };
}

areas! {
    /// What was found on the network, and what people say of it.
    Devices = "devices:read", "devices:write";
    /// What somebody has to look at, and the answers.
    Findings = "findings:read", "findings:write";
    /// The book of record.
    Ledger = "ledger:read", "ledger:write";
    /// What stands beside it.
    Register = "register:read", "register:write";
    /// Wiring, coverage, the map.
    Network = "network:read", "network:write";
    /// Plans and scans.
    Scans = "scans:read", "scans:write";
    /// Rounds of stock-taking.
    Stocktaking = "stocktaking:read", "stocktaking:write";
    /// Reports, files for other programs, snapshots.
    Reports = "reports:read", "reports:write";
    /// Other sites.
    Sites = "sites:read", "sites:write";
    /// Agents, and letting them in.
    Agents = "agents:read", "agents:write";
    /// Accounts.
    Accounts = "accounts:read", "accounts:write";
    /// The audit log.
    Audit = "audit:read", "audit:write";
    /// What is set where.
    Settings = "settings:read", "settings:write";
}

/// Whether something is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Nothing is changed.
    Read,
    /// Something is said, kept or begun.
    Write,
}

/// Something that a token may be issued for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Reads every area that needs no more than [`Act::Read`], [`Act::Survey`] and [`Act::Export`].
    Read,
    /// Answers findings and decides, in every area.
    Answer,
    /// Reads the figures at `/metrics`, and nothing else.
    Metrics,
    /// Reads or writes one area. Who is to do both needs both.
    Of(Area, Mode),
}

impl Scope {
    /// Every scope.
    pub fn all() -> impl Iterator<Item = Self> {
        let of = |area| [Self::Of(area, Mode::Read), Self::Of(area, Mode::Write)];
        [Self::Read, Self::Answer, Self::Metrics]
            .into_iter()
            .chain(Area::ALL.into_iter().flat_map(of))
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Answer => "answer",
            Self::Metrics => "metrics",
            Self::Of(area, Mode::Read) => area.names().0,
            Self::Of(area, Mode::Write) => area.names().1,
        }
    }

    /// Whether it permits this act there.
    pub fn permits(self, act: Act, (area, mode): (Area, Mode)) -> bool {
        match self {
            Self::Read => {
                mode == Mode::Read && matches!(act, Act::Read | Act::Survey | Act::Export)
            }
            Self::Answer => mode == Mode::Write && matches!(act, Act::Answer | Act::Decide),
            // The page of figures asks for the scope itself.
            Self::Metrics => false,
            Self::Of(own, how) => own == area && how == mode,
        }
    }

    /// Whether it permits this act anywhere: what a route lets pass is held against the act besides.
    pub const fn has(self, act: Act) -> bool {
        match self {
            Self::Read => matches!(act, Act::Read | Act::Survey | Act::Export),
            Self::Answer => matches!(act, Act::Answer | Act::Decide),
            Self::Metrics => false,
            Self::Of(area, mode) => area.has(mode, act),
        }
    }
}

impl Area {
    /// What is done in the area, reading or writing.
    const fn has(self, mode: Mode, act: Act) -> bool {
        match (self, mode) {
            (Self::Accounts, Mode::Read) => matches!(act, Act::Administer | Act::Read),
            (Self::Audit, Mode::Read) => matches!(act, Act::Audit | Act::Export),
            (_, Mode::Read) => matches!(act, Act::Read | Act::Survey | Act::Export),
            (Self::Devices, Mode::Write) => {
                matches!(act, Act::Read | Act::Answer | Act::Decide)
            }
            (Self::Findings, Mode::Write) => matches!(act, Act::Answer | Act::Decide),
            (Self::Ledger | Self::Register | Self::Reports, Mode::Write) => {
                matches!(act, Act::Enter)
            }
            (Self::Stocktaking, Mode::Write) => matches!(act, Act::Enter | Act::SignOff),
            (Self::Scans, Mode::Write) => matches!(act, Act::Operate),
            (Self::Agents | Self::Accounts | Self::Settings | Self::Sites, Mode::Write) => {
                matches!(act, Act::Administer)
            }
            (Self::Network | Self::Audit, Mode::Write) => false,
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::all().find(|scope| scope.name() == name).ok_or_else(|| {
            let names = Self::all().map(Self::name).collect::<Vec<_>>().join(", ");
            format!("範囲は次のどれかです / the scopes are {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_known_by_its_name_and_no_two_have_one() {
        let names: std::collections::BTreeSet<&str> = Scope::all().map(Scope::name).collect();
        assert_eq!(names.len(), Scope::all().count());
        for scope in Scope::all() {
            assert_eq!(scope.name().parse(), Ok(scope));
        }
        assert!("ledger".parse::<Scope>().is_err());
    }

    #[test]
    fn a_scope_of_one_area_permits_nothing_in_another_and_reading_does_not_write() {
        for area in Area::ALL {
            let reads = Scope::Of(area, Mode::Read);
            for other in Area::ALL {
                let permits = reads.permits(Act::Read, (other, Mode::Read));
                assert_eq!(permits, area == other, "{area:?} {other:?}");
                assert!(!reads.permits(Act::Enter, (other, Mode::Write)), "{area:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_older_scopes_read_no_accounts_and_enter_nothing() {
        for area in Area::ALL {
            assert!(!Scope::Read.permits(Act::Administer, (area, Mode::Read)));
            assert!(!Scope::Read.permits(Act::Audit, (area, Mode::Read)));
            assert!(!Scope::Answer.permits(Act::Enter, (area, Mode::Write)));
            assert!(Act::ALL.iter().all(|act| !Scope::Metrics.has(*act)));
        }
    }
}
