//! The audit log as a chain: each row's digest covers the one before it and what the row says, so that
//! nothing in it can be altered, removed, put in or moved without the rest ceasing to fit.
//!
//! Who may write the database could make the whole chain anew; against that only a head that was
//! written down or sent elsewhere helps ([`Head`]), and a tail that was cut off is found by it too.

use std::fmt::{self, Display};
use std::str::FromStr;

use daicho_common::time::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What is said before every row, so that its digest can be nothing else's.
const DOMAIN: &[u8] = b"daicho audit row 1";

macro_rules! deeds {
    ($($(#[$doc:meta])* $deed:ident = $name:literal;)+) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Deed {
            $($(#[$doc])* $deed,)+
        }

        impl Deed {
            /// Every kind of deed.
            pub const ALL: &[Self] = &[$(Self::$deed,)+];

            /// Its name in the log.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$deed => $name,)+
                }
            }
        }
    };
}

deeds! {
    /// Somebody logged in.
    Login = "login";
    /// Somebody was not let in.
    LoginRefused = "login_refused";
    /// Somebody logged out, here or everywhere.
    Logout = "logout";
    /// Something was asked for that the person may not do.
    Forbidden = "forbidden";
    /// An account was made.
    AccountAdded = "account_added";
    /// An account's role, party or name was changed, or it was closed or opened.
    AccountChanged = "account_changed";
    /// A password was changed.
    PasswordChanged = "password_changed";
    /// A link that logs in once was made.
    LinkMade = "link_made";
    /// It was said with which account somebody comes whom an identity provider knows.
    SubjectLinked = "subject_linked";
    /// A token was issued.
    TokenIssued = "token_issued";
    /// A program used a route with a token, for the first time that day.
    TokenUsed = "token_used";
    /// A token was revoked.
    TokenRevoked = "token_revoked";
    /// People said something of what was found.
    Decided = "decided";
    /// A book was imported.
    BookImported = "book_imported";
    /// Batches were imported from files.
    BatchesImported = "batches_imported";
    /// The ledger was changed beside the book.
    LedgerChanged = "ledger_changed";
    /// It was said what columns mean.
    ProfileKept = "profile_kept";
    /// A record beside the ledger was kept.
    RegisterKept = "register_kept";
    /// A record beside the ledger was taken out.
    RegisterRemoved = "register_removed";
    /// An agent was held to a key.
    AgentTrusted = "agent_trusted";
    /// An agent's scan was to end.
    AgentStopped = "agent_stopped";
    /// An agent was invited to enrol.
    AgentInvited = "agent_invited";
    /// An agent enrolled with the code that it was given.
    AgentEnrolled = "agent_enrolled";
    /// An agent's certificates no longer hold.
    AgentRevoked = "agent_revoked";
    /// A schedule was made, or took the place of the one of its name.
    ScheduleAdded = "schedule_added";
    /// A schedule was taken out.
    ScheduleRemoved = "schedule_removed";
    /// A scan was wanted once.
    ScanWanted = "scan_wanted";
    /// A view of a list was saved.
    ViewKept = "view_kept";
    /// A saved view was removed.
    ViewRemoved = "view_removed";
    /// It was said by which key another site is known.
    SiteTrusted = "site_trusted";
    /// What was known was signed and kept as a snapshot.
    SnapshotTaken = "snapshot_taken";
    /// A snapshot of another site was taken in.
    SnapshotImported = "snapshot_imported";
    /// Rows were counted in a round of stock-taking.
    Counted = "counted";
    /// A round of stock-taking was signed.
    SignedOff = "signed_off";
    /// Old observations were folded.
    ObservationsFolded = "observations_folded";
    /// The database was moved to a server.
    DatabaseMoved = "database_moved";
    /// A file was taken along.
    Exported = "exported";
    /// A secret was kept, encrypted.
    SecretSet = "secret_set";
    /// A secret was removed.
    SecretRemoved = "secret_removed";
    /// Secrets were encrypted with a new key.
    SecretsRekeyed = "secrets_rekeyed";
    /// A setting was changed.
    SettingKept = "setting_kept";
    /// A setting was taken out.
    SettingRemoved = "setting_removed";
    /// It was tried whether messages arrive.
    NotifyTested = "notify_tested";
}

impl Deed {
    /// The deed of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|deed| deed.name() == name)
    }
}

/// Something to be kept in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who, as they sign; empty if nobody was known.
    pub who: String,
    /// From which address; empty on the machine itself.
    pub address: String,
    /// What.
    pub deed: Deed,
    /// About what, in words of the program.
    pub about: String,
}

/// A row as it stands in the log, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// From which address.
    pub address: String,
    /// What: the name of a [`Deed`].
    pub deed: String,
    /// About what.
    pub about: String,
    /// The digest of it and all before it.
    #[serde(serialize_with = "as_hex")]
    pub digest: [u8; 32],
}

fn as_hex<S: serde::Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(digest))
}

/// Octets in lower-case hexadecimal digits.
pub fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

/// The end of the log: the number and digest of its last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Head {
    /// The number of the last row; 0 of an empty log.
    pub number: u64,
    /// Its digest; zeros of an empty log.
    pub digest: [u8; 32],
}

impl Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, hex(&self.digest))
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "末尾は「番号:16進64桁」です / a head is a number, a colon and 64 hexadecimal digits"
                .to_owned()
        };
        let (number, digits) = text.trim().split_once(':').ok_or_else(wrong)?;
        let octet = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let octets: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(octet).collect();
        let digest = octets.and_then(|octets| octets.try_into().ok()).ok_or_else(wrong)?;
        Ok(Self { number: number.parse().map_err(|_| wrong())?, digest })
    }
}

impl Head {
    /// The row that follows, for this entry.
    pub fn row(&self, entry: Entry) -> Row {
        let Entry { at, who, address, deed, about } = entry;
        let mut row = Row {
            number: self.number.saturating_add(1),
            at,
            who,
            address,
            deed: deed.name().to_owned(),
            about,
            digest: [0; 32],
        };
        row.digest = digest(&self.digest, &row);
        row
    }
}

/// The digest of a row after the one with this digest. Every part is preceded by its length, so that
/// no two rows are written alike.
fn digest(before: &[u8; 32], row: &Row) -> [u8; 32] {
    let mut sum = Sha256::new();
    sum.update(DOMAIN);
    sum.update(before);
    sum.update(row.number.to_be_bytes());
    sum.update(row.at.micros().to_be_bytes());
    for text in [&row.who, &row.address, &row.deed, &row.about] {
        sum.update((text.len() as u64).to_be_bytes());
        sum.update(text.as_bytes());
    }
    sum.finalize().into()
}

/// What is wrong with a log, at the first row where something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The row of this number is not there, though later ones are.
    Missing(u64),
    /// The row of this number does not follow from the one before: it was altered, put in, or moved.
    Unchained(u64),
    /// The log ends before the row of this number, which a known head names.
    CutOff(u64),
    /// The row of this number has another digest than the known head: it or one before was altered,
    /// and all since made anew.
    OtherHead(u64),
}

/// Follows a log row by row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    head: Head,
    known: Option<Head>,
}

impl Reading {
    /// A log of which this head is known from elsewhere.
    pub fn with(known: Option<Head>) -> Self {
        Self { head: Head::default(), known }
    }

    /// The next row, in order of the numbers.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn next(&mut self, row: &Row) -> Result<(), Broken> {
        let expected = self.head.number.saturating_add(1);
        if row.number > expected {
            return Err(Broken::Missing(expected));
        }
        if row.number < expected || digest(&self.head.digest, row) != row.digest {
            return Err(Broken::Unchained(row.number));
        }
        self.head = Head { number: row.number, digest: row.digest };
        match self.known {
            Some(known) if known.number == row.number && known.digest != row.digest => {
                Err(Broken::OtherHead(row.number))
            }
            _ => Ok(()),
        }
    }

    /// The end was reached; returns the head.
    ///
    /// # Errors
    /// [`Broken::CutOff`] if the known head was not reached.
    pub fn end(self) -> Result<Head, Broken> {
        match self.known {
            Some(known) if known.number > self.head.number => {
                Err(Broken::CutOff(self.head.number.saturating_add(1)))
            }
            _ => Ok(self.head),
        }
    }
}
