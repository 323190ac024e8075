//! What a certificate (RFC 5280) says: `subject` and `issuer` as RFC 4514 writes them, `san` (each with its
//! kind: `DNS:`, `IP:`, `URI:`, `email:`), `not_before` and `not_after` (RFC 3339, UTC), `serial` in
//! hexadecimal, `key` (`RSA 2048`, `EC P-256`, `Ed25519`), `signature` (its algorithm), `sha256` of the
//! whole, and `self_signed` (yes) where subject and issuer are the same.

use std::net::{Ipv4Addr, Ipv6Addr};

use daicho_common::text::Text;
use ring::digest;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AttributeTypeAndValue, SubjectPublicKeyInfo, X509Name};

/// Longest certificate that is read, in octets.
const MOST: usize = 32 << 10;

/// Most alternative names that are kept.
const MOST_NAMES: usize = 16;

/// Most attributes that are read of one distinguished name.
const MOST_ATTRIBUTES: usize = 32;

/// Longest value of one attribute that is read, in octets.
const MOST_VALUE: usize = 512;

/// The fields of a certificate in DER. One that cannot be read still has its digest.
pub fn fields(der: &[u8]) -> Vec<(&'static str, Text)> {
    let digest = digest::digest(&digest::SHA256, der);
    let mut fields = vec![("sha256", Text::clean(&hexadecimal(digest.as_ref())))];
    let parsed = (der.len() <= MOST).then(|| X509Certificate::from_der(der).ok()).flatten();
    let Some((_, certificate)) = parsed else { return fields };
    fields.push(("subject", name(certificate.subject())));
    fields.push(("issuer", name(certificate.issuer())));
    if certificate.subject().as_raw() == certificate.issuer().as_raw() {
        fields.push(("self_signed", Text::clean("yes")));
    }
    fields.push(("not_before", time(certificate.validity().not_before)));
    fields.push(("not_after", time(certificate.validity().not_after)));
    fields.push(("serial", Text::clean(&hexadecimal(certificate.raw_serial()))));
    fields.push(("key", Text::clean(&key(certificate.public_key()))));
    let signature = certificate.signature_algorithm.algorithm.to_id_string();
    fields.push(("signature", Text::clean(signature_name(&signature).unwrap_or(&signature))));
    if let Ok(Some(names)) = certificate.subject_alternative_name() {
        let names = names.value.general_names.iter().filter_map(alternative);
        fields.extend(names.take(MOST_NAMES).map(|name| ("san", name)));
    }
    fields
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().take(64).fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

fn time(time: ASN1Time) -> Text {
    let at = time.to_datetime();
    let (month, day) = (u8::from(at.month()), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    Text::clean(&format!("{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", at.year()))
}

fn alternative(name: &GeneralName<'_>) -> Option<Text> {
    let text = match name {
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::IPAddress(octets) => {
            let four = <[u8; 4]>::try_from(*octets).map(|it| Ipv4Addr::from(it).to_string());
            let six = <[u8; 16]>::try_from(*octets).map(|it| Ipv6Addr::from(it).to_string());
            format!("IP:{}", four.or(six).ok()?)
        }
        GeneralName::OtherName(..)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => return None,
    };
    Some(Text::clean(&text))
}

/// A distinguished name, the most particular part first (RFC 4514 §2.1).
fn name(name: &X509Name<'_>) -> Text {
    let rdns: Vec<_> = name.iter_rdn().take(MOST_ATTRIBUTES).collect();
    let rdns = rdns.into_iter().rev().map(|rdn| {
        let parts: Vec<_> = rdn.iter().take(MOST_ATTRIBUTES).map(attribute).collect();
        parts.join("+")
    });
    Text::clean(&rdns.collect::<Vec<_>>().join(","))
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type().to_id_string();
    let octets = attribute.attr_value().data;
    let octets = octets.get(..MOST_VALUE).unwrap_or(octets);
    // BMPString (X.680 §41) is UTF-16; all others read as text of a device does.
    let value = if attribute.attr_value().header.tag().0 == 30 {
        let (units, _) = octets.as_chunks::<2>();
        let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
        Text::clean(&text)
    } else {
        Text::from_wire(octets)
    };
    format!("{}={}", attribute_name(&kind).unwrap_or(&kind), escaped(value.as_str()))
}

/// A value with what would end it marked (RFC 4514 §2.4).
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (n, c) in value.chars().enumerate() {
        let edge = (n == 0 && matches!(c, ' ' | '#')) || (n == last && c == ' ');
        if edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Short names (RFC 4514 §3, and what everybody writes).
fn attribute_name(id: &str) -> Option<&'static str> {
    Some(match id {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return None,
    })
}

fn signature_name(id: &str) -> Option<&'static str> {
    Some(match id {
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "Ed25519",
        _ => return None,
    })
}

/// Kind and size of a key.
fn key(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = key.algorithm.algorithm.to_id_string();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            let mut octets = rsa.modulus.iter().skip_while(|octet| **octet == 0);
            let first = octets.next().map_or(0, |octet| 8 - octet.leading_zeros() as usize);
            format!("RSA {}", octets.count() * 8 + first)
        }
        Ok(PublicKey::EC(point)) => {
            let curve = key.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
            match curve.map(|it| it.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "EC P-256".to_owned(),
                Some("1.3.132.0.34") => "EC P-384".to_owned(),
                Some("1.3.132.0.35") => "EC P-521".to_owned(),
                Some(curve) => format!("EC {curve}"),
                None => format!("EC {}", point.key_size()),
            }
        }
        Ok(PublicKey::DSA(_)) => "DSA".to_owned(),
        _ if algorithm == "1.3.101.112" => "Ed25519".to_owned(),
        _ => algorithm,
    }
}

#[cfg(test)]
mod tests;
