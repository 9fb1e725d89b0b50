//! Carries the attacks out, a few at a time, and prints them in the order of the table.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::attack::{Attack, Kind};
use crate::failure::Failure;
use crate::report::{Cost, Row};
use crate::scene::Scene;

/// Runs all of them and hands each to `print`, in their order; whether all held.
pub(crate) fn all(attacks: &[&'static Attack], mut print: impl FnMut(&Row)) -> bool {
    let (next, done) = (AtomicUsize::new(0), (Mutex::new(BTreeMap::new()), Condvar::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::AcqRel);
                    let Some(&attack) = attacks.get(at) else { return };
                    let row = Row::new(attack, one(attack));
                    done.0.lock().unwrap_or_else(PoisonError::into_inner).insert(at, row);
                    done.1.notify_all();
                }
            });
        }
        let mut holds = true;
        for at in 0..attacks.len() {
            let mut rows = done.0.lock().unwrap_or_else(PoisonError::into_inner);
            let row = loop {
                match rows.remove(&at) {
                    Some(row) => break row,
                    None => rows = done.1.wait(rows).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(rows);
            holds &= row.holds();
            print(&row);
        }
        holds
    })
}

fn one(attack: &Attack) -> Result<(String, Option<Cost>), Failure> {
    match &attack.kind {
        Kind::OnServer { server, run } => {
            let scene = Scene::set(*server)?;
            let end = run(&scene)?;
            Ok((end, Some(scene.conclude()?)))
        }
        Kind::OnClient(ambush) => ambush.run().map(|(end, cost)| (end, Some(cost))),
        Kind::NoSurface(why) => Ok((format!("no such surface yet: {why}"), None)),
    }
}

/// Attacks at the same time: some only wait, and all measure CPU time and not speed.
const AT_ONCE: usize = 4;
