//! Messages of hard contracts, as a user handles them.

use std::collections::HashMap;

use contracts::proto;
use farcall_protobuf::well_known::{Duration, Empty, StringValue, Timestamp};
use farcall_protobuf::{EnumValue, Message, MessageField, MessageName};

/// Through the wire and back.
fn again<T: Message>(message: &T) -> T {
    T::decode_from_slice(&message.encode_to_vec()).expect("what was encoded can be decoded")
}

#[test]
fn a_user_has_the_bytes_that_the_contract_says() {
    let user = proto::users::v1::User {
        id: "7".into(),
        roles: vec!["a".into(), "b".into()],
        created_at_unix: 300,
        nickname: Some(String::new()),
        ..Default::default()
    };
    let bytes = [0x0a, 1, b'7', 0x22, 1, b'a', 0x22, 1, b'b', 0x28, 0xac, 2, 0x32, 0];
    assert_eq!(user.encode_to_vec(), bytes);
    assert_eq!(again(&user), user);
    assert_eq!(proto::users::v1::User::FULL_NAME, "users.v1.User");
}

#[test]
fn names_that_rust_has_taken_are_escaped_in_rust_and_kept_in_protobuf() {
    use proto::kw::r#type::r#match::self_::v1;
    let message = v1::Self_ {
        self_: MessageField::some(v1::self_::Self_::default()),
        other: MessageField::some(v1::self_::Self_ { x: 1, ..Default::default() }),
        ..Default::default()
    };
    assert_eq!(again(&message), message);
    assert_eq!(v1::Self_::FULL_NAME, "kw.type.match.self.v1.Self");
    assert_eq!(v1::self_::Self_::FULL_NAME, "kw.type.match.self.v1.Self.Self");
    assert_eq!(v1::r#type::FULL_NAME, "kw.type.match.self.v1.type");
    assert_eq!(v1::str_::FULL_NAME, "kw.type.match.self.v1.str");
    let fields =
        v1::Fields { r#type: 1, self_: 2, crate_: 3, r#await: 4, union: 5, buf: 6, value: 7, ..Default::default() };
    assert_eq!(again(&fields), fields);
    let choice = v1::Choice { self_choice: Some(v1::choice::SelfChoice::Move("on".into())), ..Default::default() };
    assert_eq!(again(&choice), choice);
}

#[test]
fn names_of_the_prelude_are_free_for_messages() {
    use proto::kw::r#type::r#match::self_::v1;
    let option = v1::Option { option: MessageField::some(v1::Option::default()), ..Default::default() };
    assert_eq!(again(&option), option);
    let string = v1::String { string: "s".into(), vec: Some(vec![1]), ..Default::default() };
    assert_eq!(again(&string), string);
    let from = v1::From { f: Some(v1::Into { i: 3, ..Default::default() }.into()), ..Default::default() };
    assert_eq!(again(&from), from);
}

#[test]
fn types_in_small_letters_have_nested_types_in_a_module_of_another_name() {
    use proto::lower;
    let message = lower::foo {
        b: MessageField::some(lower::foo_::bar { x: 1, ..Default::default() }),
        z: lower::foo_::baz::A.into(),
        ..Default::default()
    };
    assert_eq!(again(&message), message);
    assert_eq!(lower::foo_::bar::FULL_NAME, "lower.foo.bar");
}

#[test]
fn well_known_types_are_those_of_farcall_protobuf() {
    let message = proto::wkt::v1::All {
        at: MessageField::some(Timestamp { seconds: 5, nanos: 6, ..Default::default() }),
        took: MessageField::some(Duration { seconds: 1, ..Default::default() }),
        empty: MessageField::some(Empty::default()),
        s: MessageField::some(StringValue { value: "text".into(), ..Default::default() }),
        times: HashMap::from([("then".into(), Timestamp::default())]).into_iter().collect(),
        ..Default::default()
    };
    assert_eq!(again(&message), message);
}

#[test]
fn proto2_keeps_its_defaults_and_its_closed_enums() {
    use proto::legacy::{Color, Old};
    let message = Old { name: "n".into(), color: Some(Color::NEG), ..Default::default() };
    assert_eq!(again(&message), message);
    assert_eq!(message.n, None);
    // Field 5 with a number that is no color: kept as unknown, and written again.
    let decoded = Old::decode_from_slice(&[0x0a, 0, 0x28, 99]).expect("unknown numbers are no fault");
    assert_eq!(decoded.color, None);
    assert_eq!(decoded.encode_to_vec(), [0x0a, 0, 0x28, 99]);
}

#[test]
fn what_a_newer_contract_added_is_kept() {
    use proto::docs::v1::{Thing, thing::Kind};
    let bytes = [0x20, 77, 0xa2, 0x06, 2, b'h', b'i'];
    let thing = Thing::decode_from_slice(&bytes).expect("unknown fields are no fault");
    assert_eq!(thing.kind, EnumValue::<Kind>::from(77));
    assert_eq!(thing.encode_to_vec(), bytes);
}

#[test]
fn packages_refer_to_each_other_from_any_depth() {
    let here = proto::a::b::Here {
        there: MessageField::some(proto::a::b::c::There {
            c: MessageField::some(proto::a::C { s: "c".into(), ..Default::default() }),
            ..Default::default()
        }),
        deep: MessageField::some(proto::a::b::c::there::Deep::default()),
        ..Default::default()
    };
    assert_eq!(again(&here), here);
    let root = proto::Root { o: Some(proto::root::O::Two("2".into())), ..Default::default() };
    let thing = proto::collide::v1::sub::Thing { root: MessageField::some(root), ..Default::default() };
    assert_eq!(again(&thing), thing);
}
