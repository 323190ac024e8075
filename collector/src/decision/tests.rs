use super::*;

fn mac(last: u8) -> Key {
    Key::Mac(format!("00:1a:2b:00:00:{last:02x}").parse().unwrap())
}

fn decided(id: u64, what: Decision) -> Decided {
    let (by, why) = ("情報係".to_owned(), "現物確認".to_owned());
    Decided { id, at: Timestamp::from_micros(0), by, why, what }
}

fn permit(id: u64, last: u8, permitted: bool) -> Decided {
    decided(id, Decision::Byod { device: mac(last), permitted })
}

#[test]
fn of_two_decisions_about_one_thing_the_later_holds_in_whatever_order_they_come() {
    let (first, second) = (permit(1, 7, true), permit(2, 7, false));
    let both = [second.clone(), first];
    assert_eq!(Standing::of(&both).byod(&[mac(7)]), Some(&second));
    assert_eq!(Standing::of(&both).byod(&[mac(8)]), None);
}

#[test]
fn what_was_withdrawn_gives_way_to_what_stood_before_and_comes_back_with_the_withdrawal_withdrawn()
{
    let mut said = vec![permit(1, 7, true), permit(2, 7, false)];
    said.push(decided(3, Decision::Withdraw { decision: 2 }));
    assert_eq!(Standing::of(&said).byod(&[mac(7)]).map(|d| d.id), Some(1));
    said.push(decided(4, Decision::Withdraw { decision: 3 }));
    assert_eq!(Standing::of(&said).byod(&[mac(7)]).map(|d| d.id), Some(2));
}

#[test]
fn a_split_takes_the_place_of_a_join_of_the_same_two() {
    let join = decided(1, Decision::Join { a: mac(1), b: mac(2) });
    let split = decided(2, Decision::Split { a: mac(2), b: mac(1) });
    let said = [join, split];
    let standing = Standing::of(&said);
    assert_eq!(standing.ties().map(|d| d.id).collect::<Vec<_>>(), [2]);
}

#[test]
fn every_decision_is_written_and_read_as_the_same() {
    let address = Key::Address { network: "病棟".to_owned(), ip: "10.0.0.9".parse().unwrap() };
    let all = [
        Decision::Join { a: mac(1), b: address.clone() },
        Decision::Split { a: Key::Serial("AB12".to_owned()), b: mac(1) },
        Decision::Correct { device: mac(1), field: Corrected::Class, value: "nas".to_owned() },
        Decision::Scope { subject: Subject::Device(address), scope: Scope::Outside },
        Decision::Byod { device: mac(1), permitted: true },
        Decision::Answer {
            finding: "undocumented_device:mac-1".to_owned(),
            facts: "ab".to_owned(),
            disposition: Some(Disposition::VendorAsked),
            owner: "ME室".to_owned(),
            due: Day::new(2027, 3, 31),
        },
        Decision::Withdraw { decision: 4 },
    ];
    for one in all {
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), one, "{text}");
    }
}

#[test]
fn answers_and_what_takes_them_back_are_told_from_what_else_is_said() {
    let answer = |id| {
        let (finding, facts, owner) = ("support_ended:1".into(), String::new(), String::new());
        let (disposition, due) = (None, None);
        decided(id, Decision::Answer { finding, facts, disposition, owner, due })
    };
    let withdraw = |id, decision| decided(id, Decision::Withdraw { decision });
    let all = [permit(1, 7, true), answer(2), withdraw(3, 2), withdraw(4, 3), withdraw(5, 1)];
    let since = |from: usize, to: usize| answers_since(&all[..from], &all[..to]);
    assert_eq!(since(1, 1), Some(vec![]));
    assert_eq!(since(1, 4).unwrap(), ["support_ended:1"; 3]);
    assert_eq!(since(0, 1), None, "a device was permitted");
    assert_eq!(since(4, 5), None, "and that was taken back");
    assert_eq!(answers_since(&all[1..], &all), None, "what was known is no longer there");
    for number in [6, 7, 99] {
        let said = [answer(2), withdraw(6, number)];
        assert_eq!(answers_since(&said[..1], &said), None, "{number} was not said before");
    }
}
