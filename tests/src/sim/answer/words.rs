//! What devices say over TCP connections: a greeting, or a page to who asks for it (RFC 9112). Whatever
//! else is said to them ends the connection.

use crate::sim::{Device, loopback};

/// What the device says first, before it was said anything.
pub fn greeting(device: &Device, port: u16) -> Option<Vec<u8>> {
    let open = device.answers.open.contains(&port);
    (port == 22 && open).then(|| b"SSH-2.0-OpenSSH_8.7\r\n".to_vec())
}

/// What the device answers to these octets; after it the connection is closed, as it is where there
/// is no answer.
pub fn answer_words(device: &Device, port: u16, octets: &[u8]) -> Option<Vec<u8>> {
    let page = device.make.page()?;
    if !matches!(port, 80 | loopback::TCP_PORT) || !octets.starts_with(b"GET ") {
        return None;
    }
    let start = octets.starts_with(b"GET / ");
    let (status, body) = match (start, page.realm) {
        (false, _) => ("404 Not Found", String::new()),
        (true, "") => {
            let title = page.title;
            ("200 OK", format!("<!DOCTYPE html><html><head><title>{title}</title></head></html>"))
        }
        (true, _) => ("401 Unauthorized", String::new()),
    };
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n");
    if !page.server.is_empty() {
        head.extend(["Server: ", page.server, "\r\n"]);
    }
    if start && !page.realm.is_empty() {
        head.extend(["WWW-Authenticate: Basic realm=\"", page.realm, "\"\r\n"]);
    }
    let length = body.len();
    Some(format!("{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes())
}
