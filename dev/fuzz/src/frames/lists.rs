//! Header lists that a peer may send: what calls need, and what is wrong in one way each.

/// Declares [`List`] with its numbers and fields.
macro_rules! lists {
    ($( $(#[$doc:meta])* $name:ident = $fields:expr; )+) => {
        /// A header list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum List { $( $(#[$doc])* $name, )+ }

        impl List {
            /// Every list.
            pub(crate) const ALL: &'static [Self] = &[$( Self::$name ),+];

            /// Its fields, without those that `detail` chooses.
            fn fixed(self) -> &'static [Field] {
                match self { $( Self::$name => $fields, )+ }
            }
        }
    };
}

/// A name and a value.
pub(crate) type Field = (&'static str, &'static str);

lists! {
    /// A gRPC request; `detail` adds fields.
    Call = &REQUEST;
    /// A gRPC response that messages follow; `detail` adds fields.
    Answer = &[(":status", "200"), ("content-type", "application/grpc")];
    /// Trailers of a call that went well; `detail` adds fields.
    Trailers = &[("grpc-status", "0")];
    /// Trailers of a call that failed.
    Failure = &[("grpc-status", "5"), ("grpc-message", "not %E2%98%BA here%"), ("grpc-status-details-bin", "CAUS")];
    /// A plain GET.
    Get = &[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test")];
    /// An interim response.
    Interim = &[(":status", "103")];
    /// A response that is not gRPC.
    Foreign = &[(":status", "503"), ("content-type", "text/html"), ("retry-after", "1")];
    /// Without `:method`.
    NoMethod = &[(":scheme", "http"), (":path", "/a.B/C")];
    /// A pseudo-header behind a field.
    LatePseudo = &[("te", "trailers"), (":method", "POST"), (":scheme", "http"), (":path", "/")];
    /// A name in upper case.
    UpperCase = &[(":status", "200"), ("Content-Type", "application/grpc")];
    /// A field that belongs to HTTP/1.1.
    Hop = &[(":method", "POST"), (":scheme", "http"), (":path", "/"), ("connection", "close")];
    /// A body of one byte is announced, in a request.
    Promise = &[(":method", "POST"), (":scheme", "http"), (":path", "/a.B/C"), ("content-type", "application/grpc"), ("te", "trailers"), ("content-length", "1")];
    /// A body of one byte is announced, in a response.
    PromisedAnswer = &[(":status", "200"), ("content-type", "application/grpc"), ("content-length", "1")];
    /// A request that is not gRPC by its content-type.
    Unsupported = &[(":method", "POST"), (":scheme", "http"), (":path", "/a.B/C"), ("te", "trailers"), ("content-type", "text/plain")];
    /// A value with spaces around it, and a host that differs.
    Sloppy = &[(":method", "POST"), (":scheme", "http"), (":path", "/a.B/C"), (":authority", "a"), ("host", "b"), ("te", " trailers"), ("content-type", "application/grpc+proto")];
    /// A response without a status.
    NoStatus = &[("content-type", "application/grpc")];
    /// Nothing.
    Empty = &[];
}

const REQUEST: [Field; 5] = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/a.B/C"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
];

/// Fields that are added one by one, by the lower bits of `detail`.
const ADDED: [Field; 8] = [
    ("grpc-timeout", "0n"),
    ("grpc-timeout", "1S"),
    ("grpc-timeout", "7q"),
    ("grpc-encoding", "gzip"),
    ("grpc-encoding", "snappy"),
    ("x-data-bin", "AAEC, _w=="),
    ("x-data-bin", "AAEC,/w"),
    ("grpc-accept-encoding", "identity, gzip"),
];

impl List {
    /// The list of a number; there is one for each.
    pub(crate) fn from_number(number: u8) -> Self {
        Self::ALL[usize::from(number) % Self::ALL.len()]
    }

    /// Its number.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// Its fields. The lower byte of `detail` adds one each, the upper adds fields of a length (low four bits, in steps of
    /// 300 bytes) and in a number (high four bits, in tens).
    pub(crate) fn fields(self, detail: u16) -> Vec<(String, String)> {
        let added = ADDED.iter().enumerate().filter(|(bit, _)| detail >> bit & 1 != 0).map(|(_, field)| field);
        let owned = |field: &Field| (field.0.to_owned(), field.1.to_owned());
        let mut fields: Vec<_> = self.fixed().iter().chain(added).map(owned).collect();
        let (length, count) = (usize::from(detail >> 8 & 15), usize::from(detail >> 12));
        if length > 0 {
            fields.push(("x-long".to_owned(), "v".repeat(length * 300)));
        }
        for number in 0..count * 10 {
            fields.push((format!("x-{number}"), number.to_string()));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_its_number() {
        for list in List::ALL {
            assert_eq!(List::from_number(list.number()), *list);
        }
    }

    #[test]
    fn details_add_fields() {
        assert_eq!(List::Empty.fields(0), []);
        assert_eq!(List::Empty.fields(1 | 32).len(), 2);
        let long = List::Empty.fields(0x1300);
        assert_eq!((long.len(), long[0].1.len()), (11, 900));
    }
}
