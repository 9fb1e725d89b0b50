//! What an attack is: its name, the budget that it spends, what it may cost, and the program that carries it out.

use crate::ambush::Ambush;
use crate::failure::Failure;
use crate::scene::Scene;

/// One attack.
pub(crate) struct Attack {
    /// The number of the requirement, and what it is called.
    pub(crate) name: &'static str,
    /// What is sent.
    pub(crate) what: &'static str,
    /// The setting that bounds it.
    pub(crate) budget: &'static str,
    pub(crate) allowed: Allowed,
    pub(crate) kind: Kind,
}

/// Who attacks whom.
pub(crate) enum Kind {
    /// A client attacks a server.
    OnServer {
        server: Setting,
        /// Says how it ended.
        run: fn(&Scene) -> Result<String, Failure>,
    },
    /// A server attacks a client.
    OnClient(Ambush),
    /// There is nothing to attack yet, and this is why.
    NoSurface(&'static str),
}

/// How the attacked server is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// By the defaults.
    Default,
    /// By the defaults, but each time that a peer is given is 2 s.
    Hasty,
    /// By the defaults, with 64 open files at most.
    FewFiles,
}

/// What an attack may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// Growth of memory at its peak, in KiB.
    pub(crate) memory: u64,
    /// CPU time for each frame of the attack, in µs.
    pub(crate) per_frame: u64,
    /// CPU time for each KiB of the attack, in µs.
    pub(crate) per_kib: u64,
}

impl Attack {
    /// An attack on a server with the default settings.
    pub(crate) const fn on_server(
        name: &'static str,
        what: &'static str,
        budget: &'static str,
        run: fn(&Scene) -> Result<String, Failure>,
    ) -> Self {
        Self { name, what, budget, allowed: Allowed::USUAL, kind: Kind::OnServer { server: Setting::Default, run } }
    }

    /// An attack on a client.
    pub(crate) const fn on_client(
        name: &'static str,
        what: &'static str,
        budget: &'static str,
        ambush: Ambush,
    ) -> Self {
        Self { name, what, budget, allowed: Allowed::USUAL, kind: Kind::OnClient(ambush) }
    }

    /// An attack for which there is no surface.
    pub(crate) const fn no_surface(name: &'static str, what: &'static str, why: &'static str) -> Self {
        Self { name, what, budget: "–", allowed: Allowed::USUAL, kind: Kind::NoSurface(why) }
    }

    /// The same on a server that is set like this.
    pub(crate) fn set(mut self, setting: Setting) -> Self {
        if let Kind::OnServer { server, .. } = &mut self.kind {
            *server = setting;
        }
        self
    }

    /// The same with so much memory, in MiB.
    pub(crate) fn memory(mut self, mebibytes: u64) -> Self {
        self.allowed.memory = mebibytes << 10;
        self
    }

    /// The same with so much CPU time for each frame, in µs.
    pub(crate) fn per_frame(mut self, microseconds: u64) -> Self {
        self.allowed.per_frame = microseconds;
        self
    }

    /// The same with so much CPU time for each KiB, in µs.
    pub(crate) fn per_kib(mut self, microseconds: u64) -> Self {
        self.allowed.per_kib = microseconds;
        self
    }
}

impl Allowed {
    /// Several times of what a slow, busy machine needs; an attack that works passes it by orders of magnitude.
    pub(crate) const USUAL: Self = Self { memory: 8 << 10, per_frame: 10, per_kib: 20 };

    /// CPU time in ms for an attack of so many frames and bytes, beside so many honest calls.
    pub(crate) fn cpu(&self, frames: u64, bytes: u64, honest: u64) -> u64 {
        BASE + (self.per_frame * frames + self.per_kib * (bytes >> 10) + HONEST * honest) / 1_000
    }
}

/// CPU time that any attack may cost, in ms: connections, their ends, and ticks of 10 ms.
const BASE: u64 = 200;
/// CPU time of an honest call, one at a time, in µs.
const HONEST: u64 = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_attack_may_cost_grows_with_what_it_sends_and_with_honest_work() {
        let allowed = Allowed { memory: 0, per_frame: 10, per_kib: 20 };
        assert_eq!(allowed.cpu(0, 0, 0), BASE);
        assert_eq!(allowed.cpu(1_000, 1 << 20, 100), BASE + 10 + 20 + 40);
    }
}
