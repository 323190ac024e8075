//! Errors as users read them: one sentence that says what, where and what to do; Japanese first.

use std::fmt;

/// How a program ends. The numbers are documented in `--help` and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// An error that has no number of its own.
    Other = 1,
    /// The command line is wrong (clap's number too).
    Usage = 2,
    /// A configuration file cannot be read or means nothing.
    Config = 3,
    /// An input file is damaged, truncated, or of another kind.
    Input = 4,
    /// The network was not declared, or cannot be scanned from here.
    Network = 5,
    /// The system does not let this user do it.
    Privilege = 6,
    /// An address, port, file or lock is in use.
    Busy = 7,
    /// A signature or digest does not fit.
    Integrity = 8,
    /// The other side did not answer or refused.
    Remote = 9,
    /// Stopped by the user before the end; what was found is kept.
    Interrupted = 130,
}

impl Exit {
    /// The process exit code.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// What to tell a user: one sentence in each language, and how the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Japanese, shown first, without a closing 。.
    pub ja: String,
    /// English, without a closing full stop.
    pub en: String,
    /// How the program ends.
    pub exit: Exit,
}

impl Complaint {
    /// A complaint in both languages.
    pub fn new(exit: Exit, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into(), exit }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "エラー: {}\nerror: {}", self.ja, self.en)
    }
}

impl std::error::Error for Complaint {}
