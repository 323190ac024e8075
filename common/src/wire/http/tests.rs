use proptest::prelude::*;

use super::*;

const PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: Mini/1.0\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 500";
const CHUNKS: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\
    www-authenticate: Digest realm=\"b\"\r\nTransfer-Encoding: chunked\r\n\r\n\
    4;x=y\r\nhell\r\n1\r\no\r\n000\r\nExpires: never\r\n\r\n";

/// Reads `octets` in pieces of this length; what came out, and whether the reader was done.
fn read(octets: &[u8], piece: usize, most: usize) -> Result<(Response, bool), Malformed> {
    let mut reader = Reader::new(most);
    for piece in octets.chunks(piece) {
        if reader.read(piece)? {
            return Ok((reader.finish(false).unwrap(), true));
        }
    }
    Ok((reader.finish(true).unwrap_or_default(), false))
}

#[test]
fn a_request_says_what_it_must_and_no_more() {
    let get = Get {
        target: "/".into(),
        host: "10.20.0.9:8080".into(),
        accept: "text/html".into(),
        close: true,
    };
    let said = String::from_utf8(get.encode()).unwrap();
    let expected = format!(
        "GET / HTTP/1.1\r\nHost: 10.20.0.9:8080\r\nUser-Agent: {USER_AGENT}\r\n\
         Accept: text/html\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(said, expected);
    assert_eq!(Get::decode(said.as_bytes()), Ok(get.clone()));
    let smuggled = Get { target: "/ HTTP/1.1\r\nCookie: x".into(), ..get };
    let said = String::from_utf8(smuggled.encode()).unwrap();
    assert_eq!(said.lines().next(), Some("GET /HTTP/1.1Cookie:x HTTP/1.1"));
}

#[test]
fn an_answer_cut_anywhere_is_the_same_answer() {
    for (octets, status) in [(PAGE, 200), (CHUNKS, 401)] {
        let (whole, done) = read(octets, octets.len(), 100).unwrap();
        assert!(done && whole.whole && whole.keeps);
        assert_eq!((whole.status, whole.body.as_slice()), (status, b"hello".as_slice()));
        for piece in 1..octets.len() {
            assert_eq!(read(octets, piece, 100), Ok((whole.clone(), true)), "{piece}");
        }
    }
    let (response, _) = read(CHUNKS, 7, 100).unwrap();
    let challenges: Vec<_> = response.all("WWW-Authenticate").collect();
    assert_eq!(challenges, [b"Basic realm=\"a\"".as_slice(), b"Digest realm=\"b\""]);
}

#[test]
fn without_a_length_the_end_of_the_connection_is_the_end() {
    let (response, done) = read(b"HTTP/1.0 200\n\nhi", 3, 100).unwrap();
    assert!(!done && response.whole && !response.keeps);
    assert_eq!(response.body, b"hi");
    let mut broken = Reader::new(100);
    broken.read(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhi").unwrap();
    assert!(!broken.finish(true).unwrap().whole, "seven octets are missing");
}

#[test]
fn a_flood_is_read_to_the_bound_and_no_further() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".as_slice();
    let flood = [head, &vec![b'x'; 1 << 20]].concat();
    let (response, done) = read(&flood, 1000, 4096).unwrap();
    assert!(done && !response.whole);
    assert_eq!(response.body.len(), 4096);
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &vec![b'x'; 1 << 20]].concat();
    assert!(read(&endless, 1000, 4096).is_err());
    let many = [b"HTTP/1.1 200 OK\r\n".as_slice(), &b"a:b\r\n".repeat(2000), b"\r\n"].concat();
    assert!(read(&many, 1000, 10).unwrap().0.fields.len() <= MOST_FIELDS);
    assert!(read(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(99), 10, 10).is_err());
    let trailers = [
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n".as_slice(),
        &b"a:b\r\n".repeat(2000),
    ]
    .concat();
    assert!(!read(&trailers, 999, 10).unwrap().1, "trailers are waited for and not kept");
}

#[test]
fn what_is_no_http_is_refused_at_once() {
    for octets in [
        b"SSH-2.0-x\r\n".as_slice(),
        b"<html><title>old</title>",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 099\r\n\r\n",
        b"HTTP/1.1 200\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200\r\nContent-Length: +1\r\n\r\n",
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n",
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ] {
        assert!(read(octets, 100, 100).is_err(), "{}", String::from_utf8_lossy(octets));
    }
}

#[test]
fn an_interim_answer_is_no_answer_and_some_have_no_content() {
    let octets = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 None\r\n\r\n";
    let (response, done) = read(octets, 1, 100).unwrap();
    assert!(done && response.status == 204 && response.field("link").is_none());
}

proptest! {
    #[test]
    fn requests_come_back(path in "/[a-z?=&%]{0,30}", host in "[a-z0-9.]{1,30}", close: bool) {
        let get = Get { target: path, host, accept: "text/html".into(), close };
        prop_assert_eq!(Get::decode(&get.encode()), Ok(get));
    }

    #[test]
    fn nothing_panics_and_cuts_change_nothing(
        tail in proptest::collection::vec(any::<u8>(), 0..300),
        chunked: bool,
        cut in 1usize..50,
    ) {
        let coding = if chunked { "Transfer-Encoding: chunked\r\n\r\n" } else { "" };
        let octets = [b"HTTP/1.1 200 OK\r\n".as_slice(), coding.as_bytes(), &tail].concat();
        prop_assert_eq!(read(&octets, cut, 64), read(&octets, octets.len(), 64));
        let _ = (Get::decode(&tail), read(&tail, cut, 64).is_ok());
    }
}
