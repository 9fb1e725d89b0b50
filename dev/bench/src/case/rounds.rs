//! Rounds: every implementation once, in a different order each time, so that the machine's moods hit all alike.

use super::{Effort, Row};
use crate::Failure;
use crate::load::closed::Measured;
use crate::peer::Peer;
use crate::samples::Samples;

/// Starts what is to be measured, then measures it in rounds. One that fails stays out of the rounds that follow.
pub fn run<S>(
    row: &mut Row,
    effort: &Effort,
    peers: &[Peer],
    mut start: impl FnMut(Peer) -> Result<S, Failure>,
    mut measure: impl FnMut(Peer, &mut S) -> Result<Measured, Failure>,
) {
    let mut subjects: Vec<Subject<S>> = peers.iter().map(|&peer| Subject::new(peer, start(peer))).collect();
    for round in 0..effort.rounds {
        let count = subjects.len();
        for turn in 0..count {
            let subject = &mut subjects[(round + turn) % count];
            let Ok(process) = &mut subject.process else { continue };
            match measure(subject.peer, process) {
                Ok(measured) => subject.add(measured),
                Err(error) => subject.process = Err(error.to_string()),
            }
        }
    }
    for subject in subjects {
        row.notes.extend(subject.note(effort.rounds));
        row.cells.push((subject.peer, subject.process.map(|_| subject.samples)));
    }
}

struct Subject<S> {
    peer: Peer,
    process: Result<S, String>,
    samples: Samples,
    starved: usize,
    rate: Samples,
}

impl<S> Subject<S> {
    fn new(peer: Peer, process: Result<S, Failure>) -> Self {
        let process = process.map_err(|error| error.to_string());
        Self { peer, process, samples: Samples::default(), starved: 0, rate: Samples::default() }
    }

    fn add(&mut self, measured: Measured) {
        if measured.messages == 0 {
            self.process = Err("no message came in the whole time".to_owned());
            return;
        }
        self.samples.push(measured.microseconds());
        self.rate.push(measured.rate());
        self.starved += usize::from(measured.load_was_the_bottleneck());
    }

    fn note(&self, rounds: usize) -> Option<String> {
        let (peer, starved, rate) = (self.peer, self.starved, self.rate.median());
        (starved > 0).then(|| {
            format!(
                "{peer}: the other side was the bottleneck in {starved} of {rounds} rounds, at {rate:.0} messages/s"
            )
        })
    }
}
