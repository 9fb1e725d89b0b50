//! HTTP/2 error codes: the numbers that RST_STREAM and GOAWAY carry.
//!
//! What causes a code is not decided here but in the table of [`crate::error`]. Law: RFC 9113 §7.

use core::fmt;

/// Declares [`ErrorCode`] from one table: variant, number, name.
macro_rules! error_codes {
    ($( $(#[$doc:meta])* $variant:ident = $number:literal, $name:literal; )+) => {
        /// Why a stream or a connection ends, as HTTP/2 peers tell each other (RFC 9113 §7).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $( $(#[$doc])* $variant, )+
        }

        impl ErrorCode {
            /// The number on the wire.
            pub const fn number(self) -> u32 {
                match self { $( Self::$variant => $number, )+ }
            }

            /// The code of a number from the wire; a number without a code is [`ErrorCode::InternalError`].
            pub const fn from_number(number: u32) -> Self {
                match number {
                    $( $number => Self::$variant, )+
                    //= RFC 9113 §7: an unknown code has no special effect and may count as INTERNAL_ERROR
                    _ => Self::InternalError,
                }
            }

            /// The name in the RFC, such as `PROTOCOL_ERROR`.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }
        }
    };
}

error_codes! {
    /// Nothing went wrong; a graceful end.
    NoError = 0x0, "NO_ERROR";
    /// The peer broke a rule that has no code of its own.
    ProtocolError = 0x1, "PROTOCOL_ERROR";
    /// The sender of the code met a fault of its own.
    InternalError = 0x2, "INTERNAL_ERROR";
    /// The peer sent more than a window allows, or made a window too large.
    FlowControlError = 0x3, "FLOW_CONTROL_ERROR";
    /// The peer did not acknowledge settings in time.
    SettingsTimeout = 0x4, "SETTINGS_TIMEOUT";
    /// A frame came on a stream that its sender had ended.
    StreamClosed = 0x5, "STREAM_CLOSED";
    /// A frame had a length that is not allowed.
    FrameSizeError = 0x6, "FRAME_SIZE_ERROR";
    /// The stream was refused before anything was done for it; it may be tried again.
    RefusedStream = 0x7, "REFUSED_STREAM";
    /// The stream is no longer wanted.
    Cancel = 0x8, "CANCEL";
    /// The state of header compression is lost.
    CompressionError = 0x9, "COMPRESSION_ERROR";
    /// The connection behind a CONNECT request failed.
    ConnectError = 0xa, "CONNECT_ERROR";
    /// The peer causes more load than it may.
    EnhanceYourCalm = 0xb, "ENHANCE_YOUR_CALM";
    /// The transport is less secure than required.
    InadequateSecurity = 0xc, "INADEQUATE_SECURITY";
    /// The request must be made over HTTP/1.1.
    Http11Required = 0xd, "HTTP_1_1_REQUIRED";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_numbered_0_to_13_and_survive_the_wire() {
        for number in 0..=13 {
            assert_eq!(ErrorCode::from_number(number).number(), number);
        }
    }

    //= RFC 9113 §7: an unknown code has no special effect and may count as INTERNAL_ERROR
    #[test]
    fn an_unknown_number_counts_as_internal_error() {
        for number in [14, 15, 0xff, 0x0100_0000, u32::MAX] {
            assert_eq!(ErrorCode::from_number(number), ErrorCode::InternalError);
        }
    }

    #[test]
    fn codes_have_the_numbers_and_names_of_the_rfc() {
        let names: Vec<_> = (0..14).map(|number| ErrorCode::from_number(number).to_string()).collect();
        let expected = [
            "NO_ERROR",
            "PROTOCOL_ERROR",
            "INTERNAL_ERROR",
            "FLOW_CONTROL_ERROR",
            "SETTINGS_TIMEOUT",
            "STREAM_CLOSED",
            "FRAME_SIZE_ERROR",
            "REFUSED_STREAM",
            "CANCEL",
            "COMPRESSION_ERROR",
            "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY",
            "HTTP_1_1_REQUIRED",
        ];
        assert_eq!(names, expected);
        assert_eq!(ErrorCode::Http11Required.number(), 0xd);
        assert_eq!(ErrorCode::RefusedStream.number(), 0x7);
    }

    #[test]
    fn display_obeys_a_width() {
        assert_eq!(format!("[{:>8}]", ErrorCode::Cancel), "[  CANCEL]");
    }
}
