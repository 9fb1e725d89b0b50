//! Tests of the multimap and of its wire side.

use super::super::percent::tests::Seeded;
use super::*;
use crate::grpc::Code;

fn received(fields: &[(&str, &[u8])]) -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in fields {
        metadata.push_received(name.as_bytes(), value).unwrap();
    }
    metadata
}

fn sent(metadata: &Metadata) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    metadata.for_each_sent(|name, value| out.push((name.to_string(), value.to_vec())));
    out
}

fn all<'a>(metadata: &'a Metadata, name: &str) -> Vec<&'a [u8]> {
    metadata.get_all(name).collect()
}

#[test]
fn nothing_costs_nothing() {
    let mut metadata = Metadata::new();
    assert!(metadata.is_empty() && metadata.flat.is_none());
    assert_eq!(size_of::<Metadata>(), size_of::<usize>());
    assert!(!metadata.remove("x"));
    metadata.extend(&Metadata::default());
    assert!(metadata.flat.is_none() && sent(&metadata).is_empty());
    assert_eq!((metadata.len(), metadata.wire_size(), metadata.iter().count()), (0, 0, 0));
}

#[test]
fn values_of_a_name_keep_their_order() {
    let mut metadata = Metadata::new();
    metadata.append("a", "1").unwrap();
    metadata.append("b", String::from("2")).unwrap();
    metadata.append("a", "3").unwrap();
    assert_eq!(all(&metadata, "a"), [b"1", b"3"]);
    assert_eq!(metadata.get("a"), Some("1"));
    assert_eq!(metadata.get("A"), Some("1"), "lookups do not mind the case");
    assert_eq!(metadata.get("c"), None);
    assert_eq!(metadata.len(), 3);
    assert!(metadata.iter().eq([("a", &b"1"[..]), ("b", b"2"), ("a", b"3")]));
}

#[test]
fn insert_replaces_all_values_of_its_name_only() {
    let mut metadata = Metadata::new();
    for value in ["1", "2"] {
        metadata.append("a", value).unwrap();
        metadata.append_bin("b-bin", value).unwrap();
    }
    metadata.insert("a", "9").unwrap();
    metadata.insert_bin("b-bin", [0, 255]).unwrap();
    assert!(metadata.iter().eq([("a", &b"9"[..]), ("b-bin", &[0, 255])]));
}

#[test]
fn remove_takes_all_values_and_the_last_one_leaves_nothing() {
    let mut metadata = Metadata::new();
    for name in ["a", "b", "a"] {
        metadata.append(name, "x").unwrap();
    }
    assert!(metadata.remove("a") && !metadata.remove("a"));
    assert_eq!(metadata.len(), 1);
    assert!(metadata.remove("B"));
    assert!(metadata.flat.is_none());
    assert_eq!(metadata, Metadata::new());
}

#[test]
fn a_refused_entry_changes_nothing() {
    let mut metadata = Metadata::new();
    metadata.append("a", "1").unwrap();
    let before = metadata.clone();
    metadata.append("A", "2").unwrap_err();
    metadata.append("b", "2\n").unwrap_err();
    metadata.append("a-bin", "2").unwrap_err();
    metadata.append_bin("a", "2").unwrap_err();
    metadata.insert("a", "ä").unwrap_err();
    metadata.insert_bin("grpc-status-details-bin", "").unwrap_err();
    assert_eq!(metadata, before);
}

#[test]
fn a_clone_shares_until_it_is_changed() {
    let mut one = Metadata::new();
    one.append("a", "1").unwrap();
    let mut two = one.clone();
    assert!(Arc::ptr_eq(one.flat.as_ref().unwrap(), two.flat.as_ref().unwrap()));
    two.append("b", "2").unwrap();
    assert_eq!((one.len(), two.len()), (1, 2));
    let mut three = Metadata::new();
    three.extend(&two);
    assert!(Arc::ptr_eq(three.flat.as_ref().unwrap(), two.flat.as_ref().unwrap()));
    three.extend(&one);
    assert_eq!(all(&three, "a"), [b"1", b"1"]);
}

#[test]
fn bytes_are_sent_as_base64_without_padding() {
    let mut metadata = Metadata::new();
    metadata.append("a", " x y ").unwrap();
    metadata.append_bin("b-bin", [0xff, 0xfe, 0xfd, 0xfc]).unwrap();
    metadata.append_bin("b-bin", "").unwrap();
    metadata.append_bin("b-bin", "a").unwrap();
    let expected = [("a", "x y"), ("b-bin", "//79/A"), ("b-bin", ""), ("b-bin", "YQ")];
    assert_eq!(sent(&metadata), expected.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())));
}

#[test]
fn the_wire_size_counts_what_is_sent() {
    let mut metadata = Metadata::new();
    metadata.append("abc", "12345").unwrap();
    assert_eq!(metadata.wire_size(), 3 + 5 + 32);
    metadata.append_bin("x-bin", [0; 4]).unwrap();
    assert_eq!(metadata.wire_size(), 40 + 5 + 6 + 32);
    let sum: usize = sent(&metadata).iter().map(|(name, value)| name.len() + value.len() + 32).sum();
    assert_eq!(metadata.wire_size(), sum);
}

#[test]
fn padded_and_unpadded_base64_are_received() {
    for wire in ["YQ==", "YQ", "YQ=", " YQ\t"] {
        assert_eq!(received(&[("x-bin", wire.as_bytes())]).get_bytes("x-bin"), Some(&b"a"[..]), "{wire:?}");
    }
    assert_eq!(received(&[("x-bin", b"YR")]).get_bytes("x-bin"), Some(&b"a"[..]), "bits behind the last byte");
    assert_eq!(received(&[("x-bin", b"//79")]).get_bytes("x-bin"), Some(&[0xff, 0xfe, 0xfd][..]));
    assert_eq!(received(&[("x-bin", b"")]).get_bytes("x-bin"), Some(&b""[..]));
}

#[test]
fn joined_and_repeated_binary_headers_are_equal() {
    let joined = received(&[("x-bin", b"YQ==,Yg, Yw== ,")]);
    let repeated = received(&[("x-bin", b"YQ"), ("x-bin", b"Yg"), ("x-bin", b"Yw"), ("x-bin", b"")]);
    assert_eq!(joined, repeated);
    assert_eq!(all(&joined, "x-bin"), [&b"a"[..], b"b", b"c", b""]);
}

#[test]
fn text_is_not_split_at_commas() {
    assert_eq!(received(&[("x", b"a, b")]).get("x"), Some("a, b"));
}

#[test]
fn what_is_not_base64_is_refused_and_leaves_nothing_behind() {
    let mut metadata = received(&[("a", b"1")]);
    let before = metadata.clone();
    for wire in [&b"YQ==,Y"[..], b"Y", b"a b", b"YQ===", b"\xff", b"____", b"YQ==YQ=="] {
        let error = metadata.push_received(b"x-bin", wire).unwrap_err();
        assert_eq!(error.name(), "x-bin");
        assert_eq!(metadata, before, "{wire:?}");
    }
    let mut empty = Metadata::new();
    let error = empty.push_received(b"x-bin", b"YQ,!").unwrap_err();
    assert!(empty.flat.is_none());
    let text = error.to_string();
    assert!(text.contains("`x-bin` has `!`") && text.ends_with("encode the values of -bin names"), "{text}");
    assert_eq!(Status::from(error).code(), Code::Internal);
}

#[test]
fn outer_spaces_and_tabs_are_taken_off_and_inner_ones_stay() {
    assert_eq!(received(&[("x", b" \t a \t b\t ")]).get("x"), Some("a \t b"));
    assert_eq!(received(&[("x", b" \t ")]).get("x"), Some(""));
}

#[test]
fn a_value_that_is_not_ascii_is_kept_and_can_be_echoed() {
    let metadata = received(&[("x", b"caf\xe9"), ("y", "café".as_bytes())]);
    assert_eq!(metadata.get("x"), None, "not text");
    assert_eq!(metadata.get_bytes("x"), Some(&b"caf\xe9"[..]));
    assert_eq!(metadata.get("y"), Some("café"));
    let mut echo = Metadata::new();
    echo.extend(&metadata);
    assert_eq!(sent(&echo).first().unwrap().1, b"caf\xe9");
}

#[test]
fn names_that_append_refuses_are_received() {
    let metadata = received(&[("grpc-previous-rpc-attempts", b"2"), ("te!", b"x")]);
    assert_eq!(metadata.get("grpc-previous-rpc-attempts"), Some("2"));
    assert_eq!(metadata.len(), 2);
    let mut metadata = Metadata::new();
    metadata.push_received(b"\xff", b"x").unwrap();
    assert!(metadata.is_empty());
}

#[test]
fn a_binary_value_is_never_given_as_text() {
    let metadata = received(&[("x-bin", b"YQ")]);
    assert_eq!(metadata.get("x-bin"), None);
}

#[test]
fn debug_shows_entries_but_no_credentials() {
    let metadata = received(&[("a", b"1\xff"), ("authorization", b"Bearer secret")]);
    assert_eq!(format!("{metadata:?}"), r#"{"a": "1\xff", "authorization": …}"#);
}

#[test]
fn random_metadata_survives_the_wire() {
    let mut random = Seeded(3);
    for _ in 0..500 {
        let mut metadata = Metadata::new();
        for _ in 0..random.below(8) {
            let name = ["a", "b", "long-name.with_all-0"][random.below(3)];
            if random.below(2) == 0 {
                metadata.append_bin(&format!("{name}-bin"), random.bytes(60)).unwrap();
            } else {
                let text: String = random.bytes(60).iter().map(|byte| char::from(b' ' + byte % 95)).collect();
                metadata.append(name, text).unwrap();
            }
        }
        let mut back = Metadata::new();
        metadata.for_each_sent(|name, value| back.push_received(name.as_bytes(), value).unwrap());
        assert_eq!(back, metadata);
    }
}

#[test]
fn random_fields_never_panic() {
    let mut random = Seeded(4);
    let mut metadata = Metadata::new();
    for _ in 0..2_000 {
        let mut name = random.bytes(6);
        if random.below(2) == 0 {
            name.extend_from_slice(b"-bin");
        }
        let _ = metadata.push_received(&name, &random.bytes(20));
        if random.below(50) == 0 {
            metadata.remove("-bin");
            metadata = Metadata::new();
        }
        metadata.for_each_sent(|_, _| ());
    }
}
