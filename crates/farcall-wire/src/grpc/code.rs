//! What a call can fail with: the sixteen status codes of gRPC, of which none means success.
//!
//! Success is `Ok(_)`, so 0 has no variant. No code is derived from another protocol's code here, except from the HTTP
//! status of an answer that is not gRPC at all.

use core::fmt;

/// Declares [`Code`] with its numbers and the names that logs and service configs use.
macro_rules! codes {
    ($( $(#[$doc:meta])* $variant:ident = $number:literal, $name:literal; )+) => {
        /// Why a call failed, as a number that every gRPC language shares (gRPC `statuscodes.md`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Code {
            $( $(#[$doc])* $variant = $number, )+
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// The code with this number; `None` for 0, which is success, and for numbers that gRPC does not define.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $( $number => Some(Self::$variant), )+ _ => None }
            }

            /// The name as gRPC spells it, such as `NOT_FOUND`.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }
        }
    };
}

codes! {
    /// The call was cancelled, most often by its caller.
    Cancelled = 1, "CANCELLED";
    /// An error that says nothing better about itself.
    Unknown = 2, "UNKNOWN";
    /// The request is wrong, whatever the state of the server.
    InvalidArgument = 3, "INVALID_ARGUMENT";
    /// The deadline passed before the call was finished; it may have had its effect.
    DeadlineExceeded = 4, "DEADLINE_EXCEEDED";
    /// What was asked for does not exist.
    NotFound = 5, "NOT_FOUND";
    /// What should be created exists.
    AlreadyExists = 6, "ALREADY_EXISTS";
    /// The caller is known, but may not do this.
    PermissionDenied = 7, "PERMISSION_DENIED";
    /// A quota, a limit or a store is used up.
    ResourceExhausted = 8, "RESOURCE_EXHAUSTED";
    /// The server is in a state that does not allow this; trying again does not help before that is mended.
    FailedPrecondition = 9, "FAILED_PRECONDITION";
    /// A conflict with another call; the caller may try the whole transaction again.
    Aborted = 10, "ABORTED";
    /// Past the end of what there is at present.
    OutOfRange = 11, "OUT_OF_RANGE";
    /// The server does not have this method.
    Unimplemented = 12, "UNIMPLEMENTED";
    /// A promise of the system itself is broken.
    Internal = 13, "INTERNAL";
    /// The server cannot be reached at present; the caller may try again.
    Unavailable = 14, "UNAVAILABLE";
    /// Data is lost or damaged beyond repair.
    DataLoss = 15, "DATA_LOSS";
    /// The caller did not prove who it is.
    Unauthenticated = 16, "UNAUTHENTICATED";
}

impl Code {
    /// The number that travels in `grpc-status`.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// What an answer with this HTTP status means when it has no `grpc-status` (gRPC `http-grpc-status-mapping.md`).
    ///
    /// For clients only: a server never turns a code into an HTTP status by this table.
    pub const fn from_http(status: u16) -> Self {
        match status {
            400 | 431 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_are_inverse_and_zero_is_no_code() {
        assert_eq!(Code::from_number(0), None);
        for number in 1..=16 {
            assert_eq!(Code::from_number(number).unwrap().number(), number);
        }
        assert_eq!(Code::from_number(17), None);
        assert_eq!(Code::from_number(u32::MAX), None);
        assert_eq!(Code::ALL.len(), 16);
        assert!(Code::ALL.is_sorted_by_key(|code| code.number()));
    }

    #[test]
    fn names_are_those_of_the_specification() {
        let names = "CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED \
            RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS \
            UNAUTHENTICATED";
        assert!(Code::ALL.iter().map(|code| code.name()).eq(names.split_whitespace()));
        assert_eq!(Code::NotFound.to_string(), "NOT_FOUND");
        assert_eq!(format!("{:>10}", Code::Aborted), "   ABORTED");
    }

    #[test]
    fn the_name_is_the_variant_in_capitals() {
        for code in Code::ALL {
            let joined: String = code.name().split('_').collect();
            assert_eq!(joined, format!("{code:?}").to_uppercase());
        }
    }

    #[test]
    fn http_statuses_map_by_the_table_and_all_others_to_unknown() {
        let table = [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (431, Code::Internal),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
        ];
        for status in 0..=999 {
            let expected = table.iter().find(|row| row.0 == status).map_or(Code::Unknown, |row| row.1);
            assert_eq!(Code::from_http(status), expected, "{status}");
        }
    }
}
