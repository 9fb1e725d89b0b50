//! Metadata, status messages and timeouts: any bytes in, and what was understood out and back.
//!
//! An input is a list of small cases: a byte that says which, then its bytes with their length before them.

use std::time::Duration;

use farcall_wire::grpc::{EncodingSet, Metadata, RequestHead, percent, timeout};

use crate::{Input, Reach};

/// Runs an input.
pub fn run(bytes: &[u8]) -> Reach {
    let mut reach = Reach::default();
    let mut input = Input::new(bytes);
    let mut received = Metadata::new();
    let mut model: Vec<(String, Vec<u8>)> = Vec::new();
    let mut own = Metadata::new();
    while !input.is_empty() {
        reach.begin_anew();
        match input.byte() % 8 {
            0 | 1 => receive(&mut received, &mut input, &mut reach),
            2 => percent_text(input.counted(), &mut reach),
            3 => timeouts(input.counted(), &mut reach),
            4 => encodings(input.counted(), &mut reach),
            5 => paths(input.counted(), &mut reach),
            _ => change(&mut own, &mut model, &mut input, &mut reach),
        }
    }
    sent_and_back(&received, &mut reach);
    sent_and_back(&own, &mut reach);
    reach
}

/// One field as it was received.
fn receive(metadata: &mut Metadata, input: &mut Input<'_>, reach: &mut Reach) {
    let (name, value) = (name(input), input.counted());
    let before = metadata.clone();
    let taken = metadata.push_received(name.as_bytes(), value);
    reach.note("received", u32::from(name.ends_with("-bin")) << 1 | u32::from(taken.is_ok()));
    let Err(problem) = taken else {
        let added = metadata.len() - before.len();
        reach.note("entries of one field", added.min(5) as u32);
        assert!((1..=value.len() + 1).contains(&added), "{added} entries of {} bytes", value.len());
        return;
    };
    assert_eq!((name.ends_with("-bin"), &*metadata), (true, &before), "what is refused adds nothing");
    assert!(problem.to_string().len() < 500 + name.len(), "an error shows the beginning only");
}

/// A name, mostly one of a few.
fn name(input: &mut Input<'_>) -> String {
    let names = ["x-a", "x-a-bin", "a", "-bin", "x-b", "x.y_z", "grpc-status-details-bin", "authorization"];
    let number = input.byte();
    match names.get(usize::from(number)) {
        Some(name) => (*name).to_owned(),
        None => String::from_utf8_lossy(input.counted()).to_ascii_lowercase(),
    }
}

/// What is sent is understood as the same by whoever receives it, and has the size that was told.
fn sent_and_back(metadata: &Metadata, reach: &mut Reach) {
    let (mut back, mut size) = (Metadata::new(), 0);
    metadata.for_each_sent(|name, value| {
        size += name.len() + value.len() + 32;
        back.push_received(name.as_bytes(), value).expect("what this side sends, it can read");
    });
    assert_eq!(size, metadata.wire_size());
    assert_eq!(&back, metadata);
    reach.note("sent", metadata.len().checked_ilog2().unwrap_or(0));
}

/// An application's own changes, beside a plain list of pairs.
fn change(own: &mut Metadata, model: &mut Vec<(String, Vec<u8>)>, input: &mut Input<'_>, reach: &mut Reach) {
    let (what, name, value) = (input.byte() % 5, name(input), input.counted());
    let text = String::from_utf8_lossy(value);
    let stored = if what < 2 { text.trim_matches(' ').as_bytes().to_vec() } else { value.to_vec() };
    let done = match what {
        0 => own.append(&name, &text).is_ok(),
        1 => own.insert(&name, &text).is_ok(),
        2 => own.append_bin(&name, value).is_ok(),
        3 => own.insert_bin(&name, value).is_ok(),
        _ => own.remove(&name),
    };
    reach.note("changed", u32::from(what) << 1 | u32::from(done));
    if done && matches!(what, 1 | 3 | 4) {
        model.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
    }
    if done && what < 4 {
        model.push((name, stored));
    }
    let entries: Vec<_> = own.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    assert_eq!(entries, *model);
}

/// A status message: any bytes mean some text, and any text comes back.
fn percent_text(bytes: &[u8], reach: &mut Reach) {
    let text = percent::decode(bytes);
    assert!(text.len() <= 3 * bytes.len(), "a byte becomes U+FFFD at most");
    let mut wire = Vec::new();
    percent::encode(&text, &mut wire);
    assert!(wire.iter().all(|byte| matches!(byte, b' '..=b'~')), "what travels is printable ASCII");
    assert_eq!(percent::decode(&wire), text);
    let kind = u32::from(bytes.contains(&b'%')) << 1 | u32::from(text.contains('\u{fffd}'));
    reach.note("percent", kind);
    reach.note("percent grows", wire.len().checked_div(text.len()).unwrap_or(0) as u32);
}

/// A timeout: what is understood is sent again as no less, and as hardly more.
fn timeouts(bytes: &[u8], reach: &mut Reach) {
    let read = timeout::decode(bytes);
    let unit = bytes.last().and_then(|unit| b"HMSmun".iter().position(|known| known == unit));
    reach.note("timeout", unit.map_or(9, |unit| unit as u32) << 1 | u32::from(read.is_ok()));
    let legal = bytes.split_last().is_some_and(|(unit, digits)| {
        b"HMSmun".contains(unit) && (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
    });
    assert_eq!(read.is_ok(), legal, "{}", bytes.escape_ascii());
    let mut number = [0; 12];
    number.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    let [s0, s1, s2, s3, s4, s5, s6, s7, nanos @ ..] = number;
    let any = Duration::from_secs(u64::from_be_bytes([s0, s1, s2, s3, s4, s5, s6, s7]))
        .saturating_add(Duration::from_nanos(u32::from_be_bytes(nanos).into()));
    for value in read.into_iter().chain([any]) {
        let wire = timeout::encode(value);
        let Ok(back) = timeout::decode(&wire) else { panic!("{value:?} is sent as what is no timeout") };
        let most = Duration::from_secs(99_999_999 * 3_600);
        assert!(back >= value.min(most) && back <= most, "{value:?} comes back as {back:?}");
        assert!(back.as_secs_f64() <= value.as_secs_f64() * 1.000_1 + 1e-9, "{value:?} comes back as {back:?}");
    }
}

/// A list of encodings: what is understood is sent, and understood as the same.
fn encodings(bytes: &[u8], reach: &mut Reach) {
    let (mut set, mut back, mut wire) = (EncodingSet::new(), EncodingSet::new(), Vec::new());
    set.parse_accept(bytes);
    set.write_list(&mut wire);
    back.parse_accept(&wire);
    assert_eq!(back, set);
    reach.note("encodings", set.iter().map(|encoding| 1 << encoding as u32).sum());
}

/// A path has a service and a method, or it has not.
fn paths(bytes: &[u8], reach: &mut Reach) {
    let path = String::from_utf8_lossy(bytes).into_owned();
    let head = RequestHead { path: path.clone(), ..RequestHead::default() };
    let parts = head.service_and_method();
    reach.note("path", u32::from(parts.is_some()));
    if let Some((service, method)) = parts {
        assert_eq!(format!("/{service}/{method}"), path);
    }
}
