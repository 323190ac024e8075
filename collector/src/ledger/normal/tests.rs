use super::*;

fn columns() -> Columns {
    Columns::released().unwrap()
}

#[test]
fn every_spelling_of_an_address_reads_the_same() {
    let columns = columns();
    for (cell, want) in [
        ("192.168.10.5", vec!["192.168.10.5"]),
        ("192.168.010.005", vec!["192.168.10.5"]),
        ("１９２．１６８．１０．５", vec!["192.168.10.5"]),
        (" 192.168.10.5/24 ", vec!["192.168.10.5"]),
        ("192.168.10.5 255.255.255.0", vec!["192.168.10.5"]),
        ("192.168.10.5\n192.168.10.6", vec!["192.168.10.5", "192.168.10.6"]),
        ("192.168.10.5、192.168.10.6", vec!["192.168.10.5", "192.168.10.6"]),
        ("192.168.10.5/192.168.10.6", vec!["192.168.10.5", "192.168.10.6"]),
        ("192.168.10.5;192.168.10.6 , 10.0.0.1", vec!["192.168.10.5", "192.168.10.6", "10.0.0.1"]),
        ("①192.168.10.5 ②192.168.10.6", vec!["192.168.10.5", "192.168.10.6"]),
        ("有線：192.168.10.5　無線：192.168.10.6", vec!["192.168.10.5", "192.168.10.6"]),
        ("192.168.10.5（有線）", vec!["192.168.10.5"]),
        ("192.168.10.5:8080", vec!["192.168.10.5"]),
        ("192.168.10.5\n192.168.10.5", vec!["192.168.10.5"]),
        ("fe80::1%eth0", vec!["fe80::1"]),
        ("2001:db8::5/64", vec!["2001:db8::5"]),
        ("", vec![]),
        ("－", vec![]),
        ("なし", vec![]),
        ("未設定", vec![]),
        ("127.20.1.7", vec!["127.20.1.7"]),
    ] {
        let read = ips(cell, &columns);
        let want: Vec<IpAddr> = want.iter().map(|ip| ip.parse().unwrap()).collect();
        assert_eq!(read.addresses, want, "{cell}");
        assert!(!read.unreadable && !read.dhcp && !read.offline, "{cell}: {read:?}");
    }
}

#[test]
fn a_cell_that_holds_no_address_says_so_and_keeps_those_it_holds() {
    let columns = columns();
    for (cell, want) in [
        ("192.168.10.300", vec![]),
        ("192.168.10", vec![]),
        ("192.168.10.x", vec![]),
        ("192.168.10.10-20", vec![]),
        ("192.168.10.10～192.168.10.20", vec![]),
        ("192.168.10.10 〜 192.168.10.20", vec![]),
        ("192.168.10.10から192.168.10.20", vec![]),
        ("0.0.0.0", vec![]),
        ("127.0.0.1", vec![]),
        ("1234", vec![]),
        ("要確認", vec![]),
        ("192.168.10.5 要確認", vec!["192.168.10.5"]),
        ("192.168.10.5\n192.168.10.256", vec!["192.168.10.5"]),
        ("192.168.10.5/99", vec![]),
    ] {
        let read = ips(cell, &columns);
        let want: Vec<IpAddr> = want.iter().map(|ip: &&str| ip.parse().unwrap()).collect();
        assert_eq!(read.addresses, want, "{cell}");
        assert!(read.unreadable, "{cell}");
    }
}

#[test]
fn words_in_the_address_column_are_understood() {
    let columns = columns();
    for (cell, dhcp, offline) in [
        ("DHCP", true, false),
        ("ＤＨＣＰ", true, false),
        ("自動取得", true, false),
        ("dhcp (192.168.10.5)", true, false),
        ("未接続", false, true),
        ("スタンドアローン", false, true),
        ("ｵﾌﾗｲﾝ", false, true),
        ("固定", false, false),
    ] {
        let read = ips(cell, &columns);
        assert_eq!((read.dhcp, read.offline, read.unreadable), (dhcp, offline, false), "{cell}");
    }
    assert_eq!(ips("dhcp (192.168.10.5)", &columns).addresses.len(), 1);
}

#[test]
fn every_spelling_of_a_mac_reads_the_same() {
    let columns = columns();
    let one = Mac::new([0x00, 0x1a, 0x2b, 0xcd, 0x4d, 0x5e]);
    let two = Mac::new([0x00, 0x1a, 0x2b, 0xcd, 0x4d, 0x5f]);
    for (cell, want) in [
        ("00-1A-2B-CD-4D-5E", vec![one]),
        ("00:1a:2b:cd:4d:5e", vec![one]),
        ("001A.2BCD.4D5E", vec![one]),
        ("001A2BCD4D5E", vec![one]),
        ("00 1A 2B CD 4D 5E", vec![one]),
        ("００－１Ａ－２Ｂ－ＣＤ－４Ｄ－５Ｅ", vec![one]),
        ("００：１ａ：２ｂ：ｃｄ：４ｄ：５ｅ", vec![one]),
        ("00ー1Aー2BーCDー4Dー5E", vec![one]),
        ("00−1A−2B−CD−4D−5E", vec![one]),
        ("001A2B-CD4D5E", vec![one]),
        ("00-1A-2B-CD-4D-5E\n00-1A-2B-CD-4D-5F", vec![one, two]),
        ("00-1A-2B-CD-4D-5E、00-1A-2B-CD-4D-5F", vec![one, two]),
        ("00-1A-2B-CD-4D-5E / 00-1A-2B-CD-4D-5F", vec![one, two]),
        ("001A2BCD4D5E 001A2BCD4D5F", vec![one, two]),
        ("00 1A 2B CD 4D 5E 00 1A 2B CD 4D 5F", vec![one, two]),
        ("有線:00-1A-2B-CD-4D-5E 無線:00-1A-2B-CD-4D-5F", vec![one, two]),
        ("①00-1A-2B-CD-4D-5E ②00-1A-2B-CD-4D-5F", vec![one, two]),
        ("00-1A-2B-CD-4D-5E（有線LAN）", vec![one]),
        ("不明", vec![]),
        ("---", vec![]),
    ] {
        let read = macs(cell, &columns);
        assert_eq!(read.addresses, want, "{cell}");
        assert!(!read.unreadable, "{cell}");
    }
}

#[test]
fn a_cell_that_holds_no_mac_says_so() {
    let columns = columns();
    for cell in [
        "00-1A-2B-CD-4D",
        "00-1A-2B-CD-4D-5G",
        "O0-1A-2B-CD-4D-5E",
        "1122334455",
        "00-00-00-00-00-00",
        "FF:FF:FF:FF:FF:FF",
        "ラベル剥がれ",
        "00 1A 2B CD 4D",
    ] {
        let read = macs(cell, &columns);
        assert!(read.unreadable && read.addresses.is_empty(), "{cell}: {read:?}");
    }
}

#[test]
fn yes_and_no_are_read_in_every_fashion_and_nothing_else_is() {
    let columns = columns();
    for cell in
        ["有", "有り", "あり", "○", "〇", "◯", "●", "Yes", "有（VPN）", "あり：ISDN", "ｱﾘ", "✓"]
    {
        assert_eq!(yes_or_no(cell, &columns), Some(true), "{cell}");
    }
    for cell in ["無", "無し", "なし", "×", "✕", "No", "無（院内のみ）", "未接続", "ﾅｼ"]
    {
        assert_eq!(yes_or_no(cell, &columns), Some(false), "{cell}");
    }
    for cell in ["", "-", "無線", "有線", "確認中", "?"] {
        assert_eq!(yes_or_no(cell, &columns), None, "{cell}");
    }
}

#[test]
fn text_keeps_its_words_and_loses_its_width() {
    assert_eq!(plain(" ﾘｺｰ　MP\nC3004 "), "リコー MP C3004");
    assert_eq!(plain("ＡＢＣ－０１２"), "ABC-012");
    assert_eq!(plain("―"), "");
    let columns = columns();
    assert_eq!(telling("不明", &columns), "");
    assert_eq!(telling("S/N 12345", &columns), "S/N 12345");
}
