//! Puts views beside the messages that were written without them.
//!
//! Both come from the same generator, in the same modules: `__buffa::view` holds the views, and every module passes its own on.

use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, ImplItem, Item, ItemMod, Type, UseTree, parse_quote};

use crate::docs;
use crate::messages::Packages;

/// The module with what a generator of buffa hides, and the one in it with the views.
const HIDDEN: &str = "__buffa";
const VIEW: &str = "view";

/// Of `with_views`, which are some of the messages written again with their views, adds the views to `packages`.
pub(crate) fn add(packages: &mut Packages, with_views: Packages) {
    for (package, items) in with_views {
        join(packages.entry(package).or_default(), items);
    }
}

/// The views of one module, and of those in it.
fn join(into: &mut Vec<Item>, from: Vec<Item>) {
    for item in from {
        match item {
            Item::Mod(module) if module.ident == HIDDEN => hide(into, module),
            Item::Mod(module) => {
                let found = into.iter_mut().find_map(|item| match item {
                    Item::Mod(same) if same.ident == module.ident => same.content.as_mut(),
                    _ => None,
                });
                if let (Some((_, into)), Some((_, from))) = (found, module.content) {
                    join(into, from);
                }
            }
            // A message of the contract may have the name; the view is then behind `View` alone.
            Item::Use(passed_on)
                if is_of_view(&passed_on.tree, false)
                    && !exported(&passed_on.tree).is_some_and(|name| has(into, &name)) =>
            {
                into.push(Item::Use(passed_on));
            }
            _ => {}
        }
    }
}

/// The module of views, into the hidden one.
fn hide(into: &mut Vec<Item>, mut hidden: ItemMod) {
    Handles.visit_item_mod_mut(&mut hidden);
    if let Some((_, items)) = &mut hidden.content {
        items.retain(|item| match item {
            Item::Mod(module) => module.ident == VIEW,
            Item::Use(_) => true,
            _ => false,
        });
    }
    let found = into.iter_mut().find_map(|item| match item {
        Item::Mod(same) if same.ident == HIDDEN => same.content.as_mut(),
        _ => None,
    });
    match (found, hidden.content) {
        (Some((_, into)), Some((_, items))) => {
            into.extend(items.into_iter().filter(|item| matches!(item, Item::Mod(_))));
        }
        (_, content) => into.push(Item::Mod(ItemMod { content, ..hidden })),
    }
}

/// What `View` passes on to users, without what they would miss the runtime for: they get it decoded, within our bounds.
struct Handles;

/// What the name of such a type ends in.
const HANDLE: &str = "OwnedView";

impl Handles {
    fn is_one(name: &syn::Ident) -> bool {
        name.to_string().ends_with(HANDLE)
    }
}

impl VisitMut for Handles {
    fn visit_item_struct_mut(&mut self, node: &mut syn::ItemStruct) {
        if Self::is_one(&node.ident) {
            node.attrs.retain(|attribute| docs::text(attribute).is_none());
            node.attrs
                .insert(0, doc("A view and the bytes that it points into: what `farcall_protobuf::View` reads as."));
        }
        visit_mut::visit_item_struct_mut(self, node);
    }

    fn visit_item_impl_mut(&mut self, node: &mut syn::ItemImpl) {
        let is_of_handle = match &*node.self_ty {
            Type::Path(path) => path.path.get_ident().is_some_and(Self::is_one),
            _ => false,
        };
        if node.trait_.is_some() || !is_of_handle {
            return;
        }
        node.items.retain_mut(|item| {
            let ImplItem::Fn(function) = item else { return true };
            let note = match function.sig.ident.to_string().as_str() {
                "decode" | "decode_with_options" | "from_owned" | "into_bytes" => return false,
                "bytes" => "The bytes of the message, as they came.",
                "to_owned_message" => "The message with memory of its own.",
                _ => return true,
            };
            function.attrs.retain(|attribute| docs::text(attribute).is_none());
            function.attrs.insert(0, doc(note));
            true
        });
    }
}

fn doc(text: &str) -> Attribute {
    let text = format!(" {text}");
    parse_quote!(#[doc = #text])
}

/// Whether something is passed on that stands below `__buffa::view`.
fn is_of_view(tree: &UseTree, hidden: bool) -> bool {
    match tree {
        UseTree::Path(path) if hidden => path.ident == VIEW,
        UseTree::Path(path) => is_of_view(&path.tree, path.ident == HIDDEN),
        _ => false,
    }
}

/// The name under which something is passed on.
pub(crate) fn exported(tree: &UseTree) -> Option<String> {
    match tree {
        UseTree::Path(path) => exported(&path.tree),
        UseTree::Name(name) => Some(name.ident.to_string()),
        UseTree::Rename(renamed) => Some(renamed.rename.to_string()),
        UseTree::Glob(_) | UseTree::Group(_) => None,
    }
}

fn has(items: &[Item], name: &str) -> bool {
    items.iter().any(|item| match item {
        Item::Struct(item) => item.ident == name,
        Item::Enum(item) => item.ident == name,
        Item::Type(item) => item.ident == name,
        Item::Mod(item) => item.ident == name,
        Item::Use(item) => exported(&item.tree).as_deref() == Some(name),
        _ => false,
    })
}
