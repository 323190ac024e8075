//! HL7 version 2 as far as its first segment, in the framing of the Minimal Lower Layer Protocol (HL7,
//! "Transport Specification: MLLP, Release 1": 0x0B, the message, 0x1C 0x0D).
//!
//! Messages hold words of patients. Of them nothing is read but the message header (HL7 version 2.5.1
//! §2.15.9, MSH) and the names of the segments behind it, as far as is needed to tell a response.

use super::Malformed;

/// Begins a message.
pub const START: u8 = 0x0b;
/// Ends a message, before a carriage return.
const END: u8 = 0x1c;
/// Ends a segment (§2.4), and with [`END`] a message.
const RETURN: u8 = 0x0d;
/// Longest header segment that is read, in octets.
pub const MOST_OCTETS: usize = 1024;
/// Most segments looked at behind the header.
const MOST_SEGMENTS: usize = 4;
/// Most encoding characters: the fifth, for truncation, came with version 2.7.
const MOST_ENCODING: usize = 5;

/// The header of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hl7 {
    /// MSH-1, what stands between fields; a sign of punctuation, mostly `|`.
    pub separator: u8,
    /// MSH-2, encoding characters: one to five signs of punctuation, mostly `^~\&`. The first stands
    /// between components, the second between repetitions.
    pub encoding: Vec<u8>,
    /// MSH-3, the sending application.
    pub application: Vec<u8>,
    /// MSH-4, the sending facility.
    pub facility: Vec<u8>,
    /// MSH-9, the type of the message; never empty.
    pub kind: Vec<u8>,
    /// MSH-12, the version.
    pub version: Vec<u8>,
    /// Whether it responds to another message: the first segment behind the header, other than
    /// software and credentials, is MSA (§2.9.2).
    pub responds: bool,
}

impl Hl7 {
    /// Reads the beginning of what one TCP segment carries. What follows the header may be missing.
    ///
    /// # Errors
    /// [`Malformed`] if it begins otherwise, its header does not end here or is longer than
    /// [`MOST_OCTETS`], or the header contradicts itself.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let wrong = |field| Malformed::Inconsistent { field };
        let (&start, message) =
            octets.split_first().ok_or(Malformed::Truncated { need: 1, have: 0 })?;
        if start != START {
            return Err(Malformed::Unsupported { field: "SB", value: start.into() });
        }
        let rest = message.strip_prefix(b"MSH").ok_or_else(|| wrong("MSH"))?;
        let mut segments = rest.split(|octet| matches!(*octet, RETURN | END));
        let header = segments.next().unwrap_or_default();
        if header.len() > MOST_OCTETS {
            return Err(wrong("MSH"));
        }
        if header.len() == rest.len() {
            let (need, have) = (octets.len() + 1, octets.len());
            return Err(Malformed::Truncated { need, have });
        }
        let Some((&separator, fields)) = header.split_first() else { return Err(wrong("MSH-1")) };
        if !separator.is_ascii_punctuation() {
            return Err(wrong("MSH-1"));
        }
        // MSH-1 is the separator itself, so that the first field behind it is MSH-2.
        let mut fields = fields.split(|octet| *octet == separator);
        let encoding = fields.next().unwrap_or_default();
        let (application, facility) = (fields.next(), fields.next());
        let kind = fields.nth(4).filter(|kind| !kind.is_empty()).ok_or_else(|| wrong("MSH-9"))?;
        let version = fields.nth(2);
        let signs = encoding.iter().all(u8::is_ascii_punctuation);
        if !signs || !(1..=MOST_ENCODING).contains(&encoding.len()) {
            return Err(wrong("MSH-2"));
        }
        let owned = |field: Option<&[u8]>| field.unwrap_or_default().to_vec();
        Ok(Self {
            separator,
            encoding: encoding.to_vec(),
            application: owned(application),
            facility: owned(facility),
            kind: kind.to_vec(),
            version: owned(version),
            responds: segments
                .take(MOST_SEGMENTS)
                .find(|it| !it.starts_with(b"SFT") && !it.starts_with(b"UAC"))
                .is_some_and(|it| it.starts_with(b"MSA")),
        })
    }

    /// Appends a whole message: the header and, if it responds, an acknowledgment without a number. Of
    /// a field what no field may hold is left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let fields: [&[u8]; 11] = [
            &self.encoding,
            &self.application,
            &self.facility,
            b"",
            b"",
            b"",
            b"",
            &self.kind,
            b"",
            b"",
            &self.version,
        ];
        out.push(START);
        out.extend(b"MSH");
        for field in fields {
            out.push(self.separator);
            let kept = |octet: &&u8| ![self.separator, RETURN, END].contains(*octet);
            out.extend(field.iter().filter(kept));
        }
        out.push(RETURN);
        if self.responds {
            out.extend(b"MSA");
            out.extend([self.separator, b'A', b'A', RETURN]);
        }
        out.extend([END, RETURN]);
    }

    /// The first component of the first repetition of a field (§2.5), as devices write their names.
    pub fn first<'f>(&self, field: &'f [u8]) -> &'f [u8] {
        let ends = |octet: &u8| self.encoding.iter().take(2).any(|sign| sign == octet);
        field.split(ends).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RESULT: &[u8] =
        b"\x0bMSH|^~\\&|ANALYSER^1^L|LAB|HIS|HOSPITAL|20260101120000||ORU^R01|42|P|2.5.1\r\
        PID|1||0000||MADE^UP\rOBR|1\r\x1c\r";
    const ACKNOWLEDGMENT: &[u8] =
        b"\x0bMSH|^~\\&|HIS||ANALYSER||20260101120001||ACK|43|P|2.5.1\rMSA|AA|42\r\x1c\r";

    #[test]
    fn a_result_says_what_sent_it_and_in_which_version() {
        let read = Hl7::decode(RESULT).unwrap();
        assert_eq!((read.separator, read.encoding.as_slice()), (b'|', &b"^~\\&"[..]));
        assert_eq!(read.application, b"ANALYSER^1^L");
        assert_eq!(read.first(&read.application), b"ANALYSER");
        assert_eq!(
            (read.facility.as_slice(), read.kind.as_slice()),
            (&b"LAB"[..], &b"ORU^R01"[..])
        );
        assert_eq!((read.version.as_slice(), read.responds), (&b"2.5.1"[..], false));
    }

    #[test]
    fn nothing_of_the_patient_is_read() {
        let read = format!("{:?}", Hl7::decode(RESULT).unwrap());
        let digits = |word: &[u8]| format!("{word:?}").trim_matches(['[', ']']).to_owned();
        assert!(read.contains(&digits(b"ANALYSER")), "{read}");
        assert!(!read.contains(&digits(b"MADE")), "{read}");
    }

    #[test]
    fn a_response_is_told_by_its_acknowledgment() {
        assert!(Hl7::decode(ACKNOWLEDGMENT).unwrap().responds);
        let signed = b"\x0bMSH|^~\\&|HIS||A||||RSP^K11|9|P|2.5\rSFT|Maker|1\rUAC||x\rMSA|AA|8\r";
        assert!(Hl7::decode(signed).unwrap().responds);
        let late = b"\x0bMSH|^~\\&|HIS||A||||ORU^R01|9|P|2.5\rPID|1\rMSA|AA|8\r";
        assert!(!Hl7::decode(late).unwrap().responds);
    }

    #[test]
    fn another_separator_and_an_old_version_are_read() {
        let read = Hl7::decode(b"\x0bMSH#:*?$#OLD##X####ADT\r").unwrap();
        assert_eq!((read.separator, read.application.as_slice()), (b'#', &b"OLD"[..]));
        assert_eq!((read.kind.as_slice(), read.version.as_slice()), (&b"ADT"[..], &b""[..]));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let wrong = |field| Err(Malformed::Inconsistent { field });
        assert_eq!(Hl7::decode(b""), Err(Malformed::Truncated { need: 1, have: 0 }));
        assert_eq!(
            Hl7::decode(b"MSH|^~\\&|A|"),
            Err(Malformed::Unsupported { field: "SB", value: 77 })
        );
        assert_eq!(Hl7::decode(b"\x0bPID|1\r"), wrong("MSH"));
        assert_eq!(Hl7::decode(b"\x0bMSH\r"), wrong("MSH-1"));
        assert_eq!(Hl7::decode(b"\x0bMSHA^~A\r"), wrong("MSH-1"));
        assert_eq!(Hl7::decode(b"\x0bMSH|^~\\&|A|B\r"), wrong("MSH-9"));
        assert_eq!(Hl7::decode(b"\x0bMSH|^~\\&|A|B|||||\r"), wrong("MSH-9"));
        assert_eq!(Hl7::decode(b"\x0bMSH||A|B|||||ACK\r"), wrong("MSH-2"));
        assert_eq!(Hl7::decode(b"\x0bMSH|^~\\&#!|A|B|||||ACK\r"), wrong("MSH-2"));
    }

    #[test]
    fn a_header_without_end_is_cut_and_one_that_is_too_long_is_refused() {
        let header = RESULT.iter().position(|octet| *octet == RETURN).unwrap();
        for end in 4..header {
            let (need, have) = (end + 1, end);
            assert_eq!(Hl7::decode(&RESULT[..end]), Err(Malformed::Truncated { need, have }));
        }
        assert!(Hl7::decode(&RESULT[..=header]).is_ok());
        let endless = [b"\x0bMSH|^~\\&|", vec![b'A'; 1 << 20].as_slice(), b"\r"].concat();
        assert_eq!(Hl7::decode(&endless), Err(Malformed::Inconsistent { field: "MSH" }));
    }

    fn field(least: usize) -> impl Strategy<Value = Vec<u8>> {
        let plain = |octet: &u8| ![b'|', RETURN, END].contains(octet);
        prop::collection::vec(any::<u8>().prop_filter("ends a field", plain), least..20)
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(
            (application, facility, version) in (field(0), field(0), field(0)),
            kind in field(1),
            responds: bool,
        ) {
            let (separator, encoding) = (b'|', b"^~\\&".to_vec());
            let message = Hl7 { separator, encoding, application, facility, kind, version, responds };
            let mut octets = Vec::new();
            message.encode(&mut octets);
            prop_assert_eq!(Hl7::decode(&octets), Ok(message));
        }

        #[test]
        fn random_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let octets = [b"\x0bMSH|^~", octets.as_slice()].concat();
            if let Ok(message) = Hl7::decode(&octets) {
                let mut again = Vec::new();
                message.encode(&mut again);
                prop_assert_eq!(Hl7::decode(&again), Ok(message));
            }
        }
    }
}
