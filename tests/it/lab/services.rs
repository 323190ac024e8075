use daicho_tests::lab::WING;

#[test]
fn the_wing_goes_up_and_down() {
    let Some(lab) = super::lab_of(WING) else { return };
    lab.down().unwrap();
}
