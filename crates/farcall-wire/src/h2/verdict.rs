//! Whether a header list is one that HTTP/2 allows: RFC 9113 §8.2 and §8.3.

use super::Fields;

/// What a header list is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Response,
    Trailers,
}

/// `Err` says what is malformed. `strict` adds what [`super::Config::strict_fields`] is about.
pub(super) fn check(fields: &Fields, kind: Kind, strict: bool) -> Result<(), &'static str> {
    let mut pseudo = Pseudo::default();
    let mut regular = false;
    for (name, value) in fields.iter() {
        check_value(value)?;
        if strict {
            check_outer_space(value)?;
        }
        if let Some(name) = name.strip_prefix(b":") {
            //= RFC 9113 §8.3: pseudo-header fields come before all others, and never in trailers
            if regular {
                return Err("a pseudo-header after a regular field");
            }
            pseudo.add(name, value, kind)?;
        } else {
            regular = true;
            check_name(name)?;
            check_connection_specific(name, value)?;
        }
    }
    pseudo.check(kind)?;
    if strict { check_host(fields, pseudo.authority) } else { Ok(()) }
}

/// What `content-length` says; `Err`: it is no number, or more than one.
pub(super) fn content_length(fields: &Fields) -> Result<Option<u64>, &'static str> {
    let mut said = None;
    for (_, value) in fields.iter().filter(|(name, _)| *name == b"content-length") {
        //= RFC 9110 §8.6: one decimal number, or the same one several times
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(value).ok().filter(|_| digits).and_then(|text| text.parse().ok());
        match number {
            None => return Err("content-length is not a number"),
            Some(number) if said.is_some_and(|said| said != number) => return Err("two different content-length"),
            Some(_) => said = number,
        }
    }
    Ok(said)
}

/// The pseudo-header fields that were seen.
#[derive(Debug, Default)]
struct Pseudo<'a> {
    method: Option<&'a [u8]>,
    scheme: Option<&'a [u8]>,
    authority: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    status: Option<&'a [u8]>,
}

impl<'a> Pseudo<'a> {
    fn add(&mut self, name: &[u8], value: &'a [u8], kind: Kind) -> Result<(), &'static str> {
        let place = match (kind, name) {
            //= RFC 9113 §8.3: pseudo-header fields of requests and of responses are not mixed
            (Kind::Request, b"method") => &mut self.method,
            (Kind::Request, b"scheme") => &mut self.scheme,
            (Kind::Request, b"authority") => &mut self.authority,
            (Kind::Request, b"path") => &mut self.path,
            (Kind::Response, b"status") => &mut self.status,
            //= RFC 9113 §8.1: pseudo-header fields in trailers are malformed
            (Kind::Trailers, _) => return Err("a pseudo-header in trailers"),
            //= RFC 9113 §8.3: a pseudo-header field that is not defined is malformed
            _ => return Err("a pseudo-header that is not defined here"),
        };
        //= RFC 9113 §8.3: no pseudo-header field stands twice
        match place.replace(value) {
            Some(_) => Err("a pseudo-header twice"),
            None => Ok(()),
        }
    }

    fn check(&self, kind: Kind) -> Result<(), &'static str> {
        match kind {
            Kind::Trailers => Ok(()),
            //= RFC 9113 §8.3.2: a response has exactly one :status
            Kind::Response => match self.status {
                Some(status) if status.len() == 3 && status.iter().all(u8::is_ascii_digit) => Ok(()),
                Some(_) => Err(":status is not three digits"),
                None => Err(":status is missing"),
            },
            //= RFC 9113 §8.5: CONNECT has neither :scheme nor :path
            Kind::Request if self.method == Some(b"CONNECT") => match (self.scheme, self.path, self.authority) {
                (None, None, Some(_)) => Ok(()),
                _ => Err("CONNECT needs :authority, and neither :scheme nor :path"),
            },
            //= RFC 9113 §8.3.1: a request has exactly one :method, :scheme and :path
            //= RFC 9113 §8.3.1: the path of a request is not empty
            Kind::Request => match (self.method, self.scheme, self.path) {
                (Some(_), Some(_), Some(path)) if !path.is_empty() => Ok(()),
                (Some(_), Some(_), Some(_)) => Err(":path is empty"),
                _ => Err(":method, :scheme or :path is missing"),
            },
        }
    }
}

fn check_name(name: &[u8]) -> Result<(), &'static str> {
    //= RFC 9113 §8.2.1: names are tokens without upper-case letters
    //= RFC 9113 §8.2.1: a colon stands only at the beginning of a pseudo-header field's name
    match name.iter().all(|&byte| is_token(byte)) {
        true if !name.is_empty() => Ok(()),
        true => Err("a field without a name"),
        false => Err("a field name with a character that is not allowed"),
    }
}

fn check_outer_space(value: &[u8]) -> Result<(), &'static str> {
    //= RFC 9113 §8.2.1: a value neither begins nor ends with a space or a tab
    let outer = [value.first(), value.last()];
    match outer.into_iter().flatten().any(|byte| matches!(byte, b' ' | b'\t')) {
        true => Err("white space around a field value"),
        false => Ok(()),
    }
}

fn check_host(fields: &Fields, authority: Option<&[u8]>) -> Result<(), &'static str> {
    let Some(authority) = authority else { return Ok(()) };
    let mut hosts = fields.iter().filter(|(name, _)| *name == b"host");
    //= RFC 9113 §8.3.1: host does not name another entity than :authority does
    match hosts.all(|(_, host)| host.eq_ignore_ascii_case(authority)) {
        true => Ok(()),
        false => Err("host differs from :authority"),
    }
}

fn check_value(value: &[u8]) -> Result<(), &'static str> {
    //= RFC 9113 §8.2.1: no NUL, CR or LF anywhere in a value
    match value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
        true => Err("a field value with NUL, CR or LF"),
        false => Ok(()),
    }
}

fn check_connection_specific(name: &[u8], value: &[u8]) -> Result<(), &'static str> {
    //= RFC 9113 §8.2.2: fields that speak of an HTTP/1 connection make a message malformed
    match name {
        b"connection" | b"proxy-connection" | b"keep-alive" | b"transfer-encoding" | b"upgrade" => {
            Err("a connection-specific field")
        }
        //= RFC 9113 §8.2.2: te says nothing but trailers
        b"te" if value != b"trailers" => Err("te with a value other than trailers"),
        _ => Ok(()),
    }
}

/// A token character (RFC 9110 §5.6.2) that is not upper case.
const fn is_token(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h2::Indexing;

    fn list(fields: &[(&str, &str)]) -> Fields {
        let mut list = Fields::new();
        for (name, value) in fields {
            list.push(name.as_bytes(), value.as_bytes(), Indexing::Plain);
        }
        list
    }

    const GET: [(&str, &str); 3] = [(":method", "GET"), (":scheme", "http"), (":path", "/")];

    fn request(more: &[(&str, &str)]) -> Result<(), &'static str> {
        check(&list(&[&GET[..], more].concat()), Kind::Request, true)
    }

    #[test]
    fn ordinary_lists_pass() {
        assert_eq!(request(&[("te", "trailers"), ("x-y_z.0", "\u{e9}")]), Ok(()));
        assert_eq!(check(&list(&[(":status", "200"), ("a", "")]), Kind::Response, true), Ok(()));
        assert_eq!(check(&list(&[("grpc-status", "0")]), Kind::Trailers, true), Ok(()));
        assert_eq!(check(&list(&[]), Kind::Trailers, true), Ok(()));
        assert_eq!(check(&list(&[(":method", "CONNECT"), (":authority", "a:1")]), Kind::Request, true), Ok(()));
    }

    //= RFC 9113 §8.3: pseudo-header fields of requests and of responses are not mixed
    //= RFC 9113 §8.3: pseudo-header fields come before all others, and never in trailers
    //= RFC 9113 §8.3: a pseudo-header field that is not defined is malformed
    //= RFC 9113 §8.3: no pseudo-header field stands twice
    #[test]
    fn pseudo_headers_stand_first_once_and_where_they_belong() {
        assert_eq!(request(&[("a", "b"), (":authority", "x")]), Err("a pseudo-header after a regular field"));
        assert_eq!(request(&[(":path", "/")]), Err("a pseudo-header twice"));
        assert_eq!(request(&[(":status", "200")]), Err("a pseudo-header that is not defined here"));
        assert_eq!(request(&[(":protocol", "x")]), Err("a pseudo-header that is not defined here"));
        assert_eq!(check(&list(&[(":status", "200")]), Kind::Trailers, true), Err("a pseudo-header in trailers"));
    }

    //= RFC 9113 §8.3.1: a request has exactly one :method, :scheme and :path
    //= RFC 9113 §8.3.1: the path of a request is not empty
    //= RFC 9113 §8.3.2: a response has exactly one :status
    //= RFC 9113 §8.5: CONNECT has neither :scheme nor :path
    #[test]
    fn required_pseudo_headers_are_required() {
        for missing in 0..3 {
            let mut fields = GET.to_vec();
            fields.remove(missing);
            assert_eq!(check(&list(&fields), Kind::Request, true), Err(":method, :scheme or :path is missing"));
        }
        let empty = [(":method", "GET"), (":scheme", "http"), (":path", "")];
        assert_eq!(check(&list(&empty), Kind::Request, true), Err(":path is empty"));
        assert_eq!(check(&list(&[("a", "b")]), Kind::Response, true), Err(":status is missing"));
        assert_eq!(check(&list(&[(":status", "2x0")]), Kind::Response, true), Err(":status is not three digits"));
        let connect = [(":method", "CONNECT"), (":path", "/"), (":authority", "a")];
        assert!(check(&list(&connect), Kind::Request, true).is_err());
    }

    //= RFC 9113 §8.2.1: names are tokens without upper-case letters
    //= RFC 9113 §8.2.1: a colon stands only at the beginning of a pseudo-header field's name
    //= RFC 9113 §8.2.1: no NUL, CR or LF anywhere in a value
    #[test]
    fn names_and_values_have_their_characters() {
        assert_eq!(request(&[("Upper", "x")]), Err("a field name with a character that is not allowed"));
        for bad in ["sp ace", "co:lon", "colon:", "a\0", "\u{7f}", "\u{e9}"] {
            assert_eq!(request(&[(bad, "x")]), Err("a field name with a character that is not allowed"), "{bad:?}");
        }
        assert_eq!(request(&[("", "x")]), Err("a field without a name"));
        for bad in ["a\0", "a\r", "\nb"] {
            assert_eq!(request(&[("a", bad)]), Err("a field value with NUL, CR or LF"));
        }
    }

    //= RFC 9113 §8.2.1: a value neither begins nor ends with a space or a tab
    //= RFC 9113 §8.3.1: host does not name another entity than :authority does
    #[test]
    fn outer_white_space_and_a_second_host_are_malformed_where_that_is_asked_for() {
        let cases = [
            (("a", " b"), "white space around a field value"),
            (("a", "b\t"), "white space around a field value"),
            (("a", " "), "white space around a field value"),
            (("host", "other"), "host differs from :authority"),
        ];
        for (field, what) in cases {
            let fields = list(&[&GET[..], &[(":authority", "test.example"), field]].concat());
            assert_eq!(check(&fields, Kind::Request, true), Err(what), "{field:?}");
            assert_eq!(check(&fields, Kind::Request, false), Ok(()), "{field:?}");
        }
        assert_eq!(request(&[("a", "b c\td")]), Ok(()));
        assert_eq!(request(&[("host", "alone")]), Ok(()), "it stands in for :authority");
        let same = list(&[&GET[..], &[(":authority", "Test.example"), ("host", "test.Example")]].concat());
        assert_eq!(check(&same, Kind::Request, true), Ok(()));
    }

    #[test]
    fn a_content_length_is_one_number() {
        let said = |values: &[&str]| {
            let fields: Vec<_> = values.iter().map(|value| ("content-length", *value)).collect();
            content_length(&list(&fields))
        };
        assert_eq!((said(&[]), said(&["0"]), said(&["7", "7"])), (Ok(None), Ok(Some(0)), Ok(Some(7))));
        for bad in ["", "-1", "+1", "1 ", "0x1", "99999999999999999999999"] {
            assert_eq!(said(&[bad]), Err("content-length is not a number"), "{bad:?}");
        }
        assert_eq!(said(&["1", "2"]), Err("two different content-length"));
    }

    //= RFC 9113 §8.2.2: fields that speak of an HTTP/1 connection make a message malformed
    //= RFC 9113 §8.2.2: te says nothing but trailers
    #[test]
    fn connection_specific_fields_are_malformed() {
        for name in ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"] {
            assert_eq!(request(&[(name, "x")]), Err("a connection-specific field"));
        }
        assert_eq!(request(&[("te", "gzip")]), Err("te with a value other than trailers"));
    }
}
