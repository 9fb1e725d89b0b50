//! The generator as a plugin of protoc and buf: a `CodeGeneratorRequest` in, a `CodeGeneratorResponse` out.
//!
//! Files, folders and standard streams are the binary's (`protoc-gen-farcall`) and its caller's.

use buffa::Message;
use buffa_codegen::generated::compiler::code_generator_response::{Feature, File};
use buffa_codegen::generated::compiler::{CodeGeneratorRequest, CodeGeneratorResponse};
use buffa_codegen::generated::descriptor::Edition as Number;

use crate::config::{Config, Runtime};
use crate::contract::Contract;
use crate::error::Error;
use crate::{edition, tree};

/// The answer to a request of protoc or buf: one file with everything, as [`Config::compile`] writes it.
///
/// The parameter is a list with commas: `file_name=users.rs` (`farcall.rs` otherwise), `client=false`, `server=false`,
/// `descriptor_set=false`, `runtime=prost`, `extern_path=users.v1=::contracts::users::v1` and `views=users.v1.UserService.GetUser`
/// (the last two may be repeated), which are what [`Config`] has under the same names. buf has to hand over all files at once: `strategy: all`.
///
/// What is wrong with the contract or the parameter is told in the answer, as both expect it.
///
/// # Errors
///
/// Bytes that are no request: the caller is neither protoc nor buf.
pub fn answer(request: &[u8]) -> Result<Vec<u8>, Error> {
    let request = buffa_codegen::decode_request(request).map_err(|cause| {
        Error::new(cause).help("do not run this program yourself: name it to protoc or buf as a plugin, `farcall`")
    })?;
    let mut response = CodeGeneratorResponse {
        supported_features: Some(Feature::FEATURE_PROTO3_OPTIONAL as u64 | Feature::FEATURE_SUPPORTS_EDITIONS as u64),
        minimum_edition: Some(Number::EDITION_PROTO2 as i32),
        maximum_edition: Some(Number::EDITION_2024 as i32),
        ..Default::default()
    };
    match file(request) {
        Ok(file) => response.file = vec![file],
        Err(error) => response.error = Some(error.to_string()),
    }
    Ok(response.encode_to_vec())
}

fn file(request: CodeGeneratorRequest) -> Result<File, Error> {
    let (config, name) = configured(request.parameter.as_deref().unwrap_or_default())?;
    request.proto_file.iter().try_for_each(edition::checked)?;
    let contract = Contract { files: request.proto_file, roots: request.file_to_generate };
    let text = tree::generate(&contract, &config)?;
    Ok(File { name: Some(name), content: Some(text), ..Default::default() })
}

const OPTIONS: &str = "there are file_name=NAME.rs, client=BOOL, server=BOOL, descriptor_set=BOOL, runtime=buffa or prost, \
     extern_path=PACKAGE=PATH, views=SERVICE or SERVICE.METHOD";

/// What the parameter asks for, and the name of the file.
fn configured(parameter: &str) -> Result<(Config, String), Error> {
    let mut config = Config::new();
    let mut file_name = "farcall.rs".to_owned();
    for option in parameter.split(',').map(str::trim).filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, "true"));
        config = match (name, value.parse::<bool>()) {
            ("file_name", _) => {
                file_name = value.to_owned();
                config
            }
            ("runtime", _) if value == "prost" => config.runtime(Runtime::Prost),
            ("runtime", _) if value == "buffa" => config.runtime(Runtime::Buffa),
            ("extern_path", _) => {
                let (package, path) = value.split_once('=').unwrap_or((value, ""));
                config.extern_path(package, path)
            }
            ("views", _) => config.views([value]),
            ("client", Ok(wanted)) => config.client(wanted),
            ("server", Ok(wanted)) => config.server(wanted),
            ("descriptor_set", Ok(wanted)) => config.descriptor_set(wanted),
            _ => {
                return Err(Error::new(format!("`{option}` is not an option of protoc-gen-farcall")).help(OPTIONS));
            }
        };
    }
    config.check()?;
    Ok((config, file_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(request: &CodeGeneratorRequest) -> CodeGeneratorResponse {
        let bytes = answer(&request.encode_to_vec()).expect("it is a request");
        CodeGeneratorResponse::decode_from_slice(&bytes).expect("it is an answer")
    }

    #[test]
    fn the_parameter_chooses_the_file_and_the_halves() {
        let (config, name) = configured("file_name=a/b.rs, client=false,descriptor_set=false").expect("it is right");
        assert_eq!(
            (name.as_str(), config.client, config.server, config.descriptor_set),
            ("a/b.rs", false, true, false)
        );
        let (config, name) = configured("").expect("it is right");
        assert_eq!((name.as_str(), config.client, config.server), ("farcall.rs", true, true));
    }

    #[test]
    fn a_parameter_that_is_none_is_answered_with_the_list() {
        for parameter in ["clients=true", "server=maybe", "runtime=none"] {
            let request = CodeGeneratorRequest { parameter: Some(parameter.into()), ..Default::default() };
            let error = answered(&request).error.expect("it is refused");
            assert!(error.contains(parameter) && error.contains("help: there are file_name="), "{error}");
        }
    }

    #[test]
    fn a_place_of_messages_is_checked_as_in_a_build_script() {
        let (config, _) = configured("extern_path=a.b=::c::d,runtime=prost").expect("it is right");
        assert_eq!((config.extern_paths, config.runtime), (vec![("a.b".into(), "::c::d".into())], Runtime::Prost));
        let (config, _) = configured("views=a.S.Get,views=a.T").expect("it is right");
        assert_eq!(config.views, ["a.S.Get", "a.T"]);
        let error = configured("extern_path=a.b").expect_err("there is no path").to_string();
        assert!(error.contains("where the messages of `a.b` are said to be"), "{error}");
    }

    #[test]
    fn what_the_plugin_can_is_told() {
        let response = answered(&CodeGeneratorRequest::default());
        assert_eq!(response.supported_features, Some(3));
        assert_eq!((response.minimum_edition, response.maximum_edition), (Some(998), Some(1001)));
    }

    #[test]
    fn bytes_that_are_no_request_are_refused_with_the_way_to_use_it() {
        let text = answer(b"users.proto").expect_err("it is no request").to_string();
        assert!(text.contains("help: do not run this program yourself"), "{text}");
    }
}
