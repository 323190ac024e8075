//! A mapped ring of frames to send (`PACKET_TX_RING`, packet(7)): the quickest way out of a process
//! that Linux has. Only the reference sends by it; it is here so that ours is measured beside it.
#![expect(unsafe_code, reason = "a mapped ring is shared with the kernel")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// Octets of a slot: a header and a small frame.
const SLOT: usize = 128;
/// Octets of a block, and how many there are.
const BLOCK: usize = 1 << 16;
const BLOCKS: usize = 16;
/// Slots in the ring.
const SLOTS: usize = BLOCK / SLOT * BLOCKS;
/// Octets of a slot's header, of which a slot is a multiple.
const HEADER: usize = size_of::<libc::tpacket2_hdr>();
const _: () = assert!(SLOT.is_multiple_of(HEADER));
/// Slots filled before the kernel is told.
const KICK: usize = 256;
/// Where a frame begins in its slot: behind the aligned header (`TPACKET_ALIGN`).
const FRAME: usize = HEADER.next_multiple_of(libc::TPACKET_ALIGNMENT);

/// A ring on one interface.
#[derive(Debug)]
pub struct Ring {
    socket: OwnedFd,
    map: NonNull<libc::c_void>,
    next: usize,
}

// SAFETY: the mapping is the ring's own, and only `&mut self` writes to it.
unsafe impl Send for Ring {}

fn set<T>(socket: &OwnedFd, option: libc::c_int, value: &T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)?;
    // SAFETY: the pointer and the length are those of one value that lives through the call.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            std::ptr::from_ref(value).cast(),
            length,
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

impl Ring {
    /// A ring on the interface to which this packet socket is bound.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn on(socket: OwnedFd) -> io::Result<Self> {
        let size = |n: usize| u32::try_from(n).map_err(io::Error::other);
        set(&socket, libc::PACKET_VERSION, &libc::tpacket_versions::TPACKET_V2)?;
        set(&socket, libc::PACKET_QDISC_BYPASS, &1_i32)?;
        let request = libc::tpacket_req {
            tp_block_size: size(BLOCK)?,
            tp_block_nr: size(BLOCKS)?,
            tp_frame_size: size(SLOT)?,
            tp_frame_nr: size(SLOTS)?,
        };
        set(&socket, libc::PACKET_TX_RING, &request)?;
        let length = (BLOCK * BLOCKS).try_into().map_err(io::Error::other)?;
        let (read_write, shared) =
            (ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED);
        // SAFETY: a new mapping of the whole ring; it is unmapped only when the ring is dropped.
        let map = unsafe { mmap(None, length, read_write, shared, &socket, 0)? };
        Ok(Self { socket, map, next: 0 })
    }

    fn slot(&self, number: usize) -> *mut libc::tpacket2_hdr {
        let headers = number % SLOTS * (SLOT / HEADER);
        // SAFETY: the number is below SLOTS, so the slot lies in the mapping.
        unsafe { self.map.as_ptr().cast::<libc::tpacket2_hdr>().add(headers) }
    }

    /// Whose turn a slot is: the first field of its header, which the kernel writes too.
    fn status(&self, number: usize) -> &AtomicU32 {
        // SAFETY: slots are aligned, and their status is only ever read and written atomically.
        unsafe { AtomicU32::from_ptr(self.slot(number).cast()) }
    }

    fn kick(&self, flags: libc::c_int) -> io::Result<()> {
        // SAFETY: no octets are passed; the kernel takes the frames from the ring.
        let sent = unsafe { libc::send(self.socket.as_raw_fd(), std::ptr::null(), 0, flags) };
        match sent {
            0.. => Ok(()),
            _ => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
                error => Err(error),
            },
        }
    }

    /// Waits until the kernel is done with a slot.
    fn free(&self, number: usize) -> io::Result<()> {
        while self.status(number).load(Ordering::Acquire) != libc::TP_STATUS_AVAILABLE {
            self.kick(libc::MSG_DONTWAIT)?;
            if self.status(number).load(Ordering::Acquire) != libc::TP_STATUS_AVAILABLE {
                let mut ready = [PollFd::new(self.socket.as_fd(), PollFlags::POLLOUT)];
                poll(&mut ready, PollTimeout::from(10_u8))?;
            }
        }
        Ok(())
    }

    /// Sends all of these; those too long for a slot are left out.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn send(&mut self, frames: &[&[u8]]) -> io::Result<()> {
        for frame in frames.iter().filter(|frame| frame.len() <= SLOT - FRAME) {
            self.free(self.next)?;
            let slot = self.slot(self.next);
            let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
            // SAFETY: the slot is ours until its status says otherwise, and header and frame fit.
            unsafe {
                (*slot).tp_len = length;
                let to = slot.cast::<u8>().add(FRAME);
                std::ptr::copy_nonoverlapping(frame.as_ptr(), to, frame.len());
            }
            self.status(self.next).store(libc::TP_STATUS_SEND_REQUEST, Ordering::Release);
            self.next = (self.next + 1) % SLOTS;
            if self.next.is_multiple_of(KICK) {
                self.kick(libc::MSG_DONTWAIT)?;
            }
        }
        self.kick(0)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `on` and nothing borrows from it any more.
        let _ = unsafe { munmap(self.map, BLOCK * BLOCKS) };
    }
}
