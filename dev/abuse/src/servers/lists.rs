//! Header lists of a server: the counterparts of S6 to S10, S25, S26.

use crate::ambush::{Ambush, greet};
use crate::attack::Attack;
use crate::failure::Failure;
use crate::wire::{ACK, Block, COMPRESSION_ERROR, DYNAMIC, Frames, MAX_HEADER_LIST_SIZE, Raw, SETTINGS};

pub(super) fn attacks() -> Vec<Attack> {
    let list = "`header_list_limit` 16 KiB, `header_count_limit` 128";
    let table = |lie| Ambush::unary(lie, &["INTERNAL"], "does not decode").goaway(COMPRESSION_ERROR);
    vec![
        Attack::on_client(
            "client-s6-indexed-bomb",
            "heads of 60,000 references to a small entry, for 50 calls",
            list,
            Ambush::unary(small_references, &["RESOURCE_EXHAUSTED"], "header list passes").calls(50),
        )
        .per_kib(100),
        Attack::on_client(
            "client-s7-hpack-bomb",
            "trailers of 16,000 references to an entry as large as the table, for 50 calls",
            list,
            Ambush::unary(large_references, &["RESOURCE_EXHAUSTED"], "header list passes").calls(50),
        )
        .per_kib(100),
        Attack::on_client(
            "client-s8-hpack-desync",
            "trailers above the limit that fill the table, then a status from the table",
            "refused lists are decoded all the same",
            Ambush::unary(desync, &["RESOURCE_EXHAUSTED", "ABORTED"], "from the table").calls(2),
        ),
        Attack::on_client(
            "client-s15-empty-names",
            "a field without a name",
            "RFC 9113 §8.2.1",
            Ambush::unary(empty_name, &["INTERNAL"], "without a name"),
        ),
        Attack::on_client(
            "client-s29-tiny-header-list",
            "a server that takes header lists of 1 byte",
            "the peer's own limit",
            Ambush::unary(tiny_list, &["RESOURCE_EXHAUSTED"], "send less metadata"),
        ),
        Attack::on_client("client-s9-hpack-integers", "an index without end", "5 bytes an integer", table(integer)),
        Attack::on_client(
            "client-s10-table-size",
            "a table size update above the limit",
            "4,096 bytes of table",
            table(table_size),
        ),
        Attack::on_client(
            "client-s25-bad-base64",
            "a `-bin` trailer that is no base64",
            "fails that call alone",
            Ambush::unary(base64, &["INTERNAL"], "x-bin"),
        ),
        Attack::on_client(
            "client-s26-odd-trailers",
            "a grpc-status of 8,000 digits and a message that ends within an escape, for 4 calls",
            "fails that call alone",
            Ambush::unary(odd, &["UNKNOWN"], "").calls(4),
        ),
    ]
}

/// Answers each of the calls that come first.
fn each(raw: &mut Raw, calls: usize, answer: impl Fn(Frames, u32, usize) -> Frames) -> Result<(), Failure> {
    greet(raw)?;
    raw.wait("the requests", |state| state.replies.len() >= calls)?;
    let streams: Vec<u32> = raw.seen().replies.keys().copied().collect();
    for (turn, stream) in streams.into_iter().enumerate() {
        raw.send(&answer(Frames::new(), stream, turn));
    }
    Ok(())
}

fn small_references(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    each(raw, 50, |frames, stream, _| {
        frames.headers(stream, &Block::response().kept("a", "b").repeated(DYNAMIC, 60_000), false)
    })
}

fn large_references(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let large = Block::new().kept("large", &"x".repeat(4_096 - 32 - 5)).repeated(DYNAMIC, 16_000);
    each(raw, 50, |frames, stream, _| frames.headers(stream, &Block::response(), false).headers(stream, &large, true))
}

/// The first call is refused for its size; the second one's status is what the first one has left in the table.
fn desync(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let large = Block::new()
        .kept("a", "b")
        .repeated(DYNAMIC, 1_000)
        .kept("grpc-message", "from the table")
        .kept("grpc-status", "10");
    each(raw, 2, |frames, stream, turn| {
        let trailers = if turn == 0 { large.clone() } else { Block::new().indexed(DYNAMIC).indexed(DYNAMIC + 1) };
        frames.headers(stream, &Block::response(), false).headers(stream, &trailers, true)
    })
}

fn empty_name(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    each(raw, 1, |frames, stream, _| frames.headers(stream, &Block::response().field("", "x"), false))
}

fn tiny_list(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    raw.send(&Frames::new().settings(&[(MAX_HEADER_LIST_SIZE, 1)]).frame(SETTINGS, ACK, 0, &[]));
    Ok(())
}

fn integer(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let endless = [&[0xff_u8][..], &[0x80; 10_000], &[1]].concat();
    each(raw, 1, |frames, stream, _| frames.headers(stream, &Block::response().raw(&endless), false))
}

fn table_size(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let block = Block::new().resize(4_097).raw(Block::response().bytes());
    each(raw, 1, |frames, stream, _| frames.headers(stream, &block, false))
}

fn base64(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    each(raw, 1, |frames, stream, _| {
        frames.headers(stream, &Block::response().field("grpc-status", "0").field("x-bin", "!!!!"), true)
    })
}

fn odd(raw: &mut Raw, _: usize) -> Result<(), Failure> {
    let long = "9".repeat(8_000);
    let trailers = [
        Block::trailers(&long),
        Block::trailers("-1").field("grpc-message", "%"),
        Block::trailers("2").field("grpc-message", "%f"),
        Block::trailers("").field("grpc-message", "%zz%ff%00"),
    ];
    each(raw, 4, |frames, stream, turn| {
        frames.headers(stream, &Block::response(), false).headers(stream, &trailers[turn % 4], true)
    })
}
