//! A mapped ring of frames that came in (`PACKET_RX_RING`, packet(7)): the kernel writes, the agent
//! reads, and no call is made for a frame. It lives as long as whoever reads it.
#![expect(unsafe_code, reason = "a mapped ring is shared with the kernel")]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::libc;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::socket::{getsockopt, sockopt};

/// Octets of a block: a whole number of pages and of slots.
const BLOCK: usize = 1 << 16;
/// Octets of a slot's header, of which a slot is a multiple.
const HEADER: usize = size_of::<libc::tpacket2_hdr>();

/// How much room a ring has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Octets of a slot, a power of two: a frame and some 70 octets before it. A longer frame is cut.
    slot: usize,
    blocks: usize,
}

impl Room {
    /// ARP of a whole network that answers at once: 32,768 frames in 8 MiB.
    pub(super) const ARP: Self = Self { slot: 256, blocks: 128 };
    /// ARP of one VLAN of many: 4,096 frames in 1 MiB.
    pub(super) const VLAN: Self = Self { slot: 256, blocks: 16 };
    /// What neighbours say by IPv6, for a router may say much at once: 2,048 frames in 4 MiB.
    pub(super) const NEIGHBOURS: Self = Self { slot: 2048, blocks: 64 };

    const fn octets(self) -> usize {
        BLOCK * self.blocks
    }

    const fn slots(self) -> usize {
        self.octets() / self.slot
    }
}

/// A ring of one packet socket.
#[derive(Debug)]
pub(super) struct Ring {
    map: NonNull<libc::c_void>,
    room: Room,
    next: usize,
}

// SAFETY: the mapping is the ring's own, and only `&mut self` reads frames from it.
unsafe impl Send for Ring {}

/// What one look into a ring brought.
#[derive(Debug, Default)]
pub(super) struct Gulp {
    pub(super) frames: Vec<Vec<u8>>,
    /// How many the kernel had no room for since the look before.
    pub(super) dropped: u32,
}

fn set<T>(socket: &OwnedFd, option: libc::c_int, value: &T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)?;
    let value = std::ptr::from_ref(value).cast();
    // SAFETY: the pointer and the length are those of one value that lives through the call.
    let done =
        unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, option, value, length) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// How many frames the kernel had no room for since this was asked last (`PACKET_STATISTICS`).
fn dropped(socket: &OwnedFd) -> io::Result<u32> {
    let mut statistics = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
    let mut length =
        libc::socklen_t::try_from(size_of_val(&statistics)).map_err(io::Error::other)?;
    // SAFETY: the kernel writes at most `length` octets into the value, which lives through the call.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            (&raw mut statistics).cast(),
            &raw mut length,
        )
    };
    if done == 0 { Ok(statistics.tp_drops) } else { Err(io::Error::last_os_error()) }
}

impl Ring {
    /// A ring for what this packet socket takes from now on.
    ///
    /// # Errors
    /// What the kernel said.
    pub(super) fn on(socket: &OwnedFd, room: Room) -> io::Result<Self> {
        let number = |n: usize| u32::try_from(n).map_err(io::Error::other);
        set(socket, libc::PACKET_VERSION, &libc::tpacket_versions::TPACKET_V2)?;
        let request = libc::tpacket_req {
            tp_block_size: number(BLOCK)?,
            tp_block_nr: number(room.blocks)?,
            tp_frame_size: number(room.slot)?,
            tp_frame_nr: number(room.slots())?,
        };
        set(socket, libc::PACKET_RX_RING, &request)?;
        let length = room.octets().try_into().map_err(io::Error::other)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping of the whole ring; it is unmapped only when the ring is dropped.
        let map = unsafe { mmap(None, length, protection, MapFlags::MAP_SHARED, socket, 0)? };
        Ok(Self { map, room, next: 0 })
    }

    fn header(&self) -> NonNull<libc::tpacket2_hdr> {
        let headers = self.next * (self.room.slot / HEADER);
        // SAFETY: `next` is below the number of slots, so the slot lies in the mapping.
        unsafe { self.map.cast::<libc::tpacket2_hdr>().add(headers) }
    }

    /// The frame in the next slot, if the kernel has filled it; the slot is the kernel's again.
    fn take(&mut self) -> Option<Vec<u8>> {
        let header = self.header();
        // SAFETY: slots are aligned, and their status is only ever read and written atomically.
        let status = unsafe { AtomicU32::from_ptr(header.as_ptr().cast()) };
        if status.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // SAFETY: the slot is ours until its status says otherwise, and it is `slot` octets long.
        let octets =
            unsafe { std::slice::from_raw_parts(header.as_ptr().cast::<u8>(), self.room.slot) };
        let half = |at: usize| Some(u16::from_ne_bytes(*octets.get(at..)?.first_chunk()?));
        let word = |at: usize| Some(u32::from_ne_bytes(*octets.get(at..)?.first_chunk()?));
        let begin = half(std::mem::offset_of!(libc::tpacket2_hdr, tp_mac)).map(usize::from);
        let length = word(std::mem::offset_of!(libc::tpacket2_hdr, tp_snaplen));
        let frame = begin.zip(length).and_then(|(begin, length)| {
            octets.get(begin..begin.checked_add(usize::try_from(length).ok()?)?)
        });
        let frame = frame.unwrap_or_default().to_vec();
        status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.next = (self.next + 1) % self.room.slots();
        Some(frame)
    }

    /// Throws away what is there.
    pub(super) fn clear(&mut self) {
        (0..self.room.slots()).take_while(|_| self.take().is_some()).for_each(drop);
    }

    /// Takes at most so many frames.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if nothing came and nothing was lost; what befell the socket
    /// meanwhile, for example that its interface went down.
    pub(super) fn gulp(&mut self, socket: &OwnedFd, most: usize) -> io::Result<Gulp> {
        let frames: Vec<_> = std::iter::from_fn(|| self.take()).take(most).collect();
        // Only when all was taken: the kernel is not to be asked once a frame.
        let dropped = if frames.len() < most { dropped(socket)? } else { 0 };
        if frames.is_empty() && dropped == 0 {
            return Err(match getsockopt(socket, sockopt::SocketError)? {
                0 => io::ErrorKind::WouldBlock.into(),
                error => io::Error::from_raw_os_error(error),
            });
        }
        Ok(Gulp { frames, dropped })
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `on` and nothing borrows from it any more.
        let _ = unsafe { munmap(self.map, self.room.octets()) };
    }
}
