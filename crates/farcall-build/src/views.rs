//! Which handlers get views of their requests, and of which messages views have to be written for it: no others, because they
//! are long to compile.
//!
//! How a view looks is buffa's; how it joins the messages is in `views/joining.rs`.

mod joining;

use std::collections::{BTreeMap, BTreeSet};

use buffa_codegen::generated::descriptor::FileDescriptorProto;

use crate::config::{Config, Runtime};
use crate::contract::Contract;
use crate::error::Error;
use crate::reach::{in_message, is_elsewhere, is_well_known};

pub(crate) use joining::{add, exported};

/// The number of `message_type` in `descriptor.proto`, with which the paths of comments begin.
const FILE_MESSAGE: i32 = 4;

/// How many names an error lists.
const NAMES_SHOWN: usize = 8;

/// Refuses views of what is no method, and of messages that are not ours to write.
pub(crate) fn check(contract: &Contract, config: &Config) -> Result<(), Error> {
    let Some(first) = config.views.first() else { return Ok(()) };
    if config.runtime == Runtime::Prost {
        return Err(Error::new(format!("`{first}` is to take views, and prost has none"))
            .help("leave out Config::views, or Runtime::Prost: messages of Runtime::Buffa have views"));
    }
    let methods: Vec<(String, &str)> = methods(contract).map(|(service, method, _)| (service, method)).collect();
    for asked in &config.views {
        let known = |(service, method): &(String, &str)| asked == service || *asked == format!("{service}.{method}");
        if !methods.iter().any(known) {
            return Err(unknown(asked, &methods));
        }
    }
    let reached = Viewed::new(contract, config).files;
    let elsewhere = |index: &&usize| is_elsewhere(&contract.files[**index], config);
    reached.keys().find(elsewhere).map_or(Ok(()), |index| {
        let package = contract.files[*index].package.as_deref().unwrap_or_default();
        Err(Error::new(format!("views need messages of `{package}`, which Config::extern_path has elsewhere"))
            .help("leave out the methods whose requests have these messages, or write them here too"))
    })
}

/// The methods with such a name are those that the author may have meant; all, if there are none.
fn unknown(asked: &str, methods: &[(String, &str)]) -> Error {
    let (_, last) = asked.rsplit_once(['.', '/']).unwrap_or(("", asked));
    let full: Vec<String> = methods.iter().map(|(service, method)| format!("{service}.{method}")).collect();
    let alike: Vec<&String> = full.iter().filter(|name| name.split('.').any(|part| part == last)).collect();
    let shown = if alike.is_empty() { full.iter().collect() } else { alike };
    let more = if shown.len() > NAMES_SHOWN { ", …" } else { "" };
    let list = shown.into_iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let error = Error::new(format!("`{asked}` is to take views, and is no method or service of these contracts"));
    if list.is_empty() {
        return error.help("name it where the contract of its service is compiled: these have no services");
    }
    error.help(format!("write it as in the contract, with package and service: there is {list}{more}"))
}

/// The full name of the service, the name of the method, the type of the request.
fn methods(contract: &Contract) -> impl Iterator<Item = (String, &str, &str)> {
    let roots =
        contract.files.iter().filter(|file| file.name.as_ref().is_some_and(|name| contract.roots.contains(name)));
    roots.flat_map(|file| {
        file.service.iter().flat_map(|service| {
            let name = service.name.as_deref().unwrap_or_default();
            let package = file.package.as_deref().filter(|package| !package.is_empty());
            let full_name = package.map_or_else(|| name.to_owned(), |package| format!("{package}.{name}"));
            service.method.iter().map(move |method| {
                let names = (method.name.as_deref(), method.input_type.as_deref());
                (full_name.clone(), names.0.unwrap_or_default(), names.1.unwrap_or_default())
            })
        })
    })
}

/// The messages that views are written of: for each file of the contract the numbers of its outermost messages.
///
/// A message is taken whole, with those declared in it: their names depend on each other.
#[derive(Default)]
pub(crate) struct Viewed {
    files: BTreeMap<usize, BTreeSet<usize>>,
}

impl Viewed {
    /// The requests of the methods that were named, and the messages in them.
    pub(crate) fn new(contract: &Contract, config: &Config) -> Self {
        let mut viewed = Self::default();
        if config.views.is_empty() || !config.server {
            return viewed;
        }
        let owners = owners(&contract.files);
        let mut open: Vec<&str> = methods(contract)
            .filter(|(service, method, _)| config.asks_for_view(service, method))
            .map(|(_, _, request)| request)
            .collect();
        while let Some(name) = open.pop() {
            let Some((file, message)) = owner_of(&owners, name) else { continue };
            if is_well_known(&contract.files[file]) || !viewed.files.entry(file).or_default().insert(message) {
                continue;
            }
            let mut used = BTreeSet::new();
            in_message(&contract.files[file].message_type[message], &mut used);
            open.extend(used);
        }
        viewed
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// `files` with these messages alone, and the names of the files that have any.
    pub(crate) fn cut(&self, files: &[FileDescriptorProto]) -> (Vec<FileDescriptorProto>, Vec<String>) {
        let mut files = files.to_vec();
        let mut names = Vec::new();
        for (index, file) in files.iter_mut().enumerate().filter(|(_, file)| !is_well_known(file)) {
            let kept = self.files.get(&index).cloned().unwrap_or_default();
            if !kept.is_empty() {
                names.extend(file.name.clone());
            }
            file.service.clear();
            file.extension.clear();
            keep(file, &kept);
        }
        (files, names)
    }
}

/// Drops all other messages. Comments are found by the number of their message, which changes.
fn keep(file: &mut FileDescriptorProto, kept: &BTreeSet<usize>) {
    let mut number = 0..;
    file.message_type.retain(|_| number.next().is_some_and(|number| kept.contains(&number)));
    let Some(info) = file.source_code_info.as_option_mut() else { return };
    info.location.retain_mut(|location| match location.path.as_mut_slice() {
        [FILE_MESSAGE, number, ..] => match kept.iter().position(|old| i32::try_from(*old) == Ok(*number)) {
            Some(new) => {
                *number = i32::try_from(new).unwrap_or_default();
                true
            }
            None => false,
        },
        _ => true,
    });
}

/// File and number of each outermost message, by its full name with a dot in front.
fn owners(files: &[FileDescriptorProto]) -> BTreeMap<String, (usize, usize)> {
    let mut owners = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let package = file.package.as_deref().filter(|package| !package.is_empty());
        let prefix = package.map_or_else(String::new, |package| format!(".{package}"));
        for (number, message) in file.message_type.iter().enumerate() {
            owners.insert(format!("{prefix}.{}", message.name.as_deref().unwrap_or_default()), (index, number));
        }
    }
    owners
}

fn owner_of(owners: &BTreeMap<String, (usize, usize)>, name: &str) -> Option<(usize, usize)> {
    let mut name = name;
    loop {
        if let Some(owner) = owners.get(name) {
            return Some(*owner);
        }
        name = name.rsplit_once('.')?.0;
    }
}
