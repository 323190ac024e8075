//! DICOM's upper layer (PS3.8 §9.3) as far as an association for verification needs it, and command
//! sets of its messages (PS3.7 §6.3.1, Annex E) in implicit VR little endian.

use super::{Malformed, take};

/// The SOP class of verification (PS3.4 Annex A).
pub const VERIFICATION: &[u8] = b"1.2.840.10008.1.1";
/// Implicit VR little endian (PS3.5 §A.1), which everybody must know.
pub const IMPLICIT: &[u8] = b"1.2.840.10008.1.2";
/// The application context of DICOM (PS3.7 §A.2.1).
const APPLICATION: &[u8] = b"1.2.840.10008.3.1.1.1";

/// Longest unit that is read, in octets after its header.
pub const MOST_OCTETS: u32 = 64 << 10;
/// Octets of a unit before what it holds.
const HEADER: usize = 6;

/// The command of C-ECHO-RQ (PS3.7 §E.1).
const ECHO_REQUEST: u16 = 0x0030;
/// The command of C-ECHO-RSP.
const ECHO_RESPONSE: u16 = 0x8030;
/// No data set follows the command.
const NO_DATA_SET: u16 = 0x0101;

/// A title of an application entity: 16 octets, filled up with spaces.
pub type Title = [u8; 16];

/// A unit with its header, and the octets after it.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// The title that this text is; it is cut at 16 octets.
pub fn title(text: &str) -> Title {
    let mut title = [b' '; 16];
    for (to, from) in title.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    title
}

/// A presentation context, asked for (PS3.8 §9.3.2.2) or answered (§9.3.3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Context {
    /// Its identifier, odd.
    pub id: u8,
    /// 0 accepted, 1 refused by the user, 2 by the provider, 3 and 4 syntax not supported; 0 where it
    /// is asked for.
    pub result: u8,
    /// The abstract syntax; empty in an answer.
    pub abstract_syntax: Vec<u8>,
    /// Transfer syntaxes.
    pub transfer_syntaxes: Vec<Vec<u8>>,
}

/// What is asked for, or accepted, with an association (PS3.8 §9.3.2, §9.3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Association {
    /// The title of who is asked.
    pub called: Title,
    /// The title of who asks.
    pub calling: Title,
    /// Presentation contexts.
    pub contexts: Vec<Context>,
    /// Longest unit that may be sent, in octets; 0 for any length (PS3.8 §D.1).
    pub max_pdu: Option<u32>,
    /// Implementation class UID (PS3.7 §D.3.3.2).
    pub class_uid: Vec<u8>,
    /// Implementation version name, at most 16 octets.
    pub version: Vec<u8>,
}

/// A piece of a message (PS3.8 §9.3.5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fragment {
    /// The presentation context.
    pub context: u8,
    /// Bit 0: of a command; bit 1: the last piece of it (PS3.8 §E.2).
    pub control: u8,
    /// The piece.
    pub octets: Vec<u8>,
}

/// A protocol data unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A-ASSOCIATE-RQ.
    Request(Association),
    /// A-ASSOCIATE-AC.
    Accept(Association),
    /// A-ASSOCIATE-RJ.
    Reject {
        /// 1 for good, 2 for now.
        result: u8,
        /// 1 the user, 2 the provider, 3 the presentation.
        source: u8,
        /// What it means depends on the source (PS3.8 §9.3.4).
        reason: u8,
    },
    /// P-DATA-TF.
    Data(Vec<Fragment>),
    /// A-RELEASE-RQ.
    Release,
    /// A-RELEASE-RP.
    Released,
    /// A-ABORT.
    Abort {
        /// 0 the user, 2 the provider.
        source: u8,
        /// Why, if it was the provider (PS3.8 §9.3.8).
        reason: u8,
    },
}

/// The first whole unit with its header, and what comes after; `None` if it is not all there yet.
///
/// # Errors
/// [`Malformed`] if it is of no known kind or longer than [`MOST_OCTETS`].
pub fn whole(octets: &[u8]) -> Result<Option<Pair<'_>>, Malformed> {
    if let Some(kind) = octets.first().filter(|kind| !(1..=7).contains(*kind)) {
        return Err(Malformed::Unsupported { field: "PDU-type", value: (*kind).into() });
    }
    let Ok(([_, _, a, b, c, d], _)) = take::<HEADER>(octets) else { return Ok(None) };
    let length = u32::from_be_bytes([a, b, c, d]);
    let too_long = Malformed::Unsupported { field: "PDU-length", value: length };
    let fits = usize::try_from(length).ok().filter(|_| length <= MOST_OCTETS);
    Ok(octets.split_at_checked(HEADER + fits.ok_or(too_long)?))
}

/// Splits off so many octets.
fn split(octets: &[u8], length: usize) -> Result<(&[u8], &[u8]), Malformed> {
    let cut = Malformed::Truncated { need: length, have: octets.len() };
    octets.split_at_checked(length).ok_or(cut)
}

/// An item (PS3.8 §9.3.2): its type, what it holds, and the octets after it.
fn item(octets: &[u8]) -> Result<(u8, &[u8], &[u8]), Malformed> {
    let ([kind, _, high, low], rest) = take::<4>(octets)?;
    let (value, rest) = split(rest, u16::from_be_bytes([high, low]).into())?;
    Ok((kind, value, rest))
}

/// Appends an item; what is longer than its length can say is cut.
fn put(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    out.extend([kind, 0, high, low]);
    out.extend(value.iter().take(length.into()));
}

impl Context {
    fn decode(octets: &[u8], answered: bool) -> Result<Self, Malformed> {
        let ([id, _, result, _], mut rest) = take::<4>(octets)?;
        // The octet is reserved where a context is asked for, and not to be looked at.
        let result = if answered { result } else { 0 };
        let mut context = Self { id, result, ..Self::default() };
        while !rest.is_empty() {
            let (kind, value, after) = item(rest)?;
            rest = after;
            match kind {
                0x30 => context.abstract_syntax = value.to_vec(),
                0x40 => context.transfer_syntaxes.push(value.to_vec()),
                _ => {}
            }
        }
        Ok(context)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.id, 0, self.result, 0];
        if !self.abstract_syntax.is_empty() {
            put(&mut out, 0x30, &self.abstract_syntax);
        }
        for syntax in &self.transfer_syntaxes {
            put(&mut out, 0x40, syntax);
        }
        out
    }
}

impl Association {
    fn decode(octets: &[u8], answered: bool) -> Result<Self, Malformed> {
        let ([_, version, _, _], rest) = take::<4>(octets)?;
        if version & 1 == 0 {
            return Err(Malformed::Unsupported {
                field: "Protocol-version",
                value: version.into(),
            });
        }
        let (called, rest) = take::<16>(rest)?;
        let (calling, rest) = take::<16>(rest)?;
        let (_reserved, mut rest) = take::<32>(rest)?;
        let mut association = Self { called, calling, ..Self::default() };
        while !rest.is_empty() {
            let (kind, value, after) = item(rest)?;
            rest = after;
            match kind {
                0x20 | 0x21 => association.contexts.push(Context::decode(value, answered)?),
                0x50 => association.describe(value)?,
                _ => {}
            }
        }
        Ok(association)
    }

    /// Reads the user information (PS3.8 §9.3.2.3).
    fn describe(&mut self, mut rest: &[u8]) -> Result<(), Malformed> {
        while !rest.is_empty() {
            let (kind, value, after) = item(rest)?;
            rest = after;
            match kind {
                0x51 => self.max_pdu = Some(u32::from_be_bytes(take::<4>(value)?.0)),
                0x52 => self.class_uid = value.to_vec(),
                0x55 => self.version = value.to_vec(),
                _ => {}
            }
        }
        Ok(())
    }

    fn encode(&self, context: u8) -> Vec<u8> {
        let mut out = vec![0, 1, 0, 0];
        out.extend(self.called.iter().chain(&self.calling).chain(&[0; 32]));
        put(&mut out, 0x10, APPLICATION);
        for one in &self.contexts {
            put(&mut out, context, &one.encode());
        }
        let mut user = Vec::new();
        if let Some(most) = self.max_pdu {
            put(&mut user, 0x51, &most.to_be_bytes());
        }
        for (kind, value) in [(0x52, &self.class_uid), (0x55, &self.version)] {
            if !value.is_empty() {
                put(&mut user, kind, value);
            }
        }
        put(&mut out, 0x50, &user);
        out
    }
}

fn fragments(mut rest: &[u8]) -> Result<Vec<Fragment>, Malformed> {
    let mut fragments = Vec::new();
    while !rest.is_empty() {
        let (length, after) = take::<4>(rest)?;
        let length = u32::from_be_bytes(length);
        let wrong = Malformed::Unsupported { field: "Item-length", value: length };
        let (value, after) = split(after, usize::try_from(length).map_err(|_| wrong)?)?;
        let ([context, control], octets) = take::<2>(value)?;
        fragments.push(Fragment { context, control, octets: octets.to_vec() });
        rest = after;
    }
    Ok(fragments)
}

impl Unit {
    /// Reads a whole unit, as [`whole`] gives it.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut, of no known kind, or contradicts itself.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let ([kind, _, a, b, c, d], rest) = take::<HEADER>(octets)?;
        let length = u32::from_be_bytes([a, b, c, d]);
        let wrong = Malformed::Inconsistent { field: "PDU-length" };
        let (rest, _) = split(rest, usize::try_from(length).map_err(|_| wrong)?)?;
        Ok(match kind {
            1 => Self::Request(Association::decode(rest, false)?),
            2 => Self::Accept(Association::decode(rest, true)?),
            4 => Self::Data(fragments(rest)?),
            3 => {
                let ([_, result, source, reason], _) = take::<4>(rest)?;
                Self::Reject { result, source, reason }
            }
            5 => Self::Release,
            6 => Self::Released,
            7 => {
                let ([_, _, source, reason], _) = take::<4>(rest)?;
                Self::Abort { source, reason }
            }
            kind => {
                return Err(Malformed::Unsupported { field: "PDU-type", value: kind.into() });
            }
        })
    }

    /// The octets.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, value) = match self {
            Self::Request(association) => (1, association.encode(0x20)),
            Self::Accept(association) => (2, association.encode(0x21)),
            Self::Reject { result, source, reason } => (3, vec![0, *result, *source, *reason]),
            Self::Data(fragments) => {
                let mut out = Vec::new();
                for Fragment { context, control, octets } in fragments {
                    let length = u32::try_from(octets.len() + 2).unwrap_or(u32::MAX);
                    out.extend(length.to_be_bytes().iter().chain(&[*context, *control]));
                    out.extend(octets);
                }
                (4, out)
            }
            Self::Release => (5, vec![0; 4]),
            Self::Released => (6, vec![0; 4]),
            Self::Abort { source, reason } => (7, vec![0, 0, *source, *reason]),
        };
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        [&[kind, 0], length.to_be_bytes().as_slice(), &value].concat()
    }
}

/// A command set of C-ECHO (PS3.7 §9.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Echo {
    /// C-ECHO-RQ.
    Request {
        /// Message ID.
        id: u16,
    },
    /// C-ECHO-RSP.
    Response {
        /// The message ID that it responds to.
        id: u16,
        /// 0 success; others PS3.7 Annex C.
        status: u16,
    },
}

/// Appends an element of group 0000.
fn element(out: &mut Vec<u8>, number: u16, value: &[u8]) {
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    out.extend([0, 0].iter().chain(&number.to_le_bytes()).chain(&length.to_le_bytes()));
    out.extend(value);
}

impl Echo {
    /// Reads a command set.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut, none of group 0000, or none of C-ECHO.
    pub fn decode(mut octets: &[u8]) -> Result<Self, Malformed> {
        let (mut command, mut message, mut responded, mut status) = (None, None, None, None);
        while !octets.is_empty() {
            let ([group_low, group_high, low, high, a, b, c, d], rest) = take::<8>(octets)?;
            if (group_low, group_high) != (0, 0) {
                let value = u16::from_le_bytes([group_low, group_high]).into();
                return Err(Malformed::Unsupported { field: "group", value });
            }
            let length = u32::from_le_bytes([a, b, c, d]);
            let wrong = Malformed::Unsupported { field: "length", value: length };
            let (value, rest) = split(rest, usize::try_from(length).map_err(|_| wrong)?)?;
            let number = || take::<2>(value).map(|(value, _)| u16::from_le_bytes(value));
            match u16::from_le_bytes([low, high]) {
                0x0100 => command = Some(number()?),
                0x0110 => message = Some(number()?),
                0x0120 => responded = Some(number()?),
                0x0900 => status = Some(number()?),
                _ => {}
            }
            octets = rest;
        }
        match (command, message, responded, status) {
            (Some(ECHO_REQUEST), Some(id), _, _) => Ok(Self::Request { id }),
            (Some(ECHO_RESPONSE), _, Some(id), Some(status)) => Ok(Self::Response { id, status }),
            _ => Err(Malformed::Inconsistent { field: "command set" }),
        }
    }

    /// The octets.
    pub fn encode(&self) -> Vec<u8> {
        let mut set = Vec::new();
        // Unique identifiers are filled up to an even length with NUL (PS3.5 §9.1).
        element(&mut set, 0x0002, &[VERIFICATION, b"\0"].concat());
        let (command, number, id) = match self {
            Self::Request { id } => (ECHO_REQUEST, 0x0110, id),
            Self::Response { id, .. } => (ECHO_RESPONSE, 0x0120, id),
        };
        element(&mut set, 0x0100, &command.to_le_bytes());
        element(&mut set, number, &id.to_le_bytes());
        element(&mut set, 0x0800, &NO_DATA_SET.to_le_bytes());
        if let Self::Response { status, .. } = self {
            element(&mut set, 0x0900, &status.to_le_bytes());
        }
        let mut out = Vec::new();
        element(&mut out, 0, &u32::try_from(set.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(set);
        out
    }
}

#[cfg(test)]
mod tests;
