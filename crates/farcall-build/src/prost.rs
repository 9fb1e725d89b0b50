//! Messages and enums as Rust, by prost. It writes them, and tells how its paths read; the services are ours.

mod comments;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use buffa::Message as _;
use buffa_codegen::generated::descriptor::FileDescriptorProto;
use prost::Message as _;
use prost_build::{Module, Service, ServiceGenerator};

use crate::config::Config;
use crate::contract::Contract;
use crate::error::Error;
use crate::messages::Written;
use crate::reach::reached;
use comments::Comments;

/// What prost's generator is told to find its runtime at.
const RUNTIME: &str = "::farcall_protobuf::prost";
const TYPES: &str = "::farcall_protobuf::prost_types";

/// An item that our generator of services leaves behind: prost takes a package without any for one that is not there.
const PLACEHOLDER: &str = "const _: () = ();";

/// By prost.
pub(crate) fn messages(contract: &Contract, config: &Config) -> Result<Written, Error> {
    if let Some(file) = contract.files.iter().find(|file| file.syntax.as_deref() == Some("editions")) {
        let name = file.name.as_deref().unwrap_or_default();
        return Err(Error::new(format!("{name} is written in an edition, which prost does not know"))
            .help("leave out Runtime::Prost: the messages of Runtime::Buffa know editions"));
    }
    // Also those whose messages are elsewhere: prost looks into them, and writes nothing.
    let files = reached(&contract.files, &contract.roots);
    let mut comments = Comments::default();
    let requests = files.iter().map(|file| request(&comments.take_from(file))).collect::<Result<Vec<_>, _>>()?;

    let seen = Seen::default();
    let mut generator = prost_build::Config::new();
    generator.prost_path(RUNTIME).prost_types_path(TYPES).service_generator(Box::new(seen.clone()));
    for (package, path) in &config.extern_paths {
        generator.extern_path(format!(".{package}"), path);
    }
    // prost panics where it finds no Rust name for something.
    let mut written = panic::catch_unwind(AssertUnwindSafe(|| generator.generate(requests)))
        .map_err(|panicked| refusal(panicked.downcast_ref::<String>().map_or("it panicked", String::as_str)))?
        .map_err(|cause| refusal(&cause.to_string()))?;
    let mut packages = BTreeMap::new();
    for file in files {
        let package = file.package.clone().unwrap_or_default();
        // Packages whose names differ only in case share a module, and its content.
        if let Some(text) = written.remove(&Module::from_protobuf_package_name(&package)) {
            packages.insert(package, items(&text, &comments)?);
        }
    }
    let types = seen.types.take();
    let files = contract.files.clone();
    Ok(Written { packages, types, files, module: module_name, codec: "::farcall_protobuf::Prost" })
}

fn refusal(cause: &str) -> Error {
    Error::new(format!("prost cannot write this contract: {cause}"))
        .help("rename what is named above, or leave out Runtime::Prost: buffa writes more")
}

/// A descriptor as prost reads it.
fn request(file: &FileDescriptorProto) -> Result<(Module, prost_types::FileDescriptorProto), Error> {
    let package = file.package.as_deref().unwrap_or_default();
    let file = prost_types::FileDescriptorProto::decode(file.encode_to_vec().as_slice())
        .map_err(|cause| Error::new(format!("prost cannot read the compiled contract: {cause}")))?;
    Ok((Module::from_protobuf_package_name(package), file))
}

fn items(text: &str, comments: &Comments) -> Result<Vec<syn::Item>, Error> {
    let mut file = syn::parse_file(text).map_err(|cause| {
        Error::new(format!("what prost wrote is not Rust: {cause}")).help("leave out Runtime::Prost")
    })?;
    comments.put_into(&mut file);
    let placeholder = |item: &syn::Item| matches!(item, syn::Item::Const(constant) if constant.ident == "_");
    Ok(file.items.into_iter().filter(|item| !placeholder(item)).collect())
}

/// One part of a package's name, as prost's paths have it.
fn module_name(part: &str) -> String {
    Module::from_protobuf_package_name(part).parts().collect()
}

/// Notes how prost writes the messages of each method in the module of its package.
#[derive(Clone, Default)]
struct Seen {
    types: Rc<RefCell<BTreeMap<(String, String), String>>>,
}

impl ServiceGenerator for Seen {
    fn generate(&mut self, service: Service, text: &mut String) {
        let mut types = self.types.borrow_mut();
        for method in service.methods {
            types.insert((service.package.clone(), method.input_proto_type), method.input_type);
            types.insert((service.package.clone(), method.output_proto_type), method.output_type);
        }
        text.push_str(PLACEHOLDER);
    }
}
