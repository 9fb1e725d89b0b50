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
