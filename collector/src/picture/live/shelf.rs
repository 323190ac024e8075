//! Devices in their order, each with its cell. They are large and many, so they stay where they are as far
//! as they can, and are never there twice.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::resolve::{Device, DeviceId};

/// Devices, ascending by id until some are taken out or put in.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) devices: Vec<Device>,
    /// The cell of each, by any node of it.
    pub(super) homes: Vec<u32>,
}

/// Places of devices that are no longer, by their ids.
pub(super) type Gone = HashMap<DeviceId, usize, RandomState>;

impl Shelf {
    /// Tells which devices are no longer, by their cells, and takes from the others where they hang. Those
    /// that are no longer stand there until [`Shelf::close`].
    pub(super) fn clear(&mut self, mut stays: impl FnMut(u32) -> bool) -> Gone {
        let mut gone = Gone::default();
        for (place, (device, home)) in self.devices.iter_mut().zip(&self.homes).enumerate() {
            if stays(*home) {
                device.attached.clear();
            } else {
                gone.insert(device.id.clone(), place);
            }
        }
        gone
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.devices.reserve_exact(more);
        self.homes.reserve_exact(more);
    }

    /// Puts a device in the place that it had before, else behind all others.
    pub(super) fn put(&mut self, device: Device, home: u32, gone: &mut Gone) {
        let place = gone.remove(&device.id);
        let had = place
            .and_then(|place| Some((self.devices.get_mut(place)?, self.homes.get_mut(place)?)));
        if let Some(had) = had {
            (*had.0, *had.1) = (device, home);
        } else {
            self.devices.push(device);
            self.homes.push(home);
        }
    }

    /// Takes out those that are no longer, and puts all in order.
    pub(super) fn close(&mut self, gone: Gone) {
        if !gone.is_empty() {
            let mut stays = vec![true; self.devices.len()];
            for place in gone.into_values() {
                stays.get_mut(place).into_iter().for_each(|stays| *stays = false);
            }
            let mut each = stays.iter();
            self.devices.retain(|_| each.next().copied().unwrap_or(true));
            let mut each = stays.iter();
            self.homes.retain(|_| each.next().copied().unwrap_or(true));
        }
        self.devices.shrink_to_fit();
        self.homes.shrink_to_fit();
        if !self.devices.is_sorted_by(|a, b| a.id <= b.id) {
            self.sort();
        }
    }

    /// Puts each device where it belongs, by exchanging two at a time.
    fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.devices.len()).collect();
        let id = |at: &usize| self.devices.get(*at).map(|device| &device.id);
        order.sort_by(|a, b| id(a).cmp(&id(b)));
        let mut goes_to = vec![0; order.len()];
        for (to, from) in order.into_iter().enumerate() {
            goes_to.get_mut(from).into_iter().for_each(|place| *place = to);
        }
        for at in 0..goes_to.len() {
            while let Some(to) = goes_to.get(at).copied().filter(|to| *to != at) {
                self.devices.swap(at, to);
                self.homes.swap(at, to);
                goes_to.swap(at, to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::case::Case;

    /// A shelf on which each device stands with the last figure of its MAC address as its cell.
    fn shelf(figures: &[u8]) -> Shelf {
        let mut shelf = Shelf::default();
        for figure in figures {
            let (device, home) = one(*figure);
            shelf.put(device, home, &mut Gone::default());
        }
        shelf
    }

    fn one(figure: u8) -> (Device, u32) {
        let case = Case::new().arp("10.0.0.1", &format!("00:1a:2b:00:00:{figure:02x}"));
        (case.devices().remove(0), figure.into())
    }

    fn is_in_order(shelf: &Shelf) {
        assert!(shelf.devices.is_sorted_by(|a, b| a.id < b.id));
        for (device, home) in shelf.devices.iter().zip(&shelf.homes) {
            assert_eq!(u32::from(device.macs[0].value.octets()[5]), *home);
        }
    }

    #[test]
    fn devices_come_into_order_with_their_cells() {
        let mut shelf = shelf(&[5, 1, 9, 3, 7, 2, 8]);
        shelf.close(Gone::default());
        is_in_order(&shelf);
        assert_eq!(shelf.homes, [1, 2, 3, 5, 7, 8, 9]);
    }

    #[test]
    fn what_is_there_again_stays_in_its_place_and_what_is_not_is_taken_out() {
        let mut shelf = shelf(&[1, 2, 3, 5, 8]);
        let mut gone = shelf.clear(|home| !matches!(home, 2 | 5));
        assert_eq!(gone.len(), 2);
        for figure in [5, 4] {
            let (device, home) = one(figure);
            shelf.put(device, home, &mut gone);
        }
        shelf.close(gone);
        is_in_order(&shelf);
        assert_eq!(shelf.homes, [1, 3, 4, 5, 8]);
    }
}
