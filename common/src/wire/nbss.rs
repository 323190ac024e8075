//! The framing of SMB over TCP: that of the NetBIOS session service (RFC 1002 §4.3.1) as direct TCP
//! transport uses it ([MS-SMB2] §2.1): a zero, and a length of 24 bits.

use super::{Malformed, take};

/// Longest message that is read; answers to what is asked here take some hundred octets.
pub const MOST_OCTETS: usize = 64 << 10;

/// Octets before a message.
pub const FRAMING: usize = 4;

/// A message with its framing; it is cut at 16 MiB.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let length = message.len().min(0x00ff_ffff);
    let mut out = u32::try_from(length).unwrap_or_default().to_be_bytes().to_vec();
    out.extend(message.iter().take(length));
    out
}

/// The first whole message, which [`FRAMING`] octets stand before; `None` if it is not all there yet.
///
/// # Errors
/// [`Malformed`] if it is no session message or longer than [`MOST_OCTETS`].
pub fn deframe(octets: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let Ok(([kind, a, b, c], rest)) = take::<4>(octets) else {
        return match octets.first() {
            None | Some(0) => Ok(None),
            Some(kind) => Err(Malformed::Unsupported { field: "TYPE", value: (*kind).into() }),
        };
    };
    if kind != 0 {
        return Err(Malformed::Unsupported { field: "TYPE", value: kind.into() });
    }
    let length = u32::from_be_bytes([0, a, b, c]);
    match usize::try_from(length) {
        Ok(length) if length <= MOST_OCTETS => Ok(rest.get(..length)),
        _ => Err(Malformed::Unsupported { field: "LENGTH", value: length }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_awaited_to_its_end_and_a_long_one_refused() {
        let octets = frame(b"\xfeSMB and more");
        for end in 0..octets.len() {
            assert_eq!(deframe(&octets[..end]), Ok(None));
        }
        let two = [octets.as_slice(), b"\0"].concat();
        assert_eq!(deframe(&two), Ok(Some(&b"\xfeSMB and more"[..])));
        assert!(deframe(&[0, 0xff, 0, 0]).is_err());
        assert!(deframe(b"HTTP/1.1 400").is_err());
        assert!(deframe(&[0x83]).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics_and_messages_survive(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = deframe(&octets);
            let framed = frame(&octets);
            prop_assert_eq!(deframe(&framed), Ok(Some(octets.as_slice())));
        }
    }
}
