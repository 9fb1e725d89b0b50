//! What can go wrong when a connection is taken: S28.

use std::time::Duration;

use socket2::SockRef;

use super::is_alive;
use crate::attack::{Attack, Setting};
use crate::failure::{Failure, ensure};
use crate::scene::Scene;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::on_server(
            "s28-no-descriptors",
            "200 connections to a server that may have 64 files open",
            "accepting pauses, 5 ms to 1 s",
            descriptors,
        )
        .set(Setting::FewFiles),
        Attack::on_server(
            "s28-aborted-connections",
            "2,000 connections that are reset as soon as they are made",
            "accepting goes on at once",
            aborted,
        ),
    ]
}

fn descriptors(scene: &Scene) -> Result<String, Failure> {
    let crowd = (0..200).map(|_| scene.bare()).collect::<Result<Vec<_>, _>>()?;
    // Those that were there before go on, while nobody else is let in.
    scene.honest_calls(100)?;
    let mut late = scene.deaf(&[])?;
    late.listen()?;
    std::thread::sleep(Duration::from_millis(300));
    ensure(!late.seen().greeted, || "the server had files left: it was not without".to_owned())?;
    drop(crowd);
    late.wait("the server, once there are files again", |state| state.greeted)?;
    for _ in 0..10 {
        is_alive(&mut scene.client()?)?;
    }
    Ok("honest calls went on; once files were free, who had waited was served, and 10 more".to_owned())
}

fn aborted(scene: &Scene) -> Result<String, Failure> {
    for _ in 0..2_000 {
        let raw = scene.bare()?;
        SockRef::from(raw.socket()).set_linger(Some(Duration::ZERO))?;
    }
    for _ in 0..10 {
        is_alive(&mut scene.client()?)?;
    }
    Ok("10 further connections served".to_owned())
}
