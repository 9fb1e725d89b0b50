//! Which fields of type `bytes` are reference-counted: named by the user, and found in the contract before anything is
//! written, so that a name with a slip does not pass unnoticed.

use buffa_codegen::BytesRepr;
use buffa_codegen::generated::descriptor::field_descriptor_proto::Type;
use buffa_codegen::generated::descriptor::{DescriptorProto, FieldDescriptorProto};

use crate::config::{Config, Runtime};
use crate::contract::Contract;
use crate::error::Error;
use crate::reach::is_well_known;

/// How many names an error lists.
const NAMES_SHOWN: usize = 8;

/// Refuses places in which no field is of type `bytes`.
pub(crate) fn check(contract: &Contract, config: &Config) -> Result<(), Error> {
    let Some(first) = config.shared_bytes.first() else { return Ok(()) };
    if config.runtime == Runtime::Prost {
        return Err(Error::new(format!("`{first}` is to have shared bytes, which Runtime::Prost does not write"))
            .help("leave out Config::shared_bytes, or Runtime::Prost"));
    }
    let mut fields = Vec::new();
    for file in contract.files.iter().filter(|file| !is_well_known(file)) {
        collect(file.package.as_deref().unwrap_or_default(), &file.message_type, &mut fields);
    }
    let holds = |place: &str, field: &String| {
        let rest = field.strip_prefix(place.trim_start_matches('.'));
        place == "." || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    match config.shared_bytes.iter().find(|place| !fields.iter().any(|field| holds(place, field))) {
        Some(place) => Err(unknown(place, &fields)),
        None => Ok(()),
    }
}

/// What buffa is told.
pub(crate) fn rules(config: &Config) -> Vec<(String, BytesRepr)> {
    let rule = |place: &String| (format!(".{}", place.trim_start_matches('.')), BytesRepr::Bytes);
    config.shared_bytes.iter().map(rule).collect()
}

fn unknown(place: &str, fields: &[String]) -> Error {
    let error = Error::new(format!("`{place}` is to have shared bytes, and no field of type `bytes` is there"));
    let more = if fields.len() > NAMES_SHOWN { ", …" } else { "" };
    let list = fields.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if list.is_empty() {
        return error.help("leave it out: these contracts have no such field");
    }
    error.help(format!("name a field, a message or a package as in the contract: there is {list}{more}"))
}

fn collect(scope: &str, messages: &[DescriptorProto], fields: &mut Vec<String>) {
    let below = |scope: &str, name: &Option<String>| {
        let name = name.as_deref().unwrap_or_default();
        if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
    };
    for message in messages {
        let name = below(scope, &message.name);
        let is_bytes = |field: &&FieldDescriptorProto| field.r#type == Some(Type::TYPE_BYTES);
        fields.extend(message.field.iter().filter(is_bytes).map(|field| below(&name, &field.name)));
        collect(&name, &message.nested_type, fields);
    }
}
