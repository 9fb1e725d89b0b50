//! A service whose messages are plain text: methods as generated code would have them, with a codec written by hand.

use farcall::codec::{CodecError, Decoder, EncodeBuf, Encoder, Method, Payload, Shape};

pub(crate) struct Text;

impl Encoder<String> for Text {
    fn encode(&self, message: &String, out: &mut EncodeBuf) -> Result<(), CodecError> {
        if message == "unencodable" {
            return Err(CodecError::new("this text cannot be encoded"));
        }
        out.put_slice(message.as_bytes());
        Ok(())
    }
}

impl Decoder<String> for Text {
    fn decode(&self, payload: Payload) -> Result<String, CodecError> {
        String::from_utf8(payload.into_bytes().to_vec()).map_err(|error| CodecError::new(error.to_string()))
    }
}

pub(crate) type TextMethod = Method<String, String>;

pub(crate) static ASK: TextMethod = Method::new("/test.Text/Ask", Shape::Unary, &Text, &Text);
pub(crate) static LIST: TextMethod = Method::new("/test.Text/List", Shape::ServerStreaming, &Text, &Text);
pub(crate) static GATHER: TextMethod = Method::new("/test.Text/Gather", Shape::ClientStreaming, &Text, &Text);
pub(crate) static CHAT: TextMethod = Method::new("/test.Text/Chat", Shape::Bidi, &Text, &Text);
