//! The index says what asking every row would.

use proptest::prelude::*;

use super::*;
use crate::fingerprint::Class;
use crate::reconcile::{Match, Verdict};
use crate::resolve::{Address, Device, DeviceId};
use daicho_common::time::Timestamp;

fn device(number: u8, network: &str, name: &str) -> Device {
    let at = Timestamp::from_micros(i64::from(number));
    let said = |value: &str| crate::evidence::Sourced {
        value: value.into(),
        grade: crate::evidence::Grade::Queried,
        sources: crate::evidence::Sources::new(),
    };
    let class = if number.is_multiple_of(3) { Some(Class::Pc) } else { None };
    Device {
        id: DeviceId(format!("mac-{number:012x}").into()),
        macs: Vec::new(),
        addresses: vec![Address {
            ip: [10, 0, number % 4, number].into(),
            network: network.into(),
            first_seen: at,
            last_seen: at,
            sources: crate::evidence::Sources::new(),
        }],
        names: vec![said(name)],
        class: class.map(|value| crate::evidence::Sourced {
            value,
            grade: crate::evidence::Grade::Queried,
            sources: crate::evidence::Sources::new(),
        }),
        vendor: number.is_multiple_of(2).then(|| said("架空製作所")),
        model: None,
        serial: None,
        version: None,
        os: None,
        support_end: None,
        programs: Vec::new(),
        why: Vec::new(),
        description: None,
        location: None,
        services: Vec::new(),
        storage: None,
        parts: Vec::new(),
        software: Vec::new(),
        pages: None,
        joins: Vec::new(),
        oddities: Vec::new(),
        attached: Vec::new(),
        first_seen: at,
        last_seen: at,
    }
}

fn matched(device: &Device, verdict: Verdict) -> Match {
    Match {
        entry: None,
        device: Some(device.id.clone()),
        also: Vec::new(),
        by: Vec::new(),
        verdict,
    }
}

fn told<'a>(devices: &'a [Device], matches: &'a [Match], at: usize) -> Option<Told<'a>> {
    let rows = vec![Row { matched: matches.get(at)?, scoped: None, entry: None }];
    Some(Told { device: devices.get(at)?, rows, open: at % 3 })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_found_counted_and_sorted_is_what_asking_each_row_finds(
        kinds in proptest::collection::vec((0u8..3, 0u8..3), 1..40),
        words in "(pc|nas|ｐｃ|10\\.0|架空)?( 1)?",
        network in 0u8..4,
        vendor in any::<bool>(),
        descending in any::<bool>(),
        column in 0usize..Column::COUNT,
    ) {
        let (mut devices, mut matches) = (Vec::new(), Vec::new());
        for (number, (network, name)) in (0u8..).zip(&kinds) {
            let name = ["PC-1", "NAS", "ＰＣ"][*name as usize];
            devices.push(device(number, &format!("第{network}網"), name));
            let verdict = if number.is_multiple_of(2) { Verdict::Agreed } else { Verdict::Undocumented };
            matches.push(matched(&devices[usize::from(number)], verdict));
        }
        let of = |at| told(&devices, &matches, at);
        let roster = Roster::of(devices.len(), of);
        let mut filters: [String; By::COUNT] = Default::default();
        if network < 3 {
            filters[By::Network.number()] = format!("第{network}網");
        }
        if vendor {
            filters[By::Vendor.number()] = "架空製作所".into();
        }
        let sort = Some(Column::ALL[column]);
        let query = Query { words: words.clone(), filters: filters.clone(), sort, descending };
        let found = roster.find(&query, of);
        let has = |at: usize, by: By| {
            let wanted = &filters[by.number()];
            let line = line::Line::of(&of(at).unwrap());
            wanted.is_empty() || line.words.iter().any(|(of, word)| *of == by && word == wanted)
        };
        let text = |at: usize| {
            let text = line::Line::of(&of(at).unwrap()).text;
            fold::fold(&words).split_whitespace().all(|word| text.contains(word))
        };
        let fits = |at: &usize| text(*at) && By::ALL.iter().all(|by| has(*at, *by));
        let expected: Vec<usize> = (0..devices.len()).filter(fits).collect();
        let mut rows: Vec<usize> = found.rows.iter().map(|row| *row as usize).collect();
        // Sorted, and what says nothing last whichever way.
        let key = |at: usize| column::key(sort, &of(at).unwrap());
        for pair in rows.windows(2) {
            let (a, b) = (key(pair[0]), key(pair[1]));
            let ordered = if descending { a >= b } else { a <= b };
            prop_assert!(b.is_empty() || !a.is_empty() && ordered, "{a} {b}");
        }
        rows.sort_unstable();
        prop_assert_eq!(&rows, &expected);
        // After answers it is the same, but by how many findings wait.
        let later = |at| told(&devices, &matches, at).map(|told| Told { open: 7 - told.open, ..told });
        let answered = roster.answered();
        prop_assert_eq!(
            &answered.find(&query, later).rows,
            &Roster::of(devices.len(), later).find(&query, later).rows
        );
        // A filter counts what fits all else.
        for by in By::ALL {
            for (word, count) in roster.choices(&found, by) {
                let others = |at: &usize| {
                    text(*at) && By::ALL.iter().all(|other| *other == by || has(*at, *other))
                };
                let with = (0..devices.len()).filter(others).filter(|at| {
                    let line = line::Line::of(&of(*at).unwrap());
                    line.words.iter().any(|(of, own)| *of == by && own == word)
                });
                prop_assert_eq!(count, with.count(), "{}", word);
            }
        }
        prop_assert!(Arc::ptr_eq(&found, &roster.find(&query, of)), "the answer is kept");
    }
}
