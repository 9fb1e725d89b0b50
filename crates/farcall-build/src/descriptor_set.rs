//! The contract itself as a constant: what reflection serves, and what tools read.
//!
//! Comments are left out: they are most of the bytes, and nobody asks a server for them.

use buffa::Message;
use buffa_codegen::generated::descriptor::{FileDescriptorProto, FileDescriptorSet};
use proc_macro2::Span;
use syn::{Item, LitByteStr, parse_quote};

/// `pub const FILE_DESCRIPTOR_SET`, of all files that were read, each behind those that it imports.
pub(crate) fn constant(files: &[FileDescriptorProto]) -> Item {
    let bytes = LitByteStr::new(&serialized(files), Span::call_site());
    parse_quote! {
        #[doc = " The contract and all that it imports, without comments: a serialized `google.protobuf.FileDescriptorSet`."]
        #[rustfmt::skip]
        #[allow(clippy::all, clippy::nursery, clippy::pedantic, dead_code, unreachable_pub)]
        pub const FILE_DESCRIPTOR_SET: &[u8] = #bytes;
    }
}

fn serialized(files: &[FileDescriptorProto]) -> Vec<u8> {
    let mut files = files.to_vec();
    for file in &mut files {
        file.source_code_info = buffa::MessageField::none();
    }
    FileDescriptorSet { file: files, ..Default::default() }.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use buffa_codegen::generated::descriptor::SourceCodeInfo;

    #[test]
    fn comments_are_left_out_and_unknown_options_kept() {
        // A name, and options with field 50000, which no one here knows.
        let bytes = b"\x0a\x01a\x42\x04\x80\xb5\x18\x01";
        let mut file = FileDescriptorProto::decode_from_slice(bytes).expect("it is a file");
        file.source_code_info = SourceCodeInfo::default().into();
        let set = FileDescriptorSet::decode_from_slice(&serialized(&[file])).expect("it is a set");
        assert_eq!(set.file.first().map(Message::encode_to_vec).as_deref(), Some(bytes.as_slice()));
    }
}
