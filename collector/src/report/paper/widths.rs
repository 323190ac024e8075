//! How wide columns become: as wide as their texts where there is room, and where there is not, the
//! wide ones give way first.

/// What a column would like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// The narrowest at which it can be read, in any unit.
    pub least: f32,
    /// The width at which nothing has to be folded; at least `least`.
    pub whole: f32,
}

/// Shares a width among columns. The widths are never more together than `all`; where there is more
/// room than wished for, everybody gets a part of it.
pub fn share(wishes: &[Wish], all: f32) -> Vec<f32> {
    let whole: f32 = wishes.iter().map(|wish| wish.whole).sum();
    if whole <= all {
        let spare = (all / whole.max(f32::EPSILON)).min(1.6);
        return wishes.iter().map(|wish| wish.whole * spare).collect();
    }
    let least: f32 = wishes.iter().map(|wish| wish.least).sum();
    if least >= all {
        return wishes.iter().map(|wish| wish.least * all / least.max(f32::EPSILON)).collect();
    }
    // The ceiling under which all fit, found by halving: what is below it is left whole.
    let at = |ceiling: f32| -> Vec<f32> {
        wishes.iter().map(|wish| wish.whole.min(ceiling).max(wish.least)).collect()
    };
    let (mut low, mut high) = (0.0, all);
    for _ in 0..40 {
        let middle = f32::midpoint(low, high);
        if at(middle).iter().sum::<f32>() > all {
            high = middle;
        } else {
            low = middle;
        }
    }
    at(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(least: f32, whole: f32) -> Wish {
        Wish { least, whole }
    }

    #[test]
    fn wide_columns_give_way_before_narrow_ones() {
        let widths = share(&[wish(10.0, 20.0), wish(10.0, 300.0), wish(10.0, 40.0)], 160.0);
        assert!((widths[0] - 20.0).abs() < 0.1 && (widths[2] - 40.0).abs() < 0.1, "{widths:?}");
        assert!((widths[1] - 100.0).abs() < 0.1);
    }

    #[test]
    fn where_nothing_fits_all_become_narrower_alike() {
        let widths = share(&[wish(100.0, 100.0), wish(300.0, 300.0)], 200.0);
        assert!((widths[0] - 50.0).abs() < 0.01 && (widths[1] - 150.0).abs() < 0.01);
    }

    #[test]
    fn room_to_spare_is_shared_in_bounds() {
        for (all, expected) in [(120.0, 120.0), (1000.0, 160.0)] {
            let widths = share(&[wish(10.0, 100.0)], all);
            assert!((widths[0] - expected).abs() < 0.01, "{widths:?}");
        }
    }
}
