//! What must hold after each step: both sides count the same windows, credit is neither lost nor made, and what is held
//! is bounded.

use farcall_wire::grpc::CallView;
use farcall_wire::h2::WindowView;

use super::World;
use super::party::Party;
use crate::Side;

impl World {
    /// Holds every law against what is.
    pub(crate) fn check(&mut self) {
        for side in [Side::Client, Side::Server] {
            let told = !self.book.must_be_over[side as usize] || self.party(side).over.is_some();
            assert!(told, "a call of {side:?} ended as if the connection had, but that lives");
            self.party(side).scan();
            let party = self.party(side);
            let holdings = party.connection.holdings();
            assert!(holdings.remembered <= REMEMBERED, "{side:?} remembers {} closed streams", holdings.remembered);
            assert!(holdings.in_line <= holdings.streams, "{side:?} has more turns than streams: {holdings:?}");
            let slots = party.config.h2.max_concurrent_streams as usize;
            let few = side == Side::Client || holdings.slots <= slots;
            assert!(few, "the server has {} slots where {slots} calls are allowed", holdings.slots);
            let waiting = party.connection.waiting().len();
            assert!(waiting <= OUTBOX, "{waiting} bytes wait in the outbox of {side:?}");
        }
        let Self { client, server, .. } = self;
        if client.is_alive() && server.is_alive() {
            self.check_windows(Side::Client);
            self.check_windows(Side::Server);
        }
    }

    /// What `from` may send is what its peer expects, less what is under way.
    fn check_windows(&self, from: Side) {
        let (sender, receiver) = match from {
            Side::Client => (&self.client, &self.server),
            Side::Server => (&self.server, &self.client),
        };
        let views = [&sender.connection, &receiver.connection].map(|connection| connection.window_view());
        compare(None, 0, [sender, receiver], views, 0);
        let target = i64::from(views[1].target);
        let kept = views[1].receive.unwrap_or(0) + i64::from(views[1].owed);
        assert_eq!(kept, target, "credit of the connection that {:?} receives on is lost or made", receiver.side);
        for (position, entry) in self.book.entries.iter().enumerate() {
            let Some(id) = entry.id(receiver.side) else { continue };
            let Some(view) = receiver.connection.call_view(id) else { continue };
            if receiver.side == Side::Client || entry.runs().is_some() {
                let reset = receiver.takes.has_reset(id.serial());
                assert!(!reset, "call {position} goes on for {:?}, though its peer has reset it", receiver.side);
                let held = u64::from(entry.halves[from as usize].held);
                let counted = view.delivered;
                assert!(held == counted, "call {position}: {:?} holds {held} bytes of {counted}", receiver.side);
                check_credit(position, receiver, view);
            }
            let Some(sends) = entry.id(from).and_then(|id| sender.connection.call_view(id)) else { continue };
            let windows = [sends.windows, view.windows];
            compare(Some(position), id.serial(), [sender, receiver], windows, moved(sender, receiver));
        }
    }
}

/// How far the sender's first window of a stream lies below what the receiver counts with, because SETTINGS are under
/// way or are none of its engine's.
fn moved(sender: &Party, receiver: &Party) -> i64 {
    let first = i64::from(receiver.config.h2.stream_window);
    let counted = if receiver.takes.acknowledged > 0 { first } else { first.max(65_535) };
    counted - i64::from(sender.takes.initial_window)
}

/// Compares the windows of a stream, or of the connection, at both ends.
fn compare(call: Option<usize>, stream: u32, parties: [&Party; 2], views: [WindowView; 2], moved: i64) {
    let [sender, receiver] = parties;
    let (Some(sends), Some(receives)) = (views[0].send, views[1].receive) else { return };
    let data = (sender.sends.data(stream) - receiver.takes.data(stream)) as i64;
    let updates = (receiver.sends.updates(stream) - sender.takes.updates(stream)) as i64;
    assert!(
        sends == receives - data - updates - moved,
        "windows of {} disagree: {:?} may send {sends}, its peer expects {receives}, of which {data} bytes and \
         window updates of {updates} are under way, and {moved} of SETTINGS",
        call.map_or_else(|| "the connection".to_owned(), |call| format!("call {call}")),
        sender.side
    );
}

/// What is granted, owed and held of a stream makes up its window.
fn check_credit(position: usize, receiver: &Party, view: CallView) {
    let (windows, held) = (view.windows, view.delivered as i64 + i64::from(view.partial));
    let Some(granted) = windows.receive else { return };
    let excess = 65_535_i64.saturating_sub(i64::from(receiver.config.h2.stream_window)).max(0);
    let more = if receiver.takes.acknowledged > 0 { 0 } else { excess };
    let (owed, whole) = (i64::from(windows.owed), i64::from(windows.target) + more);
    assert!(
        granted + owed + held == whole,
        "credit of call {position} is lost or made at {:?}: {granted} granted, {owed} owed, {held} held, of {whole}",
        receiver.side,
    );
}

/// Closed streams that a side remembers at most: 256 resets and 16 stretches of numbers that were passed over.
const REMEMBERED: usize = 256 + 16;
/// Bytes that may wait in an outbox: where reading stops, and what one read may cause behind that.
const OUTBOX: usize = (256 << 10) + (128 << 10);
