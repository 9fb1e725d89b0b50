//! Header blocks written by hand, legal or not (RFC 7541).

/// A header block in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block(Vec<u8>);

impl Block {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What a gRPC request needs, without any entry in the dynamic table.
    pub(crate) fn request(path: &str) -> Self {
        Self::new().indexed(POST).indexed(HTTP).field(":path", path).grpc()
    }

    /// What follows the pseudo-header fields of a request.
    pub(crate) fn grpc(self) -> Self {
        self.field(":authority", "abuse").field("te", "trailers").field("content-type", "application/grpc")
    }

    /// The head of a gRPC response.
    pub(crate) fn response() -> Self {
        Self::new().indexed(STATUS_200).field("content-type", "application/grpc")
    }

    /// Trailers with a status.
    pub(crate) fn trailers(status: &str) -> Self {
        Self::new().field("grpc-status", status)
    }

    /// A literal that no table keeps.
    pub(crate) fn field(self, name: &str, value: &str) -> Self {
        self.raw(&[0]).string(name.as_bytes()).string(value.as_bytes())
    }

    /// A literal that the dynamic table keeps.
    pub(crate) fn kept(self, name: &str, value: &str) -> Self {
        self.raw(&[0x40]).string(name.as_bytes()).string(value.as_bytes())
    }

    /// A table entry; those of the dynamic table begin at [`DYNAMIC`].
    pub(crate) fn indexed(mut self, index: u64) -> Self {
        integer(&mut self.0, 0x80, 7, index);
        self
    }

    /// The same entry `count` times.
    pub(crate) fn repeated(mut self, index: u64, count: usize) -> Self {
        (0..count).for_each(|_| integer(&mut self.0, 0x80, 7, index));
        self
    }

    /// A dynamic table size update.
    pub(crate) fn resize(mut self, size: u64) -> Self {
        integer(&mut self.0, 0x20, 5, size);
        self
    }

    /// Any bytes.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// The length of a string, and nothing of it.
    pub(crate) fn announced(mut self, length: u64) -> Self {
        integer(&mut self.0, 0, 7, length);
        self
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn string(self, bytes: &[u8]) -> Self {
        self.announced(bytes.len() as u64).raw(bytes)
    }
}

/// An integer with a prefix of so many bits (RFC 7541 §5.1).
fn integer(out: &mut Vec<u8>, first: u8, bits: u8, value: u64) {
    let most = (1_u64 << bits) - 1;
    if value < most {
        return out.push(first | value as u8);
    }
    out.push(first | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// `:method: POST` in the static table.
const POST: u64 = 3;
/// `:scheme: http` in the static table.
const HTTP: u64 = 6;
/// `:status: 200` in the static table.
const STATUS_200: u64 = 8;
/// The newest entry of the dynamic table.
pub(crate) const DYNAMIC: u64 = 62;

#[cfg(test)]
mod tests {
    use farcall_wire::h2::hpack::{Decoder, FieldSink};

    use super::*;

    #[derive(Default)]
    struct List(Vec<String>);

    impl FieldSink for List {
        fn field(&mut self, name: &[u8], value: &[u8], _: bool) {
            self.0.push(format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
        }
    }

    #[test]
    fn integers_are_those_of_the_rfc() {
        let mut out = Vec::new();
        [10, 31, 1337].into_iter().for_each(|value| integer(&mut out, 0, 5, value));
        assert_eq!(out, [10, 31, 0, 31, 154, 10], "RFC 7541 C.1");
    }

    #[test]
    fn a_block_is_read_as_it_was_meant() {
        let block =
            Block::new().resize(4_096).indexed(POST).kept("a", "b").repeated(DYNAMIC, 2).field("c", &"d".repeat(200));
        let mut list = List::default();
        Decoder::new(4_096).decode(block.bytes(), &mut list).unwrap();
        assert_eq!(list.0[..4], [":method=POST", "a=b", "a=b", "a=b"]);
        assert_eq!(list.0[4].len(), 202);
    }

    #[test]
    fn a_string_may_be_announced_and_never_come() {
        let mut list = List::default();
        let block = Block::new().raw(&[0]).announced(1 << 30);
        assert!(Decoder::new(4_096).decode(block.bytes(), &mut list).is_err());
    }
}
